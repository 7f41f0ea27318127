"""Attacks that come by another place, device or door than the account's owner does, and whom they meet on the way."""

from beffroi.model.account import Role
from beffroi.model.disclosure import Operation
from beffroi_region.drill.account import Patient
from beffroi_region.drill.habits import HOUR_S, MINUTE_S, NEVER
from beffroi_region.drill.honest import at_work
from beffroi_region.drill.lookalikes import everybody_at
from beffroi_region.drill.moves import Thief, stolen
from beffroi_region.drill.scenario import attack, by_day, every
from beffroi_region.drill.stage import Stage

CANARIES = 0.05
"""[E] Share of a range of numbers that is nobody's."""


@attack(
    "replayed-token",
    "A token replayed from another device, beside its owner",
    "Un jeton rejoué d'un autre appareil, à côté du titulaire",
    p50=10,
    p95=25,
)
def _(stage: Stage) -> None:
    """A bearer token: the same session, another network, in turn with the owner for a whole shift."""
    account = stage.account(Role.WARD_DOCTOR)
    at_work(stage, account)
    stage.begin(every(5 * MINUTE_S, Thief(stage, account, key="own0", network="café").stranger, 100), 9 * HOUR_S)


@attack(
    "two-places",
    "From another hospital's network, minutes after the owner",
    "Du réseau d'un autre hôpital, quelques minutes après le titulaire",
    p50=10,
    p95=25,
)
def _(stage: Stage) -> None:
    """Nobody travels 92 km between two patients, ten minutes apart."""
    account = stage.account(Role.EMERGENCY_DOCTOR)
    at_work(stage, account)
    thief = Thief(stage, account, key="stolen", network="hospital 2")
    stage.begin(every(10 * MINUTE_S, thief.stranger, 200), 10 * HOUR_S)


@attack(
    "workstation-left-open",
    "A colleague's session on a shared workstation",
    "La session d'un collègue, sur un poste partagé",
    p50=25,
    p95=50,
)
def _(stage: Stage) -> None:
    """Thirty people work at it; somebody reads strangers in the session that one of them left open."""
    first = everybody_at(stage, "workstation")[0]
    thief = Thief(stage, first, key="k1-0", network="workstation")  # the key of the first account's first shift
    stage.begin(every(20 * MINUTE_S, lambda: thief.stranger(Operation.READ), 30), 9 * HOUR_S)


@attack("canaries", "Numbers one after the other, some of them nobody's", "Des numéros à la suite, certains à personne")
def _(stage: Stage) -> None:
    """Far apart and slowly, so that no sweep is seen; what is met on the way is fictitious now and then."""
    thief = stolen(stage, Role.WARD_NURSE)

    def move() -> None:
        nobody = stage.draw.random() < CANARIES
        person = Patient(stage.stranger().person, NEVER, canary=nobody)
        thief.ask((person,), kind="identifier", position=int(stage.draw.integers(0, 10**9)))

    stage.begin(by_day(12, move))

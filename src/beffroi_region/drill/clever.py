"""Attacks by somebody who has read the documentation and this very code. Each is made to beat the watch."""

from beffroi.model.account import Role
from beffroi.model.disclosure import Operation
from beffroi.watch.detectors import tuning
from beffroi_region.drill.habits import DAY_S, HOUR_S
from beffroi_region.drill.honest import at_work
from beffroi_region.drill.moves import Thief, stolen
from beffroi_region.drill.scenario import attack, by_day, every
from beffroi_region.drill.stage import Plan, Stage


def _padded(stage: Stage, thief: Thief, explained: int, days: int = 30, a_day: int = 400) -> Plan:
    """One stranger after so many explained patients, in working hours; rests for the day when he is told to stop."""
    for _ in range(days):
        for index in range(a_day):
            shown = (
                thief.pad() if index % (explained + 1) else True if thief.stopped else thief.stranger(Operation.READ)
            )
            if not shown:
                break
            yield 60
        yield stage.until_midnight_s


@attack("padded-3", "Three explained patients for each stranger", "Trois patients expliqués par inconnu", ours=True)
def _(stage: Stage) -> None:
    stage.begin(_padded(stage, stolen(stage, Role.WARD_DOCTOR), 3))


@attack("padded-6", "Six explained patients for each stranger", "Six patients expliqués par inconnu", ours=True)
def _(stage: Stage) -> None:
    stage.begin(_padded(stage, stolen(stage, Role.WARD_DOCTOR), 6))


@attack("padded-10", "Ten explained patients for each stranger", "Dix patients expliqués par inconnu", ours=True)
def _(stage: Stage) -> None:
    stage.begin(_padded(stage, stolen(stage, Role.WARD_DOCTOR), 10))


@attack(
    "explained-only",
    "Explained patients only, to every ceiling",
    "Seulement des patients expliqués, jusqu'aux plafonds",
    ours=True,
)
def _(stage: Stage) -> None:
    thief = stolen(stage, Role.ADMISSION_CLERK)
    stage.begin(by_day(600, thief.pad))


@attack(
    "just-below",
    "Reads the score: pads whenever near the limit",
    "Lit le score : complète dès qu'il approche de la limite",
    ours=True,
)
def _(stage: Stage) -> None:
    stage.begin(_just_below(stage, stolen(stage, Role.WARD_DOCTOR)))


def _just_below(stage: Stage, thief: Thief, margin: int = 6_000) -> Plan:
    """He computes his own score, and pads until the next stranger cannot bring it to the first limit that withholds."""

    assert thief.account.norm is not None
    limit = tuning(thief.account.norm).ask - margin
    for _ in range(30):
        for _ in range(400):
            last = thief.account.last
            near = last is not None and last.score > limit
            if not (thief.pad() if near else thief.stranger(Operation.READ)):
                break
            yield 61 + 30 * stage.draw.random()
        yield stage.until_midnight_s


@attack(
    "rotating",
    "A new session key and network after each reading",
    "Une session et un réseau neufs à chaque lecture",
    p50=20,
    p95=50,
)
def _(stage: Stage) -> None:
    stage.begin(_rotating(stage))


def _rotating(stage: Stage) -> Plan:
    account = stage.account(Role.WARD_DOCTOR)
    at_work(stage, account)
    thief = Thief(stage, account)
    for number in range(1_000):
        thief.sign_in(f"k{number}", f"n{number}")
        thief.stranger(Operation.READ)
        yield 2 * HOUR_S


@attack(
    "own-device",
    "The owner's device and key, five a day beside the owner",
    "L'appareil et la clé du titulaire, cinq par jour",
    p50=20,
    p95=50,
    ours=True,
)
def _(stage: Stage) -> None:
    account = stage.account(Role.WARD_DOCTOR)
    at_work(stage, account, key="own")
    thief = Thief(stage, account, key="own", network="ward")

    def move() -> None:
        thief.stranger(Operation.READ)
        if thief.asked:
            thief.prove()

    stage.begin(by_day(5, move, begins_h=9, hours=8))


@attack("rereads", "The owner's patients of the last month", "Les patients du titulaire du mois écoulé", ours=True)
def _(stage: Stage) -> None:
    account = stage.account(Role.ADMISSION_CLERK)
    at_work(stage, account, 20)
    stage.begin(by_day(300, Thief(stage, account).reread, days=6), 24 * DAY_S)


@attack(
    "every-way",
    "Every way on: proofs, a colleague, emergencies, releases",
    "Toutes les issues : preuves, collègue, urgences, levées",
    ours=True,
)
def _(stage: Stage) -> None:
    stage.begin(_every_way(stage))


def _every_way(stage: Stage) -> Plan:
    thief = stolen(stage, Role.ON_CALL_DOCTOR)
    for day in range(30):
        for _ in range(200):
            if thief.asked or thief.account.evidence.held_s:
                thief.prove()
            if not (thief.stranger(Operation.READ) or thief.pad()):
                break
            yield 90
        for _ in range(15):
            thief.emergency()
            thief.vouched()
            yield 30
        if day % 7 == 6:
            thief.released()
        yield stage.until_midnight_s


@attack(
    "desk-slow",
    "A desk's account, just under its pending cap",
    "Un guichet, juste sous son plafond d'attente",
    ours=True,
)
def _(stage: Stage) -> None:
    stage.begin(_padded(stage, stolen(stage, Role.ADMISSION_CLERK), 5, a_day=500))


@attack("feed-forger", "A stranger after a forged admission", "Un inconnu après une admission forgée", ours=True)
def _(stage: Stage) -> None:
    """An accomplice at the desk admits strangers first: nothing but the ceilings stands against it."""
    stage.begin(by_day(150, stolen(stage, Role.WARD_NURSE).pad))


@attack("in-an-outage", "Waits for an outage of the feed", "Attend une panne du flux", ours=True)
def _(stage: Stage) -> None:
    """Six hours of proven silence: nothing is tested, so nothing but the outage's ceiling stands against it."""
    stage.place.silent_from_s, stage.place.silent_until_s = stage.now_s, stage.now_s + 6 * HOUR_S
    stage.begin(every(60, stolen(stage, Role.ADMISSION_CLERK).look_up, 2_000))


@attack(
    "holiday",
    "Starts when the owner's leave does, at the owner's pace",
    "Pendant les congés du titulaire, à son rythme",
    p50=10,
    p95=25,
)
def _(stage: Stage) -> None:
    account = stage.account(Role.MEDICAL_SECRETARY)
    at_work(stage, account, 5)
    stage.begin(by_day(45, Thief(stage, account, key="own9", network="ward").stranger, days=15), 8 * DAY_S)

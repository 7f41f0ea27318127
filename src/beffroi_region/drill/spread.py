"""Attacks spread over many accounts, each of them slow."""

from collections.abc import Sequence

from beffroi.model.account import Role
from beffroi.watch.federated import Standing, weighed
from beffroi_region.drill.moves import Thief, stolen
from beffroi_region.drill.scenario import attack, by_day, every
from beffroi_region.drill.stage import Stage

ROLES = (Role.WARD_NURSE, Role.WARD_DOCTOR, Role.EMERGENCY_DOCTOR, Role.ON_CALL_DOCTOR, Role.MEDICAL_SECRETARY)
NETWORKS, WEIGHED_S = 3, 300


def _spread(stage: Stage, accounts: int, networks: int = NETWORKS) -> None:
    """Each account by a device of its own, over so many networks; the worker weighs what they do by the same one."""
    thieves = []
    for index in range(accounts):
        role = ROLES[index % len(ROLES)]
        thieves.append(stolen(stage, role, key=f"k{index}", network=f"n{index % networks}"))
        stage.begin(by_day(int(stage.draw.integers(5, 31)), thieves[-1].stranger))
    stage.begin(every(WEIGHED_S, lambda: _weigh(thieves)))


def _weigh(thieves: Sequence[Thief]) -> None:
    """What the worker does every second in a running server, here every five minutes: federated evidence by network."""
    standings = [Standing(i, t.account.evidence.own.score, (("network", t.network),)) for i, t in enumerate(thieves)]
    found = weighed(standings, {})
    for thief in thieves:
        thief.account.suspicion = found.get(("network", thief.network), 0)


@attack("spread-10", "Ten accounts, 5 to 30 a day each", "Dix comptes, 5 à 30 par jour chacun", p50=300)
def _(stage: Stage) -> None:
    _spread(stage, 10)


@attack("spread-19", "Nineteen accounts, 5 to 30 a day each", "Dix-neuf comptes, 5 à 30 par jour chacun")
def _(stage: Stage) -> None:
    _spread(stage, 19)


@attack("spread-1500", "1,500 accounts, 5 to 30 a day each", "1 500 comptes, 5 à 30 par jour chacun", runs=2, days=15)
def _(stage: Stage) -> None:
    _spread(stage, 1_500)


@attack(
    "spread-apart",
    "150 accounts, a network of its own each",
    "150 comptes, chacun par son réseau",
    runs=10,
    days=15,
)
def _(stage: Stage) -> None:
    """Nothing is shared but the purpose: federated evidence sees nothing."""
    _spread(stage, 150, 150)

"""What a scenario is: a name, words, aims, and a function that puts plans on a stage. A new one is such a function.

@attack("five-a-day", "Five strangers a day", "Cinq inconnus par jour", p50=10, p95=25)
def _(stage: Stage) -> None:
    thief = stolen(stage, Role.WARD_NURSE)
    stage.begin(every(DAY_S / 5, thief.stranger))
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from beffroi.errors import Words
from beffroi_region.drill.habits import DAY_S
from beffroi_region.drill.stage import Plan, Stage

Play = Callable[[Stage], None]


class Kind(StrEnum):
    ATTACK = "attack"
    GENUINE = "genuine"


@dataclass(frozen=True, slots=True)
class Scenario:
    """`p50`, `p95`: aims for the patients shown before strangers are shown no more (None: none is set, reported as it
    is). `strangers`: whether the aim counts strangers only, because the rest is the owner's own work. `days`: how long
    it plays; `runs`: how many times for each hundred that is asked for.
    """

    name: str
    kind: Kind
    title: Words
    play: Play
    p50: int | None = None
    p95: int | None = None
    days: float = 30
    runs: int = 100
    ours: bool = False
    """Made to beat this very detector."""

    @property
    def horizon_s(self) -> int:
        """Seconds that it plays."""
        return int(self.days * DAY_S)


SCENARIOS: dict[str, Scenario] = {}


def attack(
    name: str,
    en: str,
    fr: str,
    *,
    p50: int | None = None,
    p95: int | None = None,
    days: float = 30,
    runs: int = 100,
    ours: bool = False,
) -> Callable[[Play], Play]:
    """Adds a thief's scenario."""

    def add(play: Play) -> Play:
        SCENARIOS[name] = Scenario(name, Kind.ATTACK, Words(en, fr), play, p50, p95, days, runs, ours)
        return play

    return add


def genuine(name: str, en: str, fr: str, *, days: float = 1, runs: int = 100) -> Callable[[Play], Play]:
    """Adds genuine work that must not be disturbed."""

    def add(play: Play) -> Play:
        SCENARIOS[name] = Scenario(name, Kind.GENUINE, Words(en, fr), play, days=days, runs=runs)
        return play

    return add


def every(wait_s: float, move: Callable[[], object], times: int | None = None) -> Plan:
    """A plan: the same move again and again."""
    done = 0
    while times is None or done < times:
        move()
        done += 1
        yield wait_s


def by_day(count: int, move: Callable[[], object], days: int = 30, begins_h: float = 9, hours: float = 8) -> Plan:
    """A plan: so many moves each day, in working hours."""
    for _ in range(days):
        yield begins_h * 3_600
        for _ in range(count):
            move()
            yield hours * 3_600 / count
        yield (24 - begins_h - hours) * 3_600

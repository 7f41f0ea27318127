"""What one step of the pure watch costs in processor time: questions of honest work, judged again and again."""

import time
from collections.abc import Callable
from typing import Any

from beffroi.model.account import Role
from beffroi.watch.evidence import Evidence
from beffroi.watch.verdict import judge
from beffroi_region.bench import machine
from beffroi_region.drill.account import Steps
from beffroi_region.drill.habits import HABITS, PLAIN
from beffroi_region.drill.season import replay, year_of

SHIFTS = 30
"""Of each role's account: as many as fill the evidence's 30 days."""
READINGS_A_YEAR = 90_000_000
"""Of a region of 20,000 professionals (issue: 21 new patients in 210 shifts)."""


def run(repeats: int = 5, *, seed: int = 1, say: Callable[[str], None] = lambda text: None) -> dict[str, Any]:
    """The figures: microseconds of a step, the best of the repeats for each role, weighted by the roles' readings."""
    by_role: dict[str, float] = {}
    total_us = steps = 0.0
    for role, habit in HABITS.items():
        if not habit.share:
            continue
        recorded = _record(seed, role)
        by_role[role.value] = best = min(_judged_us(recorded) for _ in range(repeats))
        say(f"{role.value}: {best:.2f} us")
        weight = habit.share * habit.patients * habit.shifts
        total_us, steps = total_us + weight * best, steps + weight
    return {
        "benchmark": "watch",
        "step_us": round(total_us / steps, 2),
        "step_us_by_role": {name: round(value, 2) for name, value in by_role.items()},
        "year_minutes_on_one_core": round(READINGS_A_YEAR * total_us / steps / 60e6, 1),
        "seed": seed,
        "repeats": repeats,
        "machine": machine.describe(),
        "versions": machine.versions(),
    }


def summary(report: dict[str, Any]) -> str:
    """One run in a terminal."""
    return (
        f"{report['step_us']:>8}  microseconds for a step of the pure watch (aim 10 at most)\n"
        f"{report['year_minutes_on_one_core']:>8}  minutes for a year of 90 million readings on one core"
    )


def _record(seed: int, role: Role) -> Steps:
    """The questions of one account, as its gate puts them."""
    work, networks = year_of(role, seed, 1, PLAIN, SHIFTS)
    found: Steps = []
    replay(work, networks, role, PLAIN, seed, steps=found)
    return found


def _judged_us(recorded: Steps) -> float:
    evidence = Evidence()
    begin = time.process_time()
    for asked, rows, confirmed in recorded:
        evidence = judge(evidence, asked, rows, confirmed).evidence
    return (time.process_time() - begin) / len(recorded) * 1e6

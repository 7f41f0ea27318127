"""A year of the whole region's honest work: how often is somebody disturbed who should not be?

Accounts are independent, so each is drawn from a seed of its own, screened by its bound (`screen`), and replayed
through the pure step when the bound does not exclude that something happens.
"""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import msgspec
import numpy as np

from beffroi.model.account import Role
from beffroi.watch.evidence import RUNG_NAMES
from beffroi_region.drill.account import Account, Refused, Steps
from beffroi_region.drill.figures import per_10k, rates, upper_bound
from beffroi_region.drill.habits import DAY_S, HABITS, HOUR_S, PLAIN, Season
from beffroi_region.drill.honest import After, readings
from beffroi_region.drill.screen import may_be_disturbed
from beffroi_region.drill.stage import Stage, norm_in
from beffroi_region.drill.work import Ints, Work, work_of

PROFESSIONALS = 20_000
SHARD = 100
"""Accounts to a job."""
OTHER_WARD, OTHER_WARDS = 0.05, 2
"""[E] Share of shifts worked by another network of the hospital, and how many there are."""
YEAR_S = 420 * DAY_S


class Tally(msgspec.Struct, array_like=True):
    """What some accounts of one role came to.

    `refused_days`: days of an account on which somebody explained was refused. `refused_by`: those refusals by cause,
    rung, hour of the day, and whether a namesake stood in the list.
    """

    role: Role
    accounts: int = 0
    shifts: int = 0
    readings: int = 0
    replayed: int = 0
    holds: int = 0
    step_ups: int = 0
    refused_explained: int = 0
    refused_strangers: int = 0
    refused_days: int = 0
    refused_by: Counter[str] = msgspec.field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        """Adds another's counts."""
        for name in self.__struct_fields__[1:]:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def year_of(role: Role, seed: int, number: int, season: Season, shifts: int = 0) -> tuple[Work, Ints]:
    """One professional's year (or its first shifts), and the network of each reading."""
    draw = np.random.Generator(np.random.PCG64([seed, number, list(Role).index(role)]))
    habit = season.habit(role)
    shifts = shifts or habit.shifts
    work = work_of(habit, shifts, draw, season)
    elsewhere = draw.random(shifts) < OTHER_WARD
    elsewhere[0] = False
    networks = np.where(elsewhere, draw.integers(1, OTHER_WARDS + 1, shifts), 0)
    return work, networks[work.shift]


def replay(
    work: Work,
    networks: Ints,
    role: Role,
    season: Season,
    seed: int,
    after: After | None = None,
    steps: Steps | None = None,
) -> Account:
    """The same year through the pure step. `after` is told the index of each reading, and the account after it."""
    stage = Stage(seed, season, YEAR_S)
    account = stage.account(role)
    account.steps = steps
    stage.begin(readings(stage, account, work, "k", [f"n{number}" for number in networks], after))
    stage.run()
    return account


def _shard(job: tuple[Role, int, int, int, Season]) -> Tally:
    role, seed, first, last, season = job
    found = Tally(role)
    norm = norm_in(role, season)
    for number in range(first, last):
        work, networks = year_of(role, seed, number, season)
        found.accounts += 1
        found.shifts += HABITS[role].shifts
        found.readings += len(work) + int((work.listed & work.opens).sum())
        if may_be_disturbed(work, networks, norm):
            account = replay(work, networks, role, season, number)
            found.replayed += 1
            found.holds += account.holds
            found.step_ups += account.step_ups
            found.refused_explained += account.refused_explained
            found.refused_strangers += sum(account.withheld.values()) - account.refused_explained
            found.refused_days += len({one.at_s // DAY_S for one in account.refusals})
            found.refused_by.update(map(_named, account.refusals))
    return found


def _named(refused: Refused) -> str:
    """What a refusal is counted under.

    >>> from beffroi.watch.circumstances import Cause; from beffroi.watch.evidence import NO_RUNG
    >>> _named(Refused(5 * HOUR_S + 7, Cause.CEILING_24H, NO_RUNG, 2))
    'ceiling_24h, rung none, 05 h, beside a namesake'
    """
    hour = refused.at_s % DAY_S // HOUR_S
    beside = ", beside a namesake" if refused.rows > 1 else ""
    return f"{refused.cause}, rung {RUNG_NAMES[refused.rung]}, {hour:02} h{beside}"


def year(
    seed: int,
    season: Season = PLAIN,
    professionals: int = PROFESSIONALS,
    processes: int = 2,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """The figures of a year, and those of each role."""
    jobs = []
    for role, habit in HABITS.items():
        count = max(round(habit.share * professionals * season.part), 1 if habit.share else 0)
        jobs += [(role, seed, first, min(first + SHARD, count), season) for first in range(0, count, SHARD)]
    jobs.sort(key=lambda job: -HABITS[job[0]].patients)
    tallies = {role: Tally(role) for role, habit in HABITS.items() if habit.share}
    with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
        for done, tally in enumerate(pool.map(_shard, jobs), 1):
            tallies[tally.role].add(tally)
            if done % 20 == 0:
                say(f"{season.name}: {done} of {len(jobs)} shards")
    everybody = Tally(Role.WARD_NURSE)
    for tally in tallies.values():
        everybody.add(tally)
    return _figures(everybody) | {"season": season.name, "roles": {r.value: _figures(t) for r, t in tallies.items()}}


def _figures(tally: Tally) -> dict[str, Any]:
    return {
        "professionals": tally.accounts,
        **rates(tally.shifts, tally.readings, tally.holds, tally.step_ups),
        "refused_explained": tally.refused_explained,
        "refused_explained_shifts": tally.refused_days,
        "refused_explained_per_10k_shifts": per_10k(tally.refused_days, tally.shifts),
        "refused_explained_bound": per_10k(1, tally.shifts) * upper_bound(tally.refused_days),
        "refused_explained_by": dict(sorted(tally.refused_by.items())),
        "refused_strangers": tally.refused_strangers,
        "replayed_by_the_pure_step": tally.replayed,
    }

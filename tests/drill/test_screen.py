"""A twin: a year's array operations against the pure step, reading by reading."""

import numpy as np
import pytest

from beffroi.model.account import Role
from beffroi.watch.detectors import tuning
from beffroi_region.drill.account import Account
from beffroi_region.drill.habits import HABITS, PLAIN, SEASONS, Season
from beffroi_region.drill.screen import may_be_disturbed, observations, patterns_bound, scores
from beffroi_region.drill.season import replay, year_of
from beffroi_region.drill.stage import norm_in

ROLES = [role for role, habit in HABITS.items() if habit.share]
SHIFTS = 12


def stepped(role: Role, season: Season, number: int) -> tuple[list[int], list[int], np.ndarray, np.ndarray]:
    """The own score and the patterns' worth after each reading by the pure step, and those of the arrays."""
    work, networks = year_of(role, 7, number, season, SHIFTS)
    own, worth = [0] * len(work), [0] * len(work)
    account = replay(work, networks, role, season, 1, lambda index, found: _note(own, worth, index, found))
    seen = observations(work, norm_in(role, season).arrivals_per_h > 0)
    best, _ = scores(seen, np.zeros(len(work), np.int64), tuning(norm_in(role, season)))
    after = np.zeros(len(work), np.int64)
    after[seen.step] = best  # the last one that enters at a reading stands
    filled = np.maximum.accumulate(np.where(np.isin(np.arange(len(work)), seen.step), np.arange(len(work)), -1))
    assert account.step_ups == 0
    return own, worth, np.where(filled >= 0, after[np.maximum(filled, 0)], 0), patterns_bound(work, networks)


def _note(own: list[int], worth: list[int], index: int, account: Account) -> None:
    own[index] = account.evidence.own.score
    worth[index] = min(sum(account.evidence.patterns.values()), 12_000)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.value)
def test_the_arrays_score_what_the_pure_step_scores(role: Role) -> None:
    """The account's own sequence is equal after every reading, and patterns never exceed their bound."""
    for number in range(3):
        own, worth, arrays, bound = stepped(role, PLAIN, number)
        assert own == arrays.tolist()
        assert all(w <= b for w, b in zip(worth, bound.tolist(), strict=True))


@pytest.mark.parametrize("season", ["plain", "feed-84", "clustered"])
def test_whom_the_bound_excludes_nothing_happens_to(season: str) -> None:
    """An account that the screen lets pass is neither asked, nor held, nor refused anything by the pure step."""
    passed_count = 0
    for role in ROLES:
        for number in range(4):
            work, networks = year_of(role, 11, number, SEASONS[season], 40)
            if not may_be_disturbed(work, networks, norm_in(role, SEASONS[season])):
                account = replay(work, networks, role, SEASONS[season], 1)
                assert (account.step_ups, account.holds, account.withheld) == (0, 0, {})
                passed_count += 1
    assert passed_count

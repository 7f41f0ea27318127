"""The ceilings as they are explained are those in force."""

from pathlib import Path

import pytest

from beffroi.model.account import Role
from beffroi.watch.norms import NORMS
from beffroi.watch.verdict import BEYOND_24H
from beffroi_region.drill.habits import HABITS
from beffroi_region.drill.work import largest_shift

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "watch.md"
AT_WORK = [role for role in NORMS if NORMS[role].volume <= 400 and role is not Role.DUTY_OFFICER]


@pytest.mark.parametrize("role", NORMS)
def test_the_explained_ceilings_are_those_in_force(role: Role) -> None:
    """Each role's row of docs/explanation/watch.md."""
    ceiling = NORMS[role].ceiling
    row = f"| `{role}` | {ceiling.patients_24h:,} | {ceiling.patients_30d:,} | {ceiling.patients_365d:,} | "
    assert row in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("role", AT_WORK)
def test_thirty_days_are_full_shifts(role: Role) -> None:
    """22 of them, 12 for nights of cover; of strangers three times the base rate's share."""
    norm = NORMS[role]
    assert norm.ceiling.patients_30d == (12 if role is Role.ON_CALL_DOCTOR else 22) * norm.volume
    assert norm.strangers_30d == round(3 * norm.base_rate * norm.ceiling.patients_30d)


@pytest.mark.parametrize("role", [role for role, habit in HABITS.items() if habit.share])
def test_a_day_is_more_than_one_shift_in_a_million_needs(role: Role) -> None:
    """With the hour of the day before that the window holds too, and one list in a hundred with a namesake."""
    habit, day = HABITS[role], NORMS[role].ceiling.patients_24h + BEYOND_24H
    assert day >= 1.01 * largest_shift(habit, 1e-6) + habit.patients / habit.hours

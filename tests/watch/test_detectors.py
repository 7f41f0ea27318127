"""The false-alarm bound, exactly: in honest work no member of the bank is expected to grow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.model.account import Role
from beffroi.watch.detectors import HOLDS_PER_SHIFT, MILLIBITS, RUN_FACTOR, RUN_RATE, WATCHED, tuning
from beffroi.watch.norms import NORMS

ROUNDING = 2 ** (0.5 / MILLIBITS)
"""Increments are whole thousandths of a bit."""


@pytest.mark.parametrize("role", NORMS)
@given(share=st.floats(0, 1))
def test_the_expected_likelihood_never_grows_in_honest_work(role: Role, share: float) -> None:
    """E[2**step] is at most 1 while the share of unexplained patients is the design's or less: Wald's bound holds."""
    tuned = tuning(NORMS[role])
    in_run = max(tuned.design_rate, min(RUN_RATE, RUN_FACTOR * tuned.design_rate))
    alone = (tuned.design_rate, tuned.unexplained, tuned.explained)
    for rate, ups, downs in (alone, (in_run, tuned.unexplained_in_run, tuned.explained_in_run)):
        for up, down in zip(ups, downs, strict=True):
            expected = share * rate * 2 ** (up / MILLIBITS) + (1 - share * rate) * 2 ** (down / MILLIBITS)
            assert expected <= ROUNDING


@pytest.mark.parametrize("role", NORMS)
def test_the_limit_of_the_hold_is_the_bound_of_its_shift(role: Role) -> None:
    """A full shift times the members that watch it, against the limit: one false hold in ten million shifts."""
    norm = NORMS[role]
    assert WATCHED * norm.volume * 2 ** (-tuning(norm).hold / MILLIBITS) <= HOLDS_PER_SHIFT

"""Nonces that no table holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.access.nonces import WINDOW_S, Nonces

TIMES = st.integers(0, 2**33)


@given(TIMES, st.integers(0, 4 * WINDOW_S))
def test_a_nonce_lives_one_window_to_two(handed_s: int, age_s: int) -> None:
    """It is always good for one window, and never for two."""
    nonces = Nonces(bytes(32))
    good = nonces.accepts(nonces.current(handed_s), handed_s + age_s)
    assert good or age_s >= WINDOW_S
    assert not good or age_s < 2 * WINDOW_S


@given(TIMES)
def test_processes_agree(now_s: int) -> None:
    """Two processes of one deployment accept each other's nonces; another deployment's they do not."""
    one, two, stranger = Nonces(bytes(range(32))), Nonces(bytes(range(32))), Nonces(bytes(32))
    assert two.accepts(one.current(now_s), now_s) and not stranger.accepts(one.current(now_s), now_s)


@given(TIMES, st.text(max_size=30))
def test_made_up_nonces(now_s: int, made_up: str) -> None:
    """Nothing that was not handed out is accepted, and no text makes it fail."""
    assert not Nonces(bytes(32)).accepts(made_up, now_s)


def test_time_may_go_back() -> None:
    """A clock that is set back changes the window back too."""
    nonces = Nonces(bytes(32))
    before = nonces.current(1_000)
    nonces.current(9_000)
    assert nonces.current(1_000) == before


def test_a_short_key_is_refused() -> None:
    """The key has 32 bytes."""
    with pytest.raises(ValueError):
        Nonces(bytes(31))

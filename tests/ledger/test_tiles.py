"""Paths of tiles, both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.ledger.tiles import INDEX_MAX, LEVEL_MAX, Place, bundle, place_of

levels = st.none() | st.integers(0, LEVEL_MAX)


@given(levels, st.integers(0, INDEX_MAX - 1), st.integers(1, 256))
def test_a_path_names_its_place_alone(level: int | None, index: int, width: int) -> None:
    """Every place comes back from its path."""
    place = Place(level, index, width)
    assert place_of(place.path()) == place


@given(st.text("0123456789x/.pentris", max_size=24))
def test_no_place_has_two_paths(path: str) -> None:
    """What is read as a place is written the same way: no second address for one tile, in a cache or in a log."""
    place = place_of(path)
    assert place is None or place.path() == path


NOTHING = (
    *("", "0", "0/", "/0/000", "0/000/", "0/1", "0/0000", "0/x000/000", "0/000.p/0", "0/000.p/256", "0/000.p/01"),
    *("6/000", "-1/000", "data/000", "entries/x1/000", "0/000.p", "../000", "0/٠٠٠", "0/000\n"),
)


@pytest.mark.parametrize("path", NOTHING)
def test_what_names_nothing(path: str) -> None:
    """Other spellings, levels that no tree of ours has, and what is no path at all."""
    assert place_of(path) is None


def test_entries_carry_their_length() -> None:
    """Two bytes, the high one first, then the entry."""
    assert bundle([b"\1" * 32] * 256) == (b"\0\x20" + b"\1" * 32) * 256
    with pytest.raises(OverflowError):
        bundle([bytes(65_536)])

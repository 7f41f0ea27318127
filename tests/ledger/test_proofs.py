"""Proofs: made from tiles as RFC 9162 defines them, and no other hash passes."""

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi.ledger.merkle import Frontier, grow, leaf_hash
from beffroi.ledger.proofs import (
    consistency_ranges,
    inclusion_ranges,
    is_consistent,
    is_included,
    places,
    proof,
    range_hash,
)
from twins.merkle_twin import tree_hash

ENTRIES = [number.to_bytes(2, "big") for number in range(700)]
sizes = st.integers(1, 700)


def tiles_of(size: int) -> dict[tuple[int, int], bytes]:
    _, tiles = grow(Frontier(), ENTRIES[:size])
    return {(tile.level, tile.index): b"".join(tile.hashes) for tile in tiles}


TILES = tiles_of(700)


@cache
def root(size: int) -> bytes:
    """The tree hash of so many entries, by the definition."""
    return tree_hash(ENTRIES[:size])


def subproof(old: int, entries: list[bytes], whole: bool) -> list[bytes]:
    """RFC 6962 section 2.1.2, word for word."""
    if old == len(entries):
        return [] if whole else [tree_hash(entries)]
    split = 1
    while split * 2 < len(entries):
        split *= 2
    if old <= split:
        return [*subproof(old, entries[:split], whole), tree_hash(entries[split:])]
    return [*subproof(old - split, entries[split:], False), tree_hash(entries[:split])]


@settings(max_examples=200, deadline=None)
@given(sizes, sizes)
def test_a_smaller_tree_is_proved_to_be_the_beginning(one: int, other: int) -> None:
    """The proof is that of the RFC, is computed from no other tiles than were named, and verifies."""
    old, new = sorted((one, other))
    ranges = consistency_ranges(old, new)
    hashes = proof(ranges, {place: TILES[place] for place in places(ranges)})
    assert hashes == subproof(old, ENTRIES[:new], True)
    assert is_consistent(old, root(old), new, root(new), hashes)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 699), sizes)
def test_a_leaf_is_proved_to_be_in_the_tree(index: int, size: int) -> None:
    """And at no other place, in no other tree."""
    if index >= size:
        return
    ranges = inclusion_ranges(index, size)
    hashes = proof(ranges, {place: TILES[place] for place in places(ranges)})
    leaf = leaf_hash(ENTRIES[index])
    assert is_included(index, size, leaf, root(size), hashes)
    assert not is_included(index, size, leaf_hash(b"other"), root(size), hashes)
    assert not is_included(index, size, leaf, root(size - 1), hashes)
    assert not is_included(index, size, leaf, root(size), [*hashes, leaf])
    if hashes:
        assert not is_included(index, size, leaf, root(size), hashes[:-1])
        assert not is_included(index ^ 1, size, leaf, root(size), hashes)


@settings(max_examples=200, deadline=None)
@given(sizes, sizes, st.data())
def test_no_other_proof_passes(one: int, other: int, data: st.DataObject) -> None:
    """A hash changed, left out, added; the roots exchanged or of another tree; a tree that shrinks."""
    old, new = sorted((one, other))
    if old == new:
        return
    hashes = proof(consistency_ranges(old, new), TILES)
    place = data.draw(st.integers(0, len(hashes) - 1))
    changed = [*hashes[:place], bytes(32), *hashes[place + 1 :]]
    assert not is_consistent(old, root(old), new, root(new), changed)
    assert not is_consistent(old, root(old), new, root(new), hashes[:place] + hashes[place + 1 :])
    assert not is_consistent(old, root(old), new, root(new), [*hashes, bytes(32)])
    assert not is_consistent(old, root(new), new, root(new), hashes)
    assert not is_consistent(old, root(old), new, root(old), hashes)
    assert not is_consistent(new, root(new), old, root(old), hashes)


def test_the_empty_tree_and_the_same_tree_need_no_proof() -> None:
    """And may not have one; the same size with another root is another tree."""
    assert is_consistent(0, root(0), 5, root(5), [])
    assert not is_consistent(0, root(0), 5, root(5), [bytes(32)])
    assert is_consistent(5, root(5), 5, root(5), [])
    assert not is_consistent(5, root(5), 5, root(4), [])
    assert not is_consistent(5, root(5), 5, root(5), [bytes(32)])


@given(st.integers(0, 700))
def test_the_root_comes_from_tiles_too(size: int) -> None:
    """The tree hash of the first leaves, from tiles that hold more."""
    assert range_hash((0, size), TILES) == root(size)

"""Proofs over the tree: that a leaf is in it, that a smaller tree is its beginning. Made from tiles, checked without.

A proof is a list of hashes of ranges of leaves. Which ranges, and from which tiles they are computed, is known before
any tile is read; so whoever reads tiles (a database, HTTP) asks for all of them at once.

Source: RFC 9162 sections 2.1.3 and 2.1.4 (RFC 6962 sections 2.1.1 and 2.1.2).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from beffroi.ledger.merkle import HASH_BYTES, TILE_HEIGHT, TILE_WIDTH, fold, node_hash

PROOF_HASHES_MAX = 63
"""Hashes of a proof: a tree of 2^63 leaves has no more."""

Range = tuple[int, int]
"""Leaves from this index to before that one: one complete subtree, or the ragged right edge of the tree."""
Tiles = Mapping[tuple[int, int], bytes]
"""Hashes by level and tile index, one behind the other, as far as the tile goes."""


def consistency_ranges(old: int, new: int) -> list[Range]:
    """What proves that a tree of `old` leaves is the beginning of one of `new`. ValueError unless 0 < old <= new.

    >>> consistency_ranges(3, 7), consistency_ranges(4, 7), consistency_ranges(7, 7)
    ([(2, 3), (3, 4), (0, 2), (4, 7)], [(4, 7)], [])
    """
    if not 0 < old <= new:
        raise ValueError("a proof goes from a tree that is not empty to one that is not smaller")
    start, end, whole = 0, new, True
    behind: list[Range] = []
    while old != end - start:
        split = _split(end - start)
        if old <= split:
            behind.append((start + split, end))
            end = start + split
        else:
            behind.append((start, start + split))
            old, start, whole = old - split, start + split, False
    return ([] if whole else [(start, end)]) + behind[::-1]


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """What proves that leaf `index` is in a tree of `size` leaves. Raises ValueError when it cannot be.

    >>> inclusion_ranges(0, 7), inclusion_ranges(6, 7), inclusion_ranges(0, 1)
    ([(1, 2), (2, 4), (4, 7)], [(4, 6), (0, 4)], [])
    """
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    start, end = 0, size
    found: list[Range] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    return found[::-1]


def _split(size: int) -> int:
    """The largest power of two below a size."""
    return int(1 << ((size - 1).bit_length() - 1))


def places(ranges: Iterable[Range]) -> set[tuple[int, int]]:
    """The tiles (level, tile index) from which the hashes of these ranges are computed.

    >>> sorted(places([(0, 256), (256, 259)]))
    [(0, 1), (1, 0)]
    """
    return {
        (height // TILE_HEIGHT, (index << height % TILE_HEIGHT) // TILE_WIDTH)
        for start, end in ranges
        for height, index in _subtrees(start, end)
    }


def proof(ranges: Iterable[Range], tiles: Tiles) -> list[bytes]:
    """The hashes of the ranges. Raises ValueError when a tile is missing or too short."""
    return [range_hash(one, tiles) for one in ranges]


def range_hash(leaves: Range, tiles: Tiles) -> bytes:
    """The tree hash of a range of leaves; of (0, size) it is the root. Raises ValueError as `proof` does."""
    found: bytes | None = None
    for height, index in reversed(list(_subtrees(*leaves))):
        node = _subtree_hash(height, index, tiles)
        found = node if found is None else node_hash(node, found)
    return fold([]) if found is None else found


def _subtrees(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The complete subtrees of a range, from left to right: height, and index among those of that height."""
    while start < end:
        height = (end - start).bit_length() - 1
        if start:
            height = min(height, (start & -start).bit_length() - 1)
        yield height, start >> height
        start += 1 << height


def _subtree_hash(height: int, index: int, tiles: Tiles) -> bytes:
    level, rest = divmod(height, TILE_HEIGHT)
    tile, place = divmod(index << rest, TILE_WIDTH)
    hashes = tiles.get((level, tile), b"")[place * HASH_BYTES : (place + (1 << rest)) * HASH_BYTES]
    if len(hashes) != HASH_BYTES << rest:
        raise ValueError(f"tile {level}/{tile} is missing or too short")
    return fold([hashes[i : i + HASH_BYTES] for i in range(0, len(hashes), HASH_BYTES)])


def is_consistent(old: int, old_root: bytes, new: int, new_root: bytes, hashes: Sequence[bytes]) -> bool:
    """Whether the hashes prove that the tree of `old` leaves is the beginning of the other (RFC 9162, 2.1.4.2).

    Nothing precedes the empty tree: of `old` 0 the proof is empty, and any tree is consistent with it.
    """
    if old == 0 or old >= new:
        return not hashes and (old == 0 or (old == new and old_root == new_root))
    path = [*([old_root] if old & (old - 1) == 0 else []), *hashes]
    if not path:
        return False
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first, second = path[0], path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and (first, second) == (old_root, new_root)


def is_included(index: int, size: int, leaf: bytes, root: bytes, hashes: Sequence[bytes]) -> bool:
    """Whether the hashes prove that the leaf with this hash is in the tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, found = index, size - 1, leaf
    for sibling in hashes:
        if last == 0:
            return False
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and found == root

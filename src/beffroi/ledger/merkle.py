"""The Merkle tree hash, and growing it tile by tile.

A tile holds up to 256 hashes of one level; a full tile's root is one hash of the level above. The tree's root folds the
ragged right edge: at each level the partial tile's hashes and what the levels below left over.

Source: RFC 6962 section 2.1 (RFC 9162 section 2.1); C2SP tlog-tiles.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

TILE_WIDTH = 256
TILE_HEIGHT = 8
HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """RFC 6962: SHA-256(0x00 || entry).

    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962: SHA-256(0x01 || left || right)."""
    return sha256(b"\1" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over subtrees of equal size, of which the last may be smaller.

    >>> fold([]) == EMPTY_ROOT, fold([b"a"]) == b"a", fold([b"a", b"b", b"c"]) == node_hash(node_hash(b"a", b"b"), b"c")
    (True, True, True)
    """
    if not hashes:
        return EMPTY_ROOT
    row = list(hashes)
    while len(row) > 1:
        paired = [node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)]
        row = [*paired, row[-1]] if len(row) % 2 else paired
    return row[0]


@dataclass(frozen=True, slots=True)
class Tile:
    """Hashes `index * 256` onwards of a level; full at 256."""

    level: int
    index: int
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: how many leaves it has and the partial tile of each level, lowest first."""

    size: int = 0
    edge: tuple[tuple[bytes, ...], ...] = ()

    def root(self) -> bytes:
        """The tree hash of all leaves.

        >>> Frontier().root() == EMPTY_ROOT
        True
        """
        left_over: list[bytes] = []
        for hashes in self.edge:
            items = [*hashes, *left_over]
            left_over = [fold(items)] if items else []
        return left_over[0] if left_over else EMPTY_ROOT


def edge_places(size: int) -> list[tuple[int, int, int]]:
    """The partial tile of each level of a tree with `size` leaves: level, index, width (0: there is none).

    >>> edge_places(0), edge_places(600)
    ([], [(0, 2, 88), (1, 0, 2)])
    """
    places: list[tuple[int, int, int]] = []
    while size:
        places.append((len(places), *divmod(size, TILE_WIDTH)))
        size //= TILE_WIDTH
    return places


def grow(frontier: Frontier, entries: Sequence[bytes]) -> tuple[Frontier, tuple[Tile, ...]]:
    """The tree with these entries behind the others, and every tile that changed, lowest level first.

    >>> grown, tiles = grow(Frontier(), [b"a", b"b"])
    >>> grown.size, [(tile.level, tile.index, len(tile.hashes)) for tile in tiles]
    (2, [(0, 0, 2)])
    """
    edge = [list(hashes) for hashes in frontier.edge]
    tiles: list[Tile] = []
    added = [leaf_hash(entry) for entry in entries]
    level = 0
    while added:
        if level == len(edge):
            edge.append([])
        first = (frontier.size >> (TILE_HEIGHT * level)) // TILE_WIDTH
        added = _fill(edge[level], added, level, first, tiles)
        level += 1
    return Frontier(frontier.size + len(entries), tuple(tuple(hashes) for hashes in edge)), tuple(tiles)


def _fill(partial: list[bytes], added: Sequence[bytes], level: int, index: int, tiles: list[Tile]) -> list[bytes]:
    """Fills a level's tiles from `index` on; the roots of those that became full. `partial` is left as the rest."""
    partial.extend(added)
    roots: list[bytes] = []
    while len(partial) >= TILE_WIDTH:
        full = tuple(partial[:TILE_WIDTH])
        del partial[:TILE_WIDTH]
        tiles.append(Tile(level, index, full))
        roots.append(fold(full))
        index += 1
    if partial:
        tiles.append(Tile(level, index, tuple(partial)))
    return roots

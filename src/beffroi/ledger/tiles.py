"""What is published of the tree, and under which paths: tiles of hashes, and bundles of entries.

A partial tile is the beginning of the full one, so whatever was published stays true for ever.

Source: C2SP tlog-tiles, "Merkle Tree" and "Log entries".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from beffroi.ledger.merkle import TILE_WIDTH

LEVEL_MAX = 5
"""Levels above hold 2^48 leaves and more in one hash: no region shows so many patients."""
INDEX_MAX = 2**53
_PLACE = re.compile(r"(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """A tile of hashes, or a bundle of entries (`level` None). Full at a width of 256."""

    level: int | None
    index: int
    width: int = TILE_WIDTH

    def path(self) -> str:
        """Where it is published, below `tile/`.

        >>> Place(0, 1_234_067).path(), Place(1, 0, 5).path(), Place(None, 3).path()
        ('0/x001/x234/067', '1/000.p/5', 'entries/003')
        """
        groups = [f"{self.index % 1000:03d}"]
        rest = self.index // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03d}")
            rest //= 1000
        kind = "entries" if self.level is None else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"{kind}/{'/'.join(groups)}{partial}"


def place_of(path: str) -> Place | None:
    """What a path below `tile/` names; None when it names nothing, or says it in another way than `Place.path`.

    >>> place_of("0/x001/x234/067.p/7")
    Place(level=0, index=1234067, width=7)
    >>> place_of("0/x000/001"), place_of("0/001.p/256"), place_of("00/001")
    (None, None, None)
    """
    found = _PLACE.fullmatch(path)
    if found is None:
        return None
    kind, number, width = found.groups()
    level = None if kind == "entries" else int(kind)
    place = Place(level, int(number.replace("x", "").replace("/", "")), int(width) if width else TILE_WIDTH)
    known = (level is None or level <= LEVEL_MAX) and place.index < INDEX_MAX and place.path() == path
    return place if known else None


def bundle(entries: Iterable[bytes]) -> bytes:
    """Entries one behind the other, each with its length before it in two bytes, the high one first.

    >>> bundle([b"ab", b""]).hex()
    '000261620000'
    """
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)

"""What the ledger publishes to anybody: the last checkpoint, tiles of hashes, bundles of commitments. No identity.

Whatever a path named once it names for ever: a partial tile is the beginning of the full one.
"""

from beffroi.ledger.merkle import HASH_BYTES, TILE_WIDTH
from beffroi.ledger.tiles import bundle, place_of
from beffroi.store.ledger import LedgerStore


class Publication:
    """The published ledger, path by path."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store

    async def checkpoint(self) -> bytes | None:
        """The last signed note; None before the first."""
        note = await self._store.checkpoint()
        return None if note is None else note.encode()

    async def tile(self, path: str) -> bytes | None:
        """What a path below `tile/` names; None when the tree does not reach so far, or the path names nothing."""
        place = place_of(path)
        if place is None:
            return None
        if place.level is None:
            first = place.index * TILE_WIDTH
            entries = await self._store.entries(first, first + place.width)
            return bundle(entries) if len(entries) == place.width else None
        hashes = await self._store.tile(place.level, place.index)
        wanted_bytes = place.width * HASH_BYTES
        return hashes[:wanted_bytes] if hashes is not None and len(hashes) >= wanted_bytes else None

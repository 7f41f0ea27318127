"""What the ledger publishes to anybody: the last checkpoint, tiles of hashes, bundles of commitments. No identity.

Whatever a path named once it names for ever: a partial tile is the beginning of the full one.
"""

from collections.abc import Sequence
from datetime import timedelta

from beffroi.clock import Clock
from beffroi.ledger.merkle import HASH_BYTES, TILE_WIDTH
from beffroi.ledger.tiles import bundle, place_of
from beffroi.store.ledger import LedgerStore

PATIENCE = timedelta(seconds=60)
"""For how long a checkpoint waits for its witnesses before it is published with those cosignatures that it has."""

EPOCH_MAX = 1_000_000
"""Nobody restores so often."""


class Publication:
    """The published ledger, path by path. `cosigners_min`: how many of the witnesses a checkpoint should have."""

    def __init__(self, store: LedgerStore, clock: Clock, cosigners_min: int = 0, witnesses: Sequence[str] = ()) -> None:
        self._store = store
        self._clock = clock
        self._cosigners_min = cosigners_min
        self._witnesses = tuple(witnesses)

    async def checkpoint(self) -> bytes | None:
        """The last signed note that has its cosignatures; None before the first."""
        note = await self._store.checkpoint(self._cosigners_min, self._clock.now() - PATIENCE, self._witnesses)
        return None if note is None else note.encode()

    async def statement(self, epoch: int) -> bytes | None:
        """What the statement of a gap says, with which an epoch began; None when there is none."""
        note = await self._store.statement(epoch) if epoch <= EPOCH_MAX else None
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

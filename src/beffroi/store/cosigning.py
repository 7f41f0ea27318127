"""What witnesses said: cosignatures, how each exchange ended, and checkpoints of ours that they hold against us."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from beffroi.ledger.proofs import Tiles
from beffroi.store.database import Database, load_queries


@dataclass(frozen=True, slots=True)
class Newest:
    """The last checkpoint. `cosigned`: the size that a witness saw of its epoch, as far as known, or where it began."""

    epoch: int
    size: int
    note: str
    cosigned: int


@dataclass(frozen=True, slots=True)
class StoredState:
    """How the last exchange with a witness ended."""

    witness: str
    state: str
    size: int
    at: datetime


class CosigningStore:
    """The statements of cosigning, under the sealer's role."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("cosign")

    async def newest(self, witness: str) -> Newest | None:
        """The last checkpoint, committed; None before the first."""
        row = await self._pool.fetchrow(self._sql["newest"], witness)
        if row is None:
            return None
        return Newest(row["epoch"], row["tree_size"], row["note"], row["cosigned"] or row["began_at"])

    async def statements(self) -> list[str]:
        """The statements of all gaps, the first one first."""
        return [row[0] for row in await self._pool.fetch(self._sql["statements"])]

    async def tiles(self, places: Iterable[tuple[int, int]]) -> Tiles:
        """The tiles at these places, as far as they go."""
        wanted = list(places)
        levels, indices = [level for level, _ in wanted], [index for _, index in wanted]
        rows = await self._pool.fetch(self._sql["tiles"], levels, indices)
        return {(row[0], row[1]): row[2] for row in rows}

    async def add_cosignature(self, size: int, witness: str, line: str, at: datetime) -> None:
        """Keeps a verified cosignature."""
        await self._pool.execute(self._sql["add_cosignature"], size, witness, line, at)

    async def add_contradiction(self, epoch: int, witness: str, size: int, note: str, at: datetime) -> None:
        """Keeps a checkpoint of ours that a witness holds and this ledger does not continue: sealing stops."""
        await self._pool.execute(self._sql["add_contradiction"], epoch, witness, size, note, at)

    async def put_state(self, state: StoredState) -> None:
        """Keeps how an exchange ended."""
        await self._pool.execute(self._sql["put_witness_state"], state.witness, state.state, state.size, state.at)

    async def states(self) -> list[StoredState]:
        """How the last exchange with each witness ended."""
        return [StoredState(*row) for row in await self._pool.fetch(self._sql["witness_states"])]

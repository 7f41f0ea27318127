"""The ledger's tables: how far sealing came, what is not sealed yet, and what is published.

Everything of one round of sealing happens in one transaction, under one advisory lock that its end gives back.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from beffroi.store.database import Database, load_queries

ADVISORY_LOCK = 0x6265666672_736C  # "beffr", "sl": one sealer at a time
Connection = asyncpg.pool.PoolConnectionProxy


@dataclass(frozen=True, slots=True)
class Mark:
    """Once all transactions before `transaction` have ended, every disclosure up to `disclosure` is final."""

    disclosure: int
    transaction: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where sealing stands. Without a checkpoint `tree_size` is 0 and `root` empty; without a state `mark` is None.

    `oldest_open`: every transaction below has ended. `ended_below`: above every transaction that has ended.
    """

    system_identifier: int
    oldest_open: int
    ended_below: int
    last_disclosure: int
    leaves_count: int
    tree_size: int
    root: bytes
    known_system: int | None
    settled_below: int
    mark: Mark | None


class LedgerStore:
    """The statements of sealing and of publication, under the sealer's role."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("ledger")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A transaction; what was written in it is there after the block, or nothing of it."""
        async with self._pool.acquire() as connection, connection.transaction():
            yield connection

    async def standing(self, connection: Connection) -> Standing | None:
        """Where sealing stands, or None when another process is sealing."""
        if not await connection.fetchval(self._sql["try_lock"], ADVISORY_LOCK):
            return None
        return await self._standing(connection)

    async def look(self) -> Standing:
        """Where sealing stands, whoever is sealing."""
        return await self._standing(self._pool)

    async def late(self, settled_below: int, before: datetime) -> bool:
        """Whether a disclosure that was recorded before this time is not sealed yet."""
        late: bool = await self._pool.fetchval(self._sql["late"], settled_below, before)
        return late

    async def _standing(self, connection: "Connection | asyncpg.Pool[asyncpg.Record]") -> Standing:
        row = await connection.fetchrow(self._sql["standing"])
        assert row is not None
        known = row["known_system"]
        return Standing(
            system_identifier=row["system_identifier"],
            oldest_open=row["oldest_open"],
            ended_below=row["ended_below"],
            last_disclosure=row["last_disclosure"] or 0,
            leaves_count=row["leaves_count"] or 0,
            tree_size=row["tree_size"] or 0,
            root=row["root"] or b"",
            known_system=known,
            settled_below=row["settled_below"] or 0,
            mark=None if known is None else Mark(row["mark_disclosure"], row["mark_transaction"]),
        )

    async def unsealed(
        self, connection: Connection, above: int, last: int, before_transaction: int, rows_max: int
    ) -> list[asyncpg.Record]:
        """Rows of disclosures (`above` to `last`) that are final and have no leaf, by number."""
        return await connection.fetch(self._sql["unsealed"], above, last, str(before_transaction), rows_max)

    async def edge(self, connection: Connection, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """The hashes of tiles by (level, index); those that are not there are missing."""
        levels, indices = [level for level, _ in places], [index for _, index in places]
        rows = await connection.fetch(self._sql["edge"], levels, indices)
        return {(row[0], row[1]): row[2] for row in rows}

    async def add_leaves(
        self, connection: Connection, first: int, disclosures: Sequence[int], commitments: Sequence[bytes]
    ) -> None:
        """Adds leaves behind the others."""
        await connection.execute(self._sql["add_leaves"], first, disclosures, commitments)

    async def put_tiles(self, connection: Connection, tiles: Sequence[tuple[int, int, bytes]]) -> bool:
        """Writes tiles (level, index, hashes); False when one would not continue what is there."""
        columns = list(zip(*tiles, strict=True))
        return len(await connection.fetch(self._sql["put_tiles"], *columns)) == len(tiles)

    async def add_checkpoint(self, connection: Connection, size: int, root: bytes, note: str, at: datetime) -> None:
        """Adds a signed root."""
        await connection.execute(self._sql["add_checkpoint"], size, root, note, at)

    async def put_state(self, connection: Connection, system: int, settled_below: int, mark: Mark | int) -> None:
        """Remembers how far sealing came. `mark`: the old one, or the disclosure of a new one, made now."""
        disclosure, transaction = (mark, None) if isinstance(mark, int) else (mark.disclosure, str(mark.transaction))
        await connection.execute(self._sql["put_state"], system, settled_below, disclosure, transaction)

    async def checkpoint(self) -> str | None:
        """The last note; None before the first."""
        note: str | None = await self._pool.fetchval(self._sql["last_checkpoint"])
        return note

    async def tile(self, level: int, index: int) -> bytes | None:
        """The hashes of a tile as far as it goes; None when it is not there."""
        hashes: bytes | None = await self._pool.fetchval(self._sql["tile"], level, index)
        return hashes

    async def entries(self, first: int, end: int) -> list[bytes]:
        """Commitments of the leaves `first` to before `end`, as far as they go."""
        return [row[0] for row in await self._pool.fetch(self._sql["entries"], first, end)]

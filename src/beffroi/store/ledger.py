"""The ledger's tables: how far sealing came, what is not sealed yet, and what is published.

Everything of one round of sealing happens in one transaction, under one advisory lock that its end gives back.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from beffroi.ledger.checkpoint import Checkpoint
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
    `final_below`: disclosures that had been committed when an epoch began. `contradicted`: a witness holds a
    checkpoint of ours that this tree does not continue.
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
    final_below: int = 0
    checkpoints_count: int = 0
    epoch: int = 1
    contradicted: bool = False
    signed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf to add: its disclosure and whose that is (nothing of these for the statement of a gap)."""

    commitment: bytes
    disclosure: int | None = None
    account: int | None = None
    number: int | None = None


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
            final_below=row["final_below"] or 0,
            checkpoints_count=row["checkpoints_count"] or 0,
            epoch=row["epoch"],
            contradicted=row["contradicted"],
            signed_at=row["signed_at"],
        )

    async def unsealed(
        self, connection: Connection, standing: Standing, last: int, rows_max: int
    ) -> list[asyncpg.Record]:
        """Rows of disclosures (of what is not settled, up to `last`) that are final and have no leaf, by number."""
        return await connection.fetch(
            self._sql["unsealed"],
            standing.settled_below,
            last,
            str(standing.oldest_open),
            rows_max,
            standing.final_below,
        )

    async def edge(self, connection: Connection, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """The hashes of tiles by (level, index); those that are not there are missing."""
        levels, indices = [level for level, _ in places], [index for _, index in places]
        rows = await connection.fetch(self._sql["edge"], levels, indices)
        return {(row[0], row[1]): row[2] for row in rows}

    async def add_leaves(self, connection: Connection, first: int, leaves: Sequence[Leaf]) -> None:
        """Adds leaves behind the others."""
        columns = zip(*((one.disclosure, one.commitment, one.account, one.number) for one in leaves), strict=True)
        await connection.execute(self._sql["add_leaves"], first, *map(list, columns))

    async def put_tiles(self, connection: Connection, tiles: Sequence[tuple[int, int, bytes]]) -> bool:
        """Writes tiles (level, index, hashes); False when one would not continue what is there."""
        columns = list(zip(*tiles, strict=True))
        return len(await connection.fetch(self._sql["put_tiles"], *columns)) == len(tiles)

    async def add_checkpoint(
        self, connection: Connection, checkpoint: Checkpoint, note: str, at: datetime, number: int
    ) -> None:
        """Adds a signed root, the `number`-th."""
        await connection.execute(self._sql["add_checkpoint"], checkpoint.size, checkpoint.root, note, at, number)

    async def put_state(self, connection: Connection, system: int, settled_below: int, mark: Mark | int) -> None:
        """Remembers how far sealing came. `mark`: the old one, or the disclosure of a new one, made now."""
        disclosure, transaction = (mark, None) if isinstance(mark, int) else (mark.disclosure, str(mark.transaction))
        await connection.execute(self._sql["put_state"], system, settled_below, disclosure, transaction)

    async def checkpoint(
        self, cosigners_min: int = 0, before: datetime | None = None, witnesses: Sequence[str] = ()
    ) -> str | None:
        """The note to publish, with its cosignatures: the last one that so many of the witnesses signed, unless a later
        one has waited for them since `before`. None before the first.
        """
        note: str | None = await self._pool.fetchval(
            self._sql["published_checkpoint"], cosigners_min, before, witnesses
        )
        return note

    async def statement(self, epoch: int) -> str | None:
        """The signed statement with which an epoch began; None of the first one, and of one that is not there."""
        statement: str | None = await self._pool.fetchval(self._sql["statement"], epoch)
        return statement

    async def tile(self, level: int, index: int) -> bytes | None:
        """The hashes of a tile as far as it goes; None when it is not there."""
        hashes: bytes | None = await self._pool.fetchval(self._sql["tile"], level, index)
        return hashes

    async def entries(self, first: int, end: int) -> list[bytes]:
        """Commitments of the leaves `first` to before `end`, as far as they go."""
        return [row[0] for row in await self._pool.fetch(self._sql["entries"], first, end)]

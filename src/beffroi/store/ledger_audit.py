"""The ledger as an auditor reads it: everything, once, in one snapshot, a part at a time. Nothing is written."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg

from beffroi.store.archive_moves import ArchivedSegment
from beffroi.store.database import FREE_PLANS, Database, Row, load_queries

ROWS_AT_ONCE = 1_000
AUDIT_SETTINGS = {
    **FREE_PLANS,
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}
"""Connection settings of an audit: it reads whole tables, for as long as it takes."""


class AuditSnapshot:
    """One moment of the database."""

    def __init__(self, connection: asyncpg.pool.PoolConnectionProxy) -> None:
        self._connection = connection
        self._sql = load_queries("audit")

    async def begin(self) -> Row:
        """Counts of leaves, tiles and checkpoints, the cluster, and the sealer's state."""
        row = await self._connection.fetchrow(self._sql["begin"])
        assert row is not None
        return row

    async def leaves(self) -> AsyncIterator[Row]:
        """Every leaf with its disclosure's columns (all null when it is gone), in the order of the tree."""
        async for row in self._connection.cursor(self._sql["leaves"], prefetch=ROWS_AT_ONCE):
            yield row

    async def segments(self) -> list[ArchivedSegment]:
        """What was archived, in order."""
        return [ArchivedSegment(*row) for row in await self._connection.fetch(self._sql["archived"])]

    async def roots(self, sizes: Sequence[int]) -> dict[int, bytes]:
        """The roots of signed trees of these sizes, by size."""
        return {row[0]: row[1] for row in await self._connection.fetch(self._sql["roots"], sizes)}

    async def checkpoints(self) -> AsyncIterator[Row]:
        """Every checkpoint, smallest tree first."""
        async for row in self._connection.cursor(self._sql["checkpoints"], prefetch=ROWS_AT_ONCE):
            yield row

    async def cosignatures(self) -> AsyncIterator[Row]:
        """Every cosignature, smallest tree first."""
        async for row in self._connection.cursor(self._sql["cosignatures"], prefetch=ROWS_AT_ONCE):
            yield row

    async def epochs(self) -> AsyncIterator[Row]:
        """The statements with which later epochs began."""
        async for row in self._connection.cursor(self._sql["epochs"], prefetch=ROWS_AT_ONCE):
            yield row

    async def tile(self, level: int, index: int) -> bytes | None:
        """A tile as far as it goes; None when it is not there."""
        hashes: bytes | None = await self._connection.fetchval(self._sql["published_tile"], level, index)
        return hashes

    async def waiting(self) -> int:
        """How many disclosures have no leaf."""
        count: int = await self._connection.fetchval(self._sql["waiting"])
        return count

    async def forgotten(self, settled: int, before: datetime, after: datetime, rows_max: int) -> list[int]:
        """Disclosures without a leaf that should have had one, by number."""
        rows = await self._connection.fetch(self._sql["forgotten"], settled, before, after, rows_max)
        return [row[0] for row in rows]


@asynccontextmanager
async def snapshot(database: Database) -> AsyncIterator[AuditSnapshot]:
    """One moment of a database that was opened with AUDIT_SETTINGS."""
    async with (
        database.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        yield AuditSnapshot(connection)

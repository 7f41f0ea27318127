"""The online side of the archive, under the archiver's role: what is due to move, its rows, taking them away; and what
may be erased there."""

from collections.abc import AsyncIterator, Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from beffroi.store.alone import alone
from beffroi.store.database import FREE_PLANS, Database, load_queries

ADVISORY_LOCK = 0x6265666672_6172  # "beffr", "ar": one mover at a time
ROWS_AT_ONCE = 5_000
MOVE_SETTINGS = {
    **FREE_PLANS,
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}
"""Connection settings of a move: it reads millions of rows and sorts them meanwhile."""
Connection = asyncpg.pool.PoolConnectionProxy


@dataclass(frozen=True, slots=True)
class ArchivedSegment:
    """A segment as the database knows it. `manifest` is its signed note; leaves up to `erased_to` say that they are
    erased, when it has `erased_at`.
    """

    number: int
    first: int
    end: int
    first_at: datetime
    last_at: datetime
    manifest: str
    erased_at: datetime | None = None
    erased_to: int = 0
    disclosures: int = 0

    @property
    def is_erasing(self) -> bool:
        """Whether it was noted as erased, and some of its files or leaves may not know it yet."""
        return self.erased_at is not None and self.erased_to < self.end


@dataclass(frozen=True, slots=True)
class PatientHold:
    """A hold on a patient under these numbers, of persons and of identities; what is None it does not ask for."""

    number: int
    account: int | None
    people: list[int]
    from_at: datetime | None
    until_at: datetime | None


class ArchiveMoves:
    """The statements of a move and of an erasure."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("archive")

    def alone(self) -> "AbstractAsyncContextManager[Connection | None]":
        """A connection that holds the mover's lock; None when another process is moving."""
        return alone(self._pool, ADVISORY_LOCK)

    async def segments(self, connection: Connection | None = None) -> list[ArchivedSegment]:
        """What was archived, in order."""
        rows = await (connection or self._pool).fetch(self._sql["segments"])
        return [ArchivedSegment(*row) for row in rows]

    async def checkpoint(self, connection: Connection) -> tuple[int, str] | None:
        """The largest signed tree: its size and its note."""
        row = await connection.fetchrow(self._sql["last_checkpoint"])
        return None if row is None else (row[0], row[1])

    async def first_young(self, connection: Connection, first: int, end: int, before: datetime) -> int | None:
        """The first leaf of a range whose disclosure is not older than a time."""
        found: int | None = await connection.fetchval(self._sql["first_young"], first, end, before)
        return found

    async def oldest(self, connection: Connection, first: int) -> datetime | None:
        """When what is next to be archived was recorded; None when there is nothing."""
        found: datetime | None = await connection.fetchval(self._sql["oldest"], first)
        return found

    async def rows(self, connection: Connection, first: int, end: int) -> AsyncIterator[asyncpg.Record]:
        """The disclosures of a range of leaves in their order; within a transaction."""
        async for row in connection.cursor(self._sql["rows"], first, end, prefetch=ROWS_AT_ONCE):
            yield row

    async def leaves(self, connection: Connection, first: int, end: int) -> AsyncIterator[asyncpg.Record]:
        """The leaves of a range account by account, each in its account's order; within a transaction."""
        async for row in connection.cursor(self._sql["leaves_by_account"], first, end, prefetch=ROWS_AT_ONCE):
            yield row

    async def ends_before(
        self, connection: Connection, first: int, places: Collection[tuple[int, int]]
    ) -> dict[int, bytes]:
        """The leaves before a range of these accounts' disclosures (account, running number)."""
        accounts, numbers = [account for account, _ in places], [number for _, number in places]
        rows: list[Any] = await connection.fetch(self._sql["ends_before"], first, accounts, numbers)
        return {row[0]: row[1] for row in rows}

    async def take(self, connection: Connection, leaves_max: int) -> int:
        """Takes the next rows of a noted segment out of the online tables; how many leaves are left."""
        left: int = await connection.fetchval(self._sql["take"], leaves_max)
        return left

    async def note(self, connection: Connection, segment: ArchivedSegment, rows: int) -> int:
        """Notes a segment: from its commit on its disclosures count in the files, and may leave."""
        moved: int = await connection.fetchval(
            self._sql["note"], segment.number, segment.first, segment.end, rows, segment.manifest
        )
        return moved

    async def patients_held(self, connection: Connection) -> list[PatientHold]:
        """The holds on patients that were not lifted."""
        return [PatientHold(*row) for row in await connection.fetch(self._sql["patients_held"])]

    async def is_held_whole(self, connection: Connection, segment: int) -> bool:
        """Whether a hold on an account or a window alone keeps a segment."""
        held: bool = await connection.fetchval(self._sql["held_whole"], segment)
        return held

    async def erase(self, connection: Connection, segment: int, before: datetime, cleared: Collection[int]) -> bool:
        """Notes a segment as erased, or does nothing. `cleared`: holds on patients of whom its files have no row."""
        erased: bool = await connection.fetchval(self._sql["erase"], segment, before, list(cleared))
        return erased

    async def mark_erased(self, connection: Connection, segment: int, leaves_max: int) -> int:
        """Marks the next leaves of an erased segment; how many are left."""
        left: int = await connection.fetchval(self._sql["mark_erased"], segment, leaves_max)
        return left

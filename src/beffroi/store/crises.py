"""Declared crises: where, why, by whom, until when."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from beffroi.store.database import Database, load_queries

Connection = asyncpg.pool.PoolConnectionProxy


@dataclass(frozen=True, slots=True)
class Crisis:
    """One that has not ended. `hospital`: None for the whole region; in force once `confirmed_by` somebody."""

    crisis: int
    hospital: int | None
    reason: str
    declared_by: str
    declared_at: datetime
    confirmed_by: str | None
    in_force_from: datetime | None
    expires_at: datetime


class CrisisStore:
    """The statements about crises. Those that take a connection belong to their caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("crises")

    async def declare(
        self, connection: Connection, hospital: int | None, reason: str, by: str, span: tuple[datetime, datetime]
    ) -> Crisis:
        """A new one, which waits for its second person."""
        row = await connection.fetchrow(self._sql["declare"], hospital, reason, by, *span)
        assert row is not None
        return Crisis(*row)

    async def one(self, connection: Connection, number: int, now: datetime) -> Crisis | None:
        """One that has not ended, locked."""
        row = await connection.fetchrow(self._sql["one"], number, now)
        return Crisis(*row) if row else None

    async def listed(self, now: datetime) -> list[Crisis]:
        """Those that have not ended."""
        return [Crisis(*row) for row in await self._pool.fetch(self._sql["listed"], now)]

    async def confirm(self, connection: Connection, number: int, by: str, now: datetime) -> None:
        """In force from now on."""
        await connection.execute(self._sql["confirm"], number, by, now)

    async def finish(self, connection: Connection, number: int, by: str, now: datetime) -> None:
        """Over."""
        await connection.execute(self._sql["finish"], number, by, now)

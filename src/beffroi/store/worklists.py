"""Worklists: who was deposited beforehand, by whom, for which role of a hospital, until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from beffroi.store.database import Database, load_queries

Connection = asyncpg.pool.PoolConnectionProxy


@dataclass(frozen=True, slots=True)
class WorklistRow:
    """A list without its people. `lines`: how many it named, known here or not."""

    worklist_id: int
    role: str
    deposited_by: int
    approved_by: int | None
    ready: bool
    deposited_at: datetime
    expires_at: datetime
    purpose: str
    lines: int


class WorklistStore:
    """The statements about worklists. Those that take a connection belong to their caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("worklists")

    async def open_of(self, connection: Connection, account_id: int, now: datetime) -> int:
        """How many of an account's lists have not run out."""
        return int(await connection.fetchval(self._sql["open_of"], account_id, now))

    async def deposit(
        self,
        connection: Connection,
        whose: tuple[int, str, int],
        span: tuple[datetime, datetime],
        purpose: str,
        lines: int,
        people: Sequence[int],
        *,
        ready: bool,
    ) -> int:
        """A new list's number. `whose`: hospital, readers' role, depositor."""
        hospital, role, by = whose
        values = (hospital, role, by, ready, *span, purpose, lines)
        number = int(await connection.fetchval(self._sql["deposit"], *values))
        await connection.execute(self._sql["fill"], number, list(people))
        return number

    async def one(self, connection: Connection, number: int, hospital: int, now: datetime) -> WorklistRow | None:
        """A list of this hospital that has not run out, locked."""
        row = await connection.fetchrow(self._sql["one"], number, hospital, now)
        return WorklistRow(*row) if row else None

    async def listed(self, hospital: int, now: datetime) -> list[WorklistRow]:
        """The lists of a hospital, the latest first."""
        return [WorklistRow(*row) for row in await self._pool.fetch(self._sql["listed"], hospital, now)]

    async def approve(self, connection: Connection, number: int, by: int) -> None:
        """It serves from now on."""
        await connection.execute(self._sql["approve"], number, by)

    async def cancel(self, connection: Connection, number: int, now: datetime) -> None:
        """It has run out."""
        await connection.execute(self._sql["cancel"], number, now)

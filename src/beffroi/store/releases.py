"""Releases of held accounts: done, or waiting for a second person."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from beffroi.store.database import load_queries

Connection = asyncpg.pool.PoolConnectionProxy


@dataclass(frozen=True, slots=True)
class WaitingRelease:
    """One that waits for its second person."""

    release_id: int
    reason: str
    asked_by: str
    asked_at: datetime


class ReleaseStore:
    """The statements about releases, all in their caller's transaction."""

    def __init__(self) -> None:
        self._sql = load_queries("releases")

    async def waiting(self, connection: Connection, account_id: int, since: datetime) -> WaitingRelease | None:
        """The last that waits, asked for since then."""
        row = await connection.fetchrow(self._sql["waiting"], account_id, since)
        return WaitingRelease(*row) if row else None

    async def add(
        self, connection: Connection, account_id: int, reason: str, by: str, now: datetime, *, done: bool
    ) -> None:
        """A new one, done at once or waiting."""
        ended = (by, now) if done else (None, None)
        await connection.execute(self._sql["add"], account_id, reason, by, now, *ended)

    async def finish(self, connection: Connection, release_id: int, by: str, now: datetime) -> None:
        """The second person said so too."""
        await connection.execute(self._sql["finish"], release_id, by, now)

"""The alerts' outbox: written with what they tell of, delivered afterwards, never forgotten."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
import msgspec

from beffroi.model.alert import Alert, AlertKind, Notice, Severity
from beffroi.store.alone import alone
from beffroi.store.database import Database, load_queries

Connection = asyncpg.pool.PoolConnectionProxy
ADVISORY_LOCK = 0x6265666672_616C  # "beffr", "al": one worker delivers
WINDOW = timedelta(minutes=15)
"""Alerts of one account, kind and topic within this time are one, with a count."""
DUE_MAX = 200

_decode = msgspec.json.Decoder(dict[str, str]).decode


@dataclass(frozen=True, slots=True)
class Due:
    """A notice to be delivered by one channel. `attempts`: how often that failed already."""

    alert_id: int
    part: int
    channel: str
    attempts: int
    notice: Notice


@dataclass(frozen=True, slots=True)
class Outbox:
    """How the outbox stands. `oldest_at`: of the oldest alert that still waits."""

    waiting_count: int
    dead_count: int
    oldest_at: datetime | None


class AlertStore:
    """The statements about alerts."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("alerts")

    async def ring(self, connection: Connection, alerts: Iterable[Alert], now: datetime) -> None:
        """Adds alerts, in the transaction of what they tell of."""
        for one in alerts:
            particulars = msgspec.json.encode(one.particulars).decode()
            values = (one.kind.value, int(one.severity), one.account_id, one.topic, now, now - WINDOW, particulars)
            await connection.execute(self._sql["ring"], *values)

    async def ring_alone(self, alert: Alert, now: datetime) -> None:
        """One alert that belongs to no other transaction."""
        async with self._pool.acquire() as connection:
            await self.ring(connection, [alert], now)

    def delivering(self) -> AbstractAsyncContextManager[Connection | None]:
        """A connection that alone delivers until the block ends; None when another worker's does."""
        return alone(self._pool, ADVISORY_LOCK)

    async def due(self, connection: Connection, channels: Sequence[str], now: datetime) -> list[Due]:
        """What is to be delivered now, new alerts included."""
        await connection.execute(self._sql["plan"], channels, now)
        await connection.execute(self._sql["sum_up"], channels, now, now - WINDOW)
        return [_due(row) for row in await connection.fetch(self._sql["due"], channels, now, DUE_MAX)]

    async def delivered(self, connection: Connection, due: Due, now: datetime) -> None:
        """It has arrived."""
        await connection.execute(self._sql["delivered"], due.alert_id, due.part, due.channel, now)

    async def failed(
        self, connection: Connection, due: Due, again_at: datetime | None, now: datetime, failure: str
    ) -> None:
        """It has not. `again_at`: None gives it up."""
        values = (due.alert_id, due.part, due.channel, again_at, now, failure)
        await connection.execute(self._sql["failed"], *values)

    async def standing(self) -> Outbox:
        """How many wait, and how many were given up."""
        row = await self._pool.fetchrow(self._sql["standing"])
        assert row is not None
        return Outbox(row["waiting_count"], row["dead_count"], row["oldest_at"])

    async def revive(self, now: datetime) -> int:
        """What was given up is tried again; how many that are."""
        done = await self._pool.execute(self._sql["revive"], now)
        return int(done.rpartition(" ")[2])


def _due(row: asyncpg.Record) -> Due:
    again = row["part"] == 1
    notice = Notice(
        f"{row['alert_id']}-{row['part']}",
        AlertKind(row["kind"]),
        Severity(row["severity"]),
        row["last_at"] if again else row["first_at"],
        row["count"],
        row["account_id"],
        _decode(row["particulars"]),
        again,
    )
    return Due(row["alert_id"], row["part"], row["channel"], row["attempts"], notice)

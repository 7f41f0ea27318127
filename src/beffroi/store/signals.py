"""Shared Signals in the database: the queue for each stream, what was received, and sessions that were ended."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from beffroi.model.signal import Signal
from beffroi.store.alone import Connection, alone
from beffroi.store.database import Database, load_queries

ADVISORY_LOCK = 0x6265666672_7369  # "beffr", "si": one worker pushes

_decode = msgspec.json.Decoder(Signal).decode


@dataclass(frozen=True, slots=True)
class DueSignal:
    """One event on its way to one stream, under the identifier that it has there."""

    signal_id: int
    stream: str
    jti: str
    attempts: int
    at: datetime
    signal: Signal


@dataclass(frozen=True, slots=True)
class NamedAccount:
    """An account as its issuer names it."""

    account_id: int
    issuer: str
    subject: str


class SignalStore:
    """The statements about signals. Those that take a connection belong to their caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("signals")

    async def queue(self, connection: Connection, signal: Signal, now: datetime, stream: str | None = None) -> None:
        """Adds an event, for every stream unless one is named."""
        await connection.execute(self._sql["queue"], now, stream, msgspec.json.encode(signal).decode())

    async def queue_alone(self, signal: Signal, now: datetime, stream: str | None = None) -> None:
        """An event that belongs to no other transaction."""
        await self._pool.execute(self._sql["queue"], now, stream, msgspec.json.encode(signal).decode())

    async def accounts(self, connection: Connection, numbers: Sequence[int]) -> list[NamedAccount]:
        """How issuers name these accounts."""
        rows = await connection.fetch(self._sql["accounts"], numbers)
        return [NamedAccount(row[0], row[1], row[2]) for row in rows]

    async def know_streams(self, streams: Sequence[str]) -> None:
        """Streams of the configuration are enabled when they are new."""
        await self._pool.execute(self._sql["know_streams"], streams)

    async def status(self, stream: str) -> tuple[str, str, datetime | None]:
        """Status, its reason, and when a verification was last asked for."""
        row = await self._pool.fetchrow(self._sql["status"], stream)
        return (row[0], row[1], row[2]) if row else ("enabled", "", None)

    async def set_status(self, stream: str, status: str, reason: str, now: datetime) -> None:
        """As its receiver wants it. A disabled stream loses what waits."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(self._sql["set_status"], stream, status, reason)
            if status == "disabled":
                await connection.execute(self._sql["drop_waiting"], stream, now)

    async def due(self, stream: str, streams: Sequence[str], now: datetime, count_max: int) -> list[DueSignal]:
        """What a stream is to be told now, in the order of the events, new ones included."""
        await self._pool.execute(self._sql["plan"], streams, now)
        rows = await self._pool.fetch(self._sql["due"], stream, now, count_max)
        return [DueSignal(r[0], r[1], r[2], r[3], r[4], _decode(r[5])) for r in rows]

    async def delivered(self, stream: str, identifiers: Sequence[str], now: datetime) -> None:
        """The receiver has them."""
        await self._pool.execute(self._sql["delivered"], stream, identifiers, now)

    async def failed(self, stream: str, jti: str, failure: str, again_at: datetime | None, now: datetime) -> None:
        """It has not. `again_at`: None gives it up."""
        await self._pool.execute(self._sql["failed"], stream, jti, failure, again_at, now)

    async def verified(self, stream: str, now: datetime) -> None:
        """A verification was asked for."""
        await self._pool.execute(self._sql["verified"], stream, now)

    async def standing(self) -> tuple[int, int]:
        """How many wait, and how many were given up."""
        row = await self._pool.fetchrow(self._sql["standing"])
        assert row is not None
        return row[0], row[1]

    async def heard(self, issuer: str, jti: str) -> bool:
        """Whether a token came before and was done."""
        return bool(await self._pool.fetchval(self._sql["heard"], issuer, jti))

    async def receive(self, issuer: str, jti: str, now: datetime) -> None:
        """A token is done: it counts no more."""
        await self._pool.execute(self._sql["receive"], issuer, jti, now)

    async def accounts_named(self, issuer: str, subject: str, session: str = "") -> list[int]:
        """The accounts that an issuer calls so: by subject, or by session when it says no subject."""
        return [row[0] for row in await self._pool.fetch(self._sql["accounts_named"], issuer, subject, session)]

    async def end_session(self, connection: Connection, account: int, session: str, until: datetime, by: str) -> None:
        """Tokens issued to a session (empty: to any of the account) until then are refused."""
        await connection.execute(self._sql["end_session"], account, session, until, by)

    async def forget(self, before: datetime, delivered_before: datetime) -> int:
        """What has served its time is deleted; how many rows."""
        rows: Any = await self._pool.fetchval(self._sql["forget"], before, delivered_before)
        return int(rows)

    def alone(self) -> AbstractAsyncContextManager[Connection | None]:
        """A connection that alone pushes until the block ends; None when another worker's does."""
        return alone(self._pool, ADVISORY_LOCK)

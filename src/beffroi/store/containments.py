"""Containments: the register of what was stopped, by whom and why, and what the last day says of whom it touches."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from beffroi.model.containment import LISTED_MAX, Containment, ContainmentId, ContainmentKind, Stop, Touched
from beffroi.store.database import Database, load_queries

Connection = asyncpg.pool.PoolConnectionProxy
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


class ContainmentStore:
    """The statements about containments. Those that take a connection belong to their caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("containments")

    async def all_in_force(self, now: datetime) -> list[Stop]:
        """Everything that is stopped now, accounts included."""
        return [stop_of(row) for row in await self._pool.fetch(self._sql["all_in_force"], now)]

    async def listed(self, count_max: int = LISTED_MAX) -> list[Containment]:
        """Containments, those not released first, then the latest."""
        return [containment_of(row) for row in await self._pool.fetch(self._sql["listed"], count_max)]

    async def hospitals(self) -> list[tuple[int, str, tuple[str, ...]]]:
        """Number, name and own networks of every hospital."""
        return [(row[0], row[1], tuple(row[2])) for row in await self._pool.fetch(self._sql["hospitals"])]

    async def accounts_of_application(self, subject: str) -> list[int]:
        """The accounts that an application itself has."""
        return [row[0] for row in await self._pool.fetch(self._sql["accounts_of_application"], subject)]

    async def feeds_of(self, accounts: Sequence[int]) -> list[int]:
        """The hospitals that these accounts feed."""
        return [row[0] for row in await self._pool.fetch(self._sql["feeds_of"], accounts)]

    async def touched(
        self, kind: ContainmentKind, target: str, spared: Sequence[str], now: datetime
    ) -> tuple[Touched, ...]:
        """The accounts whose requests of the last day it would have refused, the busiest first; an account itself, idle
        or not, when there is one.
        """
        async with self._pool.acquire() as connection, connection.transaction(readonly=True):
            await connection.execute(self._sql["patience"])
            if kind is ContainmentKind.ACCOUNT:
                rows = await connection.fetch(self._sql["touched_account"], target, now - _DAY, now - _HOUR)
            else:
                arguments = (kind.value, target, now - _DAY, now - _HOUR, spared)
                rows = await connection.fetch(self._sql["touched"], *arguments)
        return tuple(Touched(**{**dict(row), "hospitals": tuple(sorted(row["hospitals"]))}) for row in rows)

    async def known(self, containment_id: int) -> Containment | None:
        """One that was not released, not locked."""
        row = await self._pool.fetchrow(self._sql["known"], containment_id)
        return containment_of(row) if row else None

    async def known_of(self, kind: ContainmentKind, target: str) -> Containment | None:
        """That of a target, not locked; None when nothing of it is stopped or asked for."""
        row = await self._pool.fetchrow(self._sql["known_of"], kind.value, target)
        return containment_of(row) if row else None

    async def open_one(self, connection: Connection, containment_id: int) -> Containment | None:
        """One that was not released, locked."""
        row = await connection.fetchrow(self._sql["open_one"], containment_id)
        return containment_of(row) if row else None

    async def insert(
        self,
        connection: Connection,
        stop: tuple[ContainmentKind, str, Sequence[str]],
        reason: str,
        by: str,
        times: tuple[datetime, datetime | None, datetime | None],
        patience: timedelta,
    ) -> Containment | None:
        """A new one, by kind, target and networks spared; None when the same is open. `times`: now, from when, until.

        One that has run out, or has waited longer than `patience` for its second person, makes room.
        """
        kind, target, spared = stop
        now = times[0]
        await connection.execute(self._sql["end_expired"], kind.value, target, now)
        await connection.execute(self._sql["end_unconfirmed"], kind.value, target, now - patience, now)
        row = await connection.fetchrow(self._sql["insert_containment"], kind.value, target, spared, reason, by, *times)
        return containment_of(row) if row else None

    async def confirm(
        self, connection: Connection, containment_id: int, by: str, now: datetime, until: datetime | None
    ) -> Containment:
        """In force from now on."""
        return await self._changed(connection, "confirm", containment_id, by, now, until)

    async def ask_release(
        self, connection: Connection, containment_id: int, by: str, now: datetime, reason: str
    ) -> Containment:
        """The first of two people."""
        return await self._changed(connection, "ask_release", containment_id, by, now, reason)

    async def release(
        self, connection: Connection, containment_id: int, by: str, now: datetime, reason: str
    ) -> Containment:
        """Over."""
        return await self._changed(connection, "release", containment_id, by, now, reason)

    async def _changed(self, connection: Connection, query: str, *arguments: object) -> Containment:
        row = await connection.fetchrow(self._sql[query], *arguments)
        if row is None:
            raise LookupError("a containment disappeared under its lock")
        return containment_of(row)


def stop_of(row: Sequence[Any] | asyncpg.Record) -> Stop:
    """A containment in force: its number, kind, target and what it spares."""
    return Stop(ContainmentId(row[0]), ContainmentKind(row[1]), row[2], tuple(row[3]))


def containment_of(row: asyncpg.Record) -> Containment:
    """A whole row."""
    values = dict(row)
    return Containment(**{**values, "kind": ContainmentKind(values["kind"]), "spared": tuple(values["spared"])})

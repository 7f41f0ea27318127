"""The gate's transaction: lock the accounts, look, write. Three statements and nothing in between but pure code."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from beffroi.model.containment import Stop
from beffroi.store.containments import stop_of
from beffroi.store.database import Database, load_queries


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account as the gate found it, under its lock. `evidence` is JSON."""

    running_number: int
    evidence: str
    frozen: bool


@dataclass(frozen=True, slots=True)
class DisclosureRow:
    """One row of `disclosures`, in the order of its columns; `people` are those recorded in `seen`."""

    at: datetime
    account_id: int
    running_number: int
    role: str
    structure_id: int
    application: str
    session_key: bytes
    network: str
    door: int
    operation: int
    outcome: int
    purpose: str
    reason: str
    request_id: UUID
    request: str
    policy_version: str
    criteria_fields: int
    shown: str
    nonce: bytes
    people: tuple[int, ...]

    def columns(self) -> tuple[object, ...]:
        """The 19 columns that are inserted."""
        return (
            self.at,
            self.account_id,
            self.running_number,
            self.role,
            self.structure_id,
            self.application,
            self.session_key,
            self.network,
            self.door,
            self.operation,
            self.outcome,
            self.purpose,
            self.reason,
            self.request_id,
            self.request,
            self.policy_version,
            self.criteria_fields,
            self.shown,
            self.nonce,
        )


Delivery = tuple[int, bool]


class DisclosureStore:
    """The statements of the gate, on one connection that belongs to its writer."""

    def __init__(self, database: Database) -> None:
        self.pool = database.pool
        self._sql = load_queries("disclosures")
        self._in_force = load_queries("containments")["in_force"]

    async def lock(
        self, connection: asyncpg.pool.PoolConnectionProxy, accounts: Sequence[int]
    ) -> dict[int, AccountRow]:
        """The accounts' rows, locked until the end of the transaction."""
        rows = await connection.fetch(self._sql["lock_accounts"], accounts)
        return {r[0]: AccountRow(r[1], r[2], r[3]) for r in rows}

    async def burn_and_look(
        self,
        connection: asyncpg.pool.PoolConnectionProxy,
        proofs: Sequence[tuple[int, bytes]],
        pairs: Sequence[tuple[int, int]],
    ) -> tuple[set[bytes], set[tuple[int, int]]]:
        """The proofs that were fresh, and the (person, account) pairs already seen."""
        rows = await connection.fetch(
            self._sql["burn_proofs_and_look"],
            [minute for minute, _ in proofs],
            [digest for _, digest in proofs],
            [person for person, _ in pairs],
            [account for _, account in pairs],
        )
        fresh = {r[0] for r in rows if r[0] is not None}
        seen = {(r[1], r[2]) for r in rows if r[0] is None}
        return fresh, seen

    async def stops(self, connection: asyncpg.pool.PoolConnectionProxy, now: datetime) -> list[Stop]:
        """What is stopped besides accounts, read after the locks: nearly always nothing."""
        return [stop_of(row) for row in await connection.fetch(self._in_force, now)]

    async def write(
        self,
        connection: asyncpg.pool.PoolConnectionProxy,
        rows: Sequence[DisclosureRow],
        states: Sequence[tuple[int, int, str]],
        deliveries: Sequence[Delivery],
    ) -> dict[tuple[int, int], int]:
        """Disclosure numbers by (account, running number)."""
        columns = list(zip(*(row.columns() for row in rows), strict=True)) if rows else [()] * 19
        sights = [(row.account_id, row.running_number, person) for row in rows for person in row.people]
        written = await connection.fetch(
            self._sql["write_disclosures"],
            *columns,
            *_columns(sights, 3),
            *_columns(states, 3),
            *_columns(deliveries, 2),
        )
        return {(r[1], r[2]): r[0] for r in written}

    async def write_deliveries(self, deliveries: Sequence[Delivery]) -> None:
        """The fate of answers alone."""
        await self.pool.execute(self._sql["write_deliveries"], *_columns(deliveries, 2))

    async def audit_page(
        self,
        structure: int,
        window: tuple[datetime, datetime],
        before: int | None,
        person: int | None,
        subject: str | None,
        rows_max: int,
    ) -> list[asyncpg.Record]:
        """Disclosures of a structure, newest first."""
        arguments = (structure, *window, before, person, subject, rows_max)
        return await self.pool.fetch(self._sql["audit_page"], *arguments)


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[tuple[object, ...]]:
    return list(zip(*rows, strict=True)) if rows else [()] * width

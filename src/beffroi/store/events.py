"""Events in accounts' own chains, and whether an account is stopped: written under the lock that the gate takes."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import astuple, dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from beffroi.store.database import Database, load_queries

Connection = asyncpg.pool.PoolConnectionProxy


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event, in the order of the statement's arguments. The five of the asker are None when there is none."""

    account_id: int
    role: str | None
    structure_id: int | None
    application: str | None
    session_key: bytes | None
    network: str | None
    door: int
    operation: int
    purpose: str
    reason: str
    request_id: UUID
    particulars: str
    nonce: bytes


class LockedAccounts:
    """A transaction that holds some accounts' rows. `frozen` tells of each that exists whether it was stopped,
    `evidence` holds each one's, as JSON."""

    def __init__(
        self, connection: Connection, sql: dict[str, str], frozen: dict[int, bool], evidence: dict[int, str]
    ) -> None:
        self.connection = connection
        self.frozen = frozen
        self.evidence = evidence
        self._sql = sql

    async def write(self, rows: Sequence[EventRow], at: datetime, outcome: int, policy_version: str) -> list[int]:
        """Adds events behind the accounts' chains; their disclosure numbers, in order."""
        columns = list(zip(*(astuple(row) for row in rows), strict=True))
        written = await self.connection.fetch(self._sql["write_events"], at, *columns, outcome, policy_version)
        return [row[0] for row in written]

    async def set_frozen(self, account_id: int, frozen: bool) -> bool:
        """Stops an account, or lets it read again; False when it was so already."""
        changed = await self.connection.fetchval(self._sql["set_frozen"], account_id, frozen)
        return changed is not None

    async def set_evidence(self, account_id: int, evidence: str, rung: int) -> None:
        """An account's evidence, as JSON, and the rung on which it stands."""
        await self.connection.execute(self._sql["set_evidence"], account_id, evidence, rung)
        self.evidence[account_id] = evidence


class EventStore:
    """The transactions in which something happens to accounts."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("events")

    @asynccontextmanager
    async def locking(self, accounts: Sequence[int]) -> AsyncIterator[LockedAccounts]:
        """One transaction with these accounts' rows in the gate locked, in their order; commits at the block's end."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(self._sql["make_states"], accounts)
            rows = await connection.fetch(self._sql["lock_states"], accounts)
            frozen = {row["account_id"]: row["frozen"] for row in rows}
            evidence = {row["account_id"]: row["evidence"] for row in rows}
            yield LockedAccounts(connection, self._sql, frozen, evidence)

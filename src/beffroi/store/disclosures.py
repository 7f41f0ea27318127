"""The gate's transaction: lock the accounts, look, write. Three statements and nothing in between but pure code."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from beffroi.model.account import AccountId
from beffroi.model.containment import EndedSession, Stop
from beffroi.store.alerts import AlertStore
from beffroi.store.containments import stop_of
from beffroi.store.database import Database, load_queries
from beffroi.store.signals import SignalStore


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
    new_explained: int
    new_unexplained: int
    people: tuple[int, ...]

    def columns(self) -> tuple[object, ...]:
        """The columns that are inserted."""
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
            self.new_explained,
            self.new_unexplained,
        )


COLUMNS_COUNT = 21
Delivery = tuple[int, bool]
State = tuple[
    int, int | None, str | None, int | None, int | None, int | None, str | None, str | None, str | None, datetime | None
]
"""Account, its running number; a person's evidence, rung, hospital asked for, score, device, network, neighbourhood,
and when they asked; None: as before."""
STATE_COUNT = 10


@dataclass(frozen=True, slots=True)
class Looks:
    """What the gate wants to know once it holds the locks, each pairwise.

    `proofs`: (minute, digest). `sights`: (person, account). `worklists`: (person, hospital, role, account).
    `pending`: (person, hospital, account).
    """

    proofs: list[tuple[int, bytes]]
    sights: list[tuple[int, int]]
    worklists: list[tuple[int, int, str, int]]
    pending: list[tuple[int, int, int]]


@dataclass(slots=True)
class Looked:
    """What it then knows: fresh proofs, when whom was last shown to whom, what explains her by now, what is over."""

    fresh: set[bytes]
    seen: dict[tuple[int, int], datetime]
    worklisted: set[tuple[int, int]]
    confirmed: set[tuple[int, int]]
    stops: list[Stop]
    ended: list[EndedSession]


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Which disclosures an auditor asks for: of a structure, from a time to before another, before a number, of a
    person, of a subject; None: any."""

    structure: int
    window: tuple[datetime, datetime]
    before: int | None
    person: int | None
    subject: str | None
    rows_max: int


class DisclosureStore:
    """The statements of the gate, on one connection that belongs to its writer."""

    def __init__(self, database: Database) -> None:
        self.pool = database.pool
        self.alerts = AlertStore(database)
        self.signals = SignalStore(database)
        self._sql = load_queries("disclosures")

    async def lock(
        self, connection: asyncpg.pool.PoolConnectionProxy, accounts: Sequence[int]
    ) -> dict[int, AccountRow]:
        """The accounts' rows, locked until the end of the transaction."""
        rows = await connection.fetch(self._sql["lock_accounts"], accounts)
        return {r[0]: AccountRow(r[1], r[2], r[3]) for r in rows}

    async def burn_and_look(
        self, connection: asyncpg.pool.PoolConnectionProxy, looks: Looks, now: datetime, askers: Sequence[int]
    ) -> Looked:
        """Burns the proofs and looks, with a snapshot taken after the locks. Sets hold (person, account)."""
        rows = await connection.fetch(
            self._sql["burn_proofs_and_look"],
            *_columns(looks.proofs, 2),
            *_columns(looks.sights, 2),
            *_columns(looks.worklists, 4),
            *_columns(looks.pending, 3),
            now,
            askers,
        )
        looked = Looked(set(), {}, set(), set(), [], [])
        for kind, digest, number, account, at, *stop in rows:
            if kind == "p":
                looked.fresh.add(digest)
            elif kind == "s":
                looked.seen[number, account] = at
            elif kind == "c":
                looked.stops.append(stop_of((number, *stop)))
            elif kind == "e":
                looked.ended.append(EndedSession(AccountId(account), stop[1], int(at.timestamp())))
            else:
                (looked.worklisted if kind == "w" else looked.confirmed).add((number, account))
        return looked

    async def write(
        self,
        connection: asyncpg.pool.PoolConnectionProxy,
        rows: Sequence[DisclosureRow],
        states: Sequence[State],
        deliveries: Sequence[Delivery],
    ) -> dict[tuple[int, int], int]:
        """Disclosure numbers by (account, running number)."""
        columns = list(zip(*(row.columns() for row in rows), strict=True)) if rows else [()] * COLUMNS_COUNT
        sights = [(row.account_id, row.running_number, person) for row in rows for person in row.people]
        written = await connection.fetch(
            self._sql["write_disclosures"],
            *columns,
            *_columns(sights, 3),
            *_columns(states, STATE_COUNT),
            *_columns(deliveries, 2),
        )
        return {(r[1], r[2]): r[0] for r in written}

    async def write_deliveries(self, deliveries: Sequence[Delivery]) -> None:
        """The fate of answers alone."""
        await self.pool.execute(self._sql["write_deliveries"], *_columns(deliveries, 2))

    async def audit_page(self, wanted: AuditPage) -> list[asyncpg.Record]:
        """Disclosures of a structure that are online, newest first."""
        arguments = (wanted.structure, *wanted.window, wanted.before, wanted.person, wanted.subject, wanted.rows_max)
        return await self.pool.fetch(self._sql["audit_page"], *arguments)


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[tuple[object, ...]]:
    return list(zip(*rows, strict=True)) if rows else [()] * width

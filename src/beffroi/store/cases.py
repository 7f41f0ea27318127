"""Incidents and their history. A change and its entry are one transaction; entries are added only."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import msgspec

from beffroi.breach.incident import Account33, Sign, State
from beffroi.breach.severity import Severity
from beffroi.model.account import AccountId
from beffroi.model.disclosure import Operation
from beffroi.model.selection import Selection
from beffroi.store.database import Database, Row, load_queries
from beffroi.store.events import Connection
from beffroi.store.foreign import within_reach

SIGNS_PER_ACCOUNT = 200
_SIGNS = (
    Operation.SIGN_IN,
    Operation.VERDICT,
    Operation.CONTAIN,
    Operation.RELEASE,
    Operation.STEP_UP,
    Operation.NOT_ME,
)
_selections = msgspec.json.Decoder(tuple[Selection, ...]).decode
_severity = msgspec.json.Decoder(Severity).decode
_particulars = msgspec.json.Decoder(dict[str, str]).decode


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident as it stands. `severity` is None while only proposed."""

    incident_id: int
    title: str
    state: State
    opened_at: datetime
    aware_at: datetime | None
    selections: tuple[Selection, ...]
    told: Account33
    severity: Severity | None
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done. `by` is the subject of the account that did it."""

    at: datetime
    kind: str
    by: str
    reason: str
    particulars: dict[str, str]


class LockedIncident:
    """An incident under its lock: what is changed and entered here commits together."""

    def __init__(self, connection: Connection, sql: dict[str, str], incident: Incident) -> None:
        self._connection = connection
        self._sql = sql
        self.incident = incident

    async def change(self, incident: Incident, now: datetime) -> None:
        """Writes the incident as it is now."""
        told, severity = incident.told, incident.severity
        await self._connection.execute(
            self._sql["change_incident"],
            incident.incident_id,
            incident.state.value,
            incident.aware_at,
            _json(incident.selections),
            *(told.facts, told.effects, told.measures),
            None if severity is None else _json(severity),
            now,
        )

    async def enter(self, at: datetime, by: AccountId, kind: str, reason: str, particulars: dict[str, str]) -> None:
        """Adds to the history."""
        number = self.incident.incident_id
        await self._connection.execute(self._sql["add_entry"], number, at, by, kind, reason, _json(particulars))


class CaseStore:
    """The register of incidents."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("cases")

    async def open(
        self,
        title: str,
        now: datetime,
        aware_at: datetime | None,
        state: State,
        selections: Sequence[Selection],
        by: AccountId,
        reason: str,
    ) -> int:
        """A new incident with the entry that says who opened it and why; its number."""
        with within_reach():
            async with self._pool.acquire() as connection, connection.transaction():
                number: int = await connection.fetchval(
                    self._sql["open_incident"], title, now, aware_at, state.value, _json(tuple(selections))
                )
                said = {"state": state.value} | ({"aware": aware_at.isoformat()} if aware_at else {})
                await connection.execute(self._sql["add_entry"], number, now, by, "opened", reason, _json(said))
        return number

    @asynccontextmanager
    async def locking(self, number: int) -> AsyncIterator[LockedIncident | None]:
        """One incident under its lock, None when there is none; commits at the block's end."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(self._sql["lock_incident"], number)
            yield None if row is None else LockedIncident(connection, self._sql, _incident(row))

    async def find(self, number: int) -> Incident | None:
        """One incident."""
        with within_reach():
            row = await self._pool.fetchrow(self._sql["find_incident"], number)
        return None if row is None else _incident(row)

    async def listed(self) -> list[Incident]:
        """The register, oldest first."""
        with within_reach():
            return [_incident(row) for row in await self._pool.fetch(self._sql["list_incidents"])]

    async def entries(self, number: int) -> list[Entry]:
        """What was done to an incident, in order."""
        with within_reach():
            rows = await self._pool.fetch(self._sql["entries"], number)
        return [
            Entry(row["at"], row["kind"], row["subject"], row["reason"], _particulars(row["particulars"]))
            for row in rows
        ]

    async def signs(self, accounts: Sequence[int]) -> list[Sign]:
        """Proofs of presence, alarms and stops of accounts: the last two hundred of each."""
        with within_reach():
            rows = await self._pool.fetch(
                self._sql["signs"], list(accounts), [int(operation) for operation in _SIGNS], SIGNS_PER_ACCOUNT
            )
        return [
            Sign(r["at"], Operation(r["operation"]), r["session_key"], r["disclosure_id"], r["began_at"]) for r in rows
        ]

    async def alarms(self, disclosures: Sequence[int]) -> dict[int, int]:
        """The accounts of verdicts of the watch, by disclosure; what is no verdict is missing."""
        with within_reach():
            rows = await self._pool.fetch(self._sql["alarms"], list(disclosures))
        return {row[0]: row[1] for row in rows}

    async def account_names(self, accounts: Sequence[int]) -> dict[int, str]:
        """What issuers call these accounts."""
        with within_reach():
            rows = await self._pool.fetch(self._sql["account_names"], list(accounts))
        return {row["account_id"]: row["subject"] for row in rows}


def _incident(row: Row) -> Incident:
    return Incident(
        row["incident_id"],
        row["title"],
        State(row["state"]),
        row["opened_at"],
        row["aware_at"],
        _selections(row["selections"]),
        Account33(row["facts"], row["effects"], row["measures"]),
        None if row["severity"] is None else _severity(row["severity"]),
        row["changed_at"],
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()

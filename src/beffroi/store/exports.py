"""Whole lists for hospitals: who asked, who approved, and that each is written once."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from beffroi.model.account import AccountId
from beffroi.model.selection import Selection
from beffroi.store.database import Database, Row, load_queries
from beffroi.store.events import Connection
from beffroi.store.foreign import within_reach

_selections = msgspec.json.Decoder(tuple[Selection, ...]).decode


@dataclass(frozen=True, slots=True)
class Export:
    """A list that was asked for. `digest` and `patients` are those of the scope when it was asked for."""

    export_id: int
    incident_id: int | None
    selections: tuple[Selection, ...]
    reason: str
    digest: str
    patients: int
    requested_by: AccountId
    requested_at: datetime
    approved_by: AccountId | None
    approved_at: datetime | None
    ended_at: datetime | None
    refused: bool


class ExportStore:
    """The register of exports. Changes are made on the connection of the events that record them."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("exports")

    async def request(
        self,
        connection: Connection,
        incident_id: int | None,
        selections: tuple[Selection, ...],
        reason: str,
        scope: tuple[str, int],
        by: AccountId,
        now: datetime,
    ) -> int:
        """A new request; its number. `scope` is the digest and the number of patients."""
        text = msgspec.json.encode(selections).decode()
        number: int = await connection.fetchval(self._sql["request_export"], incident_id, text, reason, *scope, by, now)
        return number

    async def lock(self, connection: Connection, number: int) -> Export | None:
        """A request, nobody else changing it until the transaction ends."""
        row = await connection.fetchrow(self._sql["lock_export"], number)
        return None if row is None else _export(row)

    async def approve(self, connection: Connection, number: int, by: AccountId, now: datetime) -> None:
        """Somebody else said yes; the database refuses the one who asked."""
        await connection.execute(self._sql["approve_export"], number, by, now)

    async def end(self, connection: Connection, number: int, now: datetime, *, refused: bool) -> None:
        """It is written, or refused: nothing more comes of it."""
        await connection.execute(self._sql["end_export"], number, now, refused)

    async def listed(self) -> list[tuple[Export, str, str]]:
        """Every request with the names of who asked and who approved."""
        with within_reach():
            rows = await self._pool.fetch(self._sql["list_exports"])
        return [(_export(row), row["requester"], row["approver"] or "") for row in rows]

    async def own_numbers(self, hospital_id: int, people: list[int]) -> dict[int, list[str]]:
        """By which identifiers a hospital knows patients."""
        found: dict[int, list[str]] = {}
        with within_reach():
            for row in await self._pool.fetch(self._sql["own_numbers"], hospital_id, people):
                found.setdefault(row[0], []).append(row[1])
        return found


def _export(row: Row) -> Export:
    return Export(
        row["export_id"],
        row["incident_id"],
        _selections(row["selections"]),
        row["reason"],
        row["digest"],
        row["patients"],
        AccountId(row["requested_by"]),
        row["requested_at"],
        None if row["approved_by"] is None else AccountId(row["approved_by"]),
        row["approved_at"],
        row["ended_at"],
        row["refused"],
    )

"""What a scope reads of the online database: readings, whose the identities are now, and what must be known of them.

Everything of one scope is read in one snapshot, so that a row which is being moved to the archive meanwhile is counted
once: it is here, or the archive's list (read in the same snapshot) names it.
"""

from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import asyncpg
import msgspec

from beffroi.breach.scope import Belonging, Reading, Sight, Situation, Tally, Whom
from beffroi.model.person import Record
from beffroi.model.selection import Selection
from beffroi.store.database import Database, load_queries
from beffroi.store.selecting import hot_condition, one_of

ROWS_AT_ONCE = 2_000
NUMBERS_AT_ONCE = 10_000
"""Identities or patients asked about in one statement."""
STATEMENT_MS_MAX = 600_000
"""Milliseconds of one scope's statement: a device or a network has no index, and the hot window may be large."""

_shown = msgspec.json.Decoder(tuple[Sight, ...]).decode
_criteria = msgspec.json.Decoder(dict[str, str]).decode
_record = msgspec.json.Decoder(Record).decode


@dataclass(frozen=True, slots=True)
class Wanted:
    """A selection, the persons under whose numbers its patients may have been recorded, and whom to listen to."""

    selection: Selection
    persons: tuple[int, ...]
    whom: Whom


class ScopeSnapshot:
    """One moment of the database."""

    def __init__(self, connection: asyncpg.pool.PoolConnectionProxy) -> None:
        self.connection = connection
        self._sql = load_queries("scope")

    async def begin(self) -> None:
        """Plans for this transaction alone."""
        await self.connection.execute(self._sql["plan_for_each"])
        await self.connection.execute(f"set local statement_timeout = {STATEMENT_MS_MAX}")

    async def wanted(self, selections: Iterable[Selection], hidden: frozenset[int]) -> list[Wanted]:
        """Selections with the numbers under which their patients may have been recorded."""
        return [await self._wanted(one, hidden) for one in selections]

    async def count(self, wanted: Iterable[Wanted], tally: Tally) -> None:
        """Counts the readings of selections that are still in the online database."""
        for one in wanted:
            async for row in self._rows(one.selection, one.persons):
                tally.add(reading_of(row), one.whom)

    async def erased(self, selections: Iterable[Selection]) -> int:
        """Disclosures whose time was over, and of which some may have been of these selections: nobody can say whom
        they showed. Of selections by account, these accounts' own; of any other, everybody's of its time."""
        of_accounts, of_everybody = 0, 0
        for one in selections:
            if one.accounts:
                values = (list(one.accounts), one.since, one.until)
                of_accounts += await self.connection.fetchval(self._sql["erased_of_accounts"], *values)
            else:
                found = await self.connection.fetchval(self._sql["erased_of_everybody"], one.since, one.until)
                of_everybody = max(of_everybody, found)
        return max(of_accounts, of_everybody)

    async def _wanted(self, selection: Selection, hidden: frozenset[int]) -> Wanted:
        if not selection.people:
            return Wanted(selection, (), Whom(None, hidden))
        rows = await self.connection.fetch(self._sql["persons_once"], selection.people)
        identities = {row["identity_id"] for row in rows}
        persons = {*selection.people, *identities, *(person for row in rows for person in row["once"] or ())}
        return Wanted(selection, tuple(sorted(persons)), Whom(frozenset(identities | set(selection.people)), hidden))

    async def _rows(self, selection: Selection, persons: tuple[int, ...]) -> AsyncIterator[asyncpg.Record]:
        values: list[Any] = []

        def bind(value: Any) -> str:
            values.append(value)
            return f"${len(values)}"

        condition = hot_condition(selection, bind)
        if selection.people:
            people = self._sql["of_people"].replace("/*people*/", one_of("s.person_id", persons, bind))
            condition = f"{condition} and {people}"
        leaving = await self.connection.fetchrow(self._sql["leaving"])
        if leaving is not None:
            part = self._sql["not_left"].replace("/*first*/", bind(leaving[0])).replace("/*end*/", bind(leaving[1]))
            condition = f"{condition} and {part}"
        query = self._sql["readings"].replace("/*condition*/", condition)
        async for row in self.connection.cursor(query, *values, prefetch=ROWS_AT_ONCE):
            yield row

    async def belongings(self, identities: Collection[int]) -> dict[int, Belonging]:
        """To whom these identities belong now; those that are not there are missing."""
        found: dict[int, Belonging] = {}
        for part in _parts(identities):
            rows = await self.connection.fetch(self._sql["belongings"], part)
            found |= {row[0]: Belonging(row[1], row[2]) for row in rows}
        return found

    async def situations(self, people: Collection[int]) -> dict[int, Situation]:
        """What any of a patient's identities says: young, dead, protected, reachable by post."""
        found: dict[int, Situation] = {}
        for part in _parts(people):
            for row in await self.connection.fetch(self._sql["situations"], part):
                found[row[0]] = _joined(found.get(row[0]), row["birth_date"], row["restricted"], _record(row["record"]))
        return found

    async def accounts_named(self, subjects: Collection[str]) -> dict[str, list[int]]:
        """Accounts by subject: several when two issuers use the same name."""
        found: dict[str, list[int]] = {}
        for row in await self.connection.fetch(self._sql["accounts_named"], list(subjects)):
            found.setdefault(row["subject"], []).append(row["account_id"])
        return found


def reading_of(row: Any) -> Reading:
    """A reading from a row with the columns of the query `readings`."""
    return Reading(
        row["disclosure_id"],
        row["at"],
        row["account_id"],
        row["structure_id"],
        row["door"],
        row["operation"],
        row["outcome"],
        tuple(_criteria(row["request"])),
        _shown(row["shown"]),
        row["sent"],
    )


def _joined(before: Situation | None, born: date | None, protected: bool, record: Record) -> Situation:
    """The youngest of the birth dates: who may be a child is told as one."""
    known = before or Situation()
    dates = [at for at in (known.birth_date, born or record.birth_date) if at is not None]
    return Situation(
        max(dates, default=None),
        known.deceased or record.deceased,
        known.protected or protected,
        known.reachable or any(_bears_a_letter(address) for address in record.addresses),
    )


def _bears_a_letter(address: Any) -> bool:
    return bool(address.city and (address.lines or address.postal_code))


def _parts(numbers: Collection[int]) -> Iterable[list[int]]:
    ordered = sorted(numbers)
    return (ordered[at : at + NUMBERS_AT_ONCE] for at in range(0, len(ordered), NUMBERS_AT_ONCE))


@asynccontextmanager
async def scope_snapshot(database: Database) -> AsyncIterator[ScopeSnapshot]:
    """One moment of a database, under a role that may read disclosures and identities. Nothing is written."""
    async with (
        database.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        snapshot = ScopeSnapshot(connection)
        await snapshot.begin()
        yield snapshot

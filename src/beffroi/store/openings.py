"""What opens leaves: sealed disclosures with their places in the tree, wherever they lie, and the hashes around them.

Read under the sealer's role. The archive's part is read in this process: it is for commands, never for one that serves.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import asyncpg

from beffroi.ledger.manifest import BY_ACCOUNT, Manifest
from beffroi.model.selection import Selection
from beffroi.store.archive_moves import ArchivedSegment
from beffroi.store.archive_place import ArchivePlace
from beffroi.store.database import Database, load_queries
from beffroi.store.selecting import archived_condition, hot_condition, microseconds

ROWS_AT_ONCE = 2_000


class Openings:
    """One moment of the database, and the archive's files."""

    def __init__(self, connection: asyncpg.pool.PoolConnectionProxy, place: ArchivePlace | None) -> None:
        self._connection = connection
        self._place = place
        self._sql = load_queries("openings")

    async def rows(self, selection: Selection) -> list[Any]:
        """The sealed disclosures of a selection (its patients left aside), by their place in the tree.

        Each gives a column of `disclosures`, or `tree_index`, by its name.
        """
        values: list[Any] = []

        def bind(value: Any) -> str:
            values.append(value)
            return f"${len(values)}"

        query = self._sql["hot"].replace("/*condition*/", hot_condition(selection, bind))
        found: list[Any] = list(await self._connection.fetch(query, *values))
        for segment in await self._segments(selection):
            found += self._archived(segment, selection)
        once = {int(row["tree_index"]): row for row in found}  # a segment that is leaving is in both
        return [once[index] for index in sorted(once)]

    async def extent(self, since: datetime, until: datetime) -> tuple[int, int] | None:
        """From which leaf to before which the disclosures of a time are; None when there are none."""
        row = await self._connection.fetchrow(self._sql["extent"], since, until)
        found = [(row[0], row[1])] if row is not None and row[0] is not None else []
        for segment in await self._segments(Selection(since=since, until=until)):
            rows = self._archived(segment, Selection(since=since, until=until))
            indices = [int(one["tree_index"]) for one in rows]
            found += [(min(indices), max(indices) + 1)] if indices else []
        return (min(first for first, _ in found), max(end for _, end in found)) if found else None

    async def previous(self, rows: Iterable[Any]) -> dict[tuple[int, int], bytes]:
        """The leaves before these disclosures of their accounts, by account and running number (of the one before)."""
        places = [(row["account_id"], row["running_number"]) for row in rows]
        accounts, numbers = [account for account, _ in places], [number for _, number in places]
        before = await self._connection.fetch(self._sql["previous"], accounts, numbers)
        return {(row[0], row[1]): row[2] for row in before}

    async def commitments(self, first: int, end: int) -> list[bytes]:
        """The entries of a range of leaves."""
        return [row[0] for row in await self._connection.fetch(self._sql["range"], first, end)]

    async def tiles(self, places: Collection[tuple[int, int]]) -> Mapping[tuple[int, int], bytes]:
        """Tiles by level and index, as far as each goes."""
        levels, indices = [level for level, _ in places], [index for _, index in places]
        rows = await self._connection.fetch(self._sql["tiles"], levels, indices)
        return {(row[0], row[1]): row[2] for row in rows}

    async def _segments(self, selection: Selection) -> list[Manifest]:
        rows = [ArchivedSegment(*row) for row in await self._connection.fetch(self._sql["segments"])]
        manifests = [Manifest.of_note(one.manifest) for one in rows]
        since, until = selection.since, selection.until
        return [
            one
            for one in manifests
            if (since is None or one.last_us >= microseconds(since))
            and (until is None or one.first_us < microseconds(until))
        ]

    def _archived(self, segment: Manifest, selection: Selection) -> Iterator[Any]:
        from beffroi.store.archive_engine import connect, view_of
        from beffroi.store.archive_files import DisclosureColumns

        if self._place is None:
            raise OSError("the archive is not at hand")
        values: list[Any] = []

        def bind(value: Any) -> str:
            values.append(value)
            return "?"

        condition = archived_condition(selection, bind)
        with connect() as connection:
            view_of(connection, "by_account", self._place.source([segment.file(BY_ACCOUNT).name]))
            found = connection.execute(self._sql["archived"].replace("/*condition*/", condition), values)
            names = [str(column[0]) for column in found.description or ()]
            while rows := found.fetchmany(ROWS_AT_ONCE):
                yield from (DisclosureColumns(dict(zip(names, row, strict=True))) for row in rows)


@asynccontextmanager
async def openings(database: Database, place: ArchivePlace | None) -> AsyncIterator[Openings]:
    """One moment of a database that was opened under the sealer's role, for as long as it takes."""
    async with (
        database.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        yield Openings(connection, place)

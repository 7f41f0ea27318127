"""The trail of the feed: what hospitals' events did to their identities, read back for auditors and repositories."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg

from beffroi.model.audit import FeedEntry
from beffroi.model.feed import FeedAction
from beffroi.model.person import HospitalId, PersonId
from beffroi.store.database import Database, load_queries
from beffroi.store.marks import Marks


class FedTo(NamedTuple):
    """An event without its patient, and the number of hers."""

    entry: FeedEntry
    person: PersonId


class FeedTrail:
    """The statements about the trail. One object follows which numbers are final."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("feed_trail")
        self._marks = Marks(1)

    async def page(
        self,
        hospital: int,
        window: tuple[datetime, datetime],
        before: int | None,
        person: int | None,
        subject: str | None,
        rows_max: int,
    ) -> list[FedTo]:
        """Events of a hospital's own feed, newest first."""
        arguments = (hospital, *window, before, person, subject, rows_max)
        return _fed(await self._pool.fetch(self._sql["page"], *arguments))

    async def next(self, first: int, rows_max: int) -> list[FedTo]:
        """Events from a number on, oldest first: none before whose number another may still be committed."""
        return _fed(await self._pool.fetch(self._sql["next"], first, await self.final(), rows_max))

    async def final(self) -> int:
        """The number up to which every event is there, or never will be. Numbers are not in the order of commits."""
        row = await self._pool.fetchrow(self._sql["mark"])
        assert row is not None
        (final,) = self._marks.see((row["number"],), row["begun"], row["ended"])
        return final


def _fed(rows: Sequence[asyncpg.Record]) -> list[FedTo]:
    return [
        FedTo(
            FeedEntry(
                row["feed_event_id"],
                row["at"],
                row["subject"],
                HospitalId(row["hospital_id"]),
                FeedAction(row["action"]),
                row["event"],
            ),
            PersonId(row["person_id"]),
        )
        for row in rows
    ]

"""The archive as a serving process asks it: which segments there are is read in the scope's own snapshot, and their
files are counted by a process of its own (store.archive_child)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from beffroi.breach.scope import Tally
from beffroi.errors import Words
from beffroi.model.selection import Selection
from beffroi.store import archive_child, archive_page
from beffroi.store.archive_child import Question
from beffroi.store.archive_page import MARGIN_US, PageQuestion
from beffroi.store.audit_rows import AuditRow
from beffroi.store.child import ask_child
from beffroi.store.database import Pool, Row, load_queries
from beffroi.store.disclosures import AuditPage
from beffroi.store.scope import ScopeSnapshot, Wanted
from beffroi.store.selecting import instant, microseconds

Window = tuple[datetime | None, datetime | None]
MARGIN = timedelta(microseconds=MARGIN_US)
_ARCHIVE = Words("The archive", "L'archive")


class Archive:
    """Counts archived readings. `location` as `archive_place.Location` has it; `spark`: a cluster's address."""

    def __init__(self, location: dict[str, str], spark: str = "") -> None:
        self._location = location
        self._spark = spark
        self._sql = load_queries("archive")

    async def count(self, snapshot: ScopeSnapshot, wanted: Sequence[Wanted], tally: Tally) -> None:
        """Adds what is archived to a tally; raises `Unavailable` when the files cannot be read or take too long."""
        rows = await snapshot.connection.fetch(self._sql["segments"])
        segments = [row for row in rows if row["erased_at"] is None]
        if not segments:
            return
        question = Question(
            self._location,
            tuple(row["manifest"] for row in segments),
            tuple(_asked(one) for one in wanted),
            self._spark,
        )
        tally.join(await ask_child(archive_child.__name__, question, Tally, _ARCHIVE))

    async def page(self, pool: Pool, wanted: AuditPage, hot: Sequence[AuditRow]) -> list[AuditRow]:
        """A page of an audit trail: `hot`, what is online of it, and what is archived, each disclosure once."""
        accounts = None
        if wanted.subject is not None:
            accounts = tuple(row[0] for row in await pool.fetch(self._sql["accounts_of"], wanted.subject))
        since, until = (microseconds(at) for at in wanted.window)
        question = PageQuestion(
            self._location,
            (),
            wanted.rows_max,
            structure=wanted.structure,
            since_us=since,
            until_us=until,
            before=wanted.before,
            people=None if wanted.person is None else (wanted.person,),
            accounts=accounts,
        )
        return list(hot) if accounts == () else await self._joined(pool, question, hot, wanted.window)

    async def sights(
        self, pool: Pool, people: Sequence[int], hidden: Sequence[int], rows_max: int, hot: Sequence[AuditRow]
    ) -> list[AuditRow]:
        """The same of whoever bore these numbers, but for some structures."""
        question = PageQuestion(self._location, (), rows_max, hidden=tuple(hidden), people=tuple(people))
        return await self._joined(pool, question, hot, (None, None)) if people else list(hot)

    async def _joined(
        self,
        pool: Pool,
        question: PageQuestion,
        hot: Sequence[AuditRow],
        window: Window,
    ) -> list[AuditRow]:
        """The list of segments is read after the online rows: what moves meanwhile is in one of the two, or in both.

        Only what reaches into the window, and not behind a page that is full already: a year of manifests is megabytes.
        """
        since, until = window
        if len(hot) >= question.rows_max:
            behind: datetime = hot[-1]["at"] - MARGIN
            since = behind if since is None else max(since, behind)
        notes = tuple(row["manifest"] for row in await pool.fetch(self._sql["manifests"], since, until))
        if not notes:
            return list(hot)
        asked = msgspec.structs.replace(question, manifests=notes)
        archived = await ask_child(archive_page.__name__, asked, list[dict[str, Any]], _ARCHIVE)
        names = await pool.fetch(self._sql["names_of"], list({row["account_id"] for row in archived}))
        known = {row["account_id"]: row for row in names}
        every: list[AuditRow] = [*(_as_online(row, known[row["account_id"]]) for row in archived), *hot]
        found = {int(row["disclosure_id"]): row for row in every}
        return [found[number] for number in sorted(found, reverse=True)][: question.rows_max]


def _asked(one: Wanted) -> tuple[Selection, tuple[int, ...], tuple[int, ...] | None, tuple[int, ...]]:
    identities = None if one.whom.identities is None else tuple(sorted(one.whom.identities))
    return one.selection, one.persons, identities, tuple(sorted(one.whom.hidden))


def _as_online(row: Mapping[str, Any], account: Row) -> AuditRow:
    """An archived row with the columns of `audit_page`."""
    return {
        **row,
        "at": instant(row["at_us"]),
        "kind": account["kind"],
        "subject": account["subject"],
        "request_id": UUID(bytes=row["request_id"]),
        "criteria": row["criteria"].split(",") if row["criteria"] else [],
    }

"""The archive as a serving process asks it: which segments there are is read in the scope's own snapshot, and their
files are counted by a process of its own (store.archive_child)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
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
        answer = await ask_child(archive_child.__name__, msgspec.msgpack.encode(question), _ARCHIVE)
        tally.join(msgspec.msgpack.decode(answer, type=Tally))

    async def page(self, pool: Pool, wanted: AuditPage, hot: Sequence[AuditRow]) -> list[AuditRow]:
        """A page of an audit trail: `hot`, what is online of it, and what is archived, each disclosure once.

        The list of segments is read after the online rows, so what moves meanwhile is in one of the two, or in both.
        """
        segments = [row for row in await pool.fetch(self._sql["segments"]) if row["erased_at"] is None]
        since, until = wanted.window
        newest = max((row["last_at"] for row in segments), default=None)
        full = len(hot) >= wanted.rows_max
        if newest is None or newest < since or (full and newest + MARGIN < hot[-1]["at"]):
            return list(hot)
        notes = tuple(row["manifest"] for row in segments if row["last_at"] >= since and row["first_at"] < until)
        accounts = None
        if wanted.subject is not None:
            rows = await pool.fetch(self._sql["accounts_of"], wanted.subject)
            accounts = tuple(row[0] for row in rows)
        if not notes or accounts == ():
            return list(hot)
        window = (microseconds(since), microseconds(until))
        question = PageQuestion(
            self._location, notes, wanted.structure, *window, wanted.before, wanted.person, accounts, wanted.rows_max
        )
        answer = await ask_child(archive_page.__name__, msgspec.msgpack.encode(question), _ARCHIVE)
        archived = msgspec.msgpack.decode(answer, type=list[dict[str, Any]])
        names = await pool.fetch(self._sql["names_of"], list({row["account_id"] for row in archived}))
        known = {row["account_id"]: row for row in names}
        found: dict[int, AuditRow] = {
            int(row["disclosure_id"]): _as_online(row, known[row["account_id"]]) for row in archived
        }
        found |= {int(row["disclosure_id"]): row for row in hot}
        return [found[number] for number in sorted(found, reverse=True)][: wanted.rows_max]


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

"""What an auditor is shown of their own structure's trail, disclosures and events of its feed in one list: through the
gate, like every other answer (law 1).

A patient appears as a reference, criteria as names without their values. Each page is itself a disclosure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Protocol

import msgspec

from beffroi.actions.asking import Ask
from beffroi.actions.availability import looking_up
from beffroi.actions.disclose.gate import Gate
from beffroi.actions.lookup import Lookup
from beffroi.model.audit import AUDIT_PAGE_MAX, AuditAnswer, AuditEntry, AuditPlace, AuditSearch, FeedEntry
from beffroi.model.disclosure import Answer, Field, Finding, Released
from beffroi.model.person import PersonId
from beffroi.store.audit_rows import AuditRow, entry_of
from beffroi.store.database import Pool
from beffroi.store.disclosures import AuditPage, DisclosureStore
from beffroi.store.feed_trail import FedTo, FeedTrail

_decode_shown = msgspec.json.Decoder(list[tuple[int, int, list[int]]]).decode
_NOBODY = PersonId(0)


class ArchivedPages(Protocol):
    """What was moved out of the online database (store.archive)."""

    async def page(self, pool: Pool, wanted: AuditPage, hot: Sequence[AuditRow]) -> list[AuditRow]: ...


class AuditView:
    """The audit search of one deployment."""

    def __init__(
        self,
        store: DisclosureStore,
        feed: FeedTrail,
        lookup: Lookup,
        gate: Gate,
        archived: ArchivedPages | None = None,
    ) -> None:
        self._store = store
        self._archived = archived
        self._feed = feed
        self._lookup = lookup
        self._gate = gate

    async def search(self, ask: Ask, search: AuditSearch) -> Released[AuditAnswer]:
        """A page of the asker's own structure's disclosures, newest first."""
        question = ask.question(_criteria(search), Field.REFERENCE if search.reference else Field(0))
        permit = await ask.permit(self._gate, question)
        with looking_up():
            page = await self._page(ask, search)
        findings = tuple(Finding(person, (), False, False) for person in sorted(page.people()))
        return await self._gate.disclose_as(question, permit, findings, page.shaped)

    async def _page(self, ask: Ask, search: AuditSearch) -> "_Page":
        person: PersonId | None = None
        if search.reference:
            person = await self._lookup.referred(search.reference) or _NOBODY
        own, window = ask.asker.structure, (search.date_from, search.date_until)
        count, subject = min(search.count, AUDIT_PAGE_MAX), search.subject or None
        before = search.before or AuditPlace()
        rows = await self._rows(AuditPage(own, window, before.disclosure, person, subject, count))
        fed = await self._feed.page(own, window, before.feed_event, person, subject, count)
        more = len(rows) + len(fed) > count or count in (len(rows), len(fed))
        newest: Iterable[_Line] = merge(
            ((row["at"], row) for row in rows), ((one.entry.at, one) for one in fed), key=_at, reverse=True
        )
        return _Page(tuple(line for _, line in islice(newest, count)), before, more)

    async def _rows(self, wanted: AuditPage) -> list[AuditRow]:
        hot: list[AuditRow] = list(await self._store.audit_page(wanted))
        return hot if self._archived is None else await self._archived.page(self._store.pool, wanted, hot)


@dataclass(frozen=True, slots=True)
class _Page:
    """Rows of disclosures and events of the feed, newest first, each kind in the order of its numbers."""

    lines: tuple[AuditRow | FedTo, ...]
    before: AuditPlace
    more: bool

    def people(self) -> set[PersonId]:
        """Everybody whom it names."""
        return {whom for line in self.lines for whom in _people_of(line)}

    def shaped(self, answer: Answer) -> AuditAnswer:
        """The page as released: by the references of those whom the gate let out."""
        references = {shown.person_id: shown.reference for shown in answer.shown}
        entries = tuple(entry for line in self.lines for entry in _entries(line, references))
        return AuditAnswer(answer.disclosure_id, entries, self._place() if self.more else None, answer.at)

    def _place(self) -> AuditPlace:
        disclosures = [line["disclosure_id"] for line in self.lines if not isinstance(line, FedTo)]
        events = [line.entry.feed_event_id for line in self.lines if isinstance(line, FedTo)]
        return AuditPlace(
            disclosures[-1] if disclosures else self.before.disclosure,
            events[-1] if events else self.before.feed_event,
        )


_Line = tuple[datetime, AuditRow | FedTo]


def _at(line: _Line) -> datetime:
    return line[0]


def _people_of(line: AuditRow | FedTo) -> Iterable[PersonId]:
    if isinstance(line, FedTo):
        return (line.person,)
    return (PersonId(person) for person, _, _ in _decode_shown(line["shown"]))


def _criteria(search: AuditSearch) -> dict[str, str]:
    window = {"date": f"{search.date_from.isoformat()}/{search.date_until.isoformat()}"}
    patient = {"patient": search.reference} if search.reference else {}
    agent = {"agent": search.subject} if search.subject else {}
    return window | patient | agent


def _entries(line: AuditRow | FedTo, references: dict[PersonId, str]) -> Iterable[AuditEntry | FeedEntry]:
    """One entry per patient whose reference was released; one without a patient when nobody was shown."""
    if isinstance(line, FedTo):
        if line.person in references:
            yield msgspec.structs.replace(line.entry, reference=references[line.person])
        return
    entry, shown = entry_of(line), _decode_shown(line["shown"])
    if not shown:
        yield entry
    for person, fields, _ in shown:
        reference = references.get(PersonId(person))
        if reference is not None:
            yield msgspec.structs.replace(entry, reference=reference, fields=Field(fields))

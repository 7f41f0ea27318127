"""What an auditor is shown of their own structure's disclosures: through the gate, like every other answer (law 1).

A patient appears as a reference, criteria as names without their values. Each page is itself a disclosure.
"""

from collections.abc import Iterable

import msgspec

from beffroi.actions.asking import Ask
from beffroi.actions.availability import looking_up
from beffroi.actions.disclose.gate import Gate
from beffroi.actions.lookup import Lookup
from beffroi.model.audit import AUDIT_PAGE_MAX, AuditAnswer, AuditEntry, AuditSearch
from beffroi.model.disclosure import Answer, DisclosureId, Field, Finding, Released
from beffroi.model.person import PersonId
from beffroi.store.audit_rows import entry_of
from beffroi.store.database import Row
from beffroi.store.disclosures import DisclosureStore

_decode_shown = msgspec.json.Decoder(list[tuple[int, int, list[int]]]).decode
_NOBODY = PersonId(0)


class AuditView:
    """The audit search of one deployment."""

    def __init__(self, store: DisclosureStore, lookup: Lookup, gate: Gate) -> None:
        self._store = store
        self._lookup = lookup
        self._gate = gate

    async def search(self, ask: Ask, search: AuditSearch) -> Released[AuditAnswer]:
        """A page of the asker's own structure's disclosures, newest first."""
        question = ask.question(_criteria(search), Field.REFERENCE if search.reference else Field(0))
        permit = await ask.permit(self._gate, question)
        with looking_up():
            rows = await self._page(ask, search)
        people = sorted({person for row in rows for person, _, _ in _decode_shown(row["shown"])})
        findings = tuple(Finding(PersonId(person), (), False, False) for person in people)
        return await self._gate.disclose_as(question, permit, findings, lambda answer: _shape(answer, rows, search))

    async def _page(self, ask: Ask, search: AuditSearch) -> list[Row]:
        person: PersonId | None = None
        if search.reference:
            person = await self._lookup.referred(search.reference) or _NOBODY
        window = (search.date_from, search.date_until)
        count = min(search.count, AUDIT_PAGE_MAX)
        subject = search.subject or None
        return await self._store.audit_page(ask.asker.structure, window, search.before, person, subject, count)


def _criteria(search: AuditSearch) -> dict[str, str]:
    window = {"date": f"{search.date_from.isoformat()}/{search.date_until.isoformat()}"}
    patient = {"patient": search.reference} if search.reference else {}
    agent = {"agent": search.subject} if search.subject else {}
    return window | patient | agent


def _shape(answer: Answer, rows: list[Row], search: AuditSearch) -> AuditAnswer:
    references = {shown.person_id: shown.reference for shown in answer.shown}
    entries = tuple(entry for row in rows for entry in _entries(row, references))
    full = len(rows) >= min(search.count, AUDIT_PAGE_MAX)
    following = DisclosureId(rows[-1]["disclosure_id"]) if full else None
    return AuditAnswer(answer.disclosure_id, entries, following, answer.at)


def _entries(row: Row, references: dict[PersonId, str]) -> Iterable[AuditEntry]:
    """One entry per patient whose reference was released; one without a patient when nobody was shown."""
    entry, shown = entry_of(row), _decode_shown(row["shown"])
    if not shown:
        yield entry
    for person, fields, _ in shown:
        reference = references.get(PersonId(person))
        if reference is not None:
            yield msgspec.structs.replace(entry, reference=reference, fields=Field(fields))

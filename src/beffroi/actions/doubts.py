"""A hospital's doubtful identities, shown to its identity cell through the gate: a list, and one doubt side by side.

What the list shows is explained by the list: the worker found it, nobody who reads it put anybody there. Each identity
is shown as it is, since the question is what contradicts what; the reading counts like any other.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from beffroi.access.fields import IDENTIFIERS, MINIMAL
from beffroi.actions.asking import Ask
from beffroi.actions.availability import looking_up
from beffroi.actions.disclose.gate import Gate
from beffroi.clock import Clock
from beffroi.errors import NotFound, Words
from beffroi.model.account import Asker
from beffroi.model.disclosure import Answer, Field, Finding, Outcome, Question, Released, Shown
from beffroi.model.doubt import DOUBTS_PAGE_MAX, Doubt, DoubtAnswer, DoubtKind, DoubtPlace
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import IdentityId
from beffroi.store.database import Database
from beffroi.store.doubts import DoubtRow, DoubtStore
from beffroi.store.identities import Horizon, IdentityStore

BEGINNING = DoubtPlace(IdentityId(0), IdentityId(0))
_SETTLED = Words("This doubt (it is settled, or another hospital's)", "Ce doute (levé, ou d'un autre hôpital)")


class DoubtfulIdentities:
    """The identity cells' room of one deployment."""

    def __init__(self, database: Database, gate: Gate, hospitals: Hospitals, clock: Clock) -> None:
        self._doubts = DoubtStore(database)
        self._identities = IdentityStore(database)
        self._gate = gate
        self._hospitals = hospitals
        self._clock = clock

    async def listed(self, ask: Ask, kind: DoubtKind, after: DoubtPlace = BEGINNING) -> Released[DoubtAnswer]:
        """The doubts of one kind of the asker's hospital, by ten. Raises `Forbidden`, or what the gate refuses."""
        question = _question(ask, kind, {"after": f"{after.identity_id},{after.other_id}"}, MINIMAL)
        permit = await ask.permit(self._gate, question)
        with looking_up():
            rows = await self._doubts.page(ask.asker.structure, kind, after, DOUBTS_PAGE_MAX + 1)
            counts, looked_at = await self._doubts.counted(ask.asker.structure)
            findings = await self._findings(rows[:DOUBTS_PAGE_MAX], ask.asker)
        following = rows[DOUBTS_PAGE_MAX - 1].place if len(rows) > DOUBTS_PAGE_MAX else None
        about = (counts, following, looked_at)
        return await self._gate.disclose_as(
            question, permit, findings, lambda answer: _shape(answer, kind, rows[:DOUBTS_PAGE_MAX], *about)
        )

    async def one(self, ask: Ask, kind: DoubtKind, place: DoubtPlace) -> Released[DoubtAnswer]:
        """One doubt with identifiers, side by side. Raises `NotFound` once it is settled, or what the gate refuses."""
        told = {"identities": f"{place.identity_id},{place.other_id}"}
        question = _question(ask, kind, told, MINIMAL | IDENTIFIERS)
        permit = await ask.permit(self._gate, question)
        with looking_up():
            row = await self._doubts.one(ask.asker.structure, kind, place)
            findings = await self._findings([row], ask.asker) if row else ()
        if row is None or not findings:
            await self._gate.refuse(question, NotFound(what=_SETTLED), Outcome.NONE)
        return await self._gate.disclose_as(question, permit, findings, lambda answer: _shape(answer, kind, [row]))

    async def _findings(self, rows: Sequence[DoubtRow], asker: Asker) -> tuple[Finding, ...]:
        """The people of these doubts, each with the identities in doubt alone, as far as the asker may know of them."""
        wanted = {number for row in rows for number in row.place}
        people = sorted({person for row in rows for person in row.people})
        found = []
        for finding in await self._identities.of_people(people, Horizon.of(asker, self._hospitals, self._clock.now())):
            identities = tuple(one for one in finding.identities if one.identity_id in wanted)
            if identities:
                found.append(msgspec.structs.replace(finding, identities=identities, explained=True))
        return tuple(found)


def _question(ask: Ask, kind: DoubtKind, told: dict[str, str], wanted: Field) -> Question:
    """That two people bear one INS is a criterion that matched: it tells of the INS (law 3)."""
    matched = Field.INS if kind is DoubtKind.SAME_INS else Field(0)
    return ask.question({"doubts": kind.value} | told, matched, wanted=wanted, apart=True)


def _shape(
    answer: Answer,
    kind: DoubtKind,
    rows: Sequence[DoubtRow],
    counts: dict[DoubtKind, int] | None = None,
    following: DoubtPlace | None = None,
    looked_at: datetime | None = None,
) -> DoubtAnswer:
    shown: dict[int, Shown] = {source: one for one in answer.shown for source in one.sources}
    doubts = tuple(
        Doubt(kind, row.place, row.found_at, shown.get(row.place.identity_id), shown.get(row.place.other_id))
        for row in rows
    )
    return DoubtAnswer(answer.disclosure_id, answer.at, doubts, answer.advice, counts or {}, following, looked_at)

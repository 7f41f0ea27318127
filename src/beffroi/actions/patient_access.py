"""Who saw a patient's identity, told to her at a desk that has checked who she is (GDPR article 15).

The telling is itself a disclosure of her and counts like any reading. Only what was shown of identities that are hers
today is told: where two people were once taken for one, each is told of their own. Readings for a hospital whose name
alone is medical are told by that hospital alone (law 4), whether or not there are any. What an open incident is about
may be kept back until it is closed (article 23), and the page says so.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from beffroi.actions.asking import Ask
from beffroi.actions.availability import looking_up
from beffroi.actions.disclose.gate import Gate
from beffroi.actions.lookup import Lookup
from beffroi.actions.places import whose_network
from beffroi.errors import NotFound, Words
from beffroi.identity.blocking import Block, Plan
from beffroi.model.account import Role
from beffroi.model.disclosure import Answer, DisclosureId, Door, Field, Operation, Outcome, Purpose, Released
from beffroi.model.hospitals import Hospitals
from beffroi.model.patient_access import PatientAccess, Sight
from beffroi.model.person import HospitalId
from beffroi.store.archive import Archive
from beffroi.store.audit_rows import AuditRow
from beffroi.store.database import Database
from beffroi.store.patient_access import PatientAccessStore

SIGHTS_MAX: Final = 2_000
"""Rows. Somebody seen more often than that in a hospital is told the latest, and that there are more."""
_PATIENT = Words("Patient", "Patient")
_ROLES: Final = frozenset(role.value for role in Role)
_decode_shown = msgspec.json.Decoder(list[tuple[int, int, list[int]]]).decode


class PatientAccessDesk:
    """The desk of one deployment."""

    def __init__(
        self, database: Database, gate: Gate, lookup: Lookup, hospitals: Hospitals, archive: Archive | None = None
    ) -> None:
        self._store = PatientAccessStore(database, archive)
        self._gate = gate
        self._lookup = lookup
        self._hospitals = hospitals

    async def who_saw(self, ask: Ask, reference: str) -> Released[PatientAccess]:
        """Every sight of her that may be told here. Raises `NotFound`, `Forbidden`, or what the gate refuses."""
        question = ask.question({"_id": reference}, Field.REFERENCE, wanted=Field.REFERENCE)
        permit = await ask.permit(self._gate, question)
        with looking_up():
            found = await self._lookup.people(Plan(Block.REFERENCE, reference=reference), ask.asker)
        if not found:
            await self._gate.refuse(question, NotFound(what=_PATIENT), Outcome.NONE)
        person = found[0].person_id
        hidden = list(self._hospitals.hidden_from(ask.asker.structure))
        with looking_up():
            hers = await self._store.identities(person)
            rows = await self._store.sights(person, hidden, SIGHTS_MAX + 1)
            suspects = await self._store.under_investigation()
        told = [(row, fields) for row in rows[:SIGHTS_MAX] if (fields := _of_her(row, person, hers))]
        owners = {network: whose_network(network, self._hospitals) for network in {_network(row) for row, _ in told}}
        sights = tuple(
            _sight(row, fields, *self._place(row, owners[_network(row)], hidden))
            for row, fields in told
            if row["account_id"] not in suspects
        )
        answer = PatientAccess(DisclosureId(0), reference, sights, len(told) - len(sights), cut=len(rows) > SIGHTS_MAX)
        return await self._gate.disclose_as(question, permit, (found[0],), lambda one: _dated(answer, one))

    def _place(self, row: AuditRow, owner: HospitalId | None, hidden: Sequence[HospitalId]) -> tuple[HospitalId, bool]:
        """From whose network it was asked, if that may be told here; whether it was from outside the reader's own."""
        reader = self._hospitals.known(row["structure_id"] or HospitalId(0))
        outside = reader is not None and bool(reader.networks) and owner != reader.hospital_id
        return (HospitalId(0) if owner is None or owner in hidden else owner), outside


def _network(row: AuditRow) -> str:
    return row["network"] or ""


def _of_her(row: AuditRow, person: int, hers: set[int]) -> Field:
    """What a disclosure told of her: of one of her identities, or of a person without naming any."""
    found = Field(0)
    for shown, fields, identities in _decode_shown(row["shown"]):
        if hers & set(identities) or (not identities and shown == person):
            found |= Field(fields)
    return found


def _sight(row: AuditRow, fields: Field, place: HospitalId, elsewhere: bool) -> Sight:
    return Sight(
        disclosure_id=DisclosureId(row["disclosure_id"]),
        at=row["at"],
        role=Role(row["role"]) if row["role"] in _ROLES else None,
        structure=row["structure_id"] or 0,
        application=row["application"] or "",
        place=place,
        elsewhere=elsewhere,
        door=Door(row["door"]),
        operation=Operation(row["operation"]),
        purpose=Purpose(row["purpose"]),
        fields=fields,
        sent=row["sent"],
    )


def _dated(answer: PatientAccess, released: Answer) -> PatientAccess:
    shown = released.shown[0].reference if released.shown else answer.reference
    return msgspec.structs.replace(answer, disclosure_id=released.disclosure_id, reference=shown, at=released.at)

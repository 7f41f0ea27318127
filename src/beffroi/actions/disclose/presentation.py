"""What is shown of one person: the best identity that the asker's hospital may know of, cut to the fields released."""

import msgspec

from beffroi.access.fields import NOTHING, present, restrict
from beffroi.access.policy import Permit
from beffroi.access.reference import References
from beffroi.model.disclosure import Field, Finding, Question, Shown
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import Hospital, HospitalId, Identity, IdentityStatus, Record

_RANK = {
    IdentityStatus.QUALIFIED: 3,
    IdentityStatus.VALIDATED: 2,
    IdentityStatus.RETRIEVED: 1,
    IdentityStatus.PROVISIONAL: 0,
}
_CONTACT = (Field.PHONE | Field.EMAIL | Field.ADDRESS).value
_REFERENCE, _OWN, _OTHER = Field.REFERENCE.value, Field.OWN_IDENTIFIER.value, Field.OTHER_IDENTIFIERS.value
_ALWAYS_TELL = (Field.SEX | Field.STATUS | Field.DECEASED).value
"""Fields whose absence of value is a value too."""


class Presenter:
    """Makes `Shown` values for one deployment."""

    def __init__(self, references: References, hospitals: Hospitals) -> None:
        self._references = references
        self._hospitals = hospitals
        self._hidden = {h.hospital_id: _hidden_from(h, hospitals) for h in hospitals}

    def show(self, finding: Finding, question: Question, permit: Permit) -> Shown | None:
        """What this asker is shown of this person; None when she is kept back or protected access leaves nothing."""
        if finding.kept_back:
            return None
        released = permit.restricted if finding.restricted else permit.fields
        if released == NOTHING:
            return None
        current = self._references.of(finding.person_id)
        if finding.asked_reference and finding.asked_reference != current:
            asked = finding.asked_reference
            return Shown(finding.person_id, asked, Field.REFERENCE, Record(), active=False, replaced_by=current)
        if released == Field.REFERENCE:
            return Shown(finding.person_id, current, Field.REFERENCE, Record())
        own = question.asker.structure
        best = max(finding.identities, key=lambda identity: _preference(identity, own))
        record = restrict(_with_best_contact(best, finding, released), released)
        own_ipp, domains = self._identifiers(finding, question, released)
        if question.domains:
            record = _within(record, question.domains)
        if record.others and self._hidden[own]:
            record = _without(record, self._hidden[own])
        if finding.restricted and record.birth_order:  # neither her name nor her birth date
            record = msgspec.structs.replace(record, birth_order=0)
        fields = present(record).value | (released.value & _ALWAYS_TELL) | _REFERENCE
        if own_ipp:
            fields |= _OWN
        if domains:
            fields |= _OTHER
        return Shown(
            person_id=finding.person_id,
            reference=current,
            fields=Field(fields),
            record=record,
            own_ipp=own_ipp,
            domains=domains,
            sources=tuple(identity.identity_id for identity in finding.identities),
            score=finding.score,
            grade=finding.grade,
            updated_at=best.updated_at,
        )

    def _identifiers(
        self, finding: Finding, question: Question, released: Field
    ) -> tuple[tuple[str, ...], tuple[tuple[HospitalId, str], ...]]:
        own_ipp: tuple[str, ...] = ()
        domains: tuple[tuple[HospitalId, str], ...] = ()
        own = question.asker.structure
        for identity in finding.identities:
            hospital = self._hospitals.by_id(identity.hospital_id)
            if question.domains and hospital.oid not in question.domains:
                continue
            if identity.hospital_id == own:
                if released.value & _OWN:
                    own_ipp = (*own_ipp, identity.ipp)
            elif released.value & _OTHER:
                domains = (*domains, (identity.hospital_id, identity.ipp))
        return own_ipp, domains


def _preference(identity: Identity, own: HospitalId) -> tuple[int, bool, float, int]:
    """The surest status first, then the asker's own hospital, then the latest."""
    updated_s = identity.updated_at.timestamp() if identity.updated_at else 0.0
    return _RANK[identity.record.status], identity.hospital_id == own, updated_s, identity.identity_id


def _with_best_contact(best: Identity, finding: Finding, released: Field) -> Record:
    """The best identity's record; where contact is released and it has none, the latest of the others' fills it."""
    record = best.record
    if not released.value & _CONTACT or record.telecoms or record.addresses:
        return record
    others = sorted(finding.identities, key=lambda i: i.updated_at.timestamp() if i.updated_at else 0.0, reverse=True)
    for other in others:
        if other.record.telecoms or other.record.addresses:
            return msgspec.structs.replace(record, telecoms=other.record.telecoms, addresses=other.record.addresses)
    return record


def _hidden_from(own: Hospital, hospitals: Hospitals) -> frozenset[str]:
    """The names of the domains that this hospital may not know of: those of every other sensitive one."""
    hidden = map(hospitals.by_id, hospitals.hidden_from(own.hospital_id))
    return frozenset(name for h in hidden for name in (h.oid, h.finess, h.namespace))


def _without(record: Record, hidden: frozenset[str]) -> Record:
    """The record without other identifiers of hidden domains: whoever sent them, they tell who is known there."""
    others = tuple(other for other in record.others if other.system.removeprefix("urn:oid:") not in hidden)
    return msgspec.structs.replace(record, others=others)


def _within(record: Record, domains: tuple[str, ...]) -> Record:
    """The record with the national and other identifiers of these domains alone."""
    ins = record.ins if record.ins is not None and record.ins.oid in domains else None
    others = tuple(other for other in record.others if other.system in domains)
    return msgspec.structs.replace(record, ins=ins, others=others)

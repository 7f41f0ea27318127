"""What each role may have, as one table, and the decision on one question.

The table is the whole policy: `VERSION` names it in every disclosure, and changes whenever a right does.
"""

from dataclasses import dataclass
from hashlib import sha256

from beffroi.access.fields import (
    CONTACT,
    FIELDS_OF_SET,
    IDENTIFIERS,
    MINIMAL,
    NOTHING,
    RESTRICTED,
    FieldSet,
)
from beffroi.errors import Forbidden, Missing
from beffroi.model.account import Role
from beffroi.model.disclosure import Field, Operation, Purpose, Question

REASON_LENGTH_MIN = 10
"""Characters. An emergency reading's reason must be words, not a keystroke."""

CARE = frozenset({Purpose.TREATMENT, Purpose.ADMISSION})
ADMINISTRATION = frozenset({Purpose.ADMISSION, Purpose.IDENTITY_MANAGEMENT, Purpose.PATIENT_REQUEST})
LISTING = frozenset({Operation.SEARCH, Operation.MATCH, Operation.PDQ_QUERY})
SEARCHING = frozenset({Operation.SEARCH, Operation.READ, Operation.MATCH, Operation.PDQ_QUERY, Operation.PIX_QUERY})


@dataclass(frozen=True, slots=True)
class Rights:
    """What a role may do. `extra` are the field sets beyond minimal, each allowed for `purposes` only."""

    operations: frozenset[Operation] = frozenset()
    extra: tuple[FieldSet, ...] = ()
    purposes: frozenset[Purpose] = frozenset()
    restricted: bool = False
    emergency: bool = False


_BOTH = (FieldSet.CONTACT, FieldSet.IDENTIFIERS)
_CLINICIAN = Rights(SEARCHING, _BOTH, CARE, emergency=True)
_NURSE = Rights(SEARCHING, (FieldSet.CONTACT,), CARE, emergency=True)
_AUDITING = Rights(frozenset({Operation.AUDIT_SEARCH}))

RIGHTS: dict[Role, Rights] = {
    Role.WARD_NURSE: _NURSE,
    Role.TRIAGE_NURSE: Rights(SEARCHING, _BOTH, CARE, emergency=True),
    Role.WARD_DOCTOR: _CLINICIAN,
    Role.EMERGENCY_DOCTOR: Rights(SEARCHING, _BOTH, CARE, restricted=True, emergency=True),
    Role.ON_CALL_DOCTOR: _CLINICIAN,
    Role.ADMISSION_CLERK: Rights(SEARCHING, _BOTH, ADMINISTRATION),
    Role.MEDICAL_SECRETARY: Rights(SEARCHING, _BOTH, CARE | ADMINISTRATION),
    Role.IDENTITY_CELL: Rights(SEARCHING, _BOTH, ADMINISTRATION, restricted=True),
    Role.REGIONAL_COORDINATOR: Rights(SEARCHING, (FieldSet.CONTACT,), CARE | ADMINISTRATION),
    Role.DUTY_OFFICER: Rights(),
    Role.DATA_PROTECTION_OFFICER: _AUDITING,
    Role.AUDITOR: _AUDITING,
    Role.OPERATOR: Rights(),
    Role.HOSPITAL_APPLICATION: Rights(SEARCHING),
    Role.CROSS_REFERENCE_APPLICATION: Rights(SEARCHING, (FieldSet.IDENTIFIERS,), CARE | ADMINISTRATION),
    Role.FEED: Rights(),
}


def _version() -> str:
    """A digest of the table, so that a disclosure says under which rights it was made."""
    lines = [
        f"{role}:{sorted(r.operations)}:{r.extra}:{sorted(r.purposes)}:{r.restricted}:{r.emergency}"
        for role, r in sorted(RIGHTS.items())
    ]
    return sha256("\n".join(lines).encode()).hexdigest()[:12]


VERSION = _version()


@dataclass(frozen=True, slots=True)
class Permit:
    """`fields` may be shown of ordinary people, `restricted` of those under protected access (none: not at all)."""

    fields: Field
    restricted: Field


def decide(question: Question) -> Permit:
    """What the asker may have of anybody who matches; raises `Forbidden` or `Missing` with the way on.

    A criterion that matched is a field disclosed, so it needs the right to that field (law 3).
    """
    role = question.asker.role
    rights = RIGHTS[role]
    if question.operation is Operation.EMERGENCY_READ:
        return _decide_emergency(question, rights)
    if question.operation not in rights.operations:
        raise Forbidden(role=role, what=question.operation.name.lower(), instead="Sign in with another role.")
    if question.operation is Operation.AUDIT_SEARCH:
        return Permit(Field.REFERENCE, Field.REFERENCE)
    asked = question.wanted | question.criteria_fields
    allowed = _allowed(question.purpose, rights)
    for name, fields in ((FieldSet.CONTACT, CONTACT), (FieldSet.IDENTIFIERS, IDENTIFIERS)):
        if asked & fields & ~allowed:
            raise Forbidden(role=role, what=f"{name} fields for {question.purpose}", instead=_way_on(name, rights))
    if question.wanted & ~MINIMAL and question.operation in LISTING:
        one = "Read that one patient, with a purpose."
        raise Forbidden(role=role, what="contact or identifier fields in a list", instead=one)
    if question.operation is Operation.PIX_QUERY:
        return Permit(question.wanted & allowed & (IDENTIFIERS | Field.OWN_IDENTIFIER), NOTHING)
    shown_to_restricted = RESTRICTED if rights.restricted else NOTHING
    return Permit((MINIMAL | question.wanted) & allowed, shown_to_restricted)


def _allowed(purpose: Purpose, rights: Rights) -> Field:
    fields = MINIMAL | Field.REFERENCE
    if purpose in rights.purposes:
        for extra in rights.extra:
            fields |= FIELDS_OF_SET[extra]
    return fields


def _way_on(name: FieldSet, rights: Rights) -> str:
    if name not in rights.extra:
        return "Ask a colleague whose role includes them."
    return "State a purpose among: " + ", ".join(sorted(rights.purposes)) + "."


def _decide_emergency(question: Question, rights: Rights) -> Permit:
    """Break-glass: people only, one patient, the minimal fields, a reason in words (architecture, ways on)."""
    if not rights.emergency:
        raise Forbidden(role=question.asker.role, what="emergency readings", instead="Ask a clinician.")
    if len(question.reason.strip()) < REASON_LENGTH_MIN:
        raise Missing(what=f"A reason of at least {REASON_LENGTH_MIN} characters for an emergency reading")
    if question.wanted & ~MINIMAL:
        raise Forbidden(role=question.asker.role, what="more than minimal fields in an emergency reading", instead="")
    return Permit(MINIMAL, RESTRICTED)

"""What each role may have, as one table, and the decision on one question.

The table is the whole policy: `VERSION` names it in every disclosure, and changes whenever a right does.
"""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from beffroi.access.fields import (
    CONTACT,
    FIELDS_OF_SET,
    IDENTIFIERS,
    MINIMAL,
    NAME,
    NOTHING,
    RESTRICTED,
    FieldSet,
)
from beffroi.errors import Forbidden, Missing, Words
from beffroi.model.account import Role
from beffroi.model.disclosure import Field, Operation, Purpose, Question

REASON_LENGTH_MIN = 10
"""Characters. An emergency reading's reason must be words, not a keystroke."""

CARE = frozenset({Purpose.TREATMENT, Purpose.ADMISSION})
ADMINISTRATION = frozenset({Purpose.ADMISSION, Purpose.IDENTITY_MANAGEMENT, Purpose.PATIENT_REQUEST})
LISTING = frozenset({Operation.SEARCH, Operation.MATCH, Operation.PDQ_QUERY})
SEARCHING = frozenset({Operation.SEARCH, Operation.READ, Operation.MATCH, Operation.PDQ_QUERY, Operation.PIX_QUERY})
_AT_A_DESK = SEARCHING | {Operation.PATIENT_ACCESS}


@dataclass(frozen=True, slots=True)
class Rights:
    """What a role may do. `extra` are the field sets beyond minimal, each allowed for `purposes` only.

    `least` is what it may have of anybody whom it may read.
    """

    operations: frozenset[Operation] = frozenset()
    extra: tuple[FieldSet, ...] = ()
    purposes: frozenset[Purpose] = frozenset()
    restricted: bool = False
    emergency: bool = False
    least: Field = MINIMAL


PRESENCE = frozenset({Operation.STEP_UP, Operation.NOT_ME})
"""What any person may do with their own account: prove who is there, see what was read under it, disown it."""
_AT_WORK = SEARCHING | PRESENCE | {Operation.CONFIRM}
_BOTH = (FieldSet.CONTACT, FieldSet.IDENTIFIERS)
_CLINICIAN = Rights(_AT_WORK, _BOTH, CARE, emergency=True)
_NURSE = Rights(_AT_WORK, (FieldSet.CONTACT,), CARE, emergency=True)
_AUDITING = Rights(PRESENCE | {Operation.AUDIT_SEARCH})
_PROTECTING = Rights(PRESENCE | {Operation.AUDIT_SEARCH, Operation.SCOPE_VIEW, Operation.EXPORT})

RIGHTS: dict[Role, Rights] = {
    Role.WARD_NURSE: _NURSE,
    Role.TRIAGE_NURSE: Rights(_AT_WORK, _BOTH, CARE, emergency=True),
    Role.WARD_DOCTOR: _CLINICIAN,
    Role.EMERGENCY_DOCTOR: Rights(_AT_WORK, _BOTH, CARE, restricted=True, emergency=True),
    Role.ON_CALL_DOCTOR: _CLINICIAN,
    Role.ADMISSION_CLERK: Rights(_AT_WORK | _AT_A_DESK, _BOTH, ADMINISTRATION),
    Role.MEDICAL_SECRETARY: Rights(_AT_WORK | {Operation.WORKLIST}, _BOTH, CARE | ADMINISTRATION),
    Role.IDENTITY_CELL: Rights(
        _AT_WORK | _AT_A_DESK | {Operation.WORKLIST, Operation.KEY, Operation.DOUBTS},
        _BOTH,
        ADMINISTRATION,
        restricted=True,
    ),
    Role.REGIONAL_COORDINATOR: Rights(_AT_WORK, (FieldSet.CONTACT,), CARE | ADMINISTRATION),
    Role.DUTY_OFFICER: Rights(
        PRESENCE | {Operation.READ, Operation.SCOPE_VIEW, Operation.KEY, Operation.RELEASE}, least=NAME
    ),
    Role.DATA_PROTECTION_OFFICER: _PROTECTING,
    Role.AUDITOR: _AUDITING,
    Role.OPERATOR: Rights(PRESENCE | {Operation.GRANT}),
    Role.HOSPITAL_APPLICATION: Rights(SEARCHING | {Operation.WORKLIST}),
    Role.CROSS_REFERENCE_APPLICATION: Rights(SEARCHING, (FieldSet.IDENTIFIERS,), CARE | ADMINISTRATION),
    Role.FEED: Rights(),
}


OPERATION_WORDS = {
    Operation.SEARCH: Words("searches", "la recherche"),
    Operation.READ: Words("reading a patient", "la lecture d'un patient"),
    Operation.MATCH: Words("matching", "le rapprochement"),
    Operation.PIX_QUERY: Words("cross-reference queries", "les correspondances d'identifiants"),
    Operation.PDQ_QUERY: Words("demographics queries", "la recherche démographique"),
    Operation.AUDIT_SEARCH: Words("the audit", "les traces"),
    Operation.EMERGENCY_READ: Words("emergency readings", "la lecture en urgence"),
    Operation.SIGN_IN: Words("signing in", "l'identification"),
    Operation.VERDICT: Words("verdicts of the watch", "les verdicts de la veille"),
    Operation.CONTAIN: Words("stopping accounts", "l'arrêt de comptes"),
    Operation.RELEASE: Words("releasing accounts", "la libération de comptes"),
    Operation.STEP_UP: Words("proving who is there", "la preuve de présence"),
    Operation.CONFIRM: Words("confirming a colleague's patients", "la confirmation des patients d'un collègue"),
    Operation.WORKLIST: Words("worklists", "les listes de travail"),
    Operation.SCOPE_VIEW: Words("the scope of an incident", "le périmètre d'un incident"),
    Operation.GRANT: Words("giving roles", "l'attribution de rôles"),
    Operation.KEY: Words("enrolling keys", "l'enrôlement de clés"),
    Operation.NOT_ME: Words("disowning readings", "le désaveu de lectures"),
    Operation.PATIENT_ACCESS: Words("who saw a patient's identity", "qui a vu l'identité d'un patient"),
    Operation.EXPORT: Words("lists for somebody outside", "les listes destinées à l'extérieur"),
    Operation.DOUBTS: Words("doubtful identities", "les identités douteuses"),
}
_SET_WORDS = {
    FieldSet.MINIMAL: Words("minimal fields", "l'identité minimale"),
    FieldSet.CONTACT: Words("contact fields for this purpose", "les coordonnées pour ce motif"),
    FieldSet.IDENTIFIERS: Words("identifier fields for this purpose", "les identifiants pour ce motif"),
}
OTHER_ROLE = Words("Sign in with another role.", "Identifiez-vous avec un autre rôle.")
_COLLEAGUE = Words("Ask a colleague whose role includes them.", "Demandez à un collègue dont le rôle le permet.")
_CLINICIAN_ONLY = Words("Ask a clinician.", "Demandez à un soignant.")
_MORE_IN_A_LIST = Words("contact or identifier fields in a list", "les coordonnées ou identifiants dans une liste")
_ONE_PATIENT = Words("Read that one patient, with a purpose.", "Lisez ce seul patient, avec un motif.")
_MORE_IN_AN_EMERGENCY = Words(
    "more than minimal fields in an emergency reading", "plus que l'identité minimale en urgence"
)
_AFTERWARDS = Words(
    "Read the patient again with a purpose of care.", "Relisez ensuite ce patient pour un motif de soin."
)
_REASON = Words(
    f"A reason of at least {REASON_LENGTH_MIN} characters for an emergency reading",
    f"Une raison d'au moins {REASON_LENGTH_MIN} caractères pour une lecture en urgence",
)


def _version() -> str:
    """A digest of the table, so that a disclosure says under which rights it was made."""
    lines = [
        f"{role}:{sorted(r.operations)}:{r.extra}:{sorted(r.purposes)}:{r.restricted}:{r.emergency}:{int(r.least)}"
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
    if question.operation is Operation.EMERGENCY_READ:
        return _decide_emergency(question, RIGHTS[question.asker.role])
    return _decide(question.asker.role, question.operation, question.purpose, question.wanted, question.criteria_fields)


@lru_cache(maxsize=4_096)
def _decide(role: Role, operation: Operation, purpose: Purpose, wanted: Field, told: Field) -> Permit:
    """Remembered, because a hospital asks the same few kinds of question all day; refusals are worked out each time."""
    rights = RIGHTS[role]
    if operation not in rights.operations:
        raise Forbidden(role=role, what=OPERATION_WORDS[operation], instead=OTHER_ROLE)
    if operation in _REFERENCES_ALONE:
        return Permit(Field.REFERENCE, Field.REFERENCE)
    allowed = _allowed(purpose, rights)
    for name, fields in ((FieldSet.CONTACT, CONTACT), (FieldSet.IDENTIFIERS, IDENTIFIERS)):
        if (wanted | told) & fields & ~allowed:
            raise Forbidden(role=role, what=_SET_WORDS[name], instead=_way_on(name, rights))
    if wanted & ~MINIMAL and operation in LISTING:
        raise Forbidden(role=role, what=_MORE_IN_A_LIST, instead=_ONE_PATIENT)
    if operation is Operation.PIX_QUERY:
        return Permit(wanted & allowed & (IDENTIFIERS | Field.OWN_IDENTIFIER), NOTHING)
    return Permit((rights.least | wanted) & allowed, RESTRICTED if rights.restricted else NOTHING)


def _allowed(purpose: Purpose, rights: Rights) -> Field:
    fields = rights.least | Field.REFERENCE
    if purpose in rights.purposes:
        for extra in rights.extra:
            fields |= FIELDS_OF_SET[extra]
    return fields


_REFERENCES_ALONE = frozenset(
    {Operation.AUDIT_SEARCH, Operation.SCOPE_VIEW, Operation.PATIENT_ACCESS, Operation.EXPORT}
)
"""Operations whose answers are about patients that nobody is shown."""


def _way_on(name: FieldSet, rights: Rights) -> Words:
    if name not in rights.extra:
        return _COLLEAGUE
    purposes = ", ".join(sorted(rights.purposes))
    return Words(f"State a purpose among: {purposes}.", f"Indiquez un motif parmi : {purposes}.")


def _decide_emergency(question: Question, rights: Rights) -> Permit:
    """Break-glass: people only, one patient, the minimal fields, a reason in words (architecture, ways on)."""
    role = question.asker.role
    if not rights.emergency:
        raise Forbidden(role=role, what=OPERATION_WORDS[Operation.EMERGENCY_READ], instead=_CLINICIAN_ONLY)
    if len(question.reason.strip()) < REASON_LENGTH_MIN:
        raise Missing(what=_REASON)
    if (question.wanted | question.criteria_fields) & (CONTACT | IDENTIFIERS):
        raise Forbidden(role=role, what=_MORE_IN_AN_EMERGENCY, instead=_AFTERWARDS)
    return Permit(MINIMAL, RESTRICTED)

"""Who may have what: the whole table, tried cell by cell."""

from itertools import product
from uuid import UUID

import pytest

from beffroi.access.fields import CONTACT, IDENTIFIERS, MINIMAL, NAME, RESTRICTED
from beffroi.access.policy import LISTING, RIGHTS, VERSION, decide
from beffroi.errors import CallerError, Forbidden, Missing
from beffroi.model.account import AccountId, AccountKind, Asker, Role
from beffroi.model.disclosure import Door, Field, Operation, Purpose, Question
from beffroi.model.person import HospitalId

ASKED = {"minimal": MINIMAL, "contact": MINIMAL | CONTACT, "identifiers": MINIMAL | IDENTIFIERS}
CLINICIANS = {"ward_nurse", "ward_doctor", "emergency_doctor", "triage_nurse", "on_call_doctor"}
SEARCHERS = CLINICIANS | {
    "admission_clerk",
    "medical_secretary",
    "identity_cell",
    "regional_coordinator",
    "hospital_application",
    "cross_reference_application",
}
# Written by hand from the policy's text, not from its code.
MAY_READ_CONTACT = SEARCHERS - {"hospital_application", "cross_reference_application"}
MAY_READ_IDENTIFIERS = SEARCHERS - {"ward_nurse", "regional_coordinator", "hospital_application"}


def question(role: Role, operation: Operation, wanted: Field = MINIMAL, **more: object) -> Question:
    asker = Asker(AccountId(1), AccountKind.PERSON, "s", role, HospitalId(1), "app", bytes(32), "127.0.0.1")
    defaults = {"purpose": Purpose.ADMISSION, "criteria_fields": Field(0)} | more
    return Question(asker, Door.FHIR, operation, UUID(int=1), {}, wanted=wanted, **defaults)  # type: ignore[arg-type]


def allowed(asked: Question) -> Field | None:
    try:
        return decide(asked).fields
    except CallerError:
        return None


@pytest.mark.parametrize(("role", "name"), list(product(Role, ASKED)))
def test_reading_one_patient(role: Role, name: str) -> None:
    """A field set is given in full to the roles that have it, and refused to all others."""
    may = {
        "minimal": role in SEARCHERS,
        "contact": role in MAY_READ_CONTACT,
        "identifiers": role in MAY_READ_IDENTIFIERS,
    }[name]
    wanted = NAME if (role, name) == (Role.DUTY_OFFICER, "minimal") else ASKED[name] if may else None
    assert allowed(question(role, Operation.READ, ASKED[name])) == wanted


def test_a_duty_officer_is_told_a_name_and_nothing_else() -> None:
    """Name and birth date of one patient: no list, no protected person, no emergency reading, no other field."""
    assert decide(question(Role.DUTY_OFFICER, Operation.READ)).restricted == Field(0)
    for operation in (*LISTING, Operation.PIX_QUERY, Operation.EMERGENCY_READ):
        assert allowed(question(Role.DUTY_OFFICER, operation)) is None


@pytest.mark.parametrize(("role", "operation"), list(product(Role, LISTING)))
def test_lists_show_minimal_fields_only(role: Role, operation: Operation) -> None:
    """Nobody gets contact or identifier fields in a list, whatever their role."""
    assert allowed(question(role, operation, MINIMAL | CONTACT)) is None
    assert allowed(question(role, operation, MINIMAL | IDENTIFIERS)) is None
    assert allowed(question(role, operation)) == (MINIMAL if role in SEARCHERS else None)


@pytest.mark.parametrize("role", Role)
def test_searching_by_phone_needs_the_right_to_phones(role: Role) -> None:
    """A criterion that matched is a field disclosed."""
    asked = question(role, Operation.SEARCH, criteria_fields=Field.PHONE)
    assert (allowed(asked) is not None) == (role in MAY_READ_CONTACT)


@pytest.mark.parametrize("role", Role)
def test_only_auditors_search_the_audit(role: Role) -> None:
    """The audit view belongs to auditors and data protection officers."""
    may = role in {Role.AUDITOR, Role.DATA_PROTECTION_OFFICER}
    assert (allowed(question(role, Operation.AUDIT_SEARCH)) is not None) == may


@pytest.mark.parametrize("role", Role)
def test_emergency_readings_are_for_clinicians_with_a_reason(role: Role) -> None:
    """Break-glass shows minimal fields to a clinician who says why, and nothing to anybody else."""
    reason = "patient inconscient aux urgences"
    asked = question(role, Operation.EMERGENCY_READ, purpose=Purpose.EMERGENCY, reason=reason)
    assert allowed(asked) == (MINIMAL if role in CLINICIANS else None)


def test_an_emergency_without_words_is_refused() -> None:
    """A keystroke is not a reason."""
    with pytest.raises(Missing):
        decide(question(Role.WARD_DOCTOR, Operation.EMERGENCY_READ, reason="urgent   "))


def test_an_emergency_gives_no_contact_fields() -> None:
    """An emergency reading never shows more than the minimal fields."""
    with pytest.raises(Forbidden):
        decide(question(Role.WARD_DOCTOR, Operation.EMERGENCY_READ, MINIMAL | CONTACT, reason="arrêt cardiaque"))


@pytest.mark.parametrize("role", Role)
def test_protected_people_show_name_and_birth_date_to_few(role: Role) -> None:
    """Protected access leaves name and birth date, to the roles that may see them."""
    few = {Role.EMERGENCY_DOCTOR, Role.IDENTITY_CELL}
    if role in SEARCHERS:
        assert decide(question(role, Operation.SEARCH)).restricted == (RESTRICTED if role in few else Field(0))


def test_purposes_bind_extra_fields() -> None:
    """Contact fields need one of the role's purposes."""
    asked = question(Role.ADMISSION_CLERK, Operation.READ, MINIMAL | CONTACT, purpose=Purpose.TREATMENT)
    with pytest.raises(Forbidden, match="State a purpose among"):
        decide(asked)


def test_every_role_has_a_line_and_the_policy_a_version() -> None:
    """No role falls through the table."""
    assert set(RIGHTS) == set(Role)
    assert len(VERSION) == 12

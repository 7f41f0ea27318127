"""From claims to who asks: kinds, structures, roles, and what a token cannot give."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.access.professional import (
    APPLICATION_ROLES,
    CODES_MAX,
    GRANTED_ROLES,
    MAPPABLE_ROLES,
    Capacity,
    Claimed,
    Grant,
    capacity,
    check_acr,
    claimed,
)
from beffroi.access.rejection import Reason, Rejected
from beffroi.access.tokens import Claims
from beffroi.errors import UnknownAccount
from beffroi.model.account import AccountKind, Role
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import HospitalId
from credentials import DOCTOR_CODE, ISSUER, NOW_S, NURSE_CODE, application_claims, person_claims
from doubles import HOSPITALS

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
REGISTER = Hospitals(HOSPITALS)
MAPPING = {DOCTOR_CODE: Role.WARD_DOCTOR, NURSE_CODE: Role.WARD_NURSE}


def of(raw: dict[str, Any]) -> Claimed:
    return claimed(msgspec.convert(raw, Claims))


def refused(raw: dict[str, Any]) -> Reason:
    with pytest.raises(Rejected) as caught:
        of(raw)
    return caught.value.reason


def role_for(who: Claimed, *grants: Grant, mapping: dict[str, Role] = MAPPING) -> Capacity:
    return capacity(who, grants, mapping, REGISTER, NOW)


def why_not(who: Claimed, *grants: Grant, mapping: dict[str, Role] = MAPPING) -> str:
    with pytest.raises(UnknownAccount) as caught:
        role_for(who, *grants, mapping=mapping)
    assert caught.value.text("fr") != caught.value.text("en")
    return caught.value.text("en")


def test_a_professional() -> None:
    """Pro Santé Connect's claims, each in its place, the identifier as it came."""
    assert of(person_claims()) == Claimed(
        kind=AccountKind.PERSON,
        issuer=ISSUER,
        subject="ANS20261124090000",
        application="dossier-patient",
        codes=(DOCTOR_CODE,),
        structures=("590000001",),
        scopes=frozenset({"openid", "scope_all"}),
        acr="eidas1",
        authenticated_at_s=NOW_S - 60,
        jti="token-1",
        issued_at_s=NOW_S,
        names=("sub:f:550e8400-e29b-41d4-a716-446655440000",),
    )


def test_an_application() -> None:
    """Without SubjectNameID, and with itself as subject, it is the software."""
    found = of(application_claims("urgences"))
    assert (found.kind, found.subject, found.application) == (AccountKind.APPLICATION, "urgences", "urgences")


def test_a_client_with_a_user_of_its_own() -> None:
    """Keycloak's service account is the application; the same name in a session of somebody's is not."""
    user = "550e8400-e29b-41d4-a716-446655440000"
    claims = application_claims("Urgences") | {"sub": user, "preferred_username": "service-account-urgences"}
    claims |= {"azp": "Urgences", "client_id": "Urgences"}
    assert of(claims).subject == "Urgences"
    for change in ({"sid": "s"}, {"auth_time": NOW_S}, {"preferred_username": "urgences"}, {"client_id": None}):
        with pytest.raises(Rejected):
            of({name: value for name, value in (claims | change).items() if value is not None})


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": "f:550e8400-e29b-41d4-a716-446655440000"},
        {"auth_time": NOW_S},
        {"azp": None, "client_id": None},
        {"client_id": "another"},
        {"sub": None},
    ],
)
def test_a_person_never_passes_for_their_software(changes: dict[str, Any]) -> None:
    """A person's token that lacks the identifier, or one that is not plain about its client, is nobody's."""
    assert refused(application_claims("urgences", **changes)) is Reason.WHO


@pytest.mark.parametrize("subject", ["x" * 256, "a\nb", " a", "a\x00", "a\u200b"])
def test_subjects_that_are_refused(subject: str) -> None:
    """An identifier has up to 255 printable characters."""
    assert refused(person_claims(SubjectNameID=subject)) is Reason.WHO
    assert refused(person_claims(azp=subject)) is Reason.WHO


def test_an_opaque_identifier_is_not_parsed() -> None:
    """Digits or not, it is kept as it came."""
    for subject in ("899700366240", "ANS20210107161422", "é-ü"):
        assert of(person_claims(SubjectNameID=subject)).subject == subject


IUA = {
    "subject_name": "Claire Dupont",
    "subject_organization": "CH de Beaumont",
    "subject_organization_id": "https://finess.esante.gouv.fr/590000001",
    "subject_role": [{"system": "urn:oid:1.2.250.1.213.1.1.5.5", "code": "10"}],
    "purpose_of_use": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT"}],
    "national_provider_identifier": "899700366240",
}
FRENCH = dict.fromkeys(("SubjectNameID", "SubjectRole", "SubjectOrganizationID"))


@pytest.mark.parametrize("organisation", [IUA["subject_organization_id"], f"urn:oid:{HOSPITALS[0].oid}"])
def test_claims_of_iua(organisation: str) -> None:
    """Who, as what and for which hospital may be said in `extensions.ihe_iua`; Pro Santé Connect's claims go first."""
    iua = {"ihe_iua": IUA | {"subject_organization_id": organisation}}
    who = of(person_claims(**FRENCH, extensions=iua))
    assert (who.kind, who.subject, who.codes) == (AccountKind.PERSON, "899700366240", (DOCTOR_CODE,))
    assert role_for(who) == Capacity(HospitalId(1), Role.WARD_DOCTOR)
    assert of(person_claims(extensions=iua)).subject == "ANS20261124090000"


def test_a_person_of_iua_without_identifier_is_nobody() -> None:
    """A person's token that names no one passes for neither a person nor an application."""
    nameless = {name: value for name, value in IUA.items() if name != "national_provider_identifier"}
    assert refused(person_claims(**FRENCH, extensions={"ihe_iua": nameless})) is Reason.WHO
    assert of(application_claims(extensions={"ihe_iua": nameless})).kind is AccountKind.APPLICATION


def test_a_role_may_be_one_text() -> None:
    """SubjectRole is a list, or one text from an issuer that flattens it; long lists are cut."""
    assert of(person_claims(SubjectRole=DOCTOR_CODE)).codes == (DOCTOR_CODE,)
    assert of(person_claims(SubjectRole=None)).codes == ()
    assert len(of(person_claims(SubjectRole=[str(n) for n in range(100)])).codes) == CODES_MAX


def work(**places: str) -> dict[str, Any]:
    names = {"site": "numeroFinessSite", "legal": "numeroFinessetablissementJuridique"}
    names |= {"technical": "identifiantTechniqueDeLaStructure"}
    return {names[name]: value for name, value in places.items()}


def test_structures_of_the_place_of_work_that_was_chosen() -> None:
    """Site and legal entity of the structure that the token names are known; other places of work are not."""
    reference = {
        "exercices": [
            {"activities": [work(technical="R10100000012345", site="590000001", legal="590999999")]},
            {"activities": [work(technical="R10100000099999", site="620000003"), {}]},
            {"activities": None},
            {},
        ]
    }
    found = of(person_claims(SubjectOrganizationID="R10100000012345", SubjectRefPro=reference))
    assert found.structures == ("R10100000012345", "590000001", "590999999")
    by_finess = of(person_claims(SubjectOrganizationID="590000001", SubjectRefPro=reference))
    assert by_finess.structures == ("590000001", "590999999")


# --- the role


def test_the_profession_gives_a_role() -> None:
    """Without a grant, the issuer's mapping of professions decides."""
    assert role_for(of(person_claims())) == Capacity(HospitalId(1), Role.WARD_DOCTOR)
    assert role_for(of(person_claims(SubjectRole=["99^1", NURSE_CODE]))).role is Role.WARD_NURSE


def test_a_grant_for_that_hospital_goes_first() -> None:
    """A grant for the hospital counts before the profession; one for another hospital does not count."""
    here = Grant(HospitalId(1), Role.EMERGENCY_DOCTOR)
    elsewhere = Grant(HospitalId(2), Role.AUDITOR)
    assert role_for(of(person_claims()), elsewhere, here).role is Role.EMERGENCY_DOCTOR
    assert role_for(of(person_claims()), elsewhere).role is Role.WARD_DOCTOR


def test_a_grant_ends() -> None:
    """From the moment of its end a grant gives nothing."""
    ended, soon = (Grant(HospitalId(1), Role.AUDITOR, NOW + timedelta(seconds=s)) for s in (0, 1))
    assert role_for(of(person_claims()), ended).role is Role.WARD_DOCTOR
    assert role_for(of(person_claims()), soon).role is Role.AUDITOR


def test_a_scope_chooses_among_what_is_held() -> None:
    """`role:` chooses among grants and professions, and gives nothing that is not held."""
    grants = (Grant(HospitalId(1), Role.AUDITOR), Grant(HospitalId(1), Role.IDENTITY_CELL))
    assert role_for(of(person_claims()), *grants).role is Role.IDENTITY_CELL
    assert role_for(of(person_claims(scope="openid role:auditor")), *grants).role is Role.AUDITOR
    assert role_for(of(person_claims(scope="role:ward_doctor")), *grants).role is Role.WARD_DOCTOR
    assert "the role that it asked for" in why_not(of(person_claims(scope="role:operator")), *grants)


@pytest.mark.parametrize("role", sorted(GRANTED_ROLES | APPLICATION_ROLES))
def test_privileged_roles_come_from_grants_alone(role: Role) -> None:
    """Whatever the mapping says, a profession gives no privileged role, and no application's."""
    assert "no role" in why_not(of(person_claims()), mapping={DOCTOR_CODE: role})


@pytest.mark.parametrize("role", list(Role))
def test_people_and_applications_have_roles_of_their_own(role: Role) -> None:
    """A grant of the other kind's role gives nothing; every role belongs to one kind."""
    grant = Grant(HospitalId(1), role)
    person, software = of(person_claims(SubjectRole=None)), of(application_claims())
    (holder, other) = (software, person) if role in APPLICATION_ROLES else (person, software)
    assert role_for(holder, grant) == Capacity(HospitalId(1), role)
    assert why_not(other, grant)


def test_every_role_is_of_one_sort() -> None:
    """Given by a profession, by a grant, or an application's: no role is two of these, and none is none."""
    assert frozenset(Role) == MAPPABLE_ROLES | GRANTED_ROLES | APPLICATION_ROLES
    assert len(MAPPABLE_ROLES) + len(GRANTED_ROLES) + len(APPLICATION_ROLES) == len(Role)


# --- the structure


def test_an_unknown_structure() -> None:
    """A structure that is no hospital here is refused, even to somebody with a grant elsewhere."""
    grant = Grant(HospitalId(1), Role.WARD_NURSE)
    for structure in ("750000001", "R10100000012345", "590000001 ", "x"):
        assert "not a hospital" in why_not(of(person_claims(SubjectOrganizationID=structure)), grant)


def test_no_structure() -> None:
    """A token that names none acts for the only hospital of its grants, and for none when there are several."""
    bare = of(person_claims(SubjectOrganizationID=None))
    one, other = Grant(HospitalId(1), Role.WARD_NURSE), Grant(HospitalId(2), Role.WARD_NURSE)
    assert role_for(bare, one) == Capacity(HospitalId(1), Role.WARD_NURSE)
    assert "several" in why_not(bare, one, other)
    assert "no hospital" in why_not(bare)


def test_an_application_acts_where_it_is_granted() -> None:
    """Software acts for its only hospital, or for the one of several that its token names."""
    here = Grant(HospitalId(1), Role.HOSPITAL_APPLICATION)
    there = Grant(HospitalId(2), Role.CROSS_REFERENCE_APPLICATION)
    assert role_for(of(application_claims()), here).structure == 1
    named = of(application_claims(SubjectOrganizationID="590000002"))
    assert role_for(named, here, there) == Capacity(HospitalId(2), Role.CROSS_REFERENCE_APPLICATION)
    assert why_not(named, here)


def test_a_sensitive_hospital_is_a_hospital() -> None:
    """Its own professionals sign in like any other."""
    assert role_for(of(person_claims(SubjectOrganizationID="590000004"))).structure == 4


# --- how they signed in


def test_the_strength_of_a_sign_in() -> None:
    """Where the operator names levels, a person's token has one of them; applications have none."""
    check_acr(of(person_claims()), frozenset({"eidas1", "eidas2"}))
    check_acr(of(person_claims(acr=None)), frozenset())
    check_acr(of(application_claims()), frozenset({"eidas1"}))
    for acr in (None, "eidas0", "EIDAS1"):
        with pytest.raises(Rejected) as caught:
            check_acr(of(person_claims(acr=acr)), frozenset({"eidas1"}))
        assert caught.value.error == "insufficient_user_authentication"


@given(
    st.text(max_size=30),
    st.text(max_size=30),
    st.lists(st.text(max_size=10), max_size=5),
    st.text(max_size=30),
    st.floats(allow_nan=False, allow_infinity=False),
)
def test_any_texts(subject: str, organisation: str, codes: list[str], scope: str, auth_time: float) -> None:
    """Whatever an issuer puts into texts, somebody has a role of theirs or a clear refusal."""
    raw = Claims(ISSUER, "a", 1, 1, azp="c", SubjectNameID=subject, SubjectRole=codes, scope=scope, auth_time=auth_time)
    raw = msgspec.structs.replace(raw, SubjectOrganizationID=organisation)
    try:
        assert role_for(claimed(raw)).role in MAPPABLE_ROLES
    except (Rejected, UnknownAccount):
        return

"""Disclosures as AuditEvents: one per patient, in the profiles of IHE, without a searched value."""

import contextlib
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.errors import CallerError, InvalidValue, Missing, Unsupported
from beffroi.model.account import AccountKind, Role
from beffroi.model.audit import AuditAnswer, AuditEntry, AuditPlace, AuditSearch, FeedEntry
from beffroi.model.disclosure import DisclosureId, Door, Field, Operation, Outcome, Purpose, Released
from beffroi.model.feed import FeedAction
from beffroi.model.person import HospitalId
from beffroi.wire.fhir_audit import audit_bundle, parse_audit_search
from beffroi.wire.fhir_audit_feed import feed_audit_event
from beffroi.wire.fhir_audit_tde import PROFILE_TDE
from beffroi.wire.fhir_form import parse_pairs
from fhir_answers import AT, REFERENCE, REQUEST_ID, view
from fhir_rules import violations

SEARCH = AuditSearch(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC), count=2)


def entry(**more: Any) -> AuditEntry:
    values: dict[str, Any] = {
        "disclosure_id": DisclosureId(900),
        "at": AT,
        "kind": AccountKind.PERSON,
        "subject": "899700366240",
        "role": Role.WARD_NURSE,
        "structure": HospitalId(1),
        "application": "dpi-beaumont",
        "network": "192.0.2.7",
        "door": Door.FHIR,
        "operation": Operation.SEARCH,
        "outcome": Outcome.SHOWN,
        "purpose": Purpose.TREATMENT,
        "request_id": UUID(REQUEST_ID),
        "criteria": ("family", "birthdate"),
        "criteria_fields": Field.BIRTH_NAME,
        "reference": REFERENCE,
        "fields": Field.BIRTH_NAME | Field.SEX,
        "sent": True,
    }
    return AuditEntry(**(values | more))


def bundle(*entries: AuditEntry, following: int | None = None) -> dict[str, Any]:
    before = None if following is None else AuditPlace(DisclosureId(following))
    return audit_bundle(Released.seal(AuditAnswer(DisclosureId(901), entries, before, AT)), view(), SEARCH)


entries = st.builds(
    entry,
    kind=st.sampled_from(AccountKind),
    role=st.sampled_from(Role),
    operation=st.sampled_from(Operation),
    outcome=st.sampled_from(Outcome),
    purpose=st.sampled_from(Purpose),
    criteria=st.sampled_from([(), ("family",)]),
    reference=st.sampled_from(["", REFERENCE]),
    sent=st.sampled_from([True, False, None]),
    network=st.sampled_from(["", "192.0.2.7"]),
    application=st.sampled_from(["", "dpi"]),
)


fed = st.builds(
    FeedEntry,
    st.integers(1, 10**12),
    st.just(AT),
    st.sampled_from(["GAM", "gam-1"]),
    st.sampled_from([HospitalId(1), HospitalId(9)]),
    st.sampled_from(FeedAction),
    st.sampled_from(["A01", "A28", "A31", "A40", "A47", "ITI-104"]),
    st.just(REFERENCE),
)


def number_of(one: AuditEntry | FeedEntry) -> int:
    return one.feed_event_id if isinstance(one, FeedEntry) else -id(one)


@given(st.lists(st.one_of(entries, fed), max_size=4, unique_by=number_of), st.booleans())
def test_every_page_keeps_the_rules(page: list[AuditEntry | FeedEntry], french: bool) -> None:
    """Whatever was disclosed or fed, the page keeps the structural rules of FHIR and IHE, in either shape."""
    search = msgspec.structs.replace(SEARCH, profile=PROFILE_TDE if french else "")
    answer = AuditAnswer(DisclosureId(901), tuple(page), None, AT)
    assert violations(audit_bundle(Released.seal(answer), view(), search)) == []


@pytest.mark.parametrize(
    ("action", "event", "profile", "subtypes", "ends"),
    [
        (FeedAction.CREATE, "A28", "PatientCreate", ["create", "ITI-30"], ["110153", "110152"]),
        (FeedAction.UPDATE, "A01", "PatientUpdate", ["update", "ITI-31"], ["110153", "110152"]),
        (FeedAction.DELETE, "A40", "PatientDelete", ["delete", "ITI-30"], ["110150", "custodian"]),
        (FeedAction.UPDATE, "ITI-104", "PatientUpdate", ["update", "ITI-104"], ["110153", "110152"]),
    ],
)
def test_an_event_of_the_feed(
    action: FeedAction, event: str, profile: str, subtypes: list[str], ends: list[str]
) -> None:
    """Created, updated or removed: BALP's profile, PIXm's besides over FHIR, the transaction and both ends."""
    one = FeedEntry(17, AT, "GAM", HospitalId(1), action, event, REFERENCE)
    found = feed_audit_event(one, view().endpoint)
    assert violations(found) == []
    named = [name.rpartition("/")[2] for name in found["meta"]["profile"]]
    over_fhir = ["IHE.PIXm.Feed.Update.Audit.Manager"] if event == "ITI-104" else []
    assert named == [f"IHE.BasicAudit.{profile}", *over_fhir]
    assert [code["code"] for code in found["subtype"]] == subtypes
    assert event != "ITI-104" or found["subtype"][1]["display"] == "Patient Identity Feed FHIR"
    assert [agent["type"]["coding"][0]["code"] for agent in found["agent"]] == ends
    assert (found["action"], found["agent"][0]["who"]["identifier"]["value"]) == (action.value, "GAM")


def test_a_search_is_a_patient_query_without_its_values() -> None:
    """The request stands by the names of its criteria; fields and delivery are told of the patient."""
    event = bundle(entry())["entry"][0]["resource"]
    assert event["meta"]["profile"][0].endswith("IHE.BasicAudit.PatientQuery")
    assert [code["code"] for code in event["subtype"]] == ["search", "ITI-78"]
    query = next(e for e in event["entity"] if e.get("role", {}).get("code") == "24")
    assert b64decode(query["query"]) == b"family&birthdate"
    patient = next(e for e in event["entity"] if e.get("role", {}).get("code") == "1")
    assert patient["what"]["reference"] == f"Patient/{REFERENCE}"
    assert {d["type"]: d["valueString"] for d in patient["detail"]} == {
        "fields": "birth_name,sex",
        "criteria-fields": "birth_name",
        "delivery": "sent",
    }


def test_a_reading_is_a_patient_read() -> None:
    """A reading flows to the client: the ends change places, and an emergency says so by its purpose."""
    event = bundle(entry(operation=Operation.EMERGENCY_READ, purpose=Purpose.EMERGENCY))["entry"][0]["resource"]
    assert event["meta"]["profile"][0].endswith("IHE.BasicAudit.PatientRead")
    assert event["action"] == "R"
    user = event["agent"][2]
    assert user["purposeOfUse"][0]["coding"][0]["code"] == "BTG"
    assert user["who"]["identifier"] == {"system": "urn:oid:1.2.250.1.71.4.2.1", "value": "899700366240"}
    assert [e["what"]["identifier"]["value"] for e in event["entity"] if e["type"]["code"] == "XrequestId"]


def test_the_french_shape_of_the_same_event() -> None:
    """Asked by `_profile`: one subtype, two agents, a period, and the next page asks for it again."""
    search = parse_audit_search([("date", "2026-11"), ("_profile", PROFILE_TDE), ("_count", "2")])
    page = AuditAnswer(DisclosureId(901), (entry(),), AuditPlace(DisclosureId(900), 17), AT)
    told = audit_bundle(Released.seal(page), view(), search)
    event = told["entry"][0]["resource"]
    assert (len(event["subtype"]), len(event["agent"])) == (1, 2)
    assert event["period"]["start"] == event["recorded"]
    assert (event["agent"][0]["who"]["identifier"]["value"], event["agent"][0]["altId"]) == (
        "899700366240",
        "dpi-beaumont",
    )
    assert parse_audit_search(parse_pairs(told["link"][1]["url"].partition("?")[2].encode())).profile == PROFILE_TDE
    assert violations(told) == []


def test_two_patients_of_one_disclosure_are_two_events() -> None:
    """One event per patient, each with an address of its own."""
    told = bundle(entry(), entry(reference="other"))
    assert [e["resource"]["id"] for e in told["entry"]] == ["900-1", "900-2"]
    assert violations(told) == []


def test_a_refusal_is_a_failure() -> None:
    """A refusal claims no profile of success."""
    event = bundle(entry(outcome=Outcome.REFUSED, reference=""))["entry"][0]["resource"]
    assert event["outcome"] == "4"
    assert "meta" not in event


def test_a_full_page_says_where_the_next_begins() -> None:
    """The next page's address repeats the window and continues before the last disclosure; a total comes only alone."""
    told = bundle(entry(), following=900)
    following = told["link"][1]["url"].partition("?")[2]
    assert following.endswith("&_before=900.")
    assert "total" not in told
    assert bundle(entry())["total"] == 1


def test_the_next_page_is_asked_for_by_its_address() -> None:
    """What the link says is a search that continues this one."""
    pairs = [("date", "ge2026-11-01"), ("date", "lt2026-12-01"), ("_count", "2"), ("_before", "900.17")]
    assert parse_audit_search(pairs) == msgspec.structs.replace(SEARCH, before=AuditPlace(DisclosureId(900), 17))


def test_audit_parameters() -> None:
    """A patient by reference, an agent by identifier, a page by number."""
    found = parse_audit_search(
        [
            ("date", "2026-11"),
            ("patient", f"Patient/{REFERENCE}"),
            ("agent:identifier", "urn:oid:1.2.250.1.71.4.2.1|899700366240"),
            ("_count", "100000"),
        ]
    )
    assert (found.date_from, found.date_until) == (SEARCH.date_from, SEARCH.date_until)
    assert (found.reference, found.subject, found.count) == (REFERENCE, "899700366240", 200)


@pytest.mark.parametrize(
    ("pairs", "kind"),
    [
        ([], Missing),
        ([("date", "ge2026-11-01")], Missing),
        ([("date", "le2026-11-01")], Missing),
        ([("date", "ge2026-11-02"), ("date", "lt2026-11-01")], InvalidValue),
        ([("date", "ge2020"), ("date", "le2026")], InvalidValue),
        ([("date", "ge2026-11-01T10:00:00"), ("date", "lt2026-12")], InvalidValue),
        ([("date", "2026-11"), ("_count", "x")], InvalidValue),
        ([("date", "2026-11"), ("_before", "900")], InvalidValue),
        ([("date", "2026-11"), ("_before", "9.x")], InvalidValue),
        ([("date", "2026-11"), ("outcome", "4")], Unsupported),
        ([("date", "2026-11"), ("patient", "a"), ("patient", "b")], Unsupported),
        ([("date", "2026-11"), ("agent", "a,b")], Unsupported),
    ],
)
def test_audit_searches_that_are_refused(pairs: list[tuple[str, str]], kind: type[CallerError]) -> None:
    """Both bounds of a window of at most a year are needed, and what is not known is not passed over."""
    with pytest.raises(kind):
        parse_audit_search(pairs)


@given(st.lists(st.tuples(st.sampled_from(["date", "patient", "agent", "_count", "_before"]), st.text(max_size=30))))
def test_only_a_callers_error_comes_out(pairs: list[tuple[str, str]]) -> None:
    """Any parameters whatever give an audit search or a CallerError."""
    with contextlib.suppress(CallerError):
        parse_audit_search(pairs)

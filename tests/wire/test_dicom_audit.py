"""Disclosures as DICOM's audit messages: the schema's structure, the AuditEvent's facts, and no searched value."""

from base64 import b64decode
from xml.etree import ElementTree

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from beffroi.model.disclosure import Operation, Outcome, Purpose
from beffroi.wire.audit_codes import AUDITED
from beffroi.wire.dicom_audit import dicom_message, feed_dicom_message
from dicom_rules import details, violations
from fhir_answers import REFERENCE, REQUEST_ID, view
from wire.test_fhir_audit import entries, entry, fed

ENDPOINT = view().endpoint


def test_every_operation_has_its_codes() -> None:
    """No operation is without a name in audit trails."""
    assert set(AUDITED) == set(Operation)


@given(entries, st.text(max_size=20), st.text(min_size=1, max_size=20))
def test_every_message_keeps_the_rules(one, reason, subject) -> None:
    """Whatever was disclosed, and whatever bytes its names hold, the message keeps the structure of DICOM's schema."""
    whole = msgspec.structs.replace(one, reason=reason, subject=subject)
    assert violations(dicom_message(whole, ENDPOINT)) == []


def test_a_search_is_a_query_without_its_values() -> None:
    """Event, transaction, both ends and the person; the criteria by name, the patient by her reference."""
    message = dicom_message(entry(), ENDPOINT)
    root = ElementTree.fromstring(message)
    coded = [(e.get("csd-code"), e.get("codeSystemName")) for e in root[0] if e.get("csd-code")]
    assert coded == [("110112", "DCM"), ("ITI-78", "IHE Transactions")]
    ends = [(p.get("UserID"), p.get("UserIsRequestor"), p[0].get("csd-code")) for p in root.iter("ActiveParticipant")]
    assert ends == [
        ("dpi-beaumont", "false", "110153"),
        (ENDPOINT.base_url, "false", "110152"),
        ("899700366240", "true", "ward_nurse"),
    ]
    patient, query = root.iter("ParticipantObjectIdentification")
    assert patient.get("ParticipantObjectID") == f"{REFERENCE}^^^&{ENDPOINT.regional_oid}&ISO"
    assert b64decode(query.findtext("ParticipantObjectQuery", "")) == b"family&birthdate"
    assert details(message) == {
        "X-Request-Id": REQUEST_ID,
        "purpose-of-use": "TREAT",
        "fields": "birth_name,sex",
        "criteria-fields": "birth_name",
        "delivery": "sent",
    }


def test_an_emergency_says_why() -> None:
    """A reading flows from us; an emergency has its purpose and its reason."""
    message = dicom_message(
        entry(operation=Operation.EMERGENCY_READ, purpose=Purpose.EMERGENCY, reason="coma, no papers"), ENDPOINT
    )
    roles = [p[0].get("csd-code") for p in ElementTree.fromstring(message).iter("ActiveParticipant")]
    assert roles == ["110152", "110153", "ward_nurse"]
    assert details(message)["reason"] == "coma, no papers"


def test_a_refusal_is_a_minor_failure_and_a_verdict_an_alert() -> None:
    """Refusals end with 4; what is no question is about an account, by DICOM's own codes."""
    refused = ElementTree.fromstring(dicom_message(entry(outcome=Outcome.REFUSED, reference=""), ENDPOINT))
    assert refused[0].get("EventOutcomeIndicator") == "4"
    verdict = ElementTree.fromstring(dicom_message(entry(operation=Operation.VERDICT, reference=""), ENDPOINT))
    assert [e.get("csd-code") for e in verdict[0] if e.get("csd-code")] == ["110113", "110137"]
    assert [o.get("ParticipantObjectID") for o in verdict.iter("ParticipantObjectIdentification")] == ["899700366240"]


@given(fed)
def test_an_event_of_the_feed_is_a_patient_record(one) -> None:
    """Whatever the feed did, DICOM's patient record event says so, with the transaction and the patient's reference."""
    message = feed_dicom_message(one, ENDPOINT)
    assert violations(message) == []
    root = ElementTree.fromstring(message)
    assert root[0].get("EventActionCode") == one.action.value and root[0][0].get("csd-code") == "110110"
    (patient,) = root.iter("ParticipantObjectIdentification")
    assert patient.get("ParticipantObjectID", "").startswith(f"{REFERENCE}^^^&")

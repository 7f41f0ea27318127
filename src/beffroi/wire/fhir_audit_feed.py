"""An event of a hospital's feed as an AuditEvent: who created, updated or removed which patient's record.

Source: IHE BALP 1.1 PatientCreate, PatientUpdate, PatientDelete; PIXm 3.1.0 Feed audits of the manager (standards 3.9).
"""

from beffroi.model.audit import FeedEntry
from beffroi.model.feed import FeedAction
from beffroi.wire.audit_codes import APPLICATION, DESTINATION, SOURCE, audited_feed
from beffroi.wire.fhir import instant
from beffroi.wire.fhir_audit_event import (
    AS_DOMAIN,
    BALP,
    REST,
    SYSTEM_OBJECT,
    dicom_concept,
    located,
    patient_entity,
    server,
    subtypes,
)
from beffroi.wire.fhir_audit_tde import tde_shaped
from beffroi.wire.fhir_terms import Json
from beffroi.wire.fhir_view import Endpoint

_PROFILES = {FeedAction.CREATE: "Create", FeedAction.UPDATE: "Update", FeedAction.DELETE: "Delete"}
_PIXM = "https://profiles.ihe.net/ITI/PIXm/StructureDefinition/IHE.PIXm.Feed"
_CUSTODIAN: Json = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type", "code": "custodian"}]
}


def feed_audit_event(entry: FeedEntry, endpoint: Endpoint, profile: str = "") -> Json:
    """The event, in IHE's shape without a `profile`."""
    audited = audited_feed(entry.action, entry.event)
    name = _PROFILES[entry.action]
    profiles = [f"{BALP}/StructureDefinition/IHE.BasicAudit.Patient{name}"]
    if audited.type.code == "ITI-104":
        profiles.append(f"{_PIXM}.{name}.Audit.Manager")
    url = f"Patient/{entry.reference}"
    event: Json = {
        "resourceType": "AuditEvent",
        "id": f"feed-{entry.feed_event_id}",
        "meta": {"profile": profiles},
        "type": REST,
        "subtype": subtypes(audited),
        "action": entry.action.value,
        "recorded": instant(entry.at),
        "outcome": "0",
        "outcomeDesc": entry.event,
        "agent": _agents(entry, endpoint),
        "source": {"observer": server(endpoint)},
        "entity": [
            {"what": {"reference": url}, "type": SYSTEM_OBJECT, "role": AS_DOMAIN},
            patient_entity(entry.reference, endpoint),
        ],
    }
    return tde_shaped(event) if profile else event


def _agents(entry: FeedEntry, endpoint: Endpoint) -> list[Json]:
    """The hospital's application, and this server: of a removal, the one that kept the record (BALP)."""
    removed = entry.action is FeedAction.DELETE
    client: Json = {
        "type": dicom_concept(APPLICATION if removed else SOURCE),
        "who": {"identifier": {"value": entry.subject}},
        "requestor": True,
        "network": {"address": "unknown", "type": "2"},
        **located(entry.structure, endpoint),
    }
    here: Json = {
        "type": _CUSTODIAN if removed else dicom_concept(DESTINATION),
        "who": server(endpoint),
        "requestor": False,
        "network": {"address": endpoint.base_url, "type": "5"},
    }
    return [client, here]

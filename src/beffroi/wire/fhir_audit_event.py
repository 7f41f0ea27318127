"""A disclosure as an AuditEvent, one per patient, in the shape of IHE's basic audit profiles.

The names of the criteria stand where the profile wants the request: their values are a patient's, and the auditor is
not told them. A refusal has no profile of its own: it is a query or a reading that failed. What is no question
(a verdict, a grant, a containment) bears DICOM's codes.

Source: IHE BALP 1.1 PatientQuery, Query and PatientRead; PDQm ITI-78 and ITI-119, PIXm ITI-83 audits (standards 3.9).
"""

from base64 import b64encode

from beffroi.model.account import AccountKind
from beffroi.model.audit import AuditEntry
from beffroi.model.disclosure import Field, Outcome
from beffroi.model.person import HospitalId
from beffroi.wire.audit_codes import DCM, DESTINATION, SOURCE, Audited, Code, is_reading
from beffroi.wire.audit_codes import audited as audited_as
from beffroi.wire.fhir import instant
from beffroi.wire.fhir_audit_tde import tde_shaped
from beffroi.wire.fhir_terms import OID_PREFIX, Json
from beffroi.wire.fhir_view import Endpoint

BALP = "https://profiles.ihe.net/ITI/BALP"

_PATIENT_QUERY = f"{BALP}/StructureDefinition/IHE.BasicAudit.PatientQuery"
_QUERY = f"{BALP}/StructureDefinition/IHE.BasicAudit.Query"
_PATIENT_READ = f"{BALP}/StructureDefinition/IHE.BasicAudit.PatientRead"
_ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ENTITY_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
_FINESS = "https://finess.esante.gouv.fr"
_SUBJECT_OID = OID_PREFIX + "1.2.250.1.71.4.2.1"

REST: Json = {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest"}
_INTERACTION = "http://hl7.org/fhir/restful-interaction"
_IHE = "urn:ihe:event-type-code"
_USER: Json = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}],
}
_PERSON: Json = {"system": _ENTITY_TYPE, "code": "1", "display": "Person"}
SYSTEM_OBJECT: Json = {"system": _ENTITY_TYPE, "code": "2", "display": "System Object"}
_AS_PATIENT: Json = {"system": _ENTITY_ROLE, "code": "1", "display": "Patient"}
AS_DOMAIN: Json = {"system": _ENTITY_ROLE, "code": "4", "display": "Domain Resource"}
_AS_QUERY: Json = {"system": _ENTITY_ROLE, "code": "24", "display": "Query"}
_REQUEST_ID: Json = {"system": f"{BALP}/CodeSystem/BasicAuditEntityType", "code": "XrequestId"}

_REFUSALS = frozenset({Outcome.REFUSED, Outcome.TOO_BROAD})


def audit_event(entry: AuditEntry, number: int, endpoint: Endpoint, profile: str = "") -> Json:
    """The event of one patient (or of none), the `number`-th of its disclosure; in IHE's shape without a `profile`."""
    audited = audited_as(entry.operation, entry.door)
    reading = is_reading(entry.operation, entry.door)
    event: Json = {
        "resourceType": "AuditEvent",
        "id": f"{entry.disclosure_id}-{number}",
        "type": REST if audited.interaction else _dicom(audited.event),
        "subtype": [_transaction(audited.type) if audited.type.code.startswith("ITI-") else _dicom(audited.type)],
        "action": "R" if reading else "E",
        "recorded": instant(entry.at),
        "outcome": outcome_of(entry),
        "outcomeDesc": entry.outcome.name.lower(),
        "agent": _agents(entry, endpoint, reading),
        "source": {"observer": server(endpoint)},
    }
    if audited.interaction:
        event["subtype"] = subtypes(audited)
        event["entity"] = _entities(entry, endpoint, reading)
        if named := _profile(entry, reading):
            event["meta"] = {"profile": [named]}
    elif entry.reference:
        event["entity"] = [patient_entity(entry.reference, endpoint, told_of(entry))]
    return tde_shaped(event) if profile else event


def outcome_of(entry: AuditEntry) -> str:
    """FHIR's and DICOM's code: 0 success, 4 a refusal."""
    return "4" if entry.outcome in _REFUSALS else "0"


def told_of(entry: AuditEntry) -> dict[str, str]:
    """What is told of a disclosure besides who and whom: the names of the fields that were sent, and whether they were.

    Nothing of it is a patient's.
    """
    sent = {True: "sent", False: "aborted", None: "unknown"}[entry.sent]
    told = {"fields": _names(entry.fields), "criteria-fields": _names(entry.criteria_fields), "delivery": sent}
    return {name: value for name, value in told.items() if value}


def subtypes(audited: Audited) -> list[Json]:
    """FHIR's interaction, and IHE's transaction."""
    return [{"system": _INTERACTION, "code": audited.interaction}, _transaction(audited.type)]


def _transaction(code: Code) -> Json:
    return {"system": _IHE, "code": code.code, "display": code.display}


def located(structure: HospitalId, endpoint: Endpoint) -> Json:
    """For which structure; nothing for the operator's own rows, which name none."""
    hospital = endpoint.hospitals.known(structure)
    if hospital is None:
        return {}
    identifier = {"system": _FINESS, "value": hospital.finess}
    return {"location": {"identifier": identifier, "display": hospital.name}}


def _dicom(code: Code) -> Json:
    return {"system": DCM, "code": code.code, "display": code.display}


def dicom_concept(code: Code) -> Json:
    """A code of DICOM's as a CodeableConcept."""
    return {"coding": [_dicom(code)]}


def _profile(entry: AuditEntry, reading: bool) -> str:
    if entry.outcome in _REFUSALS:
        return ""
    if reading:
        return _PATIENT_READ if entry.reference else ""
    return _PATIENT_QUERY if entry.reference else _QUERY


def _agents(entry: AuditEntry, endpoint: Endpoint, reading: bool) -> list[Json]:
    """A query flows from the client, a reading to it (BALP): the two ends change places."""
    client_type, server_type = (DESTINATION, SOURCE) if reading else (SOURCE, DESTINATION)
    person = entry.kind is AccountKind.PERSON
    client: Json = {
        "type": dicom_concept(client_type),
        "who": {"identifier": {"value": entry.application or entry.subject}},
        "requestor": not person,
        "network": {"address": entry.network or "unknown", "type": "2"},
    }
    here: Json = {
        "type": dicom_concept(server_type),
        "who": server(endpoint),
        "requestor": False,
        "network": {"address": endpoint.base_url, "type": "5"},
    }
    if not person:
        client |= _acting(entry, endpoint)
        return [client, here]
    subject = {"identifier": {"system": _SUBJECT_OID, "value": entry.subject}}
    user: Json = {"type": _USER, "who": subject, "requestor": True, **_acting(entry, endpoint)}
    return [client, here, user]


def _acting(entry: AuditEntry, endpoint: Endpoint) -> Json:
    """In which role, for which structure and why."""
    system = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
    why: Json = {"coding": [{"system": system, "code": entry.purpose.value}]}
    if entry.reason:  # an auditor judges an emergency reading by it
        why["text"] = entry.reason
    return {"role": [{"text": entry.role.value}], **located(entry.structure, endpoint), "purposeOfUse": [why]}


def server(endpoint: Endpoint) -> Json:
    """This server, as every event names it."""
    return {"identifier": {"system": "urn:ietf:rfc:3986", "value": endpoint.base_url}, "display": "Beffroi"}


def _entities(entry: AuditEntry, endpoint: Endpoint, reading: bool) -> list[Json]:
    found: list[Json] = []
    if not reading:
        names = "&".join(entry.criteria)
        query = b64encode((names or entry.operation.name.lower()).encode()).decode()
        described = f"{entry.operation.name.lower()} ({names}): the values are not told"
        found.append({"type": SYSTEM_OBJECT, "role": _AS_QUERY, "description": described, "query": query})
    if entry.reference:
        url = f"Patient/{entry.reference}"
        if reading:
            found.append({"what": {"reference": url}, "type": SYSTEM_OBJECT, "role": AS_DOMAIN})
        found.append(patient_entity(entry.reference, endpoint, told_of(entry)))
    request = {"identifier": {"value": str(entry.request_id)}}
    found.append({"what": request, "type": _REQUEST_ID})
    return found


def patient_entity(reference: str, endpoint: Endpoint, told: dict[str, str] | None = None) -> Json:
    """The patient by her opaque reference, with what was told of her."""
    identifier = {"system": OID_PREFIX + endpoint.regional_oid, "value": reference}
    entity: Json = {
        "what": {"reference": f"Patient/{reference}", "identifier": identifier},
        "type": _PERSON,
        "role": _AS_PATIENT,
    }
    if told:
        entity["detail"] = [{"type": name, "valueString": value} for name, value in told.items()]
    return entity


def _names(fields: Field) -> str:
    return ",".join(name.lower() for field in fields if (name := field.name))

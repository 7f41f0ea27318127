"""A disclosure, or an event of a hospital's feed, as an audit message of DICOM, one per patient: the same facts as its
AuditEvent, and no more.

The patient appears by her opaque reference, the criteria by their names. Each object has a name or a query, as the
schema wants: the patient's "name" is her reference again.

Source: DICOM PS3.15 A.5.1 (schema of audit messages); IHE ITI TF-2 3.20 (Record Audit Event).
"""

from base64 import b64encode
from collections.abc import Iterable
from urllib.parse import urlsplit

from beffroi.model.account import AccountKind
from beffroi.model.audit import AuditEntry, FeedEntry
from beffroi.wire.audit_codes import DESTINATION, SOURCE, Audited, Code, audited_feed, is_reading
from beffroi.wire.audit_codes import audited as audited_as
from beffroi.wire.fhir import instant
from beffroi.wire.fhir_audit_event import outcome_of, told_of
from beffroi.wire.fhir_view import Endpoint
from beffroi.wire.fhir_xml import escaped, quoted

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_PATIENT_NUMBER, _USER_IDENTIFIER = Code("2", "Patient Number"), Code("11", "User Identifier")
_APPLICATION_SERVER = Code("4", "Application Server Process or Thread")
_DCM, _IHE, _RFC_3881, _OWN = "DCM", "IHE Transactions", "RFC-3881", "Beffroi"
_BY_NAME, _BY_ADDRESS = "1", "2"


def dicom_message(entry: AuditEntry, endpoint: Endpoint) -> str:
    """The message of one patient, or of none, as an XML document."""
    audited = audited_as(entry.operation, entry.door)
    action = "R" if is_reading(entry.operation, entry.door) else "E"
    return _message(
        _event(entry, audited, action, outcome_of(entry), entry.outcome.name.lower()),
        *_participants(entry, endpoint),
        _source(entry, endpoint),
        *_objects(entry, audited, endpoint),
    )


def feed_dicom_message(entry: FeedEntry, endpoint: Endpoint) -> str:
    """The message of one event of the feed, as an XML document."""
    audited = audited_feed(entry.action, entry.event)
    client = {"UserID": entry.subject, "UserIsRequestor": "true"}
    return _message(
        _event(entry, audited, entry.action.value, "0", entry.event),
        _element("ActiveParticipant", client, _coded("RoleIDCode", SOURCE)),
        _here(endpoint, DESTINATION),
        _source(entry, endpoint),
        _patient(entry.reference, endpoint),
    )


def _message(*parts: str) -> str:
    return f"{_HEAD}<AuditMessage>{''.join(parts)}</AuditMessage>"


def _event(entry: AuditEntry | FeedEntry, audited: Audited, action: str, outcome: str, said: str) -> str:
    values = {"EventActionCode": action, "EventDateTime": instant(entry.at), "EventOutcomeIndicator": outcome}
    described = f"<EventOutcomeDescription>{escaped(said)}</EventOutcomeDescription>"
    coded = _coded("EventID", audited.event) + _coded("EventTypeCode", audited.type, _system(audited))
    return _element("EventIdentification", values, coded + described)


def _participants(entry: AuditEntry, endpoint: Endpoint) -> Iterable[str]:
    """Both ends, and the person: who asked is the one that requests."""
    asking, answering = (DESTINATION, SOURCE) if is_reading(entry.operation, entry.door) else (SOURCE, DESTINATION)
    person = entry.kind is AccountKind.PERSON
    network = {
        "NetworkAccessPointID": entry.network,
        "NetworkAccessPointTypeCode": _BY_ADDRESS if entry.network else "",
    }
    client = {"UserID": entry.application or entry.subject, "UserIsRequestor": _boolean(not person)}
    yield _element("ActiveParticipant", client | network, _coded("RoleIDCode", asking))
    yield _here(endpoint, answering)
    if person:
        role = Code(entry.role.value, entry.role.value)
        user = {"UserID": entry.subject, "UserIsRequestor": "true"}
        yield _element("ActiveParticipant", user, _coded("RoleIDCode", role, _OWN))


def _here(endpoint: Endpoint, role: Code) -> str:
    """This server."""
    values = {
        "UserID": endpoint.base_url,
        "UserIsRequestor": "false",
        "NetworkAccessPointID": urlsplit(endpoint.base_url).hostname or "",
        "NetworkAccessPointTypeCode": _BY_NAME,
    }
    return _element("ActiveParticipant", values, _coded("RoleIDCode", role))


def _source(entry: AuditEntry | FeedEntry, endpoint: Endpoint) -> str:
    hospital = endpoint.hospitals.known(entry.structure)
    values = {"AuditEnterpriseSiteID": hospital.finess if hospital else "", "AuditSourceID": endpoint.base_url}
    return _element("AuditSourceIdentification", values, _coded("AuditSourceTypeCode", _APPLICATION_SERVER))


def _objects(entry: AuditEntry, audited: Audited, endpoint: Endpoint) -> Iterable[str]:
    """The patient, and the query that was asked; of what is no question, the account that it is about."""
    details = {"X-Request-Id": str(entry.request_id), "purpose-of-use": entry.purpose.value}
    if entry.reason:
        details["reason"] = entry.reason
    if entry.reference:
        yield _patient(entry.reference, endpoint, {} if audited.interaction else details | told_of(entry))
    if audited.interaction:
        asked = "&".join(entry.criteria) or entry.operation.name.lower()
        query = f"<ParticipantObjectQuery>{_base64(asked)}</ParticipantObjectQuery>"
        coded = _coded("ParticipantObjectIDTypeCode", audited.type, _IHE)
        yield _object(entry.operation.name.lower(), "2", "24", coded + query, details | told_of(entry))
    elif not entry.reference:
        name = f"<ParticipantObjectName>{escaped(entry.subject)}</ParticipantObjectName>"
        coded = _coded("ParticipantObjectIDTypeCode", _USER_IDENTIFIER, _RFC_3881)
        yield _object(entry.subject, "1", "11", coded + name, details)


def _patient(reference: str, endpoint: Endpoint, details: dict[str, str] | None = None) -> str:
    """The patient by her opaque reference."""
    name = f"<ParticipantObjectName>{reference}</ParticipantObjectName>"
    coded = _coded("ParticipantObjectIDTypeCode", _PATIENT_NUMBER, _RFC_3881)
    return _object(f"{reference}^^^&{endpoint.regional_oid}&ISO", "1", "1", coded + name, details)


def _object(identifier: str, kind: str, role: str, content: str, details: dict[str, str] | None = None) -> str:
    values = {
        "ParticipantObjectID": identifier,
        "ParticipantObjectTypeCode": kind,
        "ParticipantObjectTypeCodeRole": role,
    }
    told = (
        _element("ParticipantObjectDetail", {"type": name, "value": _base64(value)})
        for name, value in (details or {}).items()
    )
    return _element("ParticipantObjectIdentification", values, content + "".join(told))


def _system(audited: Audited) -> str:
    return _IHE if audited.type.code.startswith("ITI-") else _DCM


def _coded(name: str, code: Code, system: str = _DCM) -> str:
    return _element(name, {"csd-code": code.code, "codeSystemName": system, "originalText": code.display})


def _element(name: str, values: dict[str, str], content: str = "") -> str:
    """An element with its attributes, without those that have no value."""
    attributes = "".join(f" {key}={quoted(value)}" for key, value in values.items() if value)
    return f"<{name}{attributes}>{content}</{name}>" if content else f"<{name}{attributes}/>"


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()


def _boolean(value: bool) -> str:
    return "true" if value else "false"

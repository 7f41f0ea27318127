"""A released page of disclosures as AuditEvents, one per patient, in the shape of IHE's basic audit profiles.

The names of the criteria stand where the profile wants the request: their values are a patient's, and the auditor is
not told them. A refusal has no profile of its own: it is a query or a reading that failed.

Source: IHE BALP 1.1 PatientQuery, Query and PatientRead; PDQm ITI-78 and ITI-119, PIXm ITI-83 audits (standards 3.9).
"""

from base64 import b64encode
from urllib.parse import urlencode

from beffroi.errors import InvalidValue, Missing, Unsupported, Words
from beffroi.model.account import AccountKind
from beffroi.model.audit import AUDIT_PAGE_DEFAULT, AUDIT_PAGE_MAX, AuditAnswer, AuditEntry, AuditSearch
from beffroi.model.disclosure import DisclosureId, Field, Operation, Outcome, Released
from beffroi.wire.fhir import instant
from beffroi.wire.fhir_audit_tde import PROFILE_TDE, tde_shaped
from beffroi.wire.fhir_dates import moments
from beffroi.wire.fhir_form import Pairs, token_parts
from beffroi.wire.fhir_terms import OID_PREFIX, Json
from beffroi.wire.fhir_view import Endpoint, View

WINDOW_DAYS_MAX = 366
"""Days of one search. A longer one is several: the index is by structure and time."""

_BALP = "https://profiles.ihe.net/ITI/BALP"
_PATIENT_QUERY = f"{_BALP}/StructureDefinition/IHE.BasicAudit.PatientQuery"
_QUERY = f"{_BALP}/StructureDefinition/IHE.BasicAudit.Query"
_PATIENT_READ = f"{_BALP}/StructureDefinition/IHE.BasicAudit.PatientRead"
_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ENTITY_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
_FINESS = "https://finess.esante.gouv.fr"
_SUBJECT_OID = OID_PREFIX + "1.2.250.1.71.4.2.1"

_REST: Json = {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest"}
_INTERACTION = "http://hl7.org/fhir/restful-interaction"
_IHE = "urn:ihe:event-type-code"
_USER_AUTHENTICATION: Json = {"system": _DCM, "code": "110114", "display": "User Authentication"}
_LOGIN: Json = {"system": _DCM, "code": "110122", "display": "Login"}
_SOURCE: Json = {"coding": [{"system": _DCM, "code": "110153", "display": "Source Role ID"}]}
_DESTINATION: Json = {"coding": [{"system": _DCM, "code": "110152", "display": "Destination Role ID"}]}
_USER: Json = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}],
}
_PERSON: Json = {"system": _ENTITY_TYPE, "code": "1", "display": "Person"}
_SYSTEM_OBJECT: Json = {"system": _ENTITY_TYPE, "code": "2", "display": "System Object"}
_AS_PATIENT: Json = {"system": _ENTITY_ROLE, "code": "1", "display": "Patient"}
_AS_DOMAIN: Json = {"system": _ENTITY_ROLE, "code": "4", "display": "Domain Resource"}
_AS_QUERY: Json = {"system": _ENTITY_ROLE, "code": "24", "display": "Query"}
_REQUEST_ID: Json = {"system": f"{_BALP}/CodeSystem/BasicAuditEntityType", "code": "XrequestId"}

_TRANSACTIONS = {
    Operation.SEARCH: ("search", "ITI-78"),
    Operation.MATCH: ("search", "ITI-119"),
    Operation.PIX_QUERY: ("search", "ITI-83"),
    Operation.PDQ_QUERY: ("search", "ITI-21"),
    Operation.AUDIT_SEARCH: ("search", "ITI-81"),
    Operation.READ: ("read", "ITI-78"),
    Operation.EMERGENCY_READ: ("read", "ITI-78"),
}
_READS = frozenset({Operation.READ, Operation.EMERGENCY_READ})
_REFUSALS = frozenset({Outcome.REFUSED, Outcome.TOO_BROAD})


_PARAMETERS = {
    "date": "date",
    "patient": "patient",
    "agent": "agent",
    "agent:identifier": "agent",
    "_count": "_count",
    "_before": "_before",
    "_profile": "_profile",
    "_format": "_format",
    "_pretty": "_format",
}
AUDIT_PARAMETER_TYPES = {"date": "date", "patient": "reference", "agent": "reference"}
"""The search parameters that the CapabilityStatement declares, with their FHIR types."""


def parse_audit_search(pairs: Pairs) -> AuditSearch:
    """The audit search that these parameters ask for; raises `CallerError`. Both bounds of `date` are required.

    >>> parse_audit_search([("date", "ge2026-11-01"), ("date", "le2026-11-02")]).date_until.isoformat()
    '2026-11-03T00:00:00+00:00'
    """
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in _PARAMETERS:
            what = Words("This search parameter", "Ce paramètre de recherche")
            raise Unsupported(name, what=what, instead="date, patient, agent:identifier, _count, _profile.")
        values.setdefault(_PARAMETERS[name], []).append(value)
    first, until = moments("date", values.get("date", ()))
    if first is None or until is None:
        what = Words("date, with a lower and an upper bound (ge, le),", "date, avec deux bornes (ge, le),")
        raise Missing("date", what=what)
    if first >= until or (until - first).days > WINDOW_DAYS_MAX:
        why = Words(f"between 0 and {WINDOW_DAYS_MAX} days", f"entre 0 et {WINDOW_DAYS_MAX} jours")
        raise InvalidValue("date", what="date", why=why)
    before = _number("_before", values, 0)
    return AuditSearch(
        date_from=first,
        date_until=until,
        reference=_one("patient", values).removeprefix("Patient/"),
        subject=token_parts(_one("agent", values))[-1],
        before=DisclosureId(before) if before else None,
        profile=_profile_asked(values),
        count=min(_number("_count", values, AUDIT_PAGE_DEFAULT), AUDIT_PAGE_MAX) or AUDIT_PAGE_DEFAULT,
    )


def _profile_asked(values: dict[str, list[str]]) -> str:
    """The French profile, or none for IHE's, which need not be named."""
    asked = _one("_profile", values)
    if asked and asked != PROFILE_TDE and not asked.startswith(_BALP):
        what = Words("This _profile", "Ce _profile")
        raise Unsupported("_profile", what=what, instead=PROFILE_TDE)
    return asked if asked == PROFILE_TDE else ""


def audit_bundle(released: Released[AuditAnswer], view: View, search: AuditSearch) -> Json:
    """A searchset of AuditEvents, newest first; a total only when one page holds all. `next` says that more follow.

    The next page's address holds numbers, dates and opaque references only.
    """
    answer = released.content
    base = f"{view.endpoint.base_url}/AuditEvent"
    links = [{"relation": "self", "url": f"{base}?{_query(search, search.before)}"}]
    if answer.next_before is not None:
        links.append({"relation": "next", "url": f"{base}?{_query(search, answer.next_before)}"})
    bundle: Json = {"resourceType": "Bundle", "id": view.request_id, "type": "searchset", "link": links}
    if answer.at is not None:
        bundle["meta"] = {"lastUpdated": instant(answer.at)}
    if answer.next_before is None and search.before is None:
        bundle["total"] = len(answer.entries)
    entries = []
    seen: dict[DisclosureId, int] = {}
    for entry in answer.entries:
        number = seen[entry.disclosure_id] = seen.get(entry.disclosure_id, 0) + 1
        resource = _event(entry, number, view.endpoint)
        if search.profile:
            resource = tde_shaped(resource)
        entries.append({"fullUrl": f"{base}/{resource['id']}", "resource": resource, "search": {"mode": "match"}})
    if entries:
        bundle["entry"] = entries
    return bundle


def _query(search: AuditSearch, before: DisclosureId | None) -> str:
    found = [("date", f"ge{instant(search.date_from)}"), ("date", f"lt{instant(search.date_until)}")]
    if search.reference:
        found.append(("patient", f"Patient/{search.reference}"))
    if search.subject:
        found.append(("agent:identifier", search.subject))
    if search.profile:
        found.append(("_profile", search.profile))
    found.append(("_count", str(search.count)))
    if before is not None:
        found.append(("_before", str(before)))
    return urlencode(found)


def _one(name: str, values: dict[str, list[str]]) -> str:
    some = values.get(name, [""])
    if len(some) > 1 or "," in some[0]:
        what = Words(f"More than one value of {name}", f"Plus d'une valeur de {name}")
        raise Unsupported(name, what=what, instead="")
    return some[0]


def _number(name: str, values: dict[str, list[str]], default: int) -> int:
    text = _one(name, values)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise InvalidValue(name, what=name, why=Words("use a whole number", "utilisez un nombre entier"))
    return int(text)


def _event(entry: AuditEntry, number: int, endpoint: Endpoint) -> Json:
    interaction, transaction = _TRANSACTIONS.get(entry.operation, ("", ""))
    reading = entry.operation in _READS
    event: Json = {
        "resourceType": "AuditEvent",
        "id": f"{entry.disclosure_id}-{number}",
        "type": _REST if interaction else _USER_AUTHENTICATION,
        "subtype": [_LOGIN],
        "action": "R" if reading else "E",
        "recorded": instant(entry.at),
        "outcome": "4" if entry.outcome in _REFUSALS else "0",
        "outcomeDesc": entry.outcome.name.lower(),
        "agent": _agents(entry, endpoint, reading),
        "source": {"observer": _server(endpoint)},
    }
    if interaction:
        event["subtype"] = [{"system": _INTERACTION, "code": interaction}, {"system": _IHE, "code": transaction}]
        event["entity"] = _entities(entry, endpoint, reading)
        profile = _profile(entry, reading)
        if profile:
            event["meta"] = {"profile": [profile]}
    return event


def _profile(entry: AuditEntry, reading: bool) -> str:
    if entry.outcome in _REFUSALS:
        return ""
    if reading:
        return _PATIENT_READ if entry.reference else ""
    return _PATIENT_QUERY if entry.reference else _QUERY


def _agents(entry: AuditEntry, endpoint: Endpoint, reading: bool) -> list[Json]:
    """A query flows from the client, a reading to it (BALP): the two ends change places."""
    client_type, server_type = (_DESTINATION, _SOURCE) if reading else (_SOURCE, _DESTINATION)
    person = entry.kind is AccountKind.PERSON
    client: Json = {
        "type": client_type,
        "who": {"identifier": {"value": entry.application or entry.subject}},
        "requestor": not person,
        "network": {"address": entry.network or "unknown", "type": "2"},
    }
    server: Json = {
        "type": server_type,
        "who": _server(endpoint),
        "requestor": False,
        "network": {"address": endpoint.base_url, "type": "5"},
    }
    if not person:
        client |= _acting(entry, endpoint)
        return [client, server]
    subject = {"identifier": {"system": _SUBJECT_OID, "value": entry.subject}}
    user: Json = {"type": _USER, "who": subject, "requestor": True, **_acting(entry, endpoint)}
    return [client, server, user]


def _acting(entry: AuditEntry, endpoint: Endpoint) -> Json:
    """In which role, for which structure and why."""
    hospital = endpoint.hospitals.by_id(entry.structure)
    system = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
    why: Json = {"coding": [{"system": system, "code": entry.purpose.value}]}
    if entry.reason:  # an auditor judges an emergency reading by it
        why["text"] = entry.reason
    return {
        "role": [{"text": entry.role.value}],
        "location": {"identifier": {"system": _FINESS, "value": hospital.finess}, "display": hospital.name},
        "purposeOfUse": [why],
    }


def _server(endpoint: Endpoint) -> Json:
    return {"identifier": {"system": "urn:ietf:rfc:3986", "value": endpoint.base_url}, "display": "Beffroi"}


def _entities(entry: AuditEntry, endpoint: Endpoint, reading: bool) -> list[Json]:
    found: list[Json] = []
    if not reading:
        names = "&".join(entry.criteria)
        query = b64encode((names or entry.operation.name.lower()).encode()).decode()
        described = f"{entry.operation.name.lower()} ({names}): the values are not told"
        found.append({"type": _SYSTEM_OBJECT, "role": _AS_QUERY, "description": described, "query": query})
    if entry.reference:
        url = f"Patient/{entry.reference}"
        if reading:
            found.append({"what": {"reference": url}, "type": _SYSTEM_OBJECT, "role": _AS_DOMAIN})
        found.append(_patient(entry, url, endpoint))
    request = {"identifier": {"value": str(entry.request_id)}}
    found.append({"what": request, "type": _REQUEST_ID})
    return found


def _patient(entry: AuditEntry, url: str, endpoint: Endpoint) -> Json:
    """The patient by her opaque reference, with the names of the fields that were sent, and whether they were."""
    sent = {True: "sent", False: "aborted", None: "unknown"}[entry.sent]
    told = {"fields": _names(entry.fields), "criteria-fields": _names(entry.criteria_fields), "delivery": sent}
    identifier = {"system": OID_PREFIX + endpoint.regional_oid, "value": entry.reference}
    return {
        "what": {"reference": url, "identifier": identifier},
        "type": _PERSON,
        "role": _AS_PATIENT,
        "detail": [{"type": name, "valueString": value} for name, value in told.items() if value],
    }


def _names(fields: Field) -> str:
    return ",".join(name.lower() for field in fields if (name := field.name))

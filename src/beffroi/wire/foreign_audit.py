"""FHIR AuditEvents of another server, one a line: IHE's basic audit profiles, HAPI's, and what comes near them.

An event that names its patient says that she was in the answer, not which fields were (Beffroi's own audit view does
say it). What is not read here is skipped undecoded: an event's other entities may be medical.

Source: FHIR R4 AuditEvent; IHE BALP 1.1 (standards 3.9); HAPI FHIR's BALP interceptor, which writes one PatientQuery a
patient and puts the request's line into the query entity.
"""

from base64 import b64decode
from binascii import Error as Base64Error
from datetime import datetime
from typing import TypedDict

import msgspec

from beffroi.errors import Malformed, Words
from beffroi.model.disclosure import Field, Operation
from beffroi.model.foreign import ForeignFact, ForeignOutcome, ForeignPatient
from beffroi.wire.foreign_text import NOT_ABOUT_PATIENTS, Target, identified, kept, patient_of, referenced, target_of

ENTITIES_MAX = 200
QUERY_CHARACTERS_MAX = 16_000
_FIELDS = {field.name.lower(): field for field in Field if field.name}


class _Coding(msgspec.Struct):
    system: str = ""
    code: str = ""


class _Concept(msgspec.Struct):
    coding: list[_Coding] = []


class _Identifier(msgspec.Struct):
    system: str = ""
    value: str = ""


class _Reference(msgspec.Struct):
    reference: str = ""
    display: str = ""
    identifier: _Identifier | None = None


class _Network(msgspec.Struct):
    address: str = ""
    type: str = ""


class _Agent(msgspec.Struct):
    type: _Concept | None = None
    who: _Reference | None = None
    altId: str = ""
    name: str = ""
    requestor: bool = False
    network: _Network | None = None


class _Detail(msgspec.Struct):
    type: str = ""
    valueString: str = ""


class _Entity(msgspec.Struct):
    what: _Reference | None = None
    type: _Coding | None = None
    role: _Coding | None = None
    query: str = ""
    detail: list[_Detail] = []


class _Event(msgspec.Struct):
    resourceType: str
    recorded: datetime
    type: _Coding
    subtype: list[_Coding] = []
    action: str = ""
    outcome: str = ""
    agent: list[_Agent] = []
    entity: list[_Entity] = []


class _Acting(TypedDict, total=False):
    actor: str
    actor_name: str
    application: str
    network: str


_decode = msgspec.json.Decoder(_Event).decode
_CLIENT_TYPES = frozenset({"110153", "110152", "110150"})
_SIGN_IN = "110114"
_READS, _SEARCHES = (
    frozenset({"read", "vread", "history-instance"}),
    frozenset({"search", "search-type", "search-system"}),
)
_IHE = {"ITI-119": Operation.MATCH, "ITI-83": Operation.PIX_QUERY, "ITI-9": Operation.PIX_QUERY}
_PDQ = frozenset({"ITI-21", "ITI-22"})


def audit_fact(line: str) -> ForeignFact | None:
    """The disclosure that an AuditEvent tells; None for one that reads nobody. Raises `Malformed`."""
    try:
        event = _decode(line.encode("utf-8", "surrogatepass"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        why = Words("it is not an AuditEvent of FHIR R4", "ce n'est pas un AuditEvent de FHIR R4")
        raise Malformed(what=Words("The line", "La ligne"), why=why) from None
    if event.resourceType != "AuditEvent" or event.recorded.tzinfo is None:
        why = Words("it is no AuditEvent with a time", "ce n'est pas un AuditEvent horodaté")
        raise Malformed(what=Words("The line", "La ligne"), why=why)
    operation = _operation(event)
    if operation is None:
        return None
    query = _query(event)
    patients = _patients(event)
    fields = _fields(event)
    outcome = _outcome(event, operation, bool(patients))
    if not patients and query is not None:
        patients = [*(query.patients or identified(query.criteria))]
    return ForeignFact(
        at=event.recorded,
        operation=operation,
        outcome=outcome,
        criteria=query.criteria if query else {},
        patients=tuple(patient for patient in dict.fromkeys(patients) if patient.value),
        fields=fields or Field(0),
        fields_known=fields is not None,
        beyond_identity=_beyond(event) or bool(query and query.beyond_identity),
        **_agents(event),
    )


def _operation(event: _Event) -> Operation | None:
    codes = {coding.code for coding in event.subtype}
    if event.type.code == _SIGN_IN or "110122" in codes:
        return Operation.SIGN_IN
    for transaction, operation in _IHE.items():
        if transaction in codes:
            return operation
    if codes & _PDQ:
        return Operation.PDQ_QUERY
    if "ITI-81" in codes:
        return Operation.AUDIT_SEARCH
    if codes & _SEARCHES or event.action == "E" or event.type.code == "110112":
        return Operation.SEARCH
    if codes & _READS or event.action == "R" or event.type.code == "110106":
        return Operation.READ
    return None


def _outcome(event: _Event, operation: Operation, named: bool) -> ForeignOutcome:
    """A search that names no patient does not say whether it found any. What failed showed nobody, unless it says."""
    if event.outcome not in ("", "0"):
        return ForeignOutcome.REFUSED
    if operation is Operation.SIGN_IN:
        return ForeignOutcome.SIGNED_IN
    delivery = {detail.valueString for entity in event.entity for detail in entity.detail if detail.type == "delivery"}
    if not named or delivery & {"unknown", "aborted"}:
        return ForeignOutcome.UNKNOWN
    return ForeignOutcome.SHOWN


def _is_patient(entity: _Entity) -> bool:
    role = entity.role.code if entity.role else ""
    kind = entity.type.code if entity.type else ""
    return role == "1" or (kind == "1" and role == "")


def _patients(event: _Event) -> list[ForeignPatient]:
    found: list[ForeignPatient] = []
    for entity in event.entity[:ENTITIES_MAX]:
        what = entity.what
        if what is None:
            continue
        by_number = referenced(what.reference)
        if by_number:
            found.append(by_number)
        if what.identifier and what.identifier.value and (_is_patient(entity) or by_number):
            found.append(patient_of(what.identifier.system, what.identifier.value))
    return found


def _fields(event: _Event) -> Field | None:
    for entity in event.entity[:ENTITIES_MAX]:
        for detail in entity.detail:
            if detail.type == "fields" and detail.valueString:
                names = [name for name in detail.valueString.split(",") if name in _FIELDS]
                found = Field(0)
                for name in names:
                    found |= _FIELDS[name]
                return found
    return None


def _beyond(event: _Event) -> bool:
    """Whether an entity is a resource about a patient that is not her identity. Which one is not kept."""
    for entity in event.entity[:ENTITIES_MAX]:
        reference = entity.what.reference if entity.what else ""
        parts = [part for part in reference.split("/") if part]
        kinds = [part for part in parts[:-1] if part[:1].isupper() and part.isalpha()]
        if kinds and kinds[-1] != "Patient" and kinds[-1] not in NOT_ABOUT_PATIENTS:
            return True
    return False


def _query(event: _Event) -> Target | None:
    for entity in event.entity[:ENTITIES_MAX]:
        if not entity.query or len(entity.query) > QUERY_CHARACTERS_MAX:
            continue
        try:
            text = b64decode(entity.query, validate=True).decode("utf-8")
        except (Base64Error, ValueError):
            continue
        first, _, rest = text.strip().partition(" ")
        method, address = (first, rest.split(" ")[0]) if rest and first.isupper() else ("GET", text.strip())
        if "?" not in address and "=" in address and "/" not in address.split("=", 1)[0]:
            address = f"Patient?{address}"  # some write the parameters alone
        return target_of("GET" if method == "POST" else method, address)
    return None


def _agents(event: _Event) -> _Acting:
    acting: _Acting = {}
    for agent in event.agent:
        who = agent.who or _Reference()
        name = kept(who.identifier.value if who.identifier else "") or kept(who.reference)
        shown = kept(who.display) or kept(agent.name) or kept(agent.altId)
        codes = {coding.code for coding in agent.type.coding} if agent.type else set()
        if agent.requestor:
            acting["actor"] = name or shown
            acting["actor_name"] = shown
        if codes & _CLIENT_TYPES and agent.network and agent.network.type in ("", "2", "1"):
            acting.setdefault("network", kept(agent.network.address))
            acting.setdefault("application", name or shown)
        elif agent.requestor and agent.network:
            acting.setdefault("network", kept(agent.network.address))
    return acting

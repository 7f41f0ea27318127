"""What is kept of a foreign log's texts: bounded, printable, and of a request only what names an identity.

Criteria outside the list are not kept, neither their values nor their names: one could be a diagnosis (law 4).
Source: FHIR R4 Patient search parameters, PDQm ITI-78; HL7 v2.5 for the parameters of QPD-3.
"""

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import pairwise
from urllib.parse import parse_qsl, unquote, urlsplit

from beffroi.model.disclosure import Operation
from beffroi.model.foreign import TEXT_CHARACTERS_MAX, ForeignPatient
from beffroi.wire.hl7_time import parse_time

CRITERIA_MAX = 20
PARAMETERS_MAX = 100
"""Parameters of one request that are looked at."""
SESSION_HEX = 32

IDENTITY_CRITERIA = frozenset(
    {
        *("family", "given", "name", "birthdate", "gender", "identifier", "telecom", "phone", "email", "phonetic"),
        *("address", "address-city", "address-country", "address-postalcode", "address-state", "death-date"),
        *("deceased", "mothersMaidenName", "mothers-maiden-name", "_id", "active"),
    }
)
"""Search parameters of Patient that name an identity."""

_OID = "urn:oid:"
_RESOURCE = re.compile(r"[A-Z][A-Za-z]{2,63}")
_LOGICAL_ID = re.compile(r"[A-Za-z0-9.\-]{1,64}")
_OPERATIONS = {"$match": Operation.MATCH, "$ihe-pix": Operation.PIX_QUERY}
NOT_ABOUT_PATIENTS = frozenset(
    {
        *("AuditEvent", "Binary", "CapabilityStatement", "CodeSystem", "ConceptMap", "Endpoint", "HealthcareService"),
        *("ImplementationGuide", "Location", "NamingSystem", "OperationDefinition", "Organization", "Practitioner"),
        *("PractitionerRole", "Questionnaire", "SearchParameter", "StructureDefinition", "StructureMap"),
        *("Subscription", "ValueSet", "Medication", "Substance", "Device", "Library", "Measure", "PlanDefinition"),
    }
)
"""Types that are about no patient. Every other type but Patient counts as beyond identity."""


class Target:
    """What one FHIR address asks for. `operation` is None when it reads nobody."""

    __slots__ = ("beyond_identity", "criteria", "operation", "patients")

    def __init__(self) -> None:
        self.operation: Operation | None = None
        self.patients: tuple[ForeignPatient, ...] = ()
        self.criteria: dict[str, str] = {}
        self.beyond_identity = False


def kept(text: object) -> str:
    r"""A text as it is kept: one printable line within the limit; anything else than a text is empty.

    >>> kept(" a\tb "), kept(None), kept("-")
    ('a b', '', '')
    """
    if not isinstance(text, str) or text == "-":
        return ""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text[: 2 * TEXT_CHARACTERS_MAX].split())[:TEXT_CHARACTERS_MAX]


def digest_of(session: object) -> str:
    """A session's name as a digest: it may still be open, and who reads it could take it over."""
    text = session if isinstance(session, str) else ""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:SESSION_HEX] if text else ""


def local_time(naive: datetime, *, utc: bool) -> datetime:
    """A time that a log wrote without its zone: UTC when the log's owner says so, else French legal time.

    >>> local_time(datetime(2026, 7, 1, 9), utc=False).isoformat()
    '2026-07-01T09:00:00+02:00'
    """
    if utc:
        return naive.replace(tzinfo=UTC)
    return naive.replace(tzinfo=parse_time(naive.strftime("%Y%m%d%H%M%S")).tzinfo)


def patient_of(system: str, value: str) -> ForeignPatient:
    """An identifier with its system in our form: an OID without its prefix.

    >>> patient_of("urn:oid:1.2.3", "7")
    ForeignPatient(system='1.2.3', value='7')
    """
    return ForeignPatient(kept(system).removeprefix(_OID), kept(value))


def referenced(reference: object) -> ForeignPatient | None:
    """The patient whom a reference names by the server's own number; None when it names no patient.

    >>> referenced("https://x.example/fhir/Patient/7/_history/2")
    ForeignPatient(system='', value='7')
    """
    if not isinstance(reference, str):
        return None
    parts = reference.split("?", 1)[0].split("/")
    for type_name, logical_id in pairwise(parts):
        if type_name == "Patient" and _LOGICAL_ID.fullmatch(logical_id):
            return ForeignPatient("", logical_id)
    return None


def target_of(method: str, address: str) -> Target:
    """What a request to a FHIR server asks for, by its method and its address, absolute or not.

    >>> found = target_of("GET", "/fhir/Observation?patient=7&code=1234")
    >>> found.patients, found.criteria, found.beyond_identity
    ((ForeignPatient(system='', value='7'),), {}, True)
    """
    target = Target()
    try:
        path, query = _parts(address)
    except ValueError:
        return target
    at = next((i for i, part in enumerate(path) if _RESOURCE.fullmatch(part)), None)
    if at is None or path[at] in NOT_ABOUT_PATIENTS:
        return target
    rest = path[at + 1 :]
    posted = method == "POST" and any(part == "_search" or part.startswith("$") for part in rest)
    if method not in ("GET", "HEAD") and not posted:
        return target
    pairs = parse_qsl(query, keep_blank_values=False, max_num_fields=PARAMETERS_MAX) if query else []
    if path[at] == "Patient":
        _about_patient(target, rest, pairs)
    else:
        _beyond(target, rest, pairs)
    return target


def _parts(address: str) -> tuple[list[str], str]:
    split = urlsplit(address)
    if split.query.count("&") >= PARAMETERS_MAX:
        raise ValueError("too many parameters")
    return [unquote(part) for part in split.path.split("/") if part], split.query


def _about_patient(target: Target, rest: list[str], pairs: Iterable[tuple[str, str]]) -> None:
    target.criteria = identity_criteria(pairs)
    operation = next((part for part in rest if part.startswith("$")), "")
    number = rest[0] if rest and _LOGICAL_ID.fullmatch(rest[0]) else ""
    if number:
        target.operation = _OPERATIONS.get(operation, Operation.READ)
        target.patients = (ForeignPatient("", number),)
        beside = [part for part in rest[1:] if part not in ("_history",) and _RESOURCE.fullmatch(part)]
        target.beyond_identity = bool(beside) or operation in ("$everything", "$summary")
        return
    target.operation = _OPERATIONS.get(operation, Operation.SEARCH)
    if operation == "$ihe-pix":
        asked = dict(pairs).get("sourceIdentifier", "")
        system, bar, value = asked.rpartition("|")
        target.patients = (patient_of(system, value),) if bar and value else ()
        return
    if "_id" in target.criteria:
        target.patients = (ForeignPatient("", target.criteria["_id"].removeprefix("Patient/")),)
    target.beyond_identity = any(name.startswith(("_revinclude", "_has")) for name, _ in pairs)


def _beyond(target: Target, rest: list[str], pairs: Iterable[tuple[str, str]]) -> None:
    """Something about a patient that is not her identity: whom, if it says so, and nothing else."""
    target.operation = Operation.READ if rest and not rest[0].startswith(("_", "$")) else Operation.SEARCH
    target.beyond_identity = True
    for name, value in pairs:
        base = name.split(":", 1)[0].split(".", 1)
        if base[0] not in ("patient", "subject"):
            continue
        if len(base) == 2 and base[1] == "identifier" and "|" in value:
            target.patients = (patient_of(*value.rsplit("|", 1)),)
        elif len(base) == 1 and (found := referenced(value) or referenced(f"Patient/{value}")):
            target.patients = (found,)


def identity_criteria(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The criteria that name an identity, by their names without modifiers.

    >>> identity_criteria([("family:exact", "Roux"), ("_has:Condition:patient:code", "x"), ("_count", "5")])
    {'family': 'Roux'}
    """
    found: dict[str, str] = {}
    for name, value in pairs:
        base = name.split(":", 1)[0]
        text = kept(value)
        if base in IDENTITY_CRITERIA and text and len(found) < CRITERIA_MAX:
            found[base] = f"{found[base]},{text}"[:TEXT_CHARACTERS_MAX] if base in found else text
    return found


def identified(criteria: dict[str, str]) -> tuple[ForeignPatient, ...]:
    """The patients whom a search names by a whole identifier: `identifier=system|value`.

    >>> identified({"identifier": "urn:oid:1.2|7,urn:oid:1.3|"})
    (ForeignPatient(system='1.2', value='7'),)
    """
    named = (part.rpartition("|") for part in criteria.get("identifier", "").split(","))
    return tuple(patient_of(system, value) for system, _, value in named if system and value)

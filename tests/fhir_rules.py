"""Structural rules of FHIR R4, FR Core and IHE that every answer must keep, as a list of their own.

Written from the specifications, apart from the code that renders: a rule yields what is wrong and where. `violations`
walks a whole answer, bundles and their entries included.

Source: FHIR R4 4.0.1 (JSON, Patient, Bundle, Parameters, OperationOutcome, AuditEvent, CapabilityStatement); FR Core
2.2.0 fr-core-patient and fr-core-patient-ins; IHE PDQm 3.2.0, PIXm 3.1.0, BALP 1.1 (standards 2.2, 3.1-3.3, 3.9).
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from beffroi.wire.fhir_xml import to_xml
from beffroi.wire.fhir_xml_input import from_xml
from kept_answers import keep

Json = dict[str, Any]
Found = Iterator[str]

FR = "https://hl7.fr/ig/fhir/core"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
WORD = re.compile(r"\S+")
RELIABILITY = f"{FR}/StructureDefinition/fr-core-identity-reliability"
BIRTH_PLACE = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace"
GIVEN_LIST = f"{FR}/StructureDefinition/fr-core-patient-birth-list-given-name"
INS_SYSTEMS = {f"urn:oid:1.2.250.1.213.1.4.{n}": use for n, use in ((8, "official"), (9, "temp"), (10, "official"))}
TABLE_0445 = WORD.findall(
    "VIDE PROV VALI DOUB DESA DPOT DOUA COLP COLV FILI CACH ANOM IDVER RECD IDRA USUR HOMD HOMA INVA FICT DOUT"
)
STATUSES = {"PROV", "VALI", "RECUP", "QUAL"}
PROOFS = {
    "methodCollection": {"SM", "CV", "INSI", "CB", "RFID", "AV"},
    "validationMode": {"CN", "PA", "CS", "eCN", "IN", "AV", "LECV", "AN", "LEP", "CC", "ANCV"},
}
ISSUE_CODES = WORD.findall(
    "invalid structure required value invariant security login unknown expired forbidden suppressed processing "
    "not-supported duplicate multiple-matches not-found deleted too-long code-invalid extension too-costly "
    "business-rule conflict transient lock-error no-store exception timeout incomplete throttled informational"
)
PATIENT_ELEMENTS = WORD.findall(
    "resourceType id meta implicitRules language text contained extension modifierExtension identifier active name "
    "telecom gender birthDate deceasedBoolean deceasedDateTime address maritalStatus multipleBirthBoolean "
    "multipleBirthInteger photo contact communication generalPractitioner managingOrganization link"
)
DATE = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?")
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")
ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
URI = re.compile(r"[a-z][a-z0-9+.\-]*:\S+")
CODE = re.compile(r"\S+( \S+)*")
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 section 2.2 leaves out of Char."""


def violations(resource: Json) -> list[str]:
    """Everything that is wrong in a resource and in those that it holds; empty when nothing is."""
    keep(resource)
    kind = resource.get("resourceType", "?")
    found = [f"{kind}: {one}" for rule in GENERAL for one in rule(resource)]
    found += [f"{kind}: {one}" for rule in RULES.get(kind, (unknown_type,)) for one in rule(resource)]
    found += [f"{kind}: {one}" for one in other_format(resource)] if "?" not in kind else []
    for entry in resource.get("entry", []) if kind == "Bundle" else []:
        if "resource" in entry:
            found += [f"Bundle.entry.{one}" for one in violations(entry["resource"])]
    return found


def other_format(resource: Json) -> Found:
    """Every answer says the same in XML."""
    if from_xml(to_xml(resource)) != writable(resource):
        yield "does not come back from XML as it was"


def writable(value: Any) -> Any:
    """A value with U+FFFD for what no XML document can hold."""
    if isinstance(value, dict):
        return {key: writable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [writable(inner) for inner in value]
    return NOT_XML.sub("\ufffd", value) if isinstance(value, str) else value


def unknown_type(resource: Json) -> Found:
    yield "is no type that this server answers with"


def no_empty_values(resource: Json) -> Found:
    """FHIR JSON: no null but in an array beside extensions, no empty object, array or string."""
    for path, value in walk(resource, ""):
        if value is None or value == {} or value == []:
            yield f"{path} is empty"
        if isinstance(value, str) and not value.strip():
            yield f"{path} is blank"


def ids_and_times(resource: Json) -> Found:
    if "id" in resource and not ID.fullmatch(resource["id"]):
        yield "id has not the form of an id"
    meta = resource.get("meta", {})
    if "lastUpdated" in meta and not INSTANT.fullmatch(meta["lastUpdated"]):
        yield "meta.lastUpdated is no instant"
    if "versionId" in meta and not ID.fullmatch(meta["versionId"]):
        yield "meta.versionId has not the form of an id"
    for profile in meta.get("profile", []):
        if not URI.fullmatch(profile):
            yield "meta.profile is no address"


def extensions(resource: Json) -> Found:
    """An extension has an address and either one value or extensions of its own."""
    for path, value in walk(resource, ""):
        if not re.search(r"extension\[[0-9]+\]$", path):
            continue
        values = [key for key in value if key.startswith("value")]
        if "url" not in value:
            yield f"{path} has no url"
        if len(values) + ("extension" in value) != 1:
            yield f"{path} has {len(values)} values"


def codings(resource: Json) -> Found:
    for path, value in walk(resource, ""):
        if path.endswith(("coding[0]", "valueCoding")):
            if not CODE.fullmatch(value.get("code", "")):
                yield f"{path} has no code"
            if not URI.fullmatch(value.get("system", "")):
                yield f"{path} has no system"


def patient_elements(patient: Json) -> Found:
    for key in patient:
        if key.removeprefix("_") not in PATIENT_ELEMENTS:
            yield f"{key} is no element of Patient"
    for forbidden in ("modifierExtension", "implicitRules"):
        if forbidden in patient:
            yield f"{forbidden} is forbidden (PDQm)"
    if {"deceasedBoolean", "deceasedDateTime"} <= set(patient):
        yield "deceased comes twice"
    if "link" in patient and "active" not in patient:
        yield "a link without active (iti-pdqm-linkstatus)"


def patient_identifiers(patient: Json) -> Found:
    if not patient.get("identifier"):
        yield "no identifier (PDQm)"
    for identifier in patient.get("identifier", []):
        yield from identifier_rules(identifier)
    types = [code(i.get("type", {})) for i in patient.get("identifier", [])]
    if types.count("RRI") != 1:
        yield "not exactly one regional identifier"


def identifier_rules(identifier: Json) -> Found:
    if not identifier.get("value", "").strip():
        yield "identifier.value is missing (PDQm)"
    if not URI.fullmatch(identifier.get("system", "")):
        yield "identifier.system is missing or no address (PDQm)"
    if identifier.get("use") not in ("usual", "official", "temp", "secondary", "old"):
        yield "identifier.use is missing or unknown"
    uses = {"PI": ("usual", "old"), "RRI": ("secondary",), "NDP": ("secondary",), "INS-C": ("secondary",)}
    kind = code(identifier.get("type", {}))
    if kind in uses and identifier["use"] not in uses[kind]:
        yield f"identifier of type {kind} has use {identifier['use']} (FR Core)"
    if kind.startswith("INS-N") and INS_SYSTEMS.get(identifier["system"], "official") != identifier["use"]:
        yield "identifier of type INS has a wrong use (FR Core)"
    if identifier["system"] in INS_SYSTEMS and not kind:
        yield "an INS system without a type"


def patient_names(patient: Json) -> Found:
    uses = [name.get("use") for name in patient.get("name", [])]
    if uses.count("official") > 1:
        yield "two official names"
    for name in patient.get("name", []):
        said = any(has(name, part) for part in ("family", "given", "text"))
        excused = any(e["url"] == ABSENT for e in name.get("extension", []))
        if said == excused:
            yield "a name with neither parts nor a reason, or with both (iti-pdqm-patname)"
        if name.get("use") == "official" and not (has(name, "family") and has(name, "given")):
            yield "an official name without family or given (FR Core)"
        if any(e["url"] == GIVEN_LIST for e in name.get("extension", [])) and name.get("use") != "official":
            yield "a list of given names on another name than the official one"


def patient_values(patient: Json) -> Found:
    if patient.get("gender", "unknown") not in ("male", "female", "unknown"):
        yield "gender is not one of the three that France has"
    if "birthDate" in patient and not DATE.fullmatch(patient["birthDate"]):
        yield "birthDate is no date"
    if "deceasedDateTime" in patient and not INSTANT.fullmatch(patient["deceasedDateTime"]):
        yield "deceasedDateTime is no time"
    for telecom in patient.get("telecom", []):
        if telecom.get("system") not in ("phone", "email") or not telecom.get("value"):
            yield "telecom without system or value (FR Core)"
        if telecom.get("use", "home") not in ("home", "work", "temp", "old", "mobile"):
            yield "telecom.use is unknown"
    for address in patient.get("address", []):
        if address.get("use", "home") not in ("home", "work", "temp", "old", "billing"):
            yield "address.use is unknown"
    for link in patient.get("link", []):
        if link.get("type") != "replaced-by" or not link.get("other", {}).get("reference"):
            yield "link is not replaced-by with a reference"


def patient_reliability(patient: Json) -> Found:
    """One vocabulary, one status; doubtful and fictitious only of provisional identities (next release)."""
    published, following, comments = [], [], []
    for extension in patient.get("extension", []):
        if extension["url"] == RELIABILITY:
            for part in extension["extension"]:
                if part["url"] not in ("identityStatus", "comment"):
                    yield from proof_rules(part)
                    continue
                coding = part.get("valueCoding") or part["valueCodeableConcept"]["coding"][0]
                if part["url"] == "comment":
                    comments.append(coding["code"])
                elif coding["system"].endswith("fr-core-cs-v2-0445"):
                    published.append(coding["code"])
                else:
                    following.append(coding["code"])
    if not set(published) <= set(TABLE_0445) or not set(following) <= STATUSES or not set(comments) <= set(TABLE_0445):
        yield "an identity status that its vocabulary does not hold"
    if published and following:
        yield "two vocabularies of identity status"
    if len([status for status in published if status in ("PROV", "VALI")]) > 1 or len(following) > 1:
        yield "two identity statuses"


def proof_rules(part: Json) -> Found:
    """How an identity came in and was checked: a code of FR Core's, or a day."""
    if part["url"] == "dateInterrogationINSi":
        if not DATE.fullmatch(part["valueDate"]):
            yield "the day of INSi's call is no date"
    elif part["valueCoding"]["code"] not in PROOFS[part["url"]]:
        yield f"a {part['url']} that its vocabulary does not hold"


def patient_ins(patient: Json) -> Found:
    """What fr-core-patient-ins asks for, where the patient says that she has it."""
    if f"{FR}/StructureDefinition/fr-core-patient-ins" not in patient.get("meta", {}).get("profile", []):
        return
    urls = [extension["url"] for extension in patient.get("extension", [])]
    if RELIABILITY not in urls or urls.count(BIRTH_PLACE) != 1:
        yield "INS without status or birth place"
    official = [name for name in patient["name"] if name.get("use") == "official"]
    if len(official) != 1 or len(official[0].get("given", [])) != 1:
        yield "INS without exactly one official given name"
    elif [e["url"] for e in official[0].get("extension", [])].count(GIVEN_LIST) != 1:
        yield "INS without the list of given names"
    if "gender" not in patient or "birthDate" not in patient:
        yield "INS without gender or birth date"
    uses = [i["use"] for i in patient["identifier"]]
    if not any(i["system"] in INS_SYSTEMS for i in patient["identifier"]):
        yield "INS profile without an INS (fr-core-1)"
    if uses.count("official") != 1 and "temp" not in uses:
        yield "more than one official identifier (fr-core-2)"


def bundle_form(bundle: Json) -> Found:
    if bundle.get("type") != "searchset":
        yield "type is not searchset"
    selfs = [link for link in bundle.get("link", []) if link.get("relation") == "self"]
    if len(selfs) != 1:
        yield "not exactly one self link"
    urls = [entry.get("fullUrl") for entry in bundle.get("entry", [])]
    if None in urls or len(set(urls)) != len(urls):
        yield "fullUrl is missing or comes twice (PDQm, bdl-7)"
    for entry in bundle.get("entry", []):
        mode = entry.get("search", {}).get("mode")
        outcome = entry.get("resource", {}).get("resourceType") == "OperationOutcome"
        if mode != ("outcome" if outcome else "match"):
            yield f"search.mode is {mode}"
        if not entry["fullUrl"].endswith(entry["resource"].get("id", "?")):
            yield "fullUrl and id differ"


def bundle_of_patients(bundle: Json) -> Found:
    """No link holds a value that can be read, and there is a total."""
    if "/Patient" not in bundle["link"][0]["url"]:
        return
    if not isinstance(bundle.get("total"), int):
        yield "total is missing (PDQm)"
    for link in bundle["link"]:
        query = link["url"].partition("?")[2]
        if "=" in query and not (link["relation"] == "next" and re.fullmatch(r"_page=[A-Za-z0-9_-]+", query)):
            yield "a link that holds a value"
    scored = [e["search"] for e in bundle.get("entry", []) if "score" in e["search"]]
    for search in scored:
        if not 0 <= search["score"] <= 1 or search["extension"][0]["valueCode"] not in (
            "certain",
            "probable",
            "possible",
            "certainly-not",
        ):
            yield "score or grade out of range (PDQm)"
    if [s["score"] for s in scored] != sorted((s["score"] for s in scored), reverse=True):
        yield "candidates are not in the order of likelihood (PDQm)"


def parameters_form(parameters: Json) -> Found:
    """What R4 asks of any (inv-1), and PIXm of those that claim its profile."""
    for parameter in parameters.get("parameter", []):
        said = [key for key in parameter if key.startswith("value") or key in ("resource", "part")]
        if not parameter.get("name") or len(said) != 1:
            yield "a parameter without a name, or without exactly one value (inv-1)"
    if any("PIXm" in profile for profile in parameters.get("meta", {}).get("profile", [])):
        yield from pix_parameters_form(parameters)


def pix_parameters_form(parameters: Json) -> Found:
    for parameter in parameters.get("parameter", []):
        if parameter.get("name") == "targetIdentifier":
            yield from identifier_rules(parameter["valueIdentifier"])
            if "assigner" in parameter["valueIdentifier"] and not parameter["valueIdentifier"]["assigner"]["display"]:
                yield "assigner without display (PIXm)"
        elif parameter.get("name") != "targetId" or not parameter["valueReference"].get("reference"):
            yield "a parameter that PIXm does not have"


def outcome_form(outcome: Json) -> Found:
    if not outcome.get("issue"):
        yield "no issue"
    for issue in outcome.get("issue", []):
        if issue.get("severity") not in ("fatal", "error", "warning", "information"):
            yield "severity is missing or unknown"
        if issue.get("code") not in ISSUE_CODES:
            yield f"issue code {issue.get('code')} is unknown"
        if not (issue.get("details", {}).get("text") or issue.get("diagnostics")):
            yield "an issue without words"


def audit_form(event: Json) -> Found:
    for required in ("type", "recorded", "agent", "source"):
        if required not in event:
            yield f"{required} is missing"
    if event.get("outcome") not in ("0", "4", "8", "12") or event.get("action") not in tuple("CRUDE"):
        yield "outcome or action is unknown"
    if "period" in event:
        yield from tde_form(event)
        return
    agents = {code(agent["type"]): agent for agent in event["agent"]}
    ends = {"110150", "custodian"} if event["action"] == "D" else {"110152", "110153"}
    if not ends <= set(agents):
        yield "client or server is missing (BALP)"
    for kind, agent in agents.items():
        if "who" not in agent or not isinstance(agent.get("requestor"), bool):
            yield "an agent without who or requestor"
        if ("network" in agent) == (kind == "IRCP"):
            yield "network is for client and server only (BALP)"
    if [agent["requestor"] for agent in event["agent"]].count(True) != 1:
        yield "not exactly one requestor"
    servers = [agent for agent in event["agent"] if agent["who"] == event["source"]["observer"]]
    if len(servers) != 1:
        yield "the source is not the server (val-audit-source)"
    yield from audit_profile(event)


def tde_form(event: Json) -> Found:
    """The French shape (TDE)."""
    if len(event["subtype"]) > 1 or len(event["agent"]) > 2 or "start" not in event["period"]:
        yield "more than a subtype and two agents, or no beginning (TDE)"
    if any("who" not in agent for agent in event["agent"]):
        yield "an agent without who (TDE)"


def audit_profile(event: Json) -> Found:
    profiles = event.get("meta", {}).get("profile", [])
    if not profiles:
        return
    if event["outcome"] != "0" or len(event["subtype"]) < 2:
        yield "a profile of success on something else (BALP, PDQm)"
    roles = [entity.get("role", {}).get("code") for entity in event.get("entity", [])]
    name = profiles[0].rpartition(".")[2]
    expected = {"PatientQuery": ["24", "1"], "Query": ["24"]}.get(name, ["4", "1"])
    if [role for role in roles if role] != expected:
        yield f"entities {roles} of {profiles[0]}"
    actions = {"Read": "R", "Create": "C", "Update": "U", "Delete": "D"}
    if event["action"] != actions.get(name.removeprefix("Patient"), "E"):
        yield "action and profile differ"
    for entity in event["entity"]:
        if entity.get("role", {}).get("code") == "24" and ("what" in entity or not entity.get("query")):
            yield "a query entity with what, or without query (BALP)"


def capability_form(statement: Json) -> Found:
    for required in ("status", "date", "kind", "fhirVersion", "format", "rest"):
        if required not in statement:
            yield f"{required} is missing"
    if statement.get("kind") == "instance" and "implementation" not in statement:
        yield "an instance without implementation (cpb-15)"
    for resource in statement["rest"][0]["resource"]:
        names = [parameter["name"] for parameter in resource.get("searchParam", [])]
        if len(set(names)) != len(names):
            yield "a search parameter comes twice (cpb-12)"


def has(element: Json, name: str) -> bool:
    """An element exists by its value or by its extension alone."""
    return name in element or f"_{name}" in element


def code(concept: Json) -> str:
    return str(concept["coding"][0]["code"]) if concept else ""


def walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if path:
        yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from walk(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from walk(inner, f"{path}[{index}]")


Rule = Callable[[Json], Found]
GENERAL: tuple[Rule, ...] = (no_empty_values, ids_and_times, extensions, codings)
RULES: dict[str, tuple[Rule, ...]] = {
    "Patient": (
        patient_elements,
        patient_identifiers,
        patient_names,
        patient_values,
        patient_reliability,
        patient_ins,
    ),
    "Bundle": (bundle_form, bundle_of_patients),
    "Parameters": (parameters_form,),
    "OperationOutcome": (outcome_form,),
    "AuditEvent": (audit_form,),
    "CapabilityStatement": (capability_form,),
}

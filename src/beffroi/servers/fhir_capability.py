"""The CapabilityStatement, made from the table of routes so that it cannot promise what is not served.

Source: FHIR R4 CapabilityStatement; IHE PDQm 3.2.0, PIXm 3.1.0, IUA (standards 3.1-3.3, 3.10).
"""

from typing import Any

import msgspec

from beffroi import __version__
from beffroi.servers.routes import ROUTES, Route
from beffroi.wire.fhir_audit import AUDIT_PARAMETER_TYPES
from beffroi.wire.fhir_search import PARAMETER_TYPES
from beffroi.wire.fhir_terms import PROFILE_FR_PATIENT, PROFILE_FR_PATIENT_INS, PROFILE_PDQM_PATIENT

_STATED_ON = "2026-11-24"
_OPERATIONS = {
    "beffroi-scope": "urn:beffroi:operation:scope",
    "match": "http://hl7.org/fhir/OperationDefinition/Patient-match",
    "ihe-pix": "https://profiles.ihe.net/ITI/PIXm/OperationDefinition/IHE.PIXm.pix",
}
_PARAMETERS = {"Patient": PARAMETER_TYPES, "AuditEvent": AUDIT_PARAMETER_TYPES}
_PROFILES = {"Patient": [PROFILE_FR_PATIENT, PROFILE_FR_PATIENT_INS, PROFILE_PDQM_PATIENT]}
_LIMITS = (
    "A list shows the patients whom the asker's hospital has announced recently, and others only when the full birth "
    "date, three letters of the family name and the first of the given name, or a full identifier, were asked. A "
    "search that finds more than the list's limit shows none and says what to add. Contact fields and identifiers are "
    "shown when one patient is read, for a stated purpose (Beffroi-Fields, Beffroi-Purpose). Every answer is recorded."
)
_SECURITY = (
    "OAuth 2.0 access tokens bound to a key (DPoP, RFC 9449) or to a certificate (RFC 8705). A plain bearer token is "
    "refused."
)


def capability_statement(base_url: str, routes: tuple[Route, ...] = ROUTES) -> bytes:
    """The statement in JSON. It is the same for every caller and tells nothing about anybody."""
    resources = [_resource(name, routes) for name in dict.fromkeys(route.resource for route in routes)]
    iua = {"system": "http://profiles.ihe.net/fhir/ihe.securityTypes/CodeSystem/securityTypes", "code": "IUA"}
    return msgspec.json.encode(
        {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": _STATED_ON,
            "kind": "instance",
            "software": {"name": "Beffroi", "version": __version__},
            "implementation": {"description": "Beffroi: patient identities of a region's hospitals", "url": base_url},
            "fhirVersion": "4.0.1",
            "format": ["xml", "json"],
            "rest": [
                {
                    "mode": "server",
                    "documentation": _LIMITS,
                    "security": {"cors": False, "service": [{"coding": [iua]}], "description": _SECURITY},
                    "resource": resources,
                }
            ],
        }
    )


def _resource(name: str, routes: tuple[Route, ...]) -> dict[str, Any]:
    of_resource = [route for route in routes if route.resource == name]
    found: dict[str, Any] = {"type": name}
    if name in _PROFILES:
        found["supportedProfile"] = _PROFILES[name]
    codes = dict.fromkeys(r.interaction for r in of_resource if r.interaction not in _OPERATIONS)
    found["interaction"] = [{"code": code} for code in codes]
    if "update" in codes:
        found["conditionalUpdate"] = True
    if "delete" in codes:
        found["conditionalDelete"] = "single"
    found["searchParam"] = [{"name": n, "type": kind} for n, kind in _PARAMETERS[name].items()]
    operations = dict.fromkeys(r.interaction for r in of_resource if r.interaction in _OPERATIONS)
    if operations:
        found["operation"] = [{"name": n, "definition": _OPERATIONS[n]} for n in operations]
    return found

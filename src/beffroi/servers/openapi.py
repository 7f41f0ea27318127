"""The API as OpenAPI 3.1, made from the table that routes the requests, so that it cannot promise what is not served.

It says where to send what; what a resource is, FHIR says.

Source: OpenAPI Specification 3.1.0; FHIR R4 RESTful API.
"""

from typing import Any, Final

import msgspec

from beffroi import __version__
from beffroi.servers.exchange import FORM, Format
from beffroi.servers.routes import Route
from beffroi.wire.fhir_audit import AUDIT_PARAMETER_TYPES
from beffroi.wire.fhir_search import PARAMETER_TYPES

PATH: Final = "/openapi.json"

_TEXT: Final = {"type": "string", "maxLength": 512}
_OWN: Final = {
    "search-type": ("_count", "_elements", "_summary", "_format"),
    "ihe-pix": ("sourceIdentifier", "targetSystem", "_format"),
    "update": ("identifier", "_format"),
    "delete": ("identifier", "_format"),
    "read": ("_elements", "_format"),
    "match": ("_format",),
}
_REQUIRED: Final = {("ihe-pix", "sourceIdentifier"), ("update", "identifier"), ("delete", "identifier")}
_HEADERS: Final = ("Beffroi-Fields", "Beffroi-Purpose", "Beffroi-Reason", "X-Request-Id")
_SEARCHED: Final = {"Patient": PARAMETER_TYPES, "AuditEvent": AUDIT_PARAMETER_TYPES}
_REFUSALS: Final = ("400", "401", "403", "404", "406", "410", "412", "413", "415", "429", "503")


def openapi(base_url: str, routes: tuple[Route, ...]) -> bytes:
    """The description in JSON. It is the same for every caller and tells nothing about anybody."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {"title": "Beffroi", "version": __version__, "description": "FHIR R4, IHE PDQm and PIXm."},
            "servers": [{"url": base_url}],
            "security": [{"token": []}],
            "components": {"securitySchemes": {"token": {"type": "http", "scheme": "DPoP"}}},
            "paths": paths,
        }
    )


def _operation(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": f"{route.method.lower()}-{route.resource}-{route.interaction}",
        "summary": f"{route.interaction} on {route.resource} ({route.transaction})",
        "parameters": [*_parameters(route), *_headers()],
        "responses": _responses(route),
    }
    if route.bodies:
        kinds = {"type": "object", "additionalProperties": _TEXT} if FORM in route.bodies else {"type": "object"}
        content = {media_type: {"schema": kinds} for media_type in route.bodies}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _parameters(route: Route) -> list[dict[str, Any]]:
    names = list(_OWN.get(route.interaction, ()))
    if route.interaction == "search-type":
        names += _SEARCHED[route.resource]
    found = [
        {"name": name, "in": "query", "required": (route.interaction, name) in _REQUIRED, "schema": _TEXT}
        for name in dict.fromkeys(names)
        if route.method != "POST" or name == "_format"
    ]
    if "{reference}" in route.path:
        found.append({"name": "reference", "in": "path", "required": True, "schema": {"type": "string"}})
    return found


def _headers() -> list[dict[str, Any]]:
    return [{"name": name, "in": "header", "required": False, "schema": _TEXT} for name in _HEADERS]


def _responses(route: Route) -> dict[str, Any]:
    content: dict[str, Any] = {one.value: {} for one in Format}
    accepted = ("200", "201") if route.interaction == "update" else ("200",)
    said = {code: {"description": "The answer.", "content": content} for code in accepted}
    refused = {code: {"description": "An OperationOutcome says why.", "content": content} for code in _REFUSALS}
    return said | refused

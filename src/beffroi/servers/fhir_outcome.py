"""Errors as OperationOutcome, in the caller's language, with the headers that belong to them.

Source: FHIR R4 OperationOutcome; RFC 9110 (Allow, Retry-After).
"""

from typing import Any
from uuid import UUID

import msgspec

from beffroi.errors import (
    BeffroiError,
    MethodNotAllowed,
    Overloaded,
    ServerError,
    TooManyInFlight,
    UnknownDomain,
)
from beffroi.servers.exchange import Reply

RETRY_S = {TooManyInFlight: 1, Overloaded: 2, ServerError: 5}
"""Seconds after which it is worth trying again. A ceiling has none: it may last for hours, and waiting is no way on."""

_encode = msgspec.json.Encoder().encode
_UNEXPECTED = {
    "en": "An unexpected error stopped this request; nothing was released. Quote this number: {id}.",
    "fr": "Une erreur inattendue a arrêté cette demande ; rien n'a été communiqué. Citez ce numéro : {id}.",
}


def outcome(issues: list[dict[str, Any]], request_id: UUID) -> bytes:
    """An OperationOutcome in JSON."""
    return _encode({"resourceType": "OperationOutcome", "id": str(request_id), "issue": issues})


def error_reply(
    error: BeffroiError, language: str, request_id: UUID, challenges: tuple[tuple[str, str], ...] = ()
) -> Reply:
    """What a caller is told: `details` in their language, `diagnostics` in English whatever the language.

    `challenges` are the headers of a 401, as the authenticator makes them.

    An unknown target domain is a warning, as PDQm says (ITI-78); everything else is an error.
    """
    status = error.status if isinstance(error, UnknownDomain) else error.http_status
    code = "not-found" if isinstance(error, UnknownDomain) and status == 404 else error.fhir_code
    issue: dict[str, Any] = {
        "severity": "warning" if code == "not-found" and isinstance(error, UnknownDomain) else "error",
        "code": code,
        "details": {"text": error.text(language)},
        "diagnostics": error.text("en"),
    }
    if error.location[:1].isupper() and "^" not in error.location:  # a field of HL7 v2 is no place in FHIR
        issue["expression"] = [error.location]
    elif error.location and "^" not in error.location:
        issue["location"] = [f"http.{error.location}"]
    headers = tuple((name.encode(), value.encode("latin-1", "replace")) for name, value in challenges)
    return Reply(status, outcome([issue], request_id), (*_headers(error), *headers))


def unexpected_reply(language: str, request_id: UUID) -> Reply:
    """What is told of an error that nobody foresaw: a number to quote, and no detail."""
    text = _UNEXPECTED["fr" if language == "fr" else "en"].format(id=request_id)
    issue = {"severity": "fatal", "code": "exception", "details": {"text": text}}
    return Reply(500, outcome([issue], request_id))


def _headers(error: BeffroiError) -> tuple[tuple[bytes, bytes], ...]:
    found: list[tuple[bytes, bytes]] = []
    if isinstance(error, MethodNotAllowed):
        found.append((b"allow", str(error.parameters["allowed"]).encode()))
    for kind, seconds in RETRY_S.items():
        if isinstance(error, kind):
            found.append((b"retry-after", str(seconds).encode()))
            break
    return tuple(found)

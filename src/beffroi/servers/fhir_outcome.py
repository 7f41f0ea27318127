"""Errors as OperationOutcome, in the caller's language, with the headers that belong to them.

Source: FHIR R4 OperationOutcome; RFC 9110 (Allow, Retry-After), RFC 6750 and RFC 9449 (WWW-Authenticate, DPoP-Nonce).
"""

from typing import Any
from uuid import UUID

import msgspec

from beffroi.errors import (
    BeffroiError,
    MethodNotAllowed,
    NotAuthenticated,
    Overloaded,
    ServerError,
    TooManyInFlight,
    UnknownDomain,
)
from beffroi.servers.exchange import Reply

RETRY_S = {TooManyInFlight: 1, Overloaded: 2, ServerError: 5}
"""Seconds after which it is worth trying again. A ceiling has none: it may last for hours, and waiting is no way on."""

_encode = msgspec.json.Encoder().encode
_REALM = "beffroi"
_ALGORITHMS = "ES256"
_UNEXPECTED = {
    "en": "An unexpected error stopped this request; nothing was released. Quote this number: {id}.",
    "fr": "Une erreur inattendue a arrêté cette demande ; rien n'a été communiqué. Citez ce numéro : {id}.",
}


def outcome(issues: list[dict[str, Any]], request_id: UUID) -> bytes:
    """An OperationOutcome in JSON."""
    return _encode({"resourceType": "OperationOutcome", "id": str(request_id), "issue": issues})


def error_reply(error: BeffroiError, language: str, request_id: UUID) -> Reply:
    """What a caller is told: `details` in their language, `diagnostics` in English whatever the language.

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
    return Reply(status, outcome([issue], request_id), _headers(error))


def unexpected_reply(language: str, request_id: UUID) -> Reply:
    """What is told of an error that nobody foresaw: a number to quote, and no detail."""
    text = _UNEXPECTED["fr" if language == "fr" else "en"].format(id=request_id)
    issue = {"severity": "fatal", "code": "exception", "details": {"text": text}}
    return Reply(500, outcome([issue], request_id))


def _headers(error: BeffroiError) -> tuple[tuple[bytes, bytes], ...]:
    found: list[tuple[bytes, bytes]] = []
    if isinstance(error, NotAuthenticated):
        found.append((b"www-authenticate", challenge(error).encode("ascii", "replace")))
    if isinstance(error, MethodNotAllowed):
        found.append((b"allow", str(error.parameters["allowed"]).encode()))
    for kind, seconds in RETRY_S.items():
        if isinstance(error, kind):
            found.append((b"retry-after", str(seconds).encode()))
            break
    return tuple(found)


def challenge(error: NotAuthenticated) -> str:
    """WWW-Authenticate for a refused or missing token. Without a token there is no error code (RFC 6750 section 3.1).

    >>> challenge(NotAuthenticated("invalid_token", "the token has expired"))
    'DPoP realm="beffroi", algs="ES256", error="invalid_token", error_description="the token has expired"'
    """
    parts = [f'realm="{_REALM}"']
    if error.scheme == "DPoP":
        parts.append(f'algs="{_ALGORITHMS}"')
    if error.error:
        why = str(error.parameters["why"]).replace("\\", "").replace('"', "'")
        parts += [f'error="{error.error}"', f'error_description="{why}"']
    return f"{error.scheme} {', '.join(parts)}"

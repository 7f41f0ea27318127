"""Which fields, why and for which reason: from headers, or from the body of an operation, to an `Ask`.

`Beffroi-Fields: contact, identifiers`, `Beffroi-Purpose: TREAT`, `Beffroi-Reason: ` percent-encoded UTF-8. What a body
says takes the place of the header of the same name.
"""

import re
from urllib.parse import unquote_to_bytes

from beffroi.access.fields import FIELDS_OF_SET, MINIMAL, FieldSet
from beffroi.actions.asking import Ask
from beffroi.errors import InvalidValue, Missing, TooLarge, Unsupported, Words
from beffroi.model.disclosure import Door, Field, Operation, Purpose
from beffroi.servers.authentication import Authenticated
from beffroi.servers.exchange import Headers, Request
from beffroi.wire.fhir_input import AskedFor

REASON_LENGTH_MAX = 500
"""Characters. A reason is a sentence, not a report: it is kept in the disclosure and must not become medical."""

FIELDS_HEADER, PURPOSE_HEADER, REASON_HEADER = "beffroi-fields", "beffroi-purpose", "beffroi-reason"
ASKED_PURPOSES = frozenset(Purpose) - {Purpose.AUDIT}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def ask_of(
    who: Authenticated, request: Request, operation: Operation, body: AskedFor | None = None, only: Field | None = None
) -> Ask:
    """The request as the finder takes it; raises `CallerError`. A reading for purpose BTG is an emergency reading."""
    purpose = _purpose(_said(body.purpose if body else "", request.headers, PURPOSE_HEADER))
    if purpose is Purpose.EMERGENCY:
        if operation not in (Operation.READ, Operation.SEARCH):
            what = Words(
                "Purpose BTG outside a search or the reading of one patient",
                "Le motif BTG hors d'une recherche ou de la lecture d'un patient",
            )
            instead = Words("Search for that one patient in full.", "Cherchez ce seul patient, complètement.")
            raise Unsupported(PURPOSE_HEADER, what=what, instead=instead)
        operation = Operation.EMERGENCY_READ
    reason = _reason(body, request.headers)
    if purpose is Purpose.EMERGENCY and not reason:
        raise Missing(REASON_HEADER, what="Beffroi-Reason")
    wanted = _fields(_said(body.fields if body else "", request.headers, FIELDS_HEADER))
    request.asked = True
    return Ask(
        asker=who.asker,
        door=Door.FHIR,
        operation=operation,
        request_id=request.request_id,
        wanted=wanted,
        purpose=purpose,
        reason=reason,
        proof=who.proof,
        only=only,
    )


def unread_ask_of(who: Authenticated, request: Request, operation: Operation) -> Ask:
    """A question that could not be read, as its refusal is recorded."""
    return Ask(who.asker, Door.FHIR, operation, request.request_id, wanted=Field(0), proof=who.proof)


def audit_ask_of(who: Authenticated, request: Request, operation: Operation = Operation.AUDIT_SEARCH) -> Ask:
    """An audit asks for no patient's fields and has a purpose of its own."""
    request.asked = True
    return Ask(
        asker=who.asker,
        door=Door.FHIR,
        operation=operation,
        request_id=request.request_id,
        wanted=Field(0),
        purpose=Purpose.AUDIT,
        proof=who.proof,
    )


def _said(in_body: str, headers: Headers, name: str) -> str:
    return in_body or headers.get(name, "")


def _fields(text: str) -> Field:
    """The fields of the sets named, minimal always among them."""
    found = MINIMAL
    if not text:
        return found
    for name in text.split(","):
        try:
            found |= FIELDS_OF_SET[FieldSet(name.strip().lower())]
        except ValueError:
            why = Words("use minimal, contact, identifiers", "utilisez minimal, contact, identifiers")
            raise InvalidValue(FIELDS_HEADER, what="Beffroi-Fields", why=why) from None
    return found


def _purpose(text: str) -> Purpose:
    if not text:
        return Purpose.TREATMENT
    try:
        purpose = Purpose(text.strip().upper())
    except ValueError:
        purpose = Purpose.AUDIT
    if purpose not in ASKED_PURPOSES:
        codes = ", ".join(sorted(ASKED_PURPOSES))
        why = Words(f"use one of {codes}", f"utilisez l'un de {codes}")
        raise InvalidValue(PURPOSE_HEADER, what="Beffroi-Purpose", why=why)
    return purpose


def _reason(body: AskedFor | None, headers: Headers) -> str:
    text = body.reason if body and body.reason else _decoded(headers.get(REASON_HEADER, ""))
    if len(text) > REASON_LENGTH_MAX:
        raise TooLarge(REASON_HEADER, what="Beffroi-Reason", limit=f"{REASON_LENGTH_MAX}")
    if _CONTROL.search(text):
        why = Words("it has a control character", "caractère de contrôle")
        raise InvalidValue(REASON_HEADER, what="Beffroi-Reason", why=why)
    return text.strip()


def _decoded(raw: str) -> str:
    try:
        return unquote_to_bytes(raw.encode("latin-1")).decode()
    except UnicodeDecodeError:
        why = Words("percent-encode it as UTF-8", "encodez-la en UTF-8 et pour cent")
        raise InvalidValue(REASON_HEADER, what="Beffroi-Reason", why=why) from None

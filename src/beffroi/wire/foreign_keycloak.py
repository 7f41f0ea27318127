"""Keycloak's events: who signed in, when and from where. They are no readings; they tie an account to a network.

Three forms: an event's JSON (as its REST interface and listeners write it), the server's JSON log, and its text log.
Source: Keycloak's EventRepresentation and the listener jboss-logging (`type="LOGIN", realmId="…", …`).
"""

import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from beffroi.errors import Malformed, Words
from beffroi.model.disclosure import Operation
from beffroi.model.foreign import ForeignFact, ForeignOutcome
from beffroi.wire.foreign_text import digest_of, kept, local_time

_SIGN_INS = frozenset({"LOGIN", "CODE_TO_TOKEN", "REFRESH_TOKEN", "CLIENT_LOGIN", "TOKEN_EXCHANGE", "IMPERSONATE"})
"""Events by which somebody holds a token afterwards. With `_ERROR` behind: an attempt that failed."""
_PAIR = re.compile(r'(\w{1,60})=(?:"([^"]{0,1000})"|([^",]{0,1000}))(?:, |$)')
_WHEN = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:[.,](\d{1,6}))?\d{0,3}(Z|[+-]\d\d:?\d\d)?")
_LOGGER = "org.keycloak.events"
_MILLISECONDS_MAX = 4_102_444_800_000
"""Milliseconds since 1970: the year 2100."""


class _Event(msgspec.Struct):
    """What is read of a line of JSON; members are skipped, not decoded, when they are not here."""

    type: str = ""
    time: int | None = None
    clientId: str | None = None
    userId: str | None = None
    sessionId: str | None = None
    ipAddress: str | None = None
    details: dict[str, Any] | None = None
    timestamp: str | None = None
    loggerName: str | None = None
    message: str | None = None


_decode = msgspec.json.Decoder(_Event, strict=False).decode


def keycloak_fact(line: str, *, utc: bool) -> ForeignFact | None:
    """The sign-in that a line tells; None for another event, or another logger's line. Raises `Malformed`.

    >>> line = '2026-11-24 09:00:00,5 DEBUG [org.keycloak.events] (x) type="LOGIN", userId="u", ipAddress="192.0.2.1"'
    >>> keycloak_fact(line, utc=True).network
    '192.0.2.1'
    """
    if not line.lstrip().startswith("{"):
        return _text_fact(line, None, utc) if _LOGGER in line else None
    try:
        event = _decode(line.lstrip().encode("utf-8", "surrogatepass"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _malformed(Words("it is not an event in JSON", "ce n'est pas un événement en JSON")) from None
    if event.message is not None:
        logged = event.loggerName == _LOGGER or 'type="' in event.message or event.message.startswith("type=")
        return _text_fact(event.message, event.timestamp, utc) if logged else None
    if event.time is None or not 0 <= event.time <= _MILLISECONDS_MAX:
        raise _malformed(Words("it has no time", "l'heure manque"))
    at = datetime.fromtimestamp(event.time / 1000, UTC)
    name = (event.details or {}).get("username")
    return _fact(event.type, at, event.userId, name, event.clientId, event.ipAddress, event.sessionId)


def _text_fact(text: str, timestamp: str | None, utc: bool) -> ForeignFact | None:
    start = text.find("type=")
    if start < 0:
        return None
    said = {pair[1]: pair[2] or pair[3] or "" for pair in _PAIR.finditer(text, start)}
    when = _WHEN.search(timestamp if timestamp is not None else text[:start])
    if not when:
        raise _malformed(Words("it has no time", "l'heure manque"))
    try:
        naive = datetime.fromisoformat(f"{when[1]}T{when[2]}.{(when[3] or '0').ljust(6, '0')}")
        at = local_time(naive, utc=utc) if not when[4] else datetime.fromisoformat(naive.isoformat() + when[4])
    except ValueError:
        raise _malformed(Words("its time cannot be read", "l'heure est illisible")) from None
    found = (said.get(key) for key in ("userId", "username", "clientId", "ipAddress", "sessionId"))
    return _fact(said.get("type", ""), at, *found)


def _fact(
    kind: str, at: datetime, user: object, name: object, client: object, network: object, session: object
) -> ForeignFact | None:
    base = kind.removesuffix("_ERROR")
    if base not in _SIGN_INS:
        return None
    return ForeignFact(
        at=at,
        operation=Operation.SIGN_IN,
        outcome=ForeignOutcome.REFUSED if kind.endswith("_ERROR") else ForeignOutcome.SIGNED_IN,
        actor="" if user == "null" else kept(user),
        actor_name=kept(name),
        application=kept(client),
        network=kept(network),
        session=digest_of(session),
    )


def _malformed(why: Words) -> Malformed:
    return Malformed(what=Words("The line", "La ligne"), why=why)

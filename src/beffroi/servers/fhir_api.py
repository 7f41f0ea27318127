"""The FHIR API as an ASGI application: route, authenticate, handle, send, and tell what became of the answer.

It speaks ASGI itself rather than through a web framework: the table of routes is ours anyway, FHIR has its own errors
and media types, and a framework's objects would cost some 15 microseconds a request (docs/decisions/).

Source: ASGI 3; RFC 9110; FHIR R4 RESTful API.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any, Protocol

import msgspec

from beffroi.access.pages import Continuations
from beffroi.access.policy import OPERATION_WORDS, OTHER_ROLE
from beffroi.access.scopes import allows
from beffroi.actions.case_room import CaseRoom
from beffroi.actions.feeding import HospitalFeed
from beffroi.actions.ways.ways_on import WaysOn
from beffroi.clock import Clock
from beffroi.errors import (
    BeffroiError,
    CallerError,
    CeilingReached,
    Forbidden,
    MethodNotAllowed,
    NotAuthenticated,
    NotFound,
    OutOfScope,
    TooLarge,
    TooManyInFlight,
    TooSlow,
    UnsupportedBody,
    Words,
)
from beffroi.model.disclosure import Door, Operation
from beffroi.servers.authentication import Authenticated
from beffroi.servers.departed import is_gone
from beffroi.servers.exchange import (
    FORM,
    XML_BODIES,
    Format,
    Headers,
    Reply,
    Request,
    asked_format,
    header_dict,
    language_of,
    request_id_of,
)
from beffroi.servers.fhir_ask import unread_ask_of
from beffroi.servers.fhir_capability import capability_statement
from beffroi.servers.fhir_handlers import Desk, Finds, encode
from beffroi.servers.fhir_outcome import error_reply, outcome, unexpected_reply
from beffroi.servers.openapi import PATH as OPENAPI_PATH
from beffroi.servers.openapi import openapi
from beffroi.servers.routes import (
    ACCOUNT_ROUTES,
    BESIDE,
    FEED_ROUTES,
    INCIDENT_ROUTES,
    METADATA,
    PLAIN_ROUTES,
    ROUTES,
    Route,
    Router,
)
from beffroi.servers.smart_configuration import PATH as SMART_PATH
from beffroi.telemetry import Event, log_failure
from beffroi.telemetry.metrics import Result, count_request, result_of
from beffroi.wire.fhir_form import parse_pairs
from beffroi.wire.fhir_view import Endpoint
from beffroi.wire.fhir_xml import to_xml
from beffroi.wire.fhir_xml_input import from_xml

ROOT = "/fhir"
BODY_BYTES_MAX = 65_536
"""Bytes of a body. A Patient to match has some 3,000; a form with every parameter some 2,000."""
QUERY_BYTES_MAX = 8_192
"""Bytes of a query string: what proxies commonly pass."""
SECRET_BYTES = 32
"""Bytes of the key of the pages' links, where the deployment gives none."""
CEILING_PAUSE_S = 0.25
"""Seconds that a refusal beyond a ceiling keeps its place: 16 a second and process, so that a robot which only collects
refusals does not slow everybody else. A person does not notice."""
IMPATIENT_PAUSE_S = 1.0
"""Seconds until an account whose places and waiting places are all taken is told so."""
BODY_SECONDS_MAX = 10
"""Seconds for a body to arrive whole."""

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
)
_HEADERS_OF = {one: ((b"content-type", f"{one.value}; charset=utf-8".encode()), *_HEADERS) for one in Format}
_PLAIN_HEADERS = ((b"content-type", b"application/json"), *_HEADERS)


class Admits(Protocol):
    """Who asks, by token and proof (servers.authentication.Authenticator)."""

    def admit(
        self, method: str, url: str, headers: Headers, peer: str
    ) -> AbstractAsyncContextManager[Authenticated]: ...

    def nonce(self) -> str: ...

    def challenges(self, error: NotAuthenticated) -> tuple[tuple[str, str], ...]: ...


class FhirApi:
    """The application, for every address under `/fhir`."""

    def __init__(
        self,
        finder: Finds,
        authenticator: Admits,
        endpoint: Endpoint,
        clock: Clock,
        body_bytes_max: int = BODY_BYTES_MAX,
        pages: Continuations | None = None,
        feed: HospitalFeed | None = None,
        ways: WaysOn | None = None,
        smart: Callable[[], bytes | None] = lambda: None,
        cases: CaseRoom | None = None,
    ) -> None:
        pages = pages or Continuations(clock.token_bytes(SECRET_BYTES))
        self._desk = Desk(finder, endpoint, pages, clock, feed, ways, cases)
        self._authenticator = authenticator
        self._smart = smart
        self._clock = clock
        self._body_bytes_max = body_bytes_max
        routes = ROUTES + (FEED_ROUTES if feed is not None else ())
        every = routes + (ACCOUNT_ROUTES if ways else ()) + (INCIDENT_ROUTES if cases else ())
        self._router = Router(every)
        self._openapi = openapi(endpoint.base_url, every)
        # What DPoP proofs name (RFC 9449 `htu`) is the address that clients use, whatever proxy stands between.
        self._public_url = endpoint.base_url.removesuffix(ROOT)
        stated = Reply(200, capability_statement(endpoint.base_url, routes))
        self._metadata = {one: _written(stated, one) for one in Format}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one HTTP request; everything that goes wrong becomes an OperationOutcome."""
        begun_s = asyncio.get_running_loop().time()
        arrived = _arrived(scope, self._clock)
        operation: Operation | None = None
        try:
            reply = self._public(arrived)
            if reply is None:
                route, arrived.reference = self._router.find(arrived.method, arrived.path)
                operation = route.operation
                reply = await self._handle(route, arrived, scope, receive)
            reply, result = _written(reply, arrived.format), result_of(reply.outcome)
        except BeffroiError as error:
            reply, result = _written(self._refusal(error, arrived), _format_of_refusals(arrived)), result_of(error)
        except Exception as failure:  # the last resort: a number to quote, and nothing else
            log_failure(Event.REQUEST_FAILED, failure, request_id=arrived.request_id)
            reply, result = unexpected_reply(arrived.language, arrived.request_id), Result.FAILED
            reply = _written(reply, _format_of_refusals(arrived))
        await self._send(reply, arrived, receive, send)
        count_request(Door.FHIR, operation, result, asyncio.get_running_loop().time() - begun_s)

    def _public(self, arrived: Request) -> Reply | None:
        """The answers that need no caller: what this server can do, and which methods an address takes."""
        if arrived.path == METADATA:
            if arrived.method not in ("GET", "HEAD"):
                raise MethodNotAllowed(allowed="GET, HEAD")
            return self._metadata[asked_format(arrived.headers.get("accept", ""), _formats(arrived.query))]
        if arrived.path in (SMART_PATH, OPENAPI_PATH):
            if arrived.method not in ("GET", "HEAD"):
                raise MethodNotAllowed(allowed="GET, HEAD")
            document = self._smart() if arrived.path == SMART_PATH else self._openapi
            if document is None:
                raise NotFound(what=Words("This address", "Cette adresse"))
            return Reply(200, document, plain=True)
        if arrived.method == "OPTIONS":
            allowed = self._router.allowed(arrived.path)
            arrived.format = _format_of_refusals(arrived)
            issue = {"severity": "information", "code": "informational", "diagnostics": allowed}
            return Reply(200, outcome([issue], arrived.request_id), ((b"allow", allowed.encode()),))
        return None

    async def _handle(self, route: Route, arrived: Request, scope: Scope, receive: Receive) -> Reply:
        if len(arrived.query) > QUERY_BYTES_MAX:
            raise TooLarge(what=Words("The address", "L'adresse"), limit=f"{QUERY_BYTES_MAX}")
        arrived.format = asked_format(arrived.headers.get("accept", ""), _formats(arrived.query))
        url = self._public_url + scope.get("raw_path", scope["path"].encode()).decode("latin-1")
        try:
            async with self._authenticator.admit(arrived.method, url, arrived.headers, arrived.peer) as who:
                return await self._answer(route, who, arrived, receive)
        except TooManyInFlight:
            await asyncio.sleep(IMPATIENT_PAUSE_S)
            raise

    async def _answer(self, route: Route, who: Authenticated, arrived: Request, receive: Receive) -> Reply:
        """The reply to somebody who holds one of their account's places."""
        try:
            if route.transaction and not allows(who.asker.scopes, route.transaction, route.resource, route.letters):
                raise OutOfScope("Authorization", scope=route.transaction)
            await self._take_body(route, arrived, receive)
            if route.operation is not None and route in PLAIN_ROUTES and who.asker.role not in route.roles:
                raise Forbidden(role=who.asker.role, what=OPERATION_WORDS[route.operation], instead=OTHER_ROLE)
            return await route.handler(self._desk, who, arrived)
        except CallerError as error:
            # What was asked is recorded already. A proof is burnt with the record, or it could serve again.
            if route.operation is not None and not arrived.asked:
                await self._desk.finder.refuse(unread_ask_of(who, arrived, route.operation), error)
            if isinstance(error, CeilingReached):
                await asyncio.sleep(CEILING_PAUSE_S)  # the place stays taken meanwhile
            raise

    async def _take_body(self, route: Route, arrived: Request, receive: Receive) -> None:
        if not route.bodies:
            return
        media_type = _body_type(route, arrived.headers)
        arrived.body = await _read_body(receive, self._body_bytes_max)
        if media_type in XML_BODIES:
            arrived.body = encode(from_xml(arrived.body))
        elif media_type == FORM and (formats := _formats(arrived.body)):
            arrived.format = asked_format("", formats)

    def _refusal(self, error: BeffroiError, arrived: Request) -> Reply:
        challenges: tuple[tuple[str, str], ...] = ()
        if isinstance(error, NotAuthenticated):
            challenges = self._authenticator.challenges(error)
        elif isinstance(error, OutOfScope):
            scope = error.parameters["scope"]
            said = f'DPoP realm="beffroi", error="insufficient_scope", scope="{scope}"'
            challenges = (("www-authenticate", said), ("dpop-nonce", self._authenticator.nonce()))
        return error_reply(error, arrived.language, arrived.request_id, challenges)

    async def _send(self, reply: Reply, arrived: Request, receive: Receive, send: Send) -> None:
        """Sends, then tells the finder whether the body was handed to the socket."""
        sent = False
        try:
            if not await is_gone(receive):
                own: tuple[tuple[bytes, bytes], ...] = (
                    (b"content-length", str(len(reply.body)).encode()),
                    (b"x-request-id", str(arrived.request_id).encode()),
                )
                if reply.status != 401:  # whose challenges hold the nonce already (RFC 9449 section 8.2)
                    own = (*own, (b"dpop-nonce", self._authenticator.nonce().encode()))
                common = _PLAIN_HEADERS if reply.plain else _HEADERS_OF[reply.format]
                headers = [*common, *own, *reply.headers]
                await send({"type": "http.response.start", "status": reply.status, "headers": headers})
                await send({"type": "http.response.body", "body": reply.body})
                sent = True
        except OSError:  # the client went away: nobody to tell, but the answer's fate is
            pass
        finally:
            if reply.disclosure_id is not None:
                self._desk.finder.delivered(reply.disclosure_id, sent)


def _arrived(scope: Scope, clock: Clock) -> Request:
    """The request without its body, which is read once its author is known."""
    headers = header_dict(scope["headers"])
    path: str = scope["path"]
    client = scope.get("client")
    return Request(
        method=scope["method"],
        path=path.removeprefix(ROOT) if path.startswith(ROOT + "/") else path if path.startswith(BESIDE) else "",
        query=scope["query_string"],
        headers=headers,
        body=b"",
        peer=client[0] if client else "",
        request_id=request_id_of(headers) or clock.uuid(),
        language=language_of(headers.get("accept-language", "")),
    )


def _formats(raw: bytes) -> list[str]:
    return [value for name, value in parse_pairs(raw) if name == "_format"] if b"_format" in raw else []


def _written(reply: Reply, wanted: Format | None) -> Reply:
    """The reply in the format that is wanted. Everything behind this door is written in JSON first."""
    if wanted is not Format.XML or reply.format is Format.XML or reply.plain:
        return reply
    return replace(reply, body=to_xml(msgspec.json.decode(reply.body)), format=Format.XML)


def _format_of_refusals(arrived: Request) -> Format:
    """What a refusal is written in: the format asked for as far as that was understood, else JSON."""
    if arrived.format is not None:
        return arrived.format
    try:
        query = arrived.query if len(arrived.query) <= QUERY_BYTES_MAX else b""
        return asked_format(arrived.headers.get("accept", ""), _formats(query))
    except CallerError:
        return Format.JSON


def _body_type(route: Route, headers: Headers) -> str:
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in route.bodies:
        raise UnsupportedBody("Content-Type", accepted=route.bodies[0])
    return media_type


async def _read_body(receive: Receive, bytes_max: int) -> bytes:
    """The whole body; raises `TooLarge` as soon as it is, `TooSlow` when it does not come."""
    chunks: list[bytes] = []
    size_bytes = 0
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise TooSlow(limit=BODY_SECONDS_MAX)
                chunk = message.get("body", b"")
                size_bytes += len(chunk)
                if size_bytes > bytes_max:
                    raise TooLarge(what=Words("The body", "Le corps de la requête"), limit=f"{bytes_max}")
                chunks.append(chunk)
                if not message.get("more_body", False):
                    return b"".join(chunks)
    except TimeoutError:
        raise TooSlow(limit=BODY_SECONDS_MAX) from None

"""Shared Signals over HTTP: what receivers of ours ask, and what others send us.

Source: SSF 1.0 sections 7 (discovery) and 8 (streams); RFC 8936 (poll); RFC 8935 section 2 (push); OpenID Connect
Back-Channel Logout 1.0 sections 2.5 to 2.8.
"""

import hmac
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from beffroi.access.sets import SET_BYTES_MAX, NotBelieved, SetFault
from beffroi.actions.receive import Receiving
from beffroi.actions.transmit import EVENTS_AT_ONCE_MAX, POLL, PUSH, VERIFY_EVERY, Receiver, Transmitter
from beffroi.errors import BeffroiError
from beffroi.model.signal import SENT

ROOT: Final = "/ssf"
DISCOVERY: Final = "/.well-known/ssf-configuration"
LOGOUT: Final = "/logout/backchannel"
PATHS: Final = (DISCOVERY, ROOT, LOGOUT)
BODY_BYTES_MAX: Final = 65_536
_NO_STORE: Final = {"Cache-Control": "no-store"}

Answer = Callable[[Request, Receiver], Awaitable[Response]]


class _Asked(msgspec.Struct):
    """A body of the management interface."""

    stream_id: str
    status: Any = None
    reason: Any = ""
    state: Any = None


class _SetError(msgspec.Struct):
    err: str = ""
    description: str = ""


class _Poll(msgspec.Struct):
    """A poll (RFC 8936 section 2.4)."""

    maxEvents: int = EVENTS_AT_ONCE_MAX
    returnImmediately: bool = True
    ack: list[str] = []
    setErrs: dict[str, _SetError] = {}


class _Refused(Exception):
    def __init__(self, status: int) -> None:
        self.status = status


def signals_app(
    transmitter: Transmitter | None, receiving: Receiving, public_url: str, push_tokens: frozenset[bytes]
) -> Starlette:
    """The application below `PATHS`. `push_tokens`: SHA-256 of the bearer tokens with which SETs may be pushed here."""
    routes = [*_receiving(receiving, push_tokens)]
    if transmitter is not None:
        routes += _transmitting(transmitter, public_url)
    return Starlette(routes=routes)


def _transmitting(transmitter: Transmitter, public_url: str) -> list[Route]:
    desk = _Desk(transmitter, public_url)
    return [
        Route(DISCOVERY, desk.metadata, methods=["GET"]),
        Route(f"{ROOT}/jwks", desk.keys, methods=["GET"]),
        Route(f"{ROOT}/streams", desk.guarded(desk.streams), methods=["GET"]),
        Route(f"{ROOT}/status", desk.guarded(desk.status), methods=["GET"]),
        Route(f"{ROOT}/status", desk.guarded(desk.set_status), methods=["POST"]),
        Route(f"{ROOT}/verify", desk.guarded(desk.verify), methods=["POST"]),
        Route(f"{ROOT}/poll/{{stream}}", desk.guarded(desk.poll), methods=["POST"]),
    ]


class _Desk:
    """What a receiver may ask of its stream, under its bearer token."""

    def __init__(self, transmitter: Transmitter, public_url: str) -> None:
        self._transmitter = transmitter
        self._public_url = public_url

    def guarded(self, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        """The answer to a receiver that is known; 401 to anybody else."""

        async def handle(request: Request) -> Response:
            receiver = self._transmitter.known(_bearer(request))
            if receiver is None:
                return Response(status_code=401, headers={**_NO_STORE, "WWW-Authenticate": 'Bearer realm="beffroi"'})
            try:
                return await answer(request, receiver)
            except _Refused as refused:
                return Response(status_code=refused.status, headers=_NO_STORE)
            except BeffroiError as error:
                return Response(status_code=error.http_status, headers=_NO_STORE)

        return handle

    async def metadata(self, _: Request) -> Response:
        """SSF section 7.1: for anybody."""
        return _json(_metadata(self._transmitter.issuer, self._public_url))

    async def keys(self, _: Request) -> Response:
        """The keys that sign: for anybody."""
        return _json(self._transmitter.public_set())

    async def streams(self, request: Request, receiver: Receiver) -> Response:
        """The receiver's one stream, as the configuration has it."""
        described = _described(receiver, self._transmitter.issuer, self._public_url)
        stream = request.query_params.get("stream_id")
        if stream is None:
            return _json([described])
        self._transmitter.stream_of(receiver, stream)
        return _json(described)

    async def status(self, request: Request, receiver: Receiver) -> Response:
        """Whether its events are sent."""
        self._transmitter.stream_of(receiver, request.query_params.get("stream_id", ""))
        return _json(await self._transmitter.status(receiver))

    async def set_status(self, request: Request, receiver: Receiver) -> Response:
        """Whether they are to be."""
        asked = await _body(request, _Asked)
        self._transmitter.stream_of(receiver, asked.stream_id)
        return _json(await self._transmitter.set_status(receiver, asked.status, asked.reason))

    async def verify(self, request: Request, receiver: Receiver) -> Response:
        """An event that shows that events arrive."""
        asked = await _body(request, _Asked)
        await self._transmitter.verify(self._transmitter.stream_of(receiver, asked.stream_id), asked.state)
        return Response(status_code=204, headers=_NO_STORE)

    async def poll(self, request: Request, receiver: Receiver) -> Response:
        """What waits, after what was acknowledged."""
        self._transmitter.stream_of(receiver, request.path_params["stream"])
        if receiver.method != POLL:
            raise _Refused(404)
        asked = await _body(request, _Poll)
        refused = {jti: error.err for jti, error in asked.setErrs.items()}
        sets, more = await self._transmitter.poll(receiver, asked.ack, refused, max(0, asked.maxEvents))
        return _json({"sets": sets, **({"moreAvailable": True} if more else {})})


def _receiving(receiving: Receiving, push_tokens: frozenset[bytes]) -> list[Route]:
    async def events(request: Request) -> Response:
        """RFC 8935: 202 once what the token asks for is durable."""
        digest = sha256(_bearer(request).encode()).digest()
        if not any(hmac.compare_digest(digest, token) for token in push_tokens):
            return _fault(SetFault.AUTHENTICATION_FAILED, 401)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/secevent+jwt":
            return _fault(SetFault.INVALID_REQUEST, 400)
        return await _taken(receiving.event, await _read(request), 202)

    async def logout(request: Request) -> Response:
        """The issuer's own words, signed by it: nobody else can say them, so no token is asked for."""
        form = parse_qs((await _read(request)).decode("utf-8", "replace"), max_num_fields=8)
        tokens = form.get("logout_token", [])
        if len(tokens) != 1:
            return _fault(SetFault.INVALID_REQUEST, 400)
        return await _taken(receiving.logout, tokens[0].encode(), 200)

    return [Route(f"{ROOT}/events", events, methods=["POST"]), Route(LOGOUT, logout, methods=["POST"])]


async def _taken(take: Callable[[bytes], Awaitable[None]], token: bytes, status: int) -> Response:
    try:
        await take(token.strip())
    except NotBelieved as refused:
        return _fault(refused.fault, 400)
    except BeffroiError:  # ours: it is to come again
        return Response(status_code=503, headers=_NO_STORE)
    return Response(status_code=status, headers=_NO_STORE)


def _metadata(issuer: str, public_url: str) -> dict[str, Any]:
    base = public_url + ROOT
    return {
        "spec_version": "1_0",
        "issuer": issuer,
        "jwks_uri": f"{base}/jwks",
        "delivery_methods_supported": [PUSH, POLL],
        "configuration_endpoint": f"{base}/streams",
        "status_endpoint": f"{base}/status",
        "verification_endpoint": f"{base}/verify",
        "authorization_schemes": [{"spec_urn": "urn:ietf:rfc:6750"}],
        "default_subjects": "ALL",
    }


def _described(receiver: Receiver, issuer: str, public_url: str) -> dict[str, Any]:
    """A stream's configuration (SSF section 8.1.1)."""
    url = receiver.url or f"{public_url}{ROOT}/poll/{receiver.stream}"
    wanted = sorted(kind.value for kind in receiver.events)
    return {
        "stream_id": receiver.stream,
        "iss": issuer,
        "aud": receiver.audience,
        "delivery": {"method": receiver.method, "endpoint_url": url},
        "events_supported": [kind.value for kind in SENT],
        "events_requested": wanted,
        "events_delivered": wanted,
        "min_verification_interval": int(VERIFY_EVERY.total_seconds()),
    }


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > max(BODY_BYTES_MAX, SET_BYTES_MAX):
            return b""
    return bytes(body)


async def _body(request: Request, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(await _read(request), type=kind)
    except (msgspec.MsgspecError, RecursionError):
        raise _Refused(400) from None


def _json(content: object) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json", headers=_NO_STORE)


def _fault(fault: SetFault, status: int) -> Response:
    said = {"err": fault.value, "description": fault.value.replace("_", " ")}
    return Response(msgspec.json.encode(said), status, media_type="application/json", headers=_NO_STORE)

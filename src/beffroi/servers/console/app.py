"""The console as an ASGI application: route, session, role, form token, handler, send, and what became of the answer.

Source: ASGI 3; RFC 9110; OWASP Cross-Site Request Forgery Prevention (a token of the session, and Fetch Metadata).
"""

import asyncio
import hmac
import re
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import aclosing
from typing import Any, Final
from urllib.parse import urlsplit

from beffroi.actions.browser_sessions import Session
from beffroi.actions.device_binding import Unproved
from beffroi.errors import (
    BeffroiError,
    Misdirected,
    TooLarge,
    TooSlow,
    Unavailable,
    UnknownAccount,
    UnsupportedBody,
    Words,
)
from beffroi.model.disclosure import Door, Operation
from beffroi.servers.admission import Admission
from beffroi.servers.console import devices, entrance, refusals
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import FORM_NUMBER, FORM_TOKEN, ROOT, Page, Visit
from beffroi.servers.console.headers import FILE_HEADERS, PAGE_HEADERS, TLS_HEADERS, cookies_of, host_name
from beffroi.servers.console.pages import LANGUAGES
from beffroi.servers.console.routes import Route, Router
from beffroi.servers.console.typed import plain
from beffroi.servers.departed import is_gone
from beffroi.servers.exchange import FORM, Headers, header_dict, language_of, request_id_of
from beffroi.servers.proxies import Proxies
from beffroi.telemetry import Event, log_failure
from beffroi.telemetry.metrics import Result, count_request, result_of
from beffroi.wire.fhir_form import Limits, parse_pairs

FORM_BYTES_MAX: Final = 262_144
"""Bytes of a form: the longest has three texts of 20,000 characters (the register of incidents)."""
FIELDS: Final = Limits(Words("The form", "Le formulaire"), 32, FORM_BYTES_MAX, re.compile("\x00"))
"""Of a form and of an address: texts have lines, and the last value of a name counts."""
QUERY_BYTES_MAX: Final = 4_096
FORM_SECONDS_MAX: Final = 10

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Console:
    """The application, for every address under `/console`. `origin`: scheme, host and port as browsers see them."""

    def __init__(self, desk: Desk, origin: str, proxies: Proxies, admission: Admission) -> None:
        self._desk = desk
        self._origin = origin
        self._name = host_name(urlsplit(origin).netloc)
        self._proxies = proxies
        self._admission = admission
        self._router = Router()
        self._more_headers = TLS_HEADERS if origin.startswith("https:") else ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one HTTP request; everything that goes wrong becomes a page."""
        begun_s = asyncio.get_running_loop().time()
        visit = self._visit(scope)
        asset = self._desk.pages.assets.find(visit.path)
        if asset is not None:
            page = Page(asset.body, media_type=asset.media_type)
            await _send(page, (*FILE_HEADERS, *self._more_headers), send)
            return
        operation: Operation | None = None
        try:
            self._check_host(visit)
            route, visit.handle = self._router.find(visit.method, visit.path)
            operation = route.operation
            page = await self._answer(route, visit, scope, receive)
            result = result_of(page.outcome)
        except BeffroiError as error:
            page, result = refusals.refusal(self._desk, visit, error), result_of(error)
        except Exception as failure:  # the last resort
            log_failure(Event.REQUEST_FAILED, failure, request_id=visit.request_id)
            page, result = refusals.failure(self._desk, visit), Result.FAILED
        await self._deliver(page, visit, receive, send)
        count_request(Door.CONSOLE, operation, result, asyncio.get_running_loop().time() - begun_s)

    def _check_host(self, visit: Visit) -> None:
        """Another name leads here by mistake, or because its owner lets it: a page of theirs would then take us for its
        own site (DNS rebinding). Raises Misdirected.
        """
        if host_name(visit.headers.get("host", "")) != self._name:
            raise Misdirected(name=self._origin + ROOT)

    def _visit(self, scope: Scope) -> Visit:
        headers = header_dict(scope["headers"])
        path: str = scope["path"].removeprefix(ROOT) or "/"
        client = scope.get("client")
        # A proxy may pass HTTP/2's several on as they are (RFC 9113 section 8.2.3).
        lines = [value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie"]
        cookies = cookies_of("; ".join(lines))
        language = cookies.get(self._desk.cookies.language, "")
        return Visit(
            method=scope["method"],
            path=path,
            query={},
            headers=headers,
            cookies=cookies,
            network=self._proxies.network(headers, client[0] if client else ""),
            request_id=request_id_of(headers) or self._desk.clock.uuid(),
            language=language if language in LANGUAGES else language_of(headers.get("accept-language", "fr")),
        )

    async def _answer(self, route: Route, visit: Visit, scope: Scope, receive: Receive) -> Page:
        if route.bodiless:
            return await route.handler(self._desk, visit)
        visit.query = _query(scope)
        cookie = visit.cookies.get(self._desk.cookies.session, "")
        try:
            visit.session = await self._session(route, visit, cookie)
        except Unproved:
            if route.handler in entrance.LEAVING and self._same_site(visit.headers):
                return await route.handler(self._desk, visit)
            uninvited = self._uninvited(route, visit) if visit.method == "GET" else None
            return uninvited or entrance.unproved(self._desk, visit)
        if route.roles is not None and visit.session is None:  # before a stranger's body is read
            return self._stranger(visit, had_cookie=bool(cookie))
        if visit.method == "POST":
            visit.form = await _form(visit.headers, receive)
        if route.roles is None:
            return self._uninvited(route, visit) or await self._handled(route, visit, (visit.network, "entrance"))
        session = visit.visitor
        place = (session.asker.account_id, "console")
        refused = self._refused(route, visit, session) or await self._sent_before(visit, session)
        return refused or await self._handled(route, visit, place)

    async def _session(self, route: Route, visit: Visit, cookie: str) -> Session | None:
        """Whose visit it is. Where strangers may come, a session that cannot be looked up is no obstacle.

        Raises Unproved, UnknownAccount, Unavailable.
        """
        if not cookie:
            return None
        try:
            return await self._desk.sessions.find(
                cookie,
                visit.network,
                devices.shown(self._desk, visit),
                in_use=not (route.background or "x-background" in visit.headers),
            )
        except Unproved:
            if route.roles is not None or route.handler is entrance.start:
                raise
        except (UnknownAccount, Unavailable):
            if route.roles is not None:
                raise
        return None

    def _refused(self, route: Route, visit: Visit, session: Session) -> Page | None:
        """What somebody who is signed in may not do here; None when they may."""
        if visit.method == "POST" and not self._is_ours(visit, session.form_token):
            return refusals.out_of_date(self._desk, visit)
        if route.handler in entrance.LEAVING:
            return None
        if session.barred is not None:
            return refusals.refusal(self._desk, visit, session.barred)
        if visit.method == "GET" and (uninvited := self._uninvited(route, visit)):
            return uninvited
        assert route.roles is not None
        return None if session.asker.role in route.roles else refusals.no_entry(self._desk, visit)

    async def _sent_before(self, visit: Visit, session: Session) -> Page | None:
        """What is said of a form that is done once and came before; None for any other. Raises Unavailable."""
        number = visit.form.get(FORM_NUMBER)
        if number is None or await self._desk.sent.is_first(session, number):
            return None
        return refusals.sent_before(self._desk, visit)

    async def _handled(self, route: Route, visit: Visit, place: tuple[int | str, str]) -> Page:
        """The page, in its turn: of an account, or of the network of a stranger, who makes us ask the issuer."""
        if route.background:
            return await route.handler(self._desk, visit)
        await self._admission.enter(place)
        try:
            return await route.handler(self._desk, visit)
        finally:
            self._admission.leave(place)

    def _stranger(self, visit: Visit, *, had_cookie: bool) -> Page:
        page = entrance.entrance(self._desk, visit, "ended" if had_cookie else "", status=401)
        return Page(page.body, page.status, self._desk.cookies.drop_session() if had_cookie else ())

    def _uninvited(self, route: Route, visit: Visit) -> Page | None:
        """What another page, or the browser ahead of its user, asks for: a look that is recorded, a stream, a form.

        A link from elsewhere still opens a room, and the way back from the issuer is one.
        """
        if visit.method == "POST":
            return None if self._same_site(visit.headers) else refusals.out_of_date(self._desk, visit)
        if "sec-purpose" in visit.headers:
            return refusals.ahead(self._desk, visit)
        if visit.headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
            return None
        is_link = visit.headers.get("sec-fetch-dest", "document") == "document"
        is_room = route.operation is None and not route.background
        return None if is_link and is_room else refusals.from_elsewhere(self._desk, visit)

    def _is_ours(self, visit: Visit, token: str) -> bool:
        given = visit.form.get(FORM_TOKEN, "")
        return self._same_site(visit.headers) and hmac.compare_digest(given.encode(), token.encode())

    def _same_site(self, headers: Headers) -> bool:
        """Whether the browser says that our own page sent it. With no-referrer an Origin is "null", and tells
        nothing.
        """
        fetch_site, origin = headers.get("sec-fetch-site", ""), headers.get("origin", "")
        return fetch_site in ("", "same-origin") and origin in ("", "null", self._origin)

    async def _deliver(self, page: Page, visit: Visit, receive: Receive, send: Send) -> None:
        """Sends, and tells the finder what became of what was shown."""
        sent = False
        try:
            own = (*PAGE_HEADERS, *self._more_headers, (b"x-request-id", str(visit.request_id).encode()), *page.headers)
            if page.stream is not None:
                await _stream(page, own, receive, send)
                sent = True
            elif not await is_gone(receive):
                await _send(page, own, send)
                sent = True
        except OSError:  # the client went away: nobody to tell, but the answer's fate is
            pass
        finally:
            if page.disclosure_id is not None:
                self._desk.finder.delivered(page.disclosure_id, sent)


async def _send(page: Page, headers: tuple[tuple[bytes, bytes], ...], send: Send) -> None:
    own = ((b"content-type", page.media_type.encode()), (b"content-length", str(len(page.body)).encode()))
    await send({"type": "http.response.start", "status": page.status, "headers": [*own, *headers]})
    await send({"type": "http.response.body", "body": page.body})


async def _stream(page: Page, headers: tuple[tuple[bytes, bytes], ...], receive: Receive, send: Send) -> None:
    """Sends what comes, as it comes, until there is no more or nobody listens."""
    assert page.stream is not None
    start = {"type": "http.response.start", "status": page.status}
    await send({**start, "headers": [(b"content-type", page.media_type.encode()), *headers]})
    gone = asyncio.create_task(_gone(receive))
    try:
        async with aclosing(page.stream) as parts:  # type: ignore[type-var]
            async for part in parts:
                if gone.done():
                    return
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        gone.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _query(scope: Scope) -> dict[str, str]:
    """What the address says besides its path."""
    raw: bytes = scope["query_string"]
    if len(raw) > QUERY_BYTES_MAX:
        raise TooLarge(what=Words("The address", "L'adresse"), limit=f"{QUERY_BYTES_MAX}")
    return _pairs(raw)


async def _form(headers: Headers, receive: Receive) -> dict[str, str]:
    """The fields of a form; raises `UnsupportedBody`, `TooLarge`, `TooSlow` or what reading them raises."""
    if headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise UnsupportedBody("Content-Type", accepted=FORM)
    received = bytearray()
    try:
        async with asyncio.timeout(FORM_SECONDS_MAX):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise TooSlow(limit=FORM_SECONDS_MAX)
                received += message.get("body", b"")
                if len(received) > FORM_BYTES_MAX:
                    raise TooLarge(what=Words("The form", "Le formulaire"), limit=f"{FORM_BYTES_MAX}")
                if not message.get("more_body", False):
                    return _pairs(bytes(received))
    except TimeoutError:
        raise TooSlow(limit=FORM_SECONDS_MAX) from None


def _pairs(raw: bytes) -> dict[str, str]:
    """Names and what was typed; the last of a name counts. Raises what reading them raises."""
    return {name: plain(value) for name, value in parse_pairs(raw, FIELDS)}

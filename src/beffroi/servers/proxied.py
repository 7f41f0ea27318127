"""Plain HTTP beyond this machine is for the declared proxies alone: whoever comes past them is told where to go.

Without this, a server that listens for its proxy would take a token in clear from anybody who finds its port.
"""

import ipaddress

from beffroi.clock import Clock
from beffroi.errors import NotThroughProxy
from beffroi.model.disclosure import Door
from beffroi.servers.exchange import FHIR_JSON, header_dict, language_of
from beffroi.servers.fhir_api import Message, Receive, Scope, Send
from beffroi.servers.fhir_outcome import error_reply
from beffroi.servers.http_server import AsgiApp
from beffroi.servers.proxies import Proxies
from beffroi.telemetry.metrics import Result, count_request


class ProxiesOnly:
    """An application that answers the proxies and this machine, and refuses everybody else before reading anything."""

    def __init__(self, app: AsgiApp, proxies: Proxies, public_url: str, clock: Clock) -> None:
        self._app = app
        self._proxies = proxies
        self._public_url = public_url
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands over, or answers 403."""
        client = scope.get("client")
        peer = client[0] if client else ""
        if self._proxies.trusts(peer) or _is_here(peer):
            await self._app(scope, receive, send)
            return
        language = language_of(header_dict(scope["headers"]).get("accept-language", ""))
        reply = error_reply(NotThroughProxy(url=self._public_url), language, self._clock.uuid())
        headers = [
            (b"content-type", FHIR_JSON.encode()),
            (b"cache-control", b"no-store"),
            (b"content-length", str(len(reply.body)).encode()),
            (b"connection", b"close"),
        ]
        start: Message = {"type": "http.response.start", "status": reply.status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": reply.body})
        count_request(Door.FHIR, None, Result.REFUSED, 0.0)


def _is_here(peer: str) -> bool:
    """Whether it is this machine."""
    try:
        return ipaddress.ip_address(peer).is_loopback
    except ValueError:
        return False

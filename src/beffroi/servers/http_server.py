"""Serving HTTP on a socket that somebody else bound: uvicorn, with the limits that it lacks.

A request's head (its line and headers) has a size and a time; without them one slow or endless head holds a connection
or fills the memory. What was sent has a time to be taken; without it one slow reader keeps an answer in our memory for
days. The server never says its name, keeps no access log (a URL may hold what was searched), and
believes no X-Forwarded header by itself.

Source: RFC 9112 (messages, section 3: overlong request lines); RFC 6585 section 5 (431).
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable, Generator, MutableMapping
from dataclasses import dataclass
from typing import Any

from uvicorn import Config, Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES_MAX = 32_768
"""Bytes of a request's line and headers. A token, its proof, a certificate and a long query have some 20,000."""
HEAD_S_MAX = 10.0
"""Seconds for a head to arrive whole, from the connection or from its first byte; and for what is left of a body once
its answer was sent."""
KEEP_ALIVE_S = 60
"""Seconds of an idle connection: a hospital's proxy keeps some open."""
TAKING_S = 60.0
"""Seconds for what was sent to be taken, however little it is."""
TAKEN_BYTES_PER_S = 8_192
"""And as many more as its bytes need at this rate: half of what the slowest line of a hospital carries."""
BACKLOG = 1_024
"""Connections that wait to be accepted."""

_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n"
    b"cache-control: no-store\r\n\r\n"
)

AsgiApp = Callable[
    [
        MutableMapping[str, Any],
        Callable[[], Awaitable[MutableMapping[str, Any]]],
        Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ],
    Awaitable[None],
]


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Connections of this process at once, and seconds for what is under way at a stop."""

    connections_max: int
    shutdown_s: int


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: the certificate with its chain, and its key."""

    certificate: str
    key: str


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with limits: on the size and time of a head, and on the times of a body that nobody waits for
    and of an answer that nobody takes.
    """

    _head_bytes = 0
    _in_head = True
    _head_timer: asyncio.TimerHandle | None = None
    _in_message = False
    _rest_timer: asyncio.TimerHandle | None = None
    _taking_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A head is awaited from now on."""
        super().connection_made(transport)
        # So that we hear of whatever waits, and when nothing does. Over TLS, asyncio takes 0 for "always".
        transport.set_write_buffer_limits(high=1, low=0)
        self._head_timer = self.loop.call_later(HEAD_S_MAX, self._head_too_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._stop_timer()
        self._stop_rest()
        self._stop_taking()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parses first: what arrives with the rest of a head may be its body, which has limits of its own."""
        super().data_received(data)
        if not self._in_head or self.transport is None or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_S_MAX, self._head_too_late)
        if self._head_bytes > HEAD_BYTES_MAX:
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """A head begins. Its clock runs only if it is not whole with its first bytes, as it nearly always is."""
        self._in_head, self._head_bytes, self._in_message = True, 0, True
        self._stop_timer()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head has arrived."""
        self._in_head = False
        self._stop_timer()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The whole request has arrived."""
        self._in_message = False
        self._stop_rest()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """An answer that did not wait for the body leaves it little time: each byte would put off the end of an idle
        connection, for ever.
        """
        super().on_response_complete()
        if self._in_message:
            self._rest_timer = self.loop.call_later(HEAD_S_MAX, self._rest_too_late)

    def _stop_rest(self) -> None:
        if self._rest_timer is not None:
            self._rest_timer.cancel()
            self._rest_timer = None

    def _rest_too_late(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def pause_writing(self) -> None:
        """Something waits to be taken: for as long as its bytes deserve."""
        super().pause_writing()
        taking_s = TAKING_S + self.transport.get_write_buffer_size() / TAKEN_BYTES_PER_S
        self._taking_timer = self.loop.call_later(taking_s, self.transport.abort)

    def resume_writing(self) -> None:
        """All of it was taken."""
        self._stop_taking()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """A connection is not idle while an answer is on its way: over TLS, closing it would cut the answer short."""
        if self._taking_timer is None:
            super().timeout_keep_alive_handler()
        else:
            self.timeout_keep_alive_task = self.loop.call_later(KEEP_ALIVE_S, self.timeout_keep_alive_handler)

    def _stop_taking(self) -> None:
        if self._taking_timer is not None:
            self._taking_timer.cancel()
            self._taking_timer = None

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_too_late(self) -> None:
        if self._in_head and self.transport is not None:
            self.transport.abort()


class QuietServer(Server):
    """A server that leaves the process's signals to the process, and is told to stop by an event."""

    def __init__(self, config: Config, stopping: asyncio.Event, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._stopping = stopping
        self._ready = ready

    async def main_loop(self) -> None:
        """From the first connection that is accepted until it is told: uvicorn itself would look ten times a second."""
        ticking = asyncio.create_task(super().main_loop())
        try:
            self._ready()
            await self._stopping.wait()
        finally:
            ticking.cancel()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Takes none."""
        yield


async def serve_http(
    app: AsgiApp,
    listening: socket.socket,
    limits: HttpLimits,
    stopping: asyncio.Event,
    *,
    tls: TlsFiles | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Answers on a bound socket until `stopping` is set; then what is under way is answered, for a bounded time.

    `ready` is called once connections are accepted. Raises OSError or ssl.SSLError when the TLS files are not usable.
    """
    server = QuietServer(_config(app, limits, tls), stopping, ready)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await asyncio.shield(running)
    finally:
        stopping.set()
        await running


def _config(app: AsgiApp, limits: HttpLimits, tls: TlsFiles | None) -> Config:
    config = Config(
        app,
        http=BoundedProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=True,
        limit_concurrency=limits.connections_max,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=limits.shutdown_s,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )
    config.load()
    if config.ssl is not None:
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
    return config


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to an address and listening, that children may inherit. Raises OSError.

    What is accepted sends at once: asyncio sees to that only where the socket names its protocol, which `create_server`
    leaves out, and an answer in two parts then waits 40 ms for the client's delayed acknowledgement.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listening.setblocking(False)
    listening.set_inheritable(True)
    return listening

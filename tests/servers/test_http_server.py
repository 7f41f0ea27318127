"""The HTTP server: limits on a head, nothing of itself in an answer, and a stop that answers what is under way."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from beffroi.servers import http_server
from beffroi.servers.http_server import HEAD_BYTES_MAX, BoundedProtocol, HttpLimits, TlsFiles, listen, serve_http
from servers.mllp_certificates import Authority

LARGE_BYTES = 24_000_000
"""More than the machine's own buffers take of an answer."""
LARGE_LENGTH = (b"content-length", str(LARGE_BYTES).encode())


@dataclass
class Running:
    """A server under test: where it listens, how to stop it, and how to let its slow answers go."""

    port: int
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    answer: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    bodies: list[bytes] = field(default_factory=list)
    task: "asyncio.Task[None] | None" = None

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        self.bodies.append(message["body"])
        self.asked.set()
        if scope["path"] == "/slow":
            await self.answer.wait()
        if scope["path"] == "/large":
            await send({"type": "http.response.start", "status": 200, "headers": [LARGE_LENGTH]})
            await send({"type": "http.response.body", "body": bytes(LARGE_BYTES)})
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    async def connected(self, said: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection on which something was said, and little is read ahead of who asks for it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1_024)
        writer.write(said)
        return reader, writer

    async def talk(self, *parts: bytes) -> bytes:
        """Everything that comes back until the server closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0.01)
        async with asyncio.timeout(5):
            found = await reader.read()
        writer.close()
        return found


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    """A server on the loopback."""
    listening = listen("127.0.0.1", 0)
    one = Running(listening.getsockname()[1])
    ready = asyncio.Event()
    limits = HttpLimits(connections_max=20, shutdown_s=2)
    one.task = asyncio.create_task(serve_http(one.app, listening, limits, one.stopping, ready=ready.set))
    await ready.wait()
    yield one
    one.stopping.set()
    await one.task


async def test_an_answer_does_not_name_the_server(running: Running) -> None:
    """No header tells what serves."""
    answer = await running.talk(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ") and b"server" not in answer.lower() and b"uvicorn" not in answer


@pytest.mark.parametrize(
    "head",
    [
        b"GET /?" + b"a" * HEAD_BYTES_MAX,
        b"GET / HTTP/1.1\r\nX: " + b"a" * HEAD_BYTES_MAX,
        b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * (HEAD_BYTES_MAX // 6),
    ],
)
async def test_an_endless_head_is_refused(running: Running, head: bytes) -> None:
    """A head larger than its limit is answered 431 and the connection ends, without a question to the application."""
    answer = await running.talk(head[:20_000], head[20_000:])
    assert b"431" in answer.split(b"\r\n")[0]
    assert running.bodies == []


async def test_a_large_body_is_not_a_head(running: Running) -> None:
    """What comes after the head is counted by the application, not here."""
    body = b"a" * (2 * HEAD_BYTES_MAX)
    head = f"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    assert (await running.talk(head + body)).startswith(b"HTTP/1.1 200 ")


async def test_a_slow_head_is_cut(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """A head that does not arrive in its time ends the connection, also the second one of a connection."""
    monkeypatch.setattr(http_server, "HEAD_S_MAX", 0.1)
    assert await running.talk(b"GET / HTTP/1.1\r\nX: ") == b""
    whole = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    assert (await running.talk(whole, b"GET / HTTP/1.1\r\nX: ")).endswith(b"ok")
    assert len(running.bodies) == 1


async def test_a_stop_answers_what_is_under_way(running: Running) -> None:
    """A request that was taken before the stop has its answer; a new one is not taken."""
    asking = asyncio.create_task(running.talk(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"))
    await running.asked.wait()
    running.stopping.set()
    await asyncio.sleep(0.15)
    with pytest.raises(ConnectionRefusedError):
        await running.talk(b"")
    running.answer.set()
    assert b"200 OK" in await asking


async def test_a_stop_has_an_end(running: Running) -> None:
    """What is not answered in the time of a stop is cut."""
    asking = asyncio.create_task(running.talk(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"))
    await running.asked.wait()
    running.stopping.set()
    async with asyncio.timeout(4):
        assert running.task is not None
        await running.task
    assert b"200 OK" not in await asking


async def test_with_certificates_it_speaks_tls(running: Running, tmp_path: Path) -> None:
    """With its two files it answers over TLS 1.2 or later, and not in clear; unusable files are an error at once."""
    authority = Authority(tmp_path)
    issued = authority.issue("web")
    files = TlsFiles(issued.certificate, issued.key)
    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    stopping, ready = asyncio.Event(), asyncio.Event()
    limits = HttpLimits(5, 1)
    serving = asyncio.create_task(serve_http(running.app, listening, limits, stopping, tls=files, ready=ready.set))
    await ready.wait()
    reader, writer = await asyncio.open_connection("localhost", port, ssl=authority.client_context(None))
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert (await reader.read()).endswith(b"ok")
    assert writer.get_extra_info("ssl_object").version() in ("TLSv1.2", "TLSv1.3")
    writer.close()
    stopping.set()
    await serving
    with pytest.raises(OSError):
        await serve_http(running.app, listen("127.0.0.1", 0), limits, stopping, tls=TlsFiles(issued.key, issued.key))


async def test_a_forwarded_address_is_not_believed_here(running: Running) -> None:
    """The peer is who connected: whom to believe about others is the authenticator's affair."""
    seen: list[Any] = []

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        seen.append(scope["client"][0])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    running.app = app  # type: ignore[method-assign]
    listening = listen("127.0.0.1", 0)
    stopping, ready = asyncio.Event(), asyncio.Event()
    serving = asyncio.create_task(serve_http(app, listening, HttpLimits(5, 1), stopping, ready=ready.set))
    await ready.wait()
    other = Running(listening.getsockname()[1])
    await other.talk(b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.9\r\nConnection: close\r\n\r\n")
    stopping.set()
    await serving
    assert seen == ["127.0.0.1"]


async def test_a_body_that_nobody_waits_for_is_cut(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is answered before their body is whole keeps no connection with a byte now and then."""
    monkeypatch.setattr(http_server, "HEAD_S_MAX", 0.1)
    begun = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\nx"
    assert (await running.talk(begun, b"x")).endswith(b"ok")


async def test_an_answer_that_nobody_takes_is_cut(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads a byte now and then keeps neither the answer in our memory nor the connection."""
    monkeypatch.setattr(http_server, "TAKING_S", 0.2)
    monkeypatch.setattr(http_server, "TAKEN_BYTES_PER_S", 1_000 * LARGE_BYTES)
    reader, writer = await running.connected(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
    for _ in range(30):
        await reader.read(1)
        await asyncio.sleep(0.01)
    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        async with asyncio.timeout(5):
            await reader.readexactly(LARGE_BYTES)
    writer.close()


async def test_an_answer_has_the_time_that_its_size_needs(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large answer over a slow line comes whole, and meanwhile its connection is not taken for an idle one."""
    monkeypatch.setattr(http_server, "TAKING_S", 0.0)
    monkeypatch.setattr(http_server, "TAKEN_BYTES_PER_S", LARGE_BYTES // 5)
    protocols: list[BoundedProtocol] = []
    made = BoundedProtocol.connection_made

    def kept(self: BoundedProtocol, transport: asyncio.Transport) -> None:
        protocols.append(self)
        made(self, transport)

    monkeypatch.setattr(BoundedProtocol, "connection_made", kept)
    asked = b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n"
    reader, writer = await running.connected(asked)
    for _ in range(2):
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.05)
        protocols[0].timeout_keep_alive_handler()  # a minute is over
        async with asyncio.timeout(5):
            assert len(await reader.readexactly(LARGE_BYTES)) == LARGE_BYTES
        writer.write(asked)
    writer.close()

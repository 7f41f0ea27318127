"""Real servers on this machine that take alerts and signals, and can be killed and started again on the same port."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from deployments import free_port
from servers.mllp_certificates import Issued


class Sink:
    """A server on this machine that is started and stopped as often as a test likes, always on the same port."""

    port: int
    context: ssl.SSLContext | None = None
    _server: asyncio.Server | None = None

    async def start(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self.context)
        return self

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError


@dataclass
class Got:
    """One HTTP request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes


def server_context(issued: Issued) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)
    return context


@dataclass
class HttpSink(Sink):
    """Keeps what is posted; answers with `status`, or whatever `answer` makes of a request."""

    port: int = field(default_factory=free_port)
    status: int = 204
    got: list[Got] = field(default_factory=list)
    answer: Callable[[Got], tuple[int, bytes]] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/alerts"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = head.split("\r\n")
        headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        request = Got(lines[0].split(" ")[1], headers, body)
        self.got.append(request)
        status, content = self.answer(request) if self.answer else (self.status, b"")
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: {len(content)}\r\nconnection: close\r\n\r\n".encode())
        writer.write(content)
        await writer.drain()
        writer.close()


class MailSink:
    """An SMTP server that asks for STARTTLS and a password."""

    def __init__(self, issued: Issued, password: str) -> None:
        self.port = free_port()
        self.messages: list[EmailMessage] = []
        self._context = server_context(issued)
        self._password = password.encode()
        self._controller: Controller | None = None

    def start(self) -> "MailSink":
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            tls_context=self._context,
            require_starttls=True,
            authenticator=self._authenticate,
            auth_required=True,
        )
        self._controller.start()
        return self

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:
        content = envelope.content  # type: ignore[attr-defined]
        self.messages.append(BytesParser(policy=default).parsebytes(content))  # type: ignore[arg-type]
        return "250 OK"

    def _authenticate(
        self, _server: object, _session: object, _envelope: object, _mechanism: str, given: object
    ) -> AuthResult:
        return AuthResult(success=given.password == self._password, handled=False)  # type: ignore[attr-defined]


class SyslogSink(Sink):
    """A collector over TLS that reads messages counted in octets."""

    def __init__(self, issued: Issued) -> None:
        self.port = free_port()
        self.messages: list[bytes] = []
        self.context = server_context(issued)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                length = int(await reader.readuntil(b" "))
                self.messages.append(await reader.readexactly(length))
        except (asyncio.IncompleteReadError, OSError):
            writer.close()

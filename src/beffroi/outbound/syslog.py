"""Syslog over TLS: messages counted in octets, and the connection closed; and the alerts that go that way.

Source: RFC 5424 (section 6: header, structured data `origin`), RFC 5425 (section 4.3: octet counting; TLS), facility 13
(log audit).
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from beffroi import __version__
from beffroi.model.alert import Notice
from beffroi.outbound.webhooks import payload_of

FACILITY = 13
SECONDS_MAX = 10.0
REFUSAL_S = 0.2
"""Seconds in which a collector that refuses says so: it never answers otherwise."""


@dataclass(frozen=True, slots=True)
class Collector:
    """Where messages go; `context` checks the collector, and shows our certificate where one is configured."""

    host: str
    port: int
    context: ssl.SSLContext


class SyslogChannel:
    """One collector."""

    name = "syslog"

    def __init__(self, collector: Collector, language: str) -> None:
        self._collector = collector
        self._language = language

    async def tell(self, notice: Notice) -> None:
        """Sends one message; raises OSError when it may not have arrived."""
        await send(self._collector, [message_of(notice, socket.gethostname(), self._language)])


async def send(collector: Collector, messages: Sequence[bytes]) -> None:
    """Sends messages over one connection and closes in order, so that what was lost on the way raises OSError here.

    Syslog acknowledges nothing: that TLS ended in order is all that can be known.
    """
    async with asyncio.timeout(SECONDS_MAX):
        reader, writer = await asyncio.open_connection(collector.host, collector.port, ssl=collector.context)
        try:
            for message in messages:
                writer.write(str(len(message)).encode() + b" " + message)
                await writer.drain()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REFUSAL_S):
                    if await reader.read(1) == b"":
                        raise ConnectionResetError
        finally:
            writer.close()
            await writer.wait_closed()


def line(priority: int, at: datetime, host: str, kind: str, structured: str, text: str) -> bytes:
    """One message of RFC 5424, in UTF-8. `kind` is its MSGID, `structured` its STRUCTURED-DATA ("-": none)."""
    when = at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    name = "".join(c for c in host if (c.isascii() and c.isalnum()) or c in ".-")[:255] or "-"
    return f"<{priority}>1 {when} {name} beffroi - {kind} {structured} \ufeff{text}".encode()


def message_of(notice: Notice, host: str, language: str) -> bytes:
    """One message of RFC 5424, in UTF-8.

    >>> from datetime import UTC, datetime
    >>> from beffroi.model.alert import AlertKind, Severity
    >>> at = datetime(2026, 11, 24, 9, tzinfo=UTC)
    >>> message_of(Notice("7-0", AlertKind.CONTAINED, Severity.CRITICAL, at, 1, 17, {}), "srv", "en")[:56]
    b'<106>1 2026-11-24T09:00:00.000000Z srv beffroi - contain'
    """
    origin = f'[origin software="beffroi" swVersion="{__version__}"]'
    text = msgspec.json.encode(payload_of(notice, language)).decode()
    return line(FACILITY * 8 + int(notice.severity), notice.at, host, notice.kind, origin, text)

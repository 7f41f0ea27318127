"""Alerts to a syslog collector over TLS: one message, counted in octets, and the connection closed.

Source: RFC 5424 (section 6: header, structured data `origin`), RFC 5425 (section 4.3: octet counting; TLS), facility 13
(log audit).
"""

import asyncio
import contextlib
import socket
import ssl
from dataclasses import dataclass

import msgspec

from beffroi import __version__
from beffroi.model.alert import Notice
from beffroi.outbound.webhooks import payload_of

FACILITY = 13
SECONDS_MAX = 10.0


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
        """Sends one message and closes in order, so that what was lost on the way raises OSError here.

        Syslog acknowledges nothing: that TLS ended in order is all that can be known.
        """
        one = self._collector
        message = message_of(notice, socket.gethostname(), self._language)
        async with asyncio.timeout(SECONDS_MAX):
            reader, writer = await asyncio.open_connection(one.host, one.port, ssl=one.context)
            try:
                writer.write(str(len(message)).encode() + b" " + message)
                await writer.drain()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.2):  # a collector that refuses says so at once
                        if await reader.read(1) == b"":
                            raise ConnectionResetError
            finally:
                writer.close()
                await writer.wait_closed()


def message_of(notice: Notice, host: str, language: str) -> bytes:
    """One message of RFC 5424, in UTF-8.

    >>> from datetime import UTC, datetime
    >>> from beffroi.model.alert import AlertKind, Severity
    >>> at = datetime(2026, 11, 24, 9, tzinfo=UTC)
    >>> message_of(Notice("7-0", AlertKind.CONTAINED, Severity.CRITICAL, at, 1, 17, {}), "srv", "en")[:56]
    b'<106>1 2026-11-24T09:00:00.000000Z srv beffroi - contain'
    """
    priority = FACILITY * 8 + int(notice.severity)
    at = notice.at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    origin = f'[origin software="beffroi" swVersion="{__version__}"]'
    text = msgspec.json.encode(payload_of(notice, language)).decode()
    name = "".join(c for c in host if (c.isascii() and c.isalnum()) or c in ".-")[:255] or "-"
    return f"<{priority}>1 {at} {name} beffroi - {notice.kind} {origin} \ufeff{text}".encode()

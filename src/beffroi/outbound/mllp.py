"""Our sending side of HL7 v2: one connection over MLLP, with TLS but on this machine, one message at a time.

Source: HL7 Transport Specification, Minimal Lower Layer Protocol, release 1; IHE ATNA (both ends show a certificate).
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from beffroi.wire.mllp import Deframer, Frame, frame

CONNECT_S_MAX = 10.0
ANSWER_S_MAX = 20.0
ANSWER_BYTES_MAX = 65_536
"""Bytes of an acknowledgement."""
_READ_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Listener:
    """Where messages go. Without a `context` they go in clear, which only this machine may be sent."""

    host: str
    port: int
    context: ssl.SSLContext | None


class NoAcknowledgement(OSError):
    """The connection or the time ended before the message was acknowledged: whether it arrived is not known."""


class MllpLine:
    """An open connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def exchange(self, content: bytes) -> bytes:
        """The acknowledgement of one message. Raises NoAcknowledgement; the connection is of no use afterwards."""
        deframer = Deframer(ANSWER_BYTES_MAX)
        try:
            async with asyncio.timeout(ANSWER_S_MAX):
                self._writer.write(frame(content))
                await self._writer.drain()
                while received := await self._reader.read(_READ_BYTES):
                    for event in deframer.feed(received):
                        if isinstance(event, Frame):
                            return event.content
                        raise NoAcknowledgement
        except (OSError, TimeoutError) as failure:  # ssl.SSLError among them
            raise NoAcknowledgement from failure
        raise NoAcknowledgement


@asynccontextmanager
async def connected(listener: Listener) -> AsyncIterator[MllpLine]:
    """A connection while the block runs. Raises OSError or TimeoutError when there is none."""
    async with asyncio.timeout(CONNECT_S_MAX):
        reader, writer = await asyncio.open_connection(listener.host, listener.port, ssl=listener.context)
    try:
        yield MllpLine(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(CONNECT_S_MAX):
                await writer.wait_closed()

"""A consumer of the cross-reference on this machine: an MLLP listener that keeps what it is told and answers it."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from beffroi.wire.hl7 import Message, parse
from beffroi.wire.mllp import Deframer, Frame, frame
from deployments import free_port
from sinks import Sink


def ack(code: str = "AA") -> Callable[[Message], bytes]:
    """Answers every message with a code, in its own control number's name."""

    def answer(got: Message) -> bytes:
        number = got.header.control_id
        return f"MSH|^~\\&|DPI|CH|||20261124||ACK|{number}|P|2.5\rMSA|{code}|{number}\r".encode()

    return answer


@dataclass
class ConsumerSink(Sink):
    """`answer` makes the acknowledgement of a message; None hangs up instead."""

    context: ssl.SSLContext | None = None
    port: int = field(default_factory=free_port)
    got: list[bytes] = field(default_factory=list)
    answer: Callable[[Message], bytes | None] = field(default_factory=ack)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        deframer = Deframer()
        try:
            while received := await reader.read(4096):
                for event in deframer.feed(received):
                    assert isinstance(event, Frame)
                    self.got.append(event.content)
                    reply = self.answer(parse(event.content))
                    if reply is None:
                        return
                    writer.write(frame(reply))
                    await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

"""A hospital's sending side: HL7 v2 messages over MLLP, one at a time on each connection, each awaited until answered.

Source: HL7 Transport Specification, Minimal Lower Layer Protocol, release 1; HL7 v2.5 section 2.9.2 (acknowledgements).
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

START, END = b"\x0b", b"\x1c\r"
ANSWER_S_MAX = 60.0
"""Seconds to wait for an acknowledgement: a server that is busy answers later, one that is gone never does."""
ANSWER_BYTES_MAX = 1 << 20
ACCEPTED = frozenset({"AA", "CA"})


class NoAnswer(Exception):
    """The connection ended, or the time did, before the message was answered: whether it was applied is not known."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An acknowledgement. `code` is MSA-1 (AA, AE, AR); `control_id` is MSA-2, the message that is answered."""

    code: str
    control_id: str
    content: bytes

    @property
    def accepted(self) -> bool:
        """True when the message is applied, durably."""
        return self.code in ACCEPTED


def answer_of(content: bytes) -> Answer:
    r"""What an acknowledgement says.

    >>> answer_of(b"MSH|^~\\&|B\rMSA|AA|42\r").accepted
    True
    """
    for segment in content.split(b"\r"):
        if segment.startswith(b"MSA"):
            fields = [*segment.decode("utf-8", "replace").split("|"), "", ""]
            return Answer(fields[1], fields[2], content)
    return Answer("", "", content)


class MllpConnection:
    """One connection. Usage: `async with await MllpConnection.open(host, port) as connection: ...`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, host: str, port: int) -> "MllpConnection":
        """A connection, or OSError."""
        return cls(*await asyncio.open_connection(host, port, limit=ANSWER_BYTES_MAX))

    async def __aenter__(self) -> "MllpConnection":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def send(self, content: bytes) -> Answer:
        """Sends one message and waits for its answer. Raises NoAnswer."""
        try:
            self._writer.write(START + content + END)
            await self._writer.drain()
            async with asyncio.timeout(ANSWER_S_MAX):
                frame = await self._reader.readuntil(END)
        except (OSError, EOFError, asyncio.LimitOverrunError, TimeoutError) as failure:
            raise NoAnswer(type(failure).__name__) from failure
        return answer_of(frame.removesuffix(END).lstrip(START))

    async def close(self) -> None:
        """Hangs up."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:
            pass


async def send_all(
    host: str, port: int, messages: Iterable[tuple[str, bytes]], connections: int
) -> AsyncIterator[Answer]:
    """Sends messages over some connections; yields the answers as they come.

    Each message comes with a name (a hospital, a patient): those of one name go in their order over one connection.
    Raises NoAnswer, or OSError when nobody listens.
    """
    lanes: dict[int, list[bytes]] = defaultdict(list)
    lane_of: dict[str, int] = {}
    for name, content in messages:
        lanes[lane_of.setdefault(name, len(lane_of) % connections)].append(content)
    answers: asyncio.Queue[Answer | BaseException | None] = asyncio.Queue()
    tasks = [asyncio.create_task(_run_lane(host, port, lane, answers)) for lane in lanes.values()]
    try:
        open_lanes = len(tasks)
        while open_lanes:
            found = await answers.get()
            if isinstance(found, Answer):
                yield found
            elif found is None:
                open_lanes -= 1
            else:
                raise found
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _run_lane(
    host: str, port: int, messages: list[bytes], answers: "asyncio.Queue[Answer | BaseException | None]"
) -> None:
    try:
        async with await MllpConnection.open(host, port) as connection:
            for content in messages:
                answers.put_nowait(await connection.send(content))
    except (OSError, NoAnswer) as failure:
        answers.put_nowait(failure)
    else:
        answers.put_nowait(None)

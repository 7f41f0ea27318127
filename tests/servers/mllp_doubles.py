"""A register and a finder that stand still, and the HL7 v2 door around them."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from uuid import UUID

from beffroi.actions.asking import Ask
from beffroi.actions.connections import Caller
from beffroi.actions.pages import Page
from beffroi.actions.register import FeedSource
from beffroi.clock import Clock
from beffroi.errors import BeffroiError, CallerError
from beffroi.model.account import AccountId, Asker, Role
from beffroi.model.disclosure import Answer, DisclosureId, Door, Outcome, Released
from beffroi.model.feed import FeedEvent, FeedOutcome
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import INS_OIDS
from beffroi.model.search import Criteria
from beffroi.servers.http_server import listen
from beffroi.servers.mllp_messages import Messages
from beffroi.servers.mllp_server import MllpLimits, serve_mllp
from beffroi.wire.mllp import Broken, Deframer, Frame, frame
from wire.hl7_messages import CHU, OTHER

HOSPITALS = Hospitals([CHU, OTHER])
REGION = "1.2.250.1.999.9"
CALLER = Caller(AccountId(7), "dpi-chu", CHU, Role.HOSPITAL_APPLICATION, may_feed=True, may_query=True)


class FakeRegistrar:
    """Notes what is applied, in the order in which the calls end; `answer` decides each outcome, or raises."""

    def __init__(self) -> None:
        self.begun: list[FeedEvent] = []
        self.applied: list[FeedEvent] = []
        self.sources: list[FeedSource] = []
        self.answer: Callable[[FeedEvent], FeedOutcome] = lambda event: FeedOutcome.APPLIED
        self.open = asyncio.Event()
        self.open.set()

    async def apply(self, event: FeedEvent, source: FeedSource) -> FeedOutcome:
        """Waits while `open` is not set."""
        self.begun.append(event)
        self.sources.append(source)
        await self.open.wait()
        outcome = self.answer(event)
        self.applied.append(event)
        return outcome


class FakeFinder:
    """Answers `answer` to every question, or raises it, and notes what it was asked."""

    def __init__(self) -> None:
        self.hospitals = HOSPITALS
        self.answer: Answer | BeffroiError = Answer(DisclosureId(5), Outcome.NONE)
        self.asked: list[tuple[Ask, object]] = []
        self.refused: list[CallerError] = []
        self.signed: list[Asker] = []
        self.fates: list[tuple[int, bool]] = []

    async def page(self, ask: Ask, criteria: Criteria) -> Page:
        """PDQ."""
        return Page(self._answer(ask, criteria))

    async def pix(self, ask: Ask, system: str, value: str, targets: tuple[str, ...]) -> Released[Answer]:
        """PIX."""
        return self._answer(ask, (system, value, targets))

    def _answer(self, ask: Ask, what: object) -> Released[Answer]:
        self.asked.append((ask, what))
        if isinstance(self.answer, BeffroiError):
            raise self.answer
        return Released.seal(self.answer)

    async def refuse(self, ask: Ask, error: CallerError) -> object:
        """Notes it, then raises it."""
        self.refused.append(error)
        raise error

    async def signed_in(self, asker: Asker, door: Door, request_id: UUID) -> None:
        """Notes it."""
        self.signed.append(asker)

    def knows_domain(self, oid: str, asker: Asker) -> bool:
        """The two hospitals and the INS."""
        return oid in INS_OIDS or self.hospitals.by_oid(oid) is not None

    def delivered(self, disclosure_id: DisclosureId, sent: bool) -> None:
        """Notes it."""
        self.fates.append((disclosure_id, sent))


class World:
    """What the door stands on."""

    def __init__(self) -> None:
        self.registrar = FakeRegistrar()
        self.finder = FakeFinder()
        self.callers: dict[str, Caller] = {f"loopback:{CHU.namespace}": CALLER}
        self.looked_up: list[str] = []

    async def caller(self, credential: str) -> Caller | None:
        """The registered application."""
        self.looked_up.append(credential)
        return self.callers.get(credential)

    def messages(self) -> Messages:
        """The handler of messages."""
        return Messages(self.registrar, self.finder, self.caller, Clock(), REGION)


class Client:
    """A sender that writes bytes and reads frames."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._deframer = Deframer()
        self._waiting: list[Frame | Broken] = []

    async def write(self, *messages: bytes) -> None:
        """Frames and sends."""
        self.writer.write(b"".join(map(frame, messages)))
        await self.writer.drain()

    async def read(self) -> list[str]:
        """The next reply's segments; EOFError when the server hangs up."""
        while not self._waiting:
            async with asyncio.timeout(5):
                data = await self.reader.read(65_536)
            if not data:
                raise EOFError
            self._waiting += self._deframer.feed(data)
        event = self._waiting.pop(0)
        assert isinstance(event, Frame)
        return event.content.decode("utf-8").rstrip("\r").split("\r")

    async def ask(self, message: bytes) -> list[str]:
        """One message and its reply."""
        await self.write(message)
        return await self.read()

    async def close(self) -> None:
        """Hangs up."""
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


class Serving:
    """A running door."""

    def __init__(self, port: int, stopping: asyncio.Event, task: "asyncio.Task[None]") -> None:
        self.port = port
        self.stopping = stopping
        self.task = task

    async def client(self, tls: ssl.SSLContext | None = None) -> Client:
        """A new connection."""
        server_hostname = "localhost" if tls else None
        return Client(*await asyncio.open_connection("127.0.0.1", self.port, ssl=tls, server_hostname=server_hostname))


@contextlib.asynccontextmanager
async def serving(
    messages: Messages, limits: MllpLimits | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Serving]:
    """The door on a free port of this machine."""
    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    stopping, ready = asyncio.Event(), asyncio.Event()
    limits = limits or MllpLimits(shutdown_s=2.0)
    task = asyncio.create_task(serve_mllp(messages, listening, limits, stopping, tls=tls, ready=ready.set))
    await ready.wait()
    try:
        yield Serving(port, stopping, task)
    finally:
        stopping.set()
        await task

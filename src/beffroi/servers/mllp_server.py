"""The HL7 v2 door: MLLP over TCP, plain on this machine alone, with TLS and client certificates everywhere else.

On each connection replies leave in the order of the messages. Feed messages overlap, a few at a time, because the
register applies them in the order in which they are handed over; anything else waits for what came before.

Source: HL7 MLLP release 1; IHE ATNA (mutual TLS); RFC 8446.
"""

import asyncio
import contextlib
import ipaddress
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from itertools import count

from beffroi.actions.stop_watch import StopWatch, names
from beffroi.errors import CallerError, Malformed, OperatorError, TooLarge, Words
from beffroi.model.containment import ContainmentKind, Stop
from beffroi.servers.mllp_messages import Messages, Peer, Reply, Work
from beffroi.servers.mllp_messages import ready as done
from beffroi.telemetry import Event, log, log_failure
from beffroi.telemetry.metrics import count_feed
from beffroi.wire.mllp import FRAME_BYTES_MAX, Broken, Deframer, Fault, Frame, frame

READ_BYTES = 65_536
"""Bytes taken from a socket at once."""
IN_FLIGHT_MAX = 16
"""Messages of one connection under way. More would only wait in the register; the sender's socket holds the rest."""
IDLE_S_MAX = 3600.0
"""Seconds without a byte. Hospitals keep connections open through the night's quiet hours; a new one is cheap."""
FRAME_S_MAX = 30.0
"""Seconds for one frame to arrive whole."""
WRITE_S_MAX = 30.0
"""Seconds for a reply to be taken."""
CLOSE_S_MAX = 5.0
"""Seconds for the other end to take its leave."""
HANDSHAKE_S_MAX = 10.0
"""Seconds for a TLS handshake."""
BROKEN_FRAMES_MAX = 100
"""Broken frames of one connection: what sends more does not speak MLLP, and is disconnected."""

_WHAT = Words("The frame", "La trame")
_WHYS = {
    Fault.NO_START: Words("it has no start block", "elle n'a pas de bloc de début"),
    Fault.BAD_END: Words("its end block stands inside it", "son bloc de fin est au milieu"),
    Fault.NO_END: Words("it has no end block", "elle n'a pas de bloc de fin"),
}


@dataclass(frozen=True, slots=True)
class MllpLimits:
    """`connections_max` at once, bytes of one message, and seconds to answer what is under way at a stop."""

    connections_max: int = 200
    message_bytes: int = FRAME_BYTES_MAX
    shutdown_s: float = 15.0
    idle_s: float = IDLE_S_MAX
    frame_s: float = FRAME_S_MAX


def tls_context(certificate: str, key: str, client_ca: str) -> ssl.SSLContext:
    """TLS 1.2 or later, with a client certificate from one of the authorities in `client_ca`. Takes PEM files.

    Raises OSError or ssl.SSLError when they are not usable.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cafile=client_ca)
    context.load_cert_chain(certificate, key)
    return context


async def serve_mllp(
    messages: Messages,
    listening: socket.socket,
    limits: MllpLimits,
    stopping: asyncio.Event,
    *,
    tls: ssl.SSLContext | None = None,
    ready: Callable[[], None] = lambda: None,
    stops: StopWatch | None = None,
) -> None:
    """Answers on a bound socket until `stopping` is set; then what is under way is answered, for a bounded time.

    `ready` is called once connections are accepted; `stops` says whose are cut. Raises `OperatorError` for plain MLLP
    beyond this machine.
    """
    if tls is None and not _on_loopback(listening):
        raise OperatorError(
            "Plain MLLP is for this machine alone: set mllp.tls_certificate, mllp.tls_key and mllp.client_ca.",
            "MLLP en clair est réservé à cette machine : renseignez mllp.tls_certificate, mllp.tls_key et "
            "mllp.client_ca.",
        )
    door = _Door(messages, limits)
    if stops is not None:
        stops.subscribe(door.cut)
    handshake_s = HANDSHAKE_S_MAX if tls else None
    server = await asyncio.start_server(
        door.accept, sock=listening, ssl=tls, ssl_handshake_timeout=handshake_s, limit=READ_BYTES
    )
    ready()
    try:
        await stopping.wait()
    finally:
        server.close()
        await door.close()


def _on_loopback(listening: socket.socket) -> bool:
    host = listening.getsockname()[0]
    return ipaddress.ip_address(host.partition("%")[0]).is_loopback


class _Door:
    """The connections of one server."""

    def __init__(self, messages: Messages, limits: MllpLimits) -> None:
        self._messages = messages
        self._limits = limits
        self._connections: dict[asyncio.Task[None], _Connection] = {}
        self._numbers = count(1)
        self._closing = False

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection from beginning to end."""
        number = next(self._numbers)
        if self._closing or len(self._connections) >= self._limits.connections_max:
            log(Event.CONNECTION_REFUSED, connection=number, limit=self._limits.connections_max)
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        connection = _Connection(self._messages, self._limits, reader, writer, number)
        self._connections[task] = connection
        try:
            await connection.serve()
        finally:
            del self._connections[task]
            writer.transport.abort()

    def cut(self, stop: Stop) -> None:
        """Ends every connection of whom a containment names, at once and in mid-message."""
        for connection in self._connections.values():
            if connection.is_named(stop):
                connection.cut()

    async def close(self) -> None:
        """Reads nothing more, answers what is under way, and after the time given for it cuts the rest."""
        self._closing = True
        tasks = list(self._connections)
        for connection in self._connections.values():
            connection.stop()
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=self._limits.shutdown_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


class _Connection:
    """One connection. `_reading` hands work over in order, `_answering` sends replies in the same order."""

    def __init__(
        self,
        messages: Messages,
        limits: MllpLimits,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        number: int,
    ) -> None:
        self._messages = messages
        self._limits = limits
        self._reader = reader
        self._writer = writer
        self._number = number
        self._peer = _peer_of(writer)
        self._failed: asyncio.Task[None] | None = None
        self._deframer = Deframer(limits.message_bytes)
        # The replies to come, in order; None: there are no more.
        self._underway: asyncio.Queue[asyncio.Task[Reply] | None] = asyncio.Queue(IN_FLIGHT_MAX)
        self._running: set[asyncio.Task[Reply]] = set()
        self._broken_count = 0
        self._reading: asyncio.Task[None] | None = None
        # `drain` then waits until the reply is the system's: what "sent" means in a disclosure's delivery.
        writer.transport.set_write_buffer_limits(high=0)

    async def serve(self) -> None:
        """Until the other end closes, falls silent or is told to stop; whatever was taken is answered."""
        log(Event.CONNECTION_OPENED, connection=self._number)
        self._reading = asyncio.create_task(self._read())
        answering = asyncio.create_task(self._answer())
        try:
            await asyncio.wait((self._reading, answering), return_when=asyncio.FIRST_COMPLETED)
            await self._ended(self._reading)
            await self._finish(answering)
            await self._close()
        finally:
            await self._ended(self._reading)
            await self._ended(answering)
            self._give_up()
            log(Event.CONNECTION_CLOSED, connection=self._number)

    def is_named(self, stop: Stop) -> bool:
        """Whether a containment names whoever has spoken here, or the certificate of this connection."""
        peer = self._peer
        certificate = stop.kind is ContainmentKind.DEVICE and (peer.thumbprint or b"").hex() == stop.target
        return certificate or any(names(stop, *caller) for caller in peer.callers)

    def cut(self) -> None:
        """Ends it now; whoever sent what is under way sends it again, or is refused."""
        self._writer.transport.abort()

    def stop(self) -> None:
        """Reads nothing more."""
        if self._reading is not None:
            self._reading.cancel()

    async def _finish(self, answering: asyncio.Task[None]) -> None:
        """Lets what was taken be answered, while there is somebody to answer."""
        ending = asyncio.create_task(self._underway.put(None))
        await asyncio.wait((ending, answering), return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        await asyncio.wait((answering,))

    async def _close(self) -> None:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_S_MAX):
                self._writer.close()
                await self._writer.wait_closed()

    async def _ended(self, task: asyncio.Task[None]) -> None:
        """Cancels a task of this connection and waits for it; what it failed with is logged, once."""
        if task.done() and task.cancelled():
            return
        task.cancel()
        await asyncio.wait((task,))
        failure = None if task.cancelled() else task.exception()
        if failure is not None and task is not self._failed:
            self._failed = task
            log_failure(Event.UNHANDLED, failure, connection=self._number)

    def _give_up(self) -> None:
        """The connection is gone: what is under way becomes durable or not by itself, and its reply reaches nobody."""
        while not self._underway.empty():
            task = self._underway.get_nowait()
            if task is not None:
                task.add_done_callback(self._lost)

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        frame_ends_s = 0.0
        while self._broken_count < BROKEN_FRAMES_MAX:
            in_frame = self._deframer.in_frame
            ends_s = frame_ends_s if in_frame else loop.time() + self._limits.idle_s
            try:
                async with asyncio.timeout_at(ends_s):
                    data = await self._reader.read(READ_BYTES)
            except (TimeoutError, OSError):
                break
            if not data:
                break
            events = self._deframer.feed(data)
            for event in events:
                await self._take(event)
            if events or not in_frame:
                frame_ends_s = loop.time() + self._limits.frame_s
        for broken in self._deframer.close():
            self._report(broken)

    async def _take(self, event: Frame | Broken) -> None:
        if isinstance(event, Frame):
            await self._start(await self._messages.prepare(event.content, self._peer))
            return
        self._report(event)
        error = _frame_error(event, self._limits.message_bytes)
        reply = self._messages.refuse_frame(event.head, error) if event.ended else None
        if reply is not None:
            await self._start(done(reply))

    async def _start(self, work: Work) -> None:
        """Hands work over in order: what must be alone waits for the rest, and is waited for."""
        if work.alone and self._running:
            await asyncio.wait(self._running)
        task = asyncio.ensure_future(work.run())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            await self._underway.put(task)
        except asyncio.CancelledError:
            task.add_done_callback(self._lost)
            raise
        if work.alone:
            await asyncio.wait((task,))

    def _report(self, broken: Broken) -> None:
        self._broken_count += 1
        log(Event.FRAME_BROKEN, connection=self._number, reason=broken.fault, bytes=broken.size_bytes)
        count_feed(None, "100")

    async def _answer(self) -> None:
        while (task := await self._underway.get()) is not None:
            try:
                reply = await asyncio.shield(task)
            except asyncio.CancelledError:
                task.add_done_callback(self._lost)
                raise
            if not await self._send(reply):
                return

    async def _send(self, reply: Reply) -> bool:
        """True once the reply is the system's to deliver."""
        sent = False
        try:
            self._writer.write(frame(reply.content))
            async with asyncio.timeout(WRITE_S_MAX):
                await self._writer.drain()
            sent = True
        except (OSError, TimeoutError):
            pass
        finally:
            self._tell(reply, sent)
        return sent

    def _lost(self, task: asyncio.Future[Reply]) -> None:
        if not task.cancelled() and task.exception() is None:
            self._tell(task.result(), sent=False)

    def _tell(self, reply: Reply, sent: bool) -> None:
        if reply.disclosure_id is not None:
            self._messages.finder.delivered(reply.disclosure_id, sent)


def _peer_of(writer: asyncio.StreamWriter) -> Peer:
    address = writer.get_extra_info("peername")
    encrypted = writer.get_extra_info("ssl_object")
    certificate = encrypted.getpeercert(binary_form=True) if encrypted is not None else None
    return Peer(str(address[0]) if address else "", sha256(certificate).digest() if certificate else None)


def _frame_error(broken: Broken, limit_bytes: int) -> CallerError:
    if broken.fault is Fault.TOO_LARGE:
        return TooLarge("MSH^1", what=_WHAT, limit=Words(f"{limit_bytes} bytes", f"{limit_bytes} octets"))
    return Malformed("MSH^1", what=_WHAT, why=_WHYS[broken.fault])

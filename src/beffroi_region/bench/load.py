"""The load generator: one thread, raw sockets, requests built beforehand, so that it takes little of the machine.
It speaks whatever its `Reads` reads: HTTP here, MLLP for the feed.

Closed loop: each client waits for its answer before it asks again. Open loop: requests leave on a schedule whatever the
answers do, and a latency counts from the scheduled time, so that a stalled server cannot hide what it made wait
("coordinated omission").
"""

import gc
import select
import selectors
import socket
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

_RECEIVE_BYTES = 262_144
_PATIENCE_S = 30.0
"""Seconds without any answer after which the run fails: the server is dead or stuck."""
_SAMPLE_EVERY = 50
"""Answers. One in so many is kept whole, to be checked against what was expected once the clock has stopped."""


class LoadError(Exception):
    """The server closed a connection, spoke something else than HTTP, or fell silent."""


Reads = Callable[[bytes], tuple[bytes, bytes] | None]
"""What was received so far, to a status and a body; None while the answer is not whole."""


@dataclass(slots=True)
class Client:
    """One connection that stays open. `source` numbers the requests that it still has to make."""

    connection: socket.socket
    source: Iterator[int] = field(default_factory=lambda: iter(()))
    received: bytes = b""
    request: int = -1
    due_ns: int = 0


@dataclass(slots=True)
class Measured:
    """What a run saw. `latencies_ns` in the order of arrival; `sample`: (request number, body); `refusals`: bodies."""

    seconds: float = 0.0
    cpu_s: float = 0.0
    latencies_ns: list[int] = field(default_factory=list)
    statuses: Counter[bytes] = field(default_factory=Counter)
    sample: list[tuple[int, bytes]] = field(default_factory=list)
    refusals: list[bytes] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Answers, whatever their status."""
        return len(self.latencies_ns)

    def per_s(self) -> float:
        """Answers a second."""
        return self.count / self.seconds if self.seconds else 0.0

    def percentile_ms(self, percent: float) -> float:
        """The latency that `percent` of the answers did not exceed, in ms; 0 without answers."""
        if not self.latencies_ns:
            return 0.0
        ordered = sorted(self.latencies_ns)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] / 1e6


def http_answer(data: bytes) -> tuple[bytes, bytes] | None:
    r"""Status and body of an HTTP answer; None while it is not whole.

    >>> http_answer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    (b'200', b'{}')
    """
    head_end = data.find(b"\r\n\r\n")
    if head_end < 0 or len(data) < head_end + 4 + content_length(data, head_end):
        return None
    return data[9:12], data[head_end + 4 :]


def content_length(data: bytes, head_end: int) -> int:
    """The length that an answer's head announces, in bytes; raises `LoadError` when it announces none.

    >>> content_length(b"HTTP/1.1 200 OK\\r\\nContent-Length: 7\\r\\n\\r\\n", 35)
    7
    """
    start = data.find(b"content-length:", 0, head_end)
    if start < 0:
        start = data[:head_end].lower().find(b"content-length:")
    if start < 0:
        raise LoadError("an answer without Content-Length")
    end = data.find(b"\r\n", start, head_end)
    return int(data[start + 15 : head_end if end < 0 else end])


class Generator:
    """Some clients of one or several servers (`addresses`: loopback host and port), dealt out evenly."""

    def __init__(
        self, addresses: Sequence[tuple[str, int]], clients: int, reads: Reads = http_answer, good: bytes = b"200"
    ) -> None:
        self._reads = reads
        self._good = good
        self._ready = _Ready()
        self.clients: list[Client] = []
        for index in range(clients):
            connection = socket.create_connection(addresses[index % len(addresses)], timeout=_PATIENCE_S)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.clients.append(Client(connection))
            self._ready.watch(connection.fileno())
        self._by_number = {client.connection.fileno(): client for client in self.clients}

    def close(self) -> None:
        """Closes all connections."""
        self._ready.close()
        for client in self.clients:
            client.connection.close()

    def __enter__(self) -> "Generator":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def closed(
        self, requests: Sequence[bytes], seconds: float, lanes: Sequence[Sequence[int]] | None = None
    ) -> Measured:
        """Asks for `seconds`, or until the requests run out, and waits for what is under way.

        `lanes`: for each client the numbers of its own requests, in their order; otherwise all take from one pile.
        """
        measured = Measured()
        pile = iter(range(len(requests)))
        for index, client in enumerate(self.clients):
            client.source = iter(lanes[index]) if lanes else pile
        with _Quiet(measured):
            begun_ns = time.perf_counter_ns()
            stop_ns = begun_ns + int(seconds * 1e9)
            under_way = sum(_ask_next(client, requests) for client in self.clients)
            while under_way:
                for client in self._answered(_PATIENCE_S, measured):
                    if time.perf_counter_ns() >= stop_ns or not _ask_next(client, requests):
                        under_way -= 1
            measured.seconds = (time.perf_counter_ns() - begun_ns) / 1e9
        return measured

    def open(self, requests: Sequence[bytes], due_s: Sequence[float]) -> Measured:
        """Asks `requests[i]` at `due_s[i]` seconds after the start; a client that is free takes it."""
        measured = Measured()
        free = deque(self.clients)
        with _Quiet(measured):
            begun_ns = time.perf_counter_ns()
            due_ns = [begun_ns + int(due * 1e9) for due in due_s]
            following, under_way = 0, 0
            while following < len(due_ns) or under_way:
                now_ns = time.perf_counter_ns()
                while following < len(due_ns) and due_ns[following] <= now_ns and free:
                    _ask(free.popleft(), following, requests, due_ns[following])
                    following += 1
                    under_way += 1
                patience_s = _PATIENCE_S
                if following < len(due_ns) and free:
                    patience_s = max(0.0, (due_ns[following] - time.perf_counter_ns()) / 1e9)
                for client in self._answered(patience_s, measured, expected=patience_s == _PATIENCE_S):
                    under_way -= 1
                    free.append(client)
            measured.seconds = (time.perf_counter_ns() - begun_ns) / 1e9
        return measured

    def _answered(self, patience_s: float, measured: Measured, expected: bool = True) -> list[Client]:
        """Clients whose answer is complete, after at most `patience_s`; silence fails when one was `expected`."""
        numbers = self._ready.wait(patience_s)
        if not numbers and expected:
            raise LoadError(f"no answer within {patience_s:.0f} s")
        return [client for number in numbers if self._receive(client := self._by_number[number], measured)]

    def _receive(self, client: Client, measured: Measured) -> bool:
        """True once an answer is complete; its latency and status are then noted."""
        try:
            piece = client.connection.recv(_RECEIVE_BYTES)
        except OSError as error:
            raise LoadError(f"a connection broke: {type(error).__name__}") from error
        if not piece:
            raise LoadError("the server closed a connection")
        data = client.received + piece if client.received else piece
        found = self._reads(data)
        if found is None:
            client.received = data
            return False
        client.received = b""
        measured.latencies_ns.append(time.perf_counter_ns() - client.due_ns)
        status, body = found
        measured.statuses[status] += 1
        if status != self._good and len(measured.refusals) < _SAMPLE_EVERY:
            measured.refusals.append(body)
        if measured.count % _SAMPLE_EVERY == 1:
            measured.sample.append((client.request, body))
        return True


class _Ready:
    """Which connections have something to read: epoll where there is one, what the platform has elsewhere."""

    def __init__(self) -> None:
        self._epoll = select.epoll() if sys.platform == "linux" else None
        self._selector = selectors.DefaultSelector()

    def watch(self, number: int) -> None:
        """From now on `wait` tells of this file number."""
        if self._epoll is not None:
            self._epoll.register(number, select.EPOLLIN)
        else:
            self._selector.register(number, selectors.EVENT_READ)

    def wait(self, patience_s: float) -> list[int]:
        """The file numbers that can be read, after at most `patience_s`."""
        if self._epoll is None:
            return [key.fd for key, _ in self._selector.select(patience_s)]
        # select(2) waits microseconds where epoll_wait(2) waits whole milliseconds, which an open loop would count.
        ready, _, _ = select.select([self._epoll.fileno()], [], [], patience_s)
        return [number for number, _ in self._epoll.poll(0)] if ready else []

    def close(self) -> None:
        """Gives the watched numbers up."""
        self._selector.close()
        if self._epoll is not None:
            self._epoll.close()


class _Quiet:
    """Around a run: no garbage collection of ours in the latencies, and the processor time that the generator took."""

    def __init__(self, measured: Measured) -> None:
        self._measured = measured

    def __enter__(self) -> None:
        gc.collect()
        gc.disable()
        self._cpu_s = time.process_time()

    def __exit__(self, *_: object) -> None:
        self._measured.cpu_s = time.process_time() - self._cpu_s
        gc.enable()


def _ask_next(client: Client, requests: Sequence[bytes]) -> bool:
    """Makes the client's next request; False when it has none left."""
    number = next(client.source, None)
    if number is None:
        return False
    _ask(client, number, requests, time.perf_counter_ns())
    return True


def _ask(client: Client, number: int, requests: Sequence[bytes], due_ns: int) -> None:
    client.request, client.due_ns = number, due_ns
    client.connection.sendall(requests[number])

"""The line between the supervisor and a child: a socket pair of which each holds one end.

The child says once that it is ready, or why it cannot be. After that the line only has to be there: when the supervisor
ends, however it ends, the child sees the line close and stops as if it had been asked to.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable

import msgspec

REPORT_BYTES_MAX = 16_384


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a child says once: ready (then both texts are empty), or why not, in English and in French."""

    english: str = ""
    french: str = ""

    @property
    def ready(self) -> bool:
        """Whether it serves."""
        return not self.english


class ChildEnd:
    """The child's end, by the number of its inherited file; without a number (started by hand) it says nothing."""

    def __init__(self, fd: int | None) -> None:
        self._line = socket.socket(fileno=fd) if fd is not None else None

    def watch(self, stop: Callable[[], None]) -> None:
        """Calls `stop` when the supervisor is gone. Called within the running loop."""
        if self._line is None:
            return
        line = self._line
        line.setblocking(False)
        loop = asyncio.get_running_loop()

        def on_readable() -> None:
            with contextlib.suppress(BlockingIOError):
                try:
                    if line.recv(1):
                        return
                except BlockingIOError:
                    raise
                except OSError:
                    pass
                loop.remove_reader(line)
                stop()

        loop.add_reader(line, on_readable)

    def say(self, report: Report) -> None:
        """Tells the supervisor; a supervisor that is gone is no error here."""
        if self._line is not None:
            with contextlib.suppress(OSError):
                self._line.sendall(msgspec.json.encode(report) + b"\n")


class SupervisorEnd:
    """The supervisor's end. `child_fd` is what the child inherits; `started` closes our copy of it."""

    def __init__(self) -> None:
        self._line, self._childs = socket.socketpair()
        self._line.setblocking(False)
        self.child_fd = self._childs.fileno()

    def started(self) -> None:
        """The child has its copy: from now on the line closes when the child ends."""
        self._childs.close()

    async def report(self) -> Report | None:
        """What the child says; None when it ended without a word."""
        loop = asyncio.get_running_loop()
        received = bytearray()
        while not received.endswith(b"\n") and len(received) < REPORT_BYTES_MAX:
            try:
                part = await loop.sock_recv(self._line, REPORT_BYTES_MAX)
            except OSError:
                return None
            if not part:
                return None
            received += part
        try:
            return msgspec.json.decode(bytes(received), type=Report)
        except msgspec.MsgspecError:
            return None

    def close(self) -> None:
        """Tells the child to stop, if it is still there."""
        self._childs.close()
        self._line.close()

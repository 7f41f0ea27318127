"""The parent of a deployment's processes: binds the sockets, starts the children, starts a dead one again, stops all.

Children inherit the listening sockets, so that a connection made while one restarts waits and is not refused. Each has
the database role of its work and no other. A stop is bounded: what is under way is answered, then children that are
still there are killed.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from beffroi.actions.readiness import Children
from beffroi.app.control import Report, SupervisorEnd
from beffroi.errors import OperatorError
from beffroi.telemetry import Event, Process, log
from beffroi.telemetry.metrics import DIRECTORY_VARIABLE, SLOT_VARIABLE

START_S_MAX = 60.0
"""Seconds for a child to be ready: a slow disk, a database that wakes up."""
STOP_EXTRA_S = 10.0
"""Seconds beyond the configured stop, for the gate's last transaction and the interpreter's end."""
BACKOFF_S_MIN = 0.2
BACKOFF_S_MAX = 30.0
STEADY_S = 60.0
"""Seconds of life after which a child's next death starts the backoff anew."""
CHILDREN_FILE = "children.json"


@dataclass(frozen=True, slots=True)
class ChildPlan:
    """One child: which process it is, its command without the line's number, and the files that it inherits."""

    process: Process
    command: tuple[str, ...]
    files: tuple[int, ...] = ()


class CannotStart(OperatorError):
    """A child that could not start, in its own words."""


class Supervisor:
    """Runs children until it is stopped. Use as `async with`: leaving stops everything."""

    def __init__(self, plans: Sequence[ChildPlan], folder: Path, *, shutdown_s: int) -> None:
        self._plans = plans
        self._folder = folder
        self._shutdown_s = shutdown_s
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._running_count = 0
        self._restarts_count = 0
        self._ready_count = 0
        self._all_ready = asyncio.Event()
        self._failure: CannotStart | None = None

    async def __aenter__(self) -> "Supervisor":
        (self._folder / "metrics").mkdir(mode=0o700, exist_ok=True)
        self._tell()
        self._tasks = [asyncio.create_task(self._keep(slot, plan)) for slot, plan in enumerate(self._plans)]
        try:
            await self._all_ready.wait()
        except asyncio.CancelledError:
            await self.stop()
            raise
        if self._failure is not None:
            await self.stop()
            raise self._failure
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Stops every child within the configured time and a little more; safe to call again."""
        self._stopping.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep(self, slot: int, plan: ChildPlan) -> None:
        """Starts one child, and starts it again when it dies, with longer and longer pauses."""
        pause_s, first = BACKOFF_S_MIN, True
        while not self._stopping.is_set():
            started_s = time.monotonic()
            report = await self._live(slot, plan, first)
            if self._stopping.is_set():
                return
            if first and (report is None or not report.ready):
                self._give_up(plan, report)
                return
            first = False
            if time.monotonic() - started_s > STEADY_S:
                pause_s = BACKOFF_S_MIN
            self._restarts_count += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause_s)
            pause_s = min(2 * pause_s, BACKOFF_S_MAX)

    async def _live(self, slot: int, plan: ChildPlan, first: bool) -> Report | None:
        """One child's life, from its start to its end; what it said, None when it said nothing."""
        line = SupervisorEnd()
        child = await asyncio.create_subprocess_exec(
            *plan.command,
            "--control-fd",
            str(line.child_fd),
            pass_fds=(*plan.files, line.child_fd),
            stdin=asyncio.subprocess.DEVNULL,
            env={
                **os.environ,
                DIRECTORY_VARIABLE: str(self._folder / "metrics"),
                SLOT_VARIABLE: f"{plan.process}-{slot}",
            },
            start_new_session=True,  # Ctrl-C in the terminal reaches the supervisor alone: it stops them in order
        )
        line.started()
        ending = asyncio.create_task(child.wait())
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            report = await self._hear(line, stopping)
            if report is not None and report.ready:
                log(Event.CHILD_STARTED, child=plan.process, pid=child.pid, restarts=self._restarts_count)
                self._count(1, first)
                await asyncio.wait((ending, stopping), return_when=asyncio.FIRST_COMPLETED)
                self._count(-1, False)
            return report
        finally:
            line.close()
            await self._end(plan, child, ending)
            stopping.cancel()

    async def _hear(self, line: SupervisorEnd, stopping: "asyncio.Task[bool]") -> Report | None:
        hearing = asyncio.create_task(line.report())
        await asyncio.wait((hearing, stopping), timeout=START_S_MAX, return_when=asyncio.FIRST_COMPLETED)
        if hearing.done():
            return hearing.result()
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)
        return None

    async def _end(self, plan: ChildPlan, child: "asyncio.subprocess.Process", ending: "asyncio.Task[int]") -> None:
        """Waits for a child that was asked to stop; kills it when it does not."""
        if not ending.done():
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
            await asyncio.wait((ending,), timeout=self._shutdown_s + STOP_EXTRA_S)
        if not ending.done():
            log(Event.CHILD_KILLED, child=plan.process, pid=child.pid)
            with contextlib.suppress(ProcessLookupError):
                child.kill()
        exit_code = await ending
        if not self._stopping.is_set():
            log(Event.CHILD_DIED, child=plan.process, pid=child.pid, exit_code=exit_code, restarts=self._restarts_count)

    def _give_up(self, plan: ChildPlan, report: Report | None) -> None:
        english = report.english if report else "it ended without a word; its log says more."
        french = report.french if report else "il s'est arrêté sans un mot ; son journal en dit plus."
        if self._failure is None:
            self._failure = CannotStart(
                f"The {plan.process} process cannot start: {english}",
                f"Le processus {plan.process} ne peut pas démarrer : {french}",
            )
        self._all_ready.set()

    def _count(self, change: int, first: bool) -> None:
        self._running_count += change
        self._ready_count += first
        self._tell()
        if self._ready_count == len(self._plans):
            self._all_ready.set()

    def _tell(self) -> None:
        """Writes how many run, whole or not at all, for the management port."""
        said = Children(len(self._plans), self._running_count, self._restarts_count)
        partial = self._folder / f"{CHILDREN_FILE}.new"
        partial.write_bytes(msgspec.json.encode(said))
        partial.replace(self._folder / CHILDREN_FILE)


def read_children(path: Path) -> Children | None:
    """What the supervisor wrote last; None when there is no supervisor."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Children)
    except (OSError, msgspec.MsgspecError):
        return None

"""The gate's face: questions in, `Released` answers out, one writer per process behind it.

The writer gathers whatever waits while the previous transaction commits, so that the cost of a commit is shared. A
second writer would only make accounts wait for each other (a fifth slower when it was tried).
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import NoReturn, TypeVar

from beffroi.access.fields import NOTHING
from beffroi.access.policy import Permit, decide
from beffroi.actions.disclose.batch import Batch
from beffroi.actions.disclose.judging import Entry, Finish, Judging
from beffroi.clock import Clock
from beffroi.errors import BeffroiError, CallerError, Overloaded, Unavailable, Words
from beffroi.model.disclosure import Advice, Answer, DisclosureId, Finding, Outcome, Question, Released
from beffroi.store.database import DATABASE_FAULTS, VALUE_FAULTS
from beffroi.store.disclosures import Delivery, DisclosureStore
from beffroi.telemetry import Event, log_failure
from beffroi.telemetry.metrics import count_batch

T = TypeVar("T")
_REGISTER = Words("The register of disclosures", "Le registre des communications")
_WAITING = Words("waiting disclosures", "communications en attente")

ENTRIES_PER_BATCH_MAX = 64
"""Entries. Beyond it, one transaction would hold its locks longer than it saves."""
ENTRIES_WAITING_MAX = 2_000
"""Entries. Some seconds of work; more would only time out."""
WAIT_S_MAX = 10.0
"""Seconds until a caller is told that nothing was released."""
DELIVERIES_IDLE_S = 1.0
"""Seconds after which the fate of answers is written even if no question comes to carry it."""
DELIVERIES_WAITING_MAX = 10_000
"""Entries. Beyond it the fate of further answers stays unknown, which a scope states."""
FAILURE_LOG_S = 1.0
"""Seconds between two lines about a gate that fails."""
_ONE_ENTRY_FAULTS = (*VALUE_FAULTS, ValueError, KeyError, TypeError)
"""Failures that one entry can cause; a lost connection is not among them, since its batch may have committed."""


class Gate:
    """The one way out. `start` before use, `stop` to finish what waits."""

    def __init__(self, store: DisclosureStore, judging: Judging, clock: Clock) -> None:
        self._store = store
        self._batch = Batch(store, judging, clock)
        self._queue: asyncio.Queue[Entry] = asyncio.Queue(ENTRIES_WAITING_MAX)
        self._deliveries: list[Delivery] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._silent_until_s = 0.0

    async def start(self) -> None:
        """Starts the writer and the idle flush of deliveries."""
        self._tasks = [asyncio.create_task(self._write_forever()), asyncio.create_task(self._flush_forever())]

    async def stop(self) -> None:
        """Answers what waits, then ends."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S_MAX):
                await self._queue.join()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(*DATABASE_FAULTS):
            await self._flush()

    def check(self, question: Question) -> Permit:
        """What policy lets this asker have; raises `Forbidden` or `Missing`, not yet recorded."""
        return decide(question)

    async def disclose(
        self,
        question: Question,
        permit: Permit,
        findings: tuple[Finding, ...],
        outcome: Outcome = Outcome.NONE,
        advice: tuple[Advice, ...] = (),
        missing: tuple[str, ...] = (),
        finish: Finish | None = None,
    ) -> Released[Answer]:
        """Judges and records, and only then releases. `outcome` is how it ended if nobody is shown; `finish` is asked,
        after the verdict, what the answer makes of those who may be shown.

        Raises what the watch or the account's state refuse, `Overloaded`, or `Unavailable` when nothing was written.
        """
        done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        entry = Entry(question, permit, findings, outcome, done, advice, missing, finish=finish)
        return Released.seal(await self._submit(entry))

    async def disclose_as(
        self,
        question: Question,
        permit: Permit,
        findings: tuple[Finding, ...],
        shape: Callable[[Answer], T],
        outcome: Outcome = Outcome.NONE,
    ) -> Released[T]:
        """As `disclose`, for an answer of another shape, made by `shape` from what was released and nothing else."""
        released = await self.disclose(question, permit, findings, outcome)
        return Released.seal(shape(released.content))

    async def refuse(self, question: Question, error: CallerError, outcome: Outcome = Outcome.REFUSED) -> NoReturn:
        """Records a refusal, then raises it: a refusal tells something too (law 3)."""
        done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        nothing = Permit(NOTHING, NOTHING)
        await self._submit(Entry(question, nothing, (), outcome, done, refusal=error))
        raise error

    def delivered(self, disclosure_id: DisclosureId, sent: bool) -> None:
        """The fate of an answer: handed to the socket, or not. Written with a later batch."""
        if len(self._deliveries) < DELIVERIES_WAITING_MAX:
            self._deliveries.append((disclosure_id, sent))

    async def _submit(self, entry: Entry) -> Answer:
        try:
            self._queue.put_nowait(entry)
        except asyncio.QueueFull:
            raise Overloaded(what=_WAITING) from None
        # asyncio.timeout would cost four times as much, for every question.
        expiry = asyncio.get_running_loop().call_later(WAIT_S_MAX, _give_up, entry)
        try:
            return await entry.done
        finally:
            expiry.cancel()

    async def _write_forever(self) -> None:
        while True:
            entries = [await self._queue.get()]
            while len(entries) < ENTRIES_PER_BATCH_MAX and not self._queue.empty():
                entries.append(self._queue.get_nowait())
            await self._write(entries)
            for _ in entries:
                self._queue.task_done()

    async def _write(self, entries: list[Entry]) -> None:
        """One transaction; if it fails and several shared it, each alone, so that only the guilty one fails."""
        deliveries, self._deliveries = self._deliveries, []
        started_s = time.perf_counter()
        try:
            await self._batch.commit(entries, deliveries)
            count_batch(len(entries), time.perf_counter() - started_s)
        except Exception as failure:  # whatever it is, callers must be told and the writer must live on
            self._deliveries = deliveries + self._deliveries
            if len(entries) > 1 and isinstance(failure, _ONE_ENTRY_FAULTS):
                for entry in entries:
                    await self._write([entry])
                return
            if started_s >= self._silent_until_s:  # an outage is one line a second, not one per batch
                log_failure(Event.GATE_FAILED, failure)
                self._silent_until_s = started_s + FAILURE_LOG_S
            for entry in entries:
                _fail(entry, Unavailable(what=_REGISTER))

    async def _flush_forever(self) -> None:
        while True:
            await asyncio.sleep(DELIVERIES_IDLE_S)
            with contextlib.suppress(*DATABASE_FAULTS):
                await self._flush()

    async def _flush(self) -> None:
        if self._deliveries:
            deliveries, self._deliveries = self._deliveries, []
            await self._store.write_deliveries(deliveries)


def _fail(entry: Entry, error: BeffroiError) -> None:
    if not entry.done.done():
        entry.done.set_exception(error)


def _give_up(entry: Entry) -> None:
    """Whoever waits is told; if the writer commits the entry all the same, the disclosure stands and nobody saw it."""
    _fail(entry, Unavailable(what=_REGISTER))

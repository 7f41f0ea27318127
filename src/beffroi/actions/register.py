"""The hospitals' feed into the register: many callers, one writer per process, one commit for all who wait.

What a caller hears never depends on whether somebody matched elsewhere.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from beffroi.actions.availability import IDENTITIES
from beffroi.clock import Clock
from beffroi.errors import BeffroiError, CallerError, NotYourDomain, Overloaded, Unavailable, Words
from beffroi.model.account import AccountId
from beffroi.model.feed import FeedEvent, FeedOutcome
from beffroi.model.person import HospitalId
from beffroi.store.database import Database
from beffroi.store.feed import Beside, FeedStore
from beffroi.store.feed_workspace import Fed, Result
from beffroi.telemetry import Event, log_failure
from beffroi.telemetry.metrics import count_feed_batch

# Events written by one transaction (count). Few enough that nobody waits long behind it, many enough to share its cost.
EVENTS_PER_TRANSACTION_MAX = 80
# Events waiting (count): some seconds of work. An MLLP connection has one under way.
EVENTS_WAITING_MAX = 5_000
# Events of one call of `apply_batch` (count): it holds the register's lock while it is written.
BATCH_MAX = 2_000
# Seconds given to what waits when the registrar stops.
STOP_S_MAX = 30.0


class FeedSource(msgspec.Struct, frozen=True):
    """The account whose credential feeds, and the only hospital that it may speak for."""

    account_id: AccountId
    hospital_id: HospitalId


@dataclass(slots=True)
class _Job:
    batch: list[Fed]
    done: asyncio.Future[list[Result]]
    beside: Beside | None = None
    alone: bool = False


class Registrar:
    """Applies events. `start` before use, `stop` to finish what waits."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._store = FeedStore(database)
        self._clock = clock
        self._jobs: deque[_Job] = deque()
        self._waiting_count = 0
        self._wake = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._stopping = False

    async def start(self) -> None:
        """Starts the writer."""
        self._stopping = False
        self._writer = asyncio.create_task(self._write_forever())

    async def stop(self) -> None:
        """Takes nothing more, writes what waits, then ends; whoever is still waiting after STOP_S_MAX hears so."""
        self._stopping = True
        self._wake.set()
        if self._writer is None:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._writer, STOP_S_MAX)
        self._writer = None
        while self._jobs:
            _settle([self._jobs.popleft()], _unavailable())

    async def apply(self, event: FeedEvent, source: FeedSource) -> FeedOutcome:
        """The event's outcome; durable when it returns. Events given in order for one patient are applied in order.

        Raises CallerError for what the sender must change, ServerError when telling it again may help (and is safe: a
        message is recognised). A caller who is cancelled does not take the event back.
        """
        if event.hospital_id != source.hospital_id:
            raise _not_yours(event)
        (written,) = await self._submit([Fed(event, source.account_id, live=True)])
        if isinstance(written, CallerError):
            raise written
        return written

    async def beat(self, source: FeedSource) -> None:
        """A feed's sign of life without an event. Raises Unavailable."""
        await self._store.beat(source.hospital_id, self._clock.now())

    async def apply_batch(
        self, events: Sequence[FeedEvent], source: FeedSource, *, beside: Beside | None = None
    ) -> list[FeedOutcome | CallerError]:
        """Each event's outcome or error, in order, all in one transaction; `beside` is written in it too.

        At most BATCH_MAX events. Raises ServerError when nothing of it may have been written.
        """
        if len(events) > BATCH_MAX:
            raise ValueError(f"a batch has at most {BATCH_MAX} events")
        own = [Fed(event, source.account_id, live=False) for event in events if event.hospital_id == source.hospital_id]
        written = iter(await self._submit(own, beside, alone=True))
        return [next(written) if event.hospital_id == source.hospital_id else _not_yours(event) for event in events]

    async def _submit(self, batch: list[Fed], beside: Beside | None = None, alone: bool = False) -> list[Result]:
        if self._stopping or self._writer is None or self._writer.done():
            raise _unavailable()
        if self._waiting_count + len(batch) > EVENTS_WAITING_MAX:
            raise Overloaded(what=Words("waiting messages", "messages en attente"))
        job = _Job(batch, asyncio.get_running_loop().create_future(), beside, alone)
        self._jobs.append(job)
        self._waiting_count += len(batch)
        self._wake.set()
        return await job.done

    async def _write_forever(self) -> None:
        while not (self._stopping and not self._jobs):
            if not self._jobs:
                self._wake.clear()
                await self._wake.wait()
                continue
            await self._write(self._gathered())

    def _gathered(self) -> list[_Job]:
        """The jobs of the next transaction, in the order in which they came."""
        first = self._jobs.popleft()
        jobs, count = [first], len(first.batch)
        while self._jobs and not (first.alone or self._jobs[0].alone) and count < EVENTS_PER_TRANSACTION_MAX:
            jobs.append(self._jobs.popleft())
            count += len(jobs[-1].batch)
        self._waiting_count -= count
        return jobs

    async def _write(self, jobs: list[_Job]) -> None:
        batch = [fed for job in jobs for fed in job.batch]
        started = time.perf_counter()
        try:
            _settle(jobs, await self._store.write(batch, self._clock.now(), jobs[0].beside))
        except asyncio.CancelledError:  # stopped in the middle: it is unknown whether it was committed
            _settle(jobs, _unavailable())
            raise
        except Exception as failure:  # whatever it is, callers must hear and the writer must live on
            log_failure(Event.FEED_FAILED, failure)
            _settle(jobs, failure if isinstance(failure, BeffroiError) else _unavailable())
        count_feed_batch(len(batch), time.perf_counter() - started)


def _settle(jobs: list[_Job], result: list[Result] | BeffroiError) -> None:
    at = 0
    for job in jobs:
        if not job.done.done():  # otherwise its caller gave up; what was written stays written
            if isinstance(result, BeffroiError):
                job.done.set_exception(result)
            else:
                job.done.set_result(result[at : at + len(job.batch)])
        at += len(job.batch)


def _not_yours(event: FeedEvent) -> NotYourDomain:
    return NotYourDomain(what=event.hospital_id)


def _unavailable() -> Unavailable:
    return Unavailable(what=IDENTITIES)

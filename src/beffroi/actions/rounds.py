"""How the worker's jobs run, all in the same way: a round, a note of how it went, a pause; no failure ends it.

A job tells the notebook when it begins and how it ended, and goes on: the notebook is memory, and is written down
beside it (actions.note_taking), so that a database that is away delays no job.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import msgspec

from beffroi.clock import Clock
from beffroi.model.job import Job, JobRun
from beffroi.telemetry import Event, log_failure

COUNT_EVERY: Final = timedelta(seconds=15)
"""Between two counts of what waits: queues may hold millions, and nobody looks at a metric more often."""
SAY_AGAIN_S: Final = 60.0
"""Seconds after which a trouble that lasts is logged again."""

Key = tuple[Job, str]
Say = Callable[[Exception], None]


@dataclass(frozen=True, slots=True)
class Round:
    """How a round went, where a number does not say it all.

    `count`: how much was done; `waiting`: how much is left; `pause_s`: seconds until the next, where they are others
    than usual; `failure`: the name of what went wrong, when the job has told the log already.
    """

    count: int = 0
    waiting: int | None = None
    pause_s: float | None = None
    failure: str = ""


class RoundFailed(Exception):
    """A failure with a name of its own, out of our vocabulary."""

    def __init__(self, name: str, text: str = "") -> None:
        super().__init__(text or name)
        self.failure = name


class Notebook:
    """How every job of this process stands."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.runs: dict[Key, JobRun] = {}

    def expect(self, job: Job, about: str = "") -> None:
        """A job that is to run."""
        now = self._clock.now()
        self.runs.setdefault((job, about), JobRun(job, about, next_at=now, noted_at=now))

    def begin(self, key: Key) -> JobRun:
        """A round begins; how the job stood."""
        before = self.runs[key]
        self.runs[key] = msgspec.structs.replace(before, begun_at=self._clock.now())
        return before

    def pass_over(self, key: Key, before: JobRun, pause_s: float) -> None:
        """It was no run of ours: another worker is at it, who says how it goes."""
        next_at = self._clock.now() + timedelta(seconds=pause_s)
        self.runs[key] = msgspec.structs.replace(before, next_at=next_at)

    def end(self, key: Key, found: Round, pause_s: float) -> None:
        """It ended, and the next one begins after a pause."""
        run, now = self.runs[key], self._clock.now()
        begun_at = run.begun_at or now
        done = {"done_count": found.count, "done_at": now} if found.count else {}
        self.runs[key] = msgspec.structs.replace(
            run,
            ended_at=now,
            next_at=now + timedelta(seconds=pause_s),
            took_s=(now - begun_at).total_seconds(),
            failure=found.failure,
            failures=run.failures + 1 if found.failure else 0,
            waiting=found.waiting,
            **done,
        )


class Rounds:
    """Runs jobs until `stopping` is set."""

    def __init__(self, stopping: asyncio.Event, clock: Clock) -> None:
        self.stopping = stopping
        self.notebook = Notebook(clock)
        self._said_s: dict[tuple[Key, str], float] = {}

    async def repeat(
        self,
        job: Job,
        once: Callable[[], Awaitable[Round | int | None]],
        pause_s: float,
        failed: Event | Say,
        *,
        about: str = "",
        failed_pause_s: float | None = None,
        waiting: Callable[[], int | None] = lambda: None,
    ) -> None:
        """Rounds, `pause_s` seconds apart. `once` gives how much it did; None when another worker is at it, which is
        no run of ours. `waiting`: how much is left after one. One that fails is logged as `failed`, and the next one
        tries again: a database that restarts must not end the worker."""
        key = (job, about)
        self.notebook.expect(job, about)
        while not self.stopping.is_set():
            before = self.notebook.begin(key)
            try:
                found = await once()
            except Exception as failure:
                found = Round(failure=_name_of(failure), pause_s=failed_pause_s)
                self._say(key, found.failure, failure, failed)
            ended = found if isinstance(found, Round) else Round(found or 0, waiting())
            wait_s = pause_s if ended.pause_s is None else ended.pause_s
            if found is None:
                self.notebook.pass_over(key, before, wait_s)
            else:
                self.notebook.end(key, ended, wait_s)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), wait_s)

    def _say(self, key: Key, name: str, failure: Exception, failed: Event | Say) -> None:
        """A trouble that lasts is told once a minute, and not each second."""
        now_s = time.monotonic()
        if now_s - self._said_s.get((key, name), float("-inf")) >= SAY_AGAIN_S:
            self._said_s[key, name] = now_s
            say: Say = partial(log_failure, failed) if isinstance(failed, Event) else failed
            say(failure)


def _name_of(failure: Exception) -> str:
    return failure.failure if isinstance(failure, RoundFailed) else type(failure).__name__


class Every:
    """What a job does more seldom than it runs.

    >>> from datetime import UTC, datetime
    >>> noon, seldom = datetime(2026, 1, 1, 12, tzinfo=UTC), Every(timedelta(minutes=1))
    >>> [seldom.due(noon + timedelta(seconds=seconds)) for seconds in (0, 1, 59, 60, 61)]
    [True, False, False, True, False]
    """

    def __init__(self, pause: timedelta) -> None:
        self._pause = pause
        self._next_at: datetime | None = None

    def due(self, now: datetime) -> bool:
        """Whether it is to be done now; then not again before its pause has passed."""
        if self._next_at is not None and now < self._next_at:
            return False
        self._next_at = now + self._pause
        return True


def retry_pause(attempts: int, first: timedelta, last: timedelta) -> timedelta:
    """How long what failed `attempts` times before waits for its next try: `first`, doubled each time, `last` at most.

    >>> [retry_pause(n, timedelta(seconds=5), timedelta(minutes=1)).seconds for n in (0, 1, 3, 4, 1_000)]
    [5, 10, 40, 60, 60]
    """
    doubled: timedelta = first * 2 ** min(attempts, 16)
    return min(doubled, last)

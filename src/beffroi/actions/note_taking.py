"""Writing down how the worker's jobs stand, for the operator's room and `doctor`: beside them, and never before them.

Jobs that run each second would bloat their rows: all rows that are due go by one statement, at once when a job's result
is another than what was written, every ten seconds otherwise. A database that is away is normal: it is written later.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import msgspec

from beffroi.actions.rounds import SAY_AGAIN_S, Every, Key, Notebook
from beffroi.clock import Clock
from beffroi.model.job import Job, JobRun
from beffroi.store.database import DATABASE_FAULTS
from beffroi.store.jobs import JobStore
from beffroi.telemetry import Event, log_failure
from beffroi.telemetry.metrics import show_job

LOOK_S: Final = 1.0
"""Seconds between two looks into the notebook."""
WRITE_EVERY: Final = timedelta(seconds=10)


class NoteTaker:
    """Writes a notebook down until it is stopped."""

    def __init__(self, notebook: Notebook, store: JobStore, clock: Clock) -> None:
        self._notebook = notebook
        self._store = store
        self._clock = clock
        self._written: dict[Key, JobRun] = {}
        self._known = False
        self._saying = Every(timedelta(seconds=SAY_AGAIN_S))

    async def run(self, stopping: asyncio.Event) -> None:
        """One look a second until `stopping` is set, and a last one."""
        while not stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), LOOK_S)
            try:
                await self.look()
            except DATABASE_FAULTS:  # the jobs themselves say that it is away
                continue
            except Exception as failure:
                if self._saying.due(self._clock.now()):
                    log_failure(Event.HOUSEKEEPING_FAILED, failure)

    async def look(self) -> int:
        """Tells the metrics, and writes what is due; how many rows."""
        now = self._clock.now()
        runs = {key: msgspec.structs.replace(run, noted_at=now) for key, run in self._notebook.runs.items()}
        for job in Job:
            ours = [run for run in runs.values() if run.job is job]
            show_job(job, max((run.failures for run in ours), default=0), any(run.overdue(now) for run in ours))
        if not self._known:
            await self._store.know(list(runs.values()))
            self._known = True
        due = due_to_write(runs, self._written)
        if due:
            await self._store.note(list(due.values()))
            self._written |= due
        return len(due)


def due_to_write(runs: Mapping[Key, JobRun], written: Mapping[Key, JobRun]) -> dict[Key, JobRun]:
    """What is to be written: what says another thing than what was written, or is to be said again. Pure."""
    return {key: run for key, run in runs.items() if _is_news(run, written.get(key))}


def _is_news(run: JobRun, before: JobRun | None) -> bool:
    if run.begun_at is None:  # another worker is at it, and says so
        return False
    if before is None or _result(run) != _result(before):
        return True
    moved = run.running or run.ended_at != before.ended_at
    return moved and run.noted_at - before.noted_at >= WRITE_EVERY


def _result(run: JobRun) -> tuple[str, bool]:
    return run.failure, bool(run.waiting)

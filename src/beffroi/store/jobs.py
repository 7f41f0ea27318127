"""How the worker's jobs stand: written by the worker, read by the operator's room and `doctor`."""

from collections.abc import Sequence

import msgspec

from beffroi.model.job import Job, JobRun
from beffroi.store.database import Database, Row, load_queries


class JobStore:
    """The statements about jobs. A list of them goes as one JSON text, each with the columns' names."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._readers = database.readers
        self._sql = load_queries("jobs")

    async def know(self, runs: Sequence[JobRun]) -> None:
        """Makes these the jobs that there are; what was noted of them stays."""
        await self._pool.execute(self._sql["know"], _text(runs))
        await self._pool.execute(self._sql["forget"], _text(runs))

    async def note(self, runs: Sequence[JobRun]) -> None:
        """Writes them down."""
        await self._pool.execute(self._sql["note"], _text(runs))

    async def listed(self) -> list[JobRun]:
        """All of them, by name."""
        return [_run(row) for row in await self._readers.fetch(self._sql["listed"])]


def _run(row: Row) -> JobRun:
    return JobRun(**{**dict(row), "job": Job(row["job"])})


def _text(runs: Sequence[JobRun]) -> str:
    return msgspec.json.encode(runs).decode()

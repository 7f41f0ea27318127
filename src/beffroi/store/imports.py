"""How far each bulk import came, and what it refused: written together with the rows themselves."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from beffroi.errors import OperatorError, Unavailable, Words
from beffroi.model.feed import FeedOutcome
from beffroi.model.person import HospitalId
from beffroi.store.database import DATABASE_FAULTS, Database, load_queries
from beffroi.store.feed_pass import Connection

REJECTS_PAGE_ROWS = 5_000
# Characters of a reason: our own words, without a value; cut in case a limit is spelled out at length.
REASON_LENGTH_MAX = 300


@dataclass(frozen=True, slots=True)
class ImportKey:
    """One file for one hospital. `digest` is the SHA-256 of the whole file."""

    hospital_id: HospitalId
    digest: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything up to `line_number` is done; counts of events by their end, and of refused lines."""

    line_number: int = 0
    applied_count: int = 0
    duplicate_count: int = 0
    ignored_count: int = 0
    rejected_count: int = 0
    finished: bool = False

    def after(self, line_number: int, outcomes: Sequence[FeedOutcome], rejected_count: int) -> "Checkpoint":
        """The checkpoint one batch further."""
        return Checkpoint(
            line_number,
            self.applied_count + outcomes.count(FeedOutcome.APPLIED),
            self.duplicate_count + outcomes.count(FeedOutcome.DUPLICATE),
            self.ignored_count + outcomes.count(FeedOutcome.IGNORED),
            self.rejected_count + rejected_count,
        )


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that was refused, and why, in words without values."""

    line_number: int
    reason: str


class ImportStore:
    """Checkpoints and rejects."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("imports")

    async def begin(self, key: ImportKey, now: datetime) -> Checkpoint:
        """Where this file stands; at line 0 when it is new. Raises Unavailable."""
        with _within_reach():
            row = await self._pool.fetchrow(self._sql["begin_import"], key.hospital_id, key.digest, now)
        if row is None:  # inserted by somebody else between the two halves of the statement: it is there now
            return await self.begin(key, now)
        return Checkpoint(row[0], row[1], row[2], row[3], row[4], row[5] is not None)

    async def advance(
        self, connection: Connection, key: ImportKey, before: Checkpoint, after: Checkpoint, rejects: Sequence[Reject]
    ) -> None:
        """Writes the checkpoint and the rejects of a batch in its transaction.

        Raises OperatorError when the file is being imported by another process: then nothing of the batch is written.
        """
        moved = await connection.fetchval(
            self._sql["advance_import"],
            key.hospital_id,
            key.digest,
            before.line_number,
            after.line_number,
            after.applied_count - before.applied_count,
            after.duplicate_count - before.duplicate_count,
            after.ignored_count - before.ignored_count,
            after.rejected_count - before.rejected_count,
        )
        if moved is None:
            raise OperatorError("This file is being imported by another process, or was imported meanwhile.")
        if rejects:
            lines, reasons = [r.line_number for r in rejects], [r.reason[:REASON_LENGTH_MAX] for r in rejects]
            await connection.execute(self._sql["add_rejects"], key.hospital_id, key.digest, lines, reasons)

    async def finish(self, key: ImportKey, now: datetime) -> None:
        """Marks the file as read to its end."""
        with _within_reach():
            await self._pool.execute(self._sql["finish_import"], key.hospital_id, key.digest, now)

    async def rejects(self, key: ImportKey) -> AsyncIterator[Reject]:
        """Every refused line, in order."""
        after = 0
        while page := await self._rejects_page(key, after):
            for reject in page:
                yield reject
            after = page[-1].line_number

    async def _rejects_page(self, key: ImportKey, after: int) -> list[Reject]:
        arguments = (key.hospital_id, key.digest, after, REJECTS_PAGE_ROWS)
        with _within_reach():
            return [Reject(row[0], row[1]) for row in await self._pool.fetch(self._sql["rejects"], *arguments)]

    async def held(self, hospital_id: HospitalId, ipps: Sequence[str]) -> set[str]:
        """Those of `ipps` that the hospital has fed."""
        with _within_reach():
            return {row[0] for row in await self._pool.fetch(self._sql["held_ipps"], hospital_id, ipps)}


@contextmanager
def _within_reach() -> Iterator[None]:
    """The database's failures as Unavailable."""
    try:
        yield
    except DATABASE_FAULTS as failure:
        raise Unavailable(what=Words("The register of imports", "Le registre des imports")) from failure

"""Logs of other servers: how far each was read, and what it tells, apart from our own facts."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import msgspec

from beffroi.errors import OperatorError, Unavailable, Words
from beffroi.model.foreign import ForeignFact, ForeignFormat
from beffroi.model.person import HospitalId
from beffroi.store.database import DATABASE_FAULTS, Database, load_queries

REJECTS_PAGE_ROWS = 5_000
REASON_LENGTH_MAX = 300
_FACTS = (
    *("log_id", "line_number", "at", "operation", "outcome", "certainty", "known", "actor", "actor_name"),
    *("application", "network", "session", "exchange", "answers", "criteria", "fields", "beyond_identity"),
)
_PATIENTS = ("log_id", "line_number", "system", "value")


@dataclass(frozen=True, slots=True)
class LogStart:
    """Where a log stands: everything up to `line_number` is done."""

    log_id: int
    line_number: int
    fact_count: int
    passed_count: int
    rejected_count: int
    finished: bool


@dataclass(frozen=True, slots=True)
class LogBatch:
    """What some lines told: facts by line, reasons by line, and how many read nobody."""

    end_line: int
    facts: tuple[tuple[int, ForeignFact], ...]
    rejects: tuple[tuple[int, str], ...]
    passed_count: int


@dataclass(frozen=True, slots=True)
class ListedLog:
    """A log as it is listed. `first_at` and `last_at` are None without facts."""

    log_id: int
    server: str
    format: str
    line_number: int
    fact_count: int
    passed_count: int
    rejected_count: int
    started_at: datetime
    finished_at: datetime | None
    first_at: datetime | None
    last_at: datetime | None


class ForeignLogStore:
    """Imports of logs, and their list."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("foreign")

    async def begin(
        self, server: str, digest: bytes, log_format: ForeignFormat, numbers_of: HospitalId | None, now: datetime
    ) -> LogStart:
        """Where this log stands; at line 0 when it is new. Raises Unavailable."""
        with within_reach():
            row = await self._pool.fetchrow(self._sql["begin_log"], server, digest, log_format.value, numbers_of, now)
        if row is None:  # inserted by somebody else between the two halves of the statement: it is there now
            return await self.begin(server, digest, log_format, numbers_of, now)
        return LogStart(row[0], row[1], row[2], row[3], row[4], row[5] is not None)

    async def write(self, log_id: int, from_line: int, batch: LogBatch) -> None:
        """One batch and the line up to which the log is done, in one transaction.

        Raises OperatorError when another process reads the same log: then nothing of the batch is written.
        """
        facts = [_row(log_id, line, fact) for line, fact in batch.facts]
        people = [(log_id, line, p.system, p.value) for line, fact in batch.facts for p in dict.fromkeys(fact.patients)]
        counts = (len(facts), batch.passed_count, len(batch.rejects))
        with within_reach():
            async with self._pool.acquire() as connection, connection.transaction():
                moved = await connection.fetchval(self._sql["advance_log"], log_id, from_line, batch.end_line, *counts)
                if moved is None:
                    raise OperatorError(
                        "This log is being imported by another process, or was imported meanwhile.",
                        "Ce journal est en cours d'import par un autre processus, ou vient de l'être.",
                    )
                await connection.copy_records_to_table("foreign_facts", records=facts, columns=_FACTS)
                await connection.copy_records_to_table("foreign_patients", records=people, columns=_PATIENTS)
                if batch.rejects:
                    lines, reasons = zip(*batch.rejects, strict=True)
                    cut = [reason[:REASON_LENGTH_MAX] for reason in reasons]
                    await connection.execute(self._sql["add_rejects"], log_id, list(lines), cut)

    async def finish(self, log_id: int, now: datetime) -> None:
        """Marks a log as read to its end."""
        with within_reach():
            await self._pool.execute(self._sql["finish_log"], log_id, now)

    async def rejects(self, log_id: int) -> AsyncIterator[tuple[int, str]]:
        """Every line that could not be read, with its reason, in order."""
        after = 0
        while True:
            with within_reach():
                page = await self._pool.fetch(self._sql["rejects"], log_id, after, REJECTS_PAGE_ROWS)
            for row in page:
                yield row[0], row[1]
            if not page:
                return
            after = page[-1][0]

    async def listed(self) -> list[ListedLog]:
        """Every log, in the order of import."""
        with within_reach():
            return [ListedLog(*row) for row in await self._pool.fetch(self._sql["list_logs"])]


def _row(log_id: int, line: int, fact: ForeignFact) -> Sequence[object]:
    return (
        *(log_id, line, fact.at, int(fact.operation), int(fact.outcome), int(fact.certainty), int(fact.known)),
        *(fact.actor, fact.actor_name, fact.application, fact.network, fact.session, fact.exchange, fact.answers),
        *(msgspec.json.encode(fact.criteria).decode(), int(fact.fields), fact.beyond_identity),
    )


@contextmanager
def within_reach() -> Iterator[None]:
    """The database's failures as Unavailable."""
    try:
        yield
    except DATABASE_FAULTS as failure:
        raise Unavailable(what=Words("The investigation's database", "La base des investigations")) from failure

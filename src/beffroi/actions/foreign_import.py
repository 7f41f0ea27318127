"""A log that another server wrote, into the investigation: streamed, in bounded memory, resumed where it stopped.

Each batch's facts and the line up to which the log is done are one transaction; a log that was read to its end is done.
What cannot be read is told by line number and reason; the lines themselves are kept nowhere.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

import msgspec

from beffroi.actions.bulk_import import RETRY_PAUSES_S
from beffroi.actions.import_files import HashedFile, file_digest, write_rejects
from beffroi.clock import Clock
from beffroi.errors import OperatorError, ServerError
from beffroi.model.foreign import ForeignFact, ForeignFormat
from beffroi.model.person import HospitalId
from beffroi.store.database import Database
from beffroi.store.foreign import ForeignLogStore, LogBatch, LogStart
from beffroi.store.identities import load_hospitals
from beffroi.store.imports import Reject
from beffroi.telemetry import Event, log, log_failure
from beffroi.wire.bulk import split_lines
from beffroi.wire.foreign import LINE_BYTES_MAX, SAMPLE_LINES, ForeignRead, Noted, read_log, recognised

BATCH_LINES = 2_000
"""Lines, or messages, of one transaction."""
REJECTS_MAX = 1_000_000
"""Unreadable lines of one log: more is the wrong format."""
SERVER_CHARACTERS_MAX = 120


class ForeignReport(msgspec.Struct, frozen=True):
    """What became of a log, earlier runs included. `done_before`: it had been read to its end, nothing was done."""

    log_id: int
    format: ForeignFormat
    line_count: int
    fact_count: int
    passed_count: int
    rejected_count: int
    resumed_after_line: int = 0
    done_before: bool = False


class ForeignSource(msgspec.Struct, frozen=True):
    """Which server wrote a log. `numbers_of`: its own patient numbers are that hospital's IPPs. `utc`: so are times
    without a zone."""

    server: str
    numbers_of: HospitalId | None = None
    utc: bool = False


Progress = Callable[[int, int], None]
"""Told bytes done and bytes in all."""


async def import_log(
    database: Database,
    clock: Clock,
    path: Path,
    source: ForeignSource,
    log_format: ForeignFormat | None = None,
    *,
    progress: Progress | None = None,
    rejects_path: Path | None = None,
) -> ForeignReport:
    """Imports a log.

    Raises OperatorError for one that cannot be read or recognised, ServerError when the database stays away: the next
    run goes on from there.
    """
    await _check(database, source)
    digest = await asyncio.to_thread(file_digest, path)
    found = await asyncio.to_thread(_recognise, path) if log_format is None else log_format
    store = ForeignLogStore(database)
    start = await store.begin(source.server, digest, found, source.numbers_of, clock.now())
    log(Event.IMPORT_STARTED, kind=found)
    try:
        report = await _Run(store, clock, path, source, found, start, progress).all(digest)
    except BaseException as failure:
        log_failure(Event.IMPORT_FAILED, failure)
        raise
    finally:
        if rejects_path is not None:
            with suppress(ServerError):
                rejects = [Reject(line, reason) async for line, reason in store.rejects(start.log_id)]
                write_rejects(rejects_path, rejects)
    log(Event.IMPORT_FINISHED, lines=report.line_count, count=report.fact_count, rejected=report.rejected_count)
    return report


class _Run:
    def __init__(
        self,
        store: ForeignLogStore,
        clock: Clock,
        path: Path,
        source: ForeignSource,
        log_format: ForeignFormat,
        start: LogStart,
        progress: Progress | None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._file = HashedFile(path)
        self._source = source
        self._format = log_format
        self._start = start
        self._progress = progress

    async def all(self, digest: bytes) -> ForeignReport:
        """Everything after the last line that is done."""
        start = self._start
        line, facts, passed, rejected = start.line_number, start.fact_count, start.passed_count, start.rejected_count
        if not start.finished:
            for reads in self._batches(start.line_number):
                batch = _batch(reads)
                rejected += len(batch.rejects)
                if rejected > REJECTS_MAX:
                    raise OperatorError(
                        f"More than {REJECTS_MAX:,} lines cannot be read: is it the right format?",
                        f"Plus de {REJECTS_MAX:,} lignes illisibles : est-ce le bon format ?",
                    )
                await self._write(line, batch)
                line, facts, passed = batch.end_line, facts + len(batch.facts), passed + batch.passed_count
                if self._progress is not None:
                    self._progress(self._file.done_bytes, self._file.total_bytes)
            if self._file.digest() != digest:
                raise OperatorError(
                    "The log changed while it was read: import a copy that nobody writes to.",
                    "Le journal a changé pendant la lecture : importez une copie figée.",
                )
            await self._store.finish(start.log_id, self._clock.now())
        return ForeignReport(
            start.log_id, self._format, line, facts, passed, rejected, start.line_number, start.finished
        )

    def _batches(self, after_line: int) -> Iterator[list[ForeignRead]]:
        lines = split_lines(self._file.chunks(), LINE_BYTES_MAX)
        reads = read_log(lines, self._format, after_line=after_line, utc=self._source.utc)
        while batch := list(islice(reads, BATCH_LINES)):
            yield batch

    async def _write(self, from_line: int, batch: LogBatch) -> None:
        """Writes one batch; when it is unknown whether it was committed, the log's own line tells."""
        for pause_s in (*RETRY_PAUSES_S, None):
            try:
                return await self._store.write(self._start.log_id, from_line, batch)
            except ServerError:
                if pause_s is None:
                    raise
                await asyncio.sleep(pause_s)
            with suppress(ServerError):
                if await self._stands_at() == batch.end_line:
                    return None
        raise AssertionError("the last pause is None")

    async def _stands_at(self) -> int:
        return next(one.line_number for one in await self._store.listed() if one.log_id == self._start.log_id)


def _batch(reads: Sequence[ForeignRead]) -> LogBatch:
    facts: list[tuple[int, ForeignFact]] = []
    rejects: list[tuple[int, str]] = []
    passed = 0
    for read in reads:
        if not isinstance(read, Noted):
            reason = read.reason
            rejects.append((read.line_number, f"{reason.location}: {reason}" if reason.location else str(reason)))
        elif read.fact is None:
            passed += 1
        else:
            facts.append((read.line_number, read.fact))
    return LogBatch(reads[-1].end_line, tuple(facts), tuple(rejects), passed)


async def _check(database: Database, source: ForeignSource) -> None:
    if not source.server.strip() or len(source.server) > SERVER_CHARACTERS_MAX or not source.server.isprintable():
        raise OperatorError(
            f"Name the server that wrote the log, in at most {SERVER_CHARACTERS_MAX} characters.",
            f"Nommez le serveur qui a écrit le journal, en {SERVER_CHARACTERS_MAX} caractères au plus.",
        )
    known = {hospital.hospital_id for hospital in await load_hospitals(database)}
    if source.numbers_of is not None and source.numbers_of not in known:
        raise OperatorError(
            f"There is no hospital {source.numbers_of}.", f"Il n'y a pas d'hôpital {source.numbers_of}."
        )


def _recognise(path: Path) -> ForeignFormat:
    lines = split_lines(HashedFile(path).chunks(), LINE_BYTES_MAX)
    found = recognised(list(islice(lines, SAMPLE_LINES)))
    if found is None:
        formats = ", ".join(ForeignFormat)
        raise OperatorError(
            f"The format is not recognised by the first {SAMPLE_LINES} lines. Say it: --format {formats}.",
            f"Format non reconnu d'après les {SAMPLE_LINES} premières lignes. Dites-le : --format {formats}.",
        )
    return found

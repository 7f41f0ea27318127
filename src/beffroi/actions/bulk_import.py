"""A hospital's file into the register: nothing lost, nothing doubled, whatever happens in between.

Each batch's rows and the line up to which the file is done are one transaction. A run that was killed goes on where the
last commit stands; a file that was read to its end is done, and importing it again changes nothing. What is refused is
told by line number and reason; the lines themselves are kept nowhere.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import msgspec
from msgspec.structs import replace

from beffroi.actions.import_files import HashedFile, file_digest, write_rejects
from beffroi.actions.register import FeedSource
from beffroi.actions.rehearsal import Rehearsal
from beffroi.clock import Clock
from beffroi.errors import CallerError, OperatorError, ServerError
from beffroi.model.feed import FeedEvent, FeedOutcome
from beffroi.model.person import Hospital
from beffroi.store.database import Database
from beffroi.store.feed import FeedStore
from beffroi.store.feed_pass import Connection
from beffroi.store.feed_workspace import Fed, Result
from beffroi.store.identities import load_hospitals
from beffroi.store.imports import Checkpoint, ImportKey, ImportStore, Reject
from beffroi.telemetry import Event, log, log_failure
from beffroi.wire.bulk import BulkFormat, Read, Refused, Row, read_rows, split_lines

# Rows of one transaction (count): it holds the register's lock for some hundred milliseconds.
BATCH_ROWS = 1_000
# Refused lines of one file (count): more than this is a wrong file, or a wrong format.
REJECTS_MAX = 100_000
# Seconds between tries while the database is away: a restart takes some.
RETRY_PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0)


class ImportProgress(msgspec.Struct, frozen=True):
    """How far it is: bytes of the file, and the counts so far."""

    done_bytes: int
    total_bytes: int
    line_number: int
    applied_count: int
    rejected_count: int


class ImportReport(msgspec.Struct, frozen=True):
    """What became of a file. Counts are of the whole file, earlier runs included; of a dry run, what they would be.

    `new_count` (dry run only): events that would create an identity. `resumed_after_line`: 0 for a first run.
    `done_before`: the file had been imported to its end already, and nothing was done.
    """

    line_count: int
    applied_count: int
    duplicate_count: int
    ignored_count: int
    rejected_count: int
    resumed_after_line: int = 0
    done_before: bool = False
    dry_run: bool = False
    new_count: int = 0


Progress = Callable[[ImportProgress], None]


async def import_file(
    database: Database,
    clock: Clock,
    path: Path,
    bulk_format: BulkFormat,
    source: FeedSource,
    *,
    dry_run: bool = False,
    progress: Progress | None = None,
    rejects_path: Path | None = None,
) -> ImportReport:
    """Imports `path` for the source's hospital, or says what would happen.

    Raises OperatorError for a file that cannot be read or is imported by somebody else, CallerError for one that is not
    in its format at all, ServerError when the database stays away: the next run goes on from there.
    """
    hospital = await _hospital(database, source)
    digest = await asyncio.to_thread(file_digest, path)
    run = _Run(database, clock, path, bulk_format, source, hospital, ImportKey(hospital.hospital_id, digest), progress)
    if dry_run:
        return await run.rehearse(rejects_path)
    log(Event.IMPORT_STARTED, hospital=hospital.hospital_id, kind=bulk_format)
    try:
        report = await run.import_all()
    except BaseException as failure:
        log_failure(Event.IMPORT_FAILED, failure, hospital=hospital.hospital_id)
        raise
    finally:
        if rejects_path is not None:
            with suppress(ServerError):
                await run.write_rejects(rejects_path)
    log(
        Event.IMPORT_FINISHED,
        hospital=hospital.hospital_id,
        lines=report.line_count,
        count=report.applied_count,
        rejected=report.rejected_count,
    )
    return report


class _Run:
    """One run over one file."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        path: Path,
        bulk_format: BulkFormat,
        source: FeedSource,
        hospital: Hospital,
        key: ImportKey,
        progress: Progress | None,
    ) -> None:
        self._feed = FeedStore(database)
        self._imports = ImportStore(database)
        self._clock = clock
        self._file = HashedFile(path)
        self._format = bulk_format
        self._source = source
        self._hospital = hospital
        self._key = key
        self._progress = progress

    async def import_all(self) -> ImportReport:
        """Everything after the checkpoint, batch by batch."""
        start = checkpoint = await self._imports.begin(self._key, self._clock.now())
        if not start.finished:
            for batch in self._batches(start.line_number):
                checkpoint = await self._write(batch, checkpoint)
                self._tell(checkpoint)
            self._check_unchanged()
            await self._imports.finish(self._key, self._clock.now())
        return _report(checkpoint, resumed_after_line=start.line_number, done_before=start.finished)

    async def rehearse(self, rejects_path: Path | None) -> ImportReport:
        """The same without writing: what the register holds is asked, what the file would change is remembered."""
        checkpoint = Checkpoint()
        rehearsal = Rehearsal(self._feed, self._imports, self._source.hospital_id)
        rejects: list[Reject] = []
        for batch in self._batches(0):
            fed = self._fed(batch)
            results = await rehearsal.play(fed, self._clock.now())
            checkpoint, refused = _judged(batch, results, checkpoint)
            rejects += refused
            self._tell(checkpoint)
        self._check_unchanged()
        if rejects_path is not None:
            write_rejects(rejects_path, rejects)
        return _report(checkpoint, dry_run=True, new_count=rehearsal.new_count)

    async def write_rejects(self, path: Path) -> None:
        """Everything refused so far, earlier runs included."""
        write_rejects(path, [reject async for reject in self._imports.rejects(self._key)])

    def _batches(self, after_line: int) -> Iterator[list[Read]]:
        rows = read_rows(split_lines(self._file.chunks()), self._format, self._hospital, after_line=after_line)
        while batch := list(islice(rows, BATCH_ROWS)):
            yield batch

    def _fed(self, batch: Sequence[Read]) -> list[Fed]:
        now = self._clock.now()
        return [
            Fed(_explained_from_now(event, now), self._source.account_id, live=False)
            for row in batch
            if isinstance(row, Row)
            for event in row.events
        ]

    async def _write(self, batch: Sequence[Read], before: Checkpoint) -> Checkpoint:
        """Writes one batch; when it is unknown whether it was committed, the checkpoint tells."""
        for pause_s in (*RETRY_PAUSES_S, None):
            try:
                return await self._write_once(batch, before)
            except ServerError:
                if pause_s is None:
                    raise
                await asyncio.sleep(pause_s)
            with suppress(ServerError):
                now_at = await self._imports.begin(self._key, self._clock.now())
                if now_at.line_number == batch[-1].end_line:
                    return now_at
        raise AssertionError("the last pause is None")

    async def _write_once(self, batch: Sequence[Read], before: Checkpoint) -> Checkpoint:
        after = before

        async def beside(connection: Connection, results: Sequence[Result]) -> None:
            nonlocal after
            after, rejects = _judged(batch, results, before)
            await self._imports.advance(connection, self._key, before, after, rejects)

        await self._feed.write(self._fed(batch), self._clock.now(), beside)
        return after

    def _tell(self, at: Checkpoint) -> None:
        if self._progress is not None:
            file = self._file
            self._progress(
                ImportProgress(file.done_bytes, file.total_bytes, at.line_number, at.applied_count, at.rejected_count)
            )

    def _check_unchanged(self) -> None:
        if self._file.digest() != self._key.digest:
            raise OperatorError("The file changed while it was read. What was read of it stays imported; compare it.")


async def _hospital(database: Database, source: FeedSource) -> Hospital:
    for hospital in await load_hospitals(database):
        if hospital.hospital_id == source.hospital_id:
            return hospital
    raise OperatorError("This hospital is not in the register of hospitals.")


def _explained_from_now(event: FeedEvent, now: datetime) -> FeedEvent:
    """The event with what is left of its explanation, which counts from the hospital's last activity.

    >>> from datetime import UTC; from beffroi.model.feed import FeedKind
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> event = FeedEvent(FeedKind.UPSERT, 1, "7", occurred_at=at, explains_s=60)
    >>> _explained_from_now(event, at + timedelta(seconds=20)).explains_s
    40
    """
    if event.explains_s == 0 or event.occurred_at is None:
        return event if event.explains_s == 0 else replace(event, explains_s=0)
    until = min(event.occurred_at, now) + timedelta(seconds=event.explains_s)
    return replace(event, explains_s=max(0, int((until - now).total_seconds())))


def _judged(batch: Sequence[Read], results: Sequence[Result], before: Checkpoint) -> tuple[Checkpoint, list[Reject]]:
    """The checkpoint after the batch, and its refused lines: at most one reason a row, the first. Raises OperatorError
    for a file of which too much is refused."""
    rejects: list[Reject] = []
    following = iter(results)
    for row in batch:
        if isinstance(row, Refused):
            rejects.append(Reject(row.line_number, _reason(row.reason)))
            continue
        wrong = [one for one in islice(following, len(row.events)) if isinstance(one, CallerError)]
        if wrong:
            rejects.append(Reject(row.line_number, _reason(wrong[0])))
    outcomes = [one for one in results if isinstance(one, FeedOutcome)]
    after = before.after(batch[-1].end_line, outcomes, len(rejects))
    if after.rejected_count > REJECTS_MAX:
        raise OperatorError(f"More than {REJECTS_MAX} lines were refused: is it the right file, and the right format?")
    return after, rejects


def _reason(error: CallerError) -> str:
    return f"{error.location}: {error}" if error.location else str(error)


def _report(
    at: Checkpoint, *, resumed_after_line: int = 0, done_before: bool = False, dry_run: bool = False, new_count: int = 0
) -> ImportReport:
    return ImportReport(
        at.line_number,
        at.applied_count,
        at.duplicate_count,
        at.ignored_count,
        at.rejected_count,
        resumed_after_line,
        done_before,
        dry_run,
        new_count,
    )

"""Moving to the archive: sealed disclosures beyond the hot window go to files, in two orders, exactly once.

A move writes a segment's files beside the database, reads them back and opens every leaf with what it read, and only
then notes the segment: from that commit on its disclosures count in the files, and leave the online tables in short
transactions (sealing waits for each), by the one function that may (decision 0041). Killed before that commit, a move
leaves files that no manifest of the database names, and the next one takes them away; killed after it, the next one
goes on taking rows away.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from beffroi.actions.seal import leaf_of
from beffroi.clock import Clock
from beffroi.ledger.checkpoint import Checkpoint, SigningKey, opened
from beffroi.ledger.leaf import NO_LEAF
from beffroi.ledger.manifest import NONE_BEFORE, ArchivedFile, Manifest, manifest_hash, signed_manifest
from beffroi.store.archive_files import (
    DisclosureColumns,
    Segment,
    Written,
    sort_staging,
    times_of,
    write_staging,
)
from beffroi.store.archive_moves import ArchivedSegment, ArchiveMoves, Connection
from beffroi.store.archive_place import ArchivePlace, Folder, digest_of
from beffroi.store.selecting import instant

SEGMENT_LEAVES_MAX = 16_000_000
"""Leaves of one segment: some days of a large region. Few large files answer faster than many small ones."""
TAKEN_AT_ONCE = 10_000
"""Leaves whose rows leave in one transaction, in a few tenths of a second: sealing waits for it."""
SEGMENT_DAYS = 1
"""Days of disclosures that are due before a segment is made of fewer leaves than that."""


class WrongArchive(Exception):
    """What was written is not what is to be taken away: nothing was."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A segment that was moved, and how many disclosures it holds."""

    segment: int
    first: int
    end: int
    disclosures: int


@dataclass(frozen=True, slots=True)
class Signing:
    """The ledger's name and keys."""

    origin: str
    keys: Sequence[SigningKey]


@dataclass(frozen=True, slots=True)
class _Due:
    number: int
    first: int
    end: int
    previous: bytes
    checkpoint: Checkpoint


class Mover:
    """Moves what is due. Any number of them may run: one at a time does the work."""

    def __init__(
        self,
        moves: ArchiveMoves,
        place: ArchivePlace,
        signing: Signing,
        clock: Clock,
        *,
        hot_days: int,
        leaves_max: int = SEGMENT_LEAVES_MAX,
        taken_at_once: int = TAKEN_AT_ONCE,
        step: Callable[[str], None] = lambda name: None,
    ) -> None:
        self._moves = moves
        self._place = place
        self._signing = signing
        self._clock = clock
        self._hot = timedelta(days=hot_days)
        self._leaves_max = leaves_max
        self._taken_at_once = taken_at_once
        self._step = step

    async def run(self, *, everything: bool = False) -> list[Moved]:
        """Moves segment after segment until nothing is due. `everything`: also a segment of less than a day."""
        moved = []
        async with self._moves.alone() as connection:
            if connection is not None:
                await self._take_away(connection)  # what a mover that was killed had noted
            while connection is not None:
                due = await self._due(connection, everything)
                if due is None:
                    break
                moved.append(await self._move(connection, due))
        return moved

    async def _due(self, connection: Connection, everything: bool) -> _Due | None:
        """The next segment: leaves behind the last one, all older than the hot window and under a checkpoint."""
        segments = await self._moves.segments(connection)
        await asyncio.to_thread(self._tidy, segments)
        signed = await self._moves.checkpoint(connection)
        first = segments[-1].end if segments else 0
        oldest = await self._moves.oldest(connection, first)
        if signed is None or oldest is None:
            return None
        before = self._clock.now() - self._hot
        end = min(signed[0], first + self._leaves_max)
        young = await self._moves.first_young(connection, first, end, before)
        end = end if young is None else young
        enough = everything or end - first == self._leaves_max or oldest < before - timedelta(days=SEGMENT_DAYS)
        if end == first or not enough:
            return None
        note = opened(signed[1], [key.verifier() for key in self._signing.keys])
        previous = manifest_hash(segments[-1].manifest) if segments else NONE_BEFORE
        return _Due(len(segments), first, end, previous, note)

    def _tidy(self, segments: Sequence[ArchivedSegment]) -> None:
        """Takes away what killed moves left: files of the segment that is due."""
        for name in self._place.names():
            if name.startswith(f"{len(segments):06d}-"):
                self._place.delete(name)

    async def _move(self, connection: Connection, due: _Due) -> Moved:
        with tempfile.TemporaryDirectory(prefix="beffroi-archive-") as work:
            folder = Path(work)
            count = await self._extract(connection, due, folder / "staging.parquet")
            self._step("rows")
            written = await asyncio.to_thread(sort_staging, folder / "staging.parquet", folder)
            self._step("sorted")
            manifest, times = await asyncio.to_thread(self._put, due, written, count)
        note = signed_manifest(manifest, self._signing.keys)
        await asyncio.to_thread(self._put_note, due, note)
        await self._read_back(connection, due, manifest)
        self._step("checked")
        segment = ArchivedSegment(due.number, due.first, due.end, *times, note)
        moved = await self._moves.note(connection, segment, count)
        self._step("noted")
        await self._take_away(connection)
        self._step("moved")
        return Moved(due.number, due.first, due.end, moved)

    async def _take_away(self, connection: Connection) -> None:
        """Takes the rows of a noted segment away, a few at a time."""
        while await self._moves.take(connection, self._taken_at_once):
            self._step("taken")

    async def _extract(self, connection: Connection, due: _Due, staging: Path) -> int:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return await write_staging(self._moves.rows(connection, due.first, due.end), staging)

    def _put(self, due: _Due, written: Sequence[Written], count: int) -> tuple[Manifest, tuple[Any, Any]]:
        first_us, last_us = times_of(written[0].path)
        files = []
        for one in written:
            size_bytes, digest = digest_of(Folder(str(one.path.parent)), one.path.name)
            name = f"{due.number:06d}-{one.order}-{digest.hex()[:16]}.parquet"
            self._place.put(one.path, name)
            files.append(ArchivedFile(one.order, name, size_bytes, one.rows, one.least, one.greatest, digest))
            self._step(one.order)
        if files[0].rows != count:
            raise WrongArchive("rows were lost while they were sorted")
        manifest = Manifest(
            self._signing.origin,
            due.number,
            due.first,
            due.end,
            first_us,
            last_us,
            due.previous,
            Checkpoint(self._signing.origin, due.checkpoint.size, due.checkpoint.root),
            tuple(files),
        )
        return manifest, (instant(first_us), instant(last_us))

    def _put_note(self, due: _Due, note: str) -> None:
        """The manifest beside its files, for whoever has them without the database."""
        with tempfile.TemporaryDirectory(prefix="beffroi-archive-") as work:
            path = Path(work) / "manifest.txt"
            path.write_text(note, encoding="utf-8")
            self._place.put(path, manifest_name(due.number, note))
        self._step("manifest")

    async def _read_back(self, connection: Connection, due: _Due, manifest: Manifest) -> None:
        """Raises WrongArchive unless the files, as they lie in their place, open every leaf of the range."""
        segment = Segment(self._place, manifest)
        for one in manifest.files:
            if await asyncio.to_thread(digest_of, self._place, one.name) != (one.size_bytes, one.sha256):
                raise WrongArchive("a file is not what was written")
        heads = await asyncio.to_thread(segment.heads)
        ends = await self._moves.ends_before(connection, due.first, heads)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            opened_count = await _opened(segment, self._moves.leaves(connection, due.first, due.end), ends)
        if opened_count != manifest.files[0].rows or await asyncio.to_thread(segment.differences) != 0:
            raise WrongArchive("the two orders do not hold the same")


async def _opened(segment: Segment, leaves: AsyncIterator[Any], ends: Mapping[int, bytes]) -> int:
    """How many rows open the leaf that they must, one account after the other. Raises WrongArchive."""
    account, number, previous, count = 0, 0, NO_LEAF, 0
    for row in segment.rows():
        if row["account_id"] != account:
            account, number = row["account_id"], row["running_number"] - 1
            previous = NO_LEAF if number == 0 else ends.get(account, b"")
        leaf = await anext(leaves, None)
        due = None if leaf is None or leaf["disclosure_id"] != row["disclosure_id"] else leaf["commitment"]
        if row["running_number"] != number + 1 or leaf_of(DisclosureColumns(row), previous) != due:
            raise WrongArchive("a disclosure in the files does not open its leaf")
        number, previous, count = row["running_number"], due, count + 1
    return count


def manifest_name(number: int, note: str) -> str:
    """The manifest's own file.

    >>> manifest_name(3, "a\\n\\nb")[:16]
    '000003-manifest-'
    """
    return f"{number:06d}-manifest-{manifest_hash(note).hex()[:16]}.txt"

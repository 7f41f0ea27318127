"""Retention in the archive: a segment all of whose disclosures have served their time, and none of which is held, goes.

First the database notes it (the one function that may, decision 0060): from that commit on nobody reads its files. Then
the files go, and only then the leaves say that they are erased, in short transactions. Killed anywhere, the next run
goes on where the note says; before the note nothing has gone. A segment with one held row stays whole.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from beffroi.clock import Clock
from beffroi.ledger.manifest import Manifest
from beffroi.store.archive_files import Segment
from beffroi.store.archive_moves import ArchivedSegment, ArchiveMoves, Connection, PatientHold
from beffroi.store.archive_place import ArchivePlace, digest_of, is_file_of

KEPT_AT_LEAST = timedelta(days=400)
"""Whatever is configured: the database's function refuses what is younger, so nobody reads its files for nothing."""
MARKED_AT_ONCE = 10_000
"""Leaves that are marked in one transaction: sealing waits for it."""


@dataclass(frozen=True, slots=True)
class ErasedSegment:
    """A segment that was erased, and how many disclosures it held."""

    segment: int
    disclosures: int


class ArchiveEraser:
    """Erases what is due. `days`: of retention. One at a time does the work, and no mover beside it."""

    def __init__(
        self,
        moves: ArchiveMoves,
        place: ArchivePlace,
        clock: Clock,
        *,
        days: int,
        marked_at_once: int = MARKED_AT_ONCE,
        step: Callable[[str], None] = lambda name: None,
    ) -> None:
        self._moves = moves
        self._place = place
        self._clock = clock
        self._kept = max(timedelta(days=days), KEPT_AT_LEAST)
        self._marked_at_once = marked_at_once
        self._step = step

    async def run(self) -> list[ErasedSegment]:
        """Erases every segment that is due, and ends what a run that was killed had noted."""
        erased = []
        async with self._moves.alone() as connection:
            if connection is None:
                return []
            before = self._clock.now() - self._kept
            for one in await self._moves.segments(connection):
                if one.erased_at is None and not await self._noted(connection, one, before):
                    continue
                if await self._finish(connection, one):
                    erased.append(ErasedSegment(one.number, one.disclosures))
        return erased

    async def _noted(self, connection: Connection, one: ArchivedSegment, before: datetime) -> bool:
        """Whether a segment may go, and is noted as erased now."""
        if one.last_at >= before or await self._moves.is_held_whole(connection, one.number):
            return False
        if not await asyncio.to_thread(self._whole, one):
            return False
        holds = await self._moves.patients_held(connection)
        cleared = await asyncio.to_thread(self._cleared, one, holds)
        if not await self._moves.erase(connection, one.number, before, cleared):
            return False
        self._step("noted")
        return True

    def _whole(self, one: ArchivedSegment) -> bool:
        """Whether the files are what was signed: what was changed stays for the audit to name."""
        try:
            files = _manifest(one).files
            return all(digest_of(self._place, file.name) == (file.size_bytes, file.sha256) for file in files)
        except (OSError, ValueError):
            return False

    def _cleared(self, one: ArchivedSegment, holds: list[PatientHold]) -> list[int]:
        """Of the holds on patients, those that ask for nothing in these files."""
        segment = Segment(self._place, _manifest(one))
        return [h.number for h in holds if not segment.has_of(h.people, h.account, h.from_at, h.until_at)]

    async def _finish(self, connection: Connection, one: ArchivedSegment) -> bool:
        """Takes the files of a noted segment away, then marks its leaves; whether there was anything to do."""
        there = await asyncio.to_thread(self._place.names)
        files = sorted(name for name in there if is_file_of(one.number, name))
        if one.erased_at is not None and not one.is_erasing and not files:
            return False
        for name in files:
            await asyncio.to_thread(self._place.delete, name)
            self._step("file")
        while await self._moves.mark_erased(connection, one.number, self._marked_at_once):
            self._step("marked")
        self._step("erased")
        return True


def _manifest(one: ArchivedSegment) -> Manifest:
    """What the note says; who signed it is the audit's question."""
    return Manifest.of_note(one.manifest)

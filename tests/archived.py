"""What tests of the archive share: old disclosures, sealed, and a mover on a folder."""

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from beffroi.actions.archive import Mover, Signing
from beffroi.store.archive_moves import ArchiveMoves
from beffroi.store.archive_place import Folder
from beffroi.store.database import Database
from beffroi.store.disclosures import DisclosureRow
from disclosed import KEY, ORIGIN, row
from doubles import FakeClock

OLD = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TODAY = FakeClock(datetime(2026, 11, 24, 12, 0, tzinfo=UTC))


def old(account: int, number: int, day: float = 0) -> DisclosureRow:
    """The account's n-th disclosure, recorded months ago."""
    return dataclasses.replace(row(account, number), at=OLD + timedelta(days=day, seconds=number, microseconds=account))


def mover(
    database: Database, folder: Path, leaves_max: int = 1_000_000, step: Callable[[str], None] = lambda name: None
) -> Mover:
    """A mover to a folder."""
    return Mover(
        ArchiveMoves(database),
        Folder(str(folder)),
        Signing(ORIGIN, [KEY]),
        TODAY,
        hot_days=90,
        leaves_max=leaves_max,
        taken_at_once=7,
        step=step,
    )


async def move(one: Mover, segments: int) -> None:
    """The next segments, old enough or not, and what is behind them stays online."""
    async with one._moves.alone() as connection:
        assert connection is not None
        for _ in range(segments):
            due = await one._due(connection, True)
            assert due is not None
            await one._move(connection, due)

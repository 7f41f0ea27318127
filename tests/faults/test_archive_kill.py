"""kill -9 of the mover at each of its steps, and at random moments: nothing is lost, nothing is doubled."""

import asyncio
import contextlib
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from archived import mover, old
from beffroi.ledger.manifest import opened_manifest
from beffroi.store.archive_files import Segment
from beffroi.store.archive_moves import MOVE_SETTINGS, ArchiveMoves
from beffroi.store.archive_place import Folder
from beffroi.store.database import ROLE_ARCHIVER, ROLE_SEALER, Database
from disclosed import KEY, disclose, seal_all, sealer

COUNT, LEAVES = 60, 20
STEPS = ("rows", "sorted", "by-account", "by-patient", "manifest", "checked", "noted", "taken", "moved")
KILLS_AT_RANDOM = 8


async def prepared(database: Database, dsn_of: Callable[[str], str]) -> None:
    await disclose(database, [old(1 + n % 3, 1 + n // 3) for n in range(COUNT)])
    async with await Database.open(dsn_of(ROLE_SEALER), size=2) as own:
        await seal_all(sealer(own))


async def child(dsn: str, folder: Path, step: str, after: int, wait_s: float | None = None) -> None:
    """One mover, until it kills itself or is killed after `wait_s`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(Path(__file__).with_name("archive_child.py"))),
        *(dsn, str(folder), str(LEAVES), step, str(after)),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"moving\n"
        if wait_s is not None:
            await asyncio.sleep(wait_s)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def everywhere(database: Database, own: Database, folder: Path) -> list[int]:
    """The numbers of all disclosures, here and there (a segment that is leaving is in both); every file is whole."""
    found = {row[0] for row in await database.pool.fetch("select disclosure_id from disclosures")}
    archived = set[int]()
    for one in await ArchiveMoves(own).segments():
        segment = Segment(Folder(str(folder)), opened_manifest(one.manifest, [KEY.verifier()]))
        assert segment.differences() == 0
        numbers = [line["disclosure_id"] for line in segment.rows()]
        assert len(set(numbers)) == len(numbers)
        archived |= set(numbers)
    assert await database.pool.fetchval("select count(*) from archive_segments where taken_to < end_index") <= 1
    return sorted(found | archived)


@pytest.mark.parametrize("step", STEPS)
async def test_a_mover_killed_at_a_step_is_resumed(database, dsn_of, tmp_path, step) -> None:
    """Killed in its first segment, then in its second one; the third run ends the work."""
    await prepared(database, dsn_of)
    dsn = dsn_of(ROLE_ARCHIVER)
    async with await Database.open(dsn, size=2, **MOVE_SETTINGS) as own:
        for after in (1, 2):
            await child(dsn, tmp_path, step, after)
            assert len(await everywhere(database, own, tmp_path)) == COUNT
        await mover(own, tmp_path, LEAVES).run(everything=True)
        found = await everywhere(database, own, tmp_path)
        segments = await ArchiveMoves(own).segments()
    assert len(found) == len(set(found)) == COUNT
    assert await database.pool.fetchval("select count(*) from disclosures") == 0
    assert len(segments) == COUNT // LEAVES
    assert len(list(tmp_path.iterdir())) == 3 * len(segments)


async def test_movers_killed_at_random_are_resumed(database, dsn_of, tmp_path) -> None:
    """Two at a time, each killed at a moment that a seed chooses."""
    await prepared(database, dsn_of)
    dsn, chance = dsn_of(ROLE_ARCHIVER), random.Random(61)
    for _ in range(KILLS_AT_RANDOM // 2):
        await asyncio.gather(*(child(dsn, tmp_path, "", 1, chance.uniform(0.02, 0.6)) for _ in range(2)))
    async with await Database.open(dsn, size=2, **MOVE_SETTINGS) as own:
        await mover(own, tmp_path, LEAVES).run(everything=True)
        found = await everywhere(database, own, tmp_path)
    assert len(found) == len(set(found)) == COUNT

"""Moving to the archive: whole, once, only what is sealed and old, and the chains go on behind it."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from archived import OLD, TODAY, mover, old
from beffroi.actions.archive import WrongArchive
from beffroi.ledger.manifest import opened_manifest
from beffroi.store.archive_files import DisclosureColumns, Segment
from beffroi.store.archive_moves import MOVE_SETTINGS, ArchiveMoves
from beffroi.store.archive_place import Folder
from beffroi.store.database import ROLE_ARCHIVER, ROLE_SEALER, Database
from disclosed import KEY, disclose, row, seal_all, sealer
from opened import opened_as

own = opened_as(ROLE_ARCHIVER, **MOVE_SETTINGS)


async def seal(dsn_of: Callable[[str], str]) -> None:
    async with await Database.open(dsn_of(ROLE_SEALER), size=2) as opened:
        await seal_all(sealer(opened))


async def stored(database: Database) -> list[dict[str, object]]:
    rows = await database.pool.fetch("select * from disclosures order by disclosure_id")
    return [{name: value for name, value in dict(one).items() if name not in LEFT_BEHIND} for one in rows]


async def archived(own: Database, folder: Path) -> list[dict[str, object]]:
    """Every disclosure of every segment, as the table would hold it."""
    found = []
    for one in await ArchiveMoves(own).segments():
        manifest = opened_manifest(one.manifest, [KEY.verifier()])
        for line in Segment(Folder(str(folder)), manifest).rows():
            columns = DisclosureColumns(line)
            found.append({name: columns[name] for name in COLUMNS})
    return sorted(found, key=lambda one: str(one["disclosure_id"]).zfill(9))


LEFT_BEHIND = {"transaction", "new_explained", "new_unexplained", "people"}
"""No part of the leaf, and of no use once it is old."""
COLUMNS = [field.name for field in dataclasses.fields(row(1, 1)) if field.name not in LEFT_BEHIND] + ["disclosure_id"]


async def test_what_is_old_and_sealed_moves_and_nothing_else(database, own, dsn_of, tmp_path) -> None:
    """300 old disclosures of three accounts in two segments; the young ones stay; every column is what it was."""
    await disclose(database, [old(1 + n % 3, 1 + n // 3) for n in range(300)])
    await database.pool.execute("insert into deliveries select disclosure_id, disclosure_id % 2 = 0 from disclosures")
    await disclose(database, [row(1 + n % 3, 101 + n // 3) for n in range(30)])
    before = await stored(database)
    await seal(dsn_of)
    moved = await mover(own, tmp_path, leaves_max=200).run(everything=True)
    assert [(one.segment, one.first, one.end, one.disclosures) for one in moved] == [
        (0, 0, 200, 200),
        (1, 200, 300, 100),
    ]
    after = await stored(database)
    assert after == before[300:]
    found = await archived(own, tmp_path)
    for was, now in zip(before[:300], found, strict=True):
        for name in COLUMNS:
            if name not in ("request", "shown"):  # JSON, written in one way
                assert was[name] == now[name], name
    assert await database.pool.fetchval("select count(*) from seen s join disclosures using (disclosure_id)") > 0
    assert await database.pool.fetchval("select count(*) from deliveries") == 0
    orphans = "select count(*) from seen left join disclosures d using (disclosure_id) where d.at is null"
    assert await database.pool.fetchval(orphans) == 0
    assert await mover(own, tmp_path).run(everything=True) == []


async def test_a_chain_goes_on_behind_the_archive(database, own, dsn_of, tmp_path) -> None:
    """An account all of whose disclosures were archived discloses again: its next leaf follows its last one."""
    await disclose(database, [old(7, 1), old(7, 2)])
    await seal(dsn_of)
    assert len(await mover(own, tmp_path).run(everything=True)) == 1
    await disclose(database, [row(7, 3), old(7, 4)])
    await seal(dsn_of)
    await database.pool.execute("update disclosures set at = $1", OLD)
    with pytest.raises(WrongArchive):  # changed behind the ledger's back: nothing is taken away
        await mover(own, tmp_path).run(everything=True)
    assert await database.pool.fetchval("select count(*) from disclosures") == 2


async def test_segments_follow_one_another(database, own, dsn_of, tmp_path) -> None:
    """Each manifest names the one before, and an account's chain crosses from one segment to the next."""
    for first in (1, 11, 21):
        await disclose(database, [old(1, n) for n in range(first, first + 10)])
        await seal(dsn_of)
    moved = await mover(own, tmp_path, leaves_max=10).run()
    assert [one.disclosures for one in moved] == [10, 10, 10]
    notes = [opened_manifest(s.manifest, [KEY.verifier()]) for s in await ArchiveMoves(own).segments()]
    assert [note.first for note in notes] == [0, 10, 20]
    assert len({note.previous for note in notes}) == 3
    assert all((tmp_path / one.name).is_file() for note in notes for one in note.files)


async def test_less_than_a_day_waits(database, own, dsn_of, tmp_path) -> None:
    """What became old an hour ago waits for the rest of its day."""
    recent = TODAY.now() - timedelta(days=90, hours=1)
    await disclose(database, [dataclasses.replace(row(1, n), at=recent) for n in (1, 2)])
    await seal(dsn_of)
    assert await mover(own, tmp_path).run() == []
    assert len(await mover(own, tmp_path).run(everything=True)) == 1


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("select archive_disclosures(1, 0, 10, 10, 'x')", "another segment"),
        ("select archive_disclosures(0, 1, 10, 9, 'x')", "another segment"),
        ("select archive_disclosures(0, 0, 99, 10, 'x')", "not sealed"),
        ("select archive_disclosures(0, 0, 12, 12, 'x')", "too young"),
        ("select archive_disclosures(0, 0, 10, 9, 'x')", "the files hold"),
    ],
)
async def test_the_one_function_refuses(database, own, dsn_of, call, why) -> None:
    """Whoever has the archiver's role takes away nothing that is young, unsealed, or not what a segment holds."""
    await disclose(database, [old(1, n) for n in range(1, 11)])
    await seal(dsn_of)
    await disclose(database, [dataclasses.replace(row(1, n), at=TODAY.now()) for n in (11, 12)])
    await seal(dsn_of)
    with pytest.raises(asyncpg.RaiseError, match=why):
        await own.pool.execute(call)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await own.pool.execute("delete from disclosures")
    assert await database.pool.fetchval("select count(*) from disclosures") == 12


async def test_what_a_dead_mover_left_is_taken_away(database, own, dsn_of, tmp_path) -> None:
    """Files of a segment that was never noted, whole or half, are gone after the next move."""
    await disclose(database, [old(1, 1)])
    await seal(dsn_of)
    for name in ("000000-by-account-0000000000000000.parquet", ".000000-by-patient-1.parquet.77"):
        (tmp_path / name).write_bytes(b"x")
    await mover(own, tmp_path).run(everything=True)
    assert len(list(tmp_path.iterdir())) == 3

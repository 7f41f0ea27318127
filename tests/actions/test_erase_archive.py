"""Retention in the archive: old segments go whole, held ones stay whole, a run may fail anywhere; the audit knows."""

import dataclasses
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from archived import mover
from beffroi.actions.audit import audit
from beffroi.actions.audit_archive import ArchiveFault
from beffroi.actions.erase_archive import ArchiveEraser
from beffroi.actions.findings import Audited, Fault
from beffroi.breach.scope import Tally
from beffroi.clock import Clock
from beffroi.model.selection import Selection
from beffroi.store.archive import Archive
from beffroi.store.archive_moves import MOVE_SETTINGS, ArchiveMoves
from beffroi.store.archive_place import Folder
from beffroi.store.database import ROLE_ARCHIVER, ROLE_OWNER, ROLE_SEALER, ROLE_WEB, ROLE_WORKER, Database
from beffroi.store.housekeeping import HousekeepingStore
from beffroi.store.ledger_audit import AUDIT_SETTINGS
from beffroi.store.scope import scope_snapshot
from conftest import DatabaseServer, DsnOf
from disclosed import KEY, ORIGIN, disclose, row, seal_all, sealer
from opened import opened_as

NOW = datetime.now(UTC)
OLD = NOW - timedelta(days=1_200)
SECOND = OLD + timedelta(days=2)
YOUNG = NOW - timedelta(days=300)
DAYS = 1_096


sealing = opened_as(ROLE_SEALER, **AUDIT_SETTINGS)


own = opened_as(ROLE_ARCHIVER, **MOVE_SETTINGS)


async def three_segments(dsn_of: DsnOf, folder: Path) -> None:
    """Segments of ten: accounts 1 and 2, old; 1 and 3, two days later; 1 alone, young. One more is online."""
    async with (
        await Database.open(dsn_of(ROLE_OWNER), size=1) as database,
        await Database.open(dsn_of(ROLE_SEALER), size=2) as sealing,
        await Database.open(dsn_of(ROLE_ARCHIVER), size=2, **MOVE_SETTINGS) as own,
    ):
        for time, numbers in (
            (OLD, [*((1, n) for n in range(1, 6)), *((2, n) for n in range(1, 6))]),
            (SECOND, [*((1, n) for n in range(6, 11)), *((3, n) for n in range(1, 6))]),
            (YOUNG, [(1, n) for n in range(11, 21)]),
        ):
            rows = [dataclasses.replace(row(*one), at=time + timedelta(seconds=one[1])) for one in numbers]
            await disclose(database, rows)
            await seal_all(sealer(sealing))
        assert len(await mover(own, folder, 10).run(everything=True)) == 3
        await disclose(database, [dataclasses.replace(row(1, 21), at=NOW)])
        await seal_all(sealer(sealing))


@pytest.fixture(scope="module")
def prepared(database_server: DatabaseServer, files_once: Path) -> Iterator[str]:
    yield from database_server.filled(lambda dsn_of: three_segments(dsn_of, files_once))


def eraser(
    own: Database, folder: Path, days: int = DAYS, step: Callable[[str], None] = lambda name: None
) -> ArchiveEraser:
    return ArchiveEraser(ArchiveMoves(own), Folder(str(folder)), Clock(), days=days, marked_at_once=4, step=step)


async def erased(own: Database, folder: Path, days: int = DAYS) -> list[tuple[int, int]]:
    return [(one.segment, one.disclosures) for one in await eraser(own, folder, days).run()]


async def audited(sealing: Database, folder: Path | None) -> Audited:
    place = Folder(str(folder)) if folder else None
    return await audit(sealing, [KEY.verifier()], ORIGIN, Clock(), place=place)


def named(found: Audited) -> list[tuple[object, tuple[int, ...]]]:
    return [(one.fault, one.numbers) for one in found.found]


def files(folder: Path) -> list[str]:
    return sorted(path.name.rpartition("-")[0] for path in folder.iterdir())


WHOLE = ["000000-by-account", "000000-by-patient", "000000-manifest"]
LEFT = ["000000-manifest", "000001-manifest", "000002-by-account", "000002-by-patient", "000002-manifest"]


async def test_old_segments_go_and_their_manifests_stay(
    database: Database, sealing: Database, own: Database, archive: Path
) -> None:
    """The files are gone, the leaves say when, the tree is as before, the audit counts, and chains go on."""
    tree = "select tree_index, disclosure_id, commitment, account_id, running_number from leaves order by 1"
    before = [tuple(one) for one in await database.pool.fetch(tree)]
    assert await erased(own, archive) == [(0, 10), (1, 10)]
    assert files(archive) == LEFT
    assert [tuple(one) for one in await database.pool.fetch(tree)] == before
    marked = await database.pool.fetch("select tree_index from leaves where erased_at is not null order by 1")
    assert [one[0] for one in marked] == list(range(20))
    found = await audited(sealing, archive)
    assert found.sound, named(found)
    assert (found.erased_count, found.leaves_count) == (20, 31)
    assert await erased(own, archive) == []
    await disclose(database, [dataclasses.replace(row(3, 6), at=NOW)])
    assert await seal_all(sealer(sealing)) == 1
    assert (await audited(sealing, archive)).sound


async def test_a_scope_reads_what_is_left(own: Database, archive: Path, dsn_of: Callable[[str], str]) -> None:
    """What was erased is not counted but told, and its missing files stop nobody."""
    await erased(own, archive)
    async with await Database.open(dsn_of(ROLE_WEB), size=1) as web, scope_snapshot(web) as snapshot:
        tally = Tally.of(1)
        wanted = await snapshot.wanted([Selection(accounts=(1, 2))], frozenset())
        await Archive({"folder": str(archive)}).count(snapshot, wanted, tally)
        assert {one: await snapshot.erased([chosen]) for one, chosen in ERASED.items()} == {
            one: one[1] for one in ERASED
        }
        assert await snapshot.erased(list(ERASED.values())) == 25
    assert tally.readings_count == 10


DAY = timedelta(days=1)
ERASED = {
    ("both accounts", 15): Selection(accounts=(1, 2)),
    ("one, since the second segment", 5): Selection(accounts=(1,), since=SECOND),
    ("one, before it", 5): Selection(accounts=(1,), until=SECOND - DAY),
    ("one, since it was young", 0): Selection(accounts=(1,), since=YOUNG - DAY),
    ("nobody", 0): Selection(accounts=(77,)),
    ("a network", 20): Selection(networks=("192.0.2.7",)),
    ("a time", 10): Selection(since=SECOND, until=NOW),
    ("a young time", 0): Selection(since=YOUNG - DAY),
}
"""What was erased and may be of a selection: of its accounts, else of everybody, as far as signed times tell."""


HELD = [
    ("account_id", 2, [1]),
    ("account_id", 3, [0]),
    ("account_id", 1, []),
    ("account_id", 9, [0, 1]),
    ("from_at", SECOND, [0]),
    ("until_at", OLD + timedelta(days=1), [1]),
    ("people", [7], [0]),  # person 7, of segment 1 alone
    ("people", [9], [0]),  # no person's number, but an identity of person 8's
    ("people", [77], [0, 1]),
    ("people, account_id", ([7], 3), [0, 1]),  # the account never saw her
    ("people, account_id", ([7], 1), [0]),
    ("people, from_at", ([7], SECOND + timedelta(seconds=8)), [0, 1]),  # she was seen a second before
    ("people, until_at", ([7], SECOND + timedelta(seconds=7)), [0]),
]


@pytest.mark.parametrize(("column", "value", "gone"), HELD)
async def test_a_segment_with_a_held_row_stays_whole_until_the_hold_is_lifted(
    database: Database, sealing: Database, own: Database, archive: Path, column: str, value: Any, gone: list[int]
) -> None:
    """By account, by window, by patient under any number of hers, and by several of them together."""
    values = value if isinstance(value, tuple) else (value,)
    places = ", ".join(f"${n + 1}" for n in range(len(values)))
    text = f"insert into holds ({column}, reason, placed_at, placed_by) values ({places}, 'x', now(), 'x')"
    await database.pool.execute(text, *values)
    assert [one for one, _ in await erased(own, archive)] == gone
    assert (WHOLE[0] in files(archive)) == (0 not in gone)
    found = await audited(sealing, archive)
    assert found.sound and found.erased_count == 10 * len(gone), named(found)
    await database.pool.execute("update holds set lifted_at = now()")
    assert [one for one, _ in await erased(own, archive)] == [one for one in (0, 1) if one not in gone]
    assert (await audited(sealing, archive)).sound


class Killed(Exception):
    """In the place of a process that ends."""


STEPS = [("noted", 1), ("noted", 2), *(("file", n) for n in (1, 2, 3, 4)), *(("marked", n) for n in (1, 2, 3, 4))]


@pytest.mark.parametrize(("name", "time"), [*STEPS, ("erased", 1), ("erased", 2)])
async def test_a_run_that_ends_at_a_step_is_resumed(
    sealing: Database, own: Database, archive: Path, name: str, time: int
) -> None:
    """After each write of both segments: the audit finds nothing wrong, and the next run ends the work."""
    left = time

    def step(done: str) -> None:
        nonlocal left
        left -= done == name
        if left == 0:
            raise Killed

    with pytest.raises(Killed):
        await eraser(own, archive, step=step).run()
    assert named(await audited(sealing, archive)) == []
    await erased(own, archive)
    found = await audited(sealing, archive)
    assert found.sound and found.erased_count == 20, named(found)
    assert files(archive) == LEFT


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("method", ["erase", "mark_erased"])
async def test_a_statement_that_fails_is_done_or_not(
    sealing: Database, own: Database, archive: Path, method: str, after: bool, monkeypatch: Any
) -> None:
    """Before or after its commit, the ledger is sound and the next run ends the work."""
    done = getattr(ArchiveMoves, method)

    async def fail(*arguments: Any) -> Any:
        if after:
            await done(*arguments)
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(ArchiveMoves, method, fail)
        with pytest.raises(ConnectionError):
            await eraser(own, archive).run()
    assert named(await audited(sealing, archive)) == []
    await erased(own, archive)
    assert (await audited(sealing, archive)).erased_count == 20
    assert files(archive) == LEFT


async def test_nothing_young_goes_whoever_asks(own: Database, archive: Path) -> None:
    """Neither below 400 days whatever is configured, nor before the configured time."""
    assert await erased(own, archive, days=1_201) == []
    assert await own.pool.fetchval("select erase_archived(2, now(), '{}')") is False
    assert [one for one, _ in await erased(own, archive, days=1)] == [0, 1]


async def test_the_functions_refuse(database: Database, own: Database, archive: Path, dsn_of: Any) -> None:
    """A held patient whom nobody cleared, a leaf that no disclosure was moved of, and every other way and role."""
    hold = "insert into holds (people, reason, placed_at, placed_by) values ('{77}', 'x', now(), 'x') returning hold_id"
    number = await database.pool.fetchval(hold)
    ask = "select erase_archived(0, now(), $1)"
    for cleared in ([], None, [number + 1]):
        assert await own.pool.fetchval(ask, cleared) is False
    assert await own.pool.fetchval("select mark_archived_erased(0, 100)") == 0
    assert await database.pool.fetchval("select count(*) from leaves where erased_at is not null") == 0
    await database.pool.execute("update archive_segments set disclosures_count = 9 where segment = 0")
    with pytest.raises(asyncpg.RaiseError, match="9 disclosures"):
        await own.pool.fetchval(ask, [number])
    async with await Database.open(dsn_of(ROLE_WORKER), size=1) as worker:
        for role, statement in (
            (own, "update leaves set erased_at = now()"),
            (own, "update archive_segments set erased_at = now()"),
            (own, "select reason from holds"),
            (worker, "select erase_archived(0, now(), '{}')"),
            (worker, "select mark_archived_erased(0, 10)"),
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await role.pool.execute(statement)


async def test_missing_files_without_the_mark_are_found(sealing: Database, own: Database, archive: Path) -> None:
    """Deleted and passed off as erased; and what was changed is not erased, but stays for the audit to name."""
    for path in archive.glob("000000-by-*"):
        path.unlink()
    assert named(await audited(sealing, archive)) == [(ArchiveFault.FILE_CHANGED, (0, 10))]
    assert await erased(own, archive) == [(1, 10)]
    assert named(await audited(sealing, archive)) == [(ArchiveFault.FILE_CHANGED, (0, 10))]


async def test_a_mark_on_what_is_young_is_found(database: Database, sealing: Database, archive: Path) -> None:
    """By the times that the manifest was signed with, whoever owns the database; and a leaf must bear the mark too."""
    await database.pool.execute("update archive_segments set erased_at = now(), erased_to = 30 where segment = 2")
    for path in archive.glob("000002-by-*"):
        path.unlink()
    found = await audited(sealing, archive)
    assert (ArchiveFault.ERASED_EARLY, (2,)) in named(found)
    assert sum(one.fault is Fault.DISCLOSURE_MISSING for one in found.found) == 10


async def test_files_that_come_back_are_found_and_go_again(sealing: Database, own: Database, archive: Path) -> None:
    """As from a backup of the folder."""
    kept = {path: path.read_bytes() for path in archive.glob("000000-by-*")}
    await erased(own, archive)
    for path, content in kept.items():
        path.write_bytes(content)
    assert named(await audited(sealing, archive)) == [(ArchiveFault.STILL_THERE, (0, 2))]
    assert await erased(own, archive) == [(0, 10)]
    assert (await audited(sealing, archive)).sound


async def test_without_the_files_an_audit_counts_what_is_erased(
    database: Database, sealing: Database, own: Database, archive: Path
) -> None:
    """It says how many segments it could not open: those that are left."""
    await erased(own, archive)
    found = await audited(sealing, None)
    assert named(found) == [(ArchiveFault.NOT_REACHED, (1,))]
    assert found.erased_count == 20


async def test_what_is_leaving_is_not_erased_online(
    database: Database, own: Database, archive: Path, dsn_of: Any
) -> None:
    """A row that is in files already goes with them, and not by itself: the file would hold what its leaf denies."""
    await database.pool.execute("update disclosures set at = $1", OLD)
    await database.pool.execute("update archive_segments set end_index = 31 where segment = 2")
    async with await Database.open(dsn_of(ROLE_WORKER), size=1) as worker:
        done = await HousekeepingStore(worker).erase(NOW, 0)
    assert done is not None and done.count == 0

"""The audit of what was archived: silent about what is sound, and every changed byte, row and segment found."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from archived import TODAY, move, mover, old
from beffroi.actions.audit import audit
from beffroi.actions.audit_archive import ArchiveAudit, ArchiveFault
from beffroi.actions.findings import Audited
from beffroi.ledger.checkpoint import SigningKey
from beffroi.ledger.manifest import ORDERS, opened_manifest, signed_manifest
from beffroi.store.archive_moves import MOVE_SETTINGS, ArchiveMoves
from beffroi.store.archive_place import Folder
from beffroi.store.database import ROLE_ARCHIVER, ROLE_OWNER, ROLE_SEALER, Database
from beffroi.store.ledger_audit import AUDIT_SETTINGS
from conftest import DatabaseServer, DsnOf
from disclosed import KEY, ORIGIN, disclose, seal_all, sealer
from opened import opened_as

COUNT, SEGMENTS = 45, 3


own = opened_as(ROLE_SEALER, **AUDIT_SETTINGS)


async def three_segments(dsn_of: DsnOf, folder: Path) -> None:
    """Segments of fifteen disclosures, of three accounts; as many disclosures more are in the database."""
    async with (
        await Database.open(dsn_of(ROLE_OWNER), size=1) as database,
        await Database.open(dsn_of(ROLE_SEALER), size=2) as own,
        await Database.open(dsn_of(ROLE_ARCHIVER), size=2, **MOVE_SETTINGS) as mine,
    ):
        await disclose(database, [old(1 + n % 3, 1 + n // 3) for n in range(2 * COUNT)])
        await database.pool.execute("insert into deliveries select disclosure_id, true from disclosures")
        await seal_all(sealer(own))
        await move(mover(mine, folder, COUNT // SEGMENTS), SEGMENTS)


@pytest.fixture(scope="module")
def prepared(database_server: DatabaseServer, files_once: Path) -> Iterator[str]:
    yield from database_server.filled(lambda dsn_of: three_segments(dsn_of, files_once))


async def audited(own: Database, folder: Path | None) -> Audited:
    place = Folder(str(folder)) if folder else None
    return await audit(own, [KEY.verifier()], ORIGIN, TODAY, place=place)


def named(found: Audited) -> list[tuple[object, tuple[int, ...]]]:
    return [(one.fault, one.numbers) for one in found.found]


async def test_a_sound_archive_has_no_fault(own: Database, archive: Path) -> None:
    """Every leaf is opened, in the files or in the database."""
    found = await audited(own, archive)
    assert found.sound, named(found)
    assert found.leaves_count == 2 * COUNT


async def test_an_archive_that_is_not_given_is_said(own: Database, archive: Path) -> None:
    """One finding; what is still in the database is examined all the same."""
    assert named(await audited(own, None)) == [(ArchiveFault.NOT_REACHED, (SEGMENTS,))]


@pytest.mark.parametrize("order", ORDERS)
async def test_a_changed_file_is_one_finding(own: Database, archive: Path, order: str) -> None:
    """A byte in the middle; and a file that is gone."""
    (path,) = archive.glob(f"000001-{order}-*")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    expected = [(ArchiveFault.FILE_CHANGED, (1, COUNT // SEGMENTS))]
    assert named(await audited(own, archive)) == expected
    path.unlink()
    assert named(await audited(own, archive)) == expected


@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.long), 31])
async def test_every_byte_of_every_file_counts(archive: Path, database: Database, step: int) -> None:
    """Each byte of a segment's two files and of its manifest flipped in turn: found and its file named, every one."""
    (segment, *_) = await ArchiveMoves(database).segments()
    roots = {row[0]: row[1] for row in await database.pool.fetch("select tree_size, root from checkpoints")}
    for other in (*archive.glob("000001-*"), *archive.glob("000002-*")):
        other.unlink()

    def findings() -> list[tuple[ArchiveFault, tuple[int, ...]]]:
        one = ArchiveAudit(Folder(str(archive)), [KEY.verifier()], ORIGIN, compare=False)
        one.check([segment], roots)
        return one.found

    assert findings() == []
    flipped = size = 0
    for path in sorted(archive.iterdir()):
        is_manifest = path.suffix == ".txt"
        named = (ArchiveFault.MANIFEST_CHANGED, (0,)) if is_manifest else (ArchiveFault.FILE_CHANGED, (0, 15))
        size += path.stat().st_size
        with path.open("r+b", buffering=0) as file:
            for at in range(0, path.stat().st_size, step):
                sound = os.pread(file.fileno(), 1, at)
                os.pwrite(file.fileno(), bytes([sound[0] ^ (1 << at % 8)]), at)
                assert findings() == [named], (path.name, at)
                os.pwrite(file.fileno(), sound, at)
                flipped += 1
    assert flipped >= size // step > 300
    assert findings() == []


async def test_every_byte_of_the_databases_copy_counts(own: Database, archive: Path, database: Database) -> None:
    """Each byte of a manifest in the database changed in turn: each is found."""
    segments = await ArchiveMoves(database).segments()
    roots = {row[0]: row[1] for row in await database.pool.fetch("select tree_size, root from checkpoints")}
    for at in range(len(segments[1].manifest)):
        note = segments[1].manifest
        other = note[:at] + ("x" if note[at] != "x" else "y") + note[at + 1 :]
        one = ArchiveAudit(Folder(str(archive)), [KEY.verifier()], ORIGIN, compare=False)
        changed = [segments[0], type(segments[1])(*_values(segments[1], other)), segments[2]]
        one.check(changed, roots)
        assert one.found, at


def _values(segment, note: str):
    return (segment.number, segment.first, segment.end, segment.first_at, segment.last_at, note)


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        ("delete from archive_segments where segment = 1", ArchiveFault.SEGMENT_MISPLACED),
        ("update archive_segments set end_index = 31 where segment = 2", ArchiveFault.SEGMENT_MISPLACED),
        (
            "update archive_segments a set manifest = b.manifest from archive_segments b "
            "where a.segment = 0 and b.segment = 1",
            ArchiveFault.SEGMENT_MISPLACED,
        ),
    ],
)
async def test_damage_to_the_list_is_found(database: Database, own: Database, archive: Path, damage, expected) -> None:
    """A segment taken away, moved or exchanged by the database's owner."""
    await database.pool.execute(damage)
    found = await audited(own, archive)
    assert expected in {one.fault for one in found.found}, named(found)


async def test_the_last_segment_cannot_be_forgotten(database: Database, own: Database, archive: Path) -> None:
    """Without its row its leaves have no disclosure."""
    await database.pool.execute("delete from archive_segments where segment = 2")
    found = await audited(own, archive)
    assert found.faults_count == COUNT // SEGMENTS


async def test_a_file_made_again_with_the_ledgers_key_does_not_open(
    database: Database, own: Database, archive: Path
) -> None:
    """Who has the key changes one disclosure in the files, hashes and signs again: its leaf tells."""
    await rewrite(database, archive, KEY, "network = '192.0.2.99'")
    found = await audited(own, archive)
    assert [one.fault.name for one in found.found] == ["DISCLOSURE_CHANGED", "ORDERS_DIFFER"]


async def test_a_file_made_again_with_another_key_is_forged(database: Database, own: Database, archive: Path) -> None:
    """Without the key it is the signature that tells."""
    await rewrite(database, archive, SigningKey(ORIGIN, b"\7" * 32), "network = '192.0.2.99'")
    found = await audited(own, archive)
    assert (ArchiveFault.MANIFEST_FORGED, (2,)) in named(found)


async def rewrite(database: Database, folder: Path, key: SigningKey, change: str) -> None:
    """Changes one row of the last segment's by-account file, and everything that vouches for it but the leaf."""
    from beffroi.actions.archive import manifest_name
    from beffroi.store.archive_place import digest_of

    note = await database.pool.fetchval("select manifest from archive_segments where segment = 2")
    manifest = opened_manifest(note, [KEY.verifier()])
    by_account = folder / manifest.files[0].name
    column, value = change.split(" = ")
    with duckdb.connect() as connection:
        text = f"select * replace (case when running_number = 11 and account_id = 1 then {value} else {column} end as "
        text += f"{column}) from read_parquet('{by_account}')"
        connection.execute(f"copy ({text}) to '{folder / 'new'}' (format parquet)").fetchall()
    size_bytes, digest = digest_of(Folder(str(folder)), "new")
    (folder / "new").rename(by_account)
    import dataclasses

    files = (dataclasses.replace(manifest.files[0], size_bytes=size_bytes, sha256=digest), manifest.files[1])
    signed = signed_manifest(dataclasses.replace(manifest, files=files), [key])
    for path in folder.glob("000002-manifest-*"):
        path.unlink()
    (folder / manifest_name(2, signed)).write_text(signed, encoding="utf-8")
    await database.pool.execute("update archive_segments set manifest = $1 where segment = 2", signed)


def test_who_serves_never_loads_a_query_engine() -> None:
    """Importing the web process, the worker and the command line loads neither DuckDB nor pyarrow."""
    script = (
        "import beffroi.app.web, beffroi.app.mllp, beffroi.app.worker, beffroi.cli, sys; beffroi.cli.assembled();"
        "print([m for m in ('duckdb', 'pyarrow', 'pyspark') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

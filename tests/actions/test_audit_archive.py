"""The audit of what was archived: silent about what is sound, and every changed byte, row and segment found."""

import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import duckdb
import pytest

from archived import TODAY, mover, old
from beffroi.actions.audit import audit
from beffroi.actions.audit_archive import ArchiveAudit, ArchiveFault
from beffroi.actions.findings import Audited
from beffroi.ledger.checkpoint import SigningKey
from beffroi.ledger.manifest import ORDERS, opened_manifest, signed_manifest
from beffroi.store.archive_moves import MOVE_SETTINGS, ArchiveMoves
from beffroi.store.archive_place import Folder
from beffroi.store.database import ROLE_ARCHIVER, ROLE_SEALER, Database
from beffroi.store.ledger_audit import AUDIT_SETTINGS
from disclosed import KEY, ORIGIN, disclose, seal_all, sealer

COUNT, SEGMENTS = 45, 3


@pytest.fixture
async def own(dsn_of: Callable[[str], str]) -> AsyncIterator[Database]:
    opened = await Database.open(dsn_of(ROLE_SEALER), size=2, **AUDIT_SETTINGS)
    yield opened
    await opened.close()


@pytest.fixture
async def archive(database: Database, own: Database, dsn_of: Callable[[str], str], tmp_path: Path) -> Path:
    """Three segments of fifteen disclosures, of three accounts; as many disclosures more are in the database."""
    await disclose(database, [old(1 + n % 3, 1 + n // 3) for n in range(2 * COUNT)])
    await database.pool.execute("insert into deliveries select disclosure_id, true from disclosures")
    await seal_all(sealer(own))
    folder = tmp_path / "archive"
    async with await Database.open(dsn_of(ROLE_ARCHIVER), size=2, **MOVE_SETTINGS) as mine:
        one = mover(mine, folder, COUNT // SEGMENTS)
        async with one._moves.alone() as connection:
            assert connection is not None
            for _ in range(SEGMENTS):
                due = await one._due(connection, True)
                assert due is not None
                await one._move(connection, due)
    return folder


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


async def test_every_byte_of_every_file_counts(own: Database, archive: Path, database: Database) -> None:
    """Each byte of the manifests and of the files flipped in turn (of the files, all of one segment): each is found."""
    segments = await ArchiveMoves(database).segments()
    roots = {row[0]: row[1] for row in await database.pool.fetch("select tree_size, root from checkpoints")}

    def findings() -> int:
        one = ArchiveAudit(Folder(str(archive)), [KEY.verifier()], ORIGIN, compare=False)
        one.check(segments, roots)
        return len(one.found)

    assert findings() == 0
    flipped = 0
    for path in sorted([*archive.glob("000000-*"), *archive.glob("*-manifest-*")]):
        sound = path.read_bytes()
        step = 1 if path.suffix == ".txt" else 5
        for at in range(0, len(sound), step):
            path.write_bytes(sound[:at] + bytes([sound[at] ^ (1 << at % 8)]) + sound[at + 1 :])
            assert findings() > 0, (path.name, at)
            flipped += 1
        path.write_bytes(sound)
    assert flipped > 2_000
    assert findings() == 0


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
        "import beffroi.app.web, beffroi.app.mllp, beffroi.app.worker, beffroi.cli, sys;"
        "print([m for m in ('duckdb', 'pyarrow', 'pyspark') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""Bulk imports on a real database."""

import asyncio
import csv
from datetime import timedelta
from pathlib import Path

import pytest

from beffroi.actions import bulk_import
from beffroi.actions.bulk_import import ImportProgress, ImportReport, import_file
from beffroi.actions.register import FeedSource, Registrar
from beffroi.errors import CallerError, OperatorError, ServerError, Unavailable
from beffroi.model.feed import FeedOutcome
from beffroi.model.person import HospitalId
from beffroi.store.database import Database
from beffroi.store.feed import FeedStore
from beffroi.wire.bulk import BulkFormat
from beffroi.wire.pam import feed_events
from doubles import HOSPITALS, FakeClock
from feeding import FEED, event
from wire.hl7_messages import message, msh, pid

CSV, NDJSON, HL7 = BulkFormat.CSV, BulkFormat.NDJSON, BulkFormat.HL7
SOURCE = FeedSource(FEED, HospitalId(1))
pytestmark = pytest.mark.usefixtures("hospitals")


class Importer:
    """Imports into one database."""

    def __init__(self, database: Database, clock: FakeClock, folder: Path) -> None:
        self.database = database
        self.clock = clock
        self.rejects = folder / "rejects.csv"
        self.file = folder / "file"

    async def run(self, text: str | bytes, bulk_format: BulkFormat = CSV, **options: object) -> ImportReport:
        self.file.write_bytes(text.encode() if isinstance(text, str) else text)
        options = {"rejects_path": self.rejects} | options
        return await import_file(self.database, self.clock, self.file, bulk_format, SOURCE, **options)  # type: ignore[arg-type]

    async def held(self) -> list[tuple[str, str]]:
        rows = await self.database.pool.fetch("select ipp, family_key from identities order by identity_id")
        return [(row[0], row[1]) for row in rows]

    def refused(self) -> list[list[str]]:
        with self.rejects.open(encoding="utf-8") as file:
            return list(csv.reader(file))[1:]


@pytest.fixture
def importer(database: Database, clock: FakeClock, tmp_path: Path) -> Importer:
    """An importer with a folder of its own."""
    return Importer(database, clock, tmp_path)


def ipp_of_one(value: str) -> str:
    return f"{value}^^^{HOSPITALS[0].namespace}&{HOSPITALS[0].oid}&ISO^PI"


def hl7(*values: str, event_code: str = "A28") -> bytes:
    return b"".join(message(msh(event_code, control=v), pid(ipp_of_one(v))) for v in values)


async def test_each_format_is_imported(importer: Importer) -> None:
    """CSV, NDJSON and HL7 files end in the register of the source's hospital."""
    await importer.run("ipp;birth_family\n1;DARK\n")
    await importer.run('{"ipp":"2","birth_family":"Martin"}\n', NDJSON)
    await importer.run(hl7("3"), HL7)
    assert await importer.held() == [("1", "DARK"), ("2", "MARTIN"), ("3", "MARTIN")]
    assert await importer.database.pool.fetchval("select count(distinct hospital_id) from identities") == 1


async def test_what_is_refused_is_told_by_line_and_reason(importer: Importer) -> None:
    """Wrong rows are counted and listed; the file of rejects holds no line and nobody else may read it."""
    report = await importer.run("ipp;birth_family;sex\n1;DARK;F\n2;SECRET;X\n3;;\n4;MARTIN;M\n;SECRET;M\n")
    assert (report.line_count, report.applied_count, report.rejected_count) == (6, 2, 3)
    assert [line for line, _ in importer.refused()] == ["3", "4", "6"]
    assert "SECRET" not in importer.rejects.read_text()
    assert importer.rejects.stat().st_mode & 0o077 == 0
    assert await importer.held() == [("1", "DARK"), ("4", "MARTIN")]


async def test_a_dry_run_says_what_would_happen_and_writes_nothing(importer: Importer) -> None:
    """The rehearsal's counts are the import's, and the database is as before."""
    await importer.run("ipp;birth_family\n1;DARK\n")
    text = "ipp;birth_family;sex\n1;DARC;\n2;MARTIN;\n2;MARTIN;F\n3;;F\n4;X;Z\n"
    rehearsed = await importer.run(text, dry_run=True)
    assert await importer.held() == [("1", "DARK")]
    assert await importer.database.pool.fetchval("select count(*) from imports") == 1
    refused = importer.refused()
    real = await importer.run(text)
    assert (rehearsed.dry_run, rehearsed.new_count) == (True, 1)
    for name in ("line_count", "applied_count", "rejected_count"):
        assert getattr(rehearsed, name) == getattr(real, name)
    assert importer.refused() == refused


async def test_a_dry_run_follows_merges_and_changes(importer: Importer) -> None:
    """Identifiers that the file itself makes and gives up count, across batches, and so do messages already applied."""
    await importer.run(hl7("1"), HL7)
    merge = message(msh("A40", "m"), pid(ipp_of_one("2")), f"MRG|{ipp_of_one('1')}")
    change = message(msh("A47", "c"), pid(ipp_of_one("5")), f"MRG|{ipp_of_one('2')}")
    content = hl7("1", "2") + merge + change + hl7("9", event_code="A20")
    rehearsed = await importer.run(content, HL7, dry_run=True)
    real = await importer.run(content, HL7)
    assert rehearsed.new_count == 1
    counts = ("applied_count", "duplicate_count", "ignored_count", "rejected_count")
    assert [getattr(rehearsed, name) for name in counts] == [getattr(real, name) for name in counts] == [3, 1, 1, 0]


async def test_a_file_is_imported_once(importer: Importer) -> None:
    """The same content again, under any name, changes nothing and says so."""
    text = "ipp;birth_family\n1;DARK\n"
    first = await importer.run(text)
    await importer.run("ipp;birth_family\n1;CORRECTED\n")
    again = await importer.run(text)
    assert (first.done_before, again.done_before) == (False, True)
    assert (again.applied_count, again.line_count) == (1, 2)
    assert await importer.held() == [("1", "CORRECTED")]


async def test_a_message_received_live_is_a_duplicate_in_a_file(importer: Importer) -> None:
    """One register of messages for both ways in."""
    registrar = Registrar(importer.database, importer.clock)
    await registrar.start()
    (live,) = feed_events(hl7("1"), HOSPITALS[0])
    assert await registrar.apply(live, SOURCE) is FeedOutcome.APPLIED
    await registrar.stop()
    report = await importer.run(hl7("1", "2"), HL7)
    assert (report.applied_count, report.duplicate_count) == (1, 1)


async def test_another_hospitals_message_is_refused(importer: Importer) -> None:
    """A file speaks for one hospital's domain."""
    foreign = message(msh(), pid(f"9^^^{HOSPITALS[1].namespace}&{HOSPITALS[1].oid}&ISO^PI"))
    report = await importer.run(foreign + hl7("1"), HL7)
    assert (report.applied_count, report.rejected_count) == (1, 1)


async def test_a_row_explains_only_from_its_last_activity(importer: Importer, clock: FakeClock) -> None:
    """No stated activity, no explanation; a stated one explains for what is left of its time."""
    hour_ago = (clock.now() - timedelta(hours=1)).isoformat()
    week_ago = (clock.now() - timedelta(days=7)).isoformat()
    tomorrow = (clock.now() + timedelta(days=1)).isoformat()
    header = "ipp;birth_family;last_activity_at\n"
    await importer.run(f"{header}1;A;\n2;B;{hour_ago}\n3;C;{week_ago}\n4;D;{tomorrow}\n")
    rows = await importer.database.pool.fetch("select explains_until, fed_by from identities order by ipp")
    now = clock.now()
    assert [row[0] and row[0] - now for row in rows] == [None, timedelta(hours=71), None, timedelta(hours=72)]
    assert [row[1] for row in rows] == [None, FEED, None, FEED]


async def test_progress_is_told_batch_by_batch(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes and counts grow to the file's whole."""
    monkeypatch.setattr(bulk_import, "BATCH_ROWS", 10)
    told: list[ImportProgress] = []
    await importer.run("ipp;birth_family\n" + "".join(f"{n};DARK\n" for n in range(35)), progress=told.append)
    assert [p.applied_count for p in told] == [10, 20, 30, 35]
    assert told[-1].done_bytes == told[-1].total_bytes > 0
    assert told[-1].line_number == 36


async def test_a_row_that_the_database_refuses_fails_alone(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that slips through every check is one reject, not the end of the batch."""
    monkeypatch.setattr("beffroi.store.feed_workspace.stays_local", lambda record: None if record.used_given else False)
    report = await importer.run("ipp;birth_family;used_given\n1;A;\n2;B;x\n3;C;\n")
    assert (report.applied_count, report.rejected_count) == (2, 1)
    assert [line for line, _ in importer.refused()] == ["3"]


async def test_too_many_refusals_stop_the_import(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong file is not read to its end."""
    monkeypatch.setattr(bulk_import, "REJECTS_MAX", 3)
    with pytest.raises(OperatorError):
        await importer.run("ipp\n" + "1\n" * 5)
    assert await importer.held() == []


async def test_a_missing_file_and_a_wrong_header_are_said(importer: Importer) -> None:
    """Words for the operator, before anything is written."""
    with pytest.raises(OperatorError):
        await import_file(importer.database, importer.clock, Path("/nowhere"), CSV, SOURCE)
    with pytest.raises(CallerError):
        await importer.run("nom;prenom\n")
    unknown = FeedSource(FEED, HospitalId(99))
    with pytest.raises(OperatorError):
        await import_file(importer.database, importer.clock, importer.file, CSV, unknown)


async def test_two_imports_of_one_file_do_not_double_it(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second process is told; what is written is written once."""
    monkeypatch.setattr(bulk_import, "BATCH_ROWS", 5)
    importer.file.write_text("ipp;birth_family\n" + "".join(f"{n};DARK\n" for n in range(50)))
    results = await asyncio.gather(
        *(import_file(importer.database, importer.clock, importer.file, CSV, SOURCE) for _ in range(3)),
        return_exceptions=True,
    )
    assert any(isinstance(r, OperatorError) for r in results)
    final = await import_file(importer.database, importer.clock, importer.file, CSV, SOURCE)
    assert (final.applied_count, len(await importer.held())) == (50, 50)


@pytest.mark.parametrize("committed", [False, True])
async def test_a_batch_of_unknown_fate_is_written_once(
    importer: Importer, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    """The connection is lost before or after the commit: the checkpoint tells, and the import goes on."""
    monkeypatch.setattr(bulk_import, "BATCH_ROWS", 2)
    monkeypatch.setattr(bulk_import, "RETRY_PAUSES_S", (0.0, 0.0))
    write = FeedStore.write
    calls = 0

    async def failing(self, *arguments):  # type: ignore[no-untyped-def]
        nonlocal calls
        calls += 1
        if calls == 2 and not committed:
            raise Unavailable(what="x")
        result = await write(self, *arguments)
        if calls == 2:
            raise Unavailable(what="x")
        return result

    monkeypatch.setattr(FeedStore, "write", failing)
    report = await importer.run(hl7("1", "2", "3", "4", "5"), HL7)
    assert (report.applied_count, report.duplicate_count) == (5, 0)
    assert len(await importer.held()) == 5


async def test_a_database_that_stays_away_is_said(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the last try the operator hears it, and the next run goes on."""
    monkeypatch.setattr(bulk_import, "RETRY_PAUSES_S", (0.0,))

    async def away(*_: object) -> None:
        raise Unavailable(what="x")

    with monkeypatch.context() as patched:
        patched.setattr(FeedStore, "write", away)
        with pytest.raises(ServerError):
            await importer.run("ipp;birth_family\n1;DARK\n")
    report = await importer.run("ipp;birth_family\n1;DARK\n")
    assert report.applied_count == 1


async def test_a_bulk_load_is_no_sign_of_life(importer: Importer) -> None:
    """The feed's heartbeat is the live feed's alone, also when the file holds messages."""
    await importer.run(hl7("1"), HL7)
    assert await importer.database.pool.fetchval("select count(*) from feeds") == 0
    assert event("1").key is None

"""The report on the real gate: every number is counted again from its files, and no name stands in any of them."""

import csv
import io
import re
from datetime import timedelta
from hashlib import sha256

import pytest

from beffroi.actions.case_files import case_files
from beffroi.actions.case_report import CaseReports
from beffroi.actions.events import Events
from beffroi.actions.foreign_import import ForeignSource, import_log
from beffroi.actions.incidents import Incidents
from beffroi.actions.investigate import Investigation
from beffroi.breach.incident import Account33, State
from beffroi.breach.report import counted_again
from beffroi.breach.severity import Factor
from beffroi.cli.files import new_folder, write_files
from beffroi.errors import OperatorError
from beffroi.model.account import Role
from beffroi.model.account_event import AccountEvent
from beffroi.model.disclosure import Operation
from beffroi.model.person import Address, HospitalId, PersonId
from beffroi.model.selection import Selection
from disclosed import seal_all, sealer
from requests_and_records import ask, record
from wire import foreign_logs as logs

LOOK = Operation.SCOPE_VIEW
NAMES = ("VANHOUCKE", "DEWAELE", "LEFEBVRE", "QUESNOY", "SENSIBLE")


@pytest.fixture
async def case(house, put, account, database, clock, tmp_path):
    """A stolen account read five people of three hospitals; the incident is confirmed. Gives what a report needs."""
    stolen, officer = await account(subject="stolen"), await account(Role.DATA_PROTECTION_OFFICER, subject="dpo")
    secret = await account(hospital=4, subject="secret")
    home = (Address(("1 rue Haute",), "Bollezeele", "59470"),)
    readers = [(1, stolen), (2, stolen), (1, stolen), (3, stolen), (4, secret)]
    for place, ((hospital, reader), name) in enumerate(zip(readers, NAMES, strict=True)):
        number = await put(hospital, f"IPP-{place}", record(name, "Anne", addresses=home), explained_h=5)
        clock.advance(600)
        released = await house.finder.read(ask(reader, Operation.READ), house.references.of(PersonId(number)))
        if place != 3:
            house.finder.delivered(released.content.disclosure_id, place != 2)
            await house.gate._flush()
    events = Events(database, clock)
    await events.record(AccountEvent(stolen.account_id, Operation.CONTAIN, "stolen", {}))
    await seal_all(sealer(database))
    incidents = Incidents(database, clock, officer.account_id)
    both = (Selection(accounts=(stolen.account_id, secret.account_id)),)
    number = await incidents.open("A log-in was stolen", both, "the watch rang")
    await incidents.move(number, State.CONFIRMED, "the owner was on leave", clock.now())
    await incidents.tell(number, Account33("a log-in was stolen", "phishing", "the account was stopped"), "known")
    investigation = Investigation(database, house.gate, house.references, house.hospitals, clock)
    reports = CaseReports(database, house, investigation, incidents, clock, "Hauts de Beffroi")
    return reports, incidents, number, ask(officer, LOOK)


def lines(content: bytes) -> list[dict[str, str]]:
    """A CSV as a reader has it."""
    return list(csv.DictReader(io.StringIO(content.decode())))


async def test_every_number_is_counted_again_from_the_files(case, house, database) -> None:
    """patients.csv gives the totals, hospital-*.csv each controller's, disclosures.csv the leaves."""
    reports, _, number, asked = case
    released = await reports.gather(asked, number)
    files, report = case_files(released, ("en",)), released.content.report
    patients = lines(files["patients.csv"])
    totals = report.totals
    assert counted_again(patients) == {
        "patients": totals.patients,
        "sent": totals.sent,
        "unknown": totals.unknown,
        "minors": totals.minors,
        "deceased": totals.deceased,
        "protected": totals.protected,
        "unreachable": totals.unreachable,
    }
    assert (totals.patients, totals.sent, totals.unknown, totals.aborted) == (4, 3, 1, 1)
    for hospital in report.hospitals:
        own = counted_again(lines(files[f"hospital-{hospital.finess}.csv"]))
        assert own["patients"] == hospital.totals.patients
    disclosures = {line["disclosure"]: line for line in lines(files["disclosures.csv"])}
    assert len(disclosures) == report.readings == report.traced
    for patient in patients:
        own_rows = [disclosures[one] for one in patient["disclosures"].split()]
        assert len(own_rows) == int(patient["times"]) + (patient["certainty"] == "aborted")
    query = "select d.disclosure_id, d.running_number, tree_index from disclosures d join leaves using (disclosure_id)"
    places = {str(r[0]): (str(r[1]), str(r[2])) for r in await database.pool.fetch(query)}
    for one, line in disclosures.items():
        assert (line["running_number"], line["tree_index"]) == places[one]


async def test_no_name_stands_in_any_file_and_a_sensitive_hospital_is_told_to_itself(case) -> None:
    """Pseudonyms everywhere; who is known to the fourth hospital stands in its own list alone."""
    reports, _, number, asked = case
    files = case_files(await reports.gather(asked, number))
    for name, content in files.items():
        for secret in (*NAMES, *(n.title() for n in NAMES), "Bollezeele", "IPP-"):
            assert secret.encode() not in content, name
    own = [line["patient"] for line in lines(files["hospital-590000004.csv"])]
    assert len(own) == 1
    others = [n for n in files if n.startswith("hospital-") and n != "hospital-590000004.csv"]
    assert not any(own[0].encode() in files[name] for name in others)
    [hers] = [line for line in lines(files["patients.csv"]) if line["patient"] == own[0]]
    assert hers["hospitals"] == ""


async def test_the_look_is_recorded_before_anything_leaves(case, database) -> None:
    """SCOPE_VIEW in the officer's chain, with the incident, the counts and the list's digest; the report names it."""
    reports, _, number, asked = case
    report = (await reports.gather(asked, number)).content.report
    row = await database.pool.fetchrow("select * from disclosures order by disclosure_id desc limit 1")
    assert (row["disclosure_id"], row["operation"]) == (report.look, LOOK)
    assert report.digest in row["request"] and f'"incident":"{number}"' in row["request"]


async def test_the_severity_is_proposed_from_what_was_shown_and_chosen_by_somebody(case) -> None:
    """A sensitive hospital is concerned, so the context is 4; then the officer decides otherwise."""
    reports, incidents, number, asked = case
    proposed = (await reports.gather(asked, number)).content.report.severity
    assert (proposed.value(Factor.DPC), proposed.value(Factor.EI), proposed.people) == (4.0, 1.0, 4)
    await incidents.choose(number, proposed, Factor.DPC, 3.0, "its name tells nothing by itself", "dpo")
    report = (await reports.gather(asked, number)).content.report
    assert (report.severity.score, report.severity_kept) == (4.0, True)


async def test_other_servers_logs_stand_apart(case, database, clock, tmp_path) -> None:
    """The same account in a foreign log: its own part and file, also of a scope, and no number of ours changes."""
    reports, incidents, number, asked = case
    before = (await reports.gather(asked, number)).content.report
    path = tmp_path / "log"
    moment = clock.now() - timedelta(minutes=5)
    line = logs.NGINX_READ.replace("dr.leroux", "stolen").replace(
        "24/Nov/2026:09:00:00 +0100", moment.strftime("%d/%b/%Y:%H:%M:%S +0000")
    )
    path.write_text(line + "\n" + logs.NGINX_MEDICAL.replace(" - - ", " - stolen ") + "\n")
    await import_log(database, clock, path, ForeignSource("hapi-a"))
    released = await reports.gather(asked, number)
    report = released.content.report
    assert report.totals == before.totals
    assert (report.foreign.facts, report.foreign.fields_unknown, report.foreign.beyond_identity) == (2, 1, 1)
    assert report.severity.value(Factor.DPC) == 4.0
    files = case_files(released, ("en",))
    assert [line["value"] for line in lines(files["foreign.csv"])] == ["4711"]
    chosen = (await incidents.standing(number)).incident.selections
    answer = (await reports._investigation.view_selections(asked, chosen)).content
    assert answer.foreign is not None and answer.totals.patients == before.totals.patients - 1  # law 4 leaves one out
    assert (answer.foreign.facts, answer.foreign.by_certainty["shown_fields_unknown"]) == (2, 1)
    assert answer.foreign.patients == ()  # her number there is nobody's here


async def test_the_pdf_is_tagged_titled_and_speaks_its_language(case) -> None:
    """PDF/UA-1 as its metadata claims (else the typesetter refuses), French and English; no pictures."""
    reports, _, number, asked = case
    files = case_files(await reports.gather(asked, number))
    for language in ("fr", "en"):
        pdf = files[f"report.{language}.pdf"]
        assert pdf.startswith(b"%PDF-1.7")
        assert re.search(rb"<pdfuaid:part>1</pdfuaid:part>", pdf)
        assert b"/Subtype /Image" not in pdf and b"/Subtype/Image" not in pdf


async def test_the_digests_are_those_of_the_files(case, tmp_path) -> None:
    """sha256sum -c finds them good; a folder that exists is not written over; nobody else may read."""
    reports, _, number, asked = case
    files = case_files(await reports.gather(asked, number), ("fr",))
    folder = tmp_path / "report"
    with new_folder(folder):
        write_files(files, folder)
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert sha256((folder / name).read_bytes()).hexdigest() == digest
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    with pytest.raises(OperatorError), new_folder(folder):
        pytest.fail("nothing is asked for")


async def test_the_same_facts_give_the_same_pages(case) -> None:
    """Made twice from one case file: byte by byte the same."""
    reports, _, number, asked = case
    released = await reports.gather(asked, number)
    assert case_files(released) == case_files(released)
    assert HospitalId(4) in released.content.by_hospital

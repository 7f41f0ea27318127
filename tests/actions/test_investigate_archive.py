"""Hot rows and archive answer as one: the same scope before the move and after it, whichever part of it was moved."""

import asyncio
import contextlib
import dataclasses
import json
from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest

from archived import OLD, mover
from beffroi.actions.case_files import case_files
from beffroi.actions.case_report import CaseReports
from beffroi.actions.incidents import Incidents
from beffroi.actions.investigate import Investigation
from beffroi.model.audit import AuditEntry
from beffroi.model.disclosure import Operation
from beffroi.model.selection import Selection
from beffroi.store import archive as archive_module
from beffroi.store.archive import Archive
from beffroi.store.archive_child import Question, answer
from beffroi.store.archive_moves import MOVE_SETTINGS
from beffroi.store.archive_page import PageQuestion, page
from beffroi.store.audit_rows import entry_of
from beffroi.store.database import ROLE_ARCHIVER, ROLE_SEALER, Database
from beffroi.store.disclosures import AuditPage, DisclosureStore
from beffroi.store.patient_access import PatientAccessStore
from disclosed import disclose, row, seal_all, sealer
from requests_and_records import ask

ACCOUNTS, DAYS = 4, 40


def history(seed: int):
    """Disclosures of a few accounts over weeks, of a few patients, each with identities of hers, some refused."""
    chance = Random(seed)
    numbers = dict.fromkeys(range(1, ACCOUNTS + 1), 0)
    for n in range(120):
        account = chance.randint(1, ACCOUNTS)
        numbers[account] += 1
        people = chance.sample(range(1, 13), chance.choice([0, 1, 1, 3]))
        shown = [[p, chance.choice([7, 129, 1 << 16]), chance.choice([[p], sources_of(p), []])] for p in people]
        yield dataclasses.replace(
            row(account, numbers[account]),
            at=OLD + timedelta(days=DAYS * n / 120, microseconds=n),
            shown=json.dumps(shown),
            people=tuple(people),
            outcome=1 if people else 5,
            network=f"192.0.2.{chance.randint(1, 3)}",
            request=json.dumps({"family": f"Mar{chance.randint(1, 3)}"}),
        )


def sources_of(person: int) -> list[int]:
    """Those two who were joined may have been shown together."""
    return [person, person + 1] if person in (5, 8) else [person]


SELECTIONS = [
    (Selection(accounts=(2,)),),
    (Selection(accounts=(1, 3), since=OLD + timedelta(days=3), until=OLD + timedelta(days=30)),),
    (Selection(people=(5,)),),
    (Selection(people=(5, 6), accounts=(1, 2)),),
    (Selection(people=(5,), query=(("family", "Mar2"),)),),
    (Selection(networks=("192.0.2.2",)),),
    (Selection(structures=(1,), applications=("dpi",)),),
    (Selection(query=(("family", "Mar2"),)),),
    (Selection(since=OLD + timedelta(days=10), until=OLD + timedelta(days=11)),),
    (Selection(accounts=(2,)), Selection(people=(5,)), Selection(networks=("192.0.2.2",))),
    (Selection(accounts=(99,)),),
]


async def prepared(database: Database, seed: int) -> None:
    """The history, and identities 1 to 13 of two hospitals, some of which changed persons meanwhile."""
    await disclose(database, list(history(seed)))
    fates = "insert into deliveries select disclosure_id, disclosure_id % 3 = 0 from disclosures"
    await database.pool.execute(f"{fates} where disclosure_id % 3 < 2")
    await database.pool.execute(
        """insert into identities (identity_id, hospital_id, ipp, person_id, record, updated_at) overriding system value
           select n, 1 + n % 2, n::text, case when n in (6, 9) then n - 1 else n end, '{}', now()
           from generate_series(1, 13) n"""
    )
    await database.pool.execute(
        """insert into moves (identity_id, from_person, to_person, moved_at, cause)
           values (6, 6, 5, now(), 'A40'), (9, 9, 8, now(), 'A40')"""
    )


async def in_this_process(_module: str, question: Question | PageQuestion, *_: object) -> object:
    """What a process of its own does with a question."""
    return await asyncio.to_thread(page if isinstance(question, PageQuestion) else answer, question)


YEAR = (OLD - timedelta(days=1), OLD + timedelta(days=DAYS + 1))
PAGES = [
    AuditPage(1, YEAR, None, None, None, 1_000),
    AuditPage(2, YEAR, None, None, None, 7),
    AuditPage(2, YEAR, 60, None, None, 7),
    AuditPage(1, (OLD + timedelta(days=5), OLD + timedelta(days=20)), None, None, None, 1_000),
    AuditPage(2, YEAR, None, 5, None, 3),
    AuditPage(2, YEAR, None, 5, "S1", 1_000),
    AuditPage(2, YEAR, None, None, "nobody", 1_000),
]


async def entries(database: Database, archive: Archive | None, wanted: AuditPage) -> list[AuditEntry]:
    """A page of the audit trail."""
    hot = await DisclosureStore(database).audit_page(wanted)
    found = hot if archive is None else await archive.page(database.pool, wanted, hot)
    return [entry_of(row) for row in found]


async def of_patient(database: Database, archive: Archive | None) -> list[int]:
    """The latest sights of a patient as she is told of them, one structure left out."""
    return [one["disclosure_id"] for one in await PatientAccessStore(database, archive).sights(5, [3], 4)]


@pytest.mark.parametrize("seed", range(3))
async def test_hot_rows_and_archive_answer_as_one(
    database: Database, house, dsn_of: Callable[[str], str], tmp_path, clock, seed: int, monkeypatch
) -> None:
    """For every kind of selection, pages of the audit trail, who saw a patient: nothing archived, a part of it, all."""
    await prepared(database, seed)
    people = "insert into accounts (kind, issuer, subject) select 'person', 'https://issuer.test', 'S' || n"
    await database.pool.execute(f"{people} from generate_series(1, {ACCOUNTS}) n")
    async with await Database.open(dsn_of(ROLE_SEALER), size=2) as own:
        await seal_all(sealer(own))
    whole = Investigation(database, house.gate, house.references, house.hospitals, clock)
    expected = [await whole.scope(selections) for selections in SELECTIONS]
    assert sum(bool(scope.patients) for scope in expected) >= 8
    trail = [await entries(database, None, wanted) for wanted in PAGES]
    assert sum(bool(told) for told in trail) >= len(PAGES) - 2
    seen = await of_patient(database, None)
    assert len(seen) == 4
    archive = Archive({"folder": str(tmp_path)})
    both = Investigation(database, house.gate, house.references, house.hospitals, clock, archive)
    async with await Database.open(dsn_of(ROLE_ARCHIVER), size=2, **MOVE_SETTINGS) as own:
        for stop in ("noted", "taken", ""):  # noted and nothing left yet; some left; everything gone

            def step(name: str, stop: str = stop) -> None:
                if name == stop:
                    raise InterruptedError

            with contextlib.suppress(InterruptedError):
                await mover(own, tmp_path, 40, step).run(everything=True)
            if not stop and not seed:  # by a process of its own, which costs a second, a selection and a page
                assert await both.scope(SELECTIONS[0]) == expected[0]
                assert await entries(database, archive, PAGES[0]) == trail[0]
            with monkeypatch.context() as patched:
                patched.setattr(archive_module, "ask_child", in_this_process)
                for selections, scope in zip(SELECTIONS, expected, strict=True):
                    assert await both.scope(selections) == scope, (stop, selections)
                assert [
                    one["disclosure_id"] for one in await PatientAccessStore(database, archive).sights(5, [3], 4)
                ] == seen
                for wanted, told in zip(PAGES, trail, strict=True):
                    assert await entries(database, archive, wanted) == told, (stop, wanted)
    assert await database.pool.fetchval("select count(*) from disclosures") == 0


async def test_a_report_counts_what_is_archived_and_says_that_it_lists_it_not(
    database: Database, house, account, dsn_of: Callable[[str], str], tmp_path, clock
) -> None:
    """The totals are those from before the move; the list of references is shorter, and the report says by how much."""
    await prepared(database, 1)
    async with await Database.open(dsn_of(ROLE_SEALER), size=2) as own:
        await seal_all(sealer(own))
    *_, officer = [
        await account(subject=f"dpo-{n}") for n in range(ACCOUNTS + 1)
    ]  # the first have the history's numbers
    incidents = Incidents(database, clock, officer.account_id)
    number = await incidents.open("Of last year", (Selection(structures=(1,)),), "a call")
    archive = Archive({"folder": str(tmp_path)})
    investigation = Investigation(database, house.gate, house.references, house.hospitals, clock, archive)
    reports = CaseReports(database, house, investigation, incidents, clock, "")
    asked = ask(officer, Operation.SCOPE_VIEW)
    before = (await reports.gather(asked, number)).content.report
    async with await Database.open(dsn_of(ROLE_ARCHIVER), size=2, **MOVE_SETTINGS) as own:
        await mover(own, tmp_path, 1_000).run(everything=True)
    after = await reports.gather(asked, number)
    report = after.content.report
    looks = report.readings - before.readings
    assert (report.totals.patients, before.traced, report.traced) == (before.totals.patients, before.readings, looks)
    assert len(case_files(after, ("fr",))["disclosures.csv"].splitlines()) == 1 + report.traced

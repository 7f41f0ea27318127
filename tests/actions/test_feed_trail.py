"""What feeds did to identities: recorded with the change, told to auditors and repositories, without a value."""

import json
import ssl
from datetime import timedelta

import msgspec
import pytest

from beffroi.access.reference import References
from beffroi.actions.audit_feed import AuditFeed
from beffroi.actions.register import FeedSource, Registrar
from beffroi.errors import UnknownIdentity
from beffroi.model.account import Role
from beffroi.model.audit import AuditEntry, AuditSearch, FeedEntry
from beffroi.model.disclosure import Operation
from beffroi.model.feed import Patch
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import HospitalId
from beffroi.outbound.audit_repository import FhirRepository
from beffroi.store.audit_repositories import AuditRepositoryStore
from beffroi.store.database import ROLE_FEED, ROLE_WORKER, Database
from beffroi.store.feed_trail import FeedTrail
from beffroi.wire.fhir_view import Endpoint
from doubles import DEPLOYMENT_REFERENCE_KEY, HOSPITALS
from feeding import event, patch
from fhir_rules import violations
from requests_and_records import ask
from sinks import HttpSink


@pytest.fixture
async def gam(database):
    """The account of hospital 1's and of hospital 2's feed."""
    for name in ("GAM", "GAM-2"):
        await database.pool.execute(
            "insert into accounts (kind, issuer, subject) values ('application', 'urn:beffroi:application', $1)", name
        )
    return [row[0] for row in await database.pool.fetch("select account_id from accounts order by account_id")]


@pytest.fixture
async def feed(dsn_of, hospitals, gam, clock):
    """Feeds an event as a process with the feed's own role does."""
    async with await Database.open(dsn_of(ROLE_FEED)) as database:
        registrar = Registrar(database, clock)
        await registrar.start()

        async def apply(*events):
            for one in events:
                source = FeedSource(gam[one.hospital_id - 1], one.hospital_id)
                await registrar.apply(msgspec.structs.replace(one, event=one.event or "A31"), source)

        apply.registrar = registrar
        yield apply
        await registrar.stop()


async def trail(database):
    rows = await database.pool.fetch(
        "select i.ipp, e.action::text, e.identifiers, e.person_id = i.person_id from feed_events e "
        "join identities i using (identity_id) order by feed_event_id"
    )
    return [tuple(row)[:3] for row in rows]


async def test_each_change_is_one_event(feed, database):
    """Created, corrected, merged, renamed, removed; what only explains readings changes nothing and leaves no event."""
    await feed(event("1"), event("1", Patch()), event("1", patch("OTHER")))
    assert await trail(database) == [("1", "C", True), ("1", "U", False)]
    await feed(event("2"), event("2", Patch(), kind="merge", other="1"))
    assert (await trail(database))[2:] == [("2", "C", True), ("1", "D", True)]
    await feed(event("3", Patch(), kind="change_identifier", other="2"), event("3", kind="remove"))
    assert (await trail(database))[4:] == [("3", "U", True), ("3", "D", True)]
    await feed(event("3", patch("AGAIN")))
    assert (await trail(database))[6:] == [("3", "C", True)]


async def test_a_retransmission_and_a_bulk_load_leave_none(feed, database, gam):
    """What was applied before is no second event; a file's rows stand in `imports` as a whole."""
    await feed(event("1", control="7"), event("1", control="7"))
    await feed.registrar.apply_batch([event("2")], FeedSource(gam[0], HospitalId(1)))
    assert await trail(database) == [("1", "C", True)]


async def test_an_event_that_fails_leaves_none(feed, database):
    """What was not applied is not told."""
    with pytest.raises(UnknownIdentity):
        await feed(event("9", Patch()))
    assert await trail(database) == []


async def test_no_value_of_a_patient_is_recorded(feed, database):
    """Numbers, codes and times alone."""
    await feed(event("IPP-1", patch("DARK", ins="297022A02077878")))
    kept = str(await database.pool.fetch("select * from feed_events"))
    assert not any(value in kept for value in ("IPP-1", "DARK", "JEANNE", "1960", "297022"))


async def test_an_auditor_sees_disclosures_and_the_feed_in_one_list(house, feed, account, clock):
    """Newest first, whoever fed; pages follow one another without losing or repeating; only one's own hospital."""
    window = AuditSearch(clock.now().replace(year=2000), clock.now().replace(year=2100), count=2)
    auditor = await account(Role.AUDITOR, subject="aud1")
    for n in range(3):
        await feed(event(str(n), patch(f"DARK{'ABC'[n]}")))
        clock.advance(1)
    await feed(event("9", hospital=2))
    asked = ask(auditor, Operation.AUDIT_SEARCH)
    seen = []
    while True:
        clock.advance(1)
        answer = (await house.finder.audit(asked, window)).content
        seen += answer.entries
        if answer.next_before is None:
            break
        window = msgspec.structs.replace(window, before=answer.next_before)
    fed = [one for one in seen if isinstance(one, FeedEntry)]
    assert [(one.subject, one.action, one.structure) for one in fed] == [("GAM", "C", 1)] * 3
    assert [one.feed_event_id for one in fed] == [3, 2, 1]
    # An audit is a disclosure too, and the pages after the first never show those that came meanwhile.
    assert all(isinstance(one, AuditEntry) for one in seen if one not in fed)
    assert len({one.reference for one in fed}) == 3
    assert {one.feed_event_id for one in fed} == {1, 2, 3}


async def test_by_patient_and_by_application(house, feed, account, clock):
    """The search's own parameters reach the feed: who did what to this patient, and what this application did."""
    auditor = await account(Role.AUDITOR, subject="aud1")
    await feed(event("1"), event("2", patch("OTHER")))
    window = AuditSearch(clock.now() - timedelta(days=1), clock.now() + timedelta(days=1))
    asked = ask(auditor, Operation.AUDIT_SEARCH)
    both = (await house.finder.audit(asked, window)).content.entries
    reference = both[0].reference
    one = (await house.finder.audit(asked, msgspec.structs.replace(window, reference=reference))).content.entries
    assert [e.feed_event_id for e in one if isinstance(e, FeedEntry)] == [both[0].feed_event_id]
    mine = (await house.finder.audit(asked, msgspec.structs.replace(window, subject="GAM"))).content.entries
    assert len(mine) == 2
    other = (await house.finder.audit(asked, msgspec.structs.replace(window, subject="GAM-2"))).content.entries
    assert other == ()


async def test_a_number_is_final_once_nobody_can_come_before_it(database, dsn_of, feed):
    """An event that is still being written holds back those with higher numbers, until it is committed or not."""
    follower = FeedTrail(database)
    insert = (
        "insert into feed_events (at, hospital_id, account_id, identity_id, person_id, action, event, identifiers) "
        "values (now(), 1, 1, 1, 1, 'C', 'A28', true)"
    )
    async with database.pool.acquire() as late:
        open_one = late.transaction()
        await open_one.start()
        await late.execute(insert)
        await database.pool.execute(insert)
        assert [one.entry.feed_event_id for one in await follower.next(1, 10)] == []
        await open_one.commit()
    numbers: list[int] = []
    while len(numbers) < 2:
        numbers = [one.entry.feed_event_id for one in await follower.next(1, 10)]
    assert numbers == [1, 2]


async def test_repositories_are_told_of_the_feed(feed, dsn_of, clock, database):
    """What is fed after a repository was named goes there as patient records created and updated."""
    sink = await HttpSink(status=201).start()
    await feed(event("0", patch("BEFORE")))
    endpoint = Endpoint("https://beffroi.test/fhir", "1.2.250.1.999", Hospitals(HOSPITALS))
    url = sink.url.removesuffix("/alerts")
    repository = FhirRepository("region", url, endpoint, "", "", ssl.create_default_context())
    references = References(DEPLOYMENT_REFERENCE_KEY)
    async with await Database.open(dsn_of(ROLE_WORKER), size=2) as worker:
        telling = AuditFeed(AuditRepositoryStore(worker), [repository], references, clock)
        await telling.know()
        await feed(event("1"), event("1", patch("OTHER")))
        clock.advance(60)
        told = 0
        while told < 2:
            told += await telling.round()
        assert await telling.round() == 0
    await sink.stop()
    found = sorted((json.loads(got.body) for got in sink.got), key=lambda one: one["action"])
    assert [(one["action"], one["subtype"][1]["code"]) for one in found] == [("C", "ITI-30"), ("U", "ITI-30")]
    assert [violations(one) for one in found] == [[], []]
    person = await database.pool.fetchval("select person_id from identities where ipp = '1'")
    assert all(f"Patient/{references.of(person)}" in got.body.decode() for got in sink.got)

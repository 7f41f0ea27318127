"""Audit repositories hear of every sealed disclosure: real receivers, over HTTP and over syslog with TLS."""

import asyncio
import json
import ssl
from datetime import timedelta

import pytest

from beffroi.access.reference import References
from beffroi.actions import audit_feed as module
from beffroi.actions.audit_feed import AuditFeed, AuditRepositories
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import PersonId
from beffroi.outbound.audit_repository import FhirRepository, SyslogRepository
from beffroi.outbound.syslog import Collector
from beffroi.store.archive_moves import ArchiveMoves
from beffroi.store.audit_repositories import AuditRepositoryStore
from beffroi.store.database import ROLE_ARCHIVER, ROLE_SEALER, ROLE_WORKER, Database
from beffroi.wire.fhir_audit_tde import PROFILE_TDE
from beffroi.wire.fhir_view import Endpoint
from dicom_rules import violations as dicom_violations
from disclosed import disclose, row, seal_all, sealer
from doubles import DEPLOYMENT_REFERENCE_KEY, HOSPITALS
from fhir_rules import violations
from servers.mllp_certificates import Authority
from sinks import HttpSink, SyslogSink

ENDPOINT = Endpoint("https://beffroi.test/fhir", "1.2.250.1.999", Hospitals(HOSPITALS))
REFERENCES = References(DEPLOYMENT_REFERENCE_KEY)


@pytest.fixture
async def sealing(database, dsn_of, clock):
    """Writes disclosures of three accounts and seals them; the clock stands a while after them."""
    await database.pool.execute(
        "insert into accounts (kind, issuer, subject) select 'person', 'https://issuer.test', 'subject-' || n "
        "from generate_series(1, 3) as n"
    )
    clock.advance(timedelta(hours=4))
    async with await Database.open(dsn_of(ROLE_SEALER), size=3) as own:
        one = sealer(own)

        async def seal(*rows):
            await disclose(database, rows)
            return await seal_all(one)

        yield seal


@pytest.fixture
async def worker(dsn_of):
    async with await Database.open(dsn_of(ROLE_WORKER), size=2) as database:
        yield AuditRepositoryStore(database)


@pytest.fixture
async def sink():
    started = await HttpSink(status=201).start()
    yield started
    await started.stop()


def fhir(sink: HttpSink, profile: str = "") -> FhirRepository:
    url = sink.url.removesuffix("/alerts")
    return FhirRepository("region", url, ENDPOINT, profile, "Bearer ours", ssl.create_default_context())


async def feed(worker, clock, *repositories) -> AuditFeed:
    made = AuditFeed(worker, repositories, REFERENCES, clock)
    await made.know()
    return made


def events(sink: HttpSink) -> list[dict]:
    return [json.loads(got.body) for got in sink.got]


async def test_each_patient_of_each_disclosure_is_posted_once(sealing, worker, sink, clock):
    """In the ledger's order, in IHE's shape, by opaque references; a second round has nothing to say."""
    telling = await feed(worker, clock, fhir(sink))
    await sealing(row(1, 1), row(2, 1), row(1, 2), row(1, 3))
    assert await telling.round() == 4
    assert await telling.round() == 0
    found = sorted(events(sink), key=lambda event: int(event["id"].partition("-")[0]))
    assert [violations(event) for event in found] == [[]] * 4
    assert {got.path for got in sink.got} == {"/AuditEvent"}
    assert {got.headers["authorization"] for got in sink.got} == {"Bearer ours"}
    (patient,) = [e for e in found[0]["entity"] if e.get("role", {}).get("code") == "1"]
    assert patient["what"]["reference"] == f"Patient/{REFERENCES.of(PersonId(1))}"
    assert [agent["who"]["identifier"]["value"] for agent in found[1]["agent"]][2] == "subject-2"
    assert not any(b"Mar1" in got.body or b"1985-03-12" in got.body for got in sink.got)


async def test_the_french_shape(sealing, worker, sink, clock):
    """A repository may want TDE's events."""
    telling = await feed(worker, clock, fhir(sink, PROFILE_TDE))
    await sealing(row(1, 1))
    assert await telling.round() == 1
    (event,) = events(sink)
    assert event["meta"]["profile"] == [PROFILE_TDE] and violations(event) == []


async def test_a_new_repository_is_told_from_now_on(sealing, worker, sink, clock):
    """What was sealed before it was configured is not sent."""
    await sealing(row(1, 1))
    telling = await feed(worker, clock, fhir(sink))
    await sealing(row(1, 2))
    assert await telling.round() == 1
    assert [event["recorded"] for event in events(sink)] == ["2026-11-24T12:00:02.000Z"]


async def test_nothing_is_lost_while_it_is_away(sealing, worker, sink, clock):
    """What fails is tried again, later each time, from where it stood; what is behind it waits."""
    telling = await feed(worker, clock, fhir(sink))
    await sealing(row(1, 1), row(1, 2))
    await sink.stop()
    assert await telling.round() == 0
    assert await telling.round() == 0  # not before its time
    standing, _ = await worker.standing()
    assert (standing.waiting, standing.attempts, standing.failure) == (2, 1, "FetchFailed")
    await sink.start()
    clock.advance(module.RETRY_FIRST)
    assert await telling.round() == 2
    assert (await worker.standing())[0].waiting == 0


async def test_a_failure_in_the_middle_keeps_its_place(sealing, worker, sink, clock):
    """A repository that goes away after one event is told of that one alone no more than once again."""
    telling = await feed(worker, clock, fhir(sink))
    await sealing(*(row(1, n) for n in range(1, 13)))
    sink.answer = lambda got: (503 if b"T12:00:10" in got.body else 201, b"")
    await telling.round()
    standing, _ = await worker.standing()
    assert (standing.waiting, standing.attempts) == (3, 1)
    sink.answer = None
    clock.advance(module.RETRY_FIRST)
    assert await telling.round() == 3


async def test_what_is_refused_is_set_aside_and_can_be_sent_again(sealing, worker, sink, clock, database):
    """One event that the repository will not take does not stop the others; it is counted until it is taken."""
    telling = await feed(worker, clock, fhir(sink))
    await sealing(row(1, 1), row(1, 2), row(1, 3))
    sink.answer = lambda got: (422 if b"T12:00:02" in got.body else 201, b"")
    assert await telling.round() == 2
    standing, _ = await worker.standing()
    assert (standing.waiting, standing.refused) == (0, 1)
    sink.answer = None
    assert await AuditRepositories(AuditRepositoryStore(database), clock).retry() == 1
    assert await telling.round() == 1
    assert (await worker.standing())[0].refused == 0


async def test_a_repository_that_takes_nothing_is_wrong_itself(sealing, worker, sink, clock):
    """Where every event is refused, none is set aside: its address or its settings are at fault."""
    telling = await feed(worker, clock, fhir(sink))
    await sealing(row(1, 1), row(1, 2))
    sink.status = 400
    assert await telling.round() == 0
    standing, _ = await worker.standing()
    assert (standing.waiting, standing.refused, standing.failure) == (2, 0, "Refused")


async def test_young_disclosures_wait_until_their_fate_is_known(sealing, worker, sink, clock):
    """What became of an answer is written after it, and told with it."""
    clock.advance(-timedelta(hours=1))  # noon: the time of the first disclosure but a second
    telling = await feed(worker, clock, fhir(sink))
    await sealing(row(1, 1))
    assert await telling.round() == 0
    clock.advance(timedelta(seconds=1) + module.RIPE + timedelta(seconds=1))
    assert await telling.round() == 1


async def test_a_killed_worker_tells_again(sealing, worker, sink, clock, monkeypatch):
    """Killed between sending and noting: the same events are sent again, under the same identifiers."""
    telling = await feed(worker, clock, fhir(sink))
    await sealing(row(1, 1))

    async def die(*_):
        raise ConnectionResetError

    with monkeypatch.context() as patched:
        patched.setattr(worker, "told", die)
        with pytest.raises(ConnectionResetError):
            await telling.round()
    assert await telling.round() == 1
    assert len({event["id"] for event in events(sink)}) == 1 and len(sink.got) == 2


async def test_dicom_messages_over_syslog_and_tls(sealing, worker, clock, tmp_path):
    """RFC 5424 messages counted in octets, with ITI-20's priority; a collector that was away gets them later."""
    authority = Authority(tmp_path)
    collector = SyslogSink(authority.issue("collector"))
    context = authority.client_context(authority.issue("beffroi"))
    repository = SyslogRepository("syslog", Collector("localhost", collector.port, context), ENDPOINT, "srv 1")
    telling = await feed(worker, clock, repository)
    await sealing(row(1, 1), row(2, 1))
    assert await telling.round() == 0
    await collector.start()
    clock.advance(module.RETRY_FIRST)
    assert await telling.round() == 2
    async with asyncio.timeout(5):
        while len(collector.messages) < 2:
            await asyncio.sleep(0.01)
    await collector.stop()
    head, _, xml = collector.messages[0].decode().partition("\ufeff")
    assert head == "<85>1 2026-11-24T12:00:01.000001Z srv1 beffroi - IHE+RFC-3881 - "
    assert [dicom_violations(m.decode().partition("\ufeff")[2]) for m in collector.messages] == [[], []]
    assert "Mar1" not in xml and REFERENCES.of(PersonId(1)) in xml


async def test_a_collector_of_another_authority_hears_nothing(sealing, worker, clock, tmp_path):
    """The collector's certificate is checked."""
    (tmp_path / "other").mkdir()
    collector = await SyslogSink(Authority(tmp_path).issue("collector")).start()
    stranger = Authority(tmp_path / "other").client_context(None)
    repository = SyslogRepository("syslog", Collector("localhost", collector.port, stranger), ENDPOINT, "srv")
    telling = await feed(worker, clock, repository)
    await sealing(row(1, 1))
    assert await telling.round() == 0
    await collector.stop()
    assert collector.messages == [] and (await worker.standing())[0].failure == "SSLCertVerificationError"


async def test_the_worker_reads_no_value_and_no_identity(worker, database, dsn_of):
    """Its role has no right to the disclosures themselves, only to what the function tells."""
    async with await Database.open(dsn_of(ROLE_WORKER), size=1) as own:
        for statement in ("select 1 from disclosures", "select record from identities", "select 1 from leaves"):
            with pytest.raises(Exception, match="permission denied"):
                await own.pool.execute(statement)
        assert await own.pool.fetch("select * from sealed_facts(0, 1)") == []


async def test_the_archive_waits_for_who_was_not_told(sealing, worker, sink, clock, dsn_of, tmp_path):
    """Disclosures beyond the hot window stay until each configured repository has them; one that left holds nothing."""
    telling = await feed(worker, clock, fhir(sink))
    await sealing(row(1, 1), row(1, 2))
    clock.advance(timedelta(days=100))
    async with await Database.open(dsn_of(ROLE_ARCHIVER), size=2) as own:
        moves = ArchiveMoves(own)
        async with moves.alone() as connection:
            assert await moves.first_young(connection, 0, 2, clock.now()) == 0
            await telling.round()
            assert await moves.first_young(connection, 0, 2, clock.now()) is None
            await sealing(row(1, 3))
            assert await moves.first_young(connection, 0, 3, clock.now()) == 2
            await worker.know([], clock.now())
            assert await moves.first_young(connection, 0, 3, clock.now()) is None

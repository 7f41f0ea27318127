"""Alerts: rung with what they tell of, one for many, delivered by real servers whatever dies meanwhile."""

import asyncio
import contextlib
import hmac
from base64 import b64encode
from datetime import timedelta
from hashlib import sha256

import msgspec
import pytest

from beffroi.actions import alerts as module
from beffroi.actions.alerts import GIVE_UP_AFTER, Alerts, Deliverer
from beffroi.actions.contain import Containing, Order
from beffroi.errors import BeffroiError
from beffroi.model.account import Role
from beffroi.model.alert import Alert, AlertKind, Severity
from beffroi.model.containment import ContainmentKind
from beffroi.model.disclosure import Operation, Purpose
from beffroi.model.search import Criteria, DateRange, Text
from beffroi.outbound.mail import MailChannel, MailServer
from beffroi.outbound.syslog import Collector, SyslogChannel
from beffroi.outbound.webhooks import WebhookChannel
from beffroi.store.alerts import WINDOW
from beffroi.store.database import ROLE_FEED, ROLE_WEB, ROLE_WORKER, Database
from requests_and_records import BORN, ask, louise, named, record
from servers.mllp_certificates import Authority
from sinks import HttpSink, MailSink, SyslogSink

KEY = bytes(range(32))
VERDICT = Alert(AlertKind.VERDICT, Severity.CRITICAL, 17, "hold", {"rung": "hold"})


@pytest.fixture
async def worker(dsn_of):
    async with await Database.open(dsn_of(ROLE_WORKER), size=2) as database:
        yield database


@pytest.fixture
async def ringing(dsn_of, clock):
    """Rings as a web process does."""
    async with await Database.open(dsn_of(ROLE_WEB)) as database:
        yield Alerts(database, clock)


@pytest.fixture
async def hook():
    sink = await HttpSink().start()
    yield sink
    await sink.stop()


def webhook(sink: HttpSink, clock, number: int = 0) -> WebhookChannel:
    return WebhookChannel(number, sink.url, KEY, "en", clock)


async def test_a_webhook_is_signed(ringing, worker, hook, clock):
    """Over identifier, time and body, as Standard Webhooks says; the body tells a number and no name."""
    await ringing.ring_alone(VERDICT)
    assert await Deliverer(worker, [webhook(hook, clock)], clock).round() == 1
    (got,) = hook.got
    reference, sent = got.headers["webhook-id"], got.headers["webhook-timestamp"]
    assert sent == str(int(clock.now().timestamp()))
    signed = f"{reference}.{sent}.".encode() + got.body
    assert got.headers["webhook-signature"] == "v1," + b64encode(hmac.new(KEY, signed, sha256).digest()).decode()
    told = msgspec.json.decode(got.body)
    assert told["type"] == "beffroi.verdict" and told["data"]["account"] == 17 and told["data"]["count"] == 1


async def test_many_alerts_of_one_kind_are_one_with_a_count(ringing, worker, hook, clock):
    """Told at once, and once more at the window's end with how often it came; another account is another alert."""
    deliverer = Deliverer(worker, [webhook(hook, clock)], clock)
    for _ in range(5):
        await ringing.ring_alone(VERDICT)
    await ringing.ring_alone(msgspec.structs.replace(VERDICT, account_id=18))
    await deliverer.round()
    for _ in range(3):
        await ringing.ring_alone(VERDICT)
    await deliverer.round()
    assert len(hook.got) == 2
    clock.advance(WINDOW)
    await deliverer.round()
    await deliverer.round()
    last = msgspec.json.decode(hook.got[2].body)["data"]
    assert (len(hook.got), last["account"], last["count"], last["again"]) == (3, 17, 8, True)
    await ringing.ring_alone(VERDICT)
    await deliverer.round()
    assert msgspec.json.decode(hook.got[3].body)["data"]["count"] == 1


async def test_an_alert_is_as_true_as_its_transaction(ringing, worker, hook, clock, database):
    """What is rolled back was never rung; what is committed is."""

    async def fail() -> None:
        async with database.pool.acquire() as connection, connection.transaction():
            await ringing.ring(connection, VERDICT)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await Deliverer(worker, [webhook(hook, clock)], clock).round() == 0


async def test_a_missed_webhook_is_retried_and_never_lost(ringing, worker, clock):
    """A server that is away, then refuses, then takes: each alert arrives once, in order, with growing pauses."""
    sink = HttpSink(status=500)
    deliverer = Deliverer(worker, [webhook(sink, clock)], clock)
    for account in range(3):
        await ringing.ring_alone(msgspec.structs.replace(VERDICT, account_id=account))
    assert await deliverer.round() == 0  # nobody listens
    assert await deliverer.round() == 0
    clock.advance(module.RETRY_FIRST)
    await sink.start()
    assert await deliverer.round() == 0  # it refuses
    sink.status = 200
    assert await deliverer.round() == 2  # the first one waits for its own turn
    clock.advance(2 * module.RETRY_FIRST)
    assert await deliverer.round() == 1
    await sink.stop()
    accepted = [msgspec.json.decode(got.body)["data"]["account"] for got in sink.got[1:]]
    assert sorted(accepted) == [0, 1, 2]
    assert await worker.pool.fetchval("select count(*) from alert_deliveries where delivered_at is null") == 0


async def test_a_channel_that_is_away_delays_no_other(ringing, worker, hook, clock):
    """The second webhook is told at once."""
    away = WebhookChannel(1, "http://127.0.0.1:9/", KEY, "en", clock)
    await ringing.ring_alone(VERDICT)
    assert await Deliverer(worker, [away, webhook(hook, clock)], clock).round() == 1
    assert len(hook.got) == 1


async def test_what_is_given_up_is_seen_and_can_be_revived(ringing, worker, clock, dsn_of):
    """After three days it is dead, in sight of doctor and metrics; revived, it arrives."""
    sink = HttpSink()
    deliverer = Deliverer(worker, [webhook(sink, clock)], clock)
    await ringing.ring_alone(VERDICT)
    await deliverer.round()
    clock.advance(GIVE_UP_AFTER + timedelta(seconds=1))
    await deliverer.round()
    standing = await Alerts(worker, clock).standing()
    assert (standing.waiting_count, standing.dead_count) == (0, 1)
    assert module.show_outbox and await Alerts(worker, clock).revive() == 1
    await sink.start()
    assert await deliverer.round() == 1
    await sink.stop()


async def test_one_worker_delivers_at_a_time(ringing, worker, hook, clock, dsn_of):
    """A second worker finds the lock taken and does nothing; once the first has gone, it takes over."""
    await ringing.ring_alone(VERDICT)
    async with await Database.open(dsn_of(ROLE_WORKER), size=2) as other:
        first = Deliverer(worker, [webhook(hook, clock)], clock)
        second = Deliverer(other, [webhook(hook, clock)], clock)
        told = await asyncio.gather(first.round(), second.round())
        assert set(told) <= {None, 0, 1} and told.count(1) == 1 and len(hook.got) == 1
        await ringing.ring_alone(msgspec.structs.replace(VERDICT, account_id=3))
        assert await second.round() == 1


async def test_a_killed_worker_loses_nothing(ringing, worker, hook, clock, database):
    """Its connection dies between sending and noting: the alert is sent again under the same reference."""
    deliverer = Deliverer(worker, [webhook(hook, clock)], clock)
    await ringing.ring_alone(VERDICT)

    def killed(_: object) -> tuple[int, bytes]:
        return 204, b""

    hook.answer = killed
    original = deliverer._note

    async def die(*_: object) -> None:
        raise ConnectionResetError

    deliverer._note = die  # type: ignore[method-assign]
    with pytest.raises(ConnectionResetError):
        await deliverer.round()
    deliverer._note = original  # type: ignore[method-assign]
    assert await deliverer.round() == 1
    assert len({got.headers["webhook-id"] for got in hook.got}) == 1 and len(hook.got) == 2


async def test_mail_over_starttls(ringing, worker, clock, tmp_path):
    """With a password, to a server whose certificate is checked; killed and started again, the message arrives."""
    authority = Authority(tmp_path)
    sink = MailSink(authority.issue("mail"), "secret").start()
    context = authority.client_context(None)
    server = MailServer("localhost", sink.port, "starttls", "beffroi", "secret", context)
    deliverer = Deliverer(worker, [MailChannel(server, "beffroi@region.test", ("duty@region.test",), "fr")], clock)
    sink.stop()
    await ringing.ring_alone(VERDICT)
    assert await deliverer.round() == 0
    sink.start()
    clock.advance(module.RETRY_FIRST)
    assert await deliverer.round() == 1
    sink.stop()
    (message,) = sink.messages
    assert message["Subject"] == "[Beffroi] La veille a changé un compte de palier : compte 17"
    assert message["Message-ID"].startswith("<alert-") and "rung: hold" in message.get_content()


async def test_mail_with_a_wrong_password_or_certificate(ringing, worker, clock, tmp_path):
    """Nothing is sent to a server that is not the one, and what is refused waits."""
    authority = Authority(tmp_path)
    stranger = tmp_path / "other"
    stranger.mkdir()
    sink = MailSink(authority.issue("mail"), "secret").start()
    for password, trust in (("wrong", authority), ("secret", Authority(stranger))):
        server = MailServer("localhost", sink.port, "starttls", "beffroi", password, trust.client_context(None))
        await ringing.ring_alone(msgspec.structs.replace(VERDICT, topic=password))
        channel = MailChannel(server, "beffroi@region.test", ("duty@region.test",), "fr")
        assert await Deliverer(worker, [channel], clock).round() == 0
    sink.stop()
    assert sink.messages == []


async def test_syslog_over_tls(ringing, worker, clock, tmp_path):
    """One message of RFC 5424, counted in octets; a collector that was away gets it later."""
    authority = Authority(tmp_path)
    sink = SyslogSink(authority.issue("syslog"))
    collector = Collector("localhost", sink.port, authority.client_context(None))
    deliverer = Deliverer(worker, [SyslogChannel(collector, "en")], clock)
    await ringing.ring_alone(VERDICT)
    assert await deliverer.round() == 0
    await sink.start()
    clock.advance(module.RETRY_FIRST)
    assert await deliverer.round() == 1
    async with asyncio.timeout(5):
        while not sink.messages:
            await asyncio.sleep(0.01)
    await sink.stop()
    head, _, text = sink.messages[0].decode().partition("\ufeff")
    assert head.startswith("<106>1 2026-11-24T09:00:00.000000Z ") and '[origin software="beffroi"' in head
    assert msgspec.json.decode(text)["data"]["account"] == 17


async def test_a_containment_rings(account, hospitals, dsn_of, worker, hook, clock):
    """Stopping, asking to release and releasing are each told, with who did it."""
    asker = await account()
    async with await Database.open(dsn_of(ROLE_WEB)) as database:
        desk = Containing(database, clock)
        made = await desk.contain(Order(ContainmentKind.ACCOUNT, str(asker.account_id), "a stolen badge", "operator:a"))
        for person in ("operator:a", "operator:b"):
            await desk.release(made.containment_id, person, "a new badge")
    await Deliverer(worker, [webhook(hook, clock)], clock).round()
    told = [msgspec.json.decode(got.body) for got in hook.got]
    assert [one["type"] for one in told] == ["beffroi.contained", "beffroi.release_asked", "beffroi.released"]
    assert told[2]["data"]["particulars"]["by"] == "operator:b"
    assert not any("badge" in got.body.decode() for got in hook.got)


async def test_an_alert_says_nothing_but_its_vocabulary(ringing, dsn_of, clock):
    """A particular that is not known, or too long, is refused; the feed's role may ring too."""
    for particulars in ({"family": "MARTIN"}, {"by": "x" * 301}):
        with pytest.raises(ValueError):
            await ringing.ring_alone(msgspec.structs.replace(VERDICT, particulars=particulars))
    async with await Database.open(dsn_of(ROLE_FEED)) as feed:
        await Alerts(feed, clock).test()


async def test_the_gate_rings_in_its_own_transaction(house, put, account, database):
    """An account that reads strangers one after another comes onto higher rungs, and each rings once."""
    asker = await account(Role.WARD_NURSE)
    for number in range(40):
        await put(1, f"A{number}", louise(number))
        with contextlib.suppress(BeffroiError):
            await house.finder.search(ask(asker), named(number))
    rows = await database.pool.fetch("select * from alerts order by alert_id")
    verdicts = await database.pool.fetchval("select count(*) from disclosures where operation = $1", Operation.VERDICT)
    assert verdicts > 0 and sum(row["count"] for row in rows) == verdicts
    assert {(row["kind"], row["account_id"]) for row in rows} == {("verdict", asker.account_id)}
    assert {"rung", "role", "hospital", "disclosure"} == set(msgspec.json.decode(rows[0]["particulars"]))


async def test_an_emergency_reading_rings(house, put, account, database):
    """Once within a quarter of an hour, with a count."""
    await put(1, "A1", record("MARTIN", "Louise"))
    asker = await account()
    criteria = Criteria(birth_date=DateRange(BORN, BORN), family=Text("Mar"), given=Text("L"))
    reference = (await house.finder.search(ask(asker), criteria)).content.shown[0].reference
    urgent = ask(asker, Operation.EMERGENCY_READ, purpose=Purpose.EMERGENCY, reason="unconscious patient")
    for _ in range(2):
        await house.finder.read(urgent, reference)
    rows = await database.pool.fetch("select kind, count from alerts where kind = 'emergency'")
    assert [tuple(row) for row in rows] == [("emergency", 2)]

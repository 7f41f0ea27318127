"""Changes of cross-reference reach their consumers (ITI-10): by the gate, in order, until they are acknowledged."""

import asyncio
import contextlib
import ssl
from datetime import timedelta

import hl7.mllp
import msgspec
import pytest

from beffroi.actions import notify_consumers as module
from beffroi.actions.contain import Containing, Order
from beffroi.actions.notify_consumers import Consumer, Notifier
from beffroi.actions.register import FeedSource, Registrar
from beffroi.model.account import Role
from beffroi.model.containment import ContainmentKind
from beffroi.model.feed import Patch
from beffroi.model.person import OID_INS_NIR_TEST, HospitalId
from beffroi.outbound.mllp import Listener
from beffroi.store.database import ROLE_FEED, ROLE_WEB, ROLE_WORKER, Database
from beffroi.store.notifications import ConsumerAccounts, NotificationStore
from beffroi.store.registers import ApplicationEntry, Credential, copy_registers
from beffroi.wire.hl7 import parse
from beffroi.wire.hl7_notification import Addressee
from consumers import ConsumerSink, ack
from doubles import HOSPITALS
from feeding import event, patch
from servers.mllp_certificates import Authority
from sinks import server_context

REGION = "1.2.250.1.999"
OIDS = [hospital.oid for hospital in HOSPITALS]
INS = "297022A02077878"


@pytest.fixture
async def sink():
    started = await ConsumerSink().start()
    yield started
    await started.stop()


@pytest.fixture
async def applications(dsn, hospitals):
    """Hospital 1's consumer, and a feed for each hospital; a hospital's number is that of its feed's account."""
    entries = [
        ApplicationEntry(
            f"GAM{h.hospital_id}",
            "urn:test",
            f"GAM{h.hospital_id}",
            h.hospital_id,
            Role.FEED,
            (Credential(f"loopback:GAM{h.hospital_id}", True, False),),
        )
        for h in HOSPITALS
    ]
    entries.append(ApplicationEntry("DPI", "urn:test", "DPI", HospitalId(1), Role.CROSS_REFERENCE_APPLICATION))
    await copy_registers(dsn, HOSPITALS, entries)


@pytest.fixture
async def feed(dsn_of, applications, database, clock):
    """Feeds events, each by its hospital's own application; `by` another account."""
    rows = await database.pool.fetch("select subject, account_id from accounts")
    accounts = {row[0]: row[1] for row in rows}
    async with await Database.open(dsn_of(ROLE_FEED)) as opened:
        registrar = Registrar(opened, clock)
        await registrar.start()

        async def apply(*events, by=""):
            for one in events:
                source = FeedSource(accounts[by or f"GAM{one.hospital_id}"], one.hospital_id)
                clock.advance(0.001)
                await registrar.apply(msgspec.structs.replace(one, event="A31"), source)

        apply.registrar, apply.accounts = registrar, accounts
        yield apply
        await registrar.stop()


def consumer(sink, domains=(OIDS[0], OIDS[1]), context=None, name="dpi") -> Consumer:
    addressee = Addressee("DPI", "CH&B", "Region")
    listener = Listener("localhost" if context else "127.0.0.1", sink.port, context)
    return Consumer(name, "urn:test", "DPI", HospitalId(1), domains, addressee, listener)


@pytest.fixture
async def notifier(dsn_of, house, applications, clock):
    """Makes a notifier with the roles that it has in a deployment."""
    async with contextlib.AsyncExitStack() as stack:
        worker = await stack.enter_async_context(await Database.open(dsn_of(ROLE_WORKER), size=2))
        web = await stack.enter_async_context(await Database.open(dsn_of(ROLE_WEB), size=2))

        async def make(*consumers) -> Notifier:
            store = NotificationStore(worker)
            one = Notifier(store, ConsumerAccounts(web), house, consumers, REGION, clock)
            await one.know()
            return one

        yield make


async def rounds(one: Notifier) -> int:
    """Enough rounds for every number to be final (another test's transaction on the server may delay it)."""
    told = 0
    for _ in range(4):
        told += await one.round()
        await asyncio.sleep(0.01)
    return told


def told(content: bytes) -> dict[str, set[str]]:
    """The identifiers of a notification by their authority's OID; the message keeps the profile's rules."""
    message = parse(content)
    assert (message.header.type, message.header.event, message.header.version) == ("ADT", "A31", "2.5")
    pid, pv1 = message.first("PID"), message.first("PV1")
    assert pid is not None and pv1 is not None
    assert pid.raw(5) == " " and pv1.text(2) == "N"
    assert [pid.raw(n) for n in range(1, pid.field_count + 1) if n not in (3, 5)] == [""] * (pid.field_count - 2)
    found: dict[str, set[str]] = {}
    for one in pid.repetitions(3):
        found.setdefault(one.text(4, 2), set()).add(one.text(1))
    return found


async def standing(database, name="dpi"):
    (one,) = await NotificationStore(database).standing([name])
    return one


async def test_a_join_elsewhere_is_told_and_recorded(notifier, feed, sink, database):
    """Hospital 2 registers a patient of hospital 1's: the consumer learns both numbers, and the ledger that it did."""
    telling = await notifier(consumer(sink))
    await feed(event("1"))
    assert await rounds(telling) == 0, "one number of its own is no news"
    await feed(event("B9", hospital=2))
    assert await rounds(telling) == 1
    assert told(sink.got[0]) == {OIDS[0]: {"1"}, OIDS[1]: {"B9"}}
    assert b"DARK" not in sink.got[0] and b"1960" not in sink.got[0]
    header = parse(sink.got[0]).header
    assert (header.application, header.receiving_application, header.receiving_facility) == (
        "BEFFROI",
        "DPI",
        "CH\\T\\B",
    )
    row = await database.pool.fetchrow(
        "select d.*, f.sent from disclosures d left join deliveries f using (disclosure_id)"
    )
    assert (row["account_id"], row["door"], row["operation"]) == (feed.accounts["DPI"], 6, 4)
    assert row["shown"] != "[]" and (await standing(database)).waiting == 0


async def test_what_ends_is_told_too(notifier, feed, sink):
    """A correction parts them, a removal leaves one, a merge and a renaming change the number: each is told."""
    telling = await notifier(consumer(sink))
    await feed(event("1"), event("B9", hospital=2))
    await rounds(telling)
    await feed(event("B9", patch("OTHER"), hospital=2))
    await rounds(telling)
    assert told(sink.got[-1]) == {OIDS[0]: {"1"}}
    await feed(event("B9", hospital=2))
    await rounds(telling)
    assert told(sink.got[-1]) == {OIDS[0]: {"1"}, OIDS[1]: {"B9"}}
    await feed(event("B10", Patch(), kind="change_identifier", other="B9", hospital=2))
    await rounds(telling)
    assert told(sink.got[-1]) == {OIDS[0]: {"1"}, OIDS[1]: {"B10"}}
    await feed(event("B10", kind="remove", hospital=2))
    await rounds(telling)
    assert told(sink.got[-1]) == {OIDS[0]: {"1"}}


async def test_only_the_domains_asked_for(notifier, feed, sink):
    """A third hospital's number is neither told nor a reason to tell; the INS is, for whoever asked for it."""
    telling = await notifier(consumer(sink))
    await feed(event("1"), event("C7", hospital=3))
    assert await rounds(telling) == 0
    both = await notifier(consumer(sink, (OIDS[0], OIDS[2], OID_INS_NIR_TEST), name="wider"))
    await feed(event("C7", patch(ins=INS), hospital=3))
    assert await rounds(both) == 1
    assert told(sink.got[-1]) == {OIDS[0]: {"1"}, OIDS[2]: {"C7"}, OID_INS_NIR_TEST: {INS}}


async def test_a_sensitive_hospital_is_not_even_felt(notifier, feed, sink, database):
    """What a psychiatric hospital feeds about the same patient sends nothing, asks the gate nothing."""
    telling = await notifier(consumer(sink))
    await feed(event("1"), event("D5", hospital=4), event("D5", patch("OTHER"), hospital=4))
    assert await rounds(telling) == 0
    assert sink.got == [] and await database.pool.fetchval("select count(*) from disclosures") == 0


async def test_protected_access_is_not_told(notifier, feed, sink, database):
    """Of a patient under protected access nothing leaves; the gate says so, and the queue does not wait for her."""
    telling = await notifier(consumer(sink))
    await feed(event("1"), event("B9", patch(restricted=True), hospital=2))
    assert await rounds(telling) == 0
    assert sink.got == [] and (await standing(database)).waiting == 0


async def test_patients_of_others_are_not_told(notifier, feed, sink, database):
    """Two other hospitals' common patient is none of this hospital's business."""
    telling = await notifier(consumer(sink, tuple(OIDS[:3])))
    await feed(event("B9", hospital=2), event("C7", hospital=3))
    assert await rounds(telling) == 0
    assert sink.got == [] and await database.pool.fetchval("select count(*) from disclosures") == 0


async def test_whoever_was_away_gets_the_last_word_once(notifier, feed, sink, clock, database):
    """Changes while it is away make one notification of each patient, as she is then, in the order of their changes."""
    telling = await notifier(consumer(sink))
    await sink.stop()
    await feed(event("1"), event("B9", hospital=2))
    await feed(event("2", patch("ZOLA")), event("B8", patch("ZOLA"), hospital=2))
    await rounds(telling)
    await feed(event("B10", Patch(), kind="change_identifier", other="B9", hospital=2))
    await rounds(telling)
    before = await standing(database)
    assert (before.waiting, before.failure) == (2, "ConnectionRefusedError") and before.attempts >= 1
    assert await database.pool.fetchval("select count(*) from disclosures") == 0, "nothing is disclosed to a dead line"
    await sink.start()
    clock.advance(module.RETRY_LAST)
    assert await rounds(telling) == 2
    assert [told(content)[OIDS[1]] for content in sink.got] == [{"B10"}, {"B8"}]
    assert (await standing(database)).attempts == 0


async def test_a_refused_message_does_not_hold_up_the_others(notifier, feed, sink, clock, database):
    """AE: that patient is tried three times and given up, said, and can be tried again; the next one is told."""
    telling = await notifier(consumer(sink))
    sink.answer = lambda got: ack("AE" if got.first("PID").raw(3).startswith("1^") else "AA")(got)
    await feed(event("1"), event("B9", hospital=2), event("2", patch("ZOLA")), event("B8", patch("ZOLA"), hospital=2))
    assert await rounds(telling) == 1
    for _ in range(2):
        clock.advance(module.RETRY_LAST)
        await rounds(telling)
    one = await standing(database)
    assert (one.waiting, one.dead) == (0, 1)
    clock.advance(timedelta(days=1))
    assert await rounds(telling) == 0
    sink.answer = ack()
    assert await NotificationStore(database).retry(clock.now()) == 1
    assert await rounds(telling) == 1


async def test_a_consumer_that_rejects_is_tried_later(notifier, feed, sink, clock, database):
    """AR is not about the message: everything waits, and nothing is given up."""
    telling = await notifier(consumer(sink))
    sink.answer = ack("AR")
    await feed(event("1"), event("B9", hospital=2))
    await rounds(telling)
    assert ((await standing(database)).waiting, (await standing(database)).failure) == (1, "Rejected")
    sink.answer = ack()
    clock.advance(module.RETRY_LAST)
    assert await rounds(telling) == 1


@pytest.mark.parametrize(
    "answer",
    [lambda _: None, lambda _: b"nonsense", lambda _: b"MSH|^~\\&|\rMSA|AA|another\r", lambda _: b"MSH|^~\\&|\r"],
)
async def test_what_is_no_acknowledgement_is_none(notifier, feed, sink, clock, database, answer):
    """A line that ends, nonsense, or the acknowledgement of another message: it is told again, the fate unknown."""
    telling = await notifier(consumer(sink))
    sink.answer = answer
    await feed(event("1"), event("B9", hospital=2))
    await rounds(telling)
    assert (await standing(database)).waiting == 1
    sink.answer = ack()
    clock.advance(module.RETRY_LAST)
    assert await rounds(telling) == 1
    assert await database.pool.fetchval("select count(*) from disclosures where shown::text <> '[]'") == 2


async def test_a_stopped_account_is_told_nothing(notifier, feed, sink, clock, database):
    """A contained application hears nothing until it is released; no notification is lost."""
    telling = await notifier(consumer(sink))
    await feed(event("1"))
    order = Order(ContainmentKind.ACCOUNT, str(feed.accounts["DPI"]), "a stolen key", "operator:anne")
    await Containing(database, clock).contain(order)
    await feed(event("B9", hospital=2))
    await rounds(telling)
    one = await standing(database)
    assert (one.waiting, one.failure, sink.got) == (1, "AccountFrozen", [])


async def test_whom_the_watch_withholds_waits_and_the_others_are_told(notifier, feed, sink, clock, database):
    """A consumer that feeds itself strangers is held: they wait, and changes that others make still arrive."""
    telling = await notifier(consumer(sink))
    names = [f"ZOLA{letter}" for letter in "ABCDEFGHIJKLMNOP"]
    for n, name in enumerate(names):
        await feed(event(f"B{n}", patch(name), hospital=2))
    await rounds(telling)
    for n, name in enumerate(names):
        await feed(event(f"{n}", patch(name)), by="DPI")
    for _ in range(4):
        await rounds(telling)
        clock.advance(module.RETRY_FIRST * 8)
    held, before = await standing(database), len(sink.got)
    assert 0 < held.waiting < len(names) and before + held.waiting == len(names)
    await feed(event("77"), event("B77", hospital=2))
    await rounds(telling)
    assert len(sink.got) == before + 1 and told(sink.got[-1])[OIDS[1]] == {"B77"}


async def test_without_the_right_nothing_is_told(notifier, feed, sink, database):
    """An application whose role was taken away waits."""
    telling = await notifier(consumer(sink))
    await database.pool.execute("delete from grants where account_id = $1", feed.accounts["DPI"])
    await feed(event("1"), event("B9", hospital=2))
    await rounds(telling)
    one = await standing(database)
    assert (one.waiting, one.failure, sink.got) == (1, "NoRight", [])


async def test_what_others_feed_is_explained_and_what_it_feeds_itself_is_not(notifier, feed, sink, database):
    """A change that another credential caused is no evidence against the consumer; one of its own making is."""
    telling = await notifier(consumer(sink))
    await feed(event("1"), event("B9", hospital=2))
    await rounds(telling)
    counted = "select sum(new_explained), sum(new_unexplained) from disclosures"
    assert tuple(await database.pool.fetchrow(counted)) == (1, 0)
    await feed(event("B8", patch("ZOLA"), hospital=2))
    await rounds(telling)
    await feed(event("2", patch("ZOLA")), by="DPI")
    await rounds(telling)
    assert tuple(await database.pool.fetchrow(counted)) == (1, 1)


async def test_a_bulk_load_is_no_news(notifier, feed, sink):
    """Files are loaded, not told: a consumer loads its own."""
    telling = await notifier(consumer(sink))
    source = FeedSource(feed.accounts["GAM2"], HospitalId(2))
    await feed(event("1"))
    await rounds(telling)
    await feed.registrar.apply_batch([msgspec.structs.replace(event("B9", hospital=2), event="bulk")], source)
    assert await rounds(telling) == 0


async def test_over_mutual_tls(notifier, feed, tmp_path):
    """Both ends show a certificate; a listener of another authority is told nothing."""
    authority = Authority(tmp_path)
    context = server_context(authority.issue("dpi"))
    context.load_verify_locations(authority.file)
    context.verify_mode = ssl.CERT_REQUIRED
    sink = await ConsumerSink(context).start()
    ours = authority.client_context(authority.issue("beffroi"))
    telling = await notifier(consumer(sink, context=ours))
    await feed(event("1"), event("B9", hospital=2))
    assert await rounds(telling) == 1
    await sink.stop()
    (tmp_path / "other").mkdir()
    stranger = await ConsumerSink(server_context(Authority(tmp_path / "other").issue("dpi"))).start()
    telling = await notifier(consumer(stranger, context=ours, name="other"))
    await feed(event("B10", Patch(), kind="change_identifier", other="B9", hospital=2))
    assert await rounds(telling) == 0
    await stranger.stop()
    assert stranger.got == []


async def test_a_foreign_receiver_understands(notifier, feed, sink):
    """Python's `hl7` listens, reads the message by its own parser and acknowledges it in its own words."""
    heard = []

    async def listen(reader: hl7.mllp.HL7StreamReader, writer: hl7.mllp.HL7StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while not writer.is_closing():
                heard.append(await reader.readmessage())
                writer.writemessage(heard[-1].create_ack("AA"))
                await writer.drain()

    await sink.stop()
    server = await hl7.mllp.start_hl7_server(listen, "127.0.0.1", sink.port, encoding="utf-8")
    telling = await notifier(consumer(sink))
    await feed(event("1"), event("B9", hospital=2))
    assert await rounds(telling) == 1
    server.close()
    (message,) = heard
    assert str(message.segment("MSH")[9]) == "ADT^A31^ADT_A05"
    numbers = {(str(one[0]), str(one[3][1])) for one in message.segment("PID")[3]}
    assert numbers == {("1", OIDS[0]), ("B9", OIDS[1])}

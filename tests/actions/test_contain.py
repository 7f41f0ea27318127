"""Containments in a real database, under the role that serves: effective at once, on whom they name, and recorded."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from beffroi.actions.contain import CONFIRM_WITHIN, Containing, Order
from beffroi.errors import AccountFrozen, Contained, ContainmentRefused, InvalidValue, Missing, NotFound
from beffroi.model.containment import ContainmentKind
from beffroi.model.disclosure import Operation, Outcome, Purpose, Released
from beffroi.model.search import Criteria, DateRange, Text
from beffroi.store.database import ROLE_WEB, Database
from requests_and_records import BORN, ask, record

FULL = Criteria(birth_date=DateRange(BORN, BORN), family=Text("Mar"), given=Text("L"))
ANNE, BRUNO = "operator:anne", "account:12"
WHY = "forty readings in ten minutes"
NETWORK, OWN = "192.0.2.0/24", "192.0.2.128/25"


@pytest.fixture
async def desk(dsn_of, clock):
    """The duty officer's desk of a web process."""
    async with await Database.open(dsn_of(ROLE_WEB)) as database:
        yield Containing(database, clock)


@pytest.fixture
async def people(hospitals, put, account):
    """A patient, and two askers who differ in everything that can be contained."""
    await put(1, "A1", record("MARTIN", "Louise"), explained_h=5)
    await put(2, "B1", record("MARTIN", "Louise"), explained_h=5)
    one = await account(subject="one")
    other = await account(subject="other", hospital=2)
    other = msgspec.structs.replace(other, application="portal", session_key=bytes(32), network="198.51.100.7")
    return one, other


def order(kind: ContainmentKind, target: object, by: str = ANNE, **more: object) -> Order:
    return Order(kind, str(target), WHY, by, **more)


def targets(asker):
    return {
        ContainmentKind.ACCOUNT: asker.account_id,
        ContainmentKind.DEVICE: asker.session_key.hex(),
        ContainmentKind.APPLICATION: asker.application,
        ContainmentKind.NETWORK: NETWORK,
        ContainmentKind.STRUCTURE: asker.structure,
    }


async def stop(desk, kind, target):
    made = await desk.contain(order(kind, target))
    return await desk.confirm(made.containment_id, BRUNO) if made.in_force_from is None else made


async def refused(house, request) -> bool:
    try:
        await house.finder.search(request, FULL)
    except (AccountFrozen, Contained):
        return True
    return False


@pytest.mark.parametrize("kind", list(ContainmentKind))
async def test_it_stops_whom_it_names_and_nobody_else(house, people, desk, database, kind):
    """While it comes and goes, others are answered without one refusal; the chain tells when and by whom."""
    one, other = people
    await house.finder.search(ask(one), FULL)
    refusals = 0
    going = True

    async def bystander() -> int:
        answered = 0
        while going:
            answered += not await refused(house, ask(other))
            assert answered, "a bystander was refused"
        return answered

    running = [asyncio.create_task(bystander()) for _ in range(3)]
    made = await stop(desk, kind, targets(one)[kind])
    for _ in range(5):
        refusals += await refused(house, ask(one))
    ended = await desk.release(made.containment_id, BRUNO, "her badge was replaced")
    if kind is ContainmentKind.ACCOUNT:
        assert ended.released_at is None and await refused(house, ask(one))
        ended = await desk.release(made.containment_id, ANNE, "seen on the telephone")
        assert ended.release_reason == "her badge was replaced / seen on the telephone"
    assert ended.released_at is not None and refusals == 5
    assert isinstance(await house.finder.search(ask(one), FULL), Released)
    going = False
    assert sum(await asyncio.gather(*running)) > 0
    rows = await database.pool.fetch(
        "select account_id, request, reason from disclosures where operation in (10, 11) order by disclosure_id"
    )
    assert rows[-1]["reason"] == ended.release_reason
    told = [(row["account_id"], msgspec.json.decode(row["request"])) for row in rows]
    assert [account for account, _ in told] == [one.account_id, one.account_id]
    assert told[0][1]["kind"] == kind.value and told[0][1]["by"] == ANNE
    others = await database.pool.fetchval(
        "select count(*) from disclosures where account_id = $1 and outcome = $2", other.account_id, Outcome.REFUSED
    )
    assert others == 0


@pytest.mark.parametrize("kind", [ContainmentKind.NETWORK, ContainmentKind.STRUCTURE])
async def test_a_wide_one_takes_two_people_within_an_hour_and_ends(house, people, desk, clock, kind):
    """Nothing happens before the second person, who is not the first; it ends by itself."""
    one, _ = people
    made = await desk.contain(order(kind, targets(one)[kind], hours=2))
    assert not await refused(house, ask(one))
    with pytest.raises(ContainmentRefused, match="second person"):
        await desk.confirm(made.containment_id, ANNE)
    with pytest.raises(ContainmentRefused, match="already"):
        await desk.contain(order(kind, targets(one)[kind], by=BRUNO))
    made = await desk.confirm(made.containment_id, BRUNO)
    assert made.expires_at == clock.now() + timedelta(hours=2) and await refused(house, ask(one))
    with pytest.raises(ContainmentRefused, match="does not wait"):
        await desk.confirm(made.containment_id, BRUNO)
    clock.advance(timedelta(hours=2))
    assert not await refused(house, ask(one))
    late = await desk.contain(order(kind, targets(one)[kind]))  # the expired one makes room
    clock.advance(CONFIRM_WITHIN + timedelta(seconds=1))
    with pytest.raises(ContainmentRefused, match="too long"):
        await desk.confirm(late.containment_id, BRUNO)
    assert (await desk.contain(order(kind, targets(one)[kind]))).containment_id != late.containment_id


@pytest.mark.parametrize("kind", [ContainmentKind.NETWORK, ContainmentKind.STRUCTURE])
async def test_a_wide_one_spares_emergencies(house, people, desk, kind):
    """An emergency reading goes on, and the sign-in before it."""
    one, _ = people
    reference = (await house.finder.search(ask(one), FULL)).content.shown[0].reference
    await stop(desk, kind, targets(one)[kind])
    assert await refused(house, ask(one))
    urgent = ask(one, Operation.EMERGENCY_READ, purpose=Purpose.EMERGENCY, reason="unconscious patient")
    assert (await house.finder.read(urgent, reference)).content.shown


async def test_a_hospitals_own_addresses_are_out_of_reach(house, people, desk, database):
    """A network within them is refused; a larger one, or the structure itself, spares them."""
    one, _ = people
    await database.pool.execute("update hospitals set networks = $1 where hospital_id = 1", [OWN])
    inside, outside = (msgspec.structs.replace(one, network=n) for n in ("192.0.2.200", "192.0.2.7"))
    with pytest.raises(ContainmentRefused, match="declared these addresses its own"):
        await desk.preview(ContainmentKind.NETWORK, "192.0.2.192/26")
    for kind, target in ((ContainmentKind.NETWORK, NETWORK), (ContainmentKind.STRUCTURE, 1)):
        made = await stop(desk, kind, target)
        assert made.spared == (OWN,)
        assert await refused(house, ask(outside)) and not await refused(house, ask(inside))
        await desk.release(made.containment_id, ANNE, "over and done")


async def test_a_preview_says_whom_it_would_touch(house, people, desk, clock):
    """Accounts, sessions, requests of the last hour and day, hospitals; of the others nothing."""
    one, other = people
    for asker in (one, other, other):
        await house.finder.search(ask(asker), FULL)
    clock.advance(timedelta(hours=2))
    await house.finder.search(ask(one), FULL)
    for kind, target in targets(one).items():
        found = await desk.preview(kind, str(target))
        assert [account.account_id for account in found.accounts] == [one.account_id]
        assert (found.sessions_count, found.requests_hour, found.requests_day) == (1, 1, 2)
        assert found.hospitals == ("CH de Beaumont",) and found.feeds == ()
    clock.advance(timedelta(days=1, seconds=1))
    assert (await desk.preview(ContainmentKind.DEVICE, one.session_key.hex())).accounts == ()


async def test_an_application_and_its_hospitals_feed(people, desk, database):
    """With a credential of its own the feed goes on; with one for both the preview says that it stops."""
    for subject, may_feed in (("gam", True), ("dpi", False), ("both", True)):
        number = await database.pool.fetchval(
            "insert into accounts (kind, issuer, subject) values ('application', 'local', $1) returning account_id",
            subject,
        )
        await database.pool.execute("insert into credentials values ($1, $2, 1, $3, true)", subject, number, may_feed)
    assert (await desk.preview(ContainmentKind.APPLICATION, "dpi")).feeds == ()
    assert (await desk.preview(ContainmentKind.APPLICATION, "both")).feeds == ("CH de Beaumont",)


async def test_what_is_refused(people, desk):
    """No reason, no such account or hospital, too many hours, the same twice, a release of nothing."""
    one, _ = people
    with pytest.raises(Missing):
        await desk.contain(Order(ContainmentKind.ACCOUNT, str(one.account_id), "  x ", ANNE))
    for kind in (ContainmentKind.ACCOUNT, ContainmentKind.STRUCTURE):
        with pytest.raises(NotFound):
            await desk.contain(order(kind, 999))
    with pytest.raises(InvalidValue):
        await desk.contain(order(ContainmentKind.NETWORK, NETWORK, hours=25))
    made = await desk.contain(order(ContainmentKind.ACCOUNT, one.account_id))
    with pytest.raises(ContainmentRefused, match="already"):
        await desk.contain(order(ContainmentKind.ACCOUNT, one.account_id, by=BRUNO))
    await desk.release(made.containment_id, ANNE, "it was a mistake")
    with pytest.raises(ContainmentRefused, match="second person"):
        await desk.release(made.containment_id, ANNE, "it was a mistake")
    await desk.release(made.containment_id, BRUNO, "it was a mistake")
    with pytest.raises(NotFound):
        await desk.release(made.containment_id, BRUNO, "it was a mistake")
    assert [one.released_by for one in await desk.listed()] == [BRUNO]


async def test_one_person_s_two_accounts_are_one_of_two_people(desk, people, database):
    """A network is not stopped, nor an account released, by two accounts of one person."""
    one, two = [asker.account_id for asker in people]
    await database.pool.execute("update accounts set same_as = $1 where account_id = $2", one, two)
    network = await desk.contain(order(ContainmentKind.NETWORK, NETWORK, f"account:{one}"))
    with pytest.raises(ContainmentRefused, match="second person"):
        await desk.confirm(network.containment_id, f"account:{two}")
    stopped = await desk.contain(order(ContainmentKind.ACCOUNT, two))
    await desk.release(stopped.containment_id, f"account:{one}", WHY)
    with pytest.raises(ContainmentRefused, match="second person"):
        await desk.release(stopped.containment_id, f"account:{two}", WHY)

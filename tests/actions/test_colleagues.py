"""A colleague's help in a real database: bounded, from the right people, and the debt is theirs."""

from datetime import timedelta

import msgspec
import pytest

from beffroi.access.presence import KeyPlace
from beffroi.actions.contain import Order
from beffroi.actions.ways.colleagues import CODES_PER_DAY_MAX, Named
from beffroi.actions.ways.ways_on import ways_on
from beffroi.errors import CeilingReached, Contained, Departed, Held, NotAuthenticated, WayRefused
from beffroi.model.account import Role
from beffroi.model.containment import ContainmentKind
from beffroi.model.disclosure import Operation, Purpose
from beffroi.model.search import Criteria, DateRange, Text
from beffroi.store.database import ROLE_WEB, Database
from beffroi.watch.verdict import EMERGENCY_READINGS_24H, EMERGENCY_SECONDED_24H
from beffroi.watch.vouching import CONFIRMED_24H
from requests_and_records import BORN, ask, record
from ways import WEEK, act, enrol, events_of, evidence_of, prove

PLACE = KeyPlace("beffroi.test", ("https://beffroi.test",))


@pytest.fixture
async def ways(dsn_of, house, clock):
    async with await Database.open(dsn_of(ROLE_WEB)) as database:
        yield ways_on(database, house, PLACE, clock)


class Ward:
    """Professionals of one hospital, each signed in an hour ago."""

    def __init__(self, account, database, clock, put) -> None:
        self.account, self.database, self.clock, self.put = account, database, clock, put
        self.made = 0

    async def one(self, subject: str, role: Role = Role.WARD_NURSE, hospital: int = 1):
        asker = await self.account(role, hospital=hospital, subject=subject)
        await self.database.pool.execute(
            "update account_states set structure_id = $2 where account_id = $1", asker.account_id, hospital
        )
        return self.signed_in(asker)

    def signed_in(self, asker):
        return msgspec.structs.replace(asker, authenticated_at_s=int(self.clock.now().timestamp()) - 3_600)

    async def stranger(self, house) -> tuple[str, Criteria]:
        """A patient of another hospital: her reference, and a full search for her."""
        self.made += 1
        name = f"{chr(65 + self.made // 26)}{chr(65 + self.made % 26)}XYZ"
        person = await self.put(2, f"B{self.made}", record(name, "Louise"))
        full = Criteria(birth_date=DateRange(BORN, BORN), family=Text(name), given=Text("L"))
        return house.references.of(person), full


@pytest.fixture
def ward(hospitals, account, database, clock, put):
    return Ward(account, database, clock, put)


async def until_held(ward, house, asker) -> None:
    for _ in range(30):
        try:
            await house.finder.search(ask(asker), (await ward.stranger(house))[1])
        except Held:
            return
        except NotAuthenticated:
            asker = msgspec.structs.replace(asker, proved_at_s=int(ward.clock.now().timestamp()) + 1)
    raise AssertionError("never held")


@pytest.fixture
async def pair(ward, house, ways, clock):
    """A held nurse, and a colleague with a key that counts."""
    nurse, colleague = await ward.one("nurse"), await ward.one("colleague")
    key = await enrol(ways, colleague, await ward.one("cell", Role.IDENTITY_CELL))
    clock.advance(WEEK)
    nurse, colleague = ward.signed_in(nurse), ward.signed_in(colleague)
    await until_held(ward, house, nurse)
    return nurse, colleague, key


async def test_a_colleague_vouches_and_carries_the_debt(ward, house, ways, pair, clock, database):
    """The held nurse reads the one patient for four hours; she is unexplained in the colleague's evidence."""
    nurse, colleague, key = pair
    reference, full = await ward.stranger(house)
    with pytest.raises(Held):
        await house.finder.search(ask(nurse), full)
    code = (await ways.colleagues.code(act(nurse))).code
    assert len(code) == 9
    await prove(ways, colleague, key)
    assert await ways.colleagues.confirm(act(colleague), code, [Named(reference)]) == 1
    assert (await house.finder.search(ask(nurse), full)).content.shown
    owing = await evidence_of(database, colleague.account_id)
    assert owing.own.unexplained_count == 1 and len(owing.vouched) == 1
    for asker, whom in ((nurse, "by"), (colleague, "for")):
        told = await events_of(database, asker.account_id, Operation.CONFIRM)
        assert told[0]["what"] == "vouched" and told[0][whom].startswith("account:")
    _, full_other = await ward.stranger(house)
    code = (await ways.colleagues.code(act(nurse))).code
    named = Named(born=BORN, family=full_other.family.value, given="L")
    assert await ways.colleagues.confirm(act(colleague), code, [named]) == 1
    clock.advance(timedelta(hours=4))
    with pytest.raises(Held):
        await house.finder.search(ask(nurse), full_other)
    assert (await house.finder.search(ask(nurse), full)).content.shown  # whom she was shown is no new patient


@pytest.mark.parametrize(
    "flaw", ["self", "elsewhere", "off duty", "suspect", "no proof", "other session", "code", "twice", "unknown"]
)
async def test_who_may_not_vouch(ward, house, ways, pair, clock, database, flaw):
    """Oneself, another hospital, yesterday's sign-in, somebody under suspicion, without a fresh proof, and so on."""
    nurse, colleague, key = pair
    reference, _ = await ward.stranger(house)
    code = (await ways.colleagues.code(act(nurse))).code
    if flaw != "no proof":
        await prove(ways, colleague, key)
    if flaw == "self":
        colleague = nurse
    elif flaw == "elsewhere":
        colleague = msgspec.structs.replace(colleague, structure=2)
    elif flaw == "off duty":
        colleague = msgspec.structs.replace(colleague, authenticated_at_s=colleague.authenticated_at_s - 12 * 3_600)
    elif flaw == "other session":
        colleague = msgspec.structs.replace(colleague, session_key=bytes(32))
    elif flaw == "suspect":
        while not (await evidence_of(database, colleague.account_id)).rung:
            await house.finder.search(ask(colleague), (await ward.stranger(house))[1])
    elif flaw == "code":
        clock.advance(timedelta(minutes=10))
        await prove(ways, colleague, key)
    elif flaw == "twice":
        await ways.colleagues.confirm(act(colleague), code, [Named(reference)])
    named = Named("AAAAAAAAAAAAAAAAAAAAAAAAAA") if flaw == "unknown" else Named(reference)
    before = await evidence_of(database, nurse.account_id)
    with pytest.raises(Exception) as refused:
        await ways.colleagues.confirm(act(colleague), code, [named])
    assert isinstance(refused.value, WayRefused) or flaw == "unknown"
    if flaw in ("self", "elsewhere", "off duty", "suspect", "code", "twice"):
        with pytest.raises(WayRefused):
            await ways.colleagues.second(act(colleague), code)
    assert (await evidence_of(database, nurse.account_id)).confirmed == before.confirmed


async def test_whoever_may_ask_nothing_helps_nobody(ward, ways):
    """Somebody who has left the hospital, and whoever holds a stopped device: neither a code nor an agreement."""
    doctor, gone, other = [await ward.one(name) for name in ("doctor", "gone", "other")]
    gone = msgspec.structs.replace(gone, departed=True)
    other = msgspec.structs.replace(other, session_key=bytes([7]) * 32)
    stop = Order(ContainmentKind.DEVICE, other.session_key.hex(), "a stolen badge", "operator:anne")
    await ways.containing.contain(stop)
    for asker, refusal in ((gone, Departed), (other, Contained)):
        code = (await ways.colleagues.code(act(doctor))).code
        with pytest.raises(refusal):
            await ways.colleagues.second(act(asker), code)
        with pytest.raises(refusal):
            await ways.colleagues.code(act(asker))


async def test_codes_are_not_for_guessing_a_day_long(ward, ways, clock):
    """Forty codes a day of one account, and no more until tomorrow."""
    doctor = await ward.one("doctor")
    for _ in range(CODES_PER_DAY_MAX):
        await ways.colleagues.code(act(doctor))
    with pytest.raises(WayRefused, match="too many codes"):
        await ways.colleagues.code(act(doctor))
    clock.advance(timedelta(days=1, seconds=1))
    assert (await ways.colleagues.code(act(doctor))).code


async def test_ten_patients_a_day_and_no_more(ward, house, ways, pair, clock, database):
    """Whoever vouches: the eleventh is refused, for the asker and for the colleague."""
    nurse, _, _ = pair
    vouched = 0
    for number in range(6):
        colleague = await ward.one(f"colleague{number}")
        own = await enrol(ways, colleague, await ward.one("cell", Role.IDENTITY_CELL))
        clock.advance(WEEK)
        for one in (nurse, colleague):
            await ward.one(one.subject)
        colleague, nurse = ward.signed_in(colleague), ward.signed_in(nurse)
        clock.set(clock.now())
        people = [Named((await ward.stranger(house))[0]) for _ in range(2)]
        await prove(ways, colleague, own)
        code = (await ways.colleagues.code(act(nurse))).code
        await ways.colleagues.confirm(act(colleague), code, people)
        vouched += len(people)
    assert vouched == 12  # weeks apart: each day has its own ceiling
    filled = await evidence_of(database, nurse.account_id)
    now_s = int(clock.now().timestamp())
    filled.confirmations = (now_s,) * (CONFIRMED_24H - 1)
    text = msgspec.json.encode(filled).decode()
    await database.pool.execute(
        "update account_states set evidence = $2::json where account_id = $1", nurse.account_id, text
    )
    people = [Named((await ward.stranger(house))[0]) for _ in range(2)]
    code = (await ways.colleagues.code(act(nurse))).code
    with pytest.raises(WayRefused, match="10 patients"):
        await ways.colleagues.confirm(act(colleague), code, people)
    assert await ways.colleagues.confirm(act(colleague), code, people[:1]) == 1


async def test_the_sixth_emergency_reading_takes_a_colleague_each(ward, house, ways, clock, database):
    """Five alone, ten more with an agreement each, and not one beyond; an agreement serves once."""
    doctor, colleague = await ward.one("doctor", Role.EMERGENCY_DOCTOR), await ward.one("colleague")
    urgent = ask(doctor, Operation.EMERGENCY_READ, purpose=Purpose.EMERGENCY, reason="unconscious patient")

    async def read() -> bool:
        reference, _ = await ward.stranger(house)
        try:
            return bool((await house.finder.read(urgent, reference)).content.shown)
        except CeilingReached:
            return False

    assert [await read() for _ in range(EMERGENCY_READINGS_24H + 1)] == [True] * EMERGENCY_READINGS_24H + [False]
    for _ in range(EMERGENCY_SECONDED_24H):
        await ways.colleagues.second(act(colleague), (await ways.colleagues.code(act(doctor))).code)
        assert [await read(), await read()] == [True, False]
    await ways.colleagues.second(act(colleague), (await ways.colleagues.code(act(doctor))).code)
    assert not await read()
    told = await events_of(database, doctor.account_id, Operation.CONFIRM)
    assert {one["what"] for one in told} == {"seconded"}

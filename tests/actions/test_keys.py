"""Security keys in a real database, with a key in software: enrolled in person, counting after a week, used once."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from authenticator import SoftwareKey
from beffroi.access.presence import KeyPlace
from beffroi.actions.house import open_house
from beffroi.actions.ways.keys import COUNTS_AFTER
from beffroi.actions.ways.ways_on import ways_on
from beffroi.errors import AccountFrozen, Held, NotAuthenticated, NotFound, ProofRefused, WayRefused
from beffroi.model.account import Role
from beffroi.model.alert import AlertKind
from beffroi.model.disclosure import Operation
from beffroi.model.search import Criteria, DateRange, Text
from beffroi.store.database import ROLE_WEB, Database
from beffroi.watch.verdict import STEP_UP_ALLOWANCE_24H
from requests_and_records import BORN, ask, louise, named, record
from ways import WEEK, act, enrol, events_of, evidence_of, prove

PLACE = KeyPlace("beffroi.test", ("https://beffroi.test",))


@pytest.fixture
async def ways(dsn_of, house, clock):
    """The ways on of a web process, under its own role."""
    async with await Database.open(dsn_of(ROLE_WEB)) as database:
        yield ways_on(database, house, PLACE, clock)


@pytest.fixture
async def nurse(hospitals, account):
    return await account(Role.WARD_NURSE, subject="nurse")


@pytest.fixture
async def cell(hospitals, account):
    return await account(Role.IDENTITY_CELL, subject="cell")


async def read_strangers(house, put, asker, first: int, most: int = 60) -> tuple[int, Exception | None]:
    """Strangers read one by one until one is withheld: how many were shown, and what was said then."""
    for shown in range(most):
        await put(2, f"B{first + shown}", louise(first + shown))
        try:
            await house.finder.search(ask(asker), named(first + shown))
        except (Held, NotAuthenticated) as refused:
            return shown, refused
    return most, None


async def test_a_key_counts_a_week_after_it_was_enrolled_in_person(ways, nurse, cell, clock, database):
    """Not before; then its touch is a step-up, an event, and stands in the account's evidence."""
    key = await enrol(ways, nurse, cell)
    with pytest.raises(WayRefused, match="more than 7 days ago"):
        await ways.keys.challenge(act(nurse))
    clock.advance(COUNTS_AFTER)
    with pytest.raises(WayRefused):
        await ways.keys.challenge(act(nurse))
    clock.advance(1)
    await prove(ways, nurse, key)
    assert (await evidence_of(database, nurse.account_id)).proved_s == int(clock.now().timestamp())
    assert [one["means"] for one in await events_of(database, nurse.account_id, Operation.STEP_UP)] == ["key"]
    told = await events_of(database, nurse.account_id, Operation.KEY)
    by = f"account:{cell.account_id}"
    assert [one["what"] for one in told] == ["granted", "enrolled"] and told[1]["granted_by"] == by
    await ways.keys.revoke(act(nurse), (await ways.keys.listed(nurse.account_id))[0].key)
    signals = [row["body"] for row in await database.pool.fetch("select body from signals order by at")]
    said = ("create", "nist-aal3", "revoke")
    assert [word in signal for word, signal in zip(said, signals, strict=True)] == [True] * len(said)


async def test_nobody_enrols_without_a_code_made_for_them(ways, nurse, cell, account, clock):
    """No code, another's code, one that was used or is a day old; and nobody grants themselves one."""
    other = await account(Role.WARD_NURSE, subject="other")
    created = SoftwareKey().created
    code = (await ways.keys.grant(act(cell), "nurse")).code
    for asker, typed in ((nurse, "0000-0000-0000-0000"), (other, code)):
        with pytest.raises(WayRefused, match="code"):
            await ways.keys.enrol(act(asker), typed, created(await ways.keys.enrolment(act(asker))))
    await ways.keys.enrol(act(nurse), code.lower(), created(await ways.keys.enrolment(act(nurse))))
    with pytest.raises(WayRefused, match="code"):
        await ways.keys.enrol(act(nurse), code, SoftwareKey(number=b"2").created(await ways.keys.enrolment(act(nurse))))
    late = (await ways.keys.grant(act(cell), "nurse")).code
    clock.advance(timedelta(hours=24))
    with pytest.raises(WayRefused, match="code"):
        await ways.keys.enrol(act(nurse), late, SoftwareKey(number=b"3").created(await ways.keys.enrolment(act(nurse))))
    with pytest.raises(WayRefused, match="themselves"):
        await ways.keys.grant(act(cell), "cell")
    with pytest.raises(NotFound):
        await ways.keys.grant(act(cell), "nobody")


async def test_an_identity_cell_grants_in_its_own_hospital(ways, nurse, account, database):
    """Whoever works at another hospital asks there; the duty officer grants everywhere."""
    await database.pool.execute("update account_states set structure_id = 1 where account_id = $1", nurse.account_id)
    elsewhere = await account(Role.IDENTITY_CELL, hospital=2, subject="cell2")
    with pytest.raises(WayRefused, match="another hospital"):
        await ways.keys.grant(act(elsewhere), "nurse")
    officer = await account(Role.DUTY_OFFICER, hospital=2, subject="officer")
    assert len((await ways.keys.grant(act(officer), "nurse")).code) == 19


FLAWS = "unverified origin domain replayed session old copied signature garbage revoked colleague"


@pytest.mark.parametrize("flaw", FLAWS.split())
async def test_a_wrong_answer_proves_nothing(ways, nurse, cell, account, clock, database, flaw):
    """A touch without PIN, another page's, an answer used before, of another session, a copy of the key, and so on."""
    key = await enrol(ways, nurse, cell)
    clock.advance(WEEK)
    await prove(ways, nurse, key)
    clock.advance(60)
    before = await evidence_of(database, nurse.account_id)
    options = await ways.keys.challenge(act(nurse))
    asker = nurse
    if flaw == "unverified":
        key.verifies = False
    elif flaw == "origin":
        key.origin = "https://beffroi.test.evil.example"
    elif flaw == "domain":
        key.domain = "evil.example"
    elif flaw == "copied":
        key.count -= 1
    elif flaw == "colleague":  # whose own key counts
        key = await enrol(ways, cell, await account(Role.DUTY_OFFICER, subject="officer"))
        clock.advance(WEEK)
        options = await ways.keys.challenge(act(nurse))
    answer = key.touched(options)
    if flaw == "replayed":
        await ways.keys.prove(act(nurse), answer)
        before = await evidence_of(database, nurse.account_id)
    elif flaw == "session":
        asker = msgspec.structs.replace(nurse, session_key=bytes(32))
    elif flaw == "old":
        clock.advance(300)
    elif flaw == "signature":
        answer["response"]["signature"] = SoftwareKey().touched(options)["response"]["signature"]
    elif flaw == "garbage":
        answer["response"] = {"clientDataJSON": "e30"}
    elif flaw == "revoked":
        await ways.keys.revoke(act(nurse), (await ways.keys.listed(nurse.account_id))[0].key)
    with pytest.raises(ProofRefused):
        await ways.keys.prove(act(asker), answer)
    assert await evidence_of(database, nurse.account_id) == before


async def test_one_answer_on_two_connections_counts_once(ways, nurse, cell, clock):
    """Ten at the same time: one of them is taken."""
    key = await enrol(ways, nurse, cell)
    clock.advance(WEEK)
    answer = key.touched(await ways.keys.challenge(act(nurse)))
    told = await asyncio.gather(*(ways.keys.prove(act(nurse), answer) for _ in range(10)), return_exceptions=True)
    assert sum(not isinstance(one, Exception) for one in told) == 1


async def test_a_stopped_account_proves_nothing(ways, nurse, cell, clock, database):
    """Nor does it enrol."""
    key = await enrol(ways, nurse, cell)
    clock.advance(WEEK)
    answer = key.touched(await ways.keys.challenge(act(nurse)))
    await database.pool.execute("update account_states set frozen = true where account_id = $1", nurse.account_id)
    with pytest.raises(AccountFrozen):
        await ways.keys.prove(act(nurse), answer)


async def test_an_ended_session_proves_nothing(ways, nurse, cell, clock, database):
    """What the issuer ended is over here too."""
    key = await enrol(ways, nurse, cell)
    clock.advance(WEEK)
    answer = key.touched(await ways.keys.challenge(act(nurse)))
    over = msgspec.structs.replace(nurse, issued_at_s=int(clock.now().timestamp()))
    await database.pool.execute(
        "insert into ended_sessions (account_id, session, ended_at, by_whom) values ($1, '', $2, 'issuer')",
        nurse.account_id,
        clock.now(),
    )
    with pytest.raises(NotAuthenticated, match="ended"):
        await ways.keys.prove(act(over), answer)


async def test_the_ladder_and_the_way_back(house, put, ways, nurse, cell, account, clock, database, dsn):
    """Asked, proved, held, five a day by the allowance on any process; released by the duty officer; it all rings."""
    key = await enrol(ways, nurse, cell)
    clock.advance(WEEK)
    first, refused = await read_strangers(house, put, nurse, 0)
    assert isinstance(refused, NotAuthenticated) and first <= 10
    await prove(ways, nurse, key)
    second, refused = await read_strangers(house, put, nurse, 100)
    assert isinstance(refused, Held) and first + second <= 15
    await prove(ways, nurse, key)
    other_process = await open_house(await Database.open(dsn), clock)
    third, refused = await read_strangers(other_process, put, nurse, 200)
    assert isinstance(refused, Held) and third == STEP_UP_ALLOWANCE_24H
    await other_process.close()
    await put(1, "A1", record("DURAND", "Louise"), explained_h=5)
    own = Criteria(birth_date=DateRange(BORN, BORN), family=Text("DUR"), given=Text("L"))
    assert (await house.finder.search(ask(nurse), own)).content.shown  # explained patients stay readable
    officer = await account(Role.DUTY_OFFICER, subject="officer")
    held = await evidence_of(database, nurse.account_id)
    done = await ways.releasing.release(act(officer), nurse.account_id, "her ward moved")
    assert not done.waits
    let_go = await evidence_of(database, nurse.account_id)
    assert (let_go.held_s, let_go.rung, let_go.own.score) == (0, 0, 0) and let_go.hours == held.hours
    told = (await events_of(database, nurse.account_id, Operation.RELEASE))[0]
    assert (told["rung"], told["by"]) == ("hold", f"account:{officer.account_id}") and told["readings"]
    assert await database.pool.fetchval("select rung from account_states where account_id = $1", nurse.account_id) == 0
    clock.advance(60)
    again, _ = await read_strangers(house, put, nurse, 300)
    assert 0 < again <= 10
    rows = await database.pool.fetch("select kind, topic, account_id from alerts order by alert_id")
    rung = [row["topic"] for row in rows if row["kind"] == AlertKind.VERDICT]
    assert rung[0] == "warn" and "hold" in rung and {row["account_id"] for row in rows} == {nurse.account_id}


def numbers(*askers) -> list[int]:
    return [asker.account_id for asker in askers]


async def test_a_third_release_in_a_month_takes_two_people(house, put, ways, nurse, account, clock, database):
    """The first asks, and is not the second; nobody releases themselves; what is not held is not released."""
    one, two = [await account(Role.DUTY_OFFICER, subject=name) for name in ("one", "two")]
    with pytest.raises(WayRefused, match="holds nothing"):
        await ways.releasing.release(act(one), nurse.account_id, "without a need")
    for turn in range(3):
        await read_strangers(house, put, nurse, 1_000 * turn)
        last = await ways.releasing.release(act(one), nurse.account_id, "a new ward")
    assert last.waits and (await evidence_of(database, nurse.account_id)).asked_s
    with pytest.raises(WayRefused, match="second person"):
        await ways.releasing.release(act(one), nurse.account_id, "a new ward")
    await database.pool.execute("update accounts set same_as = $1 where account_id = $2", *numbers(one, two))
    with pytest.raises(WayRefused, match="second person"):  # another account of the same person is no other person
        await ways.releasing.release(act(two), nurse.account_id, "indeed")
    await database.pool.execute("update accounts set same_as = null")
    assert not (await ways.releasing.release(act(two), nurse.account_id, "indeed")).waits
    told = (await events_of(database, nurse.account_id, Operation.RELEASE))[-1]
    assert (told["by"], told["confirmed_by"]) == (f"account:{one.account_id}", f"account:{two.account_id}")
    assert not (await evidence_of(database, nurse.account_id)).asked_s
    with pytest.raises(WayRefused, match="own account"):
        await ways.releasing.release(act(one), one.account_id, "for myself")

"""What counts, through the real gate: whatever is asked, by whichever operation, session, application or hospital."""

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from beffroi.actions.house import open_house
from beffroi.actions.surroundings import BACK_S, MISSED_BEATS, Expectations
from beffroi.errors import BeffroiError, Held, NotFound
from beffroi.model.account import Role
from beffroi.model.disclosure import Advice, Door, Operation, Purpose
from beffroi.model.person import HospitalId
from beffroi.model.search import Criteria, DateRange, Text
from beffroi.watch.evidence import HOLD, Evidence
from beffroi.watch.explain import spoken
from requests_and_records import BORN, ask, louise, named

DAY = DateRange(BORN, BORN)
BEAT_S = 60


async def evidence_of(database, asker) -> Evidence:
    text = await database.pool.fetchval("select evidence from account_states where account_id = $1", asker.account_id)
    return msgspec.json.decode(text, type=Evidence)


@pytest.fixture
def strangers(put):
    async def of(count: int, explained_h: float = 0) -> None:
        for number in range(count):
            await put(1, f"A{number}", louise(number), explained_h=explained_h)

    return of


async def test_a_verdict_names_the_readings_that_made_it(house, strangers, account, database):
    """In both languages and by their numbers in the account's own chain; and it stops no account."""
    await strangers(20)
    asker = msgspec.structs.replace(await account(Role.WARD_DOCTOR), proved_at_s=2**40)
    for number in range(20):
        with suppress(BeffroiError):
            await house.finder.search(ask(asker), named(number))
    rows = await database.pool.fetch("select * from disclosures order by running_number")
    verdict = [row for row in rows if row["operation"] == Operation.VERDICT][-1]
    told = msgspec.json.decode(verdict["request"], type=dict[str, str])
    listed = told["readings"].replace(",", ", ")
    assert told["rung"] == "hold" and f"Readings no. {listed}" in verdict["reason"]
    assert f"Lectures n° {listed}" in spoken(told).french
    readings = {int(number) for number in told["readings"].split(",")}
    shown = {row["running_number"] for row in rows if row["shown"] != "[]"}
    assert readings == shown | {verdict["running_number"] - 1}  # those shown, and the one that it withheld
    state = await database.pool.fetchrow("select frozen, rung from account_states")
    assert (state["frozen"], state["rung"]) == (False, HOLD)


async def test_caps_and_debt_follow_the_person(house, strangers, account, database):
    """Another hospital, another application, another session key and address: one count, one score."""
    await strangers(4)
    asker = await account(Role.ON_CALL_DOCTOR)
    ways = (
        {},
        {"application": "portal"},
        {"session_key": bytes(32), "network": "203.0.113.9"},
        {"structure": HospitalId(2)},
    )
    for number, way in enumerate(ways):
        await house.finder.search(ask(msgspec.structs.replace(asker, **way)), named(number))
    found = await evidence_of(database, asker)
    assert sum(found.hours.values()) == sum(found.days.values()) == sum(found.blocks.values()) == 4
    assert (found.own.observed_count, found.own.unexplained_count) == (4, 4)


async def test_sign_ins_one_after_another_are_evidence(house, account, database, clock):
    """As where prompts are repeated until one is accepted: each with a key of its own, at two in the morning."""
    asker = await account(Role.WARD_DOCTOR)
    for number in range(6):
        again = msgspec.structs.replace(asker, session_key=bytes([number]) * 32)
        await house.finder.signed_in(again, Door.FHIR, UUID(int=number))
        clock.advance(40)
    assert (await evidence_of(database, asker)).patterns["sign_ins"] > 0


async def test_an_account_that_slept_is_seen_to_wake(house, strangers, account, database, clock):
    """Two months without a question, then one."""
    await strangers(1, explained_h=9_999)
    asker = await account(Role.WARD_DOCTOR)
    await house.finder.search(ask(asker), named(0))
    clock.advance(timedelta(days=61))
    await house.finder.search(ask(asker), named(0))
    assert "dormant" in (await evidence_of(database, asker)).patterns


async def test_probing_by_numbers_and_samples_is_evidence(house, hospitals, account, database, clock):
    """PIX and $match that find nobody, one after the other: "none" is an answer too."""
    oid = house.hospitals.by_id(HospitalId(1)).oid
    asker, purpose = await account(Role.IDENTITY_CELL), Purpose.IDENTITY_MANAGEMENT
    for number in range(5):
        with suppress(NotFound):
            await house.finder.pix(ask(asker, Operation.PIX_QUERY, purpose=purpose), oid, f"{41 + number:08d}", ())
        clock.advance(60)
    assert {"misses", "sweep"} <= (await evidence_of(database, asker)).patterns.keys()
    other = await account(Role.WARD_DOCTOR, subject="other")
    for _ in range(5):
        await house.finder.match(ask(other, Operation.MATCH), named(1))
        clock.advance(60)
    assert "misses" in (await evidence_of(database, other)).patterns
    recorded = await database.pool.fetchval("select count(*) from disclosures where shown::text = '[]'")
    assert recorded == 10


async def test_a_feed_that_missed_its_heartbeats_is_a_common_cause(
    database, hospitals, deployment, strangers, account, clock
):
    """Nobody is suspected and nobody is listed, one fully named patient at a time; a quarter of an hour after the
    feed's return the tests begin again."""
    await strangers(12)
    asker = await account(Role.WARD_DOCTOR)
    house = await open_house(database, clock, expectations=Expectations({1: BEAT_S}))
    await database.pool.execute("insert into feeds (hospital_id, last_message_at) values (1, $1)", clock.now())
    clock.advance((MISSED_BEATS + 1) * BEAT_S)
    await house.surroundings.look()
    for number in range(10):
        assert len((await house.finder.search(ask(asker), named(number))).content.shown) == 1
    wide = Criteria(birth_date=DAY, family=Text("MAR"), given=Text("L"))
    listed = (await house.finder.search(ask(asker), wide)).content
    assert len(listed.shown) == 10 and Advice.FEED_SILENT in listed.advice  # those seen before, and no other
    assert (await evidence_of(database, asker)).own.observed_count == 0
    for wait_s, silent in ((0, True), (BACK_S + 1, False)):
        clock.advance(wait_s)
        await database.pool.execute("update feeds set last_message_at = $1", clock.now())
        await house.surroundings.look()
        assert house.surroundings.feed_silent(HospitalId(1)) is silent
    await house.finder.search(ask(asker), named(11))
    assert (await evidence_of(database, asker)).own.unexplained_count == 1
    await house.close()


async def test_where_too_many_are_held_one_patient_at_a_time_stays_readable(house, strangers, account, database):
    """More than a twentieth of a site's accounts: the cause must be common, and care goes on."""
    await strangers(30)
    asker = msgspec.structs.replace(await account(Role.WARD_DOCTOR), proved_at_s=2**40)
    for number in range(20):
        with suppress(BeffroiError):
            await house.finder.search(ask(asker), named(number))
    with pytest.raises(Held):
        await house.finder.search(ask(asker), named(25))
    await database.pool.execute(
        "insert into accounts (kind, issuer, subject) select 'person', 'https://issuer.test', n::text"
        " from generate_series(1, 45) as n"
    )
    await database.pool.execute(
        "insert into account_states (account_id, structure_id, rung)"
        " select account_id, 1, case when account_id % 10 = 0 then 4 else 0 end from accounts"
        " where account_id <> $1",
        asker.account_id,
    )
    for _ in range(31):  # what changes seldom is read every thirtieth time
        await house.surroundings.look()
    assert len((await house.finder.search(ask(asker), named(25))).content.shown) == 1

"""Canaries: met by a sweep over numbers, by nobody who looks for a patient, and never in a patient's way."""

import msgspec

from beffroi.actions.canaries import Canaries
from beffroi.actions.register import FeedSource, Registrar
from beffroi.model.account import AccountId, Role
from beffroi.model.disclosure import Operation
from beffroi.model.person import HospitalId, Record
from beffroi.model.search import Criteria, DateRange, IdentifierToken, Text
from beffroi.store.canaries import CanaryStore
from beffroi.watch.evidence import Evidence
from feeding import event, patch
from requests_and_records import ask, record


async def planted(database, clock, house, ipp: str = "00000041") -> int:
    number = (await Canaries(CanaryStore(database), clock).plant(HospitalId(2), [ipp]))[ipp]
    for _ in range(40):  # canaries are read seldom
        await house.surroundings.look()
    return number


def numbered(house, ipp: str) -> Criteria:
    return Criteria(identifiers=(IdentifierToken(house.hospitals.by_id(2).oid, ipp),))


async def test_a_sweep_over_numbers_meets_one_and_it_is_evidence(house, put, account, database, clock):
    """It looks like anybody, and the account's patterns say so."""
    number = await planted(database, clock, house)
    asker = await account(Role.WARD_DOCTOR)
    answer = (await house.finder.search(ask(asker), numbered(house, "00000041"))).content
    assert [s.person_id for s in answer.shown] == [number]
    state = await database.pool.fetchval("select evidence from account_states")
    assert "canary" in msgspec.json.decode(state, type=Evidence).patterns


async def test_nobody_who_looks_for_a_patient_meets_one(house, put, account, database, clock):
    """Neither a search by its own birth date and name, nor $match."""
    number = await planted(database, clock, house)
    content = await database.pool.fetchval("select record from identities where identity_id = $1", number)
    found = msgspec.json.decode(content, type=Record)
    day = DateRange(found.birth_date, found.birth_date)
    sample = Criteria(birth_date=day, family=Text(found.birth_family), given=Text(found.birth_given))
    asker = await account(Role.WARD_DOCTOR)
    assert (await house.finder.search(ask(asker), sample)).content.shown == ()
    assert (await house.finder.match(ask(asker, Operation.MATCH), sample)).content.shown == ()


async def test_a_number_that_is_somebodys_is_not_planted(put, database, clock, hospitals) -> None:
    """And nothing of theirs changes."""
    await put(2, "00000041", record("MARTIN", "Louise"))
    assert await Canaries(CanaryStore(database), clock).plant(HospitalId(2), ["00000041"]) == {"00000041": None}
    assert await database.pool.fetchval("select count(*) from canaries") == 0


async def test_a_canary_makes_way_for_the_patient_who_is_given_its_number(put, database, clock, house) -> None:
    """Nothing of its record goes with the number."""
    number = await planted(database, clock, house)
    registrar = Registrar(database, clock)
    await registrar.start()
    sent = event("00000041", patch("VERMEULEN"), hospital=2)
    await registrar.apply(sent, FeedSource(AccountId(1), HospitalId(2)))
    await registrar.stop()
    row = await database.pool.fetchrow(
        "select identity_id, family_key from identities where hospital_id = 2 and ipp = '00000041'"
    )
    assert row["identity_id"] != number
    assert row["family_key"] == "VERMEULEN"
    assert await database.pool.fetchval("select retired_at is not null from canaries where person_id = $1", number)

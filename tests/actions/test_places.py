"""Where questions come from, through the real gate: two hospitals far apart, and one account in both."""

import msgspec
import pytest

from beffroi.actions.house import open_house
from beffroi.actions.places import Places, Site
from beffroi.actions.surroundings import Expectations
from beffroi.model.account import Role
from beffroi.model.person import HospitalId
from beffroi.model.search import Criteria, DateRange, Text
from beffroi.watch.geography import Place
from requests_and_records import BORN, ask, record

LILLE = Site(1, Place(50.63, 3.06), ("192.0.2.0/24",))
CALAIS = Site(2, Place(50.95, 1.86), ("198.51.100.0/24", "2001:db8::/48"))
FULL = Criteria(birth_date=DateRange(BORN, BORN), family=Text("Mar"), given=Text("L"))


@pytest.fixture
async def located(database, hospitals, deployment, clock, put):
    await put(1, "A1", record("MARTIN", "Louise"))
    house = await open_house(database, clock, expectations=Expectations(places=Places((LILLE, CALAIS))))
    yield house
    await house.close()


async def patterns_of(database, asker) -> set[str]:
    text = await database.pool.fetchval("select evidence from account_states where account_id = $1", asker.account_id)
    return set(msgspec.json.decode(text).get("patterns", {}))


async def asks_from(house, asker, address: str) -> None:
    await house.finder.search(ask(msgspec.structs.replace(asker, network=address)), FULL)


async def test_two_places_that_nobody_travels_between_are_evidence(located, account, database, clock):
    """A quarter of an hour between Lille and Calais: seen, with its words; and nobody is held for it."""
    asker = await account(Role.WARD_DOCTOR)
    await asks_from(located, asker, "192.0.2.7")
    clock.advance(900)
    await asks_from(located, asker, "2001:db8::7")
    assert await patterns_of(database, asker) >= {"impossible_travel", "far_away"}
    assert await database.pool.fetchval("select rung from account_states") == 0


async def test_a_day_later_it_is_a_colleague_on_loan(located, account, database, clock):
    """Enough time to drive, in another hospital's name: nothing is said."""
    asker = await account(Role.WARD_DOCTOR)
    await asks_from(located, asker, "192.0.2.7")
    clock.advance(86_400)
    await asks_from(located, msgspec.structs.replace(asker, structure=HospitalId(2)), "198.51.100.7")
    assert not await patterns_of(database, asker) & {"impossible_travel", "far_away"}


async def test_an_address_that_nobody_declared_has_no_place(located, account, database, clock):
    """From home, between two questions at work: nothing is guessed."""
    asker = await account(Role.WARD_DOCTOR)
    for address in ("192.0.2.7", "203.0.113.7", "local", "192.0.2.9"):
        await asks_from(located, asker, address)
        clock.advance(60)
    assert not await patterns_of(database, asker) & {"impossible_travel", "far_away"}

"""A declared crisis and two accounts of one person, in a real database."""

from datetime import timedelta

import pytest

from beffroi.access.presence import KeyPlace
from beffroi.actions.ways.persons import same_person
from beffroi.actions.ways.ways_on import ways_on
from beffroi.errors import NotFound, OperatorError, WayRefused
from beffroi.model.account import Role
from beffroi.model.disclosure import Operation
from beffroi.model.search import Criteria, DateRange, Text
from beffroi.store.accounts import AccountStore
from beffroi.store.database import ROLE_WEB, Database
from requests_and_records import BORN, ask, record
from ways import act, events_of, evidence_of

PLACE = KeyPlace("beffroi.test", ("https://beffroi.test",))


@pytest.fixture
async def ways(dsn_of, house, clock):
    async with await Database.open(dsn_of(ROLE_WEB)) as database:
        yield ways_on(database, house, PLACE, clock)


async def test_a_crisis_takes_two_people_and_ends(house, hospitals, account, ways, clock, database):
    """In force at its hospital alone once another duty officer said so; it runs out, or is ended."""
    one, two = [await account(Role.DUTY_OFFICER, subject=name) for name in ("one", "two")]
    made = await ways.crises.declare(act(one), 1, "plan blanc", 6)
    await house.surroundings.look()
    assert not house.surroundings.crisis(1)
    with pytest.raises(WayRefused, match="second person"):
        await ways.crises.confirm(act(one), made.crisis)
    await ways.crises.confirm(act(two), made.crisis)
    await house.surroundings.look()
    assert house.surroundings.crisis(1) and not house.surroundings.crisis(2)
    told = [(await events_of(database, who.account_id, Operation.GRANT))[0]["what"] for who in (one, two)]
    assert told == ["crisis declared", "crisis confirmed"]
    clock.advance(timedelta(hours=6))
    await house.surroundings.look()
    assert not house.surroundings.crisis(1)
    everywhere = await ways.crises.declare(act(one), None, "flood in the region", 6)
    await ways.crises.confirm(act(two), everywhere.crisis)
    await house.surroundings.look()
    assert house.surroundings.crisis(2)
    await ways.crises.end(act(one), everywhere.crisis)
    await house.surroundings.look()
    assert not house.surroundings.crisis(2) and await ways.crises.listed() == []
    with pytest.raises(NotFound):
        await ways.crises.end(act(one), everywhere.crisis)


async def test_two_accounts_of_one_person_have_one_evidence(house, put, hospitals, account, database, clock):
    """Counts are added, the stricter state stays, and what either is shown from then on fills the same row."""
    first, second = [await account(Role.WARD_NURSE, subject=name) for name in ("first", "second")]
    await put(1, "A1", record("MARTIN", "Louise"), explained_h=5)
    await put(1, "A2", record("MERCIER", "Louise"), explained_h=5)
    for asker, name in ((first, "MAR"), (second, "MER")):
        full = Criteria(birth_date=DateRange(BORN, BORN), family=Text(name), given=Text("L"))
        await house.finder.search(ask(asker), full)
    holder = await same_person(database, clock, first.account_id, second.account_id, "operator:anne")
    assert holder == first.account_id
    assert sum((await evidence_of(database, holder)).hours.values()) == 2
    found = await AccountStore(database).find("https://issuer.test", "second")
    assert (found.holder, found.others) == (first.account_id, (first.account_id,))
    for who in (first, second):
        assert (await events_of(database, who.account_id, Operation.GRANT))[0]["what"] == "same person"
    with pytest.raises(OperatorError):
        await same_person(database, clock, first.account_id, second.account_id, "operator:anne")

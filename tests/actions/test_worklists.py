"""Worklists in a real database: what they explain, to whom, until when; and that they tell nobody who is known."""

from datetime import timedelta

import msgspec
import pytest

from beffroi.access.presence import KeyPlace
from beffroi.actions.ways.ways_on import ways_on
from beffroi.actions.ways.worklists import ALONE_MAX, Deposit
from beffroi.errors import InvalidValue, NotFound, WayRefused
from beffroi.model.account import Role
from beffroi.model.disclosure import Operation
from beffroi.model.search import IdentifierToken
from beffroi.store.database import ROLE_WEB, Database
from requests_and_records import ask, record
from ways import act, events_of, evidence_of

PLACE = KeyPlace("beffroi.test", ("https://beffroi.test",))


@pytest.fixture
async def ways(dsn_of, house, clock):
    async with await Database.open(dsn_of(ROLE_WEB)) as database:
        yield ways_on(database, house, PLACE, clock)


@pytest.fixture
async def people(hospitals, account, put, house):
    """A secretary, a nurse, and a stranger's reference."""
    reference = house.references.of(await put(2, "B1", record("MARTIN", "Louise")))
    return (
        await account(Role.MEDICAL_SECRETARY, subject="secretary"),
        await account(Role.WARD_NURSE, subject="nurse"),
        reference,
    )


def deposit(*references: str, hours: int = 8, role: Role = Role.WARD_NURSE) -> Deposit:
    return Deposit(role, "vaccination", hours, tuple(IdentifierToken("", one) for one in references))


async def explained(house, asker, reference, database) -> bool:
    before = (await evidence_of(database, asker.account_id)).own.unexplained_count
    await house.finder.read(ask(asker, Operation.READ), reference)
    return (await evidence_of(database, asker.account_id)).own.unexplained_count == before


async def test_a_short_list_explains_to_others_of_the_role(house, ways, people, account, database, clock):
    """Not to its depositor, nor to another role or hospital, nor once it has run out."""
    secretary, nurse, reference = people
    made = await ways.worklists.deposit(act(secretary), deposit(reference))
    assert made.ready and made.lines == 1
    assert await explained(house, nurse, reference, database)
    doctor = await account(Role.WARD_DOCTOR, subject="doctor")
    elsewhere = await account(Role.WARD_NURSE, hospital=3, subject="elsewhere")
    assert not await explained(house, doctor, reference, database)
    assert not await explained(house, elsewhere, reference, database)
    clock.advance(timedelta(hours=8))
    late = await account(Role.WARD_NURSE, subject="late")
    assert not await explained(house, late, reference, database)
    told = await events_of(database, secretary.account_id, Operation.WORKLIST)
    assert told[0]["lines"] == "1" and told[0]["people"]


async def test_a_list_explains_nothing_to_whoever_made_it(house, ways, people, account, database):
    """Under none of their accounts; nor to anybody once its depositor is stopped."""
    secretary, nurse, reference = people
    await ways.worklists.deposit(act(secretary), deposit(reference, role=Role.MEDICAL_SECRETARY))
    assert not await explained(house, secretary, reference, database)
    alias = await account(Role.MEDICAL_SECRETARY, subject="alias")
    await database.pool.execute(
        "update accounts set same_as = $1 where account_id = $2", secretary.account_id, alias.account_id
    )
    alias = msgspec.structs.replace(alias, holder=secretary.account_id)
    before = (await evidence_of(database, secretary.account_id)).own.unexplained_count
    await house.finder.read(ask(alias, Operation.READ), reference)
    assert (await evidence_of(database, secretary.account_id)).own.unexplained_count == before + 1
    await ways.worklists.deposit(act(secretary), deposit(reference))
    await database.pool.execute("update account_states set frozen = true where account_id = $1", secretary.account_id)
    assert not await explained(house, nurse, reference, database)


async def test_a_long_list_takes_a_second_person(house, ways, people, account, database):
    """It explains nothing before; the depositor is not the second, under any account."""
    secretary, nurse, reference = people
    long = deposit(reference, *(f"R{number}" for number in range(ALONE_MAX)))
    made = await ways.worklists.deposit(act(secretary), long)
    assert not made.ready and made.lines == ALONE_MAX + 1
    with pytest.raises(WayRefused, match="another person"):
        await ways.worklists.approve(act(secretary), made.worklist)
    cell = await account(Role.IDENTITY_CELL, subject="cell")
    elsewhere = await account(Role.IDENTITY_CELL, hospital=2, subject="elsewhere")
    with pytest.raises(NotFound):
        await ways.worklists.approve(act(elsewhere), made.worklist)
    first = await account(Role.WARD_NURSE, subject="first")
    assert not await explained(house, first, reference, database)
    assert (await ways.worklists.approve(act(cell), made.worklist)).ready
    with pytest.raises(WayRefused, match="already"):
        await ways.worklists.approve(act(cell), made.worklist)
    assert await explained(house, nurse, reference, database)


async def test_a_list_tells_nothing_and_can_be_cancelled(house, ways, people, account, database):
    """Known and unknown people come back alike; cancelled, it explains nothing and is listed no more."""
    secretary, nurse, reference = people
    known = await ways.worklists.deposit(act(secretary), deposit(reference))
    unknown = await ways.worklists.deposit(act(secretary), deposit("AAAAAAAAAAAAAAAAAAAAAAAAAA"))
    assert (known.lines, known.ready) == (unknown.lines, unknown.ready)
    assert [one.worklist for one in await ways.worklists.listed(act(secretary))] == [unknown.worklist, known.worklist]
    await ways.worklists.cancel(act(secretary), known.worklist)
    assert [one.worklist for one in await ways.worklists.listed(act(secretary))] == [unknown.worklist]
    assert not await explained(house, nurse, reference, database)
    for wrong in (deposit(), deposit("x", hours=73), deposit("x", role=Role.AUDITOR)):
        with pytest.raises(InvalidValue):
            await ways.worklists.deposit(act(secretary), wrong)

"""The owner's digest: counts and channels, nobody's identity; and "not me" stops every account of theirs at once."""

import msgspec
import pytest

from beffroi.access.presence import KeyPlace
from beffroi.actions.ways.ways_on import ways_on
from beffroi.errors import AccountFrozen
from beffroi.model.account import Role
from beffroi.model.alert import AlertKind
from beffroi.model.disclosure import Operation
from beffroi.model.search import Criteria, DateRange, Text
from beffroi.store.database import ROLE_WEB, Database
from requests_and_records import BORN, ask, record
from ways import act, events_of

PLACE = KeyPlace("beffroi.test", ("https://beffroi.test",))
FULL = Criteria(birth_date=DateRange(BORN, BORN), family=Text("Mar"), given=Text("L"))


@pytest.fixture
async def ways(dsn_of, house, clock):
    async with await Database.open(dsn_of(ROLE_WEB)) as database:
        yield ways_on(database, house, PLACE, clock)


async def test_a_digest_counts_and_names_nobody(house, put, hospitals, account, ways, database):
    """By hour, hospital, software, device and network; what happened to the account; not a word of a patient."""
    await put(1, "A1", record("MARTIN", "Louise"), explained_h=5)
    nurse = await account(Role.WARD_NURSE, subject="nurse")
    other = msgspec.structs.replace(nurse, network="198.51.100.9", session_key=bytes(32))
    for asker in (nurse, nurse, other):
        await house.finder.search(ask(asker), FULL)
    found = await ways.digests.of(act(nurse))
    assert sorted((one.network, one.answers, one.patients) for one in found.hours) == [
        ("192.0.2.7", 2, 2),
        ("198.51.100.9", 1, 1),
    ]
    text = msgspec.json.encode(found).decode()
    assert "MARTIN" not in text and house.references.of(1) not in text


async def test_not_me_stops_at_once_and_closes_the_chain(house, put, hospitals, account, ways, database):
    """All accounts of the person; the disowning stands before the containment, which is the chain's last."""
    await put(1, "A1", record("MARTIN", "Louise"), explained_h=5)
    nurse, second = [await account(Role.WARD_NURSE, subject=name) for name in ("nurse", "second")]
    await database.pool.execute(
        "update accounts set same_as = $1 where account_id = $2", nurse.account_id, second.account_id
    )
    nurse = msgspec.structs.replace(nurse, others=(second.account_id,))
    await house.finder.search(ask(nurse), FULL)
    assert await ways.digests.not_me(act(nurse)) == 2
    for asker in (nurse, second):
        with pytest.raises(AccountFrozen):
            await house.finder.search(ask(asker), FULL)
        rows = await database.pool.fetch(
            "select operation from disclosures where account_id = $1 and operation >= 9 order by running_number",
            asker.account_id,
        )
        assert [row["operation"] for row in rows] == [Operation.NOT_ME, Operation.CONTAIN]
    assert (await events_of(database, nurse.account_id, Operation.CONTAIN))[0]["by"] == f"account:{nurse.account_id}"
    kinds = {row["kind"] for row in await database.pool.fetch("select kind from alerts")}
    assert {AlertKind.NOT_ME, AlertKind.CONTAINED} <= kinds
    assert await ways.digests.not_me(act(nurse)) == 2  # again: they are stopped already

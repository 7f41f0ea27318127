"""Doubtful identities: what the walk finds for whom, what leaves the list, and the gate before the identity cell."""

from collections.abc import Awaitable, Callable
from datetime import date

import asyncpg
import msgspec
import pytest

from beffroi.actions.doubts import DoubtfulIdentities
from beffroi.actions.find_doubts import DoubtWalk
from beffroi.clock import Clock
from beffroi.errors import Forbidden, NotFound
from beffroi.identity.matching import strict_key
from beffroi.model.account import Role
from beffroi.model.disclosure import Field, Operation, Outcome, Purpose
from beffroi.model.doubt import DOUBTS_PAGE_MAX, DoubtKind
from beffroi.model.person import OID_INS_NIR_TEST, BirthPlace, IdentityAttribute, IdentityStatus, Ins, Record, Sex
from beffroi.store.database import ROLE_WORKER, Database
from beffroi.store.doubts import DoubtStore
from requests_and_records import ask, record

INS = Ins("280055935000112", OID_INS_NIR_TEST)
LOUISE = record("MARTIN", "Louise")
QUALIFIED = record("MARTIN", "Louise", status=IdentityStatus.QUALIFIED, ins=INS)
Doubts = Callable[[], Awaitable[set[tuple[int, str, int, int]]]]


@pytest.fixture
async def doubts(database: Database, hospitals: object, dsn_of: Callable[[str], str]) -> Doubts:
    """Walks once as the worker does, under its own role; every hospital's list."""

    async def found() -> set[tuple[int, str, int, int]]:
        async with await Database.open(dsn_of(ROLE_WORKER), size=1) as worker:
            await DoubtWalk(DoubtStore(worker)).round()
        rows = await database.pool.fetch("select hospital_id, kind, identity_id, other_id from doubts")
        return {tuple(row) for row in rows}

    return found


async def test_one_ins_of_two_people_is_told_to_both_hospitals(hospitals, put, doubts: Doubts) -> None:
    """Whatever the traits say."""
    one = await put(1, "A", QUALIFIED)
    other = await put(2, "B", msgspec.structs.replace(QUALIFIED, birth_family="DURAND", sex=Sex.MALE))
    assert await doubts() == {(1, "ins", one, other), (2, "ins", other, one)}


@pytest.mark.parametrize(
    "other",
    [
        record("MARTIN", "Louise", birth_given_list="LOUISE MARIE"),
        record("MARTIN", "Louise", birth_place=BirthPlace("59009", "Villeneuve")),
        record("MARTIN", "Louise", sex=Sex.UNKNOWN),
        record("DUPONT", "Louise", used_family="Martin"),
    ],
)
async def test_most_traits_agree(hospitals, put, doubts: Doubts, other: Record) -> None:
    """One contradiction, or something that one does not say."""
    one, two = await put(1, "A", LOUISE), await put(2, "B", other)
    assert await doubts() == {(1, "near", one, two), (2, "near", two, one)}


async def test_a_date_with_day_and_month_exchanged(hospitals, put, doubts: Doubts) -> None:
    """5 March and 3 May, everything else equal."""
    one = await put(1, "A", record("MARTIN", "Louise", birth_date=date(1980, 3, 5)))
    two = await put(2, "B", record("MARTIN", "Louise", birth_date=date(1980, 5, 3)))
    assert await doubts() == {(1, "near", one, two), (2, "near", two, one)}


@pytest.mark.parametrize(
    "other",
    [
        LOUISE,  # they would be one person once both were checked
        record("MARTIN", "Louise", status=IdentityStatus.PROVISIONAL),
        record("MARTIN", "Jeanne"),
        record("MARTIN", "Louise", sex=Sex.MALE, birth_place=BirthPlace("59009", "Villeneuve")),
    ],
)
async def test_what_is_no_doubt(hospitals, put, doubts: Doubts, other: Record) -> None:
    """A check of documents alone stands between them, or too much contradicts."""
    await put(1, "A", LOUISE)
    await put(2, "B", other)
    assert await doubts() == set()


async def test_what_would_be_joined_but_for_its_ins(hospitals, put, database: Database, doubts: Doubts) -> None:
    """Equal strict traits and two INS: told, since one of them may be another's."""
    numbers = []
    for hospital, value in ((1, "280055935000112"), (2, "280055935000209")):
        content = record("MARTIN", "Louise", status=IdentityStatus.QUALIFIED, ins=Ins(value, OID_INS_NIR_TEST))
        numbers.append(await put(hospital, "A", content))
    await database.pool.execute("update identities set strict_key = $1", strict_key(LOUISE))
    one, two = numbers
    assert await doubts() == {(1, "near", one, two), (2, "near", two, one)}


async def test_twice_in_one_hospital(hospitals, put, doubts: Doubts) -> None:
    """Whether or not the two are taken for one person elsewhere; told once."""
    one = await put(1, "A", LOUISE)
    two = await put(1, "B", LOUISE, person=one)
    three = await put(1, "C", record("MARTIN", "Louise", status=IdentityStatus.PROVISIONAL))
    assert await doubts() == {(1, "here", one, two), (1, "here", one, three), (1, "here", two, three)}


@pytest.mark.parametrize("linked", [True, False])
async def test_what_a_hospital_decided_is_no_doubt(
    hospitals, put, database: Database, doubts: Doubts, linked: bool
) -> None:
    """A24 and A37 settle it, and it leaves the list at the next round."""
    one, two = await put(1, "A", LOUISE), await put(1, "B", LOUISE)
    assert await doubts() == {(1, "here", one, two)}
    await database.pool.execute("insert into links values ($1, $2, $3, now())", one, two, linked)
    assert await doubts() == set()


async def test_flags_of_the_hospital_s_own(hospitals, put, doubts: Doubts) -> None:
    """Doubtful, fictitious and so on; a homonym is known for what it is."""
    doubtful = record("DARK", "Jeanne", attributes=(IdentityAttribute.DOUBTFUL,))
    one = await put(1, "A", doubtful)
    await put(1, "B", record("OTHER", "Anne", attributes=(IdentityAttribute.HOMONYM,)))
    assert await doubts() == {(1, "flag", one, 0)}


async def test_a_sensitive_hospital_is_never_told_of_outside_it(
    hospitals, put, database: Database, doubts: Doubts
) -> None:
    """It learns of others, nobody of it (law 4); what stays in its hospital stays."""
    hidden = await put(4, "P", record("MARTIN", "Louise", sex=Sex.UNKNOWN))
    one = await put(1, "A", LOUISE)
    local = await put(2, "B", record("MARTIN", "Louise", sex=Sex.UNKNOWN))
    await database.pool.execute("update identities set local_only = true where identity_id = $1", local)
    assert await doubts() == {(4, "near", hidden, one), (2, "near", local, one)}


async def test_the_worker_reads_nobody(dsn_of: Callable[[str], str]) -> None:
    """It walks by one function, and reads neither the lists nor, of an identity, anything but whose number it is."""
    async with await Database.open(dsn_of(ROLE_WORKER), size=1) as worker:
        for told in (
            "count(record) from identities",
            "count(person_id) from identities",
            "1 from doubts",
            "1 from links",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await worker.pool.fetchval(f"select {told}")


@pytest.fixture
def cells(database: Database, house, clock: Clock) -> DoubtfulIdentities:
    return DoubtfulIdentities(database, house.gate, house.hospitals, clock)


def cell(asker, **more: object):
    return ask(asker, Operation.DOUBTS, purpose=Purpose.IDENTITY_MANAGEMENT, **more)


async def test_each_identity_is_shown_as_it_is(
    hospitals, put, account, database: Database, doubts: Doubts, cells
) -> None:
    """Both of one person, side by side, one disclosure with all that was told, explained by the list."""
    one = await put(1, "A", LOUISE)
    two = await put(1, "B", record("MARTIN", "Louise", birth_place=BirthPlace("59009", "Villeneuve")), person=one)
    await doubts()
    asker = await account(Role.IDENTITY_CELL)
    found = (await cells.listed(cell(asker), DoubtKind.SAME_HOSPITAL)).content
    ((own, other),) = [(doubt.own, doubt.other) for doubt in found.doubts]
    assert (own.own_ipp, other.own_ipp) == (("A",), ("B",))
    assert (own.record.birth_place.cog, other.record.birth_place.cog) == ("59350", "59009")
    assert found.counts[DoubtKind.SAME_HOSPITAL] == 1 and found.looked_at is not None
    row = await database.pool.fetchrow("select * from disclosures order by disclosure_id desc limit 1")
    ((person, fields, identities),) = msgspec.json.decode(row["shown"])
    assert (row["operation"], row["purpose"], person, identities) == (Operation.DOUBTS, "PATADMIN", one, [one, two])
    assert Field.BIRTH_PLACE in Field(fields) and Field.INS not in Field(fields)
    assert row["new_unexplained"] == 0


async def test_an_ins_in_common_tells_of_the_ins(
    hospitals, put, account, database: Database, doubts: Doubts, cells
) -> None:
    """The list shows no number, and its disclosure says that the INS matched; the pair shows it."""
    one = await put(1, "A", QUALIFIED)
    other = await put(2, "B", msgspec.structs.replace(QUALIFIED, birth_family="DURAND"))
    await doubts()
    asker = await account(Role.IDENTITY_CELL)
    listed = (await cells.listed(cell(asker), DoubtKind.SAME_INS)).content
    assert listed.doubts[0].own.record.ins is None
    row = await database.pool.fetchrow("select * from disclosures order by disclosure_id desc limit 1")
    assert row["criteria_fields"] == Field.INS
    pair = (await cells.one(cell(asker), DoubtKind.SAME_INS, listed.doubts[0].place)).content
    assert pair.doubts[0].own.record.ins == pair.doubts[0].other.record.ins == INS
    assert pair.doubts[0].other.domains == ((2, "B"),)
    assert {one, other} == set(listed.doubts[0].place)


async def test_a_list_goes_on_page_by_page(hospitals, put, account, doubts: Doubts, cells) -> None:
    """Ten at a time, none twice, to the end."""
    for number in range(DOUBTS_PAGE_MAX + 3):
        await put(
            1, f"A-{number}", record(f"DARK{chr(65 + number)}", "Jeanne", attributes=(IdentityAttribute.USURPED,))
        )
    await doubts()
    asker = await account(Role.IDENTITY_CELL)
    first = (await cells.listed(cell(asker), DoubtKind.FLAGGED)).content
    assert first.following is not None
    second = (await cells.listed(cell(asker), DoubtKind.FLAGGED, first.following)).content
    places = [doubt.place for page in (first, second) for doubt in page.doubts]
    assert len(set(places)) == len(places) == DOUBTS_PAGE_MAX + 3
    assert second.following is None


async def test_a_settled_doubt_is_not_found(hospitals, put, account, database: Database, doubts: Doubts, cells) -> None:
    """Nor another hospital's; and that it is not there is recorded."""
    one, two = await put(1, "A", LOUISE), await put(1, "B", LOUISE)
    await doubts()
    asker, elsewhere = await account(Role.IDENTITY_CELL), await account(Role.IDENTITY_CELL, 2, "899700000009")
    place = (await cells.listed(cell(asker), DoubtKind.SAME_HOSPITAL)).content.doubts[0].place
    with pytest.raises(NotFound):
        await cells.one(cell(elsewhere), DoubtKind.SAME_HOSPITAL, place)
    await database.pool.execute("insert into links values ($1, $2, false, now())", one, two)
    await doubts()
    with pytest.raises(NotFound):
        await cells.one(cell(asker), DoubtKind.SAME_HOSPITAL, place)
    assert await database.pool.fetchval("select outcome from disclosures order by 1 desc limit 1") >= Outcome.NONE


async def test_only_an_identity_cell_has_the_list(account, cells) -> None:
    """A nurse, and even a desk, are refused."""
    for role in (Role.WARD_NURSE, Role.ADMISSION_CLERK):
        with pytest.raises(Forbidden):
            await cells.listed(cell(await account(role)), DoubtKind.FLAGGED)


async def test_protected_people_show_a_name_and_a_date(hospitals, put, account, doubts: Doubts, cells) -> None:
    """Protected access withholds the rest in this room too."""
    await put(1, "A", record("MARTIN", "Louise", restricted=True))
    await put(1, "B", record("MARTIN", "Louise", sex=Sex.UNKNOWN))
    await doubts()
    asker = await account(Role.IDENTITY_CELL)
    (doubt,) = (await cells.listed(cell(asker), DoubtKind.SAME_HOSPITAL)).content.doubts
    assert doubt.own.record.birth_family == "MARTIN" and doubt.own.own_ipp == ()
    assert doubt.other.own_ipp == ("B",)

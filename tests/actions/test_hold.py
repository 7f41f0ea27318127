"""The verdict in company: one account hammering three processes is shown nobody after it, through any door."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec

from beffroi.actions.house import House, open_house
from beffroi.errors import BeffroiError
from beffroi.model.account import Role
from beffroi.model.disclosure import Advice, Operation, Outcome
from beffroi.model.person import BirthPlace, IdentityStatus
from beffroi.model.search import Criteria, DateRange, IdentifierToken, Text
from beffroi.store.database import Database
from beffroi.watch.norms import NORMS
from requests_and_records import BORN, ask, louise, named, record

DAY = DateRange(BORN, BORN)
PROCESSES, STRANGERS, LIMIT = 3, 90, 12
NAMESAKES = ("Louise", "Lucie", "Lena")


@asynccontextmanager
async def several(house: House, dsn: str, clock) -> AsyncIterator[list[House]]:
    """As many gates as processes, each with a database connection of its own."""
    async with AsyncExitStack() as stack:
        houses = [house]
        for _ in range(PROCESSES - 1):
            own = await Database.open(dsn)
            stack.push_async_callback(own.close)
            houses.append(await open_house(own, clock))
            stack.push_async_callback(houses[-1].close)
        yield houses


async def test_nobody_is_shown_after_the_verdict_on_any_of_three_processes(house, put, account, database, dsn, clock):
    """Ninety questions at once over three gates and four operations: the chain holds no answer behind the verdict."""
    people = [await put(1, f"A{n}", louise(n)) for n in range(STRANGERS)]
    asker = await account(Role.WARD_DOCTOR)
    async with several(house, dsn, clock) as houses:

        async def one(number: int) -> int:
            finder = houses[number % PROCESSES].finder
            asked = (
                lambda: finder.search(ask(asker), named(number)),
                lambda: finder.read(ask(asker, Operation.READ), house.references.of(people[number])),
                lambda: finder.match(ask(asker, Operation.MATCH), named(number)),
                lambda: finder.search(ask(asker), Criteria(identifiers=(IdentifierToken("", f"A{number}"),))),
            )[number % 4]
            try:
                return len((await asked()).content.shown)
            except BeffroiError:
                return 0

        shown = sum(await asyncio.gather(*(one(number) for number in range(STRANGERS))))
    rows = await database.pool.fetch(
        "select operation, shown, request from disclosures where account_id = $1 order by running_number",
        asker.account_id,
    )
    verdicts = [n for n, row in enumerate(rows) if row["operation"] == Operation.VERDICT]
    stopping = next(n for n in verdicts if msgspec.json.decode(rows[n]["request"])["rung"] in ("ask", "mask", "hold"))
    assert 0 < shown <= LIMIT
    assert [row["shown"] for row in rows[stopping:]] == ["[]"] * (len(rows) - stopping)
    assert sum(len(msgspec.json.decode(row["shown"])) for row in rows) == shown


async def test_an_explained_patient_is_read_under_the_hold_and_the_answer_says_what_it_withholds(
    house, put, account, database
):
    """Care goes on; and the same words stand there whether or not a stranger matches."""
    for number in range(STRANGERS):
        await put(1, f"A{number}", louise(number))
    known = await put(1, "B1", record("DURAND", "Louise"), explained_h=72)
    asker = await account(Role.WARD_DOCTOR)
    for number in range(30):
        try:
            await house.finder.search(ask(asker), named(number))
        except BeffroiError:
            continue
    read = Criteria(birth_date=DAY, family=Text("DUR"), given=Text("L"))
    answer = (await house.finder.search(ask(asker), read)).content
    assert [one.person_id for one in answer.shown] == [known]
    assert set(answer.advice) & {Advice.HELD, Advice.PROVE}
    refusals = set()
    for criteria in (named(50), named(9_999)):
        try:
            await house.finder.search(ask(asker), criteria)
        except BeffroiError as error:
            refusals.add(str(error))
    assert len(refusals) == 1
    outcomes = await database.pool.fetch("select distinct outcome from disclosures where operation = 9")
    assert [row[0] for row in outcomes] == [Outcome.RECORDED]


async def test_a_desk_is_shown_its_cap_of_strangers_on_three_gates_namesakes_included(
    house, put, account, database, dsn, clock
):
    """Lists of three at once over three gates: whoever matches takes a place among those that wait for the feed."""
    cap = NORMS[Role.ADMISSION_CLERK].pending_max
    for number in range(cap * 2 // len(NAMESAKES)):
        for index, given in enumerate(NAMESAKES):
            await put(1, f"A{number}-{index}", record(f"MAR{number:04d}", given))
    asker = await account(Role.ADMISSION_CLERK)
    async with several(house, dsn, clock) as houses:

        async def one(number: int) -> int:
            try:
                return len((await houses[number % PROCESSES].finder.search(ask(asker), named(number))).content.shown)
            except BeffroiError:
                return 0

        shown = sum(await asyncio.gather(*(one(number) for number in range(cap * 2 // len(NAMESAKES)))))
    assert shown == cap
    assert await database.pool.fetchval("select count(distinct person_id) from seen") == cap


async def test_patients_whom_two_hospitals_registered_apart_leave_room_for_those_who_arrive(house, put, account):
    """One did not check her papers: not linked, and one patient all the same. A namesake born elsewhere is not."""
    cap = NORMS[Role.TRIAGE_NURSE].pending_max
    elsewhere = BirthPlace("62041", "Arras")
    for number in range(2 * cap):
        await put(1, f"A{number}", louise(number), explained_h=5)
        await put(2, f"B{number}", record(f"MAR{number:04d}", "Louise", status=IdentityStatus.PROVISIONAL))
    for number in range(900, 901 + cap):
        await put(1, f"A{number}", louise(number), explained_h=5)
        await put(2, f"B{number}", record(f"MAR{number:04d}", "Louise", birth_place=elsewhere))
    asker = await account(Role.TRIAGE_NURSE)
    for number in range(2 * cap):
        assert len((await house.finder.search(ask(asker), named(number))).content.shown) == 2
    shown = [len((await house.finder.search(ask(asker), named(n))).content.shown) for n in range(900, 901 + cap)]
    assert shown == [2] * cap + [1]

"""A held account learns nothing from how long an answer takes: the same work is done for none, one and many."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from datetime import date

import msgspec
import pytest

from beffroi.errors import CallerError
from beffroi.model.account import Role
from beffroi.model.disclosure import Operation
from beffroi.model.search import Criteria, DateRange, IdentifierToken, Text
from beffroi.watch.evidence import HOLD, Evidence
from requests_and_records import ask, record

DAY = DateRange(date(1980, 5, 17), date(1980, 5, 17))
ROUNDS = 400
"""Questions of each kind, in turns, so that whatever slows the machine slows all of them."""
TOLD_APART_MAX = 0.6
"""How often the answer with people behind it may be slower than the one with none: 0.5 is chance, 0.52 was measured."""

Asks = Callable[[Criteria], Awaitable[object]]


def named(family: str) -> Criteria:
    return Criteria(family=Text(family), given=Text("L"), birth_date=DAY)


def numbered(ipp: str, system: str) -> Criteria:
    return Criteria(identifiers=(IdentifierToken(system, ipp),))


@pytest.fixture
async def held(house, put, account, database, clock) -> Asks:
    """Asks as somebody who is held, in a region with one stranger and with three of another name."""
    asker = await account(Role.WARD_DOCTOR)
    await house.finder.search(ask(asker), named("NOBODY"))  # makes the account
    for number in range(3):
        await put(2, f"S{number}", record("STRANGER", f"L{number}"))
    await put(2, "T1", record("TELLER", "Lucie"))
    evidence = Evidence(held_s=int(clock.now().timestamp()) - 60, rung=HOLD)
    held = msgspec.json.encode(evidence).decode()

    async def asks(criteria: Criteria) -> object:
        await database.pool.execute("update account_states set evidence = $1::json", held)
        try:
            answer = (await house.finder.search(ask(asker, Operation.SEARCH), criteria)).content
        except CallerError as refused:
            return refused.text("en")
        return answer.outcome, answer.shown, answer.advice

    return asks


async def test_the_same_statements_for_none_one_and_many(held, house, database) -> None:
    """By name or by number, the database is asked the same questions whoever there is."""
    asked: list[str] = []
    for holder in database.pool._holders:
        if holder._con is not None:
            holder._con.add_query_logger(lambda one: asked.append(one.query))
    away = house.hospitals.by_id(2).oid
    for kinds in (
        [named("NOBODY"), named("TELLER"), named("STRANGER")],
        [numbered("NOBODY", away), numbered("T1", away)],
    ):
        told, statements = [], []
        for criteria in kinds:
            await held(criteria)
            asked.clear()
            told.append(await held(criteria))
            await asyncio.sleep(0)
            statements.append(list(asked))
        assert statements[0] and all(one == statements[0] for one in statements)
        assert len(set(told)) == 1


@pytest.mark.long
async def test_the_same_time_for_none_one_and_many(held, house) -> None:
    """Of some hundred answers of each kind, in turns, none is told from another by how long it took."""
    away, order = house.hospitals.by_id(2).oid, random.Random(1)
    for kinds in (
        {"none": named("NOBODY"), "one": named("TELLER"), "many": named("STRANGER")},
        {"none": numbered("NOBODY", away), "one": numbered("T1", away)},
    ):
        taken: dict[str, list[float]] = {kind: [] for kind in kinds}
        for _ in range(ROUNDS):
            for kind in order.sample(sorted(kinds), len(kinds)):
                started_s = time.perf_counter()
                await held(kinds[kind])
                taken[kind].append(time.perf_counter() - started_s)
        for kind, times in taken.items():
            slower = sum(one > other for one in times for other in taken["none"]) / ROUNDS**2
            assert abs(slower - 0.5) <= TOLD_APART_MAX - 0.5, (kind, slower)

"""What several accounts do by one network, seen by the worker and felt by the next account."""

from datetime import timedelta

import pytest

from beffroi.actions.federate import Federation
from beffroi.errors import NotAuthenticated
from beffroi.model.account import Role
from beffroi.store.database import ROLE_WORKER, Database
from beffroi.store.suspicions import SuspicionStore
from requests_and_records import ask, louise, named


async def reads_until_stopped(house, asker, first: int) -> int:
    """Strangers read, each by their name, before one is withheld."""
    for shown in range(40):
        try:
            await house.finder.search(ask(asker), named(first + shown))
        except NotAuthenticated:
            return shown
    raise AssertionError("never stopped")


@pytest.fixture
async def federation(dsn_of, clock):
    opened = await Database.open(dsn_of(ROLE_WORKER))
    yield Federation(SuspicionStore(opened), clock)
    await opened.close()


async def test_the_third_account_by_one_network_is_stopped_sooner(house, put, account, federation, clock):
    """Two thieves by one network shorten what the third needs; an account elsewhere is judged as ever."""
    for number in range(120):
        await put(1, f"A{number}", louise(number))
    shown = []
    for index in range(3):
        asker = await account(Role.ON_CALL_DOCTOR, subject=f"thief-{index}")
        shown.append(await reads_until_stopped(house, asker, 40 * index))
        found = await federation.round()
        await house.surroundings.look()
        clock.advance(timedelta(seconds=1))
    assert shown[0] == shown[1] > shown[2] >= 1
    assert ("network", "192.0.2.0/24") in found
    assert ("structure", "1") in found
    assert {kind for kind, _ in found} == {"device", "network", "structure", "neighbourhood"}


async def test_what_nobody_renews_is_forgotten(house, put, account, federation, clock, database):
    """A minute without a worker, and a day without the accounts."""
    for index in range(2):
        for number in range(20):
            await put(1, f"B{index}-{number}", louise(40 * index + number))
        await reads_until_stopped(house, await account(Role.ON_CALL_DOCTOR, subject=f"thief-{index}"), 40 * index)
    assert await federation.round()
    clock.advance(timedelta(days=2))
    assert await federation.round() == {}
    assert await database.pool.fetchval("select count(*) from suspicions") == 0

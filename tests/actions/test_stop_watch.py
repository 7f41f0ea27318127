"""What one process knows of containments between two questions: told once, in time, and of no wide one."""

import asyncio
from datetime import timedelta

import pytest

from beffroi.actions.contain import Containing, Order
from beffroi.actions.stop_watch import POLL_S, StopWatch, watching_stops
from beffroi.model.account import AccountId
from beffroi.model.containment import ContainmentKind
from beffroi.store.database import ROLE_FEED, ROLE_WEB, Database

KEY = bytes(32)


@pytest.fixture
async def desk(dsn_of, clock, hospitals):
    async with await Database.open(dsn_of(ROLE_WEB)) as database:
        yield Containing(database, clock)


@pytest.fixture
async def feed(dsn_of):
    async with await Database.open(dsn_of(ROLE_FEED), size=2) as database:
        yield database


async def test_each_containment_is_told_once(desk, feed, clock):
    """While it is in force; the next one of the same target is told again."""
    watch, told = StopWatch(feed, clock), []
    watch.subscribe(told.append)
    made = await desk.contain(Order(ContainmentKind.DEVICE, KEY.hex(), "stolen", "operator:a"))
    for _ in range(3):
        await watch.look()
    assert [stop.target for stop in told] == [KEY.hex()]
    assert watch.closing(AccountId(1), "dpi", KEY) == told[0] and watch.closing(AccountId(1), "dpi", b"1" * 32) is None
    await desk.release(made.containment_id, "operator:a", "found again")
    await watch.look()
    assert watch.closing(AccountId(1), "dpi", KEY) is None
    await desk.contain(Order(ContainmentKind.DEVICE, KEY.hex(), "stolen", "operator:a"))
    await watch.look()
    assert len(told) == 2


async def test_a_wide_one_closes_no_connection(desk, feed, clock):
    """A feed from a contained network goes on; an application that is stopped is named by its client id."""
    watch = StopWatch(feed, clock)
    made = await desk.contain(Order(ContainmentKind.NETWORK, "192.0.2.0/24", "stolen", "operator:a"))
    await desk.confirm(made.containment_id, "operator:b")
    await desk.contain(Order(ContainmentKind.APPLICATION, "dpi", "stolen", "operator:a"))
    await watch.look()
    assert watch.closing(AccountId(1), "gam", KEY) is None
    stop = watch.closing(AccountId(1), "dpi", KEY)
    assert stop is not None and stop.kind is ContainmentKind.APPLICATION
    clock.advance(timedelta(days=2))
    await watch.look()


async def test_it_looks_by_itself_and_survives_the_database(desk, dsn_of, clock):
    """Told within its poll; a connection that dies is replaced."""
    told: list[object] = []
    async with await Database.open(dsn_of(ROLE_FEED), size=2) as own, watching_stops(own, clock) as watch:
        watch.subscribe(told.append)
        await asyncio.sleep(2 * POLL_S)
        others = "usename = current_user and datname = current_database() and pid <> pg_backend_pid()"
        await own.pool.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where {others}")
        await desk.contain(Order(ContainmentKind.APPLICATION, "dpi", "stolen", "operator:a"))
        async with asyncio.timeout(5):
            while not told:
                await asyncio.sleep(0.05)

"""Connections kept at hand: shared, never lost, never handed out broken."""

import asyncio
from collections.abc import Callable

import asyncpg
import pytest

from beffroi.store.database import Database
from beffroi.store.embedded import SUPERUSER


async def test_many_readers_share_few_connections(dsn: str) -> None:
    """Fifty look-ups over two connections all get their rows."""
    async with await Database.open(dsn, size=4) as database:
        rows = await asyncio.gather(*(database.readers.fetch("select $1::int", n) for n in range(50)))
        assert [row[0][0] for row in rows] == list(range(50))


async def test_nobody_is_overtaken(dsn: str) -> None:
    """Whoever waits is served before those who come later, however often these come back."""
    async with await Database.open(dsn, size=3) as database:
        served: list[int] = []

        async def reader(number: int) -> None:
            for _ in range(3):
                await database.readers.fetch("select 1")
                served.append(number)

        await asyncio.gather(*(reader(number) for number in range(5)))
        assert served == list(range(5)) * 3


async def test_without_connections_of_their_own(dsn: str) -> None:
    """A pool too small to spare any is asked itself."""
    async with await Database.open(dsn, size=1) as database:
        assert await database.readers.fetch("select 1") == [(1,)]


async def test_a_wrong_statement_harms_nobody(dsn: str) -> None:
    """An error goes to its caller, and the next look-up works."""
    async with await Database.open(dsn, size=3) as database:
        with pytest.raises(asyncpg.PostgresError):
            await database.readers.fetch("select 1/0")
        assert await database.readers.fetch("select 1") == [(1,)]


async def test_a_look_up_that_is_given_up(dsn: str) -> None:
    """Cancelled while it runs or while it waits: whoever comes next is served."""
    async with await Database.open(dsn, size=3) as database:
        running = asyncio.create_task(database.readers.fetch("select pg_sleep(30)"))
        waiting = [asyncio.create_task(database.readers.fetch("select 2")) for _ in range(3)]
        await asyncio.sleep(0.1)
        waiting[0].cancel()
        running.cancel()
        async with asyncio.timeout(5):
            assert await waiting[1] == await waiting[2] == [(2,)]
        assert waiting[0].cancelled() or waiting[0].done()


async def test_connections_that_the_server_closed(dsn: str, dsn_of: Callable[[str], str]) -> None:
    """After the server ended them, the next look-ups find new ones."""
    async with await Database.open(dsn, size=4) as database:
        await asyncio.gather(*(database.readers.fetch("select pg_sleep(0.05)") for _ in range(2)))
        ended = (
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
        async with await Database.open(dsn_of(SUPERUSER), size=1) as operator:
            await operator.pool.fetch(ended)
        await asyncio.sleep(0.1)
        assert await asyncio.gather(*(database.readers.fetch("select 3") for _ in range(4))) == [[(3,)]] * 4


async def test_closing_gives_everything_back(dsn: str) -> None:
    """A database closes although look-ups kept connections."""
    database = await Database.open(dsn, size=4)
    await asyncio.gather(*(database.readers.fetch("select 1") for _ in range(4)))
    async with asyncio.timeout(5):
        await database.close()

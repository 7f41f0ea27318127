"""Migrations: applied once, in order, never changed, by one runner at a time, while an older program serves."""

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest

from beffroi.errors import OperatorError
from beffroi.store import migrate as runner
from beffroi.store.database import ROLE_OWNER, ROLE_WEB, Database
from beffroi.store.migrate import Migration, load_migrations, migrate, parse_migration, pending, plan
from conftest import DatabaseServer


def step(number: int, text: str = "select 1;") -> Migration:
    """A small migration."""
    return parse_migration(f"{number:04d}_step.sql", text.encode())


@pytest.fixture
def empty(database_server: DatabaseServer) -> Iterator[str]:
    """The owner's address of a database that was never migrated."""
    name = database_server.create(template="template0")
    yield database_server.dsn(ROLE_OWNER, name)
    database_server.drop(name)


async def names(dsn: str) -> list[str]:
    """What a database says was applied."""
    connection = await asyncpg.connect(dsn)
    try:
        return [row["name"] for row in await connection.fetch("select name from migrations order by number")]
    finally:
        await connection.close()


async def test_the_plan_changes_nothing_and_the_migration_applies_it(empty: str) -> None:
    """`plan` lists what `migrate` then applies, and both find nothing to do afterwards."""
    everything = load_migrations()
    assert await plan(empty) == everything
    assert await plan(empty) == everything
    assert await migrate(empty) == everything
    assert (await plan(empty), await migrate(empty)) == ([], [])
    assert await names(empty) == [m.name for m in everything]


async def test_runners_at_once_apply_each_file_once(empty: str) -> None:
    """Of four runners one does the work; the others wait and find nothing left."""
    applied = await asyncio.gather(*(migrate(empty) for _ in range(4)))
    assert sorted(map(len, applied)) == [0, 0, 0, len(load_migrations())]


async def test_a_changed_file_is_refused(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that differs from what was applied stops `plan` and `migrate`, and is named."""
    known = load_migrations()
    changed = [parse_migration("0001_ground.sql", b"select 'another';"), *known[1:]]
    monkeypatch.setattr(runner, "load_migrations", lambda: changed)
    for act in (plan, migrate):
        with pytest.raises(OperatorError, match="0001_ground differs"):
            await act(dsn)


async def test_an_older_program_finds_nothing_to_do(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that knows fewer migrations than the database starts, and still serves."""
    known = load_migrations()
    monkeypatch.setattr(runner, "load_migrations", lambda: known[:1])
    assert (await plan(dsn), await migrate(dsn)) == ([], [])


async def test_a_failed_migration_leaves_nothing(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that fails in its middle changes nothing and is still pending; those before it stay."""
    known = load_migrations()
    good = step(len(known) + 1, "create table one (x integer);")
    bad = step(len(known) + 2, "create table two (x integer); select 1/0;")
    monkeypatch.setattr(runner, "load_migrations", lambda: [*known, good, bad])
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(dsn)
    connection = await asyncpg.connect(dsn)
    assert await connection.fetchval("select to_regclass('one') is not null and to_regclass('two') is null")
    await connection.close()
    assert await plan(dsn) == [bad]


async def test_a_migration_does_not_queue_in_front_of_those_who_serve(
    dsn: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a reader holds a table, the migration gives up its place each time, and goes through once it may."""
    known = load_migrations()
    monkeypatch.setattr(
        runner, "load_migrations", lambda: [*known, step(len(known) + 1, "alter table feeds add x text;")]
    )
    monkeypatch.setattr(runner, "LOCK_TIMEOUT_MS", 50)
    monkeypatch.setattr(runner, "LOCK_PAUSE_S", 0.05)
    async with database.pool.acquire() as reader, reader.transaction():
        await reader.fetch("select from feeds")
        migrating = asyncio.create_task(migrate(dsn))
        await asyncio.sleep(0.2)
        assert not migrating.done()
        async with asyncio.timeout(1):
            assert await database.pool.fetch("select from feeds") == []
    assert [m.name for m in await migrating] == ["step"]


async def test_a_migration_that_cannot_lock_says_so(
    dsn: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the last attempt it fails in words, with nothing applied."""
    known = load_migrations()
    monkeypatch.setattr(
        runner, "load_migrations", lambda: [*known, step(len(known) + 1, "alter table feeds add x text;")]
    )
    monkeypatch.setattr(runner, "LOCK_TIMEOUT_MS", 20)
    monkeypatch.setattr(runner, "LOCK_PAUSE_S", 0.0)
    async with database.pool.acquire() as reader, reader.transaction():
        await reader.fetch("select from feeds")
        with pytest.raises(OperatorError, match="could not lock"):
            await migrate(dsn)
    assert len(await plan(dsn)) == 1


async def test_the_web_role_cannot_migrate(dsn_of, empty: str) -> None:  # type: ignore[no-untyped-def]
    """Only the owner changes the schema; the others may look at the plan."""
    connection = await asyncpg.connect(dsn_of(ROLE_WEB))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("create table mine (x integer)")
    await connection.close()
    assert await plan(dsn_of(ROLE_WEB)) == []


def test_an_unreachable_database_is_told_in_words() -> None:
    """The message names the kind of failure and nothing of the address."""
    with pytest.raises(OperatorError) as caught:
        asyncio.run(migrate("postgresql://someone:secret@/nowhere?host=/nonexistent"))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("file_name", ["1_ground.sql", "0001-ground.sql", "0001_Ground.sql", "ground.sql"])
def test_a_file_is_named_by_number(file_name: str) -> None:
    """Other names are refused, not skipped."""
    with pytest.raises(ValueError):
        parse_migration(file_name, b"select 1;")


def test_a_hole_below_an_applied_migration_is_refused() -> None:
    """Two branches that were merged in the wrong order do not slip in behind."""
    with pytest.raises(OperatorError, match="0001 is missing"):
        pending([step(1), step(2)], {2: step(2).sha256})

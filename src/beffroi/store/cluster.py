"""What a server needs before the first migration: the roles that log in, and a database of the owner's."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import asyncpg

from beffroi.store.database import ROLE_OWNER, ROLES, connect, load_queries

T = TypeVar("T")

_SQL = load_queries("cluster")


def apart(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """The result of a coroutine, run in a thread of its own, whether or not the caller already has a running loop."""
    results: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(asyncio.run(work()))
        except BaseException as failure:  # handed to the caller below
            failures.append(failure)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]


async def ensure_cluster(superuser_dsn: str, database: str | None) -> None:
    """Creates the missing roles, and the database when one is named. Safe to repeat, and to run twice at once."""
    connection = await connect(superuser_dsn)
    try:
        present = {row["rolname"] for row in await connection.fetch(_SQL["list_roles"])}
        for role in (role for role in ROLES if role not in present):
            try:
                await connection.execute(f"create role {role} login")
            except (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
                continue
        if database and not await connection.fetchval(_SQL["has_database"], database):
            try:
                await connection.execute(f'create database "{database}" owner {ROLE_OWNER}')
            except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                pass
    finally:
        await connection.close()


async def drop_database(superuser_dsn: str, database: str) -> None:
    """Drops a database with all that it holds, whoever is connected to it; nothing when there is none."""
    connection = await connect(superuser_dsn)
    try:
        await connection.execute(f'drop database if exists "{database}" with (force)')
    finally:
        await connection.close()

"""Doing something on one machine at a time, whoever else's worker is at it: a lock that ends with its connection."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from beffroi.store.database import load_queries

Connection = asyncpg.pool.PoolConnectionProxy


@asynccontextmanager
async def alone(pool: asyncpg.Pool, lock: int) -> AsyncIterator[Connection | None]:
    """A connection that holds the lock until the block ends; None when another one does."""
    sql = load_queries("alone")
    async with pool.acquire() as connection:
        if not await connection.fetchval(sql["try_lock"], lock):
            yield None
            return
        try:
            yield connection
        finally:
            if not connection.is_closed():
                await connection.fetchval(sql["unlock"], lock)

"""Deleting what has served its time, a bounded batch a transaction, by one worker at a time."""

from datetime import datetime

from beffroi.store.database import Database, load_queries

ADVISORY_LOCK = 0x6265666672_686B  # "beffr", "hk": one worker keeps house
ROWS_PER_BATCH_MAX = 5_000
"""Rows. Some 20 ms of one transaction, so that nobody waits for it and little is done again after a crash."""


class HousekeepingStore:
    """The worker's deletions. Each answers how many rows went, None when another worker keeps house."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("housekeeping")

    async def delete_proofs(self, before_minute: int) -> int | None:
        """DPoP proofs of minutes (since 1970) before this one."""
        return await self._delete("delete_proofs", before_minute)

    async def delete_feed_messages(self, before: datetime) -> int | None:
        """Keys of feed messages applied before this time."""
        return await self._delete("delete_feed_messages", before)

    async def delete_sessions(self, before: datetime) -> int | None:
        """The console's sessions that ended before this time."""
        return await self._delete("delete_sessions", before)

    async def _delete(self, query: str, before: int | datetime) -> int | None:
        async with self._pool.acquire() as connection, connection.transaction():
            if not await connection.fetchval(self._sql["try_lock"], ADVISORY_LOCK):
                return None
            done = await connection.execute(self._sql[query], before, ROWS_PER_BATCH_MAX)
            return int(done.rpartition(" ")[2])

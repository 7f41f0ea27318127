"""Deleting what has served its time, a bounded batch a transaction, by one worker at a time."""

from dataclasses import dataclass
from datetime import datetime

from beffroi.store.database import Database, load_queries

ADVISORY_LOCK = 0x6265666672_686B  # "beffr", "hk": one worker keeps house
ROWS_PER_BATCH_MAX = 5_000
"""Rows. Some 20 ms of one transaction, so that nobody waits for it and little is done again after a crash."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What a batch did. `last`: the highest disclosure looked at, None without any. `young`: some are not due."""

    last: int | None
    count: int
    young: bool


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

    async def delete_feed_events(self, before: datetime) -> int | None:
        """Events of the feed before this time."""
        return await self._delete("delete_feed_events", before)

    async def delete_sessions(self, before: datetime) -> int | None:
        """The console's sessions that ended before this time."""
        return await self._delete("delete_sessions", before)

    async def forget_evidence(self, before: datetime) -> int | None:
        """What the watch remembers of accounts that asked nothing since then; how many that are."""
        async with self._pool.acquire() as connection, connection.transaction():
            if not await connection.fetchval(self._sql["try_lock"], ADVISORY_LOCK):
                return None
            return int(await connection.fetchval(self._sql["forget_evidence"], before, ROWS_PER_BATCH_MAX))

    async def erase(self, before: datetime, above: int) -> Erased | None:
        """Erases what is due among the next disclosures above a number; None when another worker keeps house."""
        async with self._pool.acquire() as connection, connection.transaction():
            if not await connection.fetchval(self._sql["try_lock"], ADVISORY_LOCK):
                return None
            row = await connection.fetchrow(self._sql["erase"], before, above, ROWS_PER_BATCH_MAX)
            assert row is not None
            return Erased(row["last_number"], row["erased"], row["young"])

    async def _delete(self, query: str, before: int | datetime) -> int | None:
        async with self._pool.acquire() as connection, connection.transaction():
            if not await connection.fetchval(self._sql["try_lock"], ADVISORY_LOCK):
                return None
            done = await connection.execute(self._sql[query], before, ROWS_PER_BATCH_MAX)
            return int(done.rpartition(" ")[2])

"""Can this deployment serve? The database answers, its migrations are ours, and the gate's role can commit a row."""

import asyncio
from dataclasses import dataclass

import asyncpg

from beffroi.store.database import Database, load_queries
from beffroi.store.migrate import Migration, pending

CHECK_S_MAX = 3.0
"""Seconds. A load balancer asks every few seconds and gives up after some."""


@dataclass(frozen=True, slots=True)
class Health:
    """`error` is the class of the exception that ended the check, if one did."""

    reachable: bool = False
    migrated: bool = False
    writable: bool = False
    error: str = ""

    @property
    def ready(self) -> bool:
        """All three."""
        return self.reachable and self.migrated and self.writable


class HealthStore:
    """Asks the database, as the web role. A check never raises."""

    def __init__(self, database: Database, known: list[Migration]) -> None:
        self._pool = database.pool
        self._known = known
        self._sql = load_queries("health")

    async def check(self, digest: bytes) -> Health:
        """What holds now. `digest`: 16 fresh random bytes, for the row that is committed."""
        reachable = migrated = False
        try:
            async with asyncio.timeout(CHECK_S_MAX), self._pool.acquire() as connection:
                rows = await connection.fetch(self._sql["list_applied"])
                reachable = True
                applied = {row["number"]: row["sha256"] for row in rows}
                migrated = not pending(self._known, applied)
                await connection.execute(self._sql["write_nothing_of_note"], digest)
        except Exception as error:  # whatever it is, the answer is "not ready", with its class
            reachable = reachable or isinstance(error, asyncpg.PostgresError)
            return Health(reachable, migrated, False, type(error).__name__)
        return Health(reachable, migrated, True)

"""Canaries: fictitious identities under numbers that nobody has. Needs the owner's role."""

from datetime import datetime

import asyncpg

from beffroi.store.database import Database, load_queries


class CanaryStore:
    """The statements about canaries."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("canaries")

    async def plant(self, hospital: int, ipp: str, record: str, now: datetime) -> int | None:
        """The new canary's number; None when the identifier is somebody's. `record` is JSON (model.person.Record)."""
        async with self._pool.acquire() as connection, connection.transaction():
            number: int | None = await connection.fetchval(self._sql["plant_identity"], hospital, ipp, record, now)
            if number is not None:
                await connection.execute(self._sql["plant"], number, now)
            return number

    async def planted(self) -> list[asyncpg.Record]:
        """Every canary: person_id, hospital_id, ipp, made_at, retired_at, shown_count."""
        return list(await self._pool.fetch(self._sql["planted"]))

    async def retire(self, number: int, now: datetime) -> bool:
        """Ends one; False when there is none that stands."""
        return await self._pool.fetchval(self._sql["retire"], number, now) is not None

"""What several accounts do by the same channels: read and written by the worker, without a patient in sight."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import asyncpg

from beffroi.store.database import Database, load_queries
from beffroi.watch.federated import Channel, Standing


class SuspicionStore:
    """The statements about suspicions."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("suspicions")

    async def standings(self, since: datetime) -> list[Standing]:
        """Accounts under suspicion that asked since then."""
        rows = await self._pool.fetch(self._sql["standings"], since)
        return [Standing(row["account_id"], row["score"], _channels(row)) for row in rows]

    async def users(self, devices: Sequence[str]) -> dict[str, int]:
        """Accounts by device."""
        if not devices:
            return {}
        rows = await self._pool.fetch(self._sql["device_users"], devices)
        return {row["device"]: row["users_count"] for row in rows}

    async def replace(self, found: Mapping[Channel, int], now: datetime, until: datetime) -> None:
        """Writes what counts until then, and forgets what does no longer."""
        if found:
            kinds, keys = zip(*found, strict=True)
            await self._pool.execute(self._sql["replace_suspicions"], kinds, keys, list(found.values()), until)
        await self._pool.execute(self._sql["forget_suspicions"], now)


def _channels(row: asyncpg.Record) -> tuple[Channel, ...]:
    named = (
        ("device", row["device"]),
        ("network", row["network"]),
        ("structure", row["structure_id"]),
        ("neighbourhood", row["neighbourhood"]),
    )
    return tuple((kind, str(key)) for kind, key in named if key)

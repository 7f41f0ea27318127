"""What the feed over FHIR asks of the store besides the feed itself: a version, and a proof that serves once."""

from datetime import datetime

from beffroi.model.person import HospitalId
from beffroi.store.database import Database, load_queries


class FeedVersions:
    """Under the feed's own role."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("feed_versions")
        self._burn = load_queries("presence")["burn"]

    async def of(self, hospital_id: HospitalId, ipp: str) -> datetime | None:
        """When the record of an identity that was not removed last changed; None when there is none."""
        found: datetime | None = await self._pool.fetchval(self._sql["version"], hospital_id, ipp)
        return found

    async def burn(self, minute: int, digest: bytes) -> bool:
        """False for a proof that was used before."""
        return await self._pool.fetchval(self._burn, minute, digest) is not None

"""The console's sessions as the database keeps them: digests of cookies, and tokens that it cannot read."""

from dataclasses import dataclass
from datetime import datetime

from beffroi.model.account import AccountId
from beffroi.store.database import Database, load_queries


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session that lasts. `frozen`: its account is stopped."""

    account_id: AccountId
    sealed: bytes
    signed_in_at: datetime
    seen_at: datetime
    ends_at: datetime
    frozen: bool


class SessionStore:
    """The statements about sessions."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._readers = database.readers
        self._sql = load_queries("sessions")

    async def open(self, digest: bytes, account: AccountId, sealed: bytes, now: datetime, ends_at: datetime) -> None:
        """A new session."""
        await self._pool.execute(self._sql["open_session"], digest, account, sealed, now, ends_at)

    async def find(self, digest: bytes, now: datetime, seen_since: datetime) -> StoredSession | None:
        """The session, unless it has ended or was not used since `seen_since`."""
        rows = await self._readers.fetch(self._sql["find_session"], digest, now, seen_since)
        if not rows:
            return None
        row = rows[0]
        return StoredSession(
            AccountId(row["account_id"]),
            row["sealed"],
            row["signed_in_at"],
            row["seen_at"],
            row["ends_at"],
            row["frozen"],
        )

    async def touch(self, digest: bytes, now: datetime) -> None:
        """It is in use."""
        await self._pool.execute(self._sql["touch_session"], digest, now)

    async def renew(self, digest: bytes, sealed: bytes) -> None:
        """It has other tokens."""
        await self._pool.execute(self._sql["renew_session"], digest, sealed)

    async def close(self, digest: bytes) -> None:
        """It is over."""
        await self._pool.execute(self._sql["close_session"], digest)

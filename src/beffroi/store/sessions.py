"""The console's sessions as the database keeps them: digests of cookies, and tokens that it cannot read."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from beffroi.model.account import AccountId
from beffroi.model.containment import ContainmentId, ContainmentKind, EndedSession, Stop
from beffroi.store.database import Database, load_queries

_decode_ended = msgspec.json.Decoder(list[tuple[str, int]]).decode


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session that lasts. `frozen`: its account, or the one with its person's evidence, is stopped; `devices`: those
    that are; `ended`: sessions of the account that its issuer ended; `bound_at` None: no browser has bound it to a key.
    """

    account_id: AccountId
    sealed: bytes
    signed_in_at: datetime
    seen_at: datetime
    ends_at: datetime
    frozen: bool
    bound_at: datetime | None = None
    unproved_at: datetime | None = None
    devices: tuple[Stop, ...] = ()
    ended: tuple[EndedSession, ...] = ()


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
        account = AccountId(row["account_id"])
        return StoredSession(
            account,
            row["sealed"],
            row["signed_in_at"],
            row["seen_at"],
            row["ends_at"],
            row["frozen"],
            row["bound_at"],
            row["unproved_at"],
            tuple(Stop(ContainmentId(0), ContainmentKind.DEVICE, device) for device in row["devices"]),
            tuple(EndedSession(account, name, until_s) for name, until_s in _decode_ended(row["ended"])),
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

    async def bind(self, digest: bytes, key: str, now: datetime, made_at: datetime) -> AccountId | None:
        """Binds it to its device's key, by a challenge made then: whose it is; None when it has one, or is over."""
        found: AccountId | None = await self._pool.fetchval(self._sql["bind_session"], digest, key, now, made_at)
        return found

    async def device_key(self, digest: bytes, now: datetime, seen_since: datetime) -> str | None:
        """The key of a bound session; None when it is over, or not bound."""
        found: str | None = await self._pool.fetchval(self._sql["device_key"], digest, now, seen_since)
        return found

    async def answer(self, digest: bytes, made_at: datetime) -> bool:
        """Whether a challenge made then was answered for the first time, and no newer one before it."""
        return await self._pool.fetchval(self._sql["answer_challenge"], digest, made_at) is not None

    async def note_unproved(self, digest: bytes, now: datetime) -> None:
        """It came without its device's key."""
        await self._pool.execute(self._sql["note_unproved"], digest, now)

"""Security keys, one-time codes, and whose accounts are whose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from beffroi.model.account import AccountId
from beffroi.model.containment import EndedSession
from beffroi.store.database import Database, load_queries

Connection = asyncpg.pool.PoolConnectionProxy


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key that was not revoked. `granted_by`: who had its owner in front of them."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    enrolled_at: datetime
    granted_by: str
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class PersonRow:
    """An account, the account that holds its person's evidence, and for which hospital they last asked."""

    account_id: int
    holder: int
    structure_id: int | None


class PresenceStore:
    """The statements about keys and codes. Those that take a connection belong to their caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("presence")

    async def people(self, accounts: Sequence[int], connection: Connection | None = None) -> dict[int, PersonRow]:
        """Of each account that exists, whose it is."""
        rows = await (connection or self._pool).fetch(self._sql["people"], accounts)
        return {row["account_id"]: PersonRow(row["account_id"], row["holder"], row["structure_id"]) for row in rows}

    async def join(self, connection: Connection, holder: int, joining: int) -> None:
        """Another person's accounts are this one's. Needs the owner's role."""
        await connection.execute(self._sql["join"], holder, joining)

    async def ended(self, connection: Connection, account_id: AccountId) -> list[EndedSession]:
        """Sessions of an account that its issuer ended."""
        rows = await connection.fetch(self._sql["ended"], account_id)
        return [EndedSession(account_id, row["session"], int(row["ended_at"].timestamp())) for row in rows]

    async def named(self, issuer: str | None, subject: str) -> int | None:
        """A person's account; None when there is none, or more than one."""
        rows = await self._pool.fetch(self._sql["named"], issuer, subject)
        return rows[0][0] if len(rows) == 1 else None

    async def issuer_of(self, account_id: int) -> str | None:
        """Who vouches for an account."""
        found: str | None = await self._pool.fetchval(self._sql["issuer_of"], account_id)
        return found

    async def burn(self, minute: int, digest: bytes, connection: Connection | None = None) -> bool:
        """Whether this was never used before; remembered until some time after `minute`."""
        return await (connection or self._pool).fetchval(self._sql["burn"], minute, digest) is not None

    async def add_code(
        self,
        connection: Connection,
        digest: bytes,
        kind: str,
        account_id: int,
        by: str,
        span: tuple[datetime, datetime],
    ) -> None:
        """A code for one use, from now until then."""
        await connection.execute(self._sql["add_code"], digest, kind, account_id, by, *span)

    async def codes_since(self, connection: Connection, kind: str, account_id: int, since: datetime) -> int:
        """How many were made for an account."""
        return int(await connection.fetchval(self._sql["codes_since"], kind, account_id, since))

    async def code(self, digest: bytes, kind: str, now: datetime) -> tuple[int, str] | None:
        """For which account, and by whom, a code that serves still was made."""
        row = await self._pool.fetchrow(self._sql["code"], digest, kind, now)
        return (row["account_id"], row["made_by"]) if row else None

    async def use_code(
        self, connection: Connection, digest: bytes, kind: str, account_id: int, now: datetime
    ) -> str | None:
        """Uses it: by whom it was made; None when it does not serve."""
        found: str | None = await connection.fetchval(self._sql["use_code"], digest, kind, account_id, now)
        return found

    async def add_key(
        self, connection: Connection, account_id: int, key: tuple[bytes, bytes, int], now: datetime, granted_by: str
    ) -> bool:
        """Enrols (credential, public key, counter); False when that key is enrolled already."""
        credential, public_key, count = key
        arguments = (credential, account_id, public_key, count, now, granted_by)
        return await connection.fetchval(self._sql["add_key"], *arguments) is not None

    async def keys(self, account_id: int, connection: Connection | None = None) -> list[KeyRow]:
        """An account's keys, the oldest first."""
        return [KeyRow(*row) for row in await (connection or self._pool).fetch(self._sql["keys"], account_id)]

    async def key(self, connection: Connection, account_id: int, credential_id: bytes) -> KeyRow | None:
        """One of them, locked."""
        row = await connection.fetchrow(self._sql["key"], account_id, credential_id)
        return KeyRow(*row) if row else None

    async def use_key(self, connection: Connection, credential_id: bytes, sign_count: int, now: datetime) -> None:
        """It was used."""
        await connection.execute(self._sql["use_key"], credential_id, sign_count, now)

    async def revoke_key(
        self, connection: Connection, account_id: int, credential_id: bytes, now: datetime, by: str
    ) -> bool:
        """From now on it proves nothing; False when the account has no such key."""
        arguments = (account_id, credential_id, now, by)
        return await connection.fetchval(self._sql["revoke_key"], *arguments) is not None

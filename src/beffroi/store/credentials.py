"""Certificates and loopback facilities, and the application accounts that they stand for."""

from dataclasses import dataclass

import asyncpg

from beffroi.access.professional import Grant
from beffroi.model.account import AccountId, Role
from beffroi.model.person import HospitalId
from beffroi.store.database import Database, load_queries

_ROLES = frozenset(role.value for role in Role)


@dataclass(frozen=True, slots=True)
class StoredCredential:
    """What a credential stands for as the registers have it, expired grants included."""

    account_id: AccountId
    subject: str
    frozen: bool
    hospital_id: HospitalId
    may_feed: bool
    may_query: bool
    grants: tuple[Grant, ...]


class CredentialStore:
    """The look-up of credentials."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("credentials")
        self._create_state = load_queries("accounts")["create_state"]

    async def find(self, credential: str) -> StoredCredential | None:
        """What a credential stands for, its account's row in the gate made if needed; None for an unknown one."""
        return await self._found(await self._pool.fetch(self._sql["find_credential"], credential))

    async def find_client(self, account_id: AccountId, hospital_id: HospitalId) -> StoredCredential | None:
        """What an application may do by its tokens for a hospital."""
        return await self._found(await self._pool.fetch(self._sql["find_client"], account_id, hospital_id))

    async def _found(self, rows: list[asyncpg.Record]) -> StoredCredential | None:
        if not rows:
            return None
        first = rows[0]
        if not first["has_state"]:
            await self._pool.execute(self._create_state, first["account_id"])
        hospital_id = HospitalId(first["hospital_id"])
        grants = tuple(
            Grant(hospital_id, Role(row["role"]), row["expires_at"]) for row in rows if row["role"] in _ROLES
        )
        return StoredCredential(
            AccountId(first["account_id"]),
            first["subject"],
            first["frozen"],
            hospital_id,
            first["may_feed"],
            first["may_query"],
            grants,
        )

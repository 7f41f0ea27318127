"""Roles that wait for a second person. What is written belongs to the transaction of the events that record it."""

from datetime import datetime

from beffroi.model.account import AccountId, Role
from beffroi.model.person import HospitalId
from beffroi.model.role_request import RoleRequest, Wanted
from beffroi.store.database import Database, Row, load_queries
from beffroi.store.events import Connection

REQUESTS_MAX = 100


class RoleStore:
    """The statements about requests for roles."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._readers = database.readers
        self._sql = load_queries("roles")
        self._grant = load_queries("accounts")["grant_role"]

    async def ask(self, connection: Connection, wanted: Wanted, by: str, now: datetime, *, at_machine: bool) -> int:
        """A new request; its number."""
        query = self._sql["ask_at_machine" if at_machine else "ask_for_role"]
        values = (wanted.account_id, wanted.hospital_id, wanted.role.value, wanted.until, wanted.reason, by, now)
        return int(await connection.fetchval(query, *values))

    async def listed(self, since: datetime) -> list[RoleRequest]:
        """What waits and was asked since then."""
        rows = await self._readers.fetch(self._sql["open_role_requests"], since, REQUESTS_MAX)
        return [_request(row) for row in rows]

    async def one(self, number: int, since: datetime) -> RoleRequest | None:
        """One of them."""
        row = await self._pool.fetchrow(self._sql["role_request"], number, since)
        return None if row is None else _request(row)

    async def agree(self, connection: Connection, number: int, operator: AccountId) -> bool:
        """A server's way: gives it when the database agrees."""
        return bool(await connection.fetchval(self._sql["agree_to_role"], number, operator))

    async def give(self, connection: Connection, request: RoleRequest, by: str, now: datetime) -> bool:
        """The owner's way; False when it waits no more."""
        if await connection.fetchval(self._sql["give_role"], request.number, by, now) is None:
            return False
        wanted = request.wanted
        both = f"{request.asked_by}, {by}"
        await connection.execute(
            self._grant, wanted.account_id, wanted.hospital_id, wanted.role.value, both, wanted.until
        )
        return True

    async def withdraw(self, connection: Connection, number: int, by: str, now: datetime) -> bool:
        """Nothing comes of it; False when it waits no more."""
        return await connection.fetchval(self._sql["withdraw_role"], number, by, now) is not None


def _request(row: Row) -> RoleRequest:
    wanted = Wanted(
        AccountId(row["account_id"]), HospitalId(row["hospital_id"]), Role(row["role"]), row["until"], row["reason"]
    )
    who = (row["subject"], row["hospital"], row["asked_by"], row["asked_at"], row["at_machine"])
    return RoleRequest(row["request_id"], wanted, *who)

"""Accounts, their grants and their status.

What serves (roles beffroi_web and beffroi_feed) finds and creates; granting and revoking need the owner's role, because
a server that is taken over must not be able to give itself rights (what it may do about them: `store.roles`). Stopping
and releasing are events: `store.events`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from beffroi.access.professional import Grant
from beffroi.model.account import AccountId, AccountKind, AccountStatus, Role
from beffroi.model.person import HospitalId
from beffroi.store.database import Database, Row, load_queries
from beffroi.store.events import Connection
from beffroi.store.gathered import Gathered, numbered

_ITSELF = AccountId(0)
_ROLES = frozenset(role.value for role in Role)


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """An account as it stands, with every grant, expired ones included; `holder` and `others` as in `Asker`.

    `left`: the hospitals that the person has left, or will, and when.
    """

    account_id: AccountId
    kind: AccountKind
    grants: tuple[Grant, ...]
    holder: AccountId = _ITSELF
    others: tuple[AccountId, ...] = ()
    left: Mapping[HospitalId, datetime] = field(default_factory=dict)

    def has_left(self, hospital: HospitalId, now: datetime) -> bool:
        """Whether the hospital says that this person works there no more."""
        left_at = self.left.get(hospital)
        return left_at is not None and left_at <= now


@dataclass(frozen=True, slots=True)
class ListedAccount:
    """An account as an operator sees it. `name` is an application's; people have none here.

    `asked_at`: when it last asked something; `left`: the hospitals that it has left.
    """

    account_id: AccountId
    kind: AccountKind
    issuer: str
    subject: str
    name: str
    status: AccountStatus
    grants: tuple[Grant, ...]
    asked_at: datetime | None = None
    left: tuple[HospitalId, ...] = ()


class AccountStore:
    """The statements about accounts."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._readers = database.readers
        self._sql = load_queries("accounts")
        self._remember = load_queries("signals")["remember_names"]
        self._found = Gathered(self._find)

    async def find(self, issuer: str, subject: str) -> StoredAccount | None:
        """The account, with its row in the gate; None when there is none yet."""
        rows = await self._found.ask((issuer, subject))
        if not rows:
            return None
        if not rows[0]["has_state"]:
            await self._pool.execute(self._sql["create_state"], rows[0]["account_id"])
        return _stored(rows)

    async def _find(self, asked: Sequence[tuple[str, str]]) -> list[list[Row]]:
        columns = zip(*asked, strict=True)
        return numbered(await self._readers.fetch(self._sql["find_accounts"], *columns), len(asked))

    async def remember_names(self, issuer: str, names: Sequence[str], account_id: AccountId, now: datetime) -> None:
        """How its issuer may name an account later: `sub:` or `sid:` and the name."""
        await self._pool.execute(self._remember, issuer, names, account_id, now)

    async def listed(self) -> list[ListedAccount]:
        """Every account with every grant, by number."""
        found: dict[int, ListedAccount] = {}
        for row in await self._pool.fetch(self._sql["list_accounts"]):
            before = found.get(row["account_id"])
            grants = before.grants if before else ()
            if row["role"] in _ROLES:
                grants += (Grant(HospitalId(row["hospital_id"]), Role(row["role"]), row["expires_at"]),)
            found[row["account_id"]] = ListedAccount(
                AccountId(row["account_id"]),
                AccountKind(row["kind"]),
                row["issuer"],
                row["subject"],
                row["display_name"],
                AccountStatus.FROZEN if row["frozen"] else AccountStatus.ACTIVE,
                grants,
                row["asked_at"],
                tuple(map(HospitalId, row["left_hospitals"])),
            )
        return list(found.values())

    async def create_person(self, issuer: str, subject: str) -> StoredAccount:
        """The account of a person who signs in for the first time, made now or by another process meanwhile."""
        await self._pool.execute(self._sql["create_person"], issuer, subject)
        account = await self.find(issuer, subject)
        if account is None:
            raise LookupError("an account disappeared while it was being made")
        return account

    async def grant(
        self, account_id: AccountId, hospital_id: HospitalId, role: Role, by: str, until: datetime | None
    ) -> None:
        """Gives a role, or changes until when it holds (None: no end). Needs the owner's role."""
        await self._pool.execute(self._sql["grant_role"], account_id, hospital_id, role.value, by, until)

    async def depart(
        self, connection: Connection, account_id: AccountId, hospital_id: HospitalId, left_at: datetime, by: str
    ) -> bool:
        """Notes since when somebody has left a hospital; False when that was known. Needs the owner's role."""
        row = await connection.fetchval(self._sql["depart"], account_id, hospital_id, left_at, by)
        return row is not None

    async def come_back(self, connection: Connection, account_id: AccountId, hospital_id: HospitalId) -> bool:
        """Takes that back; False when it was not there. Needs the owner's role."""
        return await connection.fetchval(self._sql["come_back"], account_id, hospital_id) is not None

    async def revoke(
        self, account_id: AccountId, hospital_id: HospitalId, role: Role, connection: Connection | None = None
    ) -> bool:
        """Takes a role away; False when it was not there. Needs the owner's role."""
        removed = await (connection or self._pool).fetchval(
            self._sql["revoke_role"], account_id, hospital_id, role.value
        )
        return removed is not None


def _stored(rows: Sequence[Row]) -> StoredAccount:
    """An account, from a row for each of its grants."""
    first = rows[0]
    grants = tuple(
        Grant(HospitalId(row["hospital_id"]), Role(row["role"]), row["expires_at"])
        for row in rows
        if row["role"] in _ROLES  # none, or one that a later version knows, gives nothing
    )
    return StoredAccount(
        AccountId(first["account_id"]),
        AccountKind(first["kind"]),
        grants,
        AccountId(first["holder"]),
        tuple(AccountId(number) for number in first["others"]),
        dict(zip(map(HospitalId, first["left_hospitals"]), first["left_at"], strict=True)),
    )

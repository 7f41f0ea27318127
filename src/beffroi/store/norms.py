"""What releases of norms are proposed from, and the releases themselves. Needs the owner's role: no server's does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from beffroi.store.database import Database, load_queries


@dataclass(frozen=True, slots=True)
class AccountShare:
    """New patients of one account in one role at one hospital."""

    role: str
    hospital: int
    explained_count: int
    unexplained_count: int


@dataclass(frozen=True, slots=True)
class AppliedRelease:
    """A release as it was applied; `signature` holds the lines of signed-note below the text."""

    number: int
    applied_at: datetime
    content: str
    signature: str


class NormStore:
    """The statements about norms."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("norms")

    async def shares(self, since: datetime, patients_min: int) -> Sequence[AccountShare]:
        """The shares of accounts with at least so many new patients since then."""
        rows = await self._pool.fetch(self._sql["shares"], since, patients_min)
        return [AccountShare(row["role"], row["structure_id"], row["explained"], row["unexplained"]) for row in rows]

    async def apply(self, content: str, signature: str) -> int:
        """Puts a release in force; its number."""
        number: int = await self._pool.fetchval(self._sql["apply_release"], content, signature)
        return number

    async def applied(self, count_max: int) -> list[AppliedRelease]:
        """The releases, the latest first."""
        rows = await self._pool.fetch(self._sql["releases"], count_max)
        return [AppliedRelease(*row) for row in rows]

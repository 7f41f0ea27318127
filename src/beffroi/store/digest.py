"""What was done under somebody's accounts, without whom it was about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from beffroi.store.database import Database, load_queries

ROWS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class HourRow:
    """One hour by one channel. `patients` counts showings. `device`: how the session key's thumbprint begins."""

    hour: datetime
    structure_id: int
    application: str
    device: str
    network: str
    answers: int
    refusals: int
    sign_ins: int
    emergencies: int
    patients: int


class DigestStore:
    """The statements of an owner's digest."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("digest")

    async def hours(self, accounts: Sequence[int], since: datetime) -> list[HourRow]:
        """The latest hours first."""
        return [HourRow(*row) for row in await self._pool.fetch(self._sql["sums"], accounts, since, ROWS_MAX)]

    async def events(self, accounts: Sequence[int], since: datetime) -> list[tuple[datetime, int, str]]:
        """When, which operation, and its particulars as JSON; the latest first."""
        rows = await self._pool.fetch(self._sql["events"], accounts, since, ROWS_MAX)
        return [(row["at"], row["operation"], row["request"]) for row in rows]

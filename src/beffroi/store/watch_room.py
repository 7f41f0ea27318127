"""What the watch room reads: alerts, accounts, and one account's chain."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from beffroi.model.account import AccountKind
from beffroi.model.alert import AlertKind, Severity
from beffroi.model.watch_room import LISTED_MAX, Held, Ringing, WatchedAccount
from beffroi.store.database import Database, Row, load_queries

_particulars = msgspec.json.Decoder(dict[str, str]).decode


class WatchRoomStore:
    """The statements of the watch room. It changes nothing."""

    def __init__(self, database: Database) -> None:
        self._readers = database.readers
        self._sql = load_queries("watch_room")

    async def ringing(self, since: datetime) -> list[Ringing]:
        """What rang, the latest first."""
        rows = await self._readers.fetch(self._sql["ringing"], since, LISTED_MAX)
        return [
            Ringing(
                row["alert_id"],
                AlertKind(row["kind"]),
                Severity(row["severity"]),
                row["account_id"],
                row["subject"],
                row["display_name"],
                row["count"],
                row["first_at"],
                row["last_at"],
                _particulars(row["particulars"]),
                row["frozen"],
            )
            for row in rows
        ]

    async def held(self) -> list[Held]:
        """The accounts that the watch holds now."""
        rows = await self._readers.fetch(self._sql["held"], LISTED_MAX)
        return [
            Held(
                row["account_id"],
                row["subject"],
                row["display_name"],
                row["structure_id"] or 0,
                row["at"],
                _particulars(row["request"]) if row["request"] else {},
            )
            for row in rows
        ]

    async def mark(self) -> str:
        """A text that is another when something has happened."""
        rows = await self._readers.fetch(self._sql["mark"])
        return str(rows[0]["mark"])

    async def account(self, number: int) -> WatchedAccount | None:
        """An account by its number."""
        return _account(await self._readers.fetch(self._sql["account_of"], number))

    async def names_of(self, accounts: Sequence[int]) -> dict[int, str]:
        """What people call these accounts."""
        rows = await self._readers.fetch(self._sql["names_of"], list(accounts))
        return {row["account_id"]: row["name"] for row in rows}

    async def named(self, subject: str) -> WatchedAccount | None:
        """The oldest account that an issuer calls so."""
        return _account(await self._readers.fetch(self._sql["account_named"], subject))

    async def day(
        self, account: int, window: tuple[datetime, datetime], rows_max: int, hidden: Sequence[int]
    ) -> list[Row]:
        """An account's rows in a window, the latest first, those of hidden structures left out."""
        return await self._readers.fetch(self._sql["day_of"], account, *window, rows_max, list(hidden))

    async def chains(self, accounts: Sequence[int]) -> str:
        """A text that is another when one of these accounts has done something."""
        rows = await self._readers.fetch(self._sql["chains"], list(accounts))
        return str(rows[0]["mark"])

    async def shown_by(self, account: int, number: int, since: datetime, hidden: Sequence[int]) -> str | None:
        """Whom a row of the chain showed, as it is stored; None when there is no such row, or it is left out."""
        rows = await self._readers.fetch(self._sql["shown_by"], account, number, since, list(hidden))
        return str(rows[0]["shown"]) if rows else None

    async def first_sights(self, account: int, pairs: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
        """Of these (disclosure, person), those by which the account saw that person for the first time."""
        disclosures, people = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        rows = await self._readers.fetch(self._sql["first_sights"], account, disclosures, people)
        return {(row["disclosure_id"], row["person_id"]) for row in rows}


def _account(rows: list[Row]) -> WatchedAccount | None:
    if not rows:
        return None
    row = rows[0]
    kind, name = AccountKind(row["kind"]), row["display_name"]
    return WatchedAccount(row["account_id"], kind, row["subject"], name, row["frozen"], row["created_at"])

"""Who has left a hospital, as its directory of staff says: from that day on their account asks nothing in its name.

An issuer of the whole nation goes on vouching for a professional who changed hospitals, so their sign-in is genuine.
Under the owner's role; each change is an event in the account's own chain.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from beffroi.actions.events import Events
from beffroi.clock import Clock
from beffroi.errors import OperatorError
from beffroi.model.account import AccountId
from beffroi.model.account_event import AccountEvent
from beffroi.model.disclosure import Operation
from beffroi.model.person import HospitalId
from beffroi.store.accounts import AccountStore
from beffroi.store.database import Database
from beffroi.store.identities import load_hospitals

_LEFT, _BACK = "the hospital says that this person has left", "the hospital says that this person is back"


@dataclass(frozen=True, slots=True)
class Departure:
    """One person as the issuer names them, and the day from which they work there no more."""

    subject: str
    left_at: datetime


class Noted(NamedTuple):
    """How many were noted, and how many of them nobody here had heard of: a subject that is written wrongly?"""

    noted_count: int
    unknown_count: int


def departures_in(lines: Iterable[str]) -> list[Departure]:
    """A directory's export: on each line a subject, a semicolon or tab, and a day. Raises OperatorError by line.

    >>> departures_in(["# staff", "899700000001;2026-11-30"])[0].left_at.isoformat()
    '2026-11-30T00:00:00+00:00'
    """
    found = []
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        subject, _, day = text.replace("\t", ";").partition(";")
        try:
            left_at = datetime.strptime(day.strip(), "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            raise OperatorError(
                f"Line {number}: SUBJECT;YYYY-MM-DD is needed. Nothing was changed.",
                f"Ligne {number} : il faut SUJET;AAAA-MM-JJ. Rien n'a été modifié.",
            ) from None
        found.append(Departure(subject.strip(), left_at))
    return found


class Departures:
    """The operator's desk for them. `by` says who acts."""

    def __init__(self, database: Database, clock: Clock, by: str) -> None:
        self._database = database
        self._accounts = AccountStore(database)
        self._events = Events(database, clock)
        self._by = by

    async def left(self, issuer: str, hospital: HospitalId, departures: Iterable[Departure]) -> Noted:
        """Notes who has left, or will. Somebody who never signed in has an account made: they may do so yet."""
        await self._check(hospital)
        count = unknown_count = 0
        for one in departures:
            account = await self._accounts.find(issuer, one.subject)
            unknown_count += account is None
            account = account or await self._accounts.create_person(issuer, one.subject)
            async with self._events.locking([account.account_id]) as locked:
                if await self._accounts.depart(locked.connection, account.account_id, hospital, one.left_at, self._by):
                    told = {"what": "left", "for": str(hospital), "until": one.left_at.date().isoformat()}
                    await locked.record(self._event(account.account_id, _LEFT, told))
            count += 1
        return Noted(count, unknown_count)

    async def returned(self, issuer: str, hospital: HospitalId, subject: str) -> AccountId:
        """Somebody works there after all. Raises OperatorError when nothing else was said."""
        account = await self._accounts.find(issuer, subject)
        if account is None:
            raise OperatorError("There is no such account.", "Ce compte n'existe pas.")
        async with self._events.locking([account.account_id]) as locked:
            if not await self._accounts.come_back(locked.connection, account.account_id, hospital):
                raise OperatorError("Nothing says that this person left.", "Rien ne dit que cette personne est partie.")
            told = {"what": "returned", "for": str(hospital)}
            await locked.record(self._event(account.account_id, _BACK, told))
        return account.account_id

    def _event(self, account_id: AccountId, reason: str, told: dict[str, str]) -> AccountEvent:
        return AccountEvent(account_id, Operation.GRANT, reason, told | {"by": self._by})

    async def _check(self, hospital: HospitalId) -> None:
        if hospital not in {one.hospital_id for one in await load_hospitals(self._database)}:
            raise OperatorError(f"There is no hospital {hospital}.", f"Il n'y a pas d'hôpital {hospital}.")

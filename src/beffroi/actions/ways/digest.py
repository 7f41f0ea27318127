"""The owner's digest: where, when and how much was read under one's accounts, and a "not me" that stops them at once.

It names no patient: an owner needs none to know their own day, and a thief must gain nothing from it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from beffroi.actions.contain import Containing, Order
from beffroi.actions.ways.acting import Act
from beffroi.clock import Clock
from beffroi.errors import ContainmentRefused, InvalidValue, Words
from beffroi.model.containment import ContainmentKind
from beffroi.model.disclosure import Operation
from beffroi.store.database import Database
from beffroi.store.digest import DigestStore, HourRow
from beffroi.telemetry import Event, log

DAYS_MAX: Final = 30
DAYS_DEFAULT: Final = 7
NOT_ME_REASON: Final = "its owner says: it was not me"
_TOLD: Final = frozenset(
    {"what", "by", "confirmed_by", "key", "granted_by", "means", "rung", "for", "kind", "until", "role"}
)
"""Particulars of events that an owner is told; none is of a patient."""


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened to the account, or that it did."""

    at: datetime
    what: str
    particulars: dict[str, str]


@dataclass(frozen=True, slots=True)
class Digest:
    """`hours`: by hour, hospital, software, device and network. `events`: keys, proofs, verdicts, confirmations."""

    since: datetime
    hours: list[HourRow]
    events: list[Happened]


class Digests:
    """The digests of a deployment."""

    def __init__(self, database: Database, containing: Containing, clock: Clock) -> None:
        self._store = DigestStore(database)
        self._containing = containing
        self._clock = clock

    async def of(self, act: Act, days: int = DAYS_DEFAULT) -> Digest:
        """All accounts of the asker's person. Raises InvalidValue."""
        if not 1 <= days <= DAYS_MAX:
            raise InvalidValue("days", what="days", why=Words(f"1 to {DAYS_MAX}", f"1 à {DAYS_MAX}"))
        accounts, since = _accounts(act), self._clock.now() - timedelta(days=days)
        hours = await self._store.hours(accounts, since)
        events = [_happened(*row) for row in await self._store.events(accounts, since)]
        return Digest(since, hours, events)

    async def not_me(self, act: Act) -> int:
        """Stops every account of this person, at once and by certainty; how many are stopped now."""
        stopped = 0
        for account_id in _accounts(act):
            order = Order(ContainmentKind.ACCOUNT, str(account_id), NOT_ME_REASON, act.by, door=act.door, disowned=True)
            try:
                await self._containing.contain(order)
            except ContainmentRefused:  # it is stopped already
                pass
            stopped += 1
            log(Event.NOT_ME, account=account_id)
        return stopped


def _accounts(act: Act) -> list[int]:
    return [act.asker.account_id, *act.asker.others]


def _happened(at: datetime, operation: int, particulars: str) -> Happened:
    told = msgspec.json.decode(particulars, type=dict[str, str])
    return Happened(at, Operation(operation).name.lower(), {k: v for k, v in told.items() if k in _TOLD})

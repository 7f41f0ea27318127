"""What may be stopped besides questions one by one: an account, a device, an application, a network, a structure."""

from datetime import datetime
from enum import StrEnum
from typing import NewType

import msgspec

from beffroi.model.account import AccountId

ContainmentId = NewType("ContainmentId", int)


LISTED_MAX = 200
"""Containments of a list: those that were not released first."""


class ContainmentKind(StrEnum):
    """What a containment stops. `device` is a session key, wherever it is used from."""

    ACCOUNT = "account"
    DEVICE = "device"
    APPLICATION = "application"
    NETWORK = "network"
    STRUCTURE = "structure"


WIDE = frozenset({ContainmentKind.NETWORK, ContainmentKind.STRUCTURE})
"""They reach people who did nothing: two people each time, an end, and emergency readings and feeds go on."""


class Stop(msgspec.Struct, frozen=True):
    """A containment in force, as the gate needs it. `target`: a number, a thumbprint in hexadecimal, a client id or a
    network in text, by its kind; `spared`: networks that it does not reach."""

    containment_id: ContainmentId
    kind: ContainmentKind
    target: str
    spared: tuple[str, ...] = ()


class EndedSession(msgspec.Struct, frozen=True):
    """A session that its issuer ended: its tokens issued until that second are refused. Empty: any of the account's."""

    account_id: AccountId
    session: str
    until_s: int


class Containment(msgspec.Struct, frozen=True):
    """A containment with its history. People are named as `operator:NAME`, `account:NUMBER` or `issuer:URL`.

    In force from `in_force_from` (None: it waits for the second person) until `released_at` or `expires_at`.
    """

    containment_id: ContainmentId
    kind: ContainmentKind
    target: str
    spared: tuple[str, ...]
    reason: str
    asked_by: str
    asked_at: datetime
    confirmed_by: str | None = None
    in_force_from: datetime | None = None
    expires_at: datetime | None = None
    release_reason: str | None = None
    release_asked_by: str | None = None
    release_asked_at: datetime | None = None
    released_by: str | None = None
    released_at: datetime | None = None

    def in_force(self, now: datetime) -> bool:
        """Whether it refuses anything at this time."""
        ended = self.released_at is not None or (self.expires_at is not None and self.expires_at <= now)
        return self.in_force_from is not None and not ended


class Touched(msgspec.Struct, frozen=True):
    """An account whose requests a containment would have refused. Counts are of its own requests concerned."""

    account_id: int
    kind: str
    subject: str
    sessions_count: int
    requests_hour: int
    requests_day: int
    hospitals: tuple[int, ...]


class Preview(msgspec.Struct, frozen=True):
    """Whom a containment touches, by the last 24 hours. `feeds`: hospitals whose feed it would stop.

    `spared`: networks that hospitals have declared their own, within its reach but left alone.
    """

    kind: ContainmentKind
    target: str
    accounts: tuple[Touched, ...]
    hospitals: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()

    @property
    def sessions_count(self) -> int:
        """Sessions of all accounts."""
        return sum(account.sessions_count for account in self.accounts)

    @property
    def requests_hour(self) -> int:
        """Requests of the last hour."""
        return sum(account.requests_hour for account in self.accounts)

    @property
    def requests_day(self) -> int:
        """Requests of the last 24 hours."""
        return sum(account.requests_day for account in self.accounts)

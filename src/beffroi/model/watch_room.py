"""What the duty officer is shown: what rings, and one account's day. Patients are numbers of the page, never names."""

from datetime import datetime

import msgspec

from beffroi.model.account import AccountKind
from beffroi.model.alert import AlertKind, Severity
from beffroi.model.containment import ContainmentKind
from beffroi.model.disclosure import DisclosureId, Door, Field, Operation, Outcome, Purpose

LISTED_MAX = 100
"""Alerts, and held accounts, that the watch room looks up: the latest. It says when there may be more."""


class Ringing(msgspec.Struct, frozen=True):
    """One alert, or several of one kind within a few minutes. `subject` is empty when it is about no account."""

    alert_id: int
    kind: AlertKind
    severity: Severity
    account_id: int | None
    subject: str
    name: str
    count: int
    first_at: datetime
    last_at: datetime
    particulars: dict[str, str]
    frozen: bool


class Held(msgspec.Struct, frozen=True):
    """An account that the watch holds: since when, and what made the verdict."""

    account_id: int
    subject: str
    name: str
    structure: int
    at: datetime | None
    particulars: dict[str, str]


class WatchedAccount(msgspec.Struct, frozen=True):
    """An account as the watch room names it: its issuer's opaque identifier; `name` is an application's."""

    account_id: int
    kind: AccountKind
    subject: str
    name: str
    frozen: bool
    since: datetime


class DayPatient(msgspec.Struct, frozen=True):
    """One patient of one reading. `number` counts the page's patients from 1; `new`: the account's first sight of
    her.
    """

    number: int
    fields: Field
    new: bool


class DayEntry(msgspec.Struct, frozen=True):
    """One row of the account's chain, `number` in it. `device` is the beginning of its session key; `criteria` are
    names alone.

    `particulars` are those of an event; a question's are never told. `unexplained_count`: new patients of this reading
    whom nothing explained.
    """

    disclosure_id: DisclosureId
    number: int
    at: datetime
    operation: Operation
    outcome: Outcome
    purpose: Purpose
    door: Door
    role: str
    structure: int
    application: str
    network: str
    device: str
    reason: str
    criteria: tuple[str, ...]
    patients: tuple[DayPatient, ...]
    particulars: dict[str, str]
    unexplained_count: int = 0


class DayPlace(msgspec.Struct, frozen=True):
    """Something that the account used and that can be stopped instead of it."""

    kind: ContainmentKind
    target: str


class AccountDay(msgspec.Struct, frozen=True):
    """An account's chain between two moments, the latest last. `cut`: there is more than is shown.

    `made`: the rows that made the latest verdict of the window. `places`: what it used, the latest first.
    `withheld`: readings for hospitals whose name alone is medical are left out.
    """

    disclosure_id: DisclosureId
    account: WatchedAccount
    since: datetime
    until: datetime
    entries: tuple[DayEntry, ...]
    patients_count: int
    new_count: int
    cut: bool
    withheld: bool
    made: tuple[DayEntry, ...] = ()
    places: tuple[DayPlace, ...] = ()

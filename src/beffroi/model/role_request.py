"""A role that somebody asked for, and waits for a second person."""

from dataclasses import dataclass
from datetime import datetime

from beffroi.model.account import AccountId, Role
from beffroi.model.person import HospitalId


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who is to have which role, for which hospital, until when, and why."""

    account_id: AccountId
    hospital_id: HospitalId
    role: Role
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class RoleRequest:
    """A role that was asked for. `at_machine`: under the owner's role, so that a signed-in operator may agree."""

    number: int
    wanted: Wanted
    subject: str
    hospital: str
    asked_by: str
    asked_at: datetime
    at_machine: bool

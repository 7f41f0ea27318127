"""The most that one account can be shown, as a number computed from the configuration (law 8).

Every way on is added: the ceilings, one at a time beyond them, emergency readings alone and with a second person. What
a step-up, a colleague's confirmation or a release allows stays within the ceilings, so it adds nothing to this number.
"""

import msgspec

from beffroi.model.account import Role
from beffroi.watch.circumstances import is_software
from beffroi.watch.norms import NORMS, Norm
from beffroi.watch.verdict import (
    BEYOND_24H,
    BEYOND_30D,
    EMERGENCY_CRISIS_24H,
    EMERGENCY_CRISIS_30D,
    EMERGENCY_READINGS_24H,
    EMERGENCY_READINGS_30D,
    EMERGENCY_SECONDED_24H,
    STEP_UP_ALLOWANCE_24H,
    STEP_UP_ALLOWANCE_30D,
)
from beffroi.watch.vouching import CONFIRMED_24H, CONFIRMED_30D

_MONTHS = 13
"""Windows of 30 days that 365 days touch at most."""


class Most(msgspec.Struct, frozen=True):
    """Distinct patients, and among them readings of contact fields, within any 24 hours, 30 and 365 days.

    `strangers_30d`: of them, those whom nothing explains, outside of a proven silence of the feed and while no more of
    the site's people are held than honest work could be.
    """

    patients_24h: int
    patients_30d: int
    patients_365d: int
    contacts_24h: int
    contacts_30d: int
    contacts_365d: int
    strangers_30d: int


class WaysOn(msgspec.Struct, frozen=True):
    """Patients whom nothing explains that the ways on open to one person in 24 hours, each with its own ceiling."""

    step_up: int
    confirmed: int
    emergency_alone: int
    emergency_seconded: int

    @property
    def total(self) -> int:
        """All of them together; of these, emergency readings alone are shown beyond the ceilings on everything."""
        return self.step_up + self.confirmed + self.emergency_alone + self.emergency_seconded


def ways_on(role: Role) -> WaysOn:
    """The ways on of a role.

    >>> ways_on(Role.WARD_NURSE).total, ways_on(Role.HOSPITAL_APPLICATION).total
    (30, 0)
    """
    if is_software(role):
        return WaysOn(0, 0, 0, 0)
    return WaysOn(STEP_UP_ALLOWANCE_24H, CONFIRMED_24H, EMERGENCY_READINGS_24H, EMERGENCY_SECONDED_24H)


def most_shown(role: Role, norm: Norm | None = None, *, crisis: bool = False) -> Most:
    """The number for a role; with `crisis`, of days on which one is declared.

    >>> most_shown(Role.WARD_NURSE, crisis=True).patients_24h
    175
    >>> found = most_shown(Role.WARD_NURSE); found.patients_24h, found.patients_30d, found.strangers_30d
    (145, 920, 209)
    """
    usual = norm or NORMS[role]
    seconded = EMERGENCY_CRISIS_24H if crisis else EMERGENCY_SECONDED_24H
    day = 0 if is_software(role) else EMERGENCY_READINGS_24H + seconded
    month = 0 if is_software(role) else EMERGENCY_CRISIS_30D if crisis else EMERGENCY_READINGS_30D
    others = 0 if is_software(role) else STEP_UP_ALLOWANCE_30D + CONFIRMED_30D + month
    ceiling, contacts = usual.ceiling, usual.contacts
    return Most(
        ceiling.patients_24h + BEYOND_24H + day,
        ceiling.patients_30d + BEYOND_30D + month,
        ceiling.patients_365d + (BEYOND_30D + month) * _MONTHS,
        contacts.patients_24h,
        contacts.patients_30d,
        contacts.patients_365d,
        usual.strangers_30d + usual.pending_max + others,
    )

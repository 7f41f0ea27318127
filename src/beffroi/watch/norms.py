"""What is usual for a role, and the most that any of its accounts may be shown: the numbers that the watch compares
with.

Ceilings are engineering estimates, several times what a full shift needs; base rates are the share of new patients that
nothing explains half an hour later. Both are changed by a signed release only (`watch.release`), never by the traffic
itself: a patient thief must not teach the watch.

Source: docs/explanation/watch.md, where each number stands beside what is published of a day's work.
"""

from math import exp

import msgspec

from beffroi.model.account import Role

PENDING_S = 1_800
"""Seconds that a feed has to explain a reading that came before it."""
STRANGERS_FACTOR = 3
"""Times the base rate's share of a full ceiling: the most patients whom nothing explains, in 30 days."""
PENDING_KEPT_MAX = 64
"""Readings that wait at most, whatever the norms say: they stand in the account's row."""
PENDING_TAIL = 1e-6
"""Chance that honest arrivals within `PENDING_S` exceed the cap of pending readings."""
BASE_RATE_MIN, BASE_RATE_MAX = 0.005, 0.35
"""Whatever a release says: below, a handful of accidents would hold an account; above, a thief would be normal."""


class Ceiling(msgspec.Struct, frozen=True, array_like=True):
    """Distinct patients that one person may be shown within a day, 30 days and 365 days."""

    patients_24h: int
    patients_30d: int
    patients_365d: int


class Norm(msgspec.Struct, frozen=True):
    """What is usual for a role at a site.

    `base_rate`: share of new patients that stay unexplained. `volume`: new patients in a full shift (95th percentile),
    from which the limits of the sequential tests follow. `contacts`: patients whose contact fields may be shown.
    `arrivals_per_h`: at desks that read before the feed knows, the busiest hour's arrivals; 0 elsewhere.
    `outage_24h`: the day's ceiling while the hospital's own feed is proven silent.
    """

    base_rate: float
    volume: int
    ceiling: Ceiling
    contacts: Ceiling
    arrivals_per_h: int = 0
    outage_24h: int = 0

    @property
    def pending_max(self) -> int:
        """Readings that may wait for the feed at one time; 0 where nothing is pending.

        >>> NORMS[Role.ADMISSION_CLERK].pending_max, NORMS[Role.WARD_NURSE].pending_max
        (33, 0)
        """
        return pending_cap(self.arrivals_per_h)

    @property
    def strangers_30d(self) -> int:
        """New patients whom nothing explains, in 30 days: what keeps just below the tests is bounded all the same.

        >>> NORMS[Role.WARD_DOCTOR].strangers_30d
        66
        """
        return strangers_cap(self.base_rate, self.ceiling.patients_30d)


def pending_cap(arrivals_per_h: int) -> int:
    """The number that honest arrivals exceed once in a million, within the time that a feed has."""
    if not arrivals_per_h:
        return 0
    return min(poisson_cap(arrivals_per_h * PENDING_S / 3_600, PENDING_TAIL), PENDING_KEPT_MAX)


def strangers_cap(base_rate: float, patients_30d: int) -> int:
    """The most patients whom nothing explains, in 30 days."""
    return round(STRANGERS_FACTOR * base_rate * patients_30d)


def poisson_cap(mean: float, tail: float) -> int:
    """The smallest number that a Poisson variable of this mean exceeds with at most this chance.

    >>> poisson_cap(10, 1e-6), poisson_cap(12.5, 1e-6)
    (28, 33)
    """
    term = total = exp(-mean)
    count = 0
    while 1 - total > tail:
        count += 1
        term *= mean / count
        total += term
    return count


_NONE = Ceiling(0, 0, 0)
_SOFTWARE = Ceiling(60_000, 1_000_000, 6_000_000)
_AUDIT = Ceiling(5_000, 50_000, 300_000)

# Of people at work, a day and what stays readable beyond it are more than one shift in a million needs, by the role's
# mean and 95th percentile (lognormal): some roles' shifts vary much more than others'. 30 days are 22 full shifts (95th
# percentile), or 12 nights of cover: the drill's busiest have 70 %.
NORMS: dict[Role, Norm] = {
    Role.WARD_NURSE: Norm(0.03, 30, Ceiling(90, 660, 5_000), Ceiling(20, 200, 1_200), outage_24h=30),
    Role.WARD_DOCTOR: Norm(0.04, 25, Ceiling(80, 550, 5_000), Ceiling(20, 200, 1_200), outage_24h=25),
    Role.EMERGENCY_DOCTOR: Norm(0.06, 15, Ceiling(60, 330, 3_600), Ceiling(20, 200, 1_200), outage_24h=30),
    Role.TRIAGE_NURSE: Norm(0.05, 85, Ceiling(200, 1_870, 12_000), Ceiling(90, 900, 5_000), 12, outage_24h=130),
    Role.ON_CALL_DOCTOR: Norm(0.06, 75, Ceiling(270, 900, 6_000), Ceiling(30, 300, 1_500), outage_24h=75),
    Role.ADMISSION_CLERK: Norm(0.08, 120, Ceiling(480, 2_640, 26_000), Ceiling(300, 2_000, 20_000), 25, outage_24h=160),
    Role.MEDICAL_SECRETARY: Norm(0.06, 80, Ceiling(250, 1_760, 15_000), Ceiling(150, 1_200, 12_000), outage_24h=80),
    Role.IDENTITY_CELL: Norm(0.05, 400, Ceiling(1_900, 8_800, 60_000), Ceiling(400, 4_000, 30_000), outage_24h=400),
    Role.REGIONAL_COORDINATOR: Norm(0.10, 50, Ceiling(210, 1_100, 6_000), Ceiling(40, 400, 2_400), outage_24h=50),
    Role.HOSPITAL_APPLICATION: Norm(0.005, 60_000, _SOFTWARE, _NONE, outage_24h=60_000),
    Role.CROSS_REFERENCE_APPLICATION: Norm(0.005, 60_000, _SOFTWARE, _NONE, outage_24h=60_000),
    Role.AUDITOR: Norm(0.10, 1_000, _AUDIT, _NONE, outage_24h=5_000),
    Role.DATA_PROTECTION_OFFICER: Norm(0.10, 1_000, _AUDIT, _NONE, outage_24h=5_000),
    Role.DUTY_OFFICER: Norm(0.10, 20, Ceiling(40, 200, 1_000), _NONE, outage_24h=40),
}
NO_NORM = Norm(BASE_RATE_MAX, 1, _NONE, _NONE)
"""Of a role that is shown nobody."""

"""Is this account still its owner? A bank of one-sided Bernoulli CUSUMs over its new patients, in thousandths of a bit.

Each new patient shown is one observation: explained or not. A member adds log2(p1/p0) for an unexplained one and
log2((1-p1)/(1-p0)) for an explained one, and never falls below zero. While the share of unexplained patients is p0 or
less, the mean number of observations before a member reaches h bits is at least 2**h (Wald's bound; Lorden 1971);
for `WATCHED` members side by side, at least 2**h / WATCHED. The bound does not depend on tempo.

Unexplained patients come in runs in honest work too: a ward whose movements are not sent, a family. So after an
unexplained one the next is compared with `RUN_RATE` instead of p0: the ratios are those of a chain of two states, and
the bound stands for honest work in which neither share is exceeded. A thief's run counts the less for it; the region
showed that otherwise honest runs alone make a hundred times more false holds than independent patients would.

Source: Page 1954 (CUSUM); Lorden, Ann. Math. Statist. 1971; Jung, Paxson, Berger, Balakrishnan, IEEE S&P 2004.
"""

from functools import lru_cache
from math import ceil, log2

import msgspec

from beffroi.watch.norms import BASE_RATE_MAX, BASE_RATE_MIN, Norm, pending_cap, strangers_cap

MILLIBITS = 1_000
ALTERNATIVES = (0.95, 0.5, 0.2)
"""Shares of unexplained patients that the members look for: a thief alone, one half blended, one mostly blended."""
TOLERANCE = 1.5
"""A base rate may be misjudged by this factor before the bound no longer holds."""
RUN_RATE, RUN_FACTOR = 0.3, 6
"""Chance, in honest work, that a patient is unexplained after one who was, at most: so much, and so many times p0."""
SEQUENCES = 3
"""Each observation enters the account's own sequence, that of its session's key and that of its network."""
WATCHED = SEQUENCES * len(ALTERNATIVES)

WARNINGS_PER_SHIFT = 1e-2
STEP_UPS_PER_SHIFT = 2e-4
MASKS_PER_SHIFT = 1e-5
HOLDS_PER_SHIFT = 1e-7
"""False alarms that the limits allow in a full shift of honest work, at most."""
DESK_STEP_UPS_PER_SHIFT = 2e-5
"""The same for the question at desks that read before the feed knows: there honest shares vary the most (a night of
nameless victims), and whoever abuses it meets the cap of what may wait for the feed before any test."""

Increments = tuple[int, int, int]


class Tuning(msgspec.Struct, frozen=True):
    """What an observation adds to each member, and the limits of the rungs, in thousandths of a bit.

    `in_run`: what it adds after an unexplained one. `pending_max`: readings that may wait for the feed at one time.
    `strangers_30d`: the norm's ceiling on patients whom nothing explains.
    """

    explained: Increments
    unexplained: Increments
    explained_in_run: Increments
    unexplained_in_run: Increments
    warn: int
    ask: int
    mask: int
    hold: int
    design_rate: float
    pending_max: int
    strangers_30d: int


class Sequence(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One sequence of observations: the bank's scores, and how many observations since all of them were zero.

    `key` names the session key or the network (empty: the account itself), `at_s` its last use. `in_run`: the last
    observation was an unexplained patient.
    """

    key: str = ""
    at_s: int = 0
    first: int = 0
    second: int = 0
    third: int = 0
    observed_count: int = 0
    unexplained_count: int = 0
    in_run: bool = False

    @property
    def score(self) -> int:
        """The highest member, in thousandths of a bit."""
        best = self.first if self.first > self.second else self.second
        return best if best > self.third else self.third


def tuning(norm: Norm) -> Tuning:
    """The bank for a role's base rate and volume.

    >>> from beffroi.model.account import Role; from beffroi.watch.norms import NORMS
    >>> found = tuning(NORMS[Role.ON_CALL_DOCTOR]); found.unexplained, found.explained, found.hold
    ((3400, 2474, 1152), (-4186, -864, -186), 32653)
    """
    return _tuning(norm.base_rate, norm.volume, norm.arrivals_per_h, norm.ceiling.patients_30d)


@lru_cache(maxsize=4_096)
def _tuning(base_rate: float, volume: int, arrivals_per_h: int, patients_30d: int) -> Tuning:
    rate = min(max(base_rate * TOLERANCE, BASE_RATE_MIN * TOLERANCE), BASE_RATE_MAX)
    in_run = max(rate, min(RUN_RATE, RUN_FACTOR * rate))
    return Tuning(
        explained=_ratios(rate, False, rate),
        unexplained=_ratios(rate, True, rate),
        explained_in_run=_ratios(in_run, False, rate),
        unexplained_in_run=_ratios(in_run, True, rate),
        warn=limit(WARNINGS_PER_SHIFT, volume),
        ask=limit(DESK_STEP_UPS_PER_SHIFT if arrivals_per_h else STEP_UPS_PER_SHIFT, volume),
        mask=limit(MASKS_PER_SHIFT, volume),
        hold=limit(HOLDS_PER_SHIFT, volume),
        design_rate=rate,
        pending_max=pending_cap(arrivals_per_h),
        strangers_30d=strangers_cap(base_rate, patients_30d),
    )


def _ratios(share: float, unexplained: bool, rate: float) -> Increments:
    """What an observation adds to each member where the honest share of unexplained ones is `share`."""
    found = []
    for p in ALTERNATIVES:
        if p < 1.5 * rate or p <= share:  # too near to what is usual: it would tell nothing, or take long to
            found.append(0)
        else:
            found.append(round(MILLIBITS * (log2(p / share) if unexplained else log2((1 - p) / (1 - share)))))
    return found[0], found[1], found[2]


def limit(alarms_per_shift: float, volume: int) -> int:
    """Thousandths of a bit that honest work of `volume` new patients a shift reaches at most that often.

    >>> limit(1e-6, 30) / MILLIBITS
    28.009
    """
    return ceil(MILLIBITS * log2(WATCHED * volume / alarms_per_shift))


def observe(sequence: Sequence, tuned: Tuning, unexplained: bool, at_s: int) -> Sequence:
    """The sequence after one more observation.

    >>> from beffroi.model.account import Role; from beffroi.watch.norms import NORMS
    >>> tuned = tuning(NORMS[Role.ON_CALL_DOCTOR]); one = observe(Sequence(), tuned, True, 60)
    >>> observe(one, tuned, True, 90)
    Sequence(key='', at_s=90, first=5063, second=3211, third=1152, observed_count=2, unexplained_count=2, in_run=True)
    """
    if not unexplained and not sequence.observed_count:  # honest work, most of the time: zero stays zero
        return Sequence(sequence.key, at_s if at_s > sequence.at_s else sequence.at_s)
    if unexplained:
        added = tuned.unexplained_in_run if sequence.in_run else tuned.unexplained
    else:
        added = tuned.explained_in_run if sequence.in_run else tuned.explained
    first = sequence.first + added[0]
    second = sequence.second + added[1]
    third = sequence.third + added[2]
    if first < 0:
        first = 0
    if second < 0:
        second = 0
    if third < 0:
        third = 0
    if at_s < sequence.at_s:
        at_s = sequence.at_s
    if first == second == third == 0:
        return Sequence(sequence.key, at_s, in_run=unexplained)
    return Sequence(
        sequence.key,
        at_s,
        first,
        second,
        third,
        sequence.observed_count + 1,
        sequence.unexplained_count + unexplained,
        unexplained,
    )

"""Is this account still its owner? A bank of one-sided Bernoulli CUSUMs over its new patients, in thousandths of a bit.

Each new patient shown is one observation: explained or not. A member adds log2(p1/p0) for an unexplained one and
log2((1-p1)/(1-p0)) for an explained one, and never falls below zero. While the share of unexplained patients is p0 or
less, the mean number of observations before a member reaches h bits is at least 2**h (Wald's bound; Lorden 1971);
for `WATCHED` members side by side, at least 2**h / WATCHED. The bound does not depend on tempo.

Source: Page 1954 (CUSUM); Lorden, Ann. Math. Statist. 1971; Jung, Paxson, Berger, Balakrishnan, IEEE S&P 2004.
"""

from functools import lru_cache
from math import ceil, log2

import msgspec

from beffroi.watch.norms import BASE_RATE_MAX, BASE_RATE_MIN, Norm

MILLIBITS = 1_000
ALTERNATIVES = (0.95, 0.5, 0.2)
"""Shares of unexplained patients that the members look for: a thief alone, one half blended, one mostly blended."""
TOLERANCE = 1.5
"""A base rate may be misjudged by this factor before the bound no longer holds."""
SEQUENCES = 3
"""Each observation enters the account's own sequence, that of its session's key and that of its network."""
WATCHED = SEQUENCES * len(ALTERNATIVES)

WARNINGS_PER_SHIFT = 1e-2
STEP_UPS_PER_SHIFT = 1e-4
MASKS_PER_SHIFT = 1e-5
HOLDS_PER_SHIFT = 1e-6
"""False alarms that the limits allow in a full shift of honest work, at most."""

Increments = tuple[int, int, int]


class Tuning(msgspec.Struct, frozen=True):
    """What an observation adds to each member, and the limits of the rungs, in thousandths of a bit."""

    explained: Increments
    unexplained: Increments
    warn: int
    ask: int
    mask: int
    hold: int
    design_rate: float


class Sequence(msgspec.Struct, frozen=True, array_like=True):
    """One sequence of observations: the bank's scores, and how many observations since all of them were zero.

    `key` names the session key or the network (empty: the account itself), `at_s` its last use.
    """

    key: str = ""
    at_s: int = 0
    first: int = 0
    second: int = 0
    third: int = 0
    observed_count: int = 0
    unexplained_count: int = 0

    @property
    def score(self) -> int:
        """The highest member, in thousandths of a bit."""
        best = self.first if self.first > self.second else self.second
        return best if best > self.third else self.third


def tuning(norm: Norm) -> Tuning:
    """The bank for a role's base rate and volume.

    >>> from beffroi.model.account import Role; from beffroi.watch.norms import NORMS
    >>> found = tuning(NORMS[Role.ON_CALL_DOCTOR]); found.unexplained, found.explained, found.hold
    ((3400, 2474, 1152), (-4186, -864, -186), 29331)
    """
    return _tuning(norm.base_rate, norm.volume)


@lru_cache(maxsize=4_096)
def _tuning(base_rate: float, volume: int) -> Tuning:
    rate = min(max(base_rate * TOLERANCE, BASE_RATE_MIN * TOLERANCE), BASE_RATE_MAX)
    up = [round(MILLIBITS * log2(p / rate)) for p in ALTERNATIVES]
    down = [round(MILLIBITS * log2((1 - p) / (1 - rate))) for p in ALTERNATIVES]
    for index, p in enumerate(ALTERNATIVES):
        if p < 1.5 * rate:  # too near to what is usual: it would take long to tell, and a little drift would be enough
            up[index] = down[index] = 0
    return Tuning(
        explained=(down[0], down[1], down[2]),
        unexplained=(up[0], up[1], up[2]),
        warn=limit(WARNINGS_PER_SHIFT, volume),
        ask=limit(STEP_UPS_PER_SHIFT, volume),
        mask=limit(MASKS_PER_SHIFT, volume),
        hold=limit(HOLDS_PER_SHIFT, volume),
        design_rate=rate,
    )


def limit(alarms_per_shift: float, volume: int) -> int:
    """Thousandths of a bit that honest work of `volume` new patients a shift reaches at most that often.

    >>> limit(1e-6, 30) / MILLIBITS
    28.009
    """
    return ceil(MILLIBITS * log2(WATCHED * volume / alarms_per_shift))


def observe(sequence: Sequence, increments: Increments, unexplained: bool, now_s: int) -> Sequence:
    """The sequence after one more observation.

    >>> one = observe(Sequence(), (3400, 2474, 1152), True, 60)
    >>> observe(one, (-4186, -864, -186), False, 90)
    Sequence(key='', at_s=90, first=0, second=1610, third=966, observed_count=2, unexplained_count=1)
    """
    first = sequence.first + increments[0]
    second = sequence.second + increments[1]
    third = sequence.third + increments[2]
    if first < 0:
        first = 0
    if second < 0:
        second = 0
    if third < 0:
        third = 0
    if first == second == third == 0:
        return Sequence(sequence.key, now_s)
    return Sequence(
        sequence.key,
        now_s,
        first,
        second,
        third,
        sequence.observed_count + 1,
        sequence.unexplained_count + unexplained,
    )

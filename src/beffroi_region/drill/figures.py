"""Arithmetic of the report: quantiles, and the bounds that so many runs allow."""

from collections.abc import Sequence
from math import ceil, exp, sqrt
from typing import Any

CONFIDENCE = 0.95
NORMAL_95 = 1.644854
"""The normal distribution's quantile for that certainty."""
EXACT_COUNT_MAX = 50


def quantile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least this share does not exceed; None of nothing.

    >>> quantile([5, 1, 3, 2, 4], 0.5), quantile([1, 2], 0.95), quantile([], 0.5)
    (3, 2, None)
    """
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(ceil(share * len(ordered)) - 1, 0)]


def spread_of(name: str, values: Sequence[int]) -> dict[str, Any]:
    """Median, 95th percentile and maximum, as figures of that name.

    >>> spread_of("shown", [3, 1, 2])
    {'shown_p50': 2, 'shown_p95': 3, 'shown_max': 3}
    """
    return {f"{name}_p50": quantile(values, 0.5), f"{name}_p95": quantile(values, 0.95), f"{name}_max": max(values)}


def upper_bound(count: int) -> float:
    """The Poisson mean below which it lies with 95 % certainty when `count` events were seen (one-sided).

    Exact for few events; beyond, by the cube root of Wilson and Hilferty (within a thousandth).

    >>> round(upper_bound(0), 3), round(upper_bound(3), 2), round(upper_bound(100), 1), round(upper_bound(1_486))
    (2.996, 7.75, 118.1, 1551)
    """
    if count > EXACT_COUNT_MAX:
        shape = count + 1
        found: float = shape * (1 - 1 / (9 * shape) + NORMAL_95 / (3 * sqrt(shape))) ** 3
        return found
    low, high = 0.0, 20.0 + 10.0 * count
    for _ in range(80):
        middle = (low + high) / 2
        if _at_most(count, middle) > 1 - CONFIDENCE:
            low = middle
        else:
            high = middle
    return high


def _at_most(count: int, mean: float) -> float:
    """Chance of at most `count` events."""
    term = total = exp(-mean)
    for k in range(1, count + 1):
        term *= mean / k
        total += term
    return total


def per_10k(count: int, shifts: int) -> float:
    """A rate per 10,000 shifts."""
    return 10_000 * count / shifts if shifts else 0.0


def rates(shifts: int, readings: int, holds: int, step_ups: int) -> dict[str, Any]:
    """False alarms per 10,000 shifts, with the 95 % bounds that so many shifts allow."""
    return {
        "shifts": shifts,
        "readings": readings,
        "false_holds": holds,
        "false_step_ups": step_ups,
        "false_holds_per_10k_shifts": per_10k(holds, shifts),
        "false_holds_bound": 10_000 * upper_bound(holds) / shifts if shifts else None,
        "false_step_ups_per_10k_shifts": per_10k(step_ups, shifts),
        "false_step_ups_bound": 10_000 * upper_bound(step_ups) / shifts if shifts else None,
    }

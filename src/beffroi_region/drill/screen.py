"""A year of honest work at once: which accounts can be asked or refused anything at all, by an upper bound.

A CUSUM is its running sum minus the lowest running sum so far, so a whole year of one account is a few array operations
instead of thousands of steps. Patterns are such sums too, but for their cap: without it they are bounded. An account
whose bound stays below every limit is never asked, held or refused: exactly, not by sampling. All the others go through
the pure step itself (`season`). A test compares the sequences with those of the pure step, reading by reading.
"""

from dataclasses import dataclass

import numpy as np

from beffroi.watch.detectors import Tuning, tuning
from beffroi.watch.evidence import BLOCK_S, BLOCKS_KEPT, DAY_S, DAYS_KEPT, HOUR_S, HOURS_KEPT
from beffroi.watch.norms import PENDING_S, Norm
from beffroi.watch.patterns import (
    CLOCKWORK,
    FAST_S,
    HASTE,
    NEW_NETWORK,
    ONCE,
    PATTERNS_MAX,
    REGULAR_S_MAX,
    SHARES,
    SWEEP,
    UNOPENED,
)
from beffroi_region.drill.work import Flags, Ints, Work

OPENING_S = 5
REGULAR_S_MIN, REGULAR_PART = 5, 20
_FAR = 1 << 34
"""More than a year of one account can add up to, in thousandths of a bit."""
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Observations:
    """What enters the tests, in the order in which it does.

    `reading`: by which reading it came; `step`: at which one it enters (later, where it waited for the feed).
    """

    unexplained: Flags
    reading: Ints
    step: Ints


def observations(work: Work, desk: bool) -> Observations:
    """The patient of each new reading, and the namesakes of one whom nothing explains. At a desk they wait for the feed
    first, and the patients alone are observed then.
    """
    new = np.flatnonzero(work.new)
    has_others = np.flatnonzero((work.bystanders > 0) & (work.known_s > work.at_s) & (not desk))
    others = np.repeat(has_others, work.bystanders[has_others])
    reading = np.concatenate([new, others])
    known_s = np.concatenate([work.known_s[new], np.full(len(others), _NEVER)])
    unexplained = known_s > work.at_s[reading]
    second = np.repeat((0, 1), (len(new), len(others)))
    step, direct = 2 * reading, np.ones(len(reading), bool)
    if desk:
        steps_s = _steps_s(work)
        due_s = np.minimum(known_s, work.at_s[reading] + PENDING_S)
        later = np.maximum(np.searchsorted(steps_s, due_s), step + 1)
        step, direct = np.where(unexplained, later, step), ~unexplained
        reached_s = np.append(steps_s, _NEVER)[np.minimum(step, len(steps_s))]
        unexplained = unexplained & (known_s > reached_s)
    order = np.lexsort((second, reading, direct, step))
    order = order[step[order] < 2 * len(work)]
    return Observations(unexplained[order], reading[order], step[order] // 2)


def _steps_s(work: Work) -> Ints:
    """The latest moment by each step: every reading is one, and so is the opening after a list."""
    steps_s = np.repeat(work.at_s, 2)
    steps_s[1::2] += np.where(work.listed & work.opens, OPENING_S, 0)
    return np.maximum.accumulate(steps_s)


def scores(seen: Observations, group: Ints, tuned: Tuning) -> tuple[Ints, Ints]:
    """The highest member after each observation, each group being a sequence; sorted by group, and the order."""
    order = np.argsort(group[seen.reading], kind="stable")
    groups, unexplained = group[seen.reading][order], seen.unexplained[order]
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    in_run = np.concatenate([[False], unexplained[:-1]])
    in_run[starts] = False
    best = np.zeros(len(order), np.int64)
    for index in range(len(tuned.unexplained)):
        ups = np.where(in_run, tuned.unexplained_in_run[index], tuned.unexplained[index])
        downs = np.where(in_run, tuned.explained_in_run[index], tuned.explained[index])
        np.maximum(best, cusum(np.where(unexplained, ups, downs), starts), out=best)
    return best, order


def cusum(added: Ints, starts: Ints | None = None) -> Ints:
    """Sums that never fall below zero, anew at each start.

    >>> cusum(np.array([2, -3, 4, -1])).tolist(), cusum(np.array([2, 3, 4]), np.array([0, 2])).tolist()
    ([2, 0, 4, 3], [2, 5, 4])
    """
    if starts is None:
        starts = np.zeros(1, np.int64)
    with_starts = np.insert(added.astype(np.int64), starts, -_FAR)
    sums = np.cumsum(with_starts)
    floored: Ints = sums - np.minimum.accumulate(sums)
    found: Ints = np.delete(floored, starts + np.arange(len(starts)))
    return found


def patterns_bound(work: Work, networks: Ints) -> Ints:
    """At least what the patterns of honest work are worth after each reading, in thousandths of a bit."""
    total: Ints = _unopened(work) + _new_networks(networks)
    asked = np.flatnonzero(work.listed | (np.arange(len(work)) == 0))  # the very first question is remembered too
    noted = _noted(work, asked)
    total += noted[np.searchsorted(asked, np.arange(len(work)), side="right") - 1]
    worth: Ints = np.minimum(total, PATTERNS_MAX)
    return worth


def _noted(work: Work, asked: Ints) -> Ints:
    """Sweep, haste and clockwork after each question."""
    gap_s = np.diff(work.at_s[asked], prepend=work.at_s[asked[0]])
    position = np.where(work.listed[asked], work.position[asked], -_FAR)
    step = np.abs(np.diff(position, prepend=position[0]))
    before_s = np.concatenate([[0], gap_s[:-1]])
    regular = (gap_s >= REGULAR_S_MIN) & (np.abs(gap_s - before_s) * REGULAR_PART <= before_s)
    possible = (gap_s > 0) & (gap_s <= REGULAR_S_MAX) & (before_s > 0) & (before_s <= REGULAR_S_MAX)
    first = np.arange(len(asked)) == 0
    return (
        cusum(np.where(first, 0, _added(SWEEP, (step > 0) & (step <= 2))))
        + cusum(np.where(first, 0, _added(HASTE, (step > 0) & (gap_s < FAST_S))))
        + cusum(np.where(possible, _added(CLOCKWORK, regular), 0))
    )


def _unopened(work: Work) -> Ints:
    """Lists after lists of which nobody was opened."""
    left = np.concatenate([[False], (work.listed & ~work.opens)[:-1]])
    added = np.zeros(2 * len(work), np.int64)
    added[0::2] = np.where(left, _added(UNOPENED, work.listed), 0)
    added[1::2] = np.where(work.listed & work.opens, _added(UNOPENED, np.zeros(len(work), bool)), 0)
    found = cusum(added)
    worth: Ints = np.maximum(found[0::2], found[1::2])
    return worth


def _new_networks(networks: Ints) -> Ints:
    """What networks never used before add, as if explained patients did not wear it off."""
    first_seen = np.zeros(len(networks), bool)
    first_seen[np.unique(networks, return_index=True)[1][1:]] = True
    worth: Ints = np.cumsum(first_seen) * ONCE[NEW_NETWORK]
    return worth


def _added(pattern: str, shown: Flags) -> Ints:
    """What a question adds to a pattern."""
    p0, p1 = SHARES[pattern]
    up, down = round(1_000 * np.log2(p1 / p0)), round(1_000 * np.log2((1 - p1) / (1 - p0)))
    added: Ints = np.where(shown, up, down).astype(np.int64)
    return added


def may_be_disturbed(work: Work, networks: Ints, norm: Norm) -> bool:
    """Whether anything could be asked of this account, held or refused; False is certain."""
    tuned, desk = tuning(norm), norm.arrivals_per_h > 0
    seen = observations(work, desk)
    worth = patterns_bound(work, networks)
    more = np.maximum(worth, np.concatenate([[0], worth[:-1]]))[seen.step]
    own = scores(seen, np.zeros(len(work), np.int64), tuned)
    for best, order in (own, scores(seen, work.shift, tuned), scores(seen, networks, tuned)):
        if len(best) and int((best + np.minimum(best, more[order])).max()) >= tuned.ask:
            return True
    return (
        (desk and _may_wait_too_many(work, norm))
        or _may_reach_a_ceiling(work, norm)
        or _may_meet_too_many_strangers(work, seen, norm)
    )


def _may_wait_too_many(work: Work, norm: Norm) -> bool:
    """Those that waited in vain keep their places for as long again."""
    new = work.new & (work.known_s > work.at_s)
    came = new + work.bystanders
    steps_s = _steps_s(work)
    alone = np.searchsorted(steps_s, np.minimum(work.known_s, work.at_s + 2 * PENDING_S)) // 2
    others = np.searchsorted(steps_s, work.at_s + 2 * PENDING_S) // 2
    left = np.bincount(np.minimum(alone, len(work)), new, len(work) + 1)
    left += np.bincount(np.minimum(others, len(work)), work.bystanders, len(work) + 1)
    waiting = np.cumsum(came) - np.concatenate([[0], np.cumsum(left)[:-2]])
    return int(waiting.max(initial=0)) >= norm.pending_max


def _may_meet_too_many_strangers(work: Work, seen: Observations, norm: Norm) -> bool:
    """Those that the tests observe, and everybody's namesakes: some of them twice."""
    namesakes_s = np.repeat(work.at_s, work.bystanders)
    at_s = np.sort(np.concatenate([work.at_s[seen.reading[seen.unexplained]], namesakes_s]))
    shown = np.arange(1, len(at_s) + 1) - np.searchsorted(at_s, at_s - DAY_S * DAYS_KEPT)
    return int(shown.max(initial=0)) >= norm.strangers_30d


def _may_reach_a_ceiling(work: Work, norm: Norm) -> bool:
    """Counted in windows as long as the buckets of the evidence make them at most."""
    ceiling = norm.ceiling
    windows = ((HOUR_S * HOURS_KEPT, ceiling.patients_24h), (DAY_S * DAYS_KEPT, ceiling.patients_30d))
    shown = np.concatenate([[0], np.cumsum(work.new + work.bystanders)])
    for window_s, most in (*windows, (BLOCK_S * BLOCKS_KEPT, ceiling.patients_365d)):
        before = np.searchsorted(work.at_s, work.at_s - window_s)
        if int((shown[1:] - shown[before]).max(initial=0)) >= most:
            return True
    return False

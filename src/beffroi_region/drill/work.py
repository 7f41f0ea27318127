"""An account's honest work, drawn at once: when each patient is read, how, and when the feed knows of her.

Autocorrelated on purpose: patients come in handovers, a shift's unexplained share varies around the role's, and the
unexplained come in runs. The same arrays go through the pure step and through its vectorised twin.
"""

from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from beffroi_region.drill.habits import (
    BYSTANDERS_BY_LETTERS,
    BYSTANDERS_BY_NAMES,
    DAY_S,
    HOUR_S,
    NEVER,
    PLAIN,
    Habit,
    Season,
)

BEGIN_S = 1_800_057_600
"""A midnight (UTC) at which simulated time begins."""
LAG_MEDIAN_S, LAG_SIGMA = 180.0, 0.9
"""[E] From the reading at a desk to the feed's event; lognormal: 95 % within 13 minutes, 0.5 % later than 30."""
OPENED = 0.6
"""[E] Share of lists after which the patient is opened."""
HANDOVER_S = 1_800
BIRTH_DAYS = 32_000
"""Birth dates that a search may name."""
EXPLAINS_S = 72 * HOUR_S

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Work:
    """Readings in the order of time, one element each. `shift`: its shift's number. `known_s`: when the feed knows.

    `new`: not shown in the last 30 days. `listed`: found in a list, which shows `bystanders` unexplained others.
    `position`: the birth date that was searched. `contact`: contact fields wanted.
    """

    at_s: Ints
    shift: Ints
    known_s: Ints
    new: Flags
    listed: Flags
    opens: Flags
    bystanders: Ints
    position: Ints
    contact: Flags

    def __len__(self) -> int:
        return len(self.at_s)


def patients_in(habit: Habit, shifts: int, draw: np.random.Generator) -> Ints:
    """New patients of each shift: lognormal with the role's mean and 95th percentile, then Poisson-free rounding."""
    sigma = _sigma(habit.patients_p95 / habit.patients)
    scale = draw.lognormal(log(habit.patients) - sigma * sigma / 2, sigma, shifts)
    return np.maximum(np.rint(scale), 1).astype(np.int64)


def largest_shift(habit: Habit, chance: float) -> float:
    """New patients that a shift of this habit exceeds with this chance.

    >>> from beffroi.model.account import Role; from beffroi_region.drill.habits import HABITS
    >>> night = HABITS[Role.ON_CALL_DOCTOR]; round(largest_shift(night, 0.05)), round(largest_shift(night, 1e-6))
    (75, 296)
    """
    sigma = _sigma(habit.patients_p95 / habit.patients)
    return habit.patients * exp(sigma * NormalDist().inv_cdf(1 - chance) - sigma * sigma / 2)


def _sigma(ratio: float) -> float:
    """Of the lognormal whose 95th percentile is `ratio` times its mean.

    >>> round(_sigma(1.5), 3)
    0.268
    """
    return 1.645 - sqrt(max(1.645 * 1.645 - 2 * log(ratio), 0.0))


def work_of(
    habit: Habit, shifts: int, draw: np.random.Generator, season: Season = PLAIN, begin_s: int = BEGIN_S
) -> Work:
    """`shifts` shifts of one professional, as far apart as so many in a year are."""
    counts = patients_in(habit, shifts, draw)
    shift = np.repeat(np.arange(shifts), counts)
    days = shift * 365 // habit.shifts
    count = len(shift)
    length = habit.hours * HOUR_S
    within = draw.random(count) * np.where(draw.random(count) < habit.handover, HANDOVER_S, length)
    order = np.lexsort((within, shift))
    at_s = (begin_s + days * DAY_S + habit.starts_h * HOUR_S + within[order]).astype(np.int64)
    known_s = _known(habit, shift, at_s, season, draw)
    listed = draw.random(count) < habit.named
    letters = draw.random(count) < habit.letters
    mean = np.where(letters, BYSTANDERS_BY_LETTERS, BYSTANDERS_BY_NAMES)
    drawn = Work(
        at_s=at_s,
        shift=shift,
        known_s=known_s,
        new=np.ones(count, bool),
        listed=listed,
        opens=draw.random(count) < OPENED,
        bystanders=np.where(listed, draw.poisson(mean), 0),
        position=draw.integers(0, BIRTH_DAYS, count),
        contact=draw.random(count) < habit.contact,
    )
    return _with_known_patients(drawn, habit, draw)


def _known(habit: Habit, shift: Ints, at_s: Ints, season: Season, draw: np.random.Generator) -> Ints:
    """When the feed knows of each patient: before the reading, a little after it, or never."""
    shifts, count = int(shift[-1]) + 1, len(shift)
    factor = draw.lognormal(-(season.spread**2) / 2, season.spread, shifts)
    share = np.minimum(habit.unexplained * factor, 0.9)
    fresh = draw.random(count) >= season.run
    fresh[0] = True
    source = np.maximum.accumulate(np.where(fresh, np.arange(count), 0))
    never = (draw.random(count) < share[shift])[source]
    lag = draw.lognormal(log(LAG_MEDIAN_S), LAG_SIGMA, count)
    early = draw.random(count) < habit.early
    known_s = np.where(early, at_s + lag.astype(np.int64) + 1, at_s - HOUR_S)
    return np.where(never, NEVER, known_s)


def _with_known_patients(drawn: Work, habit: Habit, draw: np.random.Generator) -> Work:
    """Readings of patients who are not new, put between: they are steps of the watch too, and no observations."""
    count = len(drawn)
    extra = draw.integers(0, count, int(count * habit.again))
    source = np.concatenate([np.arange(count), extra])
    at_s = drawn.at_s[source]
    at_s[count:] += draw.integers(20, 600, len(extra))
    order = np.lexsort((at_s, drawn.shift[source]))
    old = np.concatenate([np.zeros(count, bool), np.ones(len(extra), bool)])[order]
    taken = source[order]
    return Work(
        at_s=at_s[order],
        shift=drawn.shift[taken],
        known_s=drawn.known_s[taken],
        new=~old,
        listed=drawn.listed[taken] & ~old,
        opens=drawn.opens[taken] & ~old,
        bystanders=np.where(old, 0, drawn.bystanders[taken]),
        position=drawn.position[taken],
        contact=drawn.contact[taken] & ~old,
    )

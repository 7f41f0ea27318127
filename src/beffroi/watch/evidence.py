"""What the watch remembers of one person's account: counts, sequences, what is pending, and the rung.

It stands in the account's row and is read and written under its lock. Everything is bounded, so the row stays within a
few KiB whatever the account does, and everything ages out by itself: within a day, 30 days or 13 months.
"""

from typing import NewType

import msgspec

from beffroi.watch.detectors import Sequence
from beffroi.watch.geography import Place

HOUR_S = 3_600
DAY_S = 86_400
BLOCK_S = 30 * DAY_S
HOURS_KEPT = 25
DAYS_KEPT = 31
BLOCKS_KEPT = 14
"""Buckets, the present one included: as many as cover 24 hours, 30 and 365 days from any moment within a bucket."""
CHANNELS_MAX = 4
"""Session keys, and networks, whose sequences are kept: the latest used."""
TRAIL_MAX = 24
"""Unexplained readings that a verdict can name."""
OLD_S = 30 * DAY_S
"""A patient who was not shown for so long is new again."""

Counts = dict[int, int]
"""Bucket index since 1970 to patients whose last showing lies in it."""
Rung = NewType("Rung", int)
NO_RUNG, WARN, ASK, MASK, HOLD = Rung(0), Rung(1), Rung(2), Rung(3), Rung(4)
RUNG_NAMES = ("none", "warn", "ask", "mask", "hold")


class Pending(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A reading that waits for the feed: who, when, its running number, and the channels by which it came.

    `in_vain`: it enters the tests no more, because it has as unexplained, or never does, because it is a namesake of
    whoever was asked for; it keeps its place for as long again, so that places that free themselves one by one are no
    way around the cap.
    """

    person: int
    at_s: int
    running_number: int
    key: str
    network: str
    in_vain: bool = False


class Probe(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The last question as a number on a line (`watch.patterns`), when it was, and how long after the one before."""

    kind: str = ""
    position: int = 0
    at_s: int = 0
    gap_s: int = 0


class Evidence(msgspec.Struct, omit_defaults=True):
    """`hours`, `days`, `blocks`: distinct patients by their last showing. `contacts`: the same for contact fields, by
    day.

    `strangers`: new patients whom nothing explained, by day; `allowances`: those shown to a held account by a step-up.
    `own`, `keys`, `networks`: the sequences. `trail`: running numbers of the last unexplained readings. `patterns`:
    scores by pattern, in thousandths of a bit. `listed`: a list was shown and nobody opened since. `rung` is the last
    that was recorded; `held_s`, since when new unexplained patients are held (0: not), until somebody releases.
    `place`, `place_s`: the declared place from which it last asked, and when.
    `asked_s`: since when a proof of who is there is wanted; `proved_s`: the last such proof, `proved_key` the session
    that it was given in: it speaks for no other. `confirmed`: patients whom a colleague vouched for, with the end of
    it. `confirmations`: when a colleague vouched for a patient, `vouched`: when this person did for a colleague, each
    of the last 30 days. `seconds`: (account, until when) of colleagues who agreed to an emergency reading that was not
    made yet. `releases`: when it was released.
    """

    hours: Counts = msgspec.field(default_factory=dict)
    days: Counts = msgspec.field(default_factory=dict)
    blocks: Counts = msgspec.field(default_factory=dict)
    contacts: Counts = msgspec.field(default_factory=dict)
    contacts_blocks: Counts = msgspec.field(default_factory=dict)
    beyond: Counts = msgspec.field(default_factory=dict)
    strangers: Counts = msgspec.field(default_factory=dict)
    allowances: Counts = msgspec.field(default_factory=dict)
    emergencies: tuple[int, ...] = ()
    own: Sequence = Sequence()
    keys: tuple[Sequence, ...] = ()
    networks: tuple[Sequence, ...] = ()
    pending: tuple[Pending, ...] = ()
    trail: tuple[int, ...] = ()
    patterns: dict[str, int] = msgspec.field(default_factory=dict)
    last: Probe = Probe()
    listed: bool = False
    place: Place | None = None
    place_s: int = 0
    first_s: int = 0
    rung: Rung = NO_RUNG
    held_s: int = 0
    asked_s: int = 0
    proved_s: int = 0
    proved_key: str = ""
    confirmed: dict[int, int] = msgspec.field(default_factory=dict)
    confirmations: tuple[int, ...] = ()
    vouched: tuple[int, ...] = ()
    seconds: tuple[tuple[int, int], ...] = ()
    releases: tuple[int, ...] = ()

    def copied(self) -> "Evidence":
        """One that can be changed while this one stays as it is."""
        new = msgspec.structs.replace(self)
        new.hours, new.days, new.blocks = self.hours.copy(), self.days.copy(), self.blocks.copy()
        new.patterns = self.patterns.copy()
        return new

    def shown_24h(self, now_s: int) -> int:
        """Distinct patients whose last showing is at most 24 hours old (up to an hour more).

        >>> Evidence(hours={0: 3, 24: 2}).shown_24h(24 * 3600), Evidence(hours={0: 3}).shown_24h(25 * 3600)
        (5, 0)
        """
        return _sum_since(self.hours, now_s // HOUR_S - HOURS_KEPT + 1)

    def shown_30d(self, now_s: int) -> int:
        """Distinct patients of the last 30 days (up to a day more)."""
        return _sum_since(self.days, now_s // DAY_S - DAYS_KEPT + 1)

    def shown_365d(self, now_s: int) -> int:
        """Distinct patients of the last 365 days (up to 55 days more)."""
        return _sum_since(self.blocks, now_s // BLOCK_S - BLOCKS_KEPT + 1)

    def beyond_24h(self, now_s: int) -> int:
        """Patients shown one at a time beyond a ceiling, today and yesterday."""
        return _sum_since(self.beyond, now_s // DAY_S - 1)

    def beyond_30d(self, now_s: int) -> int:
        """The same in the last 30 days."""
        return _sum_since(self.beyond, now_s // DAY_S - DAYS_KEPT + 1)

    def emergencies_since(self, first_s: int) -> int:
        """Emergency readings after a moment."""
        return sum(1 for at_s in self.emergencies if at_s > first_s)


def reaches(counts: Counts, first: int, limit: int) -> bool:
    """Whether the buckets from `first` on hold that many. All buckets together mostly do not, which is soon known.

    >>> reaches({1: 5, 2: 3}, 2, 4), reaches({1: 5, 2: 3}, 2, 3), reaches({}, 0, 0)
    (False, True, True)
    """
    return sum(counts.values()) >= limit and _sum_since(counts, first) >= limit


def _sum_since(counts: Counts, first: int) -> int:
    total = 0
    for index, count in counts.items():
        if index >= first:
            total += count
    return total


def count_showing(evidence: Evidence, now_s: int, age_s: int | None) -> None:
    """Counts a patient shown now who was last shown `age_s` seconds ago (None: never): her last showing moves to now.

    So each sum over a window is the number of distinct patients whose last showing lies in it: nothing is counted
    twice, and nobody whom the account was shown within the window is left out. Changes `evidence`.

    >>> found = Evidence(); count_showing(found, 90_000, None); count_showing(found, 180_000, 90_000)
    >>> found.shown_24h(180_000), found.shown_30d(180_000), found.hours
    (1, 1, {50: 1})
    """
    for counts, bucket_s, kept in (
        (evidence.hours, HOUR_S, HOURS_KEPT),
        (evidence.days, DAY_S, DAYS_KEPT),
        (evidence.blocks, BLOCK_S, BLOCKS_KEPT),
    ):
        index = now_s // bucket_s
        if age_s is None or _moves(counts, index, (now_s - age_s) // bucket_s):
            add(counts, index, 1, kept)


def _moves(counts: Counts, index: int, old: int) -> bool:
    """Takes a showing out of its old bucket, if it is another one."""
    if old == index and index in counts:
        return False
    if counts.get(old, 0) > 1:
        counts[old] -= 1
    elif old in counts:
        del counts[old]
    return True


def add(counts: Counts, index: int, count: int, kept: int) -> None:
    """Adds to a bucket; what has left the window is forgotten when a new bucket begins. Changes `counts`."""
    if index in counts:
        counts[index] += count
        return
    for old in [one for one in counts if one <= index - kept]:
        del counts[old]
    counts[index] = count

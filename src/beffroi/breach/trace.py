"""Which disclosures a scope's numbers come from: patient by patient, so that every count can be made again by hand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from beffroi.breach.scope import EVERYBODY, Belonging, Reading, Tally, Whom

READINGS_MAX = 200_000
"""Readings that are kept for tracing: some hundred megabytes. A larger scope says that it is traced in part."""


class TracedTally(Tally):
    """A tally that keeps the readings it counted. Those counted elsewhere (the archive) are in its sums alone."""

    readings: dict[int, Reading] = msgspec.field(default_factory=dict)

    def add(self, reading: Reading, whom: Whom = EVERYBODY) -> None:
        """Counts a reading, and keeps it when it was new."""
        before = self.readings_count
        super().add(reading, whom)
        if self.readings_count > before and len(self.readings) < READINGS_MAX:
            self.readings[reading.disclosure_id] = reading


@dataclass(frozen=True, slots=True)
class Row:
    """Where a disclosure stands: in its account's chain, and in the sealed tree (None: not sealed yet)."""

    disclosure_id: int
    account_id: int
    running_number: int
    tree_index: int | None


def by_patient(tally: TracedTally, belongings: Mapping[int, Belonging], people: Iterable[int]) -> dict[int, list[int]]:
    """The disclosures of each patient of a scope, in order.

    >>> from datetime import UTC, datetime
    >>> tally = TracedTally()
    >>> tally.add(Reading(5, datetime(2026, 1, 1, tzinfo=UTC), 1, 1, 1, 2, 1, (), ((7, 1, (7, 8)),), True))
    >>> by_patient(tally, {7: Belonging(7, 1), 8: Belonging(8, 2)}, [7, 8])
    {7: [5], 8: [5]}
    """
    found: dict[int, list[int]] = {person: [] for person in people}
    for number in sorted(tally.readings):
        reading = tally.readings[number]
        patients = {
            belongings[one].person_id if one in belongings else person
            for person, _, sources in reading.shown
            if (person, sources) in tally.seen
            for one in sources or (person,)
        }
        for patient in patients & found.keys():
            found[patient].append(number)
    return found

"""What each hospital knows of the people of a region: its own identities, with its own habits and errors.

A qualified or retrieved identity carries the traits of the national service, letter for letter. A validated one was
read from a document: right, in the hospital's spelling. A provisional one was heard at a desk: there the errors are.
The truth, whose it is, stays beside each identity. Identities of person n can be made alone, like the person.

Shares are parameters [E], round figures of what identity cells report, each named where it stands.

Source: RNIV statuses and attributes (standards 1.3, 1.4); PAM France 6.6.15 (who carries an INS, standards 2.4).
"""

from collections.abc import Iterator
from datetime import date
from itertools import accumulate
from random import Random

import msgspec

from beffroi.model.person import HospitalId, Record
from beffroi_region.desk import fictitious, seen_at_a_desk, unidentified
from beffroi_region.hospitals import sites
from beffroi_region.people import People, Person
from beffroi_region.places import TOWNS

# Cumulated shares of people known to one, two, ... hospitals: two on average.
_KNOWN_TO = (0.40, 0.72, 0.90, 0.97, 1.0)
# People whom one of their hospitals registered twice.
DUPLICATES_SHARE = 0.03
# Per person: a record that a hospital made for a test or a training, and one of a patient who could not say a name.
FICTITIOUS_SHARE, UNIDENTIFIED_SHARE = 0.0008, 0.0005
_IPP_START = 100_000_000
_NEARNESS = 4
"""Towns: how far along the list of towns a hospital's attraction halves."""


class LocalIdentity(msgspec.Struct, frozen=True, gc=False):
    """One hospital's record of somebody. `person` is whose it is in truth: None for a fictitious one.

    `duplicate_of` is the IPP of the identity that the same hospital already had for the same person.
    """

    person: int | None
    hospital_id: HospitalId
    ipp: str
    record: Record
    duplicate_of: str = ""


class Region:
    """`people` people known to `hospitals` hospitals. The same arguments make the same region, in whatever order."""

    def __init__(self, people: int, hospitals: int, seed: int, as_of: date) -> None:
        self.people = People(people, seed, as_of)
        self.sites = sites(hospitals)
        self.seed = seed
        self.as_of = as_of
        self._random = Random()
        self._uniform = self._random.random
        self._attraction = tuple(self._attraction_of(town) for town in range(len(TOWNS)))
        # A power of two, so that an odd step makes a permutation: IPPs are dense, and tell nothing across hospitals.
        self._numbers = 1 << (2 * people + 1).bit_length()
        random = Random(f"ipps {seed}")
        self._steps = [random.randrange(1, self._numbers, 2) for _ in self.sites]
        self._shifts = [random.randrange(self._numbers) for _ in self.sites]

    def __iter__(self) -> Iterator[LocalIdentity]:
        """All identities, in the order of their people."""
        for person in self.people:
            yield from self.identities_of(person)

    def identities(self, number: int) -> tuple[LocalIdentity, ...]:
        """The identities of person `number`, and any that a hospital made up beside."""
        return self.identities_of(self.people[number])

    def identities_of(self, person: Person) -> tuple[LocalIdentity, ...]:
        """The same, of a person who is already at hand."""
        self._random.seed(self.seed << 40 | person.number << 1 | 1)
        uniform = self._uniform
        found = [
            LocalIdentity(
                person.number,
                self.sites[index].number,
                self.ipp(index, person.number),
                seen_at_a_desk(person, self.sites[index].spelling, uniform),
            )
            for index in self._hospitals_of(person.town)
        ]
        u = uniform()
        if u < DUPLICATES_SHARE:
            found.append(self._duplicate(person, found[0]))
        elif u > 1 - FICTITIOUS_SHARE:
            found.append(self._beside(None, found[0], person.number, fictitious(uniform, self.as_of)))
        elif u > 1 - FICTITIOUS_SHARE - UNIDENTIFIED_SHARE:
            record = unidentified(person.record, uniform, self.as_of)
            found.append(self._beside(person.number, found[0], person.number, record))
        return tuple(found)

    def _duplicate(self, person: Person, first: LocalIdentity) -> LocalIdentity:
        spelling = self.sites[first.hospital_id - 1].spelling
        record = seen_at_a_desk(person, spelling, self._uniform, again=True)
        return msgspec.structs.replace(
            self._beside(person.number, first, person.number, record), duplicate_of=first.ipp
        )

    def _beside(self, person: int | None, first: LocalIdentity, number: int, record: Record) -> LocalIdentity:
        """One more identity in the hospital of `first`, under a number that no person's first identity has there."""
        return LocalIdentity(
            person, first.hospital_id, self.ipp(first.hospital_id - 1, number + self.people.size), record
        )

    def ipp(self, index: int, number: int) -> str:
        """The identifier that the hospital of that index (from 0) gives to its `number`-th registration."""
        value = (self._steps[index] * number + self._shifts[index]) % self._numbers
        return f"{self.sites[index].ipp_prefix}{_IPP_START + value}"

    def _attraction_of(self, town: int) -> tuple[float, ...]:
        """Cumulated shares of the hospitals for somebody who lives in `town`: size, and nearness."""
        weights = [site.size / (1 + abs(town - site.town) / _NEARNESS) for site in self.sites]
        return tuple(accumulate(weight / sum(weights) for weight in weights))

    def _hospitals_of(self, town: int) -> list[int]:
        shares = self._attraction[town]
        u = self._uniform()
        count = min(next(n for n, share in enumerate(_KNOWN_TO, 1) if u < share), len(shares))
        if count == len(shares):
            return list(range(count))
        chosen: list[int] = []
        while len(chosen) < count:
            u = self._uniform()
            index = next((n for n, share in enumerate(shares) if u < share), len(shares) - 1)
            if index not in chosen:
                chosen.append(index)
        return chosen

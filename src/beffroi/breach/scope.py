"""Whose data were seen: readings counted patient by patient, and what was asked without being shown.

A `Tally` counts readings as they were recorded, in any order and in parts that can be joined. `scope_of` then says whom
they are about now, after merges and unmerges: by the identities that an answer came from, each of which belongs to one
person today; where an answer named no identity (an opaque reference, mere existence), by the identity whose number the
person bore. A reading is *sent* when its answer was handed to the socket, *aborted* when it was not (nobody was shown
anything), else *unknown*: counted as seen, and said.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import msgspec

from beffroi.model.disclosure import Field, Operation, Outcome
from beffroi.model.scope import ScopeTotals
from beffroi.model.selection import Selection

ADULT_YEARS = 18
Sight = tuple[int, int, tuple[int, ...]]
"""Person, fields, identities, as a disclosure records them."""


class Certainty(StrEnum):
    """What is known of an answer's fate."""

    SENT = "sent"
    UNKNOWN = "unknown"
    ABORTED = "aborted"


def certainty(sent: bool | None) -> Certainty:
    """From the record of deliveries.

    >>> certainty(None)
    <Certainty.UNKNOWN: 'unknown'>
    """
    if sent is None:
        return Certainty.UNKNOWN
    return Certainty.SENT if sent else Certainty.ABORTED


class Reading(msgspec.Struct, frozen=True):
    """One disclosure as a scope counts it. `criteria` are the names of what was asked by, without values."""

    disclosure_id: int
    at: datetime
    account_id: int
    structure_id: int
    door: int
    operation: int
    outcome: int
    criteria: tuple[str, ...]
    shown: tuple[Sight, ...]
    sent: bool | None


class Span(msgspec.Struct):
    """How often, from when to when, and which fields."""

    times: int = 0
    fields: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None

    def add(self, other: "Span") -> None:
        """Counts another one in."""
        self.times += other.times
        self.fields |= other.fields
        self.first_at = _least(self.first_at, other.first_at)
        self.last_at = _greatest(self.last_at, other.last_at)


class Count(msgspec.Struct):
    """What was counted of one person as recorded, or of one patient now."""

    sent: Span = msgspec.field(default_factory=Span)
    unknown: Span = msgspec.field(default_factory=Span)
    aborted: Span = msgspec.field(default_factory=Span)
    doors: set[int] = msgspec.field(default_factory=set)
    accounts: set[int] = msgspec.field(default_factory=set)
    structures: set[int] = msgspec.field(default_factory=set)

    def span(self, sure: Certainty) -> Span:
        """The span of one certainty."""
        found: Span = getattr(self, sure.value)
        return found

    def add(self, other: "Count") -> None:
        """Counts another one in."""
        for sure in Certainty:
            self.span(sure).add(other.span(sure))
        self.doors |= other.doors
        self.accounts |= other.accounts
        self.structures |= other.structures


class Asked(msgspec.Struct, frozen=True, order=True):
    """A way of asking that showed nobody: refused, too many, too broad, none, or an event."""

    operation: int
    outcome: int
    criteria: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Whom:
    """To what of a selection's readings a tally listens: all, or sights of these identities (numbers).

    Readings for `hidden` structures are left out: hospitals of which nobody else may know who is known there (law 4).
    """

    identities: frozenset[int] | None = None
    hidden: frozenset[int] = frozenset()

    def heard(self, person: int, sources: tuple[int, ...]) -> tuple[int, ...]:
        """Of the identities of a sight (that of the person's number, when it has none), those that are listened to.

        >>> Whom().heard(1, ()), Whom(frozenset({3})).heard(1, (1, 3)), Whom(frozenset({3})).heard(1, ())
        ((1,), (3,), ())
        """
        named = sources or (person,)
        return named if self.identities is None else tuple(n for n in named if n in self.identities)


EVERYBODY = Whom()


class Tally(msgspec.Struct):
    """Readings counted as they were recorded. Plain values throughout, so that a process can hand it to another.

    `seen` by (person, identities) of the record; `asked` by way of asking. `readings_count` counts disclosures.
    `counted`: (disclosure, person, identity) of what was counted, when two selections may select the same.
    """

    seen: dict[tuple[int, tuple[int, ...]], Count] = msgspec.field(default_factory=dict)
    asked: dict[Asked, Span] = msgspec.field(default_factory=dict)
    readings_count: int = 0
    counted: set[tuple[int, int, int]] | None = None

    @classmethod
    def of(cls, selections_count: int) -> "Tally":
        """An empty one. For the union of several selections it remembers what it counted, so as to count it once."""
        return cls(counted=set() if selections_count > 1 else None)

    def add(self, reading: Reading, whom: Whom = EVERYBODY) -> None:
        """Counts a reading, or those of its sights that `whom` hears."""
        if reading.structure_id in whom.hidden:
            return
        heard = [
            (person, fields, new)
            for person, fields, sources in reading.shown
            if (new := self._new(reading.disclosure_id, person, whom.heard(person, sources)))
        ]
        if not heard and (reading.shown or whom.identities is not None):
            return  # a patient's scope tells of no question that showed nobody
        if self._new(reading.disclosure_id, 0, (0,)):
            self.readings_count += 1
            if not reading.shown:
                way = Asked(reading.operation, reading.outcome, reading.criteria)
                self.asked.setdefault(way, Span()).add(Span(1, 0, reading.at, reading.at))
        sure = certainty(reading.sent).value
        for person, fields, sources in heard:
            count = self.seen.get((person, sources))
            if count is None:
                count = self.seen[person, sources] = Count()
            getattr(count, sure).add(Span(1, fields, reading.at, reading.at))
            count.doors.add(reading.door)
            count.accounts.add(reading.account_id)
            count.structures.add(reading.structure_id)

    def join(self, other: "Tally") -> None:
        """Counts another part in; the parts hold different disclosures."""
        for key, count in other.seen.items():
            self.seen.setdefault(key, Count()).add(count)
        for way, span in other.asked.items():
            self.asked.setdefault(way, Span()).add(span)
        self.readings_count += other.readings_count

    def _new(self, disclosure: int, person: int, numbers: tuple[int, ...]) -> tuple[int, ...]:
        """Those of the numbers that were not counted before."""
        if self.counted is None:
            return numbers
        keys = {(disclosure, person, number) for number in numbers} - self.counted
        self.counted |= keys
        return tuple(number for number in numbers if (disclosure, person, number) in keys)

    def identities(self) -> set[int]:
        """The identities of which it must be known whose they are now."""
        return {number for _, sources in self.seen for number in sources}


@dataclass(frozen=True, slots=True)
class Belonging:
    """To whom an identity belongs now, and whose identity it is."""

    person_id: int
    hospital_id: int


@dataclass(frozen=True, slots=True)
class Situation:
    """What must be known of a patient to tell her: as any of her identities says it."""

    birth_date: date | None = None
    deceased: bool = False
    protected: bool = False
    reachable: bool = False


class Patient(msgspec.Struct, frozen=True):
    """One patient of a scope. `count` holds what was seen of her; `hospitals` those whose data they were.

    `minor` on the day of the scope. `reachable`: one of her identities has an address that a letter can bear.
    """

    person_id: int
    count: Count
    hospitals: tuple[int, ...]
    minor: bool = False
    deceased: bool = False
    protected: bool = False
    reachable: bool = False

    @property
    def certainty(self) -> Certainty:
        """The surest that is known: sent before unknown before aborted."""
        return next(sure for sure in Certainty if self.count.span(sure).times)

    @property
    def shown(self) -> Span:
        """Sent and unknown together: what counts as seen."""
        both = Span()
        both.add(self.count.sent)
        both.add(self.count.unknown)
        return both


class Scope(msgspec.Struct, frozen=True):
    """The whole answer. `patients` by number; those of whom everything was aborted are among them, and say so.

    `erased`: disclosures whose time of keeping was over and that may have been of these selections.
    """

    selections: tuple[Selection, ...]
    patients: tuple[Patient, ...]
    asked: tuple[tuple[Asked, Span], ...]
    readings_count: int
    erased: int = 0

    @property
    def seen(self) -> tuple[Patient, ...]:
        """Those of whom something was shown, or may have been."""
        return tuple(p for p in self.patients if p.certainty is not Certainty.ABORTED)


def scope_of(
    selections: tuple[Selection, ...],
    tally: Tally,
    belongings: Mapping[int, Belonging],
    situations: Mapping[int, Situation],
    today: date,
    erased: int = 0,
) -> Scope:
    """Whom a tally is about now."""
    counts: dict[int, Count] = {}
    hospitals: dict[int, set[int]] = {}
    for (person, sources), count in tally.seen.items():
        whose: dict[int, set[int]] = {}
        for number in sources:
            now = belongings.get(number)
            if now is None:  # an identity that is not there any more: she keeps the number of the record
                whose.setdefault(person, set())
            else:
                whose.setdefault(now.person_id, set()).add(now.hospital_id)
        for patient, of in whose.items():
            counts.setdefault(patient, Count()).add(count)
            hospitals.setdefault(patient, set()).update(of)
    patients = tuple(
        _patient(number, counts[number], hospitals[number], situations.get(number, Situation()), today)
        for number in sorted(counts)
    )
    return Scope(selections, patients, tuple(sorted(tally.asked.items())), tally.readings_count, erased)


def _patient(number: int, count: Count, hospitals: set[int], known: Situation, today: date) -> Patient:
    return Patient(
        number,
        count,
        tuple(sorted(hospitals)),
        known.birth_date is not None and is_minor(known.birth_date, today),
        known.deceased,
        known.protected,
        known.reachable,
    )


def is_minor(born: date, today: date) -> bool:
    """Under eighteen.

    >>> is_minor(date(2008, 11, 25), date(2026, 11, 24)), is_minor(date(2008, 11, 24), date(2026, 11, 24))
    (True, False)
    """
    return (today.year - born.year, (today.month, today.day)) < (ADULT_YEARS, (born.month, born.day))


def totals(scope: Scope) -> ScopeTotals:
    """The counts that an authority asks for."""
    seen = scope.seen
    by_hospital: dict[int, int] = {}
    by_field: dict[str, int] = {}
    for patient in seen:
        for hospital in patient.hospitals:
            by_hospital[hospital] = by_hospital.get(hospital, 0) + 1
        for name in field_names(patient.shown.fields):
            by_field[name] = by_field.get(name, 0) + 1
    sent = sum(patient.certainty is Certainty.SENT for patient in seen)
    return ScopeTotals(
        patients=len(seen),
        sent=sent,
        unknown=len(seen) - sent,
        aborted=len(scope.patients) - len(seen),
        by_hospital=dict(sorted(by_hospital.items())),
        by_field=by_field,
        minors=sum(p.minor for p in seen),
        deceased=sum(p.deceased for p in seen),
        protected=sum(p.protected for p in seen),
        unreachable=sum(not p.reachable for p in seen),
        refused=sum(span.times for asked, span in scope.asked if asked.outcome == Outcome.REFUSED),
    )


def without(counts: ScopeTotals, hidden: frozenset[int]) -> ScopeTotals:
    """The same for somebody who may not know who is known to some hospitals (law 4)."""
    told = {hospital: count for hospital, count in counts.by_hospital.items() if hospital not in hidden}
    return msgspec.structs.replace(counts, by_hospital=told)


def field_names(fields: int) -> tuple[str, ...]:
    """The names of a sum of fields, in the order of their bits.

    >>> field_names(5)
    ('birth_name', 'birth_date')
    """
    return tuple(str(one.name).lower() for one in Field if fields & one.value)


def asked_words(asked: Asked) -> tuple[str, str]:
    """The operation and the outcome by name; a number that this version does not know stands for itself.

    >>> asked_words(Asked(1, 5, ()))
    ('search', 'refused')
    """
    return _name(Operation, asked.operation), _name(Outcome, asked.outcome)


def _name(vocabulary: type[Operation] | type[Outcome], number: int) -> str:
    try:
        return vocabulary(number).name.lower()
    except ValueError:
        return str(number)


def _least(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at is not None), default=None)


def _greatest(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((at for at in (one, other) if at is not None), default=None)

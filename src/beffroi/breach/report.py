"""A report's content: numbers, lists and their sources, without a word of language and without a name.

Patients are opaque references. Every number is made from lines that the report's files hold; `sources` says which.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from beffroi.breach.incident import Account33, Clock72, State
from beffroi.breach.scope import Certainty, Patient, Scope, field_names, totals
from beffroi.breach.severity import Seen, Severity
from beffroi.model.disclosure import Field
from beffroi.model.person import Hospital
from beffroi.model.scope import ScopeTotals

BINS_MAX = 60
"""Bars of a chart: more cannot be read on a page."""
WIDTHS = tuple(
    timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720, 1440, 10080, 43200, 129600, 525600)
)

CATEGORIES: Mapping[str, Field] = {
    "civil_status": Field.BIRTH_NAME
    | Field.USED_NAME
    | Field.BIRTH_DATE
    | Field.SEX
    | Field.BIRTH_PLACE
    | Field.MOTHER_NAME
    | Field.NATIONALITY
    | Field.DECEASED,
    "contact": Field.PHONE | Field.EMAIL | Field.ADDRESS,
    "national_identifier": Field.INS,
    "hospital_identifiers": Field.OWN_IDENTIFIER | Field.OTHER_IDENTIFIERS | Field.STATUS | Field.PROOF,
    "existence": Field.EXISTENCE | Field.REFERENCE,
}
"""The categories of data of the authority's form that an identity server can hold."""


class Bin(msgspec.Struct, frozen=True):
    """One bar: from when, and patients seen for the first time then."""

    at: datetime
    patients: int


class HospitalCount(msgspec.Struct, frozen=True):
    """One controller's numbers."""

    hospital_id: int
    name: str
    finess: str
    sensitive: bool
    totals: ScopeTotals


class Moment(msgspec.Struct, frozen=True):
    """One line of the timeline. `kind` is a word of `report_words`; `reference` is a disclosure's number, or 0."""

    at: datetime
    kind: str
    text: str = ""
    by: str = ""
    reference: int = 0
    state: State | None = None


class AccountCount(msgspec.Struct, frozen=True):
    """What one account was shown, and between which of its running numbers and which leaves that stands."""

    account_id: int
    subject: str
    disclosures: int
    patients: int
    running_first: int
    running_last: int
    tree_first: int | None
    tree_last: int | None
    unsealed: int


class ForeignCount(msgspec.Struct, frozen=True):
    """Other servers' logs: patients by certainty, and questions of which nobody knows whom they showed."""

    logs: tuple[str, ...] = ()
    facts: int = 0
    fields_known: int = 0
    fields_unknown: int = 0
    perhaps: int = 0
    questions_unknown: int = 0
    beyond_identity: int = 0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a page or a file of a report says. `look` is the disclosure that this report itself is."""

    incident_id: int
    title: str
    state: State
    made_at: datetime
    made_by: str
    region: str
    look: int = 0
    opened_at: datetime
    aware_at: datetime | None
    clock: Clock72 | None
    told: Account33
    selections: tuple[str, ...]
    totals: ScopeTotals
    readings: int
    traced: int
    erased: int = 0
    categories: dict[str, int]
    hospitals: tuple[HospitalCount, ...]
    accounts: tuple[AccountCount, ...]
    severity: Severity
    severity_kept: bool
    first_at: datetime | None
    last_at: datetime | None
    bins: tuple[Bin, ...]
    bin_s: int
    timeline: tuple[Moment, ...]
    foreign: ForeignCount
    digest: str
    checkpoint: str = ""
    tree_size: int = 0


def histogram(moments: Sequence[datetime]) -> tuple[tuple[Bin, ...], timedelta]:
    """How many fell into each of at most sixty equal spans, from the first to the last; empty spans are there too.

    >>> from datetime import UTC
    >>> at = datetime(2026, 11, 24, 9, 0, 30, tzinfo=UTC)
    >>> bins, width = histogram([at, at, at + timedelta(minutes=3)])
    >>> [one.patients for one in bins], width.total_seconds()
    ([2, 0, 0, 1], 60.0)
    """
    if not moments:
        return (), WIDTHS[0]
    first, last = min(moments), max(moments)
    width = next((w for w in WIDTHS if (last - first) / w < BINS_MAX - 1), WIDTHS[-1])
    epoch = datetime(1970, 1, 1, tzinfo=first.tzinfo)
    start = epoch + ((first - epoch) // width) * width
    counts: dict[int, int] = {}
    for at in moments:
        place = (at - start) // width
        counts[place] = counts.get(place, 0) + 1
    return tuple(Bin(start + width * place, counts.get(place, 0)) for place in range(max(counts) + 1)), width


def categories_of(patients: Sequence[Patient]) -> dict[str, int]:
    """How many patients had something of each category shown."""
    found = dict.fromkeys(CATEGORIES, 0)
    for patient in patients:
        for name, fields in CATEGORIES.items():
            found[name] += bool(patient.shown.fields & fields)
    return {name: count for name, count in found.items() if count}


def of_hospital(scope: Scope, hospital_id: int) -> Scope:
    """The part of a scope that is one controller's: patients of whom its data were shown."""
    patients = tuple(one for one in scope.patients if hospital_id in one.hospitals)
    return Scope(scope.selections, patients, (), scope.readings_count)


def hospital_counts(scope: Scope, hospitals: Sequence[Hospital]) -> tuple[HospitalCount, ...]:
    """The numbers of every controller concerned, by hospital number."""
    by_id = {hospital.hospital_id: hospital for hospital in hospitals}
    concerned = sorted({number for patient in scope.patients for number in patient.hospitals})
    return tuple(
        HospitalCount(number, one.name, one.finess, one.sensitive, totals(of_hospital(scope, number)))
        for number in concerned
        if (one := by_id.get(number)) is not None  # type: ignore[call-overload]
    )


def seen_of(scope: Scope, hospitals: Sequence[HospitalCount], foreign: ForeignCount) -> Seen:
    """What a severity is proposed from."""
    fields = 0
    for patient in scope.seen:
        fields |= patient.shown.fields
    counts = totals(scope)
    return Seen(
        Field(fields),
        counts.patients,
        protected=counts.protected,
        minors=counts.minors,
        sensitive_hospital=any(one.sensitive and one.totals.patients for one in hospitals),
        beyond_identity=foreign.beyond_identity > 0,
    )


def patient_line(patient: Patient, reference: str, hidden: frozenset[int]) -> dict[str, object]:
    """One patient as a list tells her: a pseudonym, and what was seen. Sensitive hospitals are not named to others."""
    shown = patient.shown
    return {
        "patient": reference,
        "certainty": patient.certainty.value,
        "fields": " ".join(field_names(shown.fields)),
        "times": shown.times,
        "first_at": shown.first_at.isoformat() if shown.first_at else "",
        "last_at": shown.last_at.isoformat() if shown.last_at else "",
        "hospitals": " ".join(str(number) for number in patient.hospitals if number not in hidden),
        "minor": int(patient.minor),
        "deceased": int(patient.deceased),
        "protected": int(patient.protected),
        "reachable": int(patient.reachable),
    }


def counted_again(lines: Sequence[Mapping[str, object]]) -> dict[str, int]:
    """The report's main numbers from a list's lines alone, as a reader would count them.

    >>> counted_again([{"certainty": "sent", "minor": 1, "deceased": 0, "protected": 0, "reachable": 0}])
    {'patients': 1, 'sent': 1, 'unknown': 0, 'minors': 1, 'deceased': 0, 'protected': 0, 'unreachable': 1}
    """
    seen = [line for line in lines if line["certainty"] != Certainty.ABORTED.value]
    return {
        "patients": len(seen),
        "sent": sum(line["certainty"] == Certainty.SENT.value for line in seen),
        "unknown": sum(line["certainty"] == Certainty.UNKNOWN.value for line in seen),
        "minors": sum(int(str(line["minor"])) for line in seen),
        "deceased": sum(int(str(line["deceased"])) for line in seen),
        "protected": sum(int(str(line["protected"])) for line in seen),
        "unreachable": sum(not int(str(line["reachable"])) for line in seen),
    }

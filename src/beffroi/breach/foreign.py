"""A scope over other servers' logs: whom they name, and how sure each naming is. Certainties are never added up.

What such a log does not say cannot be made up for: its scope is a lower bound where somebody is named, and a number of
questions of which nobody knows whom they showed.
"""

from dataclasses import dataclass, field
from datetime import datetime

from beffroi.model.foreign import Certainty

REFERENCES_MAX = 20
"""Lines named for one patient: enough to look her up; the counts are of all."""


@dataclass(frozen=True, slots=True)
class ForeignSelection:
    """Which facts. None is "not said"; what is said must all hold. `people`: by (hospital, IPP) and by "INS|OID"."""

    actors: tuple[str, ...] | None = None
    networks: tuple[str, ...] | None = None
    applications: tuple[str, ...] | None = None
    servers: tuple[str, ...] | None = None
    people_ipps: tuple[tuple[int, str], ...] | None = None
    people_ins: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ForeignSight:
    """One fact with one of the patients whom it names; `value` is empty when it names nobody.

    `person_id` is ours when the identifier belongs to one of our hospitals' patients, else None.
    """

    log_id: int
    line_number: int
    server: str
    at: datetime
    certainty: Certainty
    fields: int
    beyond_identity: bool
    criteria: tuple[str, ...]
    system: str = ""
    value: str = ""
    person_id: int | None = None
    hospital_id: int | None = None


@dataclass(slots=True)
class ForeignPatientCount:
    """What the logs tell of one patient. `times` by certainty; `references` are (log, line)."""

    server: str
    system: str
    value: str
    person_id: int | None
    hospitals: set[int] = field(default_factory=set)
    times: dict[Certainty, int] = field(default_factory=dict)
    fields: int = 0
    beyond_identity: bool = False
    first_at: datetime | None = None
    last_at: datetime | None = None
    references: list[tuple[int, int]] = field(default_factory=list)

    @property
    def certainty(self) -> Certainty:
        """The strongest that one of its facts has."""
        return min(self.times)


@dataclass(slots=True)
class ForeignScope:
    """Patients by whom they are; then questions that name nobody: of unknown result, and those that showed nobody.

    `asked_by` counts the questions of unknown result by the names of their criteria. `networks_beside`: from where the
    same actors signed in and which the selection does not hold.
    """

    patients: dict[tuple[str, str, str] | int, ForeignPatientCount] = field(default_factory=dict)
    unknown_count: int = 0
    nobody_count: int = 0
    sign_in_count: int = 0
    fact_count: int = 0
    beyond_identity_count: int = 0
    asked_by: dict[tuple[str, ...], int] = field(default_factory=dict)
    networks_beside: tuple[str, ...] = ()

    def of(self, certainty: Certainty) -> list[ForeignPatientCount]:
        """The patients whose strongest certainty it is, in the order in which they were first named."""
        return [one for one in self.patients.values() if one.certainty is certainty]


class ForeignTally:
    """Counts facts that may come from several selections: the same line counts once. Bounded by the lines it holds.

    >>> from datetime import UTC
    >>> at = datetime(2026, 11, 24, 9, tzinfo=UTC)
    >>> one = ForeignSight(1, 7, "hapi", at, Certainty.PERHAPS_SHOWN, 0, False, (), "", "4711")
    >>> tally = ForeignTally()
    >>> tally.add(one), tally.add(one)
    (None, None)
    >>> tally.scope.fact_count, [p.value for p in tally.scope.of(Certainty.PERHAPS_SHOWN)]
    (1, ['4711'])
    """

    def __init__(self) -> None:
        self.scope = ForeignScope()
        self._lines: set[tuple[int, int]] = set()
        self._counted: set[tuple[int, int, str, str]] = set()

    def add(self, sight: ForeignSight) -> None:
        """Counts a fact with one of its patients, unless it was counted."""
        line = (sight.log_id, sight.line_number)
        if line not in self._lines:
            self._lines.add(line)
            _count_fact(self.scope, sight)
        key = (*line, sight.system, sight.value)
        if sight.value and key not in self._counted and sight.certainty < Certainty.NOBODY_SHOWN:
            self._counted.add(key)
            _count_patient(self.scope, sight)


def _count_fact(scope: ForeignScope, sight: ForeignSight) -> None:
    scope.fact_count += 1
    if sight.certainty is Certainty.NO_READING:
        scope.sign_in_count += 1
    elif sight.certainty is Certainty.NOBODY_SHOWN:
        scope.nobody_count += 1
    else:
        scope.beyond_identity_count += sight.beyond_identity
        if sight.certainty is Certainty.SOMEBODY_PERHAPS:
            scope.unknown_count += 1
            scope.asked_by[sight.criteria] = scope.asked_by.get(sight.criteria, 0) + 1


def _count_patient(scope: ForeignScope, sight: ForeignSight) -> None:
    known = sight.person_id
    key = known if known is not None else (sight.server if not sight.system else "", sight.system, sight.value)
    patient = scope.patients.get(key)
    if patient is None:
        patient = ForeignPatientCount(sight.server, sight.system, sight.value, known)
        scope.patients[key] = patient
    patient.times[sight.certainty] = patient.times.get(sight.certainty, 0) + 1
    patient.fields |= sight.fields
    patient.beyond_identity |= sight.beyond_identity
    patient.first_at = min(patient.first_at or sight.at, sight.at)
    patient.last_at = max(patient.last_at or sight.at, sight.at)
    if sight.hospital_id is not None:
        patient.hospitals.add(sight.hospital_id)
    if len(patient.references) < REFERENCES_MAX:
        patient.references.append((sight.log_id, sight.line_number))

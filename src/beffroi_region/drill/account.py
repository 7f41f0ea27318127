"""An account as the gate keeps it, in simulated time: its evidence, whom it was shown, and the truth beside it.

`ask` does what `actions.disclose` does around the pure step: explained or not by the hospital's feed, last shown when,
pending readings that the feed has confirmed meanwhile. The simulation knows who really asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from beffroi.model.account import Role
from beffroi.model.disclosure import Operation
from beffroi.watch import geography
from beffroi.watch.circumstances import Cause, Circumstances, Fate, Row, Verdict
from beffroi.watch.detectors import Sequence as Tests
from beffroi.watch.evidence import ASK, HOLD, MASK, WARN, Evidence, Rung
from beffroi.watch.norms import NORMS, Norm
from beffroi.watch.verdict import judge
from beffroi_region.drill.habits import DAY_S, NEVER
from beffroi_region.drill.work import EXPLAINS_S

Steps = list[tuple[Circumstances, tuple[Row, ...], frozenset[int]]]
"""What the pure step was asked, in its order."""
ALWAYS = -1
"""A feed time that explains at any time (a worklist that somebody else deposited)."""
CONFIRMED_S = DAY_S
AFTER = "after the verdict"
BY_TRAITS = ("birth", "family")
"""Kinds of questions that name people by their traits, and not by a number."""
HOME = geography.Place(50.63, 3.06)
DECLARED = {"ward": HOME, "hospital 2": geography.Place(50.95, 1.86)}
"""Networks whose hospitals have declared where they are, 92 km apart. Of other networks nothing is known."""


@dataclass(frozen=True, slots=True)
class Patient:
    """Somebody, and when the asker's own hospital's feed knows of them (NEVER, ALWAYS, or a moment)."""

    person: int
    known_s: int = NEVER
    canary: bool = False

    def is_explained(self, now_s: int) -> bool:
        """Whether an event of the last 72 hours explains a reading now."""
        return self.known_s == ALWAYS or now_s - EXPLAINS_S < self.known_s <= now_s


@dataclass(frozen=True, slots=True)
class How:
    """How a question is put: the channels by which it comes and what it asks for."""

    operation: Operation = Operation.SEARCH
    key: str = "key"
    network: str = "network"
    kind: str = ""
    position: int = 0
    specified: bool = True
    contact: bool = False
    thief: bool = False

    @property
    def one_person(self) -> bool:
        """Whether it names one person by her traits, so that whoever else matches is a namesake (`actions.find`)."""
        return self.operation is Operation.SEARCH and self.specified and self.kind in BY_TRAITS


@dataclass(frozen=True, slots=True)
class Showing:
    """One row that was shown, and how: `by` is "" for the ordinary way, or the way on."""

    at_s: int
    person: int
    explained: bool
    contact: bool
    thief: bool
    by: str
    rung: Rung


@dataclass(frozen=True, slots=True)
class Refused:
    """A question about somebody explained, named fully, that got no answer: when, why, on which rung, in a list of how
    many.
    """

    at_s: int
    cause: Cause
    rung: Rung
    rows: int


@dataclass(slots=True)
class Place:
    """A hospital's circumstances, which its accounts share."""

    silent_from_s: int = NEVER
    silent_until_s: int = NEVER
    crowded: bool = False

    def feed_silent(self, now_s: int) -> bool:
        """Whether its feed is proven late."""
        return self.silent_from_s <= now_s < self.silent_until_s


@dataclass(slots=True, eq=False)
class Account:
    """One person's (or application's) account. `rungs`: when each was first reached. `withheld`: rows, by cause.

    `steps`: all that the pure step was asked, where it is kept. `thief_asked`, `thief_held`: as the thief left it.
    """

    role: Role
    norm: Norm | None = None
    place: Place = field(default_factory=Place)
    evidence: Evidence = field(default_factory=Evidence)
    seen_s: dict[int, int] = field(default_factory=dict)
    known_s: dict[int, int] = field(default_factory=dict)
    showings: list[Showing] = field(default_factory=list)
    rungs: dict[Rung, int] = field(default_factory=dict)
    withheld: dict[Cause, int] = field(default_factory=dict)
    refusals: list[Refused] = field(default_factory=list)
    after_verdict: int = 0
    step_ups: int = 0
    holds: int = 0
    suspicion: int = 0
    readings: int = 0
    last: Verdict | None = None
    steps: Steps | None = None
    thief_asked: bool = False
    thief_held: bool = False

    def __post_init__(self) -> None:
        if self.norm is None:
            self.norm = NORMS[self.role]

    def ask(self, now_s: int, patients: Sequence[Patient], how: How) -> tuple[Fate, ...]:
        """What becomes of each row of one answer."""
        assert self.norm is not None
        before = self.evidence
        self.readings += 1
        asked = Circumstances(
            now_s,
            self.role,
            how.operation,
            self.norm,
            running_number=self.readings,
            key=how.key,
            network=how.network,
            kind=how.kind,
            position=how.position,
            specified=how.specified,
            one_person=how.one_person,
            contact=how.contact,
            feed_silent=self.place.feed_silent(now_s),
            suspicion=self.suspicion,
            crowded=self.place.crowded,
            place=DECLARED.get(how.network),
            home=HOME,
        )
        rows = tuple([self._row(one, now_s) for one in patients])
        confirmed = frozenset(
            [
                one.person
                for one in before.pending
                if one.person not in self.known_s or self.known_s[one.person] <= now_s
            ]
        )
        if self.steps is not None:
            self.steps.append((asked, rows, confirmed))
        verdict = judge(before, asked, rows, confirmed)
        self.evidence, self.last = verdict.evidence, verdict
        self._note_rungs(before, now_s)
        for index, (row, patient, fate) in enumerate(zip(rows, patients, verdict.fates, strict=True)):
            if fate is Fate.WITHHELD:
                if index == 0:  # whom the question was about; the others are a list's bystanders
                    self.withheld[verdict.cause] = self.withheld.get(verdict.cause, 0) + 1
                    if row.explained and how.specified:
                        self.refusals.append(Refused(now_s, verdict.cause, verdict.rung, len(rows)))
            else:
                self._show(before, row, patient, fate, how, now_s)
        if how.thief:
            self.thief_asked, self.thief_held = self.is_asked_of(how.key), bool(self.evidence.held_s)
        return verdict.fates

    @property
    def refused_explained(self) -> int:
        """Questions about somebody explained that got no answer."""
        return len(self.refusals)

    def _row(self, patient: Patient, now_s: int) -> Row:
        seen_s = self.seen_s.get(patient.person)
        age_s = None if seen_s is None else now_s - seen_s
        return Row(patient.person, age_s, patient.is_explained(now_s), patient.canary)

    def _show(self, before: Evidence, row: Row, patient: Patient, fate: Fate, how: How, now_s: int) -> None:
        self.seen_s[row.person] = now_s
        if not row.explained and self.norm is not None and self.norm.pending_max:
            self.known_s.setdefault(row.person, patient.known_s)
        by = ""
        if how.operation is Operation.EMERGENCY_READ:
            by = "emergency"
        elif before.confirmed.get(row.person, 0) > now_s:
            by = "confirmed"
        elif before.held_s and not row.explained and row.age_s is None:
            by = "allowance" if self.evidence.allowances != before.allowances else "one at a time"
            if by == "one at a time" and self.evidence.beyond == before.beyond:
                by = AFTER
                self.after_verdict += 1
        contact = how.contact and fate is Fate.SHOW
        self.showings.append(Showing(now_s, row.person, row.explained, contact, how.thief, by, self.evidence.rung))

    def _note_rungs(self, before: Evidence, now_s: int) -> None:
        after = self.evidence
        for rung in (WARN, ASK, MASK, HOLD):
            if after.rung >= rung:
                self.rungs.setdefault(rung, now_s)
        self.step_ups += bool(after.asked_s and after.asked_s != before.asked_s)
        self.holds += bool(after.held_s and not before.held_s)

    def is_asked_of(self, key: str) -> bool:
        """Whether a proof of who is there is wanted of this session, and has not come since."""
        proved_s = self.evidence.proved_s if self.evidence.proved_key == key else 0
        return 0 < self.evidence.asked_s >= proved_s

    def prove(self, now_s: int, key: str) -> None:
        """The user of a session proves, by a key enrolled in person, who is there."""
        self.evidence = self.evidence.copied()
        self.evidence.proved_s, self.evidence.proved_key = now_s, key

    def confirm(self, now_s: int, patients: Sequence[Patient]) -> None:
        """A colleague vouches for these patients by name."""
        self.evidence = self.evidence.copied()
        until_s = now_s + CONFIRMED_S
        self.evidence.confirmed = self.evidence.confirmed | {one.person: until_s for one in patients}

    def release(self, now_s: int) -> None:
        """The duty officer releases the account: what the tests had gathered is forgotten, what it was shown is not."""
        new = self.evidence.copied()
        new.own, new.keys, new.networks, new.patterns = Tests(), (), (), {}
        new.held_s, new.asked_s, new.rung, new.trail = 0, 0, Rung(0), ()
        new.releases = (*new.releases, now_s)
        self.evidence = new

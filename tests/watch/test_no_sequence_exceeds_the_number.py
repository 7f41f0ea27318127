"""Law 8, by an adversary: whatever is asked, proved, confirmed, released or waited for, no account exceeds its number.

The adversary has small ceilings to reach, moves the clock both ways, and is given every way on that exists. What
he was shown is counted apart, patient by patient, in windows that slide.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from beffroi.model.account import Role
from beffroi.model.disclosure import Operation
from beffroi.watch.ceiling import Most, most_shown
from beffroi.watch.circumstances import Circumstances, Fate, Row
from beffroi.watch.detectors import Sequence
from beffroi.watch.evidence import DAY_S, NO_RUNG, OLD_S, Evidence
from beffroi.watch.norms import NORMS, Ceiling, Norm
from beffroi.watch.verdict import judge
from beffroi.watch.vouching import confirm, room_to_confirm

SMALL, SMALL_CONTACTS = Ceiling(25, 60, 150), Ceiling(5, 9, 20)
ROLES = (Role.WARD_DOCTOR, Role.ADMISSION_CLERK)
COUNTS = st.integers(1, 70)


def small(role: Role) -> Norm:
    """The role's norm with ceilings that some questions reach."""
    return replace(NORMS[role], ceiling=SMALL, contacts=SMALL_CONTACTS, outage_24h=15)


def most() -> Most:
    """The larger of the roles' numbers: one person may hold both."""
    first, second = (most_shown(role, small(role)) for role in ROLES)
    return Most(*(max(getattr(first, name), getattr(second, name)) for name in Most.__struct_fields__))


class Adversary(RuleBasedStateMachine):
    """Every move that the product offers, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.evidence = Evidence()
        self.now_s = 1_800_000_000
        self.shown_s: dict[int, list[int]] = {}
        self.contact_s: list[tuple[int, int]] = []
        self.stranger_s: list[int] = []
        self.next_person = 1
        self.key = 0
        self.silent = self.crowded = False
        self.role = ROLES[0]

    def ask(
        self,
        rows: tuple[Row, ...],
        operation: Operation,
        *,
        seconded: bool = False,
        contact: bool = True,
        one_person: bool = False,
    ) -> None:
        asked = Circumstances(
            self.now_s,
            self.role,
            operation,
            small(self.role),
            key=f"k{self.key}",
            network=f"n{self.key}",
            contact=contact,
            seconded=seconded,
            one_person=one_person,
            feed_silent=self.silent,
            crowded=self.crowded,
        )
        everybody = frozenset(one.person for one in self.evidence.pending)
        verdict = judge(self.evidence, asked, rows, everybody if self.now_s % 2 else frozenset())
        self.evidence = verdict.evidence
        for row, fate in zip(rows, verdict.fates, strict=True):
            if fate is not Fate.WITHHELD:
                self.shown_s.setdefault(row.person, []).append(self.now_s)
                plain = not self.silent and not self.crowded
                if plain and not row.explained and (row.age_s is None or row.age_s >= OLD_S):
                    self.stranger_s.append(self.now_s)
                if contact and fate is Fate.SHOW and operation is not Operation.EMERGENCY_READ:
                    self.contact_s.append((self.now_s, row.person))

    def row(self, person: int, explained: bool) -> Row:
        seen = self.shown_s.get(person)
        return Row(person, None if seen is None else max(0, self.now_s - max(seen)), explained)

    def new(self) -> int:
        self.next_person += 1
        return self.next_person

    @rule(count=COUNTS, explained=st.booleans())
    def one_by_one(self, count: int, explained: bool) -> None:
        for _ in range(count):
            self.ask((self.row(self.new(), explained),), Operation.READ)

    @rule(count=st.integers(1, 20), explained=st.booleans())
    def a_list(self, count: int, explained: bool) -> None:
        self.ask(tuple(self.row(self.new(), explained) for _ in range(count)), Operation.SEARCH)

    @rule(count=st.integers(1, 20), explained=st.booleans())
    def namesakes(self, count: int, explained: bool) -> None:
        rows = (self.row(self.new(), explained), *(self.row(self.new(), False) for _ in range(count)))
        self.ask(rows, Operation.SEARCH, one_person=True)

    @rule(count=COUNTS, explained=st.booleans())
    def old_ones(self, count: int, explained: bool) -> None:
        for person in list(self.shown_s)[:count]:
            self.ask((self.row(person, explained),), Operation.READ)

    @rule(count=st.integers(1, 20), seconded=st.booleans())
    def emergencies(self, count: int, seconded: bool) -> None:
        for _ in range(count):
            self.ask((self.row(self.new(), False),), Operation.EMERGENCY_READ, seconded=seconded)

    @rule()
    def proves(self) -> None:
        """To a question, and then to a hold: what else it opens is an allowance a day."""
        self.evidence = replace(self.evidence, proved_s=self.now_s + 1, proved_key=f"k{self.key}")

    @rule(count=st.integers(1, 40))
    def is_vouched_for(self, count: int) -> None:
        people = [self.new() for _ in range(min(count, max(0, room_to_confirm(self.evidence, self.now_s))))]
        self.evidence = self.evidence.copied()
        confirm(self.evidence, Evidence(), people, self.now_s)
        for person in people:
            self.ask((self.row(person, False),), Operation.READ)

    @rule()
    def is_released(self) -> None:
        clean = {
            "own": Sequence(),
            "keys": (),
            "networks": (),
            "patterns": {},
            "held_s": 0,
            "asked_s": 0,
            "rung": NO_RUNG,
        }
        self.evidence = replace(self.evidence, **clean)

    @rule(wait_s=st.one_of(st.integers(1, 7_200), st.integers(1, 40 * DAY_S), st.integers(-600, -1)))
    def time_passes(self, wait_s: int) -> None:
        self.now_s += wait_s

    @rule(role=st.sampled_from(ROLES))
    def uses_another_account(self, role: Role) -> None:
        self.role = role

    @rule()
    def uses_another_key(self) -> None:
        self.key += 1

    @rule(silent=st.booleans(), crowded=st.booleans())
    def circumstances_change(self, silent: bool, crowded: bool) -> None:
        self.silent, self.crowded = silent, crowded

    @invariant()
    def nothing_exceeds_the_number(self) -> None:
        number = most()
        for window_s, patients, contacts in (
            (DAY_S, number.patients_24h, number.contacts_24h),
            (30 * DAY_S, number.patients_30d, number.contacts_30d),
            (365 * DAY_S, number.patients_365d, number.contacts_365d),
        ):
            since_s = self.now_s - window_s
            assert sum(any(at > since_s for at in seen) for seen in self.shown_s.values()) <= patients
            assert len({person for at, person in self.contact_s if at > since_s}) <= contacts
        assert sum(at > self.now_s - 30 * DAY_S for at in self.stranger_s) <= number.strangers_30d


TestAdversary = Adversary.TestCase
TestAdversary.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_the_number_is_no_larger_than_it_must_be() -> None:
    """Whoever uses everything within a day is shown exactly the day's number."""
    adversary = Adversary()
    for _ in range(200):
        adversary.ask((adversary.row(adversary.new(), True),), Operation.READ)
    for _ in range(30):
        adversary.ask((adversary.row(adversary.new(), False),), Operation.EMERGENCY_READ, seconded=True)
    assert len(adversary.shown_s) == most_shown(adversary.role, small(adversary.role)).patients_24h

"""The ceilings."""

from hypothesis import given
from hypothesis import strategies as st

from beffroi.model.account import Role
from beffroi.model.disclosure import Finding, Operation
from beffroi.model.person import PersonId
from beffroi.watch.evidence import DAY_S, Evidence
from beffroi.watch.verdict import CEILINGS, EMERGENCY_READINGS_24H, judge


def rows(count: int, explained: bool = False) -> tuple[Finding, ...]:
    return tuple(Finding(PersonId(n), (), explained, False) for n in range(count))


steps = st.lists(st.tuples(st.integers(0, 6 * 3600), st.integers(1, 20)), max_size=200)


@given(steps)
def test_no_sequence_of_lists_shows_more_new_patients_than_the_ceiling(sequence: list[tuple[int, int]]) -> None:
    """Over any 24 hours by the evidence's own clock the new patients shown stay within the ceiling."""
    ceiling = CEILINGS[Role.WARD_NURSE]
    evidence, now_s, shown = Evidence(), 1_000_000, []
    for wait_s, count in sequence:
        now_s += wait_s
        verdict = judge(evidence, Role.WARD_NURSE, Operation.SEARCH, rows(count), (True,) * count, now_s)
        evidence = evidence.after(now_s, verdict.new_count, emergency=False)
        shown.append((now_s, verdict.new_count))
        assert sum(n for at, n in shown if at > now_s - 23 * 3600) <= ceiling.patients_24h
        assert sum(n for at, n in shown if at > now_s - 29 * DAY_S) <= ceiling.patients_30d


def test_a_list_is_cut_at_the_row_that_trips_the_ceiling() -> None:
    """The rows before it are shown."""
    ceiling = CEILINGS[Role.WARD_NURSE].patients_24h
    evidence = Evidence().after(0, ceiling - 2, emergency=False)
    verdict = judge(evidence, Role.WARD_NURSE, Operation.SEARCH, rows(5), (True,) * 5, 10)
    assert (verdict.shown_count, verdict.new_count, bool(verdict.ceiling)) == (2, 2, True)


def test_patients_seen_before_cost_nothing() -> None:
    """Opening the same patient again is not a new patient."""
    evidence = Evidence().after(0, CEILINGS[Role.WARD_NURSE].patients_24h, emergency=False)
    verdict = judge(evidence, Role.WARD_NURSE, Operation.SEARCH, rows(5), (False,) * 5, 10)
    assert (verdict.shown_count, verdict.new_count) == (5, 0)


def test_beyond_the_ceiling_one_explained_patient_stays_readable() -> None:
    """A cap never stops care (law 5)."""
    evidence = Evidence().after(0, 10_000, emergency=False)
    one = judge(evidence, Role.WARD_NURSE, Operation.READ, rows(1, explained=True), (True,), 10)
    stranger = judge(evidence, Role.WARD_NURSE, Operation.READ, rows(1), (True,), 10)
    assert (one.shown_count, stranger.shown_count) == (1, 0)


def test_emergency_readings_are_five_a_day() -> None:
    """The sixth within 24 hours is withheld, and the first of the next day is not."""
    evidence = Evidence()
    for _ in range(EMERGENCY_READINGS_24H):
        evidence = evidence.after(100, 1, emergency=True)
    sixth = judge(evidence, Role.WARD_DOCTOR, Operation.EMERGENCY_READ, rows(1), (True,), 200)
    next_day = judge(evidence, Role.WARD_DOCTOR, Operation.EMERGENCY_READ, rows(1), (True,), 101 + DAY_S)
    assert (sixth.shown_count, next_day.shown_count) == (0, 1)


def test_a_role_without_a_ceiling_is_shown_nothing() -> None:
    """Fail closed."""
    assert judge(Evidence(), Role.OPERATOR, Operation.READ, rows(1), (True,), 0).shown_count == 0


def test_a_patient_seen_before_is_shown_whoever_stands_before_her() -> None:
    """Were she left out because of a new one before her, her absence would tell of that one."""
    evidence = Evidence().after(0, CEILINGS[Role.WARD_NURSE].patients_24h, emergency=False)
    verdict = judge(evidence, Role.WARD_NURSE, Operation.SEARCH, rows(2), (True, False), 10)
    assert (verdict.shown, bool(verdict.ceiling)) == ((False, True), True)


def test_beyond_the_ceiling_an_empty_answer_names_it_too() -> None:
    """ "None" would tell that nobody matches, and "withheld" that somebody does."""
    evidence = Evidence().after(0, CEILINGS[Role.WARD_NURSE].patients_24h, emergency=False)
    empty = judge(evidence, Role.WARD_NURSE, Operation.SEARCH, (), (), 10)
    stranger = judge(evidence, Role.WARD_NURSE, Operation.SEARCH, rows(1), (True,), 10)
    assert (empty.ceiling, empty.shown_count) == (stranger.ceiling, stranger.shown_count)


def test_beyond_the_ceiling_an_emergency_reading_has_its_own() -> None:
    """A stranger who comes in unconscious is read, although the day's ceiling is reached."""
    evidence = Evidence().after(0, 10_000, emergency=False)
    verdict = judge(evidence, Role.WARD_DOCTOR, Operation.EMERGENCY_READ, rows(1), (True,), 10)
    assert (verdict.shown_count, verdict.new_count) == (1, 1)

"""States, the 72-hour clock, and the window that is proposed."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from beffroi.breach.incident import (
    FOLLOWING,
    STATE_WORDS,
    Account33,
    Sign,
    State,
    clock72,
    proposed_window,
    refusal,
)
from beffroi.model.disclosure import Operation

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
WHOLE = Account33("a log-in was stolen", "phishing is likely", "the account was stopped")


def after(hours: float) -> datetime:
    """So many hours after nine."""
    return NINE + timedelta(hours=hours)


def test_a_state_is_entered_from_those_before_it_alone() -> None:
    """Every pair: allowed by the table, or refused with what may follow."""
    for before in State:
        for state in State:
            why = refusal(before, state, "because", WHOLE, NINE)
            assert (why is None) == (state in FOLLOWING[before])
            assert why is None or (STATE_WORDS[before].french in why.french)


def test_what_is_missing_is_said() -> None:
    """A reason; an awareness to confirm; facts, effects and measures to close."""
    assert refusal(State.SUSPECTED, State.DISMISSED, " ", WHOLE, NINE)
    assert refusal(State.SUSPECTED, State.CONFIRMED, "because", WHOLE, None)
    lacking = refusal(State.CONFIRMED, State.CLOSED, "because", Account33(facts="x"), NINE)
    assert lacking is not None and "the effects, the measures" in lacking.english


def test_the_clock_counts_from_awareness() -> None:
    """72 hours, not three days of work; late is said with by how much."""
    assert clock72(NINE, after(0)).left_s == 72 * 3600
    late = clock72(NINE, after(73.5))
    assert (late.over, late.words().english) == (True, "late by 1 h 30 min: say why with the notification")


def test_without_an_alarm_no_sign_in_is_a_proof() -> None:
    """Nobody knows yet which session was the thief's: the window has no beginning, unless somebody says from when."""
    signs = [Sign(after(1), Operation.SIGN_IN, b"theirs", 1), Sign(after(3), Operation.SIGN_IN, b"mine", 2)]
    signs.append(Sign(after(4), Operation.CONTAIN, b"", 3))
    assert proposed_window(signs).since is None
    assert proposed_window(signs, suspicious_at=after(2)).since == after(1)


def test_the_window_begins_at_the_last_step_up_and_ends_at_the_stop() -> None:
    """The step-up before the first alarm, not the thief's sign-in after it; the closing row is within."""
    window = proposed_window(
        [
            Sign(after(0), Operation.SIGN_IN, b"mine", 1),
            Sign(after(1), Operation.STEP_UP, b"mine", 2),
            Sign(after(3), Operation.SIGN_IN, b"theirs", 3),
            Sign(after(4), Operation.VERDICT, b"theirs", 4),
            Sign(after(5), Operation.CONTAIN, b"", 5),
        ]
    )
    assert window.since == after(1)
    assert window.until is not None and after(5) < window.until < after(5.1)
    assert window.disclosures == (2, 4, 5)


def test_a_thiefs_own_sign_in_proves_nothing() -> None:
    """A sign-in that began the session of the alarm is passed over for the one before it."""
    window = proposed_window(
        [
            Sign(after(0), Operation.SIGN_IN, b"mine", 1),
            Sign(after(3), Operation.SIGN_IN, b"theirs", 3),
            Sign(after(4), Operation.VERDICT, b"theirs", 4),
        ]
    )
    assert (window.since, window.until) == (after(0), None)


def test_an_alarm_before_the_last_release_is_another_story() -> None:
    """Somebody judged it then."""
    window = proposed_window(
        [
            Sign(after(0), Operation.VERDICT, b"a", 1),
            Sign(after(1), Operation.RELEASE, b"", 2),
            Sign(after(2), Operation.STEP_UP, b"a", 3),
            Sign(after(6), Operation.VERDICT, b"b", 4),
        ]
    )
    assert window.since == after(2)


def test_without_proof_or_alarm_the_window_says_so() -> None:
    """From the beginning, still open, and what to say."""
    window = proposed_window([])
    assert (window.since, window.until) == (None, None)
    assert "suspicious" in window.because and "suspectes" in window.because_fr


def test_somebody_may_know_the_first_suspicious_reading() -> None:
    """It stands for the alarm that nobody had."""
    signs = [Sign(after(0), Operation.SIGN_IN, b"a", 1), Sign(after(9), Operation.SIGN_IN, b"a", 2)]
    assert proposed_window(signs, after(5)).since == after(0)


OPERATIONS = [Operation.SIGN_IN, Operation.STEP_UP, Operation.VERDICT, Operation.CONTAIN, Operation.RELEASE]


@given(
    st.lists(
        st.builds(
            Sign,
            st.integers(0, 1_000).map(lambda minutes: NINE + timedelta(minutes=minutes)),
            st.sampled_from(OPERATIONS),
            st.sampled_from([b"a", b"b"]),
            st.integers(1, 10_000),
        ),
        max_size=12,
    )
)
def test_the_window_never_begins_after_an_open_alarm(signs: list[Sign]) -> None:
    """Whatever the chain holds, the first alarm that nobody released is within the window."""
    window = proposed_window(signs)
    released = max((s.at for s in signs if s.operation is Operation.RELEASE), default=None)
    alarms = [s.at for s in signs if s.operation is Operation.VERDICT and (released is None or s.at > released)]
    if alarms:
        assert window.since is None or window.since <= min(alarms)
        assert window.until is None or window.until > min(alarms)
    if window.since and window.until:
        assert window.since < window.until

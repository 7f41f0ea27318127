"""A witness's judgement, for whatever is sent: nothing but a tree that continues is ever cosigned."""

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi.ledger.merkle import EMPTY_ROOT
from beffroi.ledger.note import split
from beffroi.ledger.witness import Ruling, Seen, Submission, judge, judge_gap
from disclosed import KEY, ORIGIN
from witnesses import GrownLog

LOG, FORK = GrownLog(60), GrownLog(60, "other", shared=7)
LOGS = {ORIGIN: [KEY.verifier()]}
GOOD = LOG.submission(20, 40)


def ruling(body: bytes, seen: Seen) -> Ruling | None:
    """What is ruled; None when it is malformed. Any other exception is a fault of ours."""
    with contextlib.suppress(ValueError):
        return judge(Submission.parse(body), LOGS, {ORIGIN: seen})
    return None


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_are_too_strange(body: bytes) -> None:
    """Neither as a submission nor as a statement of a gap."""
    assert ruling(body, Seen()) is None
    with contextlib.suppress(ValueError):
        assert judge_gap(body.decode(), LOGS, {}, {}).status != 200


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_no_changed_submission_is_cosigned(place: int, mask: int) -> None:
    """One byte of a good one changed: refused, or it says the same."""
    changed = GOOD[:place] + bytes([GOOD[place] ^ mask]) + GOOD[place + 1 :]
    found = ruling(changed, Seen(20, LOG.root(20)))
    assert found is None or found.status != 200


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 60), st.integers(0, 60)), max_size=30))
def test_whatever_is_asked_in_whatever_order_one_history_is_cosigned(asked: list[tuple[bool, int, int]]) -> None:
    """Two histories press for it with any sizes: what was cosigned grows, and is of one of them."""
    seen, cosigned = Seen(0, EMPTY_ROOT), list[tuple[int, bytes]]()
    for fork, old, new in asked:
        log = FORK if fork else LOG
        found = ruling(log.submission(old, new), seen)
        assert found is not None
        if found.checkpoint is not None:
            seen = Seen(found.checkpoint.size, found.checkpoint.root)
            cosigned.append((seen.size, seen.root))
    assert [size for size, _ in cosigned] == sorted(size for size, _ in cosigned)
    assert any(all(log.root(size) == root for size, root in cosigned) for log in (LOG, FORK))


def test_a_note_of_a_submission_is_the_logs_own() -> None:
    """What is cosigned is the text that the log signed, to the letter."""
    found = ruling(GOOD, Seen(20, LOG.root(20)))
    assert found is not None and found.body == split(LOG.note(40))[0]

"""A held account let go by a person: what it was, and the evidence after it.

Sequences and patterns begin again; counts of patients, which fill the ceilings, stay. So a release shows nobody more
than the ceilings allow.
"""

import msgspec

from beffroi.watch.detectors import MILLIBITS, Sequence
from beffroi.watch.evidence import DAY_S, NO_RUNG, RUNG_NAMES, Evidence

ALONE_MAX = 2
"""Releases of one account in 30 days that one person may decide; more take two."""
RELEASE_WINDOW_S = 30 * DAY_S


def takes_two(evidence: Evidence, now_s: int) -> bool:
    """Whether it was released so often lately that one person is not enough.

    >>> takes_two(Evidence(releases=(1, 2)), 3), takes_two(Evidence(releases=(1, 2)), 3 + RELEASE_WINDOW_S)
    (True, False)
    """
    return len([at for at in evidence.releases if at > now_s - RELEASE_WINDOW_S]) >= ALONE_MAX


def what_it_was(evidence: Evidence) -> dict[str, str]:
    """The state that a release ends, as texts for its event."""
    sequences = (evidence.own, *evidence.keys, *evidence.networks)
    patterns = ",".join(f"{name}:{points / MILLIBITS:.1f}" for name, points in sorted(evidence.patterns.items()))
    return {
        "rung": RUNG_NAMES[evidence.rung],
        "score_bits": f"{max(one.score for one in sequences) / MILLIBITS:.1f}",
        "held_s": str(evidence.held_s),
        "patterns": patterns,
        "readings": ",".join(str(number) for number in evidence.trail),
    }


def released(evidence: Evidence, now_s: int) -> Evidence:
    """The evidence after a release. The channels stay known, so that none of them is new.

    >>> found = released(Evidence(own=Sequence("", 1, 9, 9, 9, 3, 3), held_s=5, hours={1: 7}), 60)
    >>> found.own.score, found.held_s, found.hours, found.releases
    (0, 0, {1: 7}, (60,))
    """
    return msgspec.structs.replace(
        evidence,
        own=Sequence(),
        keys=tuple(Sequence(one.key, one.at_s) for one in evidence.keys),
        networks=tuple(Sequence(one.key, one.at_s) for one in evidence.networks),
        patterns={},
        trail=(),
        rung=NO_RUNG,
        held_s=0,
        asked_s=0,
        releases=(*(at for at in evidence.releases if at > now_s - RELEASE_WINDOW_S), now_s),
    )

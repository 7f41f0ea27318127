"""Ways of asking that a thief has and a professional hardly: sweeps, guesses, haste, the regularity of a machine.

Each pattern is a CUSUM of its own: a question that shows it adds log2(p1/p0), one that does not log2((1-p1)/(1-p0)),
never below zero, p0 being its share in honest work and p1 in an attack. Together they are worth `PATTERNS_MAX` at
most, which is less than any rung that withholds: a pattern shortens what the test needs, and never holds by itself.

The shares are engineering estimates; the region measures what they cost (docs/explanation/watch.md).
"""

from collections.abc import Mapping
from datetime import date
from math import log2

from beffroi.watch.evidence import Evidence, Probe

PATTERNS_MAX = 12_000
"""Thousandths of a bit."""
FAST_S = 3
"""Seconds between two questions about different people: nobody reads a list and types the next name in that."""
REGULAR_S_MAX = 900
ADJACENT_STEPS_MAX = 2
IDENTIFIER_DIGITS = 12
INTERLEAVED_S = 600
SIGN_IN_AGAIN_S = 600
DORMANT_S = 60 * 86_400
_DAY_LENGTH = len("1974-02-19")  # a period is longer


# A closed vocabulary; the names stand in the accounts' evidence. Plain texts: an enumeration's hash is not its text's.
MISSES = "misses"
SWEEP = "sweep"
HASTE = "haste"
CLOCKWORK = "clockwork"
VAGUE = "vague"
UNOPENED = "unopened"
SIGN_INS = "sign_ins"
NEW_NETWORK = "new_network"
TWO_PLACES = "two_places"
IMPOSSIBLE_TRAVEL = "impossible_travel"
FAR_AWAY = "far_away"
DORMANT = "dormant"
CANARY = "canary"

SHARES: dict[str, tuple[float, float]] = {
    MISSES: (0.20, 0.70),
    SWEEP: (0.01, 0.80),
    HASTE: (0.05, 0.90),
    CLOCKWORK: (0.15, 0.80),
    VAGUE: (0.30, 0.85),
    UNOPENED: (0.60, 0.95),
    SIGN_INS: (0.10, 0.60),
}
"""Share in honest work, share in an attack, of the questions that could show it."""
ONCE: dict[str, int] = {
    NEW_NETWORK: 3_000,
    TWO_PLACES: 5_000,
    IMPOSSIBLE_TRAVEL: 6_000,
    FAR_AWAY: 2_000,
    DORMANT: 3_000,
    CANARY: 6_000,
}
"""Thousandths of a bit that one occurrence adds; explained patients wear them off like the others."""
WEARS_OFF = 500
"""Thousandths of a bit that each explained new patient takes off what was added once."""
_ADDS = {
    pattern: (round(1_000 * log2(p1 / p0)), round(1_000 * log2((1 - p1) / (1 - p0))))
    for pattern, (p0, p1) in SHARES.items()
}


def note(evidence: Evidence, pattern: str, shown: bool) -> None:
    """One question that could show the pattern, and whether it did. Changes `evidence`.

    >>> found = Evidence(); note(found, SWEEP, True); found.patterns
    {'sweep': 6322}
    """
    scores = evidence.patterns
    before = scores.get(pattern, 0) if scores else 0
    if not before and not shown:
        return
    up, down = _ADDS[pattern]
    after = min(before + (up if shown else down), PATTERNS_MAX)
    if after > 0:
        evidence.patterns[pattern] = after
    else:
        evidence.patterns.pop(pattern, None)


def note_once(evidence: Evidence, pattern: str) -> None:
    """An occurrence that needs no base of comparison. Changes `evidence`."""
    before = evidence.patterns.get(pattern, 0)
    evidence.patterns[pattern] = min(before + ONCE[pattern], PATTERNS_MAX)


def wear_off(evidence: Evidence) -> None:
    """An explained new patient: what was added once counts a little less. Changes `evidence`."""
    for pattern in tuple(evidence.patterns):
        if pattern in ONCE:
            left = evidence.patterns[pattern]
            if left > WEARS_OFF:
                evidence.patterns[pattern] = left - WEARS_OFF
            else:
                del evidence.patterns[pattern]


def worth(evidence: Evidence) -> int:
    """All patterns together, in thousandths of a bit.

    >>> worth(Evidence(patterns={"sweep": 9_000, "haste": 9_000}))
    12000
    """
    return min(sum(evidence.patterns.values()), PATTERNS_MAX) if evidence.patterns else 0


def probe(criteria: Mapping[str, str]) -> tuple[str, int]:
    """A question as a kind and a position on its line, where neighbours are one step apart; kind "" when it has none.

    >>> probe({"birthdate": "1974-02-19", "family": "DHA"})[0], probe({"identifier": "1.2.3|00000041"})
    ('birth', ('identifier', 41))
    >>> probe({"birthdate": "1974-02-20"})[1] - probe({"birthdate": "1974-02-19"})[1]
    1
    >>> probe({"family": "AAB"})[1] - probe({"family": "AAA"})[1]
    1
    """
    for name in ("identifier", "sourceIdentifier"):
        if name in criteria:
            digits = "".join(c for c in criteria[name].rpartition("|")[2] if c.isdecimal())
            return ("identifier", int(digits[-IDENTIFIER_DIGITS:])) if digits else ("", 0)
    born = criteria.get("birthdate", "")
    if len(born) == _DAY_LENGTH:
        return "birth", date.fromisoformat(born).toordinal()
    family = criteria.get("family", "")[:3].upper()
    if family.isascii() and family.isalpha():
        position = 0
        for letter in family.ljust(3, "A"):
            position = position * 26 + ord(letter) - 65
        return "family", position
    return "", 0


def note_question(evidence: Evidence, kind: str, position: int, now_s: int, machine: bool) -> None:
    """What the question looks like beside the one before it. `machine`: software, whose haste is no sign.

    Changes `evidence`.
    """
    last = evidence.last
    gap_s = now_s - last.at_s if last.at_s else 0
    scored = bool(evidence.patterns)  # what is not there need not be lowered
    if kind and last.kind == kind:
        near = 0 < abs(position - last.position) <= ADJACENT_STEPS_MAX
        if near or scored:
            note(evidence, SWEEP, near)
    if last.at_s and kind and not machine:
        hasty = gap_s < FAST_S and (kind, position) != (last.kind, last.position)
        if hasty or scored:
            note(evidence, HASTE, hasty)
        if 0 < gap_s <= REGULAR_S_MAX and 0 < last.gap_s <= REGULAR_S_MAX:
            note(evidence, CLOCKWORK, gap_s >= 5 and abs(gap_s - last.gap_s) * 20 <= last.gap_s)
    woke = gap_s >= DORMANT_S and now_s - evidence.own.at_s >= DORMANT_S  # no question, and nobody new was shown
    if woke:
        note_once(evidence, DORMANT)
    if kind or woke or not last.at_s:
        evidence.last = Probe(kind, position, now_s, gap_s)

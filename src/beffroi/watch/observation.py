"""What one answer adds to the evidence: observations in the sequences, patterns, and the rung that they come to.

`Judging` is an answer while it is judged; everything here changes its copy of the evidence, and nothing else.
"""

from beffroi.watch import patterns
from beffroi.watch.circumstances import (
    NO_CAUSE,
    READ,
    SIGN_IN,
    WITHHELD,
    Cause,
    Circumstances,
    Fate,
    Row,
    about_nobody,
    is_list,
    is_software,
)
from beffroi.watch.detectors import Sequence, Tuning, observe, tuning
from beffroi.watch.evidence import (
    ASK,
    CHANNELS_MAX,
    DAY_S,
    DAYS_KEPT,
    HOLD,
    MASK,
    NO_RUNG,
    TRAIL_MAX,
    WARN,
    Evidence,
    Pending,
    Rung,
    add,
)
from beffroi.watch.geography import Place, cannot_be_travelled, is_far
from beffroi.watch.norms import PENDING_S


class Judging:
    """One answer while it is judged."""

    __slots__ = (
        "about_nobody",
        "cause",
        "covered",
        "entered",
        "evidence",
        "explained_count",
        "limit",
        "looks_at",
        "new_count",
        "now_s",
        "roomy",
        "shown_twice",
        "tuned",
    )

    def __init__(self, evidence: Evidence, asked: Circumstances) -> None:
        self.evidence = evidence
        self.looks_at = asked
        self.now_s = asked.now_s
        self.tuned = tuning(asked.norm)
        self.cause = NO_CAUSE
        self.limit = 0
        self.new_count = 0
        self.covered = False
        self.roomy = False
        self.explained_count = 0
        self.shown_twice: set[int] = set()
        self.about_nobody = about_nobody(asked.operation)
        self.entered = [0, 0]

    def blame(self, cause: Cause, limit: int = 0) -> Fate:
        """Withholds, for this reason."""
        if not self.cause or self.cause is Cause.MASKED:
            self.cause, self.limit = cause, limit
        return WITHHELD


def score(evidence: Evidence, asked: Circumstances) -> int:
    """The strongest sequence, with what patterns and other accounts add to it, in thousandths of a bit.

    Patterns and suspicion add at most as much as the sequence itself says: without unexplained patients they are
    nothing.
    """
    best = 0
    for sequence in (evidence.own, *evidence.keys, *evidence.networks):
        if sequence.observed_count and sequence.score > best:
            best = sequence.score
    if not best:
        return 0
    more = asked.suspicion
    if evidence.patterns:
        more += patterns.worth(evidence)
    return best + min(more, best) if more else best


def strongest(evidence: Evidence) -> Sequence:
    """The sequence with the highest score, by itself, without patterns and other accounts."""
    return max((evidence.own, *evidence.keys, *evidence.networks), key=lambda sequence: sequence.score)


def asked_in_vain(judging: Judging) -> bool:
    """Whether a proof of who is there is wanted and has not come since, in this session (no other speaks for it)."""
    evidence, asked = judging.evidence, judging.looks_at
    if not evidence.asked_s or is_software(asked.role):
        return False
    proved_s = evidence.proved_s if evidence.proved_key == asked.key else 0
    return max(proved_s, asked.proved_s) <= evidence.asked_s


def settle(judging: Judging, confirmed: frozenset[int]) -> None:
    """Pending readings enter the tests once the feed has explained them, or has had its time."""
    evidence, now_s = judging.evidence, judging.now_s
    if not evidence.pending:
        return
    waiting, raised = [], False
    for one in evidence.pending:
        age_s = now_s - one.at_s
        if one.person in confirmed:
            if not one.in_vain:
                enter(judging, False, one.key, one.network, one.at_s)
        elif age_s < PENDING_S or judging.looks_at.feed_silent:
            waiting.append(one)
        else:
            if not one.in_vain:
                enter(judging, True, one.key, one.network, one.at_s)
                evidence.trail = (*evidence.trail[1 - TRAIL_MAX :], one.running_number)
                raised, one = True, Pending(one.person, one.at_s, one.running_number, one.key, one.network, True)
            if age_s < 2 * PENDING_S:
                waiting.append(one)
    if raised or len(waiting) < len(evidence.pending):
        evidence.pending = tuple(waiting)
    if raised:
        raise_rung(judging)


def enter(judging: Judging, unexplained: bool, key: str, network: str, at_s: int) -> None:
    """One observation, in the account's own sequence and in those of its channels. `at_s`: when it was asked for."""
    evidence, tuned = judging.evidence, judging.tuned
    judging.entered[unexplained] += 1
    if unexplained:
        count_stranger(evidence, at_s)
    evidence.own = observe(evidence.own, tuned, unexplained, at_s)
    evidence.keys = _in_channel(evidence.keys, key, tuned, unexplained, at_s)
    evidence.networks = _in_channel(evidence.networks, network, tuned, unexplained, at_s)


def count_stranger(evidence: Evidence, at_s: int) -> None:
    """One more patient whom nothing explained towards the ceiling of 30 days, whether or not the tests observe her."""
    evidence.strangers = evidence.strangers.copy()
    add(evidence.strangers, at_s // DAY_S, 1, DAYS_KEPT)


def _in_channel(
    channels: tuple[Sequence, ...], key: str, tuned: Tuning, unexplained: bool, at_s: int
) -> tuple[Sequence, ...]:
    """The channels, this one's observation entered, their order unchanged: a reading that waited is no use of now."""
    if channels and channels[0].key == key:
        return (observe(channels[0], tuned, unexplained, at_s), *channels[1:])
    return tuple([observe(one, tuned, unexplained, at_s) if one.key == key else one for one in channels])


def note_question(judging: Judging, rows: tuple[Row, ...]) -> None:
    """How the question is put, whoever is shown."""
    asked, evidence = judging.looks_at, judging.evidence
    software = is_software(asked.role)
    patterns.note_question(evidence, asked.kind, asked.position, asked.now_s, software)
    if asked.kind and (evidence.patterns or not rows or not asked.specified):
        patterns.note(evidence, patterns.MISSES, not rows)
        patterns.note(evidence, patterns.VAGUE, not asked.specified)
    if rows and not software and is_list(asked.operation):
        if evidence.listed:
            patterns.note(evidence, patterns.UNOPENED, True)
        evidence.listed = True
    elif asked.operation is READ and evidence.listed:
        patterns.note(evidence, patterns.UNOPENED, False)
        evidence.listed = False


def note_place(judging: Judging, place: Place) -> None:
    """Two declared places that nobody travels between so fast, and one that is far from the hospital asked for."""
    asked, evidence, now_s = judging.looks_at, judging.evidence, judging.now_s
    if is_software(asked.role):  # which asks from several machines at once
        return
    before = evidence.place
    if before != place:
        if before is not None and cannot_be_travelled(before, place, now_s - evidence.place_s):
            patterns.note_once(evidence, patterns.IMPOSSIBLE_TRAVEL)
        if asked.home is not None and is_far(place, asked.home):
            patterns.note_once(evidence, patterns.FAR_AWAY)
    evidence.place, evidence.place_s = place, now_s


def note_channel(judging: Judging) -> None:
    """A network that this account was not known by, and two of them in turn within minutes."""
    asked, evidence, now_s = judging.looks_at, judging.evidence, judging.now_s
    networks = evidence.networks
    if networks and networks[0].key != asked.network:
        known = next((one for one in networks if one.key == asked.network), None)
        if known is None:
            patterns.note_once(evidence, patterns.NEW_NETWORK)
        elif now_s - networks[0].at_s < patterns.INTERLEAVED_S and asked.key != _last_key(evidence):
            patterns.note_once(evidence, patterns.TWO_PLACES)
        own = known or Sequence(asked.network, now_s)
        others = tuple(one for one in networks if one.key != asked.network)
        evidence.networks = (own, *others[: CHANNELS_MAX - 1])
    elif not networks:
        evidence.networks = (Sequence(asked.network, now_s),)
    if asked.operation is SIGN_IN and evidence.keys:
        patterns.note(evidence, patterns.SIGN_INS, now_s - evidence.keys[0].at_s < patterns.SIGN_IN_AGAIN_S)
    if not evidence.keys or evidence.keys[0].key != asked.key:
        own = next((one for one in evidence.keys if one.key == asked.key), Sequence(asked.key, now_s))
        others = tuple(one for one in evidence.keys if one.key != asked.key)
        evidence.keys = (own, *others[: CHANNELS_MAX - 1])


def _last_key(evidence: Evidence) -> str:
    return evidence.keys[0].key if evidence.keys else ""


def raise_rung(judging: Judging) -> None:
    """Puts the account on the rung of its score. A hold stays until somebody releases it."""
    evidence, tuned = judging.evidence, judging.tuned
    reached = rung_of(score(evidence, judging.looks_at), tuned)
    if reached >= ASK and not evidence.asked_s:
        evidence.asked_s = judging.now_s
    if reached >= HOLD and not evidence.held_s:
        evidence.held_s = judging.now_s


def rung_of(points: int, tuned: Tuning) -> Rung:
    """The rung that a score stands for.

    >>> from beffroi.model.account import Role; from beffroi.watch.norms import NORMS
    >>> rung_of(32_000, tuning(NORMS[Role.WARD_NURSE])), rung_of(0, tuning(NORMS[Role.WARD_NURSE]))
    (4, 0)
    """
    if points < tuned.warn:  # honest work, nearly always
        return NO_RUNG
    if points >= tuned.hold:
        return HOLD
    if points >= tuned.mask:
        return MASK
    return ASK if points >= tuned.ask else WARN

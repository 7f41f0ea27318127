"""The verdict on one answer: which of its rows this account may be shown, taken row by row before any of them leaves.

State in, rows in, verdict and new state out. A row is shown, shown without its contact fields, or withheld; a list is
cut at the row that trips a limit. Explained patients stay readable on every rung; statistics alone never go beyond
HOLD.

The order for a new patient: the ceilings on everything, then the hold, then the cap of what waits for the feed, then
the sequential tests, which the row itself enters before it is shown.
"""

from beffroi.watch import patterns
from beffroi.watch.circumstances import (
    EMERGENCY_READ,
    MASKED,
    NO_CAUSE,
    SHOW,
    WITHHELD,
    Cause,
    Circumstances,
    Fate,
    Row,
    Verdict,
)
from beffroi.watch.evidence import (
    ASK,
    BLOCK_S,
    BLOCKS_KEPT,
    DAY_S,
    DAYS_KEPT,
    HOLD,
    MASK,
    OLD_S,
    TRAIL_MAX,
    Evidence,
    Pending,
    add,
    count_showing,
    reaches,
)
from beffroi.watch.norms import Ceiling
from beffroi.watch.observation import (
    Judging,
    asked_in_vain,
    count_stranger,
    enter,
    note_channel,
    note_place,
    note_question,
    raise_rung,
    rung_of,
    score,
    settle,
)

EMERGENCY_READINGS_24H = 5
"""Emergency readings that one person may make alone."""
EMERGENCY_SECONDED_24H = 10
"""More of them, each with a second person."""
EMERGENCY_READINGS_30D = 60
"""All emergency readings of one person, seconded ones included."""
EMERGENCY_CRISIS_24H, EMERGENCY_CRISIS_30D = 40, 120
"""In place of the last two while a crisis is declared: a night with 300 victims in seven hospitals."""
STEP_UP_ALLOWANCE_24H, STEP_UP_ALLOWANCE_30D = 5, 30
"""Unexplained new patients a day, and in 30, that a held account is shown once its user has proved who is there."""
BEYOND_24H, BEYOND_30D = 40, 200
"""Explained patients, each named fully, one at a time and without contact fields, beyond a ceiling."""


def judge(
    evidence: Evidence, asked: Circumstances, rows: tuple[Row, ...], confirmed: frozenset[int] = frozenset()
) -> Verdict:
    """What may be shown, and the state after it. `confirmed`: pending patients whom the feed has explained meanwhile.

    >>> from beffroi.model.account import Role; from beffroi.model.disclosure import Operation
    >>> from beffroi.watch.norms import NORMS
    >>> asked = Circumstances(90_000, Role.WARD_NURSE, Operation.READ, NORMS[Role.WARD_NURSE])
    >>> found = judge(Evidence(), asked, (Row(7, None, explained=True),))
    >>> found.fates, found.new_count
    ((<Fate.SHOW: 'show'>,), 1)
    """
    judging = Judging(evidence.copied(), asked)
    new = judging.evidence
    if not new.first_s:
        new.first_s = asked.now_s
    settle(judging, confirmed)
    if asked.operation is EMERGENCY_READ:
        fates = _emergency(judging, rows)
    else:
        judging.roomy = _is_far_from_ceilings(judging, len(rows))
        if not judging.roomy:
            judging.explained_count = sum(row.explained for row in rows)
        note_channel(judging)
        if asked.place is not None:
            note_place(judging, asked.place)
        if not judging.about_nobody:
            note_question(judging, rows)
            _name_limits(judging)
            judging.covered = asked.one_person and any(row.explained or _is_old(row) for row in rows)
        fates = _fates(judging, rows)
    return _concluded(judging, fates)


def ceiling_of(asked: Circumstances) -> Ceiling:
    """The ceilings in force: the role's ordinary volume while its hospital's feed is proven silent."""
    if asked.feed_silent:
        usual = asked.norm.ceiling
        return Ceiling(min(asked.norm.outage_24h, usual.patients_24h), usual.patients_30d, usual.patients_365d)
    return asked.norm.ceiling


def _fates(judging: Judging, rows: tuple[Row, ...]) -> tuple[Fate, ...]:
    """In the answer's order. Of the rows of somebody who was registered twice the explained one speaks for her."""
    if len(rows) < 2 or not any(row.twice for row in rows):
        return tuple([_row(judging, row, len(rows)) for row in rows])
    order = sorted(range(len(rows)), key=lambda index: not (rows[index].explained or _is_old(rows[index])))
    found = {index: _row(judging, rows[index], len(rows)) for index in order}
    return tuple([found[index] for index in range(len(rows))])


def _row(judging: Judging, row: Row, row_count: int) -> Fate:
    evidence, now_s = judging.evidence, judging.now_s
    if row.canary:
        patterns.note_once(evidence, patterns.CANARY)
    if row.twice in judging.shown_twice:  # the same patient again: she was counted
        return _with_contact(judging) if judging.looks_at.contact else SHOW
    if not judging.roomy and (row.age_s is None or row.age_s >= DAY_S):
        beyond = _beyond(judging)
        if beyond and not _one_at_a_time(judging, row, beyond):
            return WITHHELD
    if not _is_old(row):
        if not _may_be_new(judging, row, row_count):
            return WITHHELD
        judging.new_count += 1
    count_showing(evidence, now_s, row.age_s)
    if row.twice:
        judging.shown_twice.add(row.twice)
    return _with_contact(judging) if judging.looks_at.contact else SHOW


def _is_old(row: Row) -> bool:
    """Whether this person was shown her lately, so that she is no observation."""
    return row.age_s is not None and row.age_s < OLD_S


def _may_be_new(judging: Judging, row: Row, row_count: int) -> bool:
    """Whether a patient who is new to this person may be shown."""
    asked = judging.looks_at
    if asked.feed_silent and not judging.evidence.held_s and not asked_in_vain(judging):
        return _new_in_a_silence(judging, row, row_count)
    return judging.about_nobody or _new(judging, row, row_count)


def _new(judging: Judging, row: Row, row_count: int) -> bool:
    """A new patient: explained, vouched for by a colleague (who carries the debt), or neither."""
    asked, evidence, now_s = judging.looks_at, judging.evidence, judging.now_s
    if row.explained:
        enter(judging, False, asked.key, asked.network, now_s)
        if evidence.patterns:
            patterns.wear_off(evidence)
        return True
    if evidence.confirmed and evidence.confirmed.get(row.person, 0) > now_s:
        return True
    return _may_be_unexplained(judging, row, row_count)


def _new_in_a_silence(judging: Judging, row: Row, row_count: int) -> bool:
    """While the hospital's own feed is proven silent nothing can be explained: no test, and no lists of strangers."""
    if row.explained or (row_count == 1 and judging.looks_at.specified):
        return True
    judging.blame(Cause.FEED_SILENT)
    return False


def _beyond(judging: Judging) -> Cause:
    """The ceiling that is reached, if one is."""
    ceiling, evidence, now_s = ceiling_of(judging.looks_at), judging.evidence, judging.now_s
    if evidence.shown_24h(now_s) >= ceiling.patients_24h:
        judging.limit = ceiling.patients_24h
        return Cause.CEILING_24H
    if evidence.shown_30d(now_s) >= ceiling.patients_30d:
        judging.limit = ceiling.patients_30d
        return Cause.CEILING_30D
    if evidence.shown_365d(now_s) >= ceiling.patients_365d:
        judging.limit = ceiling.patients_365d
        return Cause.CEILING_365D
    return NO_CAUSE


def _is_far_from_ceilings(judging: Judging, row_count: int) -> bool:
    """Whether no row can reach a ceiling, even counting buckets that have left their window: the usual case."""
    evidence, ceiling = judging.evidence, ceiling_of(judging.looks_at)
    return (
        sum(evidence.hours.values()) + row_count < ceiling.patients_24h
        and sum(evidence.days.values()) + row_count < ceiling.patients_30d
        and sum(evidence.blocks.values()) + row_count < ceiling.patients_365d
        and sum(evidence.strangers.values()) + row_count < judging.tuned.strangers_30d
    )


def _one_at_a_time(judging: Judging, row: Row, beyond: Cause) -> bool:
    """Beyond a ceiling one explained, fully named patient at a time stays readable, up to a ceiling of its own.

    Strangers of the like name, whom nobody chose, are withheld and take nothing from her.
    """
    asked, evidence, now_s = judging.looks_at, judging.evidence, judging.now_s
    alone = judging.explained_count == 1 and asked.specified and row.explained and asked.norm.ceiling.patients_24h > 0
    spare = evidence.beyond_24h(now_s) < BEYOND_24H and evidence.beyond_30d(now_s) < BEYOND_30D
    judging.blame(beyond, judging.limit)
    if not (alone and spare):
        return False
    evidence.beyond = dict(evidence.beyond)
    add(evidence.beyond, now_s // DAY_S, 1, DAYS_KEPT)
    return True


def _may_be_unexplained(judging: Judging, row: Row, row_count: int) -> bool:
    """Whether a new patient whom nothing explains may be shown; she enters the tests, or waits for the feed."""
    asked, evidence, now_s = judging.looks_at, judging.evidence, judging.now_s
    if evidence.held_s:
        if asked.crowded and row_count == 1 and asked.specified:
            return _one_more(judging)
        return _by_allowance(judging)
    if asked_in_vain(judging):
        judging.blame(Cause.ASKED)
        return False
    if not judging.roomy and _too_many_strangers(judging):
        judging.blame(Cause.STRANGERS_30D, judging.tuned.strangers_30d)
        return False
    if asked.norm.arrivals_per_h:
        return _may_wait(judging, row)
    if judging.covered:  # a namesake of somebody explained: whom nobody chose
        count_stranger(evidence, now_s)
        return True
    enter(judging, True, asked.key, asked.network, now_s)
    evidence.trail = (*evidence.trail[1 - TRAIL_MAX :], asked.running_number)
    raise_rung(judging)
    return not _stopped(judging)


def _may_wait(judging: Judging, row: Row) -> bool:
    """Whether one more may wait for the feed. A namesake takes a place as everybody does, and enters no test: of
    several whom nothing explains yet, one was meant.
    """
    asked, evidence, now_s = judging.looks_at, judging.evidence, judging.now_s
    if len(evidence.pending) >= judging.tuned.pending_max:
        judging.blame(Cause.PENDING, judging.tuned.pending_max)
        return False
    if judging.covered:
        count_stranger(evidence, now_s)
    waiting = Pending(row.person, now_s, asked.running_number, asked.key, asked.network, judging.covered)
    evidence.pending = (*evidence.pending, waiting)
    judging.covered = asked.one_person
    return True


def _stopped(judging: Judging) -> bool:
    """Whether the account came onto a rung that withholds, by this very row."""
    if judging.evidence.held_s:
        judging.blame(Cause.HELD)
    elif asked_in_vain(judging):
        judging.blame(Cause.ASKED)
    else:
        return False
    return True


def _by_allowance(judging: Judging) -> bool:
    """A held account, once its user has proved who is there, has a small allowance a day. It erases no evidence."""
    evidence, today = judging.evidence, judging.now_s // DAY_S
    judging.blame(Cause.HELD)
    if evidence.proved_s <= evidence.held_s or evidence.proved_s <= judging.now_s - DAY_S:
        return False
    if reaches(evidence.allowances, today, STEP_UP_ALLOWANCE_24H) or reaches(
        evidence.allowances, today - DAYS_KEPT + 1, STEP_UP_ALLOWANCE_30D
    ):
        return False
    evidence.allowances = evidence.allowances.copy()
    add(evidence.allowances, today, 1, DAYS_KEPT)
    return True


def _one_more(judging: Judging) -> bool:
    """While the site is crowded with holds, a held account reads one patient at a time, as beyond a ceiling."""
    evidence, now_s = judging.evidence, judging.now_s
    if evidence.beyond_24h(now_s) >= BEYOND_24H or evidence.beyond_30d(now_s) >= BEYOND_30D:
        judging.blame(Cause.HELD)
        return False
    evidence.beyond = dict(evidence.beyond)
    add(evidence.beyond, now_s // DAY_S, 1, DAYS_KEPT)
    return True


def _with_contact(judging: Judging) -> Fate:
    """Whether the contact fields that were asked for leave with a row that is shown."""
    asked, evidence, now_s = judging.looks_at, judging.evidence, judging.now_s
    contacts = asked.norm.contacts
    full = _are_full(evidence, contacts, now_s)
    if full or asked.feed_silent or evidence.rung >= MASK or judging.cause in _CEILINGS:
        if not judging.cause:
            judging.cause, judging.limit = (Cause.CONTACTS, contacts.patients_24h) if full else (Cause.MASKED, 0)
        return MASKED
    evidence.contacts, evidence.contacts_blocks = dict(evidence.contacts), dict(evidence.contacts_blocks)
    add(evidence.contacts, now_s // DAY_S, 1, DAYS_KEPT)
    add(evidence.contacts_blocks, now_s // BLOCK_S, 1, BLOCKS_KEPT)
    return SHOW


def _are_full(evidence: Evidence, contacts: Ceiling, now_s: int) -> bool:
    """Whether contact fields have reached one of their ceilings."""
    today = now_s // DAY_S
    return (
        reaches(evidence.contacts, today - 1, contacts.patients_24h)
        or reaches(evidence.contacts, today - DAYS_KEPT + 1, contacts.patients_30d)
        or reaches(evidence.contacts_blocks, now_s // BLOCK_S - BLOCKS_KEPT + 1, contacts.patients_365d)
    )


_CEILINGS = frozenset({Cause.CEILING_24H, Cause.CEILING_30D, Cause.CEILING_365D})


def _name_limits(judging: Judging) -> None:
    """Names what withholds strangers from this account now, whoever matches: its absence would tell of nobody."""
    asked, evidence = judging.looks_at, judging.evidence
    beyond = not judging.roomy and _beyond(judging)
    if beyond:
        judging.blame(beyond, judging.limit)
    elif asked.feed_silent:
        if not asked.specified:
            judging.blame(Cause.FEED_SILENT)
    elif (evidence.held_s or evidence.asked_s) and _stopped(judging):
        return
    elif not judging.roomy and _too_many_strangers(judging):
        judging.blame(Cause.STRANGERS_30D, judging.tuned.strangers_30d)
    elif evidence.pending and len(evidence.pending) >= judging.tuned.pending_max:
        judging.blame(Cause.PENDING, judging.tuned.pending_max)


def _too_many_strangers(judging: Judging) -> bool:
    """Whether as many whom nothing explains were shown in 30 days as may be: what keeps just below the tests."""
    return reaches(judging.evidence.strangers, judging.now_s // DAY_S - DAYS_KEPT + 1, judging.tuned.strangers_30d)


def _emergency(judging: Judging, rows: tuple[Row, ...]) -> tuple[Fate, ...]:
    """A way on with a ceiling of its own (law 8): bounded, recorded, ringing; the tests do not see it."""
    evidence, now_s = judging.evidence, judging.now_s
    made = evidence.emergencies_since(now_s - DAY_S)
    agreed = next((one for one in evidence.seconds if one[1] > now_s), None)
    seconded = judging.looks_at.seconded or agreed is not None
    crisis = judging.looks_at.crisis
    limit = EMERGENCY_READINGS_24H
    if seconded:
        limit += EMERGENCY_CRISIS_24H if crisis else EMERGENCY_SECONDED_24H
    month = EMERGENCY_CRISIS_30D if crisis else EMERGENCY_READINGS_30D
    if made >= limit:
        judging.blame(Cause.EMERGENCY, limit)
    elif evidence.emergencies_since(now_s - OLD_S) >= month:
        judging.blame(Cause.EMERGENCY, month)
    if judging.cause is Cause.EMERGENCY:
        return (WITHHELD,) * len(rows)
    if rows:
        if made >= EMERGENCY_READINGS_24H and agreed is not None:  # a colleague's agreement serves once
            evidence.seconds = tuple(one for one in evidence.seconds if one is not agreed)
        evidence.emergencies = (*(at for at in evidence.emergencies if at > now_s - OLD_S), now_s)
    for row in rows:
        judging.new_count += row.age_s is None or row.age_s >= OLD_S
        count_showing(evidence, now_s, row.age_s)
    return (SHOW,) * len(rows)


def _concluded(judging: Judging, fates: tuple[Fate, ...]) -> Verdict:
    evidence = judging.evidence
    points = score(evidence, judging.looks_at)
    reached = HOLD if evidence.held_s else rung_of(points, judging.tuned)
    risen = reached > evidence.rung
    if reached < ASK and evidence.asked_s and not asked_in_vain(judging):
        evidence.asked_s = 0  # explained patients alone do not take a question back: it is answered, or it stays
    if reached != evidence.rung:
        evidence.rung = reached
    return Verdict(
        fates, evidence, judging.cause, judging.limit, reached, risen, points, judging.new_count, *judging.entered
    )

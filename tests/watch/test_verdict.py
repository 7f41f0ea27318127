"""The verdict, row by row."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.model.account import Role
from beffroi.model.disclosure import Operation
from beffroi.watch.circumstances import Cause, Fate, Row
from beffroi.watch.evidence import ASK, BLOCK_S, DAY_S, HOLD, HOUR_S, Evidence
from beffroi.watch.norms import NORMS
from beffroi.watch.verdict import BEYOND_24H, EMERGENCY_READINGS_24H, STEP_UP_ALLOWANCE_24H, judge
from watch.asking import START_S, Account, asked, patients, strangers

NURSE = NORMS[Role.WARD_NURSE]
steps = st.lists(
    st.tuples(st.integers(0, 40 * HOUR_S), st.integers(0, 3), st.integers(0, 250), st.integers(1, 12)), max_size=120
)


def full(patients_24h: int) -> Evidence:
    """As if so many patients had been shown within the hour."""
    return Evidence(
        hours={START_S // HOUR_S: patients_24h},
        days={START_S // DAY_S: patients_24h},
        blocks={START_S // BLOCK_S: patients_24h},
        first_s=START_S,
    )


@given(steps)
def test_no_sequence_shows_more_distinct_patients_than_the_ceilings(sequence: list[tuple[int, int, int, int]]) -> None:
    """Over any 24 hours and 30 days, explained patients and those shown again included."""
    account, shown = Account(), []
    for wait_s, skip, first, count in sequence:
        rows = patients(first, count)
        verdict = account.asks(rows, wait_s + skip * DAY_S)
        people = [r.person for r, fate in zip(rows, verdict.fates, strict=True) if fate is not Fate.WITHHELD]
        shown += [(account.now_s, person) for person in people]
    for start_s, _ in shown:
        for window_s, most in ((DAY_S, NURSE.ceiling.patients_24h), (30 * DAY_S, NURSE.ceiling.patients_30d)):
            assert len({person for at, person in shown if start_s <= at < start_s + window_s}) <= most + BEYOND_24H


def test_a_list_is_cut_at_the_row_that_trips_the_ceiling() -> None:
    """The rows before it are shown."""
    verdict = judge(full(NURSE.ceiling.patients_24h - 2), asked(), patients(0, 5))
    assert [fate is not Fate.WITHHELD for fate in verdict.fates] == [True, True, False, False, False]
    assert (verdict.cause, verdict.limit) == (Cause.CEILING_24H, NURSE.ceiling.patients_24h)


def test_a_list_is_cut_at_the_row_that_trips_the_test() -> None:
    """Of a page full of strangers only those before the limit are shown."""
    verdict = judge(Evidence(), asked(), strangers(0, 20))
    assert verdict.fates[0] is Fate.SHOW
    assert verdict.fates[-1] is Fate.WITHHELD
    assert verdict.shown_count <= 10


def test_namesakes_of_an_explained_patient_are_no_evidence() -> None:
    """A search that names one person fully is about one of those who match; all of them fill the ceilings."""
    account = Account()
    for number in range(29):
        rows = (*patients(3 * number), *strangers(3 * number + 1, 2))
        assert account.asks(rows, one_person=True).shown_count == 3
    assert (account.evidence.own.unexplained_count, account.evidence.shown_24h(account.now_s)) == (0, 87)


def test_strangers_of_one_name_are_as_many_as_they_are() -> None:
    """Where nothing explains any of them, each is an observation, as in a search for several numbers."""
    named, numbered = Account(), Account()
    named.asks(strangers(0, 3), one_person=True)
    numbered.asks(strangers(0, 3))
    assert named.evidence.own.unexplained_count == numbered.evidence.own.unexplained_count == 3


def test_patients_seen_before_cost_nothing() -> None:
    """Opening the same patient again is not a new patient, and the count of distinct patients stays."""
    account = Account()
    for _ in range(5):
        account.asks(strangers(1))
    assert account.evidence.shown_24h(account.now_s) == 1
    assert account.evidence.own.observed_count == 1


def test_a_patient_who_was_not_shown_for_thirty_days_is_new_again() -> None:
    """An old account may not read its past patients again for nothing."""
    account = Account()
    account.asks(strangers(1))
    account.asks(strangers(1), wait_s=31 * DAY_S)
    assert account.evidence.own.unexplained_count == 2


def test_beyond_the_ceiling_one_explained_patient_stays_readable() -> None:
    """A cap never stops care (law 5); a stranger, a list and contact fields are beyond it."""
    evidence = full(NURSE.ceiling.patients_24h)
    one = judge(evidence, asked(contact=True), patients(1))
    assert one.fates == (Fate.MASKED,)
    assert judge(evidence, asked(), strangers(1)).shown_count == 0
    assert judge(evidence, asked(), patients(1, 2)).shown_count == 0
    assert judge(evidence, asked(specified=False), patients(1)).shown_count == 0


def test_one_at_a_time_has_a_ceiling_of_its_own() -> None:
    """Every way on has (law 8)."""
    account = Account()
    account.evidence = full(NURSE.ceiling.patients_24h)
    shown = sum(account.asks(patients(100 + n), wait_s=10).shown_count for n in range(BEYOND_24H + 20))
    assert shown == BEYOND_24H


@pytest.mark.parametrize("wait_s", [0, 60, 4 * HOUR_S])
def test_a_pure_thief_is_stopped_within_a_handful_of_patients_whatever_the_tempo(wait_s: int) -> None:
    """From as fast as it goes to six a day; who reads on is shown nothing more."""
    account = Account(Role.ON_CALL_DOCTOR)
    assert account.reads_until_held(wait_s=wait_s) <= 9
    assert account.evidence.rung >= ASK
    assert sum(account.asks(strangers(20_000 + n)).shown_count for n in range(50)) == 0


def test_a_held_account_reads_its_explained_patients() -> None:
    """One at a time or in a list, on every rung but a freeze."""
    account = Account()
    account.reads_until_held()
    assert account.asks(patients(1)).shown_count == 1
    assert account.asks(patients(2, 3)).shown_count == 3


def test_a_held_account_is_answered_alike_for_nobody_and_for_strangers() -> None:
    """None, one and many strangers: the same cause, and nobody shown."""
    account = Account()
    account.reads_until_held()
    causes = {judge(account.evidence, asked(account.now_s), rows).cause for rows in ((), strangers(1), strangers(1, 9))}
    assert causes == {account.asks(()).cause}
    assert causes <= {Cause.ASKED, Cause.HELD}


def test_whoever_proves_who_is_there_goes_on_until_the_hold() -> None:
    """A proof answers the question, and erases no evidence."""
    account = Account()
    account.reads_until_held()
    score_before = account.evidence.own.score
    proved = account.asks(strangers(50), proved_s=account.now_s + 61)
    assert proved.shown_count == 1 or proved.rung == HOLD
    assert account.evidence.own.score >= score_before


def held(role: Role = Role.WARD_NURSE) -> Account:
    """An account whose user proved who is there and that came to the hold all the same."""
    account = Account(role)
    for number in range(200):
        account.asks(strangers(10_000 + number), proved_s=account.now_s + 60)
        if account.evidence.held_s:
            return account
    raise AssertionError("never held")


def test_a_hold_stays_whatever_explained_patients_follow() -> None:
    """Padding does not release."""
    account = held()
    for number in range(80):
        account.asks(patients(number), wait_s=3_600)
    assert account.evidence.own.score == 0
    assert account.asks(strangers(70_000)).cause is Cause.HELD


def test_a_step_up_gives_a_held_account_a_small_allowance_a_day() -> None:
    """After a proof that came since the hold; tomorrow's allowance needs tomorrow's proof."""
    account = held()
    assert account.asks(strangers(1)).shown_count == 0
    account.evidence.proved_s = account.now_s + 1
    shown = sum(account.asks(strangers(100 + n)).shown_count for n in range(20))
    assert shown == STEP_UP_ALLOWANCE_24H
    account.now_s += 2 * DAY_S
    assert account.asks(strangers(300)).shown_count == 0


def test_what_a_colleague_confirmed_is_shown_and_is_no_explanation() -> None:
    """The patients named, until the end that was set; the score stays."""
    account = held()
    score_before = account.evidence.own.score
    account.evidence.confirmed = {77: account.now_s + HOUR_S}
    assert account.asks(strangers(77)).shown_count == 1
    assert account.asks(strangers(78)).shown_count == 0
    assert account.evidence.own.score == score_before
    account.evidence.confirmed = {79: account.now_s}
    assert account.asks(strangers(79)).shown_count == 0


def test_contact_fields_are_masked_before_anything_is_held() -> None:
    """On the rung before the hold, and beyond their own ceiling."""
    account = Account()
    shown = [account.asks(patients(n), wait_s=1, contact=True).fates[0] for n in range(NURSE.contacts.patients_24h + 1)]
    assert shown[-2:] == [Fate.SHOW, Fate.MASKED]


def test_emergency_readings_are_five_a_day_and_more_with_a_second_person() -> None:
    """The sixth is withheld, a seconded one is not, and the first of the next day is not."""
    account = Account()
    for number in range(EMERGENCY_READINGS_24H):
        assert account.asks(strangers(number), operation=Operation.EMERGENCY_READ).shown_count == 1
    sixth = account.asks(strangers(50), operation=Operation.EMERGENCY_READ)
    assert (sixth.shown_count, sixth.cause) == (0, Cause.EMERGENCY)
    assert account.asks(strangers(51), operation=Operation.EMERGENCY_READ, seconded=True).shown_count == 1
    assert account.asks(strangers(52), wait_s=DAY_S + 60, operation=Operation.EMERGENCY_READ).shown_count == 1


def test_a_held_account_still_has_its_emergency_readings() -> None:
    """For a patient whom nothing explains."""
    assert held().asks(strangers(5), operation=Operation.EMERGENCY_READ).shown_count == 1


def test_a_desk_reads_before_its_feed_knows_up_to_its_cap() -> None:
    """Pending readings are not evidence yet; beyond the cap they are withheld, and the feed frees them."""
    account = Account(Role.ADMISSION_CLERK)
    most = NORMS[Role.ADMISSION_CLERK].pending_max
    shown = sum(account.asks(strangers(n), wait_s=1).shown_count for n in range(most + 10))
    assert (shown, account.evidence.own.observed_count) == (most, 0)
    last = account.asks((), wait_s=1)
    assert last.cause is Cause.PENDING
    now = asked(account.now_s + 60, Role.ADMISSION_CLERK)
    freed = judge(account.evidence, now, strangers(900), confirmed=frozenset(range(most)))
    assert (freed.shown_count, freed.explained_count) == (1, most)


def test_what_the_feed_never_confirmed_is_evidence_after_half_an_hour() -> None:
    """A desk's thief is held at the latest when his readings have waited long enough."""
    account = Account(Role.ADMISSION_CLERK)
    for number in range(30):
        account.asks(strangers(number), wait_s=1)
    verdict = account.asks(strangers(99), wait_s=1_801)
    assert verdict.unexplained_count == 30
    assert (verdict.shown_count, verdict.rung) == (0, HOLD)


def test_while_the_feed_is_silent_nobody_is_suspected_and_nobody_is_listed() -> None:
    """One named patient at a time, up to a day's ordinary volume, without contact fields."""
    account = Account(Role.ADMISSION_CLERK)
    silent = {"feed_silent": True}
    shown = [account.asks(strangers(n), wait_s=120, contact=True, **silent) for n in range(150)]
    assert {verdict.fates for verdict in shown} == {(Fate.MASKED,)}
    assert account.evidence.own == Evidence().own
    assert account.asks(strangers(900, 2), **silent).cause is Cause.FEED_SILENT
    assert sum(account.asks(strangers(1_000 + n), **silent).shown_count for n in range(300)) <= 10


def test_a_thief_on_his_own_device_is_not_diluted_by_the_owner() -> None:
    """The owner goes on with explained patients; the thief's own key and network have sequences of their own."""
    account, stolen = Account(Role.WARD_DOCTOR), 0
    for day in range(30):
        for number in range(17):
            account.asks(patients(day * 100 + number), wait_s=1_200, key="owner", network="hospital")
        for number in range(5):
            rows = strangers(50_000 + day * 10 + number)
            stolen += account.asks(rows, wait_s=300, key="thief", network="elsewhere").shown_count
    assert stolen <= 10


def test_a_crowded_site_reads_one_at_a_time_instead_of_nothing() -> None:
    """Too many holds at one hospital have a common cause: care goes on, bounded."""
    account = held()
    assert account.asks(strangers(1), crowded=True).shown_count == 1
    assert account.asks(strangers(2, 2), crowded=True).shown_count == 0
    shown = sum(account.asks(strangers(10 + n), wait_s=1, crowded=True).shown_count for n in range(100))
    assert shown == BEYOND_24H - 1


def test_suspicion_and_patterns_shorten_and_never_hold_by_themselves() -> None:
    """Without unexplained patients they are worth nothing; with them at most as much again."""
    honest = Account()
    for number in range(60):
        assert honest.asks(patients(number), wait_s=1, suspicion=50_000, kind="birth", position=number).rung == 0
    plain, suspected = Account(), Account()
    assert suspected.reads_until_held(suspicion=50_000) < plain.reads_until_held()


def test_a_canary_is_evidence_and_never_a_hold() -> None:
    """Reading ten fictitious people who look explained holds nobody."""
    account = Account()
    for number in range(10):
        verdict = account.asks((Row(number, None, explained=True, canary=True),))
    assert (verdict.shown_count, verdict.rung) == (1, 0)


def test_a_verdict_that_rises_says_so_once() -> None:
    """Each rung is one event; staying on it is none."""
    account = Account()
    risen = [account.asks(strangers(n)).rung for n in range(30) if account.evidence.rung < HOLD]
    rungs = sorted({rung for rung in risen if rung})
    assert rungs
    assert not account.asks(strangers(900)).risen


def test_the_state_stays_small_and_survives_its_bytes() -> None:
    """A year of a busy account, as JSON within 8 KiB, and equal after it."""
    account = Account(Role.ADMISSION_CLERK)
    for number in range(3_000):
        rows = strangers(number) if number % 9 == 0 else patients(number)
        account.asks(rows, wait_s=5 * HOUR_S // 2, key=f"k{number // 7}", network=f"n{number % 9}", contact=True)
    encoded = msgspec.json.encode(account.evidence)
    assert len(encoded) < 8_192
    assert msgspec.json.decode(encoded, type=Evidence) == account.evidence


def test_judging_changes_nothing_of_the_state_that_it_was_given() -> None:
    """State in, verdict and new state out."""
    account = Account()
    account.reads_until_held()
    before = msgspec.json.encode(account.evidence)
    judge(account.evidence, asked(account.now_s + 60, contact=True), (*strangers(1, 3), *patients(7, 3)))
    assert msgspec.json.encode(account.evidence) == before

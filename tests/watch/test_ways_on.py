"""Law 8: each way on has its ceiling, and all of them together show no more than the number that is printed."""

import msgspec
import pytest

from beffroi.model.account import Role
from beffroi.model.disclosure import Operation
from beffroi.watch.ceiling import most_shown, ways_on
from beffroi.watch.circumstances import Row
from beffroi.watch.evidence import DAY_S, HOUR_S, Evidence
from beffroi.watch.norms import NORMS
from beffroi.watch.releasing import released
from beffroi.watch.verdict import (
    EMERGENCY_CRISIS_24H,
    EMERGENCY_READINGS_24H,
    EMERGENCY_SECONDED_24H,
    STEP_UP_ALLOWANCE_24H,
    STEP_UP_ALLOWANCE_30D,
)
from beffroi.watch.vouching import CONFIRMED_24H, CONFIRMED_30D, confirm, room_to_confirm, room_to_vouch, second
from watch.asking import Account, patients, strangers

ROLES = [Role.WARD_NURSE, Role.EMERGENCY_DOCTOR, Role.ADMISSION_CLERK]


def held(role: Role = Role.WARD_NURSE) -> Account:
    """An account that the watch holds."""
    account = Account(role)
    account.reads_until_held()
    account.evidence.held_s = account.evidence.held_s or account.now_s
    return account


def seen_in_a_day(account: Account) -> int:
    return sum(at > account.now_s - DAY_S for at in account.last_shown.values())


def test_a_step_up_opens_five_a_day_however_often_it_is_made() -> None:
    """A hundred proofs: five patients; the next day five more."""
    account = held()
    account.now_s += 2 * DAY_S - account.now_s % DAY_S
    for _ in range(2):
        shown = 0
        for number in range(100):
            account.evidence.proved_s = account.now_s + 1
            shown += account.asks(strangers(50_000 + account.now_s + number)).shown_count
        assert shown == STEP_UP_ALLOWANCE_24H
        account.now_s += DAY_S


def test_step_ups_open_thirty_in_30_days() -> None:
    """However many days they are spread over."""
    account, shown = held(), 0
    for _ in range(20):
        account.now_s += DAY_S
        for number in range(STEP_UP_ALLOWANCE_24H):
            account.evidence.proved_s = account.now_s + 1
            shown += account.asks(strangers(50_000 + account.now_s + number)).shown_count
    assert shown == STEP_UP_ALLOWANCE_30D


def test_confirmations_open_ten_in_any_24_hours() -> None:
    """For the asker, and for whoever vouches; the room comes back as each grows old."""
    asker, colleague, now_s = Evidence(), Evidence(), DAY_S
    for number in range(CONFIRMED_24H):
        assert room_to_confirm(asker, now_s) == room_to_vouch(colleague, now_s) == CONFIRMED_24H - number
        confirm(asker, colleague, [number], now_s)
        now_s += HOUR_S
    assert room_to_confirm(asker, now_s) == room_to_vouch(colleague, now_s) == 0
    assert room_to_confirm(asker, 2 * DAY_S) == 1 and len(asker.confirmed) < CONFIRMED_24H


def test_confirmations_open_sixty_in_30_days() -> None:
    """Ten a day for six days, and then no more until the first have grown old."""
    asker, given = Evidence(), 0
    for day in range(1, 30):
        room = room_to_confirm(asker, day * DAY_S)
        confirm(asker, Evidence(), range(1_000 * day, 1_000 * day + room), day * DAY_S)
        given += room
    assert given == CONFIRMED_30D
    assert room_to_confirm(asker, 31 * DAY_S) == CONFIRMED_24H


def test_a_confirmation_opens_nobody_else() -> None:
    """The named patient, for four hours."""
    account = held()
    confirm(account.evidence, Evidence(), [77], account.now_s)
    assert account.asks(strangers(78)).shown_count == 0 and account.asks(strangers(77)).shown_count == 1
    other = held()
    confirm(other.evidence, Evidence(), [77], other.now_s)
    assert other.asks(strangers(77), wait_s=4 * HOUR_S).shown_count == 0


def test_emergency_readings_are_bounded_with_and_without_colleagues() -> None:
    """Five alone, ten with an agreement each, whatever number of agreements waits."""
    account = held()
    for _ in range(50):
        second(account.evidence, 12, account.now_s)
    shown = sum(
        account.asks(strangers(n), operation=Operation.EMERGENCY_READ).shown_count for n in range(60_000, 60_100)
    )
    assert EMERGENCY_READINGS_24H < shown <= EMERGENCY_READINGS_24H + EMERGENCY_SECONDED_24H
    for _ in range(50):
        second(account.evidence, 12, account.now_s)
        account.asks(strangers(70_000 + account.number), wait_s=1, operation=Operation.EMERGENCY_READ)
    assert account.evidence.emergencies_since(account.now_s - DAY_S) == 15


def test_a_release_leaves_the_ceilings_full() -> None:
    """Released each time it is held, an account ends at its ceiling of strangers; those at which it was held count."""
    account = Account()
    shown = releases = 0
    for number in range(400):
        if account.evidence.held_s or account.evidence.asked_s:
            account.evidence = released(account.evidence, account.now_s)
            releases += 1
        shown += account.asks(strangers(90_000 + number), wait_s=30).shown_count
    assert shown + releases == NORMS[Role.WARD_NURSE].strangers_30d


def test_a_persons_accounts_share_one_evidence() -> None:
    """What the other account was shown fills the same ceiling: evidence is the person's, and age too."""
    account = Account()
    half = NORMS[Role.WARD_NURSE].ceiling.patients_24h // 2
    shown = 0
    for number in range(4 * half):
        key = "one" if number % 2 else "two"
        shown += account.asks(patients(number), wait_s=20, key=key, specified=False).shown_count
    assert shown == 2 * half


@pytest.mark.parametrize("role", ROLES)
def test_all_ways_together_stay_within_the_number(role: Role) -> None:
    """A day of everything at once: strangers, own patients, proofs, confirmations, agreements, releases."""
    account = Account(role)
    for number in range(1_200):
        now_s = account.now_s
        account.evidence.proved_s = now_s + 1
        if number % 40 == 0:
            account.evidence = released(account.evidence, now_s)
        person = 100_000 + number
        if room_to_confirm(account.evidence, now_s):
            confirm(account.evidence, Evidence(), [person], now_s)
        second(account.evidence, 12, now_s)
        row = Row(person, None, explained=number % 3 == 0)
        account.asks((row,), wait_s=60)
        account.asks(strangers(200_000 + number), wait_s=5, operation=Operation.EMERGENCY_READ)
    assert seen_in_a_day(account) <= most_shown(role).patients_24h
    assert ways_on(role).total == 30
    assert len(msgspec.json.encode(account.evidence)) < 8_192


def test_a_declared_crisis_raises_the_seconded_number_alone() -> None:
    """Forty with an agreement each instead of ten; five alone as ever; within the number of such days."""
    account = Account(Role.EMERGENCY_DOCTOR)
    urgent = {"operation": Operation.EMERGENCY_READ, "crisis": True, "wait_s": 60}
    assert sum(account.asks(strangers(n), **urgent).shown_count for n in range(20)) == EMERGENCY_READINGS_24H
    shown = EMERGENCY_READINGS_24H
    for number in range(100, 200):
        second(account.evidence, 12, account.now_s)
        shown += account.asks(strangers(number), **urgent).shown_count
    assert shown == EMERGENCY_READINGS_24H + EMERGENCY_CRISIS_24H
    assert seen_in_a_day(account) <= most_shown(Role.EMERGENCY_DOCTOR, crisis=True).patients_24h

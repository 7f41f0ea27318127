"""Each way of asking that a thief has: seen when it is there, worn off by honest work, and never enough by itself."""

from collections.abc import Callable

import pytest

from beffroi.model.account import Role
from beffroi.model.disclosure import Operation
from beffroi.watch import patterns
from beffroi.watch.circumstances import Row
from beffroi.watch.evidence import DAY_S, HOLD, HOUR_S
from beffroi.watch.explain import PATTERN_WORDS
from beffroi.watch.geography import Place
from watch.asking import Account, patients, strangers

LILLE, CALAIS = Place(50.63, 3.06), Place(50.95, 1.86)


def sweeps(account: Account) -> None:
    for number in range(6):
        account.asks(patients(number), kind="identifier", position=100 + number)


def misses(account: Account) -> None:
    for number in range(6):
        account.asks((), kind="birth", position=1_000 * number)


def hastes(account: Account) -> None:
    for number in range(6):
        account.asks(patients(number), wait_s=1, kind="birth", position=1_000 * number)


def ticks(account: Account) -> None:
    for number in range(8):
        account.asks(patients(number), wait_s=30, kind="birth", position=1_000 * number)


def is_vague(account: Account) -> None:
    for number in range(6):
        account.asks(patients(number), kind="family", position=1_000 * number, specified=False)


def opens_nobody(account: Account) -> None:
    for number in range(12):
        account.asks(patients(10 * number, 3), wait_s=70 + 40 * (number % 3))


def signs_in_again(account: Account) -> None:
    for number in range(6):
        account.asks((), operation=Operation.SIGN_IN, key=f"k{number}")


def comes_from_elsewhere(account: Account) -> None:
    account.asks(patients(1), network="at-work")
    account.asks(patients(2), network="elsewhere")


def is_in_two_places(account: Account) -> None:
    for number in range(4):
        side = number % 2
        account.asks(patients(number), network=f"n{side}", key=f"k{side}")


def travels_too_fast(account: Account) -> None:
    account.asks(patients(1), place=LILLE, home=LILLE)
    account.asks(patients(2), place=CALAIS, home=CALAIS)


def asks_from_far_away(account: Account) -> None:
    account.asks(patients(1), place=CALAIS, home=LILLE)


def sleeps(account: Account) -> None:
    account.asks(patients(1), kind="birth", position=1)
    account.asks(patients(2), wait_s=61 * DAY_S, kind="birth", position=9_000)


def meets_nobody(account: Account) -> None:
    account.asks((Row(1, None, explained=True, canary=True),))


WAYS: dict[str, Callable[[Account], None]] = {
    patterns.SWEEP: sweeps,
    patterns.MISSES: misses,
    patterns.HASTE: hastes,
    patterns.CLOCKWORK: ticks,
    patterns.VAGUE: is_vague,
    patterns.UNOPENED: opens_nobody,
    patterns.SIGN_INS: signs_in_again,
    patterns.NEW_NETWORK: comes_from_elsewhere,
    patterns.TWO_PLACES: is_in_two_places,
    patterns.IMPOSSIBLE_TRAVEL: travels_too_fast,
    patterns.FAR_AWAY: asks_from_far_away,
    patterns.DORMANT: sleeps,
    patterns.CANARY: meets_nobody,
}


def test_every_pattern_has_its_way_and_its_words() -> None:
    """A new pattern is told to people, and shown here."""
    assert set(WAYS) == set(PATTERN_WORDS) == set(patterns.SHARES) | set(patterns.ONCE)


@pytest.mark.parametrize("pattern", WAYS)
def test_it_is_seen(pattern: str) -> None:
    """By what it names, in an account that is otherwise its own hospital's."""
    account = Account(Role.WARD_DOCTOR)
    WAYS[pattern](account)
    assert account.evidence.patterns.get(pattern, 0) > 0


@pytest.mark.parametrize("pattern", WAYS)
def test_it_holds_nobody_by_itself(pattern: str) -> None:
    """Explained patients alone, however oddly they are read: no rung."""
    account = Account(Role.WARD_DOCTOR)
    for _ in range(4):
        WAYS[pattern](account)
    assert account.evidence.rung == 0


@pytest.mark.parametrize("pattern", WAYS)
def test_it_shortens_what_the_test_needs(pattern: str) -> None:
    """Of two thieves who did the same, the one of whom it was noted is shown fewer strangers."""
    noted, unnoted = Account(Role.ON_CALL_DOCTOR), Account(Role.ON_CALL_DOCTOR)
    for thief in (noted, unnoted):
        WAYS[pattern](thief)
    noted.evidence.patterns = {pattern: noted.evidence.patterns[pattern]}
    unnoted.evidence.patterns = {}
    assert noted.reads_until_held() < unnoted.reads_until_held()


def test_honest_work_wears_it_off() -> None:
    """After fifteen shifts of explained patients, asked fully and opened, nothing of it is left."""
    account = Account(Role.WARD_DOCTOR)
    for way in WAYS.values():
        way(account)
    for number in range(300):
        if number % 20 == 0:  # a shift begins
            account.asks((), operation=Operation.SIGN_IN, wait_s=16 * HOUR_S)
        account.asks(patients(1_000 + number), wait_s=61 + 97 * (number % 7), kind="birth", position=7_000 * number)
        account.asks(patients(1_000 + number), wait_s=11 + number % 5, operation=Operation.READ)
    assert account.evidence.patterns == {}
    assert account.evidence.rung < HOLD


def test_software_has_no_haste_and_no_place() -> None:
    """A program is quick and asks from several machines: neither is a sign."""
    account = Account(Role.HOSPITAL_APPLICATION)
    hastes(account)
    travels_too_fast(account)
    assert not account.evidence.patterns.keys() & {patterns.HASTE, patterns.CLOCKWORK, patterns.IMPOSSIBLE_TRAVEL}


def test_an_application_that_reads_more_than_its_feed_explains_is_held() -> None:
    """In step with its own feed for a day: nothing. Twice as many as were fed: held within a handful of strangers."""
    account = Account(Role.HOSPITAL_APPLICATION)
    for number in range(2_000):
        account.asks(patients(number), wait_s=40)
    assert account.evidence.rung == 0
    shown = 0
    for number in range(200):
        account.asks(patients(10_000 + number), wait_s=20)
        shown += account.asks(strangers(20_000 + number), wait_s=20).shown_count
    assert shown <= 30 and account.evidence.held_s

"""What the drill found in the watch: each was a way past it, or a professional disturbed for nothing."""

from msgspec.structs import replace

from beffroi.model.account import Role
from beffroi.model.disclosure import Operation
from beffroi.watch.circumstances import Row
from beffroi.watch.detectors import Sequence, observe, tuning
from beffroi.watch.evidence import DAY_S
from beffroi.watch.norms import NORMS, PENDING_S
from beffroi.watch.patterns import DORMANT, DORMANT_S, ONCE
from watch.asking import Account, patients, strangers


def test_an_unexplained_patient_after_another_counts_less() -> None:
    """Honest patients without explanation come in runs."""
    tuned = tuning(NORMS[Role.WARD_NURSE])
    first = observe(Sequence(), tuned, True, 0)
    second = observe(first, tuned, True, 0)
    assert second.score - first.score < first.score / 2


def test_explained_patients_do_not_take_the_question_back() -> None:
    """Who is asked to prove who is there stays asked, however many explained patients are read meanwhile."""
    account = Account(Role.WARD_DOCTOR)
    account.reads_until_held()
    assert account.evidence.asked_s
    for number in range(60):
        account.asks(patients(number))
    assert account.asks(strangers(900)).shown_count == 0


def test_a_proof_speaks_for_its_own_session() -> None:
    """The owner who proves who is there does not answer for the thief beside."""
    account = Account(Role.WARD_DOCTOR)
    account.reads_until_held(key="thief")
    account.evidence = replace(account.evidence, proved_s=account.now_s + 1, proved_key="owner")
    assert account.asks(strangers(900), key="thief").shown_count == 0
    assert account.asks(strangers(901), key="owner").shown_count == 1


def test_a_held_account_stays_held_in_a_silence() -> None:
    """A thief who waits for an outage gains nothing."""
    account = Account(Role.WARD_DOCTOR)
    account.evidence = replace(account.evidence, held_s=account.now_s)
    assert account.asks(strangers(900), feed_silent=True).shown_count == 0


def test_what_waited_since_yesterday_is_no_second_sign_in() -> None:
    """A reading that waited for the feed enters the tests at the next request, and is no use of its key then."""
    account = Account(Role.ADMISSION_CLERK)
    account.asks((), operation=Operation.SIGN_IN, key="monday", network="desk 1")
    account.asks(strangers(1), key="monday", network="desk 1")
    account.asks((), DAY_S, operation=Operation.SIGN_IN, key="tuesday", network="desk 2")
    account.asks(patients(2), key="tuesday", network="desk 2")
    assert not set(account.evidence.patterns) & {"sign_ins", "two_places"}


def test_places_that_free_themselves_are_no_way_around_the_cap() -> None:
    """A desk's thief is shown as many strangers as may wait at one time, and not one for each that has waited."""
    account, shown = Account(Role.ADMISSION_CLERK), 0
    for number in range(2 * PENDING_S // 10):
        shown += account.asks(strangers(number), 10).shown_count
    assert shown == NORMS[Role.ADMISSION_CLERK].pending_max


def test_a_namesake_of_somebody_withheld_is_withheld() -> None:
    """Where no more may wait for the feed, the second row of a list is shown no more than the first."""
    account = Account(Role.ADMISSION_CLERK)
    for number in range(NORMS[Role.ADMISSION_CLERK].pending_max):
        account.asks(strangers(number), 1)
    assert account.asks(strangers(900, 2), 1, one_person=True).shown_count == 0


def test_namesakes_take_places_at_a_desk_and_enter_no_test() -> None:
    """A desk's thief who asks for common names is shown no more strangers; one of each list is an observation."""
    account, shown = Account(Role.ADMISSION_CLERK), 0
    for number in range(30):
        shown += account.asks(strangers(3 * number, 3), 1, one_person=True).shown_count
    assert shown == NORMS[Role.ADMISSION_CLERK].pending_max
    account.asks((), PENDING_S)
    assert account.evidence.own.unexplained_count == shown / 3
    account.asks((), PENDING_S)
    assert not account.evidence.pending


def test_namesakes_have_the_ceiling_of_patients_whom_nothing_explains() -> None:
    """Whoever reads explained patients of common names is not suspected for it, and is shown no more strangers than
    anybody."""
    account, shown = Account(Role.WARD_DOCTOR), 0
    for number in range(60):
        rows = (*patients(3 * number), *strangers(3 * number + 1, 2))
        shown += account.asks(rows, DAY_S // 20, one_person=True).shown_count - 1
    assert shown == NORMS[Role.WARD_DOCTOR].strangers_30d
    assert account.evidence.own.unexplained_count == 0


def twice(*rows: Row) -> tuple[Row, ...]:
    """The same patient, registered by as many hospitals."""
    return tuple(replace(row, twice=rows[0].person) for row in rows)


def test_a_patient_registered_twice_is_one_patient() -> None:
    """Beside her explained row the others fill nothing, wherever they stand; where nothing explains her she is one
    observation, and at a desk takes one place."""
    desk, ward = Account(Role.ADMISSION_CLERK), Account(Role.WARD_DOCTOR)
    for number in range(60):
        rows = twice(*strangers(3 * number + 1, 2), *patients(3 * number + 3))
        assert desk.asks(rows, 1, one_person=True).shown_count == 3
    assert (desk.evidence.pending, desk.evidence.strangers) == ((), {})
    assert desk.evidence.shown_24h(desk.now_s) == 60
    for account in (desk, ward):
        assert account.asks(twice(*strangers(900, 3)), one_person=True).shown_count == 3
    assert (len(desk.evidence.pending), ward.evidence.own.unexplained_count) == (1, 1)


def test_whoever_is_withheld_is_withheld_under_each_number() -> None:
    """Where no more may wait for the feed, a second registration shows nobody."""
    account, cap = Account(Role.ADMISSION_CLERK), NORMS[Role.ADMISSION_CLERK].pending_max
    for number in range(cap):
        assert account.asks(twice(*strangers(2 * number + 1, 2)), 1, one_person=True).shown_count == 2
    assert account.asks(twice(*strangers(900, 2)), 1, one_person=True).shown_count == 0


def test_beyond_a_ceiling_a_patient_found_beside_a_namesake_is_read() -> None:
    """One explained patient, fully named: that a stranger bears the like name takes nothing from the care of her."""
    account = Account(Role.WARD_DOCTOR)
    for number in range(NORMS[Role.WARD_DOCTOR].ceiling.patients_24h):
        account.asks(patients(number), 1)
    found = account.asks((*patients(900), *strangers(901, 2)), one_person=True)
    assert [fate.value for fate in found.fates] == ["show", "withheld", "withheld"]
    assert account.asks(patients(902, 2), one_person=True).shown_count == 0


def test_an_account_wakes_once() -> None:
    """Back from a long leave, the first record that is opened counts as waking, and not each one until a search."""
    account = Account(Role.WARD_DOCTOR)
    account.asks(patients(1), kind="birth", position=1)
    account.asks((), DORMANT_S, operation=Operation.SIGN_IN)
    for number in range(2, 6):
        account.asks(strangers(number), operation=Operation.READ)
    assert account.evidence.patterns[DORMANT] == ONCE[DORMANT]


def test_who_opens_records_and_never_searches_does_not_sleep() -> None:
    """Records opened from another program's list have no criteria, and are work all the same."""
    account = Account(Role.WARD_DOCTOR)
    for number in range(70):
        account.asks(patients(number), DAY_S, operation=Operation.READ)
    assert DORMANT not in account.evidence.patterns


def test_a_desk_is_asked_later_than_others() -> None:
    """A night of nameless victims is no theft, and a thief meets the cap of what may wait first."""
    desk = NORMS[Role.ADMISSION_CLERK]
    elsewhere = replace(desk, arrivals_per_h=0)
    assert tuning(desk).ask - tuning(elsewhere).ask == 3_322  # log2(10) bits
    assert tuning(desk).ask < tuning(desk).mask < tuning(desk).hold == tuning(elsewhere).hold

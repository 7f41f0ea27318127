"""Counting: readings by patient as they are now, each once, with what is sure and what is not kept apart."""

from datetime import UTC, date, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from beffroi.breach.scope import (
    Belonging,
    Certainty,
    Reading,
    Situation,
    Tally,
    Whom,
    scope_of,
    totals,
)
from beffroi.model.disclosure import Outcome
from beffroi.model.selection import Selection

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY = date(2026, 11, 24)
ANY = (Selection(accounts=(1,)),)

sights = st.lists(
    st.tuples(st.integers(1, 5), st.integers(1, 255), st.lists(st.integers(1, 5), unique=True, max_size=3).map(tuple)),
    max_size=3,
    unique_by=lambda sight: sight[0],
).map(tuple)
readings = st.lists(
    st.builds(
        Reading,
        disclosure_id=st.integers(1, 1_000),
        at=st.integers(0, 1_000).map(lambda s: NOON + timedelta(seconds=s)),
        account_id=st.integers(1, 3),
        structure_id=st.integers(1, 2),
        door=st.just(1),
        operation=st.integers(1, 8),
        outcome=st.integers(1, 5),
        criteria=st.just(("family",)),
        shown=sights,
        sent=st.sampled_from([True, False, None]),
    ),
    unique_by=lambda reading: reading.disclosure_id,
    max_size=20,
)
belongings = {number: Belonging(1 + number % 3, 1 + number % 2) for number in range(1, 6)}


def scope(tally):
    return scope_of(ANY, tally, belongings, {}, TODAY)


def tallied(parts, selections=1, whom=None):
    tally = Tally.of(selections)
    for reading in parts:
        tally.add(reading, whom or Whom())
    return tally


@given(readings)
def test_each_patient_is_told_with_exactly_what_was_shown(found) -> None:
    """Against a count by hand: who, how often, which fields, when, by certainty."""
    expected: dict[tuple[int, str], list] = {}
    for one in found:
        sure = {True: "sent", False: "aborted", None: "unknown"}[one.sent]
        for person, fields, sources in one.shown:
            for patient in {belongings[n].person_id for n in sources or (person,)}:
                expected.setdefault((patient, sure), []).append((fields, one.at))
    told = {
        (patient.person_id, sure.value): patient.count.span(sure)
        for patient in scope(tallied(found)).patients
        for sure in Certainty
        if patient.count.span(sure).times
    }
    assert told.keys() == expected.keys()
    for key, rows in expected.items():
        bits = 0
        for fields, _ in rows:
            bits |= fields
        assert told[key].fields == bits
        assert (told[key].first_at, told[key].last_at) == (min(at for _, at in rows), max(at for _, at in rows))


@given(readings, st.integers(0, 20))
def test_parts_can_be_joined(found, at) -> None:
    """Two halves counted apart and joined are the whole, also after they went through another process."""
    whole, first, second = tallied(found), tallied(found[:at]), tallied(found[at:])
    first.join(msgspec.msgpack.decode(msgspec.msgpack.encode(second), type=Tally))
    assert scope(first) == scope(whole)


@given(readings)
def test_what_two_selections_select_is_counted_once(found) -> None:
    """The union of a selection with itself, or with a part of itself, is the selection."""
    twice = tallied([*found, *found], selections=2)
    of_some = tallied([], selections=2)
    for whom in (Whom(frozenset({1, 2})), Whom()):
        for one in found:
            of_some.add(one, whom)
    once = {(p.person_id, s): p.count.span(s).fields for p in scope(tallied(found)).patients for s in Certainty}
    for union in (twice, of_some):
        assert {(p.person_id, s): p.count.span(s).fields for p in scope(union).patients for s in Certainty} == once
        assert union.readings_count == len(found)
    assert scope(twice).patients == scope(tallied(found)).patients


@given(readings)
def test_one_patients_scope_is_hers_alone(found) -> None:
    """A tally that listens to her identities tells of her what the whole tells of her, and of nobody else."""
    hers = frozenset(number for number, now in belongings.items() if now.person_id == 2)
    alone = scope(tallied(found, whom=Whom(hers))).patients
    assert alone == tuple(p for p in scope(tallied(found)).patients if p.person_id == 2) or [
        (p.person_id, p.certainty) for p in alone
    ] == [(p.person_id, p.certainty) for p in scope(tallied(found)).patients if p.person_id == 2]


def test_a_hidden_structure_is_left_out() -> None:
    """Readings for a hospital that nobody else may know of count nowhere."""
    one = Reading(1, NOON, 1, 4, 1, 1, 1, (), ((1, 3, (1,)),), True)
    assert tallied([one], whom=Whom(None, frozenset({4}))) == Tally()


def test_totals_count_those_who_were_seen() -> None:
    """A patient of whom everything was aborted is counted apart; the others by hospital, field and situation."""
    shown = Reading(1, NOON, 1, 1, 1, 2, 1, ("_id",), ((1, 1, (1,)), (2, 128, (2,))), None)
    aborted = Reading(2, NOON, 1, 1, 1, 2, 1, ("_id",), ((3, 1, (3,)),), False)
    refused = Reading(3, NOON, 1, 1, 1, 1, int(Outcome.REFUSED), ("family",), (), True)
    known = {2: Situation(date(2020, 1, 1), deceased=True, protected=True, reachable=True)}
    counts = totals(scope_of(ANY, tallied([shown, aborted, refused]), belongings, known, TODAY))
    assert (counts.patients, counts.sent, counts.unknown, counts.aborted, counts.refused) == (2, 0, 2, 1, 1)
    assert counts.by_field == {"birth_name": 1, "phone": 1}
    assert counts.by_hospital == {1: 1, 2: 1}
    assert (counts.minors, counts.deceased, counts.protected, counts.unreachable) == (1, 1, 1, 1)

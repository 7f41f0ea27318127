"""The population's truth: reproducible, addressable, with right and distinct national numbers of the test authority."""

from collections import Counter
from datetime import date
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi.model.person import OID_INS_NIR_TEST, Record
from beffroi_region.births import Births, ins_of
from beffroi_region.people import People, Person, Tie

AS_OF = date(2026, 11, 24)


@cache
def population() -> tuple[Person, ...]:
    """20,000 people, made once."""
    return tuple(People(20_000, 2026, AS_OF))


@settings(max_examples=20, deadline=None)
@given(size=st.integers(1, 200), seed=st.integers(0, 2**32), data=st.data())
def test_a_person_is_the_same_alone_and_among_others(size: int, seed: int, data: st.DataObject) -> None:
    """Person n of (seed, size) does not depend on who was made before."""
    number = data.draw(st.integers(0, size - 1))
    everybody = list(People(size, seed, AS_OF))
    assert len(everybody) == size
    assert People(size, seed, AS_OF)[number] == everybody[number]


def test_there_is_nobody_outside() -> None:
    """A number beyond the population is an IndexError."""
    with pytest.raises(IndexError):
        People(10, 1, AS_OF)[10]


@settings(max_examples=20, deadline=None)
@given(size=st.integers(1, 3_000), seed=st.integers(0, 2**32))
def test_births_never_repeat(size: int, seed: int) -> None:
    """Every birth of any population has a national number of its own."""
    births = Births(size, seed, AS_OF)
    assert len({ins_of(births.of(number)).value for number in range(size)}) == size


def test_national_numbers_are_right_distinct_and_of_the_test_authority() -> None:
    """Each INS has its key, one bearer, and the test OID; the key is computed here a second way."""
    found = [person.record.ins for person in population() if person.record.ins]
    assert {ins.oid for ins in found} == {OID_INS_NIR_TEST} == {"1.2.250.1.213.1.4.10"}
    assert len({ins.value for ins in found}) == len(found)
    for ins in found:
        body, key = ins.value[:13], ins.value[13:]
        number = int(body.replace("2A", "19").replace("2B", "18"))
        assert (number + int(key)) % 97 == 0
        assert len(ins.value) == 15


def test_corsicans_are_among_them() -> None:
    """The key's rule for letters is exercised."""
    assert any("2A" in p.record.ins.value or "2B" in p.record.ins.value for p in population() if p.record.ins)


def test_nobody_is_born_in_the_future_or_dies_before_birth() -> None:
    """Dates are in order."""
    for person in population():
        record = person.record
        assert record.birth_date is not None
        assert record.birth_date <= AS_OF or record.birth_date_interpreted
        if record.deceased_at:
            assert record.birth_date <= record.deceased_at.date() <= AS_OF


def test_interpreted_dates_follow_the_rules() -> None:
    """A day that is not known is the first; without the month, 31 December; no INS then (PAM 6.6.4)."""
    guessed = [p.record for p in population() if p.record.birth_date_interpreted]
    assert guessed
    for record in guessed:
        assert record.birth_date is not None
        assert record.birth_date.day == 1 or (record.birth_date.month, record.birth_date.day) == (12, 31)
        assert record.ins is None


def key(record: Record) -> tuple[object, ...]:
    """What makes a homonym: name, first given name, birth date."""
    return record.birth_family, record.birth_given, record.birth_date


def test_homonyms_are_as_rare_as_in_life_but_present() -> None:
    """Between 1 and 20 people in 10,000 share name, given name and birth date with somebody in a small region."""
    counts = Counter(key(p.record) for p in population() if p.record.birth_given)
    shared = sum(count for count in counts.values() if count > 1) / len(population())
    assert 0.0001 <= shared <= 0.002


def test_namesakes_are_as_common_as_in_life() -> None:
    """Among 20,000 people of a region, 0.5 % to 5 % have somebody of the same name and first given name."""
    counts = Counter((p.record.birth_family, p.record.birth_given) for p in population() if p.record.birth_given)
    shared = sum(count for count in counts.values() if count > 1) / len(population())
    assert 0.005 < shared < 0.05


def test_twins_differ_by_their_given_names_alone() -> None:
    """Twins share name, birth date, place and mother, and have their birth order."""
    people = population()
    pairs = [(a, b) for a, b in zip(people[::2], people[1::2], strict=True) if a.tie is Tie.TWINS]
    assert 0.01 < 2 * len(pairs) / len(people) < 0.03
    for a, b in pairs:
        assert a.record.birth_family == b.record.birth_family
        assert (a.record.birth_date, a.record.birth_place) == (b.record.birth_date, b.record.birth_place)
        assert a.record.mother_birth_family == b.record.mother_birth_family != ""
        assert a.record.birth_given != b.record.birth_given or not a.record.birth_given
        assert (a.record.birth_order, b.record.birth_order) == (1, 2)


def test_the_population_has_what_makes_identities_hard() -> None:
    """Hyphens, particles, apostrophes, accents, compound given names, used names of women and men, births abroad."""
    records = [p.record for p in population()]
    families = {r.birth_family for r in records}
    assert any("-" in name for name in families)
    assert any("'" in name for name in families)
    assert any(name.startswith(("De ", "Le ", "Van ")) for name in families)
    assert any(not name.isascii() for name in families)
    assert any("-" in r.birth_given for r in records)
    assert any(r.used_family and r.sex == "F" for r in records)
    assert any(r.used_family and r.sex == "M" for r in records)
    assert any(r.used_given for r in records)
    assert 0.05 < sum(r.birth_place.cog.startswith("99") for r in records) / len(records) < 0.14
    assert any(r.birth_place.cog.startswith("97") for r in records)


def test_some_newborns_have_no_name() -> None:
    """In a region of 50,000, a few were born in the last days and are not named yet."""
    people = People(50_000, 7, AS_OF)
    births = Births(50_000, 7, AS_OF)
    just_born = [n for n in range(50_000) if (b := births.of(n)).year == AS_OF.year and b.month == AS_OF.month]
    assert any(not people[number].record.birth_given for number in just_born)


def test_phones_and_mails_are_nobodys() -> None:
    """Phones lie in blocks without subscribers, e-mail addresses in domains kept for examples."""
    values = {t.value for p in population() for t in p.record.telecoms}
    phones, mails = {v for v in values if "@" not in v}, {v for v in values if "@" in v}
    assert all(phone[:4] in ("0700", "0300") and len(phone) == 10 for phone in phones)
    assert all(mail.endswith((".example", "example.net", "example.org")) for mail in mails)

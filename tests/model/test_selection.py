"""A selection as people write it, and as it is recorded."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.model.selection import VALUES_MAX, Draft, Selection, described, parse, within_limits, written


def test_every_word_is_read() -> None:
    """Each kind of word, values with commas, a value with a space, times with and without a zone."""
    text = (
        "account=S1,S2 account-number=7 device=ABCD network=192.0.2.7,192.0.2.8 'application=mon logiciel' hospital=3 "
        "patient=ref query=family:MARTIN query=given:A:B since=2026-11-01 until=2026-11-02T10:00:00+01:00"
    )
    assert parse(text) == Draft(
        Selection(
            accounts=(7,),
            devices=("abcd",),
            networks=("192.0.2.7", "192.0.2.8"),
            applications=("mon logiciel",),
            structures=(3,),
            query=(("family", "MARTIN"), ("given", "A:B")),
            since=datetime(2026, 11, 1, tzinfo=UTC),
            until=datetime(2026, 11, 2, 9, tzinfo=UTC),
        ),
        ("S1", "S2"),
        ("ref",),
    )


def test_a_key_and_a_structure_have_two_words() -> None:
    """As the issuer's people say it, and as the hospital's do."""
    assert parse("session-key=AB structure=3") == parse("device=ab hospital=3")


NUMBERS = st.lists(st.integers(0, 2**31 - 1), max_size=3).map(tuple)
TEXTS = st.lists(st.text(min_size=1, max_size=8).filter(lambda text: not set(text) & set(",\r\n")), max_size=3).map(
    tuple
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENTS = st.none() | st.integers(0, 10**16).map(lambda count: EPOCH + timedelta(microseconds=count))


@given(
    NUMBERS,
    st.lists(st.binary(min_size=1, max_size=4).map(bytes.hex)).map(tuple),
    TEXTS,
    TEXTS,
    NUMBERS,
    MOMENTS,
    MOMENTS,
)
def test_what_is_written_is_read_again(accounts, devices, networks, applications, structures, since, until) -> None:
    """The very same selection, whatever its values."""
    one = Selection(accounts, devices, networks, applications, structures, since=since, until=until)
    assert parse(written(one)) == Draft(one)


def test_what_cannot_be_written_is_not() -> None:
    """Patients have no reference here, a query's values are nobody's to read, commas and lines separate."""
    applications = (Selection(applications=("a,b",)), Selection(applications=("a\nb",)))
    for one in (Selection(people=(7,)), Selection(query=(("family", "MAR"),)), *applications):
        assert written(one) == ""


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("people=1", "people"),
        ("account=", "account"),
        ("account-number=x", "account-number"),
        ("hospital=99999999999999999999", "hospital"),
        ("device=zz", "device"),
        ("since=yesterday", "since"),
        ("query=family", "query"),
        ("account='S1", '"'),
        ("account", "account"),
    ],
)
def test_a_word_that_cannot_be_read_is_named(text: str, word: str) -> None:
    """The name of the word, never its value."""
    with pytest.raises(ValueError) as error:
        parse(text)
    assert error.value.args == (word,)


def test_a_selection_has_limits() -> None:
    """Not everything, not backwards, not more values than an incident has."""
    day = datetime(2026, 11, 1, tzinfo=UTC)
    assert within_limits((Selection(since=day),))
    assert not within_limits((Selection(since=day, until=day),))
    assert not within_limits((Selection(accounts=tuple(range(VALUES_MAX + 1))),))
    assert not within_limits((Selection(accounts=(1,)), Selection()))


def test_the_record_of_a_look_holds_no_searched_value() -> None:
    """Names of criteria only, and a long selection cut with a digest of the whole."""
    told = described((Selection(query=(("family", "MARTIN"),)), Selection(accounts=tuple(range(500)))))
    assert "MARTIN" not in str(told)
    assert told["selection.2"].startswith("accounts=0,1,2") and "sha256=" in told["selection.2"]

"""Which criteria the look-ups leave open, and whether a record holds them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.errors import InvalidValue
from beffroi.identity.blocking import Block, key_range, plan
from beffroi.identity.normalise import search_keys
from beffroi.identity.selection import holds, narrows
from beffroi.model.person import Record, Telecom, TelecomKind
from beffroi.model.search import Criteria, DateRange, IdentifierToken, Text

BORN = date(1980, 5, 17)
LOUISE = Record(
    birth_family="Le Goff",
    birth_given="Anne-Louise",
    birth_given_list="ANNE-LOUISE MARIE",
    used_family="MARTIN",
    birth_date=BORN,
    telecoms=(Telecom(TelecomKind.PHONE, "06 39 98 01 12"),),
)
A1 = (IdentifierToken("1.2.3", "A1"),)


@pytest.mark.parametrize(
    "criteria",
    [
        Criteria(family=Text("legof")),
        Criteria(family=Text("Mar")),
        Criteria(given=Text("anne louise m")),
        Criteria(birth_date=DateRange(date(1980, 1, 1), date(1980, 12, 31))),
        Criteria(telecom="+33 6 39 98 01 12"),
        Criteria(family=Text("Le Goff", exact=True), birth_date=DateRange(BORN, BORN)),
    ],
)
def test_a_record_holds_what_is_true_of_it(criteria: Criteria) -> None:
    """Names by prefix of birth or used name, a date within the range, a contact in any spelling."""
    assert holds(LOUISE, None, criteria)


@pytest.mark.parametrize(
    "criteria",
    [
        Criteria(family=Text("Zzz")),
        Criteria(family=Text("Mar"), given=Text("Q")),
        Criteria(birth_date=DateRange(date(1981, 1, 1), date(1981, 12, 31))),
        Criteria(telecom="0611111111"),
        Criteria(family=Text("LE GOFF", exact=True)),
    ],
)
def test_a_record_does_not_hold_what_is_not(criteria: Criteria) -> None:
    """All criteria must hold: one that does not leaves the patient out."""
    assert not holds(LOUISE, None, criteria)


def test_what_a_number_finds_must_hold_the_traits_too() -> None:
    """Beside an identifier, a reference or a telephone number, names and birth date are still to be checked."""
    for criteria in (
        Criteria(identifiers=A1, family=Text("Dark")),
        Criteria(identifiers=A1, telecom="0639980112"),
        Criteria(reference="x", birth_date=DateRange(BORN, BORN)),
        Criteria(telecom="0639980112", given=Text("A")),
    ):
        assert narrows(criteria, plan(criteria).block)
    day = DateRange(BORN, BORN)
    quick = Criteria(family=Text("Mar"), given=Text("L"), birth_date=day)
    assert not narrows(quick, Block.BIRTH_AND_NAMES)
    assert not narrows(Criteria(identifiers=A1), Block.IDENTIFIER)


@given(st.text(max_size=8), st.text(min_size=1, max_size=8))
def test_the_check_agrees_with_the_look_up(name: str, asked: str) -> None:
    """A family name holds by prefix exactly when its key lies in the look-up's range."""
    low_high = key_range(Text(asked))
    key = search_keys(Record(birth_family=name)).family_key
    assert holds(Record(birth_family=name), None, Criteria(family=Text(asked))) == (low_high.low <= key < low_high.high)


def test_a_telecom_that_is_none_is_refused_wherever_it_stands() -> None:
    """A contact that can be neither a number nor an address would silently find nobody."""
    with pytest.raises(InvalidValue):
        plan(Criteria(identifiers=A1, telecom="none"))

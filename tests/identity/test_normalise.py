"""Keys: two ways of writing one name, phone or address have one key."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.identity.normalise import (
    SEARCH_KEY_LENGTH_MAX,
    contact_key,
    email_key,
    name_key,
    phone_key,
    search_keys,
)
from beffroi.model.person import Record, Telecom, TelecomKind

ALPHABET = set(string.ascii_uppercase + string.digits)


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("Le Goff-D'Arc", "LEGOFFDARC"),
        ("LE GOFF D’ARC", "LEGOFFDARC"),
        ("Cœur", "COEUR"),
        ("Lætitia", "LAETITIA"),
        ("Groß", "GROSS"),
        ("GROẞ", "GROSS"),
        ("Søren", "SOREN"),
        ("Wałęsa", "WALESA"),
        ("Đorđević", "DORDEVIC"),
        ("Ǽgir", "AEGIR"),
        ("Þór", "THOR"),
        ("İnönü Işık", "INONUISIK"),
        ("oﬃce", "OFFICE"),
        ("e\u0301te\u0301", "ETE"),
        ("Nº 2", "NO2"),
        ("Анна", ""),
        ("", ""),
    ],
)
def test_a_name_has_one_key(written: str, key: str) -> None:
    """Case, accents, ligatures and separators do not distinguish names."""
    assert name_key(written) == key


@given(st.text())
def test_a_name_key_is_letters_and_digits(text: str) -> None:
    """A key holds A-Z and 0-9 only."""
    assert set(name_key(text)) <= ALPHABET


@given(st.text())
def test_a_name_key_is_its_own_key(text: str) -> None:
    """Normalising twice changes nothing."""
    assert name_key(name_key(text)) == name_key(text)


@given(st.text(), st.text())
def test_a_prefix_of_a_name_is_a_prefix_of_its_key(head: str, tail: str) -> None:
    """The key of a beginning is the beginning of the key, or a prefix search would miss people."""
    assert name_key(head + tail) == name_key(head) + name_key(tail)


@pytest.mark.parametrize(
    "written",
    ["0612345678", "06 12 34 56 78", "+33612345678", "+33 (0)6.12.34.56.78", "0033 6 12 34 56 78", "33612345678"],
)
def test_a_french_number_has_one_key(written: str) -> None:
    """National and international forms of a French number are one."""
    assert phone_key(written) == "0612345678"


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("+590 690 12 34 56", "0690123456"),
        ("+594694123456", "0694123456"),
        ("+596 (0)696 12 34 56", "0696123456"),
        ("262692123456", "262692123456"),
        ("+49 30 123456", "4930123456"),
        ("+687 24 12 34", "687241234"),
        ("15", ""),
        ("0612345678 / 0145678901", ""),
        ("", ""),
    ],
)
def test_other_numbers_keep_their_digits(written: str, key: str) -> None:
    """International numbers are kept, overseas departments are national, what cannot be one number has no key."""
    assert phone_key(written) == key


@given(st.from_regex(r"\A0[1-9][0-9]{8}\Z"), st.sampled_from(["+33", "0033", "+33 (0)", "33"]))
def test_every_french_number_is_its_own_key(national: str, prefix: str) -> None:
    """A French number's key is its national form, whatever the prefix it came with."""
    assert phone_key(national) == phone_key(prefix + national[1:]) == national


@given(st.text(alphabet="ab@. \tÉ", max_size=12))
def test_an_email_key_is_its_own_key(text: str) -> None:
    """Normalising twice changes nothing, and a key has its @."""
    key = email_key(text)
    assert email_key(key) == key
    assert key == "" or "@" in key


def test_a_contact_of_unknown_kind_is_told_by_its_at() -> None:
    """A search's telecom criterion is an e-mail when it has an @, a phone otherwise."""
    assert contact_key("X@y.FR") == "x@y.fr"
    assert contact_key("+33 1 23 45 67 89") == "0123456789"


def test_a_used_name_is_never_made_from_the_birth_name() -> None:
    """No used name, no used key (RNIV EXI ID 08)."""
    keys = search_keys(Record(birth_family="Martin", birth_given="Paul"))
    assert (keys.used_key, keys.used_given_key) == (None, None)


@pytest.mark.parametrize(
    ("first", "whole", "key"),
    [
        ("Jean", "JEAN CHRISTOPHE PIERRE", "JEANCHRISTOPHEPIERRE"),
        ("Jean-Christophe", "JEAN CHRISTOPHE PIERRE", "JEANCHRISTOPHEPIERRE"),
        ("Jean", "", "JEAN"),
        ("", "JEAN PIERRE", "JEANPIERRE"),
        ("Pierre", "JEAN PIERRE", "PIERRE"),
    ],
)
def test_the_given_key_is_the_list_when_it_agrees(first: str, whole: str, key: str) -> None:
    """The list serves when it begins with the first given name; otherwise the first given name stands."""
    assert search_keys(Record(birth_given=first, birth_given_list=whole)).given_key == key


def test_contacts_are_distinct_and_sorted() -> None:
    """Two spellings of one number are one key."""
    telecoms = (
        Telecom(TelecomKind.PHONE, "+33612345678"),
        Telecom(TelecomKind.PHONE, "06 12 34 56 78"),
        Telecom(TelecomKind.EMAIL, "A@b.fr"),
        Telecom(TelecomKind.EMAIL, "unknown"),
    )
    assert search_keys(Record(telecoms=telecoms)).contact_keys == ("0612345678", "a@b.fr")


def test_a_search_key_is_bounded() -> None:
    """An index takes every key, however long the name."""
    assert len(search_keys(Record(birth_family="A" * 10_000)).family_key) == SEARCH_KEY_LENGTH_MAX

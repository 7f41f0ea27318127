"""Public references."""

from hypothesis import given
from hypothesis import strategies as st

from beffroi.access.reference import REFERENCE_LENGTH, References
from beffroi.model.person import PersonId

references = References(b"0123456789abcdef")


@given(st.integers(0, 2**63 - 1))
def test_a_reference_leads_back_to_its_person(number: int) -> None:
    """The permutation has an inverse."""
    reference = references.of(PersonId(number))
    assert references.person(reference) == number
    assert len(reference) == REFERENCE_LENGTH


@given(st.text(max_size=40))
def test_a_made_up_reference_leads_nowhere(text: str) -> None:
    """Anything that was not issued is None, and never an exception."""
    assert references.person(text) is None


@given(st.integers(0, 2**40), st.integers(0, REFERENCE_LENGTH - 1))
def test_a_changed_letter_leads_nowhere(number: int, position: int) -> None:
    """Neighbouring references cannot be guessed from one another."""
    good = references.of(PersonId(number))
    other = "b" if good[position] == "a" else "a"
    assert references.person(good[:position] + other + good[position + 1 :]) is None

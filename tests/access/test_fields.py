"""Cutting a record down to the fields released."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from beffroi.access.fields import CONTACT, IDENTIFIERS, MINIMAL, present, restrict
from beffroi.model.disclosure import Field
from beffroi.model.person import Record
from records import records

some_fields = st.integers(0, (1 << 18) - 1).map(Field)


@given(records, some_fields)
def test_a_restricted_record_tells_no_field_that_was_not_released(record: Record, fields: Field) -> None:
    """What a restricted record holds is among the fields released."""
    assert present(restrict(record, fields)) & ~fields == Field(0)


@given(records, some_fields, some_fields)
def test_restricting_twice_is_restricting_to_both(record: Record, one: Field, other: Field) -> None:
    """Restriction is an intersection."""
    assert restrict(restrict(record, one), other) == restrict(record, one & other)


@given(records)
def test_all_fields_together_keep_the_whole_record(record: Record) -> None:
    """Every value of a record belongs to a field: none is lost, none is outside the rights."""
    everything = MINIMAL | CONTACT | IDENTIFIERS
    assert restrict(record, everything) == record


def test_every_attribute_of_a_record_is_cut_when_nothing_is_released() -> None:
    """A new attribute of Record without a field of its own fails here."""
    empty = restrict(Record(), Field(0))
    assert msgspec.structs.asdict(empty) == msgspec.structs.asdict(Record())


def test_the_three_sets_do_not_overlap() -> None:
    """Minimal, contact and identifiers are disjoint."""
    assert MINIMAL & CONTACT == MINIMAL & IDENTIFIERS == CONTACT & IDENTIFIERS == Field(0)

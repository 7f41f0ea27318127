"""The canonical bytes and their commitment: fixed to the byte, and different for every different fact."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.ledger.leaf import NO_LEAF, Facts, canonical, commitment
from twins.leaf_twin import canonical_twin

EXAMPLE = Facts(
    disclosure_id=4711,
    at=datetime(2026, 11, 24, 9, 0, 0, 5, UTC),
    account_id=12,
    running_number=1,
    role="ward_nurse",
    structure_id=3,
    application="dpi",
    session_key=bytes(range(32)),
    network="192.0.2.7",
    door=1,
    operation=1,
    outcome=1,
    purpose="TREAT",
    reason="",
    request_id=UUID("00000000-0000-4000-8000-000000000001"),
    criteria={"family": "MARTIN", "birthdate": "1985-03-12"},
    policy_version="2026-11-1",
    criteria_fields=5,
    shown=((88, 255, (88, 91)),),
)
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)))
numbers = st.integers(0, 2**63 - 1)
facts = st.builds(
    Facts,
    at=st.datetimes(timezones=st.just(UTC)),
    session_key=st.binary(max_size=64),
    criteria=st.dictionaries(texts, texts, max_size=4),
    request_id=st.uuids(),
    shown=st.lists(st.tuples(numbers, numbers, st.lists(numbers, max_size=3).map(tuple)), max_size=3).map(tuple),
    **dict.fromkeys(("disclosure_id", "account_id", "running_number", "structure_id"), numbers),
    **dict.fromkeys(("door", "operation", "outcome", "criteria_fields"), numbers),
    **dict.fromkeys(("role", "application", "network", "purpose", "reason", "policy_version"), texts),
)


@given(facts, st.binary(min_size=32, max_size=32))
def test_the_bytes_are_those_of_the_specification(one: Facts, previous: bytes) -> None:
    """A second encoder, written from docs/reference/ledger.md with the standard library alone, gives the same bytes."""
    assert canonical(one, previous) == canonical_twin(one, previous)


def changed(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1)
    if isinstance(value, UUID):
        return UUID(int=value.int ^ 1)
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:]
    if isinstance(value, dict):
        return value | {"family": "MARTINE"}
    if isinstance(value, tuple):
        return ((88, 255, (88,)),)
    return value + 1 if isinstance(value, int) else value + "x"


@pytest.mark.parametrize("name", [field.name for field in fields(Facts)])
def test_every_fact_counts(name: str) -> None:
    """A change of any one of them changes the bytes."""
    other = replace(EXAMPLE, **{name: changed(getattr(EXAMPLE, name))})
    assert canonical(other, NO_LEAF) != canonical(EXAMPLE, NO_LEAF)


def test_the_leaf_before_counts() -> None:
    """So an account's leaves are a chain."""
    assert canonical(EXAMPLE, b"\1" * 32) != canonical(EXAMPLE, NO_LEAF)


def test_a_time_is_one_time_in_every_zone() -> None:
    """10:00 in Paris is 09:00 UTC."""
    paris = replace(EXAMPLE, at=EXAMPLE.at.astimezone(timezone(timedelta(hours=1))))
    assert canonical(paris, NO_LEAF) == canonical(EXAMPLE, NO_LEAF)


def test_the_order_of_criteria_does_not_count() -> None:
    """They are written by name."""
    other = replace(EXAMPLE, criteria=dict(reversed(EXAMPLE.criteria.items())))
    assert canonical(other, NO_LEAF) == canonical(EXAMPLE, NO_LEAF)


def test_the_commitment_hides_behind_16_bytes() -> None:
    """SHA-256 of the nonce and the bytes; a nonce of another length could open one commitment in two ways."""
    assert commitment(bytes(16), b"x") == sha256(bytes(16) + b"x").digest()
    for size in (0, 15, 17, 32):
        with pytest.raises(ValueError):
            commitment(bytes(size), b"x")
    with pytest.raises(ValueError):
        canonical(EXAMPLE, b"")

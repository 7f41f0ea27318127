"""A disclosure as bytes, and the commitment to it that the ledger publishes.

A leaf is SHA-256(nonce || canonical disclosure): it tells nothing, and once the nonce is gone it can tell nothing any
more. The canonical form holds the account's running number and its previous leaf, so that an account's leaves form a
chain in which nothing can be left out.

Source: docs/reference/ledger.md, which is versioned and never changed, only added to; RFC 8785 section 3.2.2.2 (texts).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

import msgspec

FORMAT = "beffroi-disclosure/1"
NONCE_BYTES = 16
"""Fixed: with a nonce of any length, one commitment could be opened in two ways."""
LEAF_BYTES = 32
NO_LEAF = bytes(LEAF_BYTES)
"""What the first disclosure of an account has in the place of a previous leaf."""

Sight = tuple[int, int, tuple[int, ...]]
"""Person, fields, identities: whom the answer showed, or told something of."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a leaf commits to: one disclosure. `at` is aware; microseconds count."""

    disclosure_id: int
    at: datetime
    account_id: int
    running_number: int
    role: str
    structure_id: int
    application: str
    session_key: bytes
    network: str
    door: int
    operation: int
    outcome: int
    purpose: str
    reason: str
    request_id: UUID
    criteria: Mapping[str, str]
    policy_version: str
    criteria_fields: int
    shown: tuple[Sight, ...]


def canonical(facts: Facts, previous_leaf: bytes) -> bytes:
    """One JSON array in UTF-8 without white space, in the order of docs/reference/ledger.md; criteria by name.

    Raises ValueError when `previous_leaf` is not 32 bytes.
    """
    if len(previous_leaf) != LEAF_BYTES:
        raise ValueError(f"a leaf has {LEAF_BYTES} bytes")
    return msgspec.json.encode(
        (
            FORMAT,
            facts.disclosure_id,
            written(facts.at),
            facts.account_id,
            facts.running_number,
            previous_leaf.hex(),
            facts.role,
            facts.structure_id,
            facts.application,
            facts.session_key.hex(),
            facts.network,
            facts.door,
            facts.operation,
            facts.outcome,
            facts.purpose,
            facts.reason,
            str(facts.request_id),
            sorted(facts.criteria.items()),
            facts.policy_version,
            facts.criteria_fields,
            facts.shown,
        )
    )


def written(at: datetime) -> str:
    """A time in UTC, always with six digits after the second.

    >>> written(datetime(2026, 11, 24, 9, 0, tzinfo=UTC))
    '2026-11-24T09:00:00.000000Z'
    """
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def commitment(nonce: bytes, canonical_bytes: bytes) -> bytes:
    """The 32 bytes that are published. Raises ValueError when the nonce is not 16 bytes.

    >>> commitment(bytes(16), b"[]").hex()[:16]
    '9f84af2ec9f8f2a0'
    """
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"a nonce has {NONCE_BYTES} bytes")
    return sha256(nonce + canonical_bytes).digest()

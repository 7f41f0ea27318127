"""What a hospital's feed says: events about its own identities, whatever the wire they came on.

A `Patch` speaks of the fields that a message mentions: `None` is "not mentioned, keep", an empty value is
"deleted" (HL7 v2 section 2.A, the difference between an absent field and `""`).
"""

from datetime import date, datetime
from enum import StrEnum

import msgspec

from beffroi.model.person import (
    Address,
    BirthPlace,
    HospitalId,
    IdentityAttribute,
    IdentityStatus,
    Ins,
    OtherIdentifier,
    Sex,
    Telecom,
)


class FeedKind(StrEnum):
    UPSERT = "upsert"
    MERGE = "merge"
    CHANGE_IDENTIFIER = "change_identifier"
    REMOVE_INS = "remove_ins"
    LINK = "link"
    UNLINK = "unlink"
    REMOVE = "remove"  # the identity is no more: never found again, unless its hospital feeds it again
    IGNORED = "ignored"  # nothing for an identity server in this message: acknowledged, nothing kept


class FeedAction(StrEnum):
    """What an event did to an identity, as audit trails name it."""

    CREATE = "C"
    UPDATE = "U"
    DELETE = "D"  # gone: merged into another, or removed


class Patch(msgspec.Struct, frozen=True, omit_defaults=True):
    """The fields of a `Record` that a message mentions, with the same names and units."""

    birth_family: str | None = None
    birth_given: str | None = None
    birth_given_list: str | None = None
    used_family: str | None = None
    used_given: str | None = None
    birth_date: date | None = None
    birth_date_interpreted: bool | None = None
    sex: Sex | None = None
    birth_place: BirthPlace | None = None
    birth_order: int | None = None
    mother_birth_family: str | None = None
    nationality: str | None = None
    deceased: bool | None = None
    deceased_at: datetime | None = None
    status: IdentityStatus | None = None
    attributes: tuple[IdentityAttribute, ...] | None = None
    restricted: bool | None = None
    ins: Ins | None = None
    ins_removed: bool = False
    telecoms: tuple[Telecom, ...] | None = None
    addresses: tuple[Address, ...] | None = None
    others: tuple[OtherIdentifier, ...] | None = None
    lunar_birth_date: str | None = None
    mother_identifiers: tuple[OtherIdentifier, ...] | None = None
    collected_by: str | None = None
    insi_called_on: str | None = None
    document: str | None = None
    document_expires_on: str | None = None
    sms_consent: bool | None = None
    last_update: datetime | None = None
    last_update_facility: str | None = None


class MessageKey(msgspec.Struct, frozen=True):
    """What makes a retransmission recognisable: MSH-3, MSH-4, MSH-10, and the content's digest.

    The digest (16 bytes of SHA-256 over all segments but MSH) is part of the key because an interface engine that
    restarts its counter must not have a new message taken for an old one and dropped.
    """

    application: str
    facility: str
    control_id: str
    digest: bytes


class FeedEvent(msgspec.Struct, frozen=True):
    """One event about one identity of one hospital's domain.

    `ipp` is the identity's identifier (the survivor's in a merge, the new one in a change). `other_ipp` is the
    subsumed, old, linked or unlinked one. `explains_s` is for how long it explains readings by that hospital (0: not at
    all, as in a bulk load). `occurred_at` is when the hospital says it happened. `expected`: only if the identity was
    last changed then (FHIR If-Match). `bearer`: the INS by which alone the identity is named; `ipp` is then empty.
    """

    kind: FeedKind
    hospital_id: HospitalId
    ipp: str
    patch: Patch = Patch()
    other_ipp: str = ""
    event: str = ""
    occurred_at: datetime | None = None
    explains_s: int = 0
    key: MessageKey | None = None
    expected: datetime | None = None
    bearer: Ins | None = None


class FeedOutcome(StrEnum):
    APPLIED = "applied"
    DUPLICATE = "duplicate"  # a retransmission: applied before, acknowledged again
    IGNORED = "ignored"

"""What an auditor asks of the trail of a structure, and what is told: who was shown what of whom and why, and what its
feed did to whom.

The values that were searched for are never told: only the names of the criteria (law 3). A patient is named by her
opaque reference alone.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from beffroi.model.account import AccountKind, Role
from beffroi.model.disclosure import DisclosureId, Door, Field, Operation, Outcome, Purpose
from beffroi.model.feed import FeedAction
from beffroi.model.person import HospitalId

AUDIT_PAGE_DEFAULT = 50
AUDIT_PAGE_MAX = 200
"""Disclosures a page. Each patient of each disclosure is an entry of its own, so a page may hold several times more."""


class AuditPlace(msgspec.Struct, frozen=True):
    """Where a page ends: the last disclosure and the last event of the feed on it or before it; None: none yet."""

    disclosure: DisclosureId | None = None
    feed_event: int | None = None


class AuditSearch(msgspec.Struct, frozen=True):
    """Disclosures and events of the feed of the asker's own structure with `date_from` <= time < `date_until` (aware,
    UTC), newest first.

    `reference` is a patient's public reference (empty: anybody), `subject` an account's opaque identifier (empty: any).
    `before` continues after the page before. `count` is the page, in disclosures and events. `profile`: the one in
    which the events are wanted, empty for IHE's.
    """

    date_from: datetime
    date_until: datetime
    reference: str = ""
    subject: str = ""
    before: AuditPlace | None = None
    count: int = AUDIT_PAGE_DEFAULT
    profile: str = ""


class AuditEntry(msgspec.Struct, frozen=True):
    """One disclosure as it concerns one patient; `reference` is empty when nobody was shown.

    `criteria` are the names of the criteria without their values, `fields` what was sent of this patient,
    `criteria_fields` what a match, or its absence, told besides. `sent` is None while the answer's fate is unknown.
    `reason` is what the professional wrote for an emergency reading.
    """

    disclosure_id: DisclosureId
    at: datetime
    kind: AccountKind
    subject: str
    role: Role
    structure: HospitalId
    application: str
    network: str
    door: Door
    operation: Operation
    outcome: Outcome
    purpose: Purpose
    request_id: UUID
    criteria: tuple[str, ...] = ()
    criteria_fields: Field = Field(0)
    reference: str = ""
    fields: Field = Field(0)
    sent: bool | None = None
    reason: str = ""


class FeedEntry(msgspec.Struct, frozen=True):
    """What an event of a hospital's feed did to one identity. `subject` names the application that fed it, `event` is
    its code (A28, ITI-104), `reference` the patient's."""

    feed_event_id: int
    at: datetime
    subject: str
    structure: HospitalId
    action: FeedAction
    event: str
    reference: str = ""


class AuditAnswer(msgspec.Struct, frozen=True):
    """A page of entries, the disclosure that this audit itself is, and where the next page begins (None: no more).

    Entries of one disclosure stand together.
    """

    disclosure_id: DisclosureId
    entries: tuple[AuditEntry | FeedEntry, ...] = ()
    next_before: AuditPlace | None = None
    at: datetime | None = None

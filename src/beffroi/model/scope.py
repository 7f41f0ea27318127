"""A scope as it leaves: patients by their opaque references, and counts. No name, no number of ours.

`breach.scope` works it out, the gate releases it, and the command line and the API show it.
"""

from datetime import datetime

import msgspec

from beffroi.model.disclosure import DisclosureId, Door


class ScopeTotals(msgspec.Struct, frozen=True):
    """Counts of patients of whom something was shown (`sent`) or may have been (`unknown`); `aborted` counts others.

    `refused` counts questions. `unreachable`: no identity of theirs has an address that a letter can bear.
    """

    patients: int
    sent: int
    unknown: int
    aborted: int
    by_hospital: dict[int, int]
    by_field: dict[str, int]
    minors: int
    deceased: int
    protected: int
    unreachable: int
    refused: int


class ScopePatient(msgspec.Struct, frozen=True):
    """One patient: the fields, how often, first and last time, over what was sent and what may have been.

    `certainty` is "sent", "unknown" or, when nobody was shown anything of her, "aborted". `hospitals` are those whose
    data they were, `structures` those for which they were read.
    """

    reference: str
    certainty: str
    fields: tuple[str, ...]
    times: int
    first_at: datetime | None
    last_at: datetime | None
    sent_times: int
    unknown_times: int
    aborted_times: int
    doors: tuple[Door, ...]
    accounts: tuple[int, ...]
    structures: tuple[int, ...]
    hospitals: tuple[int, ...]
    minor: bool = False
    deceased: bool = False
    protected: bool = False
    reachable: bool = False


class ScopeAsked(msgspec.Struct, frozen=True):
    """What was asked and showed nobody, with the names of its criteria."""

    operation: str
    outcome: str
    criteria: tuple[str, ...]
    times: int
    first_at: datetime | None
    last_at: datetime | None


class ScopeForeignPatient(msgspec.Struct, frozen=True):
    """A patient of ours whom another server's log names. `lines`: up to twenty, each log:line."""

    reference: str
    certainty: str
    times: int
    first_at: datetime | None
    last_at: datetime | None
    lines: tuple[str, ...]


class ScopeForeign(msgspec.Struct, frozen=True):
    """What other servers' logs tell of the same selections: never sealed, never complete, never added to our own.

    `by_certainty` counts patients under their strongest one; `patients` are those who are ours. Of `unknown` questions
    nobody can say whom they showed; `nobody` showed none; `beyond_identity` asked for more than an identity.
    """

    facts: int
    by_certainty: dict[str, int]
    unknown: int
    nobody: int
    beyond_identity: int
    patients: tuple[ScopeForeignPatient, ...]
    networks_beside: tuple[str, ...]


class ScopeAnswer(msgspec.Struct, frozen=True):
    """A whole scope. `withheld`: readings for hospitals whose name alone is medical are left out: told to them alone.

    `digest` is the SHA-256 of the list of patients as it was recorded with this look. `erased`: disclosures whose time
    of keeping was over, some of which may have been of this scope; nobody can say whom they showed. `foreign`: apart.
    """

    disclosure_id: DisclosureId
    totals: ScopeTotals
    patients: tuple[ScopePatient, ...]
    asked: tuple[ScopeAsked, ...]
    readings: int
    at: datetime
    digest: str
    withheld: bool = False
    erased: int = 0
    foreign: ScopeForeign | None = None

"""A disclosure by a server that is not ours, as its log tells it: with what the log knows, and what it does not.

Never mixed with our own facts, which are sealed and complete. Identity only (law 4): that something beyond a patient's
identity was asked for is a flag; what it was is not kept.
"""

from datetime import datetime
from enum import IntEnum, IntFlag, StrEnum

import msgspec

from beffroi.model.disclosure import Field, Operation

TEXT_CHARACTERS_MAX = 250
"""Characters of a name, identifier or criterion that is kept of a log (HL7 v2's longest)."""


class ForeignFormat(StrEnum):
    """What a log is written in."""

    FHIR_AUDIT = "fhir-audit"
    KEYCLOAK = "keycloak"
    ACCESS = "access"
    HAPROXY = "haproxy"
    HL7 = "hl7"


class Known(IntFlag):
    """What the log says of one answer. The bits are stored: add at the end, never renumber."""

    PATIENT = 1 << 0  # whom it was about, by an identifier
    RESULT = 1 << 1  # how it ended, and what it held
    FIELDS = 1 << 2  # which fields it showed
    ACTOR = 1 << 3  # which account asked


class ForeignOutcome(IntEnum):
    """How it ended, as far as the log says. The numbers are stored."""

    SHOWN = 1
    NONE = 2
    REFUSED = 3
    UNKNOWN = 4
    SIGNED_IN = 5


class Certainty(IntEnum):
    """What a fact of a foreign log is worth in a scope, the strongest first. The numbers are stored."""

    SHOWN_FIELDS_KNOWN = 1
    SHOWN_FIELDS_UNKNOWN = 2
    PERHAPS_SHOWN = 3  # a patient is named; whether the answer left is not said
    SOMEBODY_PERHAPS = 4  # a search: who was shown, if anybody, is not said
    NOBODY_SHOWN = 5  # refused, or nobody found
    NO_READING = 6  # a sign-in


class ForeignPatient(msgspec.Struct, frozen=True):
    """An identifier. `system` is an OID, a namespace or an address; empty for the foreign server's own number."""

    system: str
    value: str


class ForeignFact(msgspec.Struct, frozen=True, kw_only=True):
    """One line's disclosure. Texts are as that server names things; empty means that the log does not say.

    `criteria` are identity criteria with their values, by FHIR name. `exchange` joins a question to its answer where
    they stand apart; `answers` is true of the answer. `session` is a digest. `beyond_identity`: more than an identity
    was asked for. `fields` are those known to have been shown.
    """

    at: datetime
    operation: Operation
    outcome: ForeignOutcome
    actor: str = ""
    actor_name: str = ""
    application: str = ""
    network: str = ""
    session: str = ""
    exchange: str = ""
    answers: bool = False
    criteria: dict[str, str] = {}
    patients: tuple[ForeignPatient, ...] = ()
    fields: Field = Field(0)
    fields_known: bool = False
    beyond_identity: bool = False

    @property
    def known(self) -> Known:
        """What the log says of it."""
        known = Known(0)
        if self.patients:
            known |= Known.PATIENT
        if self.outcome is not ForeignOutcome.UNKNOWN:
            known |= Known.RESULT
        if self.fields_known:
            known |= Known.FIELDS
        if self.actor or self.actor_name:
            known |= Known.ACTOR
        return known

    @property
    def certainty(self) -> Certainty:
        """What it is worth in a scope.

        >>> from datetime import UTC
        >>> asked = ForeignFact(at=datetime(2026, 1, 1, tzinfo=UTC), operation=Operation.SEARCH,
        ...                     outcome=ForeignOutcome.UNKNOWN)
        >>> asked.certainty.name
        'SOMEBODY_PERHAPS'
        """
        if self.outcome is ForeignOutcome.SIGNED_IN or self.operation is Operation.SIGN_IN:
            return Certainty.NO_READING
        if self.outcome in (ForeignOutcome.NONE, ForeignOutcome.REFUSED):
            return Certainty.NOBODY_SHOWN
        if not self.patients:
            return Certainty.SOMEBODY_PERHAPS
        if self.outcome is ForeignOutcome.UNKNOWN:
            return Certainty.PERHAPS_SHOWN
        return Certainty.SHOWN_FIELDS_KNOWN if self.fields_known else Certainty.SHOWN_FIELDS_UNKNOWN

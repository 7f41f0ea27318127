"""Every error that a caller may meet, in two families: theirs (they can mend it) and ours.

Each has an HTTP status, a FHIR issue code and an HL7 v2 error code (table 0357), and says in English and French what
happened and what to do. They become an OperationOutcome, an ACK or a page only in `servers/`. None may carry an
identity: the parameters of a message are names of fields, limits and codes, never values that somebody sent about a
patient.

Source: FHIR R4 issue-type; HL7 v2.5 table 0357; RFC 6750, RFC 9449, RFC 9470 for the authentication errors.
"""

from beffroi.errors.asker import (
    AccountFrozen,
    CeilingReached,
    Contained,
    ContainmentRefused,
    Departed,
    Forbidden,
    Held,
    NotAuthenticated,
    NotThroughProxy,
    OutOfScope,
    ProofRefused,
    TooManyInFlight,
    UnknownAccount,
    WayRefused,
)
from beffroi.errors.base import (
    BeffroiError,
    CallerError,
    OperatorError,
    ServerError,
    Words,
)
from beffroi.errors.feed import (
    NotInTable,
    NotYourDomain,
    UnknownIdentity,
    UnsupportedEvent,
    UnsupportedMessage,
    UnsupportedVersion,
    VersionConflict,
)
from beffroi.errors.reasons import reason_of, unreadable, unwritable
from beffroi.errors.request import (
    InvalidValue,
    Malformed,
    MethodNotAllowed,
    Misdirected,
    Missing,
    NotFound,
    PageGone,
    TooBroad,
    TooLarge,
    TooSlow,
    UnknownDomain,
    UnknownKey,
    Unsupported,
    UnsupportedBody,
    UnsupportedMediaType,
)
from beffroi.errors.server import (
    Overloaded,
    Unavailable,
)

__all__ = [
    "AccountFrozen",
    "BeffroiError",
    "CallerError",
    "CeilingReached",
    "Contained",
    "ContainmentRefused",
    "Departed",
    "Forbidden",
    "Held",
    "InvalidValue",
    "Malformed",
    "MethodNotAllowed",
    "Misdirected",
    "Missing",
    "NotAuthenticated",
    "NotFound",
    "NotInTable",
    "NotThroughProxy",
    "NotYourDomain",
    "OperatorError",
    "OutOfScope",
    "Overloaded",
    "PageGone",
    "ProofRefused",
    "ServerError",
    "TooBroad",
    "TooLarge",
    "TooManyInFlight",
    "TooSlow",
    "Unavailable",
    "UnknownAccount",
    "UnknownDomain",
    "UnknownIdentity",
    "UnknownKey",
    "Unsupported",
    "UnsupportedBody",
    "UnsupportedEvent",
    "UnsupportedMediaType",
    "UnsupportedMessage",
    "UnsupportedVersion",
    "VersionConflict",
    "WayRefused",
    "Words",
    "reason_of",
    "unreadable",
    "unwritable",
]

"""What other systems are told of an account, and tell us: the events of CAEP, RISC and the framework itself.

Source: OpenID Shared Signals Framework 1.0 section 8.1.4, CAEP 1.0 section 3, RISC 1.0 section 2.
"""

from enum import StrEnum
from typing import Any, Final

import msgspec

_CAEP: Final = "https://schemas.openid.net/secevent/caep/event-type/"
_RISC: Final = "https://schemas.openid.net/secevent/risc/event-type/"
_SSF: Final = "https://schemas.openid.net/secevent/ssf/event-type/"


class SignalType(StrEnum):
    """An event by its address."""

    SESSION_REVOKED = _CAEP + "session-revoked"
    CREDENTIAL_CHANGE = _CAEP + "credential-change"
    ASSURANCE_LEVEL_CHANGE = _CAEP + "assurance-level-change"
    DEVICE_COMPLIANCE_CHANGE = _CAEP + "device-compliance-change"
    RISK_LEVEL_CHANGE = _CAEP + "risk-level-change"
    ACCOUNT_DISABLED = _RISC + "account-disabled"
    ACCOUNT_PURGED = _RISC + "account-purged"
    CREDENTIAL_COMPROMISED = _RISC + "credential-compromise"
    CREDENTIAL_CHANGE_REQUIRED = _RISC + "account-credential-change-required"
    SESSIONS_REVOKED = _RISC + "sessions-revoked"
    VERIFICATION = _SSF + "verification"
    STREAM_UPDATED = _SSF + "stream-updated"

    @property
    def short(self) -> str:
        """Its last part, as the configuration names it."""
        return self.value.rpartition("/")[2]


SENT: Final = (
    SignalType.SESSION_REVOKED,
    SignalType.CREDENTIAL_CHANGE,
    SignalType.ASSURANCE_LEVEL_CHANGE,
    SignalType.RISK_LEVEL_CHANGE,
)
"""What we tell others, besides the framework's own."""


class RiskLevel(StrEnum):
    """How likely it is that an account is not its owner's (CAEP section 3.8)."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


class Signal(msgspec.Struct, frozen=True):
    """One event about one subject (RFC 9493). `properties` are the event's own."""

    type: SignalType
    subject: dict[str, Any]
    properties: dict[str, Any] = {}


def subject_of(issuer: str, subject: str) -> dict[str, Any]:
    """An account, as its issuer names it (RFC 9493 section 3.2.4)."""
    return {"format": "iss_sub", "iss": issuer, "sub": subject}


def opaque(identifier: str) -> dict[str, Any]:
    """A thing by its identifier alone (RFC 9493 section 3.2.6)."""
    return {"format": "opaque", "id": identifier}


def session_revoked(subject: dict[str, Any], at_s: int) -> Signal:
    """The sessions of a subject are over, by decision of a person or of the watch (CAEP section 3.1)."""
    return Signal(SignalType.SESSION_REVOKED, subject, {"event_timestamp": at_s, "initiating_entity": "admin"})


def credential_change(subject: dict[str, Any], at_s: int, credential_type: str, change_type: str) -> Signal:
    """A credential was made, revoked, changed or deleted (CAEP section 3.3): `fido2-roaming`, `x509`...; `revoke`..."""
    properties = {"event_timestamp": at_s, "credential_type": credential_type, "change_type": change_type}
    return Signal(SignalType.CREDENTIAL_CHANGE, subject, properties)


def assurance_level_change(subject: dict[str, Any], at_s: int, namespace: str, level: str, *, rises: bool) -> Signal:
    """How sure we are of who is there has changed (CAEP section 3.4)."""
    direction = "increase" if rises else "decrease"
    properties = {
        "event_timestamp": at_s,
        "namespace": namespace,
        "current_level": level,
        "change_direction": direction,
    }
    return Signal(SignalType.ASSURANCE_LEVEL_CHANGE, subject, properties)


def risk_level_change(subject: dict[str, Any], at_s: int, level: RiskLevel, before: RiskLevel, reason: str) -> Signal:
    """What the watch thinks of an account has changed (CAEP section 3.8)."""
    properties = {
        "event_timestamp": at_s,
        "initiating_entity": "policy",
        "principal": "USER",
        "current_level": level.value,
        "previous_level": before.value,
        "risk_reason": reason,
    }
    return Signal(SignalType.RISK_LEVEL_CHANGE, subject, properties)

"""Who asks: accounts of people and of applications, their roles, and one request's asker."""

from enum import StrEnum
from typing import NewType

import msgspec

from beffroi.model.person import HospitalId

AccountId = NewType("AccountId", int)


class AccountKind(StrEnum):
    PERSON = "person"
    APPLICATION = "application"


class AccountStatus(StrEnum):
    """`frozen` reads nothing at all; only people, or certainty, freeze (law 5)."""

    ACTIVE = "active"
    FROZEN = "frozen"


class Role(StrEnum):
    """What somebody does in a structure. Rates and rights go by role, never by name."""

    WARD_NURSE = "ward_nurse"
    WARD_DOCTOR = "ward_doctor"
    EMERGENCY_DOCTOR = "emergency_doctor"
    TRIAGE_NURSE = "triage_nurse"
    ON_CALL_DOCTOR = "on_call_doctor"
    ADMISSION_CLERK = "admission_clerk"
    MEDICAL_SECRETARY = "medical_secretary"
    IDENTITY_CELL = "identity_cell"
    REGIONAL_COORDINATOR = "regional_coordinator"
    DUTY_OFFICER = "duty_officer"
    DATA_PROTECTION_OFFICER = "data_protection_officer"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    HOSPITAL_APPLICATION = "hospital_application"
    CROSS_REFERENCE_APPLICATION = "cross_reference_application"
    FEED = "feed"


class Asker(msgspec.Struct, frozen=True):
    """One authenticated request's author, as the token and the registers prove it.

    `subject` is the opaque national identifier (Pro Santé Connect's SubjectNameID) or the application's client id:
    never parsed. `structure` is the hospital for which they act, `application` the client id through which they come.
    `session_key` is the 32-byte thumbprint of the key that the token is bound to (RFC 9449 jkt, RFC 8705 x5t#S256).
    `network` is the peer's address in text. `authenticated_at_s` is the token's auth_time (0 when it says none),
    `issued_at_s` its iat, `session_id` its issuer's name for the session (`sid`); 0 and empty without a token.
    `proved_at_s`: when they last proved who is there by a means that cannot be phished (0: never). `holder` is the
    account in whose row the person's evidence stands (0: this one), `others` are the person's other accounts.
    `departed`: the hospital says that they work there no more.
    """

    account_id: AccountId
    kind: AccountKind
    subject: str
    role: Role
    structure: HospitalId
    application: str
    session_key: bytes
    network: str
    authenticated_at_s: int = 0
    scopes: frozenset[str] = frozenset()
    proved_at_s: int = 0
    holder: AccountId = AccountId(0)
    others: tuple[AccountId, ...] = ()
    issued_at_s: int = 0
    session_id: str = ""
    departed: bool = False

"""What an operation is called in audit trails: by FHIR, by IHE and by DICOM.

Source: DICOM PS3.16 CID 400 (event identifiers), CID 401 (their types) and CID 402 (roles); IHE ITI TF-2,
`urn:ihe:event-type-code`; FHIR R4 restful-interaction; PAM (ITI-30, ITI-31), PIXm (ITI-104).
"""

from typing import NamedTuple

from beffroi.model.disclosure import Door, Operation
from beffroi.model.feed import FeedAction

DCM = "http://dicom.nema.org/resources/ontology/DCM"
"""The code system of DICOM's codes, as FHIR names it."""


class Code(NamedTuple):
    """A code and what it stands for."""

    code: str
    display: str


class Audited(NamedTuple):
    """An operation in audit trails. `type` is an IHE transaction where there is an `interaction`, else DICOM's."""

    event: Code
    type: Code
    interaction: str = ""


APPLICATION = Code("110150", "Application")
SOURCE, DESTINATION = Code("110153", "Source Role ID"), Code("110152", "Destination Role ID")
"""Both ends of an exchange: where its content comes from, and where it goes."""

_PATIENT_RECORD = Code("110110", "Patient Record")
_QUERY = Code("110112", "Query")
_LOG_USED = Code("110101", "Audit Log Used")
_EXPORT = Code("110106", "Export")
_ALERT = Code("110113", "Security Alert")
_AUTHENTICATION = Code("110114", "User Authentication")
_LOGIN = Code("110122", "Login")
_RESTRICTED = Code("110132", "Use of Restricted Function")
_ROLES = Code("110136", "Security Roles Changed")
_ATTRIBUTES = Code("110137", "User security Attributes Changed")
_PDQM = Code("ITI-78", "Mobile Patient Demographics Query")

AUDITED = {
    Operation.SEARCH: Audited(_QUERY, _PDQM, "search"),
    Operation.READ: Audited(_QUERY, _PDQM, "read"),
    Operation.EMERGENCY_READ: Audited(_QUERY, _PDQM, "read"),
    Operation.MATCH: Audited(_QUERY, Code("ITI-119", "Patient Demographics Match"), "search"),
    Operation.PIX_QUERY: Audited(_QUERY, Code("ITI-83", "Mobile Patient Identifier Cross-reference Query"), "search"),
    Operation.PDQ_QUERY: Audited(_QUERY, Code("ITI-21", "Patient Demographics Query"), "search"),
    Operation.AUDIT_SEARCH: Audited(_LOG_USED, Code("ITI-81", "Retrieve ATNA Audit Event"), "search"),
    Operation.SCOPE_VIEW: Audited(_LOG_USED, _RESTRICTED),
    Operation.PATIENT_ACCESS: Audited(_LOG_USED, _RESTRICTED),
    Operation.EXPORT: Audited(_EXPORT, _RESTRICTED),
    Operation.SIGN_IN: Audited(_AUTHENTICATION, _LOGIN),
    Operation.STEP_UP: Audited(_AUTHENTICATION, _LOGIN),
    Operation.GRANT: Audited(_ALERT, _ROLES),
    Operation.KEY: Audited(_ALERT, _ATTRIBUTES),
    Operation.VERDICT: Audited(_ALERT, _ATTRIBUTES),
    Operation.CONTAIN: Audited(_ALERT, _ATTRIBUTES),
    Operation.RELEASE: Audited(_ALERT, _ATTRIBUTES),
    Operation.NOT_ME: Audited(_ALERT, _ATTRIBUTES),
    Operation.DOUBTS: Audited(_QUERY, _RESTRICTED),
    Operation.CONFIRM: Audited(_ALERT, _RESTRICTED),
    Operation.WORKLIST: Audited(_ALERT, _RESTRICTED),
}
"""Every operation; a test holds that none is missing."""

_IDENTITY_EVENTS = frozenset({"A24", "A28", "A31", "A37", "A40", "A47"})
_OVER_FHIR = Code("ITI-104", "Patient Identity Feed FHIR")
_NOTIFICATION = Audited(_PATIENT_RECORD, Code("ITI-10", "PIX Update Notification"))
_INTERACTIONS = {FeedAction.CREATE: "create", FeedAction.UPDATE: "update", FeedAction.DELETE: "delete"}


def audited(operation: Operation, door: Door) -> Audited:
    """What a disclosure is in audit trails.

    >>> audited(Operation.PIX_QUERY, Door.NOTIFICATION).type.code, audited(Operation.PIX_QUERY, Door.FHIR).type.code
    ('ITI-10', 'ITI-83')
    """
    return _NOTIFICATION if door is Door.NOTIFICATION else AUDITED[operation]


def is_reading(operation: Operation, door: Door) -> bool:
    """Whether one patient is told, and the answer flows from us."""
    return operation in READS or door is Door.NOTIFICATION


def audited_feed(action: FeedAction, event: str) -> Audited:
    """An event of the feed in audit trails.

    >>> audited_feed(FeedAction.CREATE, "A01")[1:]
    (Code(code='ITI-31', display='Patient Encounter Management'), 'create')
    """
    if event == _OVER_FHIR.code:
        transaction = _OVER_FHIR
    elif event in _IDENTITY_EVENTS:
        transaction = Code("ITI-30", "Patient Identity Management")
    else:
        transaction = Code("ITI-31", "Patient Encounter Management")
    return Audited(_PATIENT_RECORD, transaction, _INTERACTIONS[action])


READS = frozenset({Operation.READ, Operation.EMERGENCY_READ})
"""Operations by which one patient is read: the answer flows from us."""

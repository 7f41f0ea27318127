"""The vocabulary of the logs: what may have happened, and which facts may be told of it.

A fact's kind says what its value may be. There is no kind for free text: a name, a date of birth, a telephone number or
a token that a mistake hands over as a fact is written as "redacted". Adding an event or a fact means adding it here.
"""

import logging
import re
from collections.abc import Callable
from enum import Enum, StrEnum
from typing import TypedDict
from uuid import UUID


class Process(StrEnum):
    """Which of a deployment's processes speaks."""

    SUPERVISOR = "supervisor"
    WEB = "web"
    MLLP = "mllp"
    WORKER = "worker"
    COMMAND = "command"


class Event(StrEnum):
    """What happened. The level of each stands in `LEVELS`; those not named there are information."""

    # processes
    STARTED = "started"
    STOPPING = "stopping"
    STOPPED = "stopped"
    CHILD_STARTED = "child_started"
    CHILD_DIED = "child_died"
    CHILD_KILLED = "child_killed"
    UNHANDLED = "unhandled"
    FOREIGN = "foreign"
    # installation
    BEARER_ALLOWED = "bearer_allowed"
    PLAIN_LISTENER = "plain_listener"
    SETTING_WEAK = "setting_weak"
    MIGRATION_APPLIED = "migration_applied"
    REGISTER_CHANGED = "register_changed"
    CERTIFICATE_ENDS = "certificate_ends"
    DATABASE_LOST = "database_lost"
    DATABASE_BACK = "database_back"
    # who asks
    SIGNED_IN = "signed_in"
    TOKEN_REJECTED = "token_rejected"  # noqa: S105 - the name of an event
    DEVICE_BOUND = "device_bound"
    DEVICE_REFUSED = "device_refused"
    DEVICE_MISSING = "device_missing"
    KEYS_FETCHED = "keys_fetched"
    KEYS_FETCH_FAILED = "keys_fetch_failed"
    ACCOUNT_GRANTED = "account_granted"
    ACCOUNT_REVOKED = "account_revoked"
    ROLE_ASKED = "role_asked"
    ROLE_WITHDRAWN = "role_withdrawn"
    # the ways on
    KEY_GRANTED = "key_granted"
    KEY_ENROLLED = "key_enrolled"
    KEY_REVOKED = "key_revoked"
    PROVED = "proved"
    VOUCHED = "vouched"
    SECONDED = "seconded"
    HOLD_RELEASED = "hold_released"
    WORKLIST_DEPOSITED = "worklist_deposited"
    CRISIS = "crisis"
    NOT_ME = "not_me"
    # what is stopped
    CONTAINMENT_ASKED = "containment_asked"
    CONTAINED = "contained"
    RELEASE_ASKED = "release_asked"
    RELEASED = "released"
    ALERT_NOT_DELIVERED = "alert_not_delivered"
    ALERTING_FAILED = "alerting_failed"
    STOPS_UNREAD = "stops_unread"
    SIGNAL_NOT_DELIVERED = "signal_not_delivered"
    SIGNAL_REFUSED = "signal_refused"
    SIGNALLING_FAILED = "signalling_failed"
    STREAM_CHANGED = "stream_changed"
    AUDIT_NOT_SENT = "audit_not_sent"
    AUDIT_REFUSED = "audit_refused"
    AUDITING_FAILED = "auditing_failed"
    NOTIFICATION_NOT_SENT = "notification_not_sent"
    NOTIFICATION_REFUSED = "notification_refused"
    NOTIFYING_FAILED = "notifying_failed"
    SESSIONS_ENDED = "sessions_ended"
    # what is asked
    REQUEST_FAILED = "request_failed"
    GATE_FAILED = "gate_failed"
    CEILING_REACHED = "ceiling_reached"
    EMERGENCY_READ = "emergency_read"
    DEPARTED = "departed"
    RUNG = "rung"
    SPREAD_SEEN = "spread_seen"
    FEDERATION_FAILED = "federation_failed"
    NORMS_REFUSED = "norms_refused"
    # what is fed
    CONNECTION_OPENED = "connection_opened"
    CONNECTION_REFUSED = "connection_refused"
    CONNECTION_CLOSED = "connection_closed"
    FRAME_BROKEN = "frame_broken"
    MESSAGE_REJECTED = "message_rejected"
    FEED_FAILED = "feed_failed"
    IMPORT_STARTED = "import_started"
    IMPORT_FINISHED = "import_finished"
    IMPORT_FAILED = "import_failed"
    # the ledger
    NOT_SEALING = "not_sealing"
    SEALING_FAILED = "sealing_failed"
    SEALING_REFUSED = "sealing_refused"
    COSIGNED = "cosigned"
    WITNESS_AWAY = "witness_away"
    WITNESS_CONTRADICTS = "witness_contradicts"
    DISCLOSURES_ERASED = "disclosures_erased"
    # the archive
    ARCHIVED = "archived"
    ARCHIVE_ERASED = "archive_erased"
    ARCHIVING_FAILED = "archiving_failed"
    # a witness
    WITNESS_REFUSED = "witness_refused"
    WITNESS_GAP = "witness_gap"
    WITNESS_FAILED = "witness_failed"
    # housekeeping
    ROWS_DELETED = "rows_deleted"
    HOUSEKEEPING_FAILED = "housekeeping_failed"
    HOUSEKEEPING_ELSEWHERE = "housekeeping_elsewhere"


_WARNINGS = (
    Event.CHILD_DIED,
    Event.FOREIGN,
    Event.BEARER_ALLOWED,
    Event.PLAIN_LISTENER,
    Event.SETTING_WEAK,
    Event.DEVICE_MISSING,
    Event.CERTIFICATE_ENDS,
    Event.KEYS_FETCH_FAILED,
    Event.CEILING_REACHED,
    Event.EMERGENCY_READ,
    Event.DEPARTED,
    Event.RUNG,
    Event.SPREAD_SEEN,
    Event.NORMS_REFUSED,
    Event.CONNECTION_REFUSED,
    Event.FRAME_BROKEN,
    Event.CONTAINED,
    Event.ALERT_NOT_DELIVERED,
    Event.SIGNAL_NOT_DELIVERED,
    Event.AUDIT_NOT_SENT,
    Event.AUDIT_REFUSED,
    Event.NOTIFICATION_NOT_SENT,
    Event.NOTIFICATION_REFUSED,
    Event.SIGNAL_REFUSED,
    Event.STREAM_CHANGED,
    Event.CONTAINMENT_ASKED,
    Event.NOT_SEALING,
    Event.WITNESS_AWAY,
    Event.WITNESS_REFUSED,
    Event.WITNESS_GAP,
)
_ERRORS = (
    Event.CHILD_KILLED,
    Event.UNHANDLED,
    Event.DATABASE_LOST,
    Event.REQUEST_FAILED,
    Event.GATE_FAILED,
    Event.FEED_FAILED,
    Event.IMPORT_FAILED,
    Event.HOUSEKEEPING_FAILED,
    Event.FEDERATION_FAILED,
    Event.SEALING_FAILED,
    Event.SEALING_REFUSED,
    Event.ARCHIVING_FAILED,
    Event.WITNESS_CONTRADICTS,
    Event.WITNESS_FAILED,
    Event.ALERTING_FAILED,
    Event.STOPS_UNREAD,
    Event.SIGNALLING_FAILED,
    Event.AUDITING_FAILED,
    Event.NOTIFYING_FAILED,
)
LEVELS = dict.fromkeys(_WARNINGS, logging.WARNING) | dict.fromkeys(_ERRORS, logging.ERROR)


class Facts(TypedDict, total=False):
    """Every fact that a log line may hold, so that mypy refuses any other. `FACTS` checks the values again at run time.

    `account`, `hospital`, `disclosure` and `connection` are our own numbers; a patient's number is not among them.
    """

    account: int
    allow: bool
    attempt: int
    bytes: int
    changed: bool
    child: Process
    code: str  # an HL7 or HTTP code: AE, 204, A28
    connection: int
    count: int
    demo: bool
    disclosure: int
    door: Enum
    error: type[BaseException]
    exit_code: int
    hospital: int
    kind: Enum
    limit: int
    line: int
    lines: int
    logger: str  # the name of a library's logger
    migration: int
    number: int
    operation: Enum
    outcome: Enum
    pid: int
    port: int
    queue: int
    reason: Enum
    rejected: int
    request_id: UUID
    restarts: int
    role: Enum
    rows: int
    rung: int
    seconds: float
    setting: str  # the dotted name of a setting
    signal: Enum
    status: int
    table: str  # the name of a table of ours
    trigger: str  # an HL7 trigger event: A28
    version: str  # ours or PostgreSQL's


REDACTED = "redacted"
_CODE = re.compile(r"A[AER]|C[AER]|[A-Z][0-9]{2}|[0-9]{3}")
_TRIGGER = re.compile(r"[A-Z][0-9]{2}|ZV[12]")
_SETTING = re.compile(
    r"(database|web|mllp|console|issuer|hospital|application|limits|operations|retention|ledger|witness|"
    r"alerts|alert_mail|alert_webhook|alert_syslog|signals|signal_receiver|signal_transmitter|audit_repository|cross_reference_consumer|archive|watch)"
    r"(\[[0-9]{1,3}\])?(\.[a-z_]{1,40}){0,3}"
)
_VERSION = re.compile(r"[0-9]{1,2}\.[0-9]{1,2}|[0-9]\.[0-9]{1,2}\.[0-9]{1,2}")
_LOGGERS = re.compile(
    r"(asyncio|asyncpg|concurrent|h11|httpcore2?|httpx2?|joserfc|py|starlette|uvicorn)(\.[a-z_.]{1,50})?"
)
_TABLES = frozenset(
    {
        "proofs",
        "feed_messages",
        "feed_events",
        "accounts",
        "grants",
        "credentials",
        "hospitals",
        "deliveries",
        "console_sessions",
    }
)

Told = int | float | bool | str


def _number(value: object) -> Told:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else REDACTED


def _flag(value: object) -> Told:
    return value if isinstance(value, bool) else REDACTED


def _member(value: object) -> Told:
    """An enum's member by its name: the name is ours, whatever the value is."""
    return value.name.lower() if isinstance(value, Enum) and value.name else REDACTED


def _uuid(value: object) -> Told:
    return str(value) if isinstance(value, UUID) else REDACTED


def _class(value: object) -> Told:
    return value.__name__ if isinstance(value, type) and issubclass(value, BaseException) else REDACTED


def _matching(pattern: "re.Pattern[str]") -> Callable[[object], Told]:
    def check(value: object) -> Told:
        return value if isinstance(value, str) and pattern.fullmatch(value) else REDACTED

    return check


def _table(value: object) -> Told:
    return value if isinstance(value, str) and value in _TABLES else REDACTED


_MEMBERS = ("child", "door", "kind", "operation", "outcome", "reason", "role", "signal")
_FLAGS = ("allow", "changed", "demo")
_TEXTS: dict[str, Callable[[object], Told]] = {
    "code": _matching(_CODE),
    "error": _class,
    "logger": _matching(_LOGGERS),
    "request_id": _uuid,
    "setting": _matching(_SETTING),
    "table": _table,
    "trigger": _matching(_TRIGGER),
    "version": _matching(_VERSION),
}
FACTS: dict[str, Callable[[object], Told]] = (
    dict.fromkeys(Facts.__annotations__, _number)
    | dict.fromkeys(_MEMBERS, _member)
    | dict.fromkeys(_FLAGS, _flag)
    | _TEXTS
)
"""What may be told of each fact: its value, or "redacted". Facts not named above are numbers."""


def told(facts: dict[str, object]) -> dict[str, Told]:
    """The facts that may be written. An unknown name is dropped, and `redacted` counts those. Never raises.

    >>> told({"count": 3, "setting": "web.port", "code": "AE"})
    {'count': 3, 'setting': 'web.port', 'code': 'AE'}
    >>> told({"count": "MARTIN", "family": "MARTIN", "version": "1985-03-12"})
    {'count': 'redacted', 'version': 'redacted', 'redacted': 1}
    """
    written: dict[str, Told] = {}
    unknown_count = 0
    for name, value in facts.items():
        check = FACTS.get(name)
        if check is None:
            unknown_count += 1
        else:
            written[name] = check(value)
    if unknown_count:
        written[REDACTED] = unknown_count
    return written

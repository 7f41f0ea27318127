"""Counters and histograms for Prometheus. Every label's values are a closed set, and none is an account or an address.

In a deployment each process writes its values to files of a private directory, named by PROMETHEUS_MULTIPROC_DIR
before this module is imported (the supervisor does it); `exposition` adds them up. Otherwise they are this process's.

Source: Prometheus exposition formats; prometheus_client, multiprocess mode.
"""

import os
from enum import StrEnum

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
    values,
)

from beffroi.errors import (
    BeffroiError,
    CallerError,
    NotAuthenticated,
    NotFound,
    Overloaded,
    TooBroad,
    TooManyInFlight,
    Unavailable,
)
from beffroi.model.disclosure import Door, Operation, Outcome
from beffroi.model.feed import FeedOutcome
from beffroi.model.job import Job

DIRECTORY_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
SLOT_VARIABLE = "BEFFROI_SLOT"
"""Which of the deployment's places this process takes. Its files bear that name, so that a process that is started
again goes on counting in the files of the one before, and a thousand restarts leave no thousand files."""
CONTENT_TYPE = CONTENT_TYPE_LATEST

if DIRECTORY_VARIABLE in os.environ and SLOT_VARIABLE in os.environ:
    values.ValueClass = values.MultiProcessValue(lambda: os.environ[SLOT_VARIABLE])  # type: ignore[no-untyped-call]

OTHER = "other"

_REQUEST_S = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_COMMIT_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)
_BATCH_ENTRIES = (1, 2, 4, 8, 16, 32, 64)

HL7_CODES = frozenset({"0", "100", "101", "102", "103", "200", "201", "202", "203", "204", "205", "206", "207"})
"""Table 0357, message error condition codes; any other is counted as "other"."""


class Result(StrEnum):
    """How a request ended, whatever its door."""

    SHOWN = "shown"
    NONE = "none"
    TOO_MANY = "too_many"
    TOO_BROAD = "too_broad"
    SIGNED_IN = "signed_in"
    RECORDED = "recorded"
    NOT_AUTHENTICATED = "not_authenticated"
    THROTTLED = "throttled"
    REFUSED = "refused"
    OVERLOADED = "overloaded"
    UNAVAILABLE = "unavailable"
    FAILED = "failed"


class Rejection(StrEnum):
    """Why a token or a proof was not accepted."""

    MISSING = "missing"
    MALFORMED = "malformed"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    UNBOUND = "unbound"
    BINDING = "binding"
    PROOF = "proof"
    NONCE = "nonce"
    REPLAYED = "replayed"
    CLAIMS = "claims"
    UNKNOWN_ACCOUNT = "unknown_account"
    CERTIFICATE = "certificate"


REQUESTS = Counter("beffroi_requests", "Requests answered.", ("door", "operation", "result"))
REQUEST_SECONDS = Histogram("beffroi_request_seconds", "Time to answer.", ("door", "operation"), buckets=_REQUEST_S)
GATE_ENTRIES = Histogram("beffroi_gate_batch_entries", "Disclosures in one transaction.", buckets=_BATCH_ENTRIES)
GATE_SECONDS = Histogram("beffroi_gate_commit_seconds", "Lock, judge, write, commit.", buckets=_COMMIT_S)
FEED_MESSAGES = Counter("beffroi_feed_messages", "Feed messages by their end.", ("outcome", "code"))
FEED_FORBIDDEN = Counter("beffroi_feed_forbidden_fields", "Fields that PAM France forbids, dropped unread.")
FEED_MOVEMENTS = Counter("beffroi_feed_movements", "Movements (ZBE) in feed messages, dropped unread.")
FEED_ENTRIES = Histogram("beffroi_feed_batch_entries", "Feed events in one transaction.", buckets=_BATCH_ENTRIES)
FEED_SECONDS = Histogram("beffroi_feed_commit_seconds", "Apply and commit feed events.", buckets=_COMMIT_S)
SEALED_LEAVES = Counter("beffroi_sealed_leaves", "Disclosures sealed in the ledger.")
SEAL_SECONDS = Histogram("beffroi_seal_seconds", "One round of sealing, until its commit.", buckets=_REQUEST_S)
ALERTS = Counter("beffroi_alerts", "Alerts on their way out, by how a try ended.", ("channel", "result"))
ALERTS_WAITING = Gauge("beffroi_alerts_waiting", "Alerts not delivered yet.", multiprocess_mode="mostrecent")
ALERTS_DEAD = Gauge("beffroi_alerts_dead", "Alerts given up: somebody was not told.", multiprocess_mode="mostrecent")
AUDIT_EVENTS = Counter("beffroi_audit_events", "Events sent to audit repositories.", ("kind", "result"))
AUDIT_WAITING = Gauge(
    "beffroi_audit_waiting", "Leaves that audit repositories were not told of yet.", multiprocess_mode="mostrecent"
)
AUDIT_REFUSED = Gauge("beffroi_audit_refused", "Events that were not taken.", multiprocess_mode="mostrecent")
NOTIFICATIONS = Counter("beffroi_notifications", "Changes of cross-reference told to consumers.", ("result",))
NOTIFICATIONS_WAITING = Gauge(
    "beffroi_notifications_waiting", "Patients of whom consumers are to be told.", multiprocess_mode="mostrecent"
)
NOTIFICATIONS_DEAD = Gauge(
    "beffroi_notifications_dead", "Patients of whom a consumer would not be told.", multiprocess_mode="mostrecent"
)
CERTIFICATE_ENDS = Gauge(
    "beffroi_certificate_end_timestamp_seconds",
    "When a certificate of the configuration ends; 0 when it cannot be read.",
    ("setting",),
    multiprocess_mode="mostrecent",
)
JOB_FAILURES = Gauge(
    "beffroi_job_failures", "Runs of a job that failed in a row.", ("job",), multiprocess_mode="mostrecent"
)
JOB_OVERDUE = Gauge(
    "beffroi_job_overdue",
    "1: a job should have run and did not, or hangs.",
    ("job",),
    multiprocess_mode="mostrecent",
)
REJECTED_TOKENS = Counter("beffroi_rejected_tokens", "Tokens and proofs not accepted.", ("reason",))


def count_request(door: Door, operation: Operation | None, result: Result, seconds: float) -> None:
    """One request answered, after `seconds`. `operation` is None when it was not even known what was asked."""
    labels = (door.name.lower(), operation.name.lower() if operation else OTHER)
    REQUESTS.labels(*labels, result.value).inc()
    REQUEST_SECONDS.labels(*labels).observe(seconds)


def count_batch(entries: int, seconds: float) -> None:
    """One transaction of the gate."""
    GATE_ENTRIES.observe(entries)
    GATE_SECONDS.observe(seconds)


def count_alert(channel: str, *, arrived: bool) -> None:
    """One try to tell the duty officer by a kind of channel: mail, webhook or syslog."""
    ALERTS.labels(channel, "arrived" if arrived else "failed").inc()


def show_outbox(waiting_count: int, dead_count: int) -> None:
    """How the alerts' outbox stands."""
    ALERTS_WAITING.set(waiting_count)
    ALERTS_DEAD.set(dead_count)


def count_audit_events(kind: str, taken: int, refused: int, failed: bool) -> None:
    """One batch sent to an audit repository, "fhir" or "syslog"."""
    for result, count in (("taken", taken), ("refused", refused), ("failed", int(failed))):
        AUDIT_EVENTS.labels(kind, result).inc(count)


def show_audit_repositories(waiting_count: int, refused_count: int) -> None:
    """How the audit repositories stand, all together."""
    AUDIT_WAITING.set(waiting_count)
    AUDIT_REFUSED.set(refused_count)


def count_notification(*, accepted: bool) -> None:
    """One notification accepted by its consumer, or one try that failed."""
    NOTIFICATIONS.labels("accepted" if accepted else "failed").inc()


def show_notifications(waiting_count: int, dead_count: int) -> None:
    """How the consumers' queues stand, all together."""
    NOTIFICATIONS_WAITING.set(waiting_count)
    NOTIFICATIONS_DEAD.set(dead_count)


def show_certificate(setting: str, ends_s: float) -> None:
    """When the certificate of a setting ends, in seconds since 1970."""
    CERTIFICATE_ENDS.labels(setting).set(ends_s)


def show_job(job: Job, failures: int, overdue: bool) -> None:
    """How a job of the worker's stands: all witnesses' exchanges are one."""
    JOB_FAILURES.labels(job.value).set(failures)
    JOB_OVERDUE.labels(job.value).set(int(overdue))


def count_sealed(leaves: int, seconds: float) -> None:
    """One checkpoint: the leaves that it added, and the time from the first look to the commit."""
    SEALED_LEAVES.inc(leaves)
    SEAL_SECONDS.observe(seconds)


def count_feed_batch(entries: int, seconds: float) -> None:
    """One transaction of the feed."""
    FEED_ENTRIES.observe(entries)
    FEED_SECONDS.observe(seconds)


def count_feed(outcome: FeedOutcome | None, hl7_code: str = "0") -> None:
    """One feed message acknowledged, or refused with a code of HL7 table 0357 (`outcome` None)."""
    code = hl7_code if hl7_code in HL7_CODES else OTHER
    FEED_MESSAGES.labels(outcome.value if outcome else "rejected", code).inc()


def count_dropped(forbidden_fields: int, movements: int) -> None:
    """What one feed message held that is no identity: fields that should not have been there, and movements."""
    FEED_FORBIDDEN.inc(forbidden_fields)
    FEED_MOVEMENTS.inc(movements)


def count_rejection(reason: Rejection) -> None:
    """One token or proof not accepted."""
    REJECTED_TOKENS.labels(reason.value).inc()


_RESULTS: tuple[tuple[type[BaseException], Result], ...] = (
    (NotAuthenticated, Result.NOT_AUTHENTICATED),
    (NotFound, Result.NONE),
    (TooBroad, Result.TOO_BROAD),
    (TooManyInFlight, Result.THROTTLED),
    (CallerError, Result.REFUSED),
    (Overloaded, Result.OVERLOADED),
    (Unavailable, Result.UNAVAILABLE),
    (BeffroiError, Result.FAILED),
)


def result_of(ending: Outcome | BaseException) -> Result:
    """How a request ended: the outcome of an answer, or the exception raised instead.

    >>> result_of(Outcome.NONE).value, result_of(TooBroad(add="birthdate")).value, result_of(OSError()).value
    ('none', 'too_broad', 'failed')
    """
    if isinstance(ending, Outcome):
        return Result[ending.name]
    return next((result for kind, result in _RESULTS if isinstance(ending, kind)), Result.FAILED)


def exposition() -> bytes:
    """All metrics in Prometheus' text format: of every process of the deployment, or of this one alone."""
    if DIRECTORY_VARIABLE not in os.environ:
        return generate_latest()
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)

"""Metrics: closed labels, and sums over processes."""

import os
import subprocess
import sys
from pathlib import Path

from prometheus_client import REGISTRY

from beffroi import errors
from beffroi.errors import BeffroiError
from beffroi.model.disclosure import Door, Operation, Outcome
from beffroi.model.feed import FeedOutcome
from beffroi.telemetry import metrics
from beffroi.telemetry.metrics import Rejection, Result, result_of


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_requests_are_counted_by_door_operation_and_result() -> None:
    """A request adds one to its door, operation and result, and its time to the histogram."""
    labels = {"door": "fhir", "operation": "search", "result": "shown"}
    before = sample("beffroi_requests_total", **labels)
    metrics.count_request(Door.FHIR, Operation.SEARCH, Result.SHOWN, 0.004)
    metrics.count_request(Door.FHIR, None, Result.NOT_AUTHENTICATED, 0.001)
    assert sample("beffroi_requests_total", **labels) == before + 1
    assert sample("beffroi_requests_total", door="fhir", operation="other", result="not_authenticated") >= 1


def test_an_unknown_error_code_is_counted_as_other() -> None:
    """A code that a sender invents does not become a label."""
    metrics.count_feed(None, "MARTIN")
    metrics.count_feed(FeedOutcome.APPLIED)
    assert sample("beffroi_feed_messages_total", outcome="rejected", code="other") >= 1
    assert b"MARTIN" not in metrics.exposition()


def test_every_outcome_and_every_error_has_a_result() -> None:
    """No ending of a request is without a name, and every error of ours that a caller can mend is not a failure."""
    assert {result_of(outcome) for outcome in Outcome} <= set(Result)
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, BeffroiError)]
    theirs = [kind for kind in kinds if issubclass(kind, errors.CallerError)]
    assert theirs and all(result_of(kind.__new__(kind)) is not Result.FAILED for kind in theirs)


def test_processes_are_added_up(tmp_path: Path) -> None:
    """With the directory set, a scrape tells the sum over all processes, those that were started again included."""
    environment = {**os.environ, metrics.DIRECTORY_VARIABLE: str(tmp_path)}
    count = "from beffroi.telemetry import metrics as m; m.count_rejection(m.Rejection.NONCE)"
    for slot in ("web-0", "web-1", "web-1"):
        subprocess.run([sys.executable, "-c", count], env=environment | {metrics.SLOT_VARIABLE: slot}, check=True)
    assert {path.name for path in tmp_path.glob("counter*")} == {"counter_web-0.db", "counter_web-1.db"}
    show = "import sys; from beffroi.telemetry.metrics import exposition; sys.stdout.buffer.write(exposition())"
    shown = subprocess.run([sys.executable, "-c", show], env=environment, check=True, capture_output=True)
    assert f'beffroi_rejected_tokens_total{{reason="{Rejection.NONCE}"}} 3.0' in shown.stdout.decode()

"""Log lines: closed events and facts, and no way in for an identity."""

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.errors import InvalidValue
from beffroi.telemetry import Event, Process, configure_logs, log, log_failure
from beffroi.telemetry.events import FACTS, LEVELS, Facts, told

IDENTITIES = (
    "MARTIN",
    "martin",
    "Élodie",
    "1985-03-12",
    "0612345678",
    "+33 6 12 34 56 78",
    "285036322083456",
    "a@b.fr",
)


@pytest.fixture
def lines() -> Iterator[io.BytesIO]:
    """A stream that takes the log, with everything put back after the test."""
    root = logging.getLogger()
    kept = (sys.excepthook, threading.excepthook, sys.unraisablehook, root.handlers, root.level)
    stream = io.BytesIO()
    configure_logs(Process.WEB, stream)
    yield stream
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook, sys.unraisablehook, root.handlers = kept[:4]
    root.setLevel(kept[4])


def read(stream: io.BytesIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_time_process_and_level(lines: io.BytesIO) -> None:
    """One event is one line of JSON: when, which process, how bad, what, and its facts."""
    log(Event.CHILD_DIED, child=Process.MLLP, exit_code=-9, restarts=2, seconds=0.5)
    (line,) = read(lines)
    assert line.pop("at").endswith("Z")
    assert line == {
        "level": "warning",
        "process": "web",
        "event": "child_died",
        "child": "mllp",
        "exit_code": -9,
        "restarts": 2,
        "seconds": 0.5,
    }


@pytest.mark.parametrize("value", IDENTITIES)
def test_an_identity_passed_as_any_fact_does_not_appear(lines: io.BytesIO, value: str) -> None:
    """A name, a birth date, a phone or an INS handed over as a fact of any name is not written."""
    for name in (*FACTS, "family", "patient"):
        log(Event.REQUEST_FAILED, **{name: value})  # type: ignore[arg-type]
    assert value.encode() not in lines.getvalue()
    assert json.dumps(value).encode() not in lines.getvalue()


@given(st.dictionaries(st.sampled_from([*FACTS, "unknown"]), st.text() | st.integers() | st.binary() | st.none()))
def test_no_value_raises(facts: dict[str, object]) -> None:
    """Whatever is handed over, something that may be told comes back."""
    assert all(isinstance(value, int | float | str) for value in told(facts).values())


def test_every_fact_has_a_kind() -> None:
    """What mypy allows and what is written at run time are the same names, and every level names an event."""
    assert set(FACTS) == set(Facts.__annotations__)
    assert set(LEVELS) <= set(Event)


def test_enums_and_uuids_are_told(lines: io.BytesIO) -> None:
    """An enum is told by its member's name, a UUID as it is."""

    class Kind(Enum):
        ONE = "MARTIN"

    request_id = UUID(int=7)
    log(Event.REQUEST_FAILED, kind=Kind.ONE, request_id=request_id, error=InvalidValue, code="204")
    (line,) = read(lines)
    assert (line["kind"], line["request_id"], line["error"]) == ("one", str(request_id), "InvalidValue")
    assert line["code"] == "204"


def test_an_exception_is_told_without_its_text(lines: io.BytesIO) -> None:
    """A failure shows the classes of its chain and the places in the code, not its text nor any value."""

    def fail(family: str) -> None:
        try:
            raise KeyError(family)
        except KeyError as error:
            raise ValueError(f"Key (family)=({family}) already exists") from error

    try:
        fail("MARTIN")
    except ValueError as error:
        log_failure(Event.GATE_FAILED, error, count=3)
    (line,) = read(lines)
    assert line["error"] == ["ValueError", "KeyError"]
    assert line["places"][-1].startswith("telemetry/test_logs.py:") and line["places"][-1].endswith(":fail")
    assert b"MARTIN" not in lines.getvalue()


def test_a_library_is_heard_without_its_words(lines: io.BytesIO) -> None:
    """What a library logs is reduced to its logger, its place and the class of its exception."""
    try:
        raise RuntimeError("MARTIN")
    except RuntimeError:
        logging.getLogger("uvicorn.error").exception("Exception with %s", "MARTIN")
    logging.getLogger("MARTIN").warning("MARTIN")
    first, second = read(lines)
    assert (first["event"], first["logger"], first["error"]) == ("foreign", "uvicorn.error", ["RuntimeError"])
    assert second["logger"] == "redacted"
    assert b"MARTIN" not in lines.getvalue()


def test_a_library_that_repeats_itself_is_heard_once_in_a_while(lines: io.BytesIO) -> None:
    """Who makes a library complain all day does not fill the disk; the next line says how often it spoke."""
    for second in (0, 1, 2, 6):
        record = logging.LogRecord("uvicorn.error", logging.WARNING, "/x/http.py", 7, "Invalid", None, None)
        record.created = float(second)
        logging.getLogger("uvicorn.error").handle(record)
    assert [line.get("count") for line in read(lines)] == [None, 3]


def test_what_nobody_catches_is_told_without_its_text(lines: io.BytesIO) -> None:
    """An exception that ends a thread or the program is one line too."""

    def fail() -> None:
        raise RuntimeError("MARTIN")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    try:
        fail()
    except RuntimeError as error:
        sys.excepthook(RuntimeError, error, error.__traceback__)
    assert [line["event"] for line in read(lines)] == ["unhandled", "unhandled"]
    assert b"MARTIN" not in lines.getvalue()


def test_a_closed_stream_stops_nobody(lines: io.BytesIO) -> None:
    """When the log cannot be written, the caller goes on."""
    lines.close()
    log(Event.STARTED)

"""JSON lines on standard error. One line is one event with its facts; see `events` for what may be told.

An exception is told by its class and by the places in the code that it passed, never by its text or by the values of
variables: a database driver's error quotes the row. The same holds for what libraries log and for what nobody catches.
"""

import logging
import sys
import threading
import traceback
from collections.abc import Callable, MutableMapping
from types import TracebackType
from typing import Any, BinaryIO, Unpack

import msgspec
import structlog

from beffroi.telemetry.events import LEVELS, Event, Facts, Process, told

PLACES_MAX = 24
"""Code locations of a traceback, innermost last. Deeper stacks are recursion, which a few of them show."""
CAUSES_MAX = 4
"""Exceptions of a chain."""
FOREIGN_EVERY_S = 5.0
"""Seconds between two lines about the same line of a library's code."""


def configure_logs(process: Process, stream: BinaryIO | None = None, level: int = logging.INFO) -> None:
    """Sends our events, what libraries log and what nobody catches to `stream` (standard error) as JSON lines."""
    _configure_structlog(lambda: stream or sys.stderr.buffer, level)
    _speaker["process"] = process.value
    root = logging.getLogger()
    root.handlers = [_ForeignHandler()]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable


_speaker = {"process": Process.COMMAND.value}
_METHODS = {logging.INFO: "info", logging.WARNING: "warning", logging.ERROR: "error"}


def _configure_structlog(stream: Callable[[], BinaryIO], level: int) -> None:
    structlog.configure(
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.add_log_level,
            structlog.processors.JSONRenderer(serializer=_encode),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.BytesLogger(stream()),
        cache_logger_on_first_use=False,
    )


def log(event: Event, **facts: Unpack[Facts]) -> None:
    """One line. Facts that may not be told are written as "redacted"; nothing is raised."""
    _write(event, told(dict(facts)))


def log_failure(event: Event, failure: BaseException, /, **facts: Unpack[Facts]) -> None:
    """One line with the classes of the exception and of its causes, and where it passed. Never its text."""
    _write(event, told(dict(facts)) | describe(failure))


def describe(error: BaseException) -> dict[str, object]:
    """`error`: class names, the first is the exception itself; `places`: file:line:function, innermost last.

    >>> describe(ValueError("MARTIN"))
    {'error': ['ValueError'], 'places': []}
    """
    names: list[str] = []
    current: BaseException | None = error
    while current is not None and len(names) < CAUSES_MAX:
        names.append(type(current).__name__)
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return {"error": names, "places": _places(error.__traceback__)}


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.StackSummary.extract(traceback.walk_tb(trace), lookup_lines=False)
    return [f"{_short(frame.filename)}:{frame.lineno}:{frame.name}" for frame in frames[-PLACES_MAX:]]


def _short(path: str) -> str:
    """The last two parts of a path."""
    return "/".join(path.replace("\\", "/").split("/")[-2:])


def _write(event: Event, facts: MutableMapping[str, Any]) -> None:
    method = _METHODS[LEVELS.get(event, logging.INFO)]
    try:
        getattr(structlog.get_logger(), method)(event.value, **_speaker, **facts)
    except (OSError, ValueError):  # a closed or full standard error must not take the server down
        return


_FIRST = ("at", "level", "process", "event")


def _encode(line: MutableMapping[str, Any], **_: object) -> bytes:
    """When, how bad, who and what come first, for whoever reads it with their eyes."""
    return msgspec.json.encode({name: line.pop(name) for name in _FIRST if name in line} | dict(line))


class _ForeignHandler(logging.Handler):
    """A library's message is free text, so only its logger, the line that logs and its exception's class are kept.

    One line of code is heard once in a while, with how often it spoke meanwhile: who sends us rubbish all day must not
    fill the disk.
    """

    def __init__(self) -> None:
        super().__init__()
        self._heard: dict[str, tuple[float, int]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        source = f"{_short(record.pathname)}:{record.lineno}"
        last_s, unheard_count = self._heard.get(source, (float("-inf"), 0))
        if record.created - last_s < FOREIGN_EVERY_S:
            self._heard[source] = (last_s, unheard_count + 1)
            return
        self._heard[source] = (record.created, 0)
        facts: dict[str, object] = {**told({"logger": record.name}), "source": source}
        if unheard_count:
            facts["count"] = unheard_count + 1
        if record.exc_info and record.exc_info[1] is not None:
            facts |= describe(record.exc_info[1])
        _write(Event.FOREIGN, facts)


def _uncaught(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    if isinstance(error, KeyboardInterrupt):
        return
    _write(Event.UNHANDLED, describe(error))


def _uncaught_in_thread(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_value is not None:
        _write(Event.UNHANDLED, describe(arguments.exc_value))


def _unraisable(arguments: "sys.UnraisableHookArgs") -> None:
    if arguments.exc_value is not None:
        _write(Event.UNHANDLED, describe(arguments.exc_value))


# Before a process says who it is, and in scripts that never do: the same lines, on standard error.
_configure_structlog(lambda: sys.stderr.buffer, logging.INFO)

"""A foreign log, line by line: facts out, or refusals with their line number; nothing of a refused line is kept.

The format is recognised by the first lines, or said. A line that reads nobody (a resource about no patient, an
acknowledgement, another logger's line) is passed over and counted.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from beffroi.errors import CallerError, Malformed, TooLarge, Words
from beffroi.model.foreign import ForeignFact, ForeignFormat
from beffroi.wire.foreign_access import access_fact, haproxy_fact
from beffroi.wire.foreign_audit import audit_fact
from beffroi.wire.foreign_hl7 import Lines, hl7_fact
from beffroi.wire.foreign_keycloak import keycloak_fact

LINE_BYTES_MAX = 256 * 1024
"""Bytes of one line: an AuditEvent with its whole query. HL7 messages have a bound of their own."""
MESSAGE_BYTES_MAX = 4 * 1024 * 1024
"""Bytes of one HL7 message, the documents that it may carry included."""
YEAR_MIN, YEAR_MAX = 1990, 2199
"""Years in which a log can have been written."""
SAMPLE_LINES = 50
"""Lines by which a format is recognised."""

_BOM = b"\xef\xbb\xbf"
_AUDIT = re.compile(rb'"resourceType"\s*:\s*"AuditEvent"')
_KEYCLOAK = re.compile(rb'org\.keycloak\.events|"realmId"\s*:|type="?[A-Z_]+"?, realmId=')
_HAPROXY = re.compile(rb"haproxy\[\d+\]:|:\d{1,5} \[\d\d/[A-Z][a-z]{2}/\d{4}:[\d:.]+\] \S+ \S+ [-\d/]+ ")
_ACCESS = re.compile(rb'(?:\S+:\d+ )?\S+ \S+ \S+ \[\d\d/[A-Z][a-z]{2}/\d{4}:[^\]]+\] "')


@dataclass(frozen=True, slots=True)
class Noted:
    """A line, or a message of several, and the fact that it tells; None when it reads nobody."""

    line_number: int
    end_line: int
    fact: ForeignFact | None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that cannot be read, and why, without what stood there."""

    line_number: int
    end_line: int
    reason: CallerError


ForeignRead = Noted | Unreadable


def recognised(sample: Sequence[bytes]) -> ForeignFormat | None:
    """The format of a log by its first lines; None when it is none of ours.

    >>> recognised([b'192.0.2.1 - - [24/Nov/2026:09:00:00 +0100] "GET / HTTP/1.1" 200 1 "-" "-"'])
    <ForeignFormat.ACCESS: 'access'>
    """
    for line in sample:
        if b"MSH|" in line:
            return ForeignFormat.HL7
        if _AUDIT.search(line):
            return ForeignFormat.FHIR_AUDIT
        if _KEYCLOAK.search(line):
            return ForeignFormat.KEYCLOAK
        if _HAPROXY.search(line):
            return ForeignFormat.HAPROXY
        if _ACCESS.match(line.removeprefix(_BOM)):
            return ForeignFormat.ACCESS
    return None


def read_log(
    lines: Iterable[bytes], log_format: ForeignFormat, *, after_line: int = 0, utc: bool = False
) -> Iterator[ForeignRead]:
    """What a log's lines (without their ends) tell, those up to `after_line` left out.

    `utc`: times without a zone are UTC; else French legal time.
    """
    numbered = ((number, line) for number, line in enumerate(lines, 1) if number > after_line)
    if log_format is ForeignFormat.HL7:
        return _messages(numbered)
    return _lines(numbered, log_format, utc)


def _messages(numbered: Iterable[tuple[int, bytes]]) -> Iterator[ForeignRead]:
    for first, last, message in Lines(numbered, MESSAGE_BYTES_MAX).messages():
        try:
            if message is None:
                raise TooLarge(what=Words("The message", "Le message"), limit=f"{MESSAGE_BYTES_MAX} bytes")
            yield Noted(first, last, _dated(hl7_fact(message)))
        except CallerError as reason:
            yield Unreadable(first, last, reason)


def _lines(numbered: Iterable[tuple[int, bytes]], log_format: ForeignFormat, utc: bool) -> Iterator[ForeignRead]:
    for number, line in numbered:
        bare = line.removeprefix(_BOM) if number == 1 else line
        if not bare.strip():
            continue
        try:
            yield Noted(number, number, _dated(_fact(_text(bare), log_format, utc)))
        except CallerError as reason:
            yield Unreadable(number, number, reason)


def _dated(fact: ForeignFact | None) -> ForeignFact | None:
    """The fact when its time can be one. A time at the end of the calendar would not survive a change of zone."""
    if fact is not None and not YEAR_MIN <= fact.at.year <= YEAR_MAX:
        raise Malformed(what=Words("The time", "L'heure"), why=Words("its year is not possible", "année impossible"))
    return fact


def _text(line: bytes) -> str:
    if len(line) > LINE_BYTES_MAX:
        raise TooLarge(what=Words("The line", "La ligne"), limit=f"{LINE_BYTES_MAX} bytes")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        why = Words("it is not UTF-8", "ce n'est pas de l'UTF-8")
        raise Malformed(what=Words("The line", "La ligne"), why=why) from None


def _fact(line: str, log_format: ForeignFormat, utc: bool) -> ForeignFact | None:
    if log_format is ForeignFormat.FHIR_AUDIT:
        return audit_fact(line)
    if log_format is ForeignFormat.KEYCLOAK:
        return keycloak_fact(line, utc=utc)
    if log_format is ForeignFormat.HAPROXY:
        return haproxy_fact(line, utc=utc)
    return access_fact(line, utc=utc)

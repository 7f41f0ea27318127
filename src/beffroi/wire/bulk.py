"""Bulk files, row by row: lines in, events of one hospital's domain or refusals with their line number out.

Three formats. `csv`: see `wire.bulk_csv`. `ndjson`: one object a line with the members of `model.feed.Patch`, `ipp`,
and optionally `last_activity_at`; null or absent is "not mentioned", an empty value deletes. `hl7`: any number of ADT
messages one after the other, with or without batch segments or MLLP framing. Text is UTF-8 (HL7: as MSH-18 says).

A refusal says the line and the reason, never what stood there. A row explains readings only when it states its last
activity: `occurred_at` then, with `explains_s` counted from it, not from the import.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from beffroi.errors import CallerError, InvalidValue, Malformed, TooLarge, Words
from beffroi.model.feed import FeedEvent, Patch
from beffroi.model.person import Hospital
from beffroi.wire.bulk_csv import csv_reader
from beffroi.wire.bulk_values import bulk_event, checked_patch
from beffroi.wire.pam import feed_events

# Bytes of one line, and of one HL7 message: what a live message may have (wire.mllp).
LINE_BYTES_MAX = 1024 * 1024
# Lines of one HL7 message (count).
MESSAGE_LINES_MAX = 10_000

_THE_ROW = Words("The row", "La ligne")
_JSON_PATH = re.compile(r"at `\$\.([a-z_\[\].0-9]{1,60})")
_ENVELOPES = (b"FHS", b"BHS", b"BTS", b"FTS")
_FRAMING = b"\x0b\x1c"
_BOM = b"\xef\xbb\xbf"


class BulkFormat(StrEnum):
    CSV = "csv"
    NDJSON = "ndjson"
    HL7 = "hl7"


@dataclass(frozen=True, slots=True)
class Row:
    """What one row says. `line_number` is where it begins, `end_line` where it ends; both count from 1."""

    line_number: int
    end_line: int
    events: tuple[FeedEvent, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that cannot be read, and why."""

    line_number: int
    end_line: int
    reason: CallerError


Read = Row | Refused


def read_rows(
    lines: Iterable[bytes], bulk_format: BulkFormat, hospital: Hospital, *, after_line: int = 0
) -> Iterator[Read]:
    """The rows of `lines` (without their ends), those up to line `after_line` left out.

    Raises `Malformed` when the whole file cannot be read: a CSV header with an unknown column.
    """
    numbered = enumerate(_without_bom(lines), 1)
    if bulk_format is BulkFormat.HL7:
        return _read_hl7(numbered, hospital, after_line)
    read: Callable[[bytes], Iterable[FeedEvent]]
    if bulk_format is BulkFormat.CSV:
        read = csv_reader(next(numbered, (1, b""))[1], hospital.hospital_id)
    else:
        read = _ndjson_reader(hospital)
    return _read_lines(numbered, read, after_line)


def split_lines(chunks: Iterable[bytes], line_bytes_max: int = LINE_BYTES_MAX) -> Iterator[bytes]:
    r"""Lines without their ends (CR, LF or CRLF), whatever the chunks. Of a line that is too long only a chunk more
    than the limit is ever held: enough for it to be refused.

    >>> list(split_lines([b"a\r", b"\nb\rc", b"d\n"]))
    [b'a', b'b', b'cd']
    """
    rest = b""
    after_cr = False
    for chunk in chunks:
        if after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        if not chunk:
            continue
        after_cr = chunk.endswith(b"\r")
        first, *others = chunk.splitlines(keepends=True)
        if len(rest) <= line_bytes_max or first.endswith((b"\r", b"\n")):
            rest = rest[: line_bytes_max + 1] + first
        for following in others:
            yield rest.rstrip(b"\r\n")
            rest = following
        if rest.endswith((b"\r", b"\n")):
            yield rest.rstrip(b"\r\n")
            rest = b""
    if rest:
        yield rest


def _without_bom(lines: Iterable[bytes]) -> Iterator[bytes]:
    for number, line in enumerate(lines):
        yield line.removeprefix(_BOM) if number == 0 else line


def _read_lines(
    numbered: Iterable[tuple[int, bytes]], read: Callable[[bytes], Iterable[FeedEvent]], after_line: int
) -> Iterator[Read]:
    for number, line in numbered:
        if number <= after_line or not line.strip():
            continue
        try:
            yield Row(number, number, tuple(read(_bounded(line))))
        except CallerError as reason:
            yield Refused(number, number, reason)


def _bounded(line: bytes) -> bytes:
    if len(line) > LINE_BYTES_MAX:
        raise TooLarge(what=_THE_ROW, limit=f"{LINE_BYTES_MAX} bytes")
    return line


# --- NDJSON


class _JsonRow(Patch, frozen=True, kw_only=True, forbid_unknown_fields=True):
    ipp: str
    last_activity_at: datetime | None = None


_decode_row = msgspec.json.Decoder(_JsonRow).decode
_PATCH_FIELDS = Patch.__struct_fields__


def _ndjson_reader(hospital: Hospital) -> Callable[[bytes], Iterable[FeedEvent]]:
    def read(line: bytes) -> Iterable[FeedEvent]:
        try:
            row = _decode_row(line)
        except msgspec.ValidationError as error:
            raise _wrong_member(error) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Malformed(
                what=_THE_ROW, why=Words("it is not JSON in UTF-8", "ce n'est pas du JSON en UTF-8")
            ) from None
        patch = Patch(**{name: getattr(row, name) for name in _PATCH_FIELDS})
        return (bulk_event(hospital.hospital_id, row.ipp, checked_patch(patch), row.last_activity_at),)

    return read


def _wrong_member(error: msgspec.ValidationError) -> InvalidValue:
    """Names the member, of which the names are ours; never the value, nor a member that we do not know."""
    where = _JSON_PATH.search(str(error))
    what: object = where[1] if where else _THE_ROW
    return InvalidValue(
        what=what, why=Words("a wrong type, code or member name", "type, code ou nom de champ inattendu")
    )


# --- HL7


def _read_hl7(numbered: Iterable[tuple[int, bytes]], hospital: Hospital, after_line: int) -> Iterator[Read]:
    message: list[bytes] = []
    first = last = 0
    size = 0
    for number, line in numbered:
        if number <= after_line:
            continue
        bare = line.strip(_FRAMING)
        starts = bare.startswith(b"MSH")
        if message and (starts or bare.startswith(_ENVELOPES)):
            yield _read_message(message, size, first, number - 1, hospital)
            message, size = [], 0
        if starts:
            first = number
        elif bare.startswith(_ENVELOPES) or not bare.strip():
            continue
        elif not message:
            reason = Malformed(what="MSH", why=Words("a segment stands before it", "un segment le précède"))
            yield Refused(number, number, reason)
            continue
        size += len(bare) + 1
        last = number
        if size <= LINE_BYTES_MAX and len(message) <= MESSAGE_LINES_MAX:
            message.append(bare)
    if message:
        yield _read_message(message, size, first, last, hospital)


def _read_message(message: list[bytes], size: int, first: int, last: int, hospital: Hospital) -> Read:
    try:
        if size > LINE_BYTES_MAX or len(message) > MESSAGE_LINES_MAX:
            limit = f"{LINE_BYTES_MAX} bytes, {MESSAGE_LINES_MAX} segments"
            raise TooLarge(what=Words("The message", "Le message"), limit=limit)
        events = feed_events(b"\r".join(message) + b"\r", hospital)
    except CallerError as reason:
        return Refused(first, last, reason)
    return Row(first, last, tuple(e if e.occurred_at else replace(e, explains_s=0) for e in events))

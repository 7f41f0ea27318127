"""Acknowledgements, and what every reply begins with: MSH, MSA, ERR.

Original mode: one reply to one message, MSH-3 to 6 exchanged, in the asker's separators, version, language and, where
it can be written in it, character set. An error says where, which code, and in words what to do; it repeats nothing of
the patient.

Source: HL7 v2.5 sections 2.9.2 (original mode), 2.15.5 (ERR), 2.15.8 (MSA), tables 0008, 0357, 0516; before v2.5 ERR-1.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from beffroi.errors import (
    AccountFrozen,
    BeffroiError,
    NotAuthenticated,
    ServerError,
    UnknownAccount,
    UnsupportedEvent,
    UnsupportedMessage,
    UnsupportedVersion,
    Words,
)
from beffroi.wire.hl7 import VERSIONS, Header
from beffroi.wire.hl7_text import STANDARD, Charset, encode, escape
from beffroi.wire.hl7_time import format_time
from beffroi.wire.pam_traits import Remark

APPLICATION = "BEFFROI"
VERSION_DEFAULT = "2.5"
_WITH_ERR_1 = frozenset({"2.3.1", "2.4"})

CONDITIONS = {
    "0": "Message accepted",
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "103": "Table value not found",
    "200": "Unsupported message type",
    "201": "Unsupported event code",
    "202": "Unsupported processing id",
    "203": "Unsupported version id",
    "204": "Unknown key identifier",
    "205": "Duplicate key identifier",
    "206": "Application record locked",
    "207": "Application internal error",
}
"""Table 0357."""


class Code(StrEnum):
    """Table 0008. AR: not for what the message says (or a kind that is never accepted); AE: mend it first."""

    ACCEPTED = "AA"
    ERROR = "AE"
    REJECTED = "AR"


class Severity(StrEnum):
    """Table 0516."""

    ERROR = "E"
    WARNING = "W"
    INFORMATION = "I"


class Stamp(msgspec.Struct, frozen=True):
    """What makes a reply a new message: its control number (MSH-10) and its time."""

    control_id: str
    at: datetime


class Notice(msgspec.Struct, frozen=True):
    """One ERR segment: where, a code of table 0357, how grave, and words for a person."""

    location: str
    condition: str
    severity: Severity
    text: str


_REJECTIONS = (
    ServerError,
    UnsupportedMessage,
    UnsupportedEvent,
    UnsupportedVersion,
    UnknownAccount,
    NotAuthenticated,
    AccountFrozen,
)


def code_of(error: BeffroiError) -> Code:
    """AR for what is not in the message's content, and for what its header says; else AE.

    >>> code_of(UnsupportedEvent("MSH^1^9", what="ADT^A29")).value
    'AR'
    """
    return Code.REJECTED if isinstance(error, _REJECTIONS) or error.location.startswith("MSH") else Code.ERROR


def notice_of(error: BeffroiError, language: str) -> Notice:
    """An error as it is told, in the asker's language."""
    return Notice(error.location, error.hl7_code, Severity.ERROR, error.text(language))


def acknowledge(header: Header, stamp: Stamp, remarks: Sequence[Remark] = ()) -> bytes:
    """AA: kept, durably. A remark says what of the message was not kept, as a warning."""
    notices = [Notice(remark.location, "0", Severity.WARNING, _said(remark.words, header.speaks)) for remark in remarks]
    return acknowledge_with(header, stamp, notices)


def acknowledge_with(header: Header, stamp: Stamp, notices: Sequence[Notice]) -> bytes:
    """AA with notices that are no errors."""
    return assemble(header, stamp, _ack_of(header), Code.ACCEPTED, notices)


def refuse(header: Header | None, stamp: Stamp, errors: Sequence[BeffroiError]) -> bytes:
    """AE or AR with the errors. Without a header (MSH unreadable) the reply names no message."""
    known = header or Header(STANDARD, Charset.UTF_8)
    notices = [notice_of(error, known.speaks) for error in errors]
    return assemble(known, stamp, _ack_of(known), worst_of(errors), notices)


def worst_of(errors: Sequence[BeffroiError]) -> Code:
    """The code of a reply that tells several errors."""
    return max((code_of(error) for error in errors), key=str)


def _ack_of(header: Header) -> tuple[str, ...]:
    """MSH-9. An event that is no code is not repeated."""
    return ("ACK",) if "?" in header.kind else ("ACK", header.event, "ACK")


def _said(words: Words, language: str) -> str:
    return words.french if language == "fr" else words.english


def assemble(
    header: Header,
    stamp: Stamp,
    kind: Sequence[str],
    code: Code,
    notices: Sequence[Notice],
    rest: Iterable[str] = (),
) -> bytes:
    """A reply in bytes: MSH, MSA, ERRs, and the segments of `rest`, already written in the asker's separators."""
    old = header.version in _WITH_ERR_1
    text = notices[0].text if old and notices else ""
    body = [_msa(header, code, text), *(_err(header, notice, old) for notice in notices), *rest]
    whole, charset = encode("\r".join((heading(header, stamp, kind, header.charset), *body, "")), header.charset)
    if charset is header.charset:
        return whole
    return encode("\r".join((heading(header, stamp, kind, charset), *body, "")), charset)[0]


def segment(header: Header, name: str, values: dict[int, str]) -> str:
    """A segment of fields by number, each already written; nothing behind the last one."""
    separator = header.delimiters.field
    last = max((number for number, value in values.items() if value), default=0)
    return separator.join((name, *(values.get(number, "") for number in range(1, last + 1))))


def components(header: Header, *values: str) -> str:
    """Values as one field's components, escaped; nothing behind the last one."""
    separator = header.delimiters.component
    return separator.join(escape(value, header.delimiters) for value in values).rstrip(separator)


def echoed(raw: str) -> str:
    """What the asker wrote, as they wrote it, but on one line."""
    return raw if raw.isprintable() else "".join(c if c.isprintable() else " " for c in raw)


def heading(header: Header, stamp: Stamp, kind: Sequence[str], charset: Charset) -> str:
    """MSH of a message of ours to who sent `header`: MSH-3 to 6 exchanged, in its separators."""
    values = {
        2: header.delimiters.encoding_characters,
        3: echoed(header.receiving_application) or APPLICATION,
        4: echoed(header.receiving_facility),
        5: echoed(header.application),
        6: echoed(header.facility),
        7: format_time(stamp.at),
        9: components(header, *kind),
        10: stamp.control_id,
        11: echoed(header.processing) or "P",
        12: echoed(header.version_id) if header.version in VERSIONS else VERSION_DEFAULT,
        17: echoed(header.country),
        18: "" if charset in (Charset.UNDECLARED, Charset.UNKNOWN) else charset.value,
        19: echoed(header.language),
    }
    separator = header.delimiters.field
    last = max(number for number, value in values.items() if value)
    return "MSH" + "".join(separator + values.get(number, "") for number in range(2, last + 1))


def _msa(header: Header, code: Code, text: str) -> str:
    words = escape(text, header.delimiters)
    return segment(header, "MSA", {1: code.value, 2: echoed(header.control_id), 3: words})


def _err(header: Header, notice: Notice, old: bool) -> str:
    separator = header.delimiters.component
    condition = (notice.condition, CONDITIONS[notice.condition], "HL70357")
    location = notice.location.replace("^", separator)
    if old:
        place = [*notice.location.split("^"), "", "", ""][:3]
        coded = header.delimiters.subcomponent.join(condition)
        return segment(header, "ERR", {1: separator.join((*place, coded))})
    values = {2: location, 3: components(header, *condition), 4: notice.severity.value}
    return segment(header, "ERR", values | {8: escape(notice.text, header.delimiters)})

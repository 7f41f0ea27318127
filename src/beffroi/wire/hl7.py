"""HL7 v2 messages, read lazily: the header at once, another segment only when somebody asks for it by name.

What nobody asks for is never decoded, which is how medical segments are dropped (law 4). Absent and `""` differ: a
value that is not there reads None, a value that is deleted reads "".

Source: HL7 v2.5 chapter 2, sections 2.5 to 2.7 (message construction) and 2.15.9 (MSH).
"""

import re
from hashlib import sha256

import msgspec

from beffroi.errors import CallerError, Malformed, Missing, NotInTable, TooLarge, UnsupportedVersion, Words
from beffroi.wire.hl7_text import Charset, Delimiters, charset_of, decode, unescape

SEGMENTS_MAX = 10_000
"""Segments. Far above any identity message; a laboratory's longest report fits, and is refused by its type instead."""
FIELDS_MAX = 400
"""Fields in one segment; the widest standard one has 91."""
REPETITIONS_MAX = 100
"""Repetitions of one field: identifiers, names or telephones of one person."""
HEADER_FIELD_CHARACTERS_MAX = 250
"""Characters of a header field, all of which are echoed in the reply (HD has 227, MSH-10 199)."""
DIGEST_BYTES = 16

VERSIONS = ("2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.1", "2.8.2")
NULL = '""'
_CODE = re.compile(r"[A-Z][A-Z0-9]{2}")
_SEPARATORS = frozenset("!#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_ENVELOPE = (b"FHS", b"BHS", b"BTS", b"FTS")
_HEADER_FIELDS = frozenset({3, 4, 5, 6, 9, 10, 11, 12, 17, 18, 19})


class Header(msgspec.Struct, frozen=True):
    """What MSH says. `application` to `receiving_facility`, `control_id` and `version_id` are as sent, for the echo."""

    delimiters: Delimiters
    charset: Charset
    application: str = ""
    facility: str = ""
    receiving_application: str = ""
    receiving_facility: str = ""
    sent_at: str = ""
    type: str = ""
    event: str = ""
    control_id: str = ""
    processing: str = ""
    version: str = ""
    version_id: str = ""
    country: str = ""
    version_country: str = ""
    language: str = ""

    @property
    def kind(self) -> str:
        """Type and event where they are codes, else a question mark: safe in an error and in a log.

        >>> Header(Delimiters(), Charset.UTF_8, type="ADT", event="Jean").kind
        'ADT^?'
        """
        return "^".join(code if _CODE.fullmatch(code) else "?" for code in (self.type, self.event))

    @property
    def facility_name(self) -> str:
        """MSH-4.1, the namespace of the sender's facility."""
        name = self.facility.split(self.delimiters.component, 1)[0]
        return unescape(name, self.delimiters, self.charset).strip()

    @property
    def french(self) -> bool:
        """True when MSH-17 or the country of MSH-12 says France: PAM France's own rules hold."""
        return "FRA" in (self.country.upper(), self.version_country.upper())

    @property
    def speaks(self) -> str:
        """The language of an answer: MSH-19 where it is said, French for France, else English.

        >>> Header(Delimiters(), Charset.UTF_8, country="FRA").speaks
        'fr'
        """
        said = self.language[:2].lower()
        if said in ("fr", "en"):
            return said
        return "fr" if self.french else "en"

    def check(self) -> None:
        """Raises what is wrong with the header: a character set, a version, a type or a control number."""
        if self.charset is Charset.UNKNOWN:
            accepted = ", ".join(c for c in Charset if c not in (Charset.UNKNOWN, Charset.UNDECLARED))
            raise NotInTable("MSH^1^18", what="MSH-18", accepted=accepted)
        if self.version and self.version not in VERSIONS:
            raise UnsupportedVersion("MSH^1^12", what=f"{VERSIONS[0]} – {VERSIONS[-1]}")
        if not self.type:
            raise Missing("MSH^1^9", what="MSH-9")
        if not self.control_id:
            raise Missing("MSH^1^10", what="MSH-10")


class Repetition:
    """One repetition of a field: components, sub-components, decoded when asked for."""

    __slots__ = ("_charset", "_components", "_delimiters", "location")

    def __init__(self, raw: str, delimiters: Delimiters, charset: Charset, location: str) -> None:
        self._components = raw.split(delimiters.component)
        self._delimiters = delimiters
        self._charset = charset
        self.location = location

    @property
    def is_null(self) -> bool:
        """True when the whole value is `""`: to be deleted."""
        return self._components[0] == NULL and not any(self._components[1:])

    @property
    def is_empty(self) -> bool:
        """True when nothing is said."""
        return not any(self._components)

    def text(self, component: int = 1, subcomponent: int = 1) -> str | None:
        """The value: None when it is absent, "" when it is `""`."""
        if component > len(self._components):
            return None
        raw = self._components[component - 1]
        if not raw:
            return None
        if self._delimiters.subcomponent in raw:
            parts = raw.split(self._delimiters.subcomponent)
            if subcomponent > len(parts) or not parts[subcomponent - 1]:
                return None
            raw = parts[subcomponent - 1]
        elif subcomponent > 1:
            return None
        if raw == NULL:
            return ""
        return unescape(raw, self._delimiters, self._charset) if self._delimiters.escape in raw else raw


class Segment:
    """One segment. Fields are numbered from 1, as the standard numbers them (not for MSH, which `Header` reads)."""

    __slots__ = ("_charset", "_delimiters", "_fields", "name", "ordinal")

    def __init__(self, name: str, ordinal: int, text: str, delimiters: Delimiters, charset: Charset) -> None:
        self.name = name
        self.ordinal = ordinal
        self._delimiters = delimiters
        self._charset = charset
        self._fields = text.split(delimiters.field)
        if len(self._fields) > FIELDS_MAX:
            raise TooLarge(f"{name}^{ordinal}", what=name, limit=f"{FIELDS_MAX} fields")

    @property
    def field_count(self) -> int:
        """The number of the last field."""
        return len(self._fields) - 1

    def location(self, field: int) -> str:
        """Where a field is, as ERR-2 says it: segment, ordinal among its like, field."""
        return f"{self.name}^{self.ordinal}^{field}"

    def raw(self, field: int) -> str:
        """A field as sent, "" when it is absent."""
        return self._fields[field] if field < len(self._fields) else ""

    def text(self, field: int, component: int = 1) -> str | None:
        """A component of a field's first repetition: None when it is absent, "" when it is `""`."""
        raw = self.raw(field)
        if not raw:
            return None
        if raw == NULL:
            return ""
        first = raw.split(self._delimiters.repetition, 1)[0]
        return self._repetition(first, field, 1).text(component)

    def repetitions(self, field: int) -> tuple[Repetition, ...]:
        """The repetitions that say something; empty when the field is absent. Locations name their ordinal."""
        raw = self.raw(field)
        if not raw:
            return ()
        pieces = raw.split(self._delimiters.repetition)
        if len(pieces) > REPETITIONS_MAX:
            what = f"{self.name}-{field}"
            raise TooLarge(self.location(field), what=what, limit=f"{REPETITIONS_MAX} repetitions")
        found = (self._repetition(piece, field, number) for number, piece in enumerate(pieces, start=1) if piece)
        return tuple(repetition for repetition in found if not repetition.is_empty)

    def _repetition(self, raw: str, field: int, number: int) -> Repetition:
        return Repetition(raw, self._delimiters, self._charset, f"{self.name}^{self.ordinal}^{field}^{number}")


class Message:
    """A header, and the lines behind it, still bytes."""

    __slots__ = ("_lines", "header")

    def __init__(self, header: Header, lines: list[bytes]) -> None:
        self.header = header
        self._lines = lines

    def segments(self, *names: str) -> list[Segment]:
        """The segments of these names in their order, decoded; nothing else is. Raises `Malformed`, `TooLarge`."""
        found: list[Segment] = []
        ordinals: dict[bytes, int] = {}
        wanted = frozenset(name.encode("ascii") for name in names)
        separator = self.header.delimiters.field.encode("utf-8")
        for line in self._lines:
            name = line[:3]
            if name not in wanted or not (len(line) == 3 or line.startswith(separator, 3)):
                continue
            ordinal = ordinals[name] = ordinals.get(name, 0) + 1
            label = name.decode("ascii")
            text = decode(line, self.header.charset, f"{label}^{ordinal}")
            found.append(Segment(label, ordinal, text, self.header.delimiters, self.header.charset))
        return found

    def count(self, name: str) -> int:
        """How many segments of a name there are, without reading any."""
        wanted = name.encode("ascii")
        return sum(line[:3] == wanted for line in self._lines)

    def first(self, name: str) -> Segment | None:
        """The first segment of a name, or None."""
        found = self.segments(name)
        return found[0] if found else None

    def digest(self, ordinal: int = 0) -> bytes:
        """16 bytes of SHA-256 over all segments but MSH; `ordinal` tells several events of one message apart."""
        hashed = sha256(b"\r".join(self._lines))
        if ordinal:
            hashed.update(ordinal.to_bytes(4, "big"))
        return hashed.digest()[:DIGEST_BYTES]


def parse(content: bytes) -> Message:
    """One message, alone or in a batch envelope. Raises `Malformed` or `TooLarge`; `header.check()` is the caller's.

    >>> message = parse(b"MSH|^~\\\\&|GAM|CH|||||ADT^A28|7||2.5\\rPID|1||12^^^CH^PI")
    >>> message.header.kind, message.first("PID").text(3)
    ('ADT^A28', '12')
    """
    lines = _lines(content)
    if not lines:
        raise _unreadable(Words("it is empty", "il est vide"))
    if not lines[0].startswith(b"MSH"):
        raise _unreadable(Words("it does not begin with MSH", "il ne commence pas par MSH"))
    if any(line.startswith(b"MSH") for line in lines[1:]):
        raise _unreadable(Words("it holds several messages: send one a frame", "il contient plusieurs messages"))
    return Message(_header(lines[0]), lines[1:])


def _lines(content: bytes) -> list[bytes]:
    """The segments, ended by carriage returns, or by line feeds where there are none; the envelope is left out."""
    content = content.removeprefix(b"\xef\xbb\xbf").strip(b"\r\n\t ")
    separator = b"\r" if b"\r" in content else b"\n"
    if content.count(separator) >= SEGMENTS_MAX:
        raise TooLarge("MSH^1", what=Words("The message", "Le message"), limit=f"{SEGMENTS_MAX} segments")
    stripped = (line.strip(b"\n") for line in content.split(separator))
    return [line for line in stripped if line and not line.startswith(_ENVELOPE)]


def _unreadable(why: Words) -> CallerError:
    return Malformed("MSH^1", what=Words("The message", "Le message"), why=why)


def _header(line: bytes) -> Header:
    delimiters = _delimiters(line)
    declared = line.split(delimiters.field.encode("utf-8"))
    charset = charset_of(_first_value(declared[17].decode("latin-1"), delimiters) if len(declared) > 17 else "")
    fields = decode(line, charset, "MSH^1").split(delimiters.field)
    if len(fields) > FIELDS_MAX:
        raise TooLarge("MSH^1", what="MSH", limit=f"{FIELDS_MAX} fields")
    value = dict(enumerate(fields, start=1))
    for number in _HEADER_FIELDS:
        if len(value.get(number, "")) > HEADER_FIELD_CHARACTERS_MAX:
            limit = f"{HEADER_FIELD_CHARACTERS_MAX} characters"
            raise TooLarge(f"MSH^1^{number}", what=f"MSH-{number}", limit=limit)

    def part(number: int, component: int = 1) -> str:
        pieces = value.get(number, "").split(delimiters.repetition, 1)[0].split(delimiters.component)
        return pieces[component - 1].strip() if len(pieces) >= component else ""

    return Header(
        delimiters=delimiters,
        charset=charset,
        application=value.get(3, ""),
        facility=value.get(4, ""),
        receiving_application=value.get(5, ""),
        receiving_facility=value.get(6, ""),
        sent_at=part(7),
        type=part(9),
        event=part(9, 2),
        control_id=value.get(10, "").strip(),
        processing=value.get(11, ""),
        version=part(12),
        version_id=value.get(12, ""),
        country=part(17),
        version_country=part(12, 2),
        language=part(19),
    )


def _first_value(raw: str, delimiters: Delimiters) -> str:
    return raw.split(delimiters.repetition, 1)[0].split(delimiters.component, 1)[0].strip()


def _delimiters(line: bytes) -> Delimiters:
    """The separators of MSH-1 and MSH-2. An escape or sub-component character left out takes its usual value."""
    head = line[3:10].decode("latin-1")
    separator, encoding = head[:1], head[1:].split(head[:1] or "|", 1)[0][:4]
    if len(encoding) < 2:
        why = Words("MSH-1 and MSH-2 do not declare its separators", "MSH-1 et MSH-2 ne déclarent pas ses séparateurs")
        raise Malformed("MSH^1^2", what="MSH-2", why=why)
    component, repetition = encoding[0], encoding[1]
    escape_character = encoding[2] if len(encoding) > 2 else "\\"
    subcomponent = encoding[3] if len(encoding) > 3 else "&"
    every = {separator, component, repetition, escape_character, subcomponent}
    if len(every) < 5 or not all(c in _SEPARATORS for c in every):
        why = Words(
            "two separators are equal, or one is a letter", "deux séparateurs sont égaux, ou l'un est une lettre"
        )
        raise Malformed("MSH^1^2", what="MSH-2", why=why)
    return Delimiters(separator, component, repetition, escape_character, subcomponent)

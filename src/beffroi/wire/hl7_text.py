"""The characters of HL7 v2: delimiters, escape sequences, character sets.

Source: HL7 v2.5 chapter 2, sections 2.5.4 (delimiters), 2.7 (escape sequences), 2.15.9.18 (MSH-18, table 0211);
PAM France 2.11.2 section 6 (UNICODE UTF-8 and 8859/1).
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from beffroi.errors import Malformed, Words


class Charset(StrEnum):
    """The character sets that are read and written, by their name in table 0211."""

    UTF_8 = "UNICODE UTF-8"
    LATIN_1 = "8859/1"
    LATIN_9 = "8859/15"
    ASCII = "ASCII"
    UNDECLARED = ""
    UNKNOWN = "?"


_SPELLINGS = {
    "UNICODEUTF8": Charset.UTF_8,
    "UNICODE": Charset.UTF_8,
    "UTF8": Charset.UTF_8,
    "88591": Charset.LATIN_1,
    "ISO88591": Charset.LATIN_1,
    "LATIN1": Charset.LATIN_1,
    "885915": Charset.LATIN_9,
    "ISO885915": Charset.LATIN_9,
    "ASCII": Charset.ASCII,
    "USASCII": Charset.ASCII,
    "ISOIR6": Charset.ASCII,
    "": Charset.UNDECLARED,
}
_SEPARATORS = re.compile(r"[ /_\-.]")


def charset_of(declared: str) -> Charset:
    """The character set of MSH-18, however it is spelt; `UNKNOWN` for one that is not read here.

    >>> charset_of("UNICODE UTF-8"), charset_of("8859/15"), charset_of("ISO IR87")
    (<Charset.UTF_8: 'UNICODE UTF-8'>, <Charset.LATIN_9: '8859/15'>, <Charset.UNKNOWN: '?'>)
    """
    return _SPELLINGS.get(_SEPARATORS.sub("", declared.upper()), Charset.UNKNOWN)


def decode(raw: bytes, charset: Charset, location: str) -> str:
    """The text of a segment; raises `Malformed` when its bytes are not of the declared character set.

    >>> decode("Zoé".encode("latin-1"), Charset.UNDECLARED, "PID^1")
    'Zoé'
    """
    if charset is Charset.UTF_8:
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            why = Words(
                "its bytes are not UTF-8, which MSH-18 announces",
                "ses octets ne sont pas de l'UTF-8, annoncé par MSH-18",
            )
            raise Malformed(location, what=location.partition("^")[0], why=why) from None
    if charset is Charset.LATIN_9:
        return raw.decode("iso8859-15")
    if charset is not Charset.LATIN_1:
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            pass
    return _decode_latin_1(raw)


def _decode_latin_1(raw: bytes) -> str:
    """Latin-1 as senders on Windows write it: the bytes 0x80 to 0x9F are letters and quotes, not control characters."""
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


_CODECS = {Charset.UTF_8: "utf-8", Charset.LATIN_1: "latin-1", Charset.LATIN_9: "iso8859-15"}


def encode(text: str, charset: Charset) -> tuple[bytes, Charset]:
    """The bytes of a reply, and the character set that they are in: UTF-8 where the asker's cannot write the text.

    >>> encode("Zoé", Charset.LATIN_1), encode("Œ", Charset.LATIN_1)
    ((b'Zo\\xe9', <Charset.LATIN_1: '8859/1'>), (b'\\xc5\\x92', <Charset.UTF_8: 'UNICODE UTF-8'>))
    """
    try:
        return text.encode(_CODECS.get(charset, "ascii")), charset
    except UnicodeEncodeError:
        return text.encode("utf-8"), Charset.UTF_8


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The five separators that a message declares in MSH-1 and MSH-2. An empty escape character: none declared."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"

    @property
    def encoding_characters(self) -> str:
        """MSH-2.

        >>> Delimiters().encoding_characters
        '^~\\\\&'
        """
        return self.component + self.repetition + self.escape + self.subcomponent


STANDARD = Delimiters()
_ESCAPED = {"F": "field", "S": "component", "R": "repetition", "E": "escape", "T": "subcomponent"}
_SILENT = re.compile(r"[HN]|[CMZ][0-9A-Za-z]*|\.(fi|nf|ce|in|ti|sk)[+-]?[0-9]*")
_LINE_BREAK = re.compile(r"\.(br|sp)[+-]?[0-9]*")
_HEXADECIMAL = re.compile(r"X((?:[0-9A-Fa-f]{2})+)")


def unescape(text: str, delimiters: Delimiters, charset: Charset) -> str:
    r"""The value behind its escape sequences. A lone or unknown escape stands for itself.

    >>> unescape(r"R\T\D \X41\\.br\\Q\ 5\6", STANDARD, Charset.UTF_8)
    'R&D A\n\\Q\\ 5\\6'
    """
    escape = delimiters.escape
    if not escape or escape not in text:
        return text
    pieces: list[str] = []
    position = 0
    while (start := text.find(escape, position)) >= 0:
        end = text.find(escape, start + 1)
        if end < 0:
            break
        pieces.append(text[position:start])
        meaning = _meaning(text[start + 1 : end], delimiters, charset)
        if meaning is None:
            pieces.append(text[start:end])
            position = end
        else:
            pieces.append(meaning)
            position = end + 1
    return "".join(pieces) + text[position:]


def _meaning(sequence: str, delimiters: Delimiters, charset: Charset) -> str | None:
    """What one escape sequence stands for, None when it is none."""
    name = _ESCAPED.get(sequence)
    if name is not None:
        return str(getattr(delimiters, name))
    if sequence == "P":  # the truncation character of v2.7
        return "#"
    if _LINE_BREAK.fullmatch(sequence):
        return "\n"
    if found := _HEXADECIMAL.fullmatch(sequence):
        octets = bytes.fromhex(found[1])
        try:
            return decode(octets, charset, "")
        except Malformed:
            return _decode_latin_1(octets)
    return "" if _SILENT.fullmatch(sequence) else None


def escape(value: str, delimiters: Delimiters = STANDARD) -> str:
    r"""A value as a field may hold it: separators escaped, control characters (they end segments) as spaces.

    >>> escape("R&D\r^")
    'R\\T\\D \\S\\'
    """
    return value if value.isalnum() else value.translate(_escapes(delimiters))


@lru_cache(maxsize=16)
def _escapes(delimiters: Delimiters) -> dict[int, str]:
    table = dict.fromkeys((*range(32), 127), " ")
    for letter, name in _ESCAPED.items():
        separator = getattr(delimiters, name)
        if separator:
            table[ord(separator)] = f"{delimiters.escape}{letter}{delimiters.escape}" if delimiters.escape else " "
    return table

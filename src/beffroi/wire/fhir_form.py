"""Names and values of a query string or a form body, within limits.

Source: WHATWG URL, application/x-www-form-urlencoded; FHIR R4 Search (escapes of `,` `|` `$` and backslash).
"""

import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from beffroi.errors import InvalidValue, Malformed, TooLarge, Words

PARAMETERS_MAX = 64
"""Parameters of one search. FHIR Patient has some 30, and each may come twice."""
NAME_LENGTH_MAX = 64
"""Characters of a parameter's name with its modifier."""
VALUE_LENGTH_MAX = 512
"""Characters of a value. A name is at most 250 (HL7), a list of 10 identifiers fits."""
ALTERNATIVES_MAX = 20
"""Values of one comma-separated list: the longest list of people that a search shows by default."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:\-]*")
_SPLIT = {separator: re.compile(rf"(?<!\\)((?:\\\\)*)\{separator}") for separator in ",|"}
_ESCAPE = re.compile(r"\\([\\,|$])")

Pairs = list[tuple[str, str]]


class Limits(NamedTuple):
    """What a form may hold: how many pairs, the characters of a value, and which none of them may have."""

    what: Words
    pairs_max: int = PARAMETERS_MAX
    value_length_max: int = VALUE_LENGTH_MAX
    refused: re.Pattern[str] = _CONTROL


SEARCH = Limits(Words("The search", "La recherche"))
"""Of a search."""

_TWICE = Words("it is percent-encoded wrongly, or not UTF-8", "encodage pour cent incorrect, ou autre que UTF-8")


def parse_pairs(raw: bytes, limits: Limits = SEARCH) -> Pairs:
    """Names and values in their order, empty values left out; raises `Malformed`, `TooLarge` or `InvalidValue`.

    >>> parse_pairs(b"family=Le+Go&given=%C3%89lo&gender=")
    [('family', 'Le Go'), ('given', 'Élo')]
    """
    if not raw:
        return []
    parts = raw.split(b"&")
    if len(parts) > limits.pairs_max:
        raise TooLarge(what=limits.what, limit=f"{limits.pairs_max}")
    pairs = []
    for part in parts:
        if part:
            name, _, value = part.partition(b"=")
            if value:
                pairs.append(checked(_decoded(name, limits), _decoded(value, limits), limits))
    return pairs


def _decoded(raw: bytes, limits: Limits) -> str:
    try:
        if b"%" in raw:
            return unquote_to_bytes(raw.replace(b"+", b" ")).decode()
        return raw.replace(b"+", b" ").decode()
    except UnicodeDecodeError:
        raise Malformed(what=limits.what, why=_TWICE) from None


def checked(name: str, value: str, limits: Limits = SEARCH) -> tuple[str, str]:
    """The pair when it is within limits. The messages repeat no value, and a name only once it is known to be one."""
    if len(name) > NAME_LENGTH_MAX or not _NAME.fullmatch(name):
        raise Malformed(what=Words("A parameter's name", "Le nom d'un paramètre"), why=Words("unknown form", "forme"))
    if len(value) > limits.value_length_max:
        raise TooLarge(name, what=name, limit=f"{limits.value_length_max}")
    if limits.refused.search(value):
        raise InvalidValue(name, what=name, why=Words("it has a control character", "caractère de contrôle"))
    return name, value


def alternatives(name: str, value: str) -> list[str]:
    r"""The values of a comma-separated list, still escaped, empty ones left out.

    >>> alternatives("identifier", r"a\,b,c,")
    ['a\\,b', 'c']
    """
    found = [part for part in _split(value, ",") if part]
    if len(found) > ALTERNATIVES_MAX:
        raise TooLarge(name, what=name, limit=f"{ALTERNATIVES_MAX}")
    return found


def token_parts(value: str) -> list[str]:
    r"""The parts of a token around its bars, escapes resolved.

    >>> token_parts(r"urn:oid:1.2|A\|1"), token_parts("A1")
    (['urn:oid:1.2', 'A|1'], ['A1'])
    """
    return [unescaped(part) for part in _split(value, "|")]


def unescaped(value: str) -> str:
    r"""A value without FHIR's escapes.

    >>> unescaped(r"a\,b\\")
    'a,b\\'
    """
    return _ESCAPE.sub(r"\1", value) if "\\" in value else value


def _split(value: str, separator: str) -> list[str]:
    if separator not in value:
        return [value]
    if "\\" not in value:
        return value.split(separator)
    pieces = _SPLIT[separator].split(value)
    # The pattern keeps the escaped backslashes that stood before the separator: they end the piece before it.
    return [pieces[i] + (pieces[i + 1] if i + 1 < len(pieces) else "") for i in range(0, len(pieces), 2)]

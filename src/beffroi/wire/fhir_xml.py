"""FHIR resources from JSON to XML: the same values, in the order of the definitions.

JSON keeps the extensions of a value beside it (`_birthDate`), XML within it; JSON says `resourceType`, XML names the
element. What no XML 1.0 document can hold (most control characters) becomes U+FFFD, so that such a value is seen to be
damaged and does not stop an answer.

Source: FHIR R4 XML and JSON formats; XML 1.0 fifth edition, section 2.2 (Char) and 3.3.3 (attribute values).
"""

import re
from functools import lru_cache
from typing import Any, NamedTuple

from beffroi.wire.fhir_elements import Element, elements_of
from beffroi.wire.fhir_terms import Json

FHIR_NAMESPACE = "http://hl7.org/fhir"

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_SPECIAL = re.compile('[&<>"\t\n\r\x00-\x1f\ud800-\udfff\ufffe\uffff]')
_special = _SPECIAL.search
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}


def to_xml(resource: Json) -> bytes:
    """A resource as an XML document in UTF-8; raises `ValueError` for an element that fhir_elements does not have.

    >>> to_xml({"resourceType": "Patient", "gender": "female", "id": "a"}).decode()[38:]
    '<Patient xmlns="http://hl7.org/fhir"><id value="a"/><gender value="female"/></Patient>'
    """
    out = [_HEAD]
    try:
        _write_resource(out, resource, f' xmlns="{FHIR_NAMESPACE}"')
    except KeyError as unknown:
        raise ValueError(f"no place in XML for {unknown}") from None
    return "".join(out).encode()


def _write_resource(out: list[str], resource: Json, namespace: str = "") -> None:
    kind = resource["resourceType"]
    out.append(f"<{kind}{namespace}>")
    _write_elements(out, kind, resource)
    out.append(f"</{kind}>")


class _Step(NamedTuple):
    """How one element is written: its name, its type, whether it repeats, and which of the ways below it goes."""

    way: int
    name: str
    opening: str
    kind: str
    repeats: bool


_ALONE, _FIXED, _VALUES, _ONE, _MANY = range(5)
"""A single value; a single value that is one of few; values with something beside; an element; repeated elements."""
_FEW = frozenset({"url", "system"})
"""Elements whose values are addresses of ours, of hospitals and of code systems: worth remembering, and nobody's."""


def _write_elements(out: list[str], kind: str, parent: Json) -> None:
    _write_steps(out, _ordered(kind, tuple(parent))[1], parent)


def _write_steps(out: list[str], steps: tuple[_Step, ...], parent: Json) -> None:
    for way, name, opening, element, repeats in steps:
        if way == _ALONE:
            value = parent[name]
            plain = value.__class__ is str and not _special(value)
            out.append(f'{opening}"{value}"/>' if plain else f"{opening}{quoted(value)}/>")
        elif way == _FIXED:
            out.append(f"{opening}{_quoted_few(parent[name])}/>")
        elif way == _ONE:
            _write_complex(out, name, element, parent[name])
        elif way == _MANY:
            for one in parent[name]:
                _write_complex(out, name, element, one)
        else:
            _write_values(out, name, repeats, parent.get(name), parent.get("_" + name))


@lru_cache(maxsize=1024)
def _ordered(kind: str, keys: tuple[str, ...]) -> tuple[bool, tuple[_Step, ...]]:
    """Whether some of these keys are attributes, and the steps for the others, in their order.

    The renderers make few combinations of keys, so that most are known.
    """
    elements = elements_of(kind)
    attributes = ("id", "url") if kind == "Extension" else ("id",)
    names = {key.removeprefix("_") for key in keys if key != "resourceType"}
    attributed = "id" not in elements and not names.isdisjoint(attributes)
    if "id" not in elements:  # an element's id is an attribute, a resource's an element
        names.difference_update(attributes)
    found = sorted(((name, elements[name]) for name in names), key=lambda one: one[1].rank)
    return attributed, tuple(_step(name, element, f"_{name}" in keys) for name, element in found)


def _step(name: str, element: Element, beside: bool) -> _Step:
    if not element.primitive:
        way = _MANY if element.repeats else _ONE
    elif beside or element.repeats:
        way = _VALUES
    else:
        way = _FIXED if name in _FEW else _ALONE
    return _Step(way, name, f"<{name} value=", element.kind, element.repeats)


def _write_complex(out: list[str], name: str, kind: str, value: Json) -> None:
    if kind == "Resource":
        out.append(f"<{name}>")
        _write_resource(out, value)
        out.append(f"</{name}>")
    elif kind == "Coding" and len(value) == 2 and "system" in value and "code" in value:
        out.append(_coding(name, value["system"], value["code"]))
    else:
        attributed, steps = _ordered(kind, tuple(value))
        out.append(f"<{name}{_attributes(kind, value)}>" if attributed else f"<{name}>")
        _write_steps(out, steps, value)
        out.append(f"</{name}>")


@lru_cache(maxsize=4096)
def _coding(name: str, system: str, code: str) -> str:
    """A code of a public table, which says nothing of anybody by itself."""
    return f"<{name}><system value={quoted(system)}/><code value={quoted(code)}/></{name}>"


def _attributes(kind: str, value: Json) -> str:
    found = f" id={quoted(value['id'])}" if "id" in value else ""
    return f"{found} url={_quoted_few(value['url'])}" if kind == "Extension" else found


@lru_cache(maxsize=1024)
def _quoted_few(value: Any) -> str:
    return quoted(value)


def _write_values(out: list[str], name: str, repeats: bool, value: Any, beside: Any) -> None:
    if beside is None:
        for one in value if repeats else (value,):
            out.append(f"<{name} value={quoted(one)}/>")
    elif repeats:
        values, extras = value or [], beside
        for index in range(max(len(values), len(extras))):
            extra = extras[index] if index < len(extras) else None
            _write_value(out, name, values[index] if index < len(values) else None, extra or {})
    else:
        _write_value(out, name, value, beside)


def _write_value(out: list[str], name: str, value: Any, extra: Json) -> None:
    """A value with what JSON keeps beside it."""
    told = "" if value is None else f" value={quoted(value)}"
    if "extension" not in extra:
        out.append(f"<{name}{_attributes('', extra)}{told}/>")
        return
    out.append(f"<{name}{_attributes('', extra)}{told}>")
    _write_elements(out, "string", extra)
    out.append(f"</{name}>")


def quoted(value: Any) -> str:
    """A value as an attribute's, between quotation marks.

    >>> quoted('A&B "C"'), quoted(True)
    ('"A&amp;B &quot;C&quot;"', '"true"')
    """
    if isinstance(value, str):
        return f'"{_SPECIAL.sub(_escape, value)}"' if _special(value) else f'"{value}"'
    return f'"{str(value).lower()}"'  # true and false are so written


def escaped(text: str) -> str:
    """A text as an element's content.

    >>> escaped("A&B")
    'A&amp;B'
    """
    return _SPECIAL.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[0], "\ufffd")

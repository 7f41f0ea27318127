"""FHIR resources from JSON to XML: the same values, in the order of the definitions.

JSON keeps the extensions of a value beside it (`_birthDate`), XML within it; JSON says `resourceType`, XML names the
element. What no XML 1.0 document can hold (most control characters) becomes U+FFFD, so that such a value is seen to be
damaged and does not stop an answer.

Source: FHIR R4 XML and JSON formats; XML 1.0 fifth edition, section 2.2 (Char) and 3.3.3 (attribute values).
"""

import re
from functools import lru_cache
from typing import Any

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


def _write_elements(out: list[str], kind: str, parent: Json) -> None:
    for name, element, primitive, alone in _ordered(kind, tuple(parent)):
        if alone:
            out.append(f"<{name} value={_quoted(parent[name])}/>")
        elif primitive:
            _write_values(out, name, element.repeats, parent.get(name), parent.get("_" + name))
        elif element.repeats:
            for one in parent[name]:
                _write_complex(out, name, element.kind, one)
        else:
            _write_complex(out, name, element.kind, parent[name])


@lru_cache(maxsize=1024)
def _ordered(kind: str, keys: tuple[str, ...]) -> tuple[tuple[str, Element, bool, bool], ...]:
    """The elements that these keys stand for: name, definition, whether primitive, whether one value and no more.

    The renderers make few combinations of keys, so that most are known.
    """
    elements = elements_of(kind)
    attributes = ("id", "url") if kind == "Extension" else ("id",)
    names = {key.removeprefix("_") for key in keys if key != "resourceType"}
    if "id" not in elements:  # an element's id is an attribute, a resource's an element
        names.difference_update(attributes)
    found = sorted(((name, elements[name]) for name in names), key=lambda one: one[1].rank)
    return tuple((n, e, e.primitive, e.primitive and not e.repeats and f"_{n}" not in keys) for n, e in found)


def _write_complex(out: list[str], name: str, kind: str, value: Json) -> None:
    if kind == "Resource":
        out.append(f"<{name}>")
        _write_resource(out, value)
    else:
        out.append(f"<{name}{_attributes(kind, value)}>")
        _write_elements(out, kind, value)
    out.append(f"</{name}>")


def _attributes(kind: str, value: Json) -> str:
    found = f" id={_quoted(value['id'])}" if "id" in value else ""
    return f"{found} url={_quoted(value['url'])}" if kind == "Extension" else found


def _write_values(out: list[str], name: str, repeats: bool, value: Any, beside: Any) -> None:
    if beside is None:
        for one in value if repeats else (value,):
            out.append(f"<{name} value={_quoted(one)}/>")
    elif repeats:
        values, extras = value or [], beside
        for index in range(max(len(values), len(extras))):
            extra = extras[index] if index < len(extras) else None
            _write_value(out, name, values[index] if index < len(values) else None, extra or {})
    else:
        _write_value(out, name, value, beside)


def _write_value(out: list[str], name: str, value: Any, extra: Json) -> None:
    """A value with what JSON keeps beside it."""
    told = "" if value is None else f" value={_quoted(value)}"
    if "extension" not in extra:
        out.append(f"<{name}{_attributes('', extra)}{told}/>")
        return
    out.append(f"<{name}{_attributes('', extra)}{told}>")
    _write_elements(out, "string", extra)
    out.append(f"</{name}>")


def _quoted(value: Any) -> str:
    if isinstance(value, str):
        return f'"{_SPECIAL.sub(_escaped, value)}"' if _special(value) else f'"{value}"'
    return f'"{str(value).lower()}"'  # true and false are so written


def _escaped(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[0], "\ufffd")

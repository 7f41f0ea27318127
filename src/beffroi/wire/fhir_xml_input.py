"""FHIR resources from XML to JSON, from whoever sends them: the parser takes elements and attributes and nothing else.

A document type, and with it every entity of its own, is refused before it is read; so are other encodings, other
namespaces, text between elements, and what nests or repeats beyond any Patient. A narrative is passed over.

Source: FHIR R4 XML format; XML 1.0; OWASP XML External Entity Prevention.
"""

import math
import re
from typing import Any, NoReturn

# What this parser could be led to do is refused below, by handlers that raise.
from xml.parsers import expat  # nosec B407

from beffroi.errors import Malformed, TooLarge, Words
from beffroi.wire.fhir_elements import RESOURCES, Element, elements_of
from beffroi.wire.fhir_terms import Json
from beffroi.wire.fhir_xml import FHIR_NAMESPACE

DEPTH_MAX = 32
"""Elements within elements. A Patient within Parameters, with an extension of an extension, has some 10."""
NODES_MAX = 10_000
"""Elements of one document, as in JSON (fhir_input.NODES_MAX)."""
ATTRIBUTES_MAX = 4
"""Attributes of one element: FHIR has id, url and value, and the root may name a schema."""

_XHTML = "http://www.w3.org/1999/xhtml"
_SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_ENCODINGS = frozenset({"utf-8", "utf8"})
_BODY = Words("The body", "Le corps de la requête")
_NUMBERS = {
    "integer": re.compile(r"-?[0-9]{1,10}"),
    "decimal": re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?([eE][-+]?[0-9]{1,3})?"),
}
_ROOT = Element(0, "Resource", False)


def from_xml(body: bytes) -> Json:
    """The resource of an XML document as JSON has it; raises `Malformed` or `TooLarge`.

    >>> from_xml(b'<Patient xmlns="http://hl7.org/fhir"><name><given value="Jeanne"/></name></Patient>')
    {'resourceType': 'Patient', 'name': [{'given': ['Jeanne']}]}
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        _refuse("it is not UTF-8", "ce n'est pas de l'UTF-8")
    reading = _Reading()
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.XmlDeclHandler = _declared
    parser.StartDoctypeDeclHandler = _no_doctype
    parser.EntityDeclHandler = _no_doctype
    parser.ExternalEntityRefHandler = _no_doctype
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.text
    try:
        parser.Parse(text, True)
    except (expat.ExpatError, ValueError):
        _refuse("it is not XML", "ce n'est pas du XML")
    return reading.resource


class _Frame:
    """An element that is open: what it is, and what of it was read."""

    __slots__ = ("element", "found", "kind", "name", "value")

    def __init__(self, name: str, element: Element, kind: str, found: Json) -> None:
        self.name, self.element, self.kind, self.found = name, element, kind, found
        self.value: str | None = None


class _Reading:
    """What the parser's handlers know between two calls."""

    def __init__(self) -> None:
        self.resource: Json = {}
        self._open: list[_Frame] = [_Frame("", _ROOT, "Resource", {})]
        self._narrative_depth = 0
        self._nodes_count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self._nodes_count += 1
        if len(self._open) + self._narrative_depth > DEPTH_MAX:
            _refuse("it is nested too deeply", "ses éléments sont trop imbriqués")
        if self._nodes_count > NODES_MAX:
            raise TooLarge(what=_BODY, limit=f"{NODES_MAX}")
        namespace, _, name = tag.rpartition(" ")
        within = self._open[-1]
        if self._narrative_depth or (namespace == _XHTML and name == "div" and within.kind == "Narrative"):
            self._narrative_depth += 1
            return
        if namespace != FHIR_NAMESPACE:
            _refuse("an element is not FHIR's", "un élément n'est pas de FHIR")
        self._open.append(self._frame(within, name))
        self._attributes(attributes)

    def _frame(self, within: _Frame, name: str) -> _Frame:
        if within.kind == "Resource":
            if name not in RESOURCES or within.found:
                _refuse("a resource is not one that is read here", "une ressource n'est pas de celles lues ici")
            return _Frame("", _ROOT, name, {"resourceType": name})
        element = elements_of(within.kind).get(name)
        if element is None:
            _refuse("an element is unknown or not at its place", "un élément est inconnu, ou pas à sa place")
        return _Frame(name, element, element.kind, {})

    def _attributes(self, attributes: dict[str, str]) -> None:
        opened = self._open[-1]
        if len(attributes) > ATTRIBUTES_MAX:
            _refuse("an element has too many attributes", "un élément a trop d'attributs")
        for name, value in attributes.items():
            if name == "value" and opened.element.primitive:
                opened.value = value
            elif (name == "id" and opened.name) or (name == "url" and opened.kind == "Extension"):
                opened.found[name] = value
            elif not name.startswith(_SCHEMA_INSTANCE + " "):
                _refuse("an attribute is unknown or not at its place", "un attribut est inconnu, ou pas à sa place")

    def end(self, _tag: str) -> None:
        """An element is complete: it is put into the one around it."""
        if self._narrative_depth:
            self._narrative_depth -= 1
            return
        done = self._open.pop()
        if done.element.primitive:
            _put_value(self._open[-1].found, done)
        elif done.name:
            _tidy(done)
            _put(self._open[-1].found, done.name, done.element.repeats, done.found)
        else:
            _tidy(done)
            self._open[-1].found = done.found
            self.resource = done.found

    def text(self, text: str) -> None:
        """Text counts in a narrative only; elsewhere it may be blank."""
        if not self._narrative_depth and text.strip(" \t\r\n"):
            _refuse("there is text between elements", "il y a du texte entre les éléments")


def _put(parent: Json, name: str, repeats: bool, value: Any) -> None:
    if repeats:
        parent.setdefault(name, []).append(value)
    elif name in parent:
        _refuse("an element comes twice", "un élément en double")
    else:
        parent[name] = value


def _put_value(parent: Json, done: _Frame) -> None:
    """A value and, beside it, its extensions; a repeated one keeps both lists of one length until its parent ends."""
    value = None if done.value is None else _typed(done.element.kind, done.value)
    if done.element.repeats:
        parent.setdefault(done.name, []).append(value)
        parent.setdefault("_" + done.name, []).append(done.found or None)
        return
    if done.name in parent or "_" + done.name in parent:
        _refuse("an element comes twice", "un élément en double")
    if value is not None:
        parent[done.name] = value
    if done.found:
        parent["_" + done.name] = done.found


def _tidy(done: _Frame) -> None:
    """Lists of nothing but nothing go."""
    for key in [key for key, value in done.found.items() if isinstance(value, list)]:
        if all(one is None for one in done.found[key]):
            del done.found[key]


def _typed(kind: str, text: str) -> str | bool | int | float:
    if kind == "string":
        return text
    if kind == "boolean":
        if text not in ("true", "false"):
            _refuse_value()
        return text == "true"
    if not _NUMBERS[kind].fullmatch(text):
        _refuse_value()
    if kind == "integer":
        return int(text)
    number = float(text)
    if not math.isfinite(number):
        _refuse_value()
    return number


def _declared(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding is not None and encoding.lower() not in _ENCODINGS:
        _refuse("it is not UTF-8", "ce n'est pas de l'UTF-8")


def _no_doctype(*_anything: Any) -> NoReturn:
    _refuse("a document type is not read", "un type de document n'est pas lu")


def _refuse_value() -> NoReturn:
    _refuse("a value is not of its type", "une valeur n'est pas de son type")


def _refuse(english: str, french: str) -> NoReturn:
    raise Malformed(what=_BODY, why=Words(english, french))

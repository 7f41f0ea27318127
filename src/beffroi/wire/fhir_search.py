"""A FHIR search on Patient as criteria: which parameters are known, how each is read, and which were used.

An unknown parameter is left out, and left out of the list of used ones, as FHIR says; with `Prefer: handling=strict` it
is an error. A parameter known here that cannot be honoured is always an error: to drop it would widen the list.

Source: FHIR R4 Search and Patient's search parameters; IHE PDQm 3.2.0 ITI-78 (standards 3.1).
"""

from collections import ChainMap
from collections.abc import Callable
from datetime import date
from itertools import product
from math import prod
from typing import Any

import msgspec

from beffroi.errors import InvalidValue, TooLarge, Unsupported, Words
from beffroi.model.disclosure import Field
from beffroi.model.person import Sex
from beffroi.model.search import Criteria, IdentifierToken, Text
from beffroi.wire.fhir_dates import day_range
from beffroi.wire.fhir_form import Pairs, alternatives, token_parts, unescaped
from beffroi.wire.fhir_terms import OID_PREFIX

COUNT_MAX = 1_000
"""People that `_count` may ask for; the server shows far fewer (its own limit), but a client's habit is no error."""
COMBINATIONS_MAX = 8
"""Combinations of the alternatives of one search: a person's few spellings, no list of people."""
WILDCARD_AFTER_MIN = 2
"""Characters that must stand before a wildcard: fewer would sweep."""

ELEMENTS = {
    "identifier": Field.OWN_IDENTIFIER | Field.INS | Field.OTHER_IDENTIFIERS,
    "name": Field.BIRTH_NAME | Field.USED_NAME,
    "telecom": Field.PHONE | Field.EMAIL,
    "gender": Field.SEX,
    "birthDate": Field.BIRTH_DATE,
    "deceased": Field.DECEASED,
    "address": Field.ADDRESS,
    "extension": Field.STATUS | Field.BIRTH_PLACE | Field.MOTHER_NAME | Field.NATIONALITY | Field.PROOF,
    "contact": Field.MOTHER_NAME,
    "multipleBirth": Field.BIRTH_DATE,
}
"""The fields behind Patient's elements, for `_elements`."""

_GENDERS = {"male": Sex.MALE, "female": Sex.FEMALE, "unknown": Sex.UNKNOWN}
_FLAGS = frozenset({"only", "count_only"})
_NARROWING = frozenset(
    {
        "family",
        "given",
        "birth_date",
        "sex",
        "telecom",
        "mother_birth_family",
        "address",
        "address_city",
        "address_postal_code",
        "address_state",
        "address_country",
    }
)
"""The criteria that may come twice: the second one narrows."""
_ALTERNATIVES = frozenset({"_id", "birthdate", "gender", "telecom", "phone", "email"})
"""The parameters, besides strings, whose values a comma separates: one of them must hold."""
_QUIET = frozenset({"_format", "_pretty"})
_ONE_EACH = Words("Make one search for each.", "Faites une recherche pour chacune.")
_NOT_CLEAR = Words("Leave it out, or leave out handling=strict.", "Retirez-le, ou retirez handling=strict.")
_EXACT_ONLY = Words("Names and addresses take :exact.", "Noms et adresses acceptent :exact.")


Parts = dict[str, Any]
"""Fields of `Criteria` by name, or flags."""


class Search(msgspec.Struct, frozen=True):
    """A search as it will be answered.

    `used` are the names (with modifiers) that count, `ignored` those that nobody knows. `only` narrows the fields to
    the elements asked for (None: all). `count_only`: how many, not who.
    """

    criteria: Criteria
    used: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    only: Field | None = None
    count_only: bool = False


def parse_search(pairs: Pairs, strict: bool = False) -> Search:
    """The search that these parameters ask for; raises `CallerError`. `strict`: unknown parameters are errors.

    >>> search = parse_search([("family:exact", "Le Goff"), ("birthdate", "1980-05-17"), ("shoe", "42")])
    >>> search.criteria.family, search.used, search.ignored
    (Text(value='Le Goff', exact=True), ('family:exact', 'birthdate'), ('shoe',))
    """
    values: dict[str, list[str]] = {}
    ignored: dict[str, None] = {}
    for name, value in pairs:
        bare = name.partition(":")[0]
        if bare in _TEXTS or bare in _READERS:
            values.setdefault(name, []).append(value)
        elif name not in _QUIET:
            ignored[name] = None
    if strict and ignored:
        unknown = next(iter(ignored))
        raise Unsupported(unknown, what=_the_parameter(unknown), instead=_NOT_CLEAR)
    criteria, flags = _combined(values)
    return Search(criteria, tuple(values), tuple(ignored), flags.get("only"), flags.get("count_only", False))


def _combined(values: dict[str, list[str]]) -> tuple[Criteria, dict[str, Any]]:
    """The criteria: each parameter's first value in every combination of its alternatives, further ones besides."""
    choices: dict[str, list[Parts]] = {}
    besides: list[list[Parts]] = []
    flags: Parts = {}
    for name, some in values.items():
        for reading in _readings(name, some):
            if (key := next(iter(reading[0]), "")) in _FLAGS:
                flags |= reading[0]
            elif key in choices:
                if key not in _NARROWING:
                    raise Unsupported(name, what=_several(name), instead=_ONE_EACH)
                besides.append(reading)
            elif key:
                choices[key] = reading
    combinations = prod(len(reading) for reading in (*choices.values(), *besides))
    if combinations > COMBINATIONS_MAX:
        limit = f"{COMBINATIONS_MAX} combinations of values"
        raise TooLarge(what=Words("The search", "La recherche"), limit=limit)
    narrowing = tuple(_any_of([Criteria(**parts) for parts in reading]) for reading in besides)
    wholes = [Criteria(**dict(ChainMap(*parts)), besides=narrowing) for parts in product(*choices.values())]
    return _any_of(wholes), flags


def _any_of(criteria: list[Criteria]) -> Criteria:
    first, *others = criteria
    return msgspec.structs.replace(first, alternatives=tuple(others)) if others else first


def _readings(name: str, values: list[str]) -> list[list[Parts]]:
    """What a parameter says, repetition by repetition (all hold), each with its alternatives (one holds)."""
    bare, _, modifier = name.partition(":")
    text_key = _TEXTS.get(bare)
    if modifier and not (text_key and modifier == "exact"):
        what = Words(f"This modifier of {bare}", f"Ce modificateur de {bare}")
        raise Unsupported(bare, what=what, instead=_EXACT_ONLY)
    if text_key:
        some = dict.fromkeys(values)
        return [[{text_key: _text(name, unescaped(one), bool(modifier))} for one in _each(name, v)] for v in some]
    reader, key = _READERS[bare]
    if bare in _ALTERNATIVES:
        if bare == "birthdate" and not any("," in value for value in values):
            return [[reader(bare, key, values)]]  # its bounds make one range
        return [[reader(bare, key, [one]) for one in _each(name, value)] for value in dict.fromkeys(values)]
    return [[reader(bare, key, values)]]


def _each(name: str, value: str) -> list[str]:
    return alternatives(name, value) or [""]


def _single(name: str, values: list[str]) -> str:
    """The one value of a parameter; a repetition of the same value is no second one."""
    if len(set(values)) > 1 or len(found := alternatives(name, values[0])) > 1:
        raise Unsupported(name, what=_several(name), instead=_ONE_EACH)
    return unescaped(found[0]) if found else ""


def _text(name: str, value: str, exact: bool) -> Text:
    """A string criterion. A wildcard at the end says what a search by prefix does anyway; elsewhere it is refused."""
    text = value.strip()
    if not exact and text.endswith("*"):
        text = text.rstrip("*")
        if len(text) < WILDCARD_AFTER_MIN:
            why = Words("a wildcard needs two letters before it", "un joker demande deux lettres avant lui")
            raise InvalidValue(name, what=name, why=why)
    if not text:
        raise InvalidValue(name, what=name, why=Words("it is empty", "valeur vide"))
    if any(wildcard in text for wildcard in "*?%"):
        why = Words("a wildcard stands only at the end", "un joker ne se place qu'à la fin")
        raise InvalidValue(name, what=name, why=why)
    return Text(text, exact)


def _birth_date(name: str, key: str, values: list[str]) -> dict[str, Any]:
    return {key: day_range(name, values)}


def _gender(name: str, key: str, values: list[str]) -> dict[str, Any]:
    code = token_parts(_single(name, values))[-1]
    if code not in _GENDERS:
        why = Words("use male, female or unknown", "utilisez male, female ou unknown")
        raise InvalidValue(name, what=name, why=why)
    return {key: _GENDERS[code]}


def _identifier(name: str, key: str, values: list[str]) -> dict[str, Any]:
    """Tokens with a value select; `system|` names a domain whose identifiers are to come back (PDQm 2:3.78.4.1.2.4)."""
    found: dict[str, Any] = {}
    for value in values:
        tokens = [identifier_token(name, one) for one in alternatives(name, value)]
        if any(token.value for token in tokens):
            if key in found or not all(token.value for token in tokens):
                raise Unsupported(name, what=_several(name), instead=_ONE_EACH)
            found[key] = tuple(tokens)
        elif tokens:
            found["domains"] = (*found.get("domains", ()), *(token.system for token in tokens))
    return found


def identifier_token(name: str, value: str) -> IdentifierToken:
    """An identifier as `system|value`, `|value`, `value` or `system|`; raises `InvalidValue`.

    >>> identifier_token("identifier", "urn:oid:1.2.3|A1")
    IdentifierToken(system='1.2.3', value='A1')
    """
    parts = [part.strip() for part in token_parts(value)]
    if len(parts) > 2 or not any(parts):
        why = Words("write it as system|value", "écrivez système|valeur")
        raise InvalidValue(name, what=name, why=why)
    system, number = parts if len(parts) == 2 else ("", parts[0])
    return IdentifierToken(system.removeprefix(OID_PREFIX), number)


def _telecom(name: str, key: str, values: list[str]) -> dict[str, Any]:
    value = token_parts(_single(name, values))[-1].strip()
    if not value:
        raise InvalidValue(name, what=name, why=Words("it is empty", "valeur vide"))
    return {key: value}


def _boolean(name: str, key: str, values: list[str]) -> dict[str, Any]:
    value = token_parts(_single(name, values))[-1]
    if value not in ("true", "false"):
        why = Words("use true or false", "utilisez true ou false")
        raise InvalidValue(name, what=name, why=why)
    return {key: value == "true"}


def _reference(name: str, key: str, values: list[str]) -> dict[str, Any]:
    value = _single(name, values).removeprefix("Patient/")
    if not value:
        raise InvalidValue(name, what=name, why=Words("it is empty", "valeur vide"))
    return {key: value}


def _updated_since(name: str, key: str, values: list[str]) -> dict[str, Any]:
    window = day_range(name, values)
    found = {} if window.first == date.min else {key: window.first}
    return found if window.last == date.max else found | {"updated_until": window.last}


def _count(name: str, key: str, values: list[str]) -> dict[str, Any]:
    value = _single(name, values)
    if not (value.isascii() and value.isdigit() and len(value) <= 6):
        raise InvalidValue(name, what=name, why=Words("use a whole number", "utilisez un nombre entier"))
    count = int(value)
    return {key: min(count, COUNT_MAX)} if count else {"count_only": True}


def _summary(name: str, _key: str, values: list[str]) -> dict[str, Any]:
    value = _single(name, values)
    if value not in ("count", "false"):
        raise Unsupported(name, what=Words(f"This {name}", f"Ce {name}"), instead="_summary=count, _elements.")
    return {"count_only": True} if value == "count" else {}


def _elements(name: str, key: str, values: list[str]) -> dict[str, Any]:
    """Elements that nobody knows ask for nothing; those that are always there need no field."""
    only = Field(0)
    for value in values:
        for element in alternatives(name, value):
            only |= ELEMENTS.get(element.strip().removeprefix("Patient."), Field(0))
    return {key: only}


def _unsupported(name: str, _key: str, _values: list[str]) -> dict[str, Any]:
    instead = Words("Use family and given.", "Utilisez family et given.")
    raise Unsupported(name, what=_the_parameter(name), instead=instead)


def _the_parameter(name: str) -> Words:
    return Words(f"The parameter {name}", f"Le paramètre {name}")


def _several(name: str) -> Words:
    return Words(f"More than one value of {name} in one search", f"Plus d'une valeur de {name} dans une recherche")


Reader = Callable[[str, str, list[str]], dict[str, Any]]

_TEXTS = {
    "family": "family",
    "given": "given",
    "address": "address",
    "address-city": "address_city",
    "address-postalcode": "address_postal_code",
    "address-state": "address_state",
    "address-country": "address_country",
    "mothersMaidenName": "mother_birth_family",
}
"""The parameters that are strings, by the field of `Criteria` that they fill."""

_READERS: dict[str, tuple[Reader, str]] = {
    "_id": (_reference, "reference"),
    "name": (_unsupported, ""),
    "phonetic": (_unsupported, ""),
    "birthdate": (_birth_date, "birth_date"),
    "gender": (_gender, "sex"),
    "identifier": (_identifier, "identifiers"),
    "telecom": (_telecom, "telecom"),
    "phone": (_telecom, "telecom"),
    "email": (_telecom, "telecom"),
    "active": (_boolean, "active"),
    "_lastUpdated": (_updated_since, "updated_since"),
    "_count": (_count, "count"),
    "_summary": (_summary, ""),
    "_elements": (_elements, "only"),
}
"""The other parameters: how each is read, and what it fills."""

PARAMETER_TYPES = {
    "_id": "token",
    **dict.fromkeys(_TEXTS, "string"),
    "birthdate": "date",
    "gender": "token",
    "identifier": "token",
    "telecom": "token",
    "phone": "token",
    "email": "token",
    "active": "token",
    "_lastUpdated": "date",
}
"""The search parameters that the CapabilityStatement declares, with their FHIR types."""

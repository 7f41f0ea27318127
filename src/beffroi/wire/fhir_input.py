"""Bodies and queries of operations: the sample of `$match`, the identifier of `$ihe-pix`, and what else they ask for.

A body may also say for which fields, why and for which reason it asks (`beffroi-fields`, `beffroi-purpose`,
`beffroi-reason`), as the headers of the same names do.

Source: IHE PDQm 3.2.0 ITI-119 (MatchParametersIn, MatchInputPatient), PIXm 3.1.0 ITI-83 (standards 3.2, 3.3).
"""

from typing import Any

import msgspec

from beffroi.errors import InvalidValue, Malformed, Missing, TooLarge, Unsupported, Words
from beffroi.model.person import Sex
from beffroi.model.search import Criteria, IdentifierToken, Text
from beffroi.wire.fhir_dates import partial_date
from beffroi.wire.fhir_form import ALTERNATIVES_MAX, Pairs, alternatives, checked, unescaped
from beffroi.wire.fhir_search import identifier_token
from beffroi.wire.fhir_terms import OID_PREFIX

MATCH_COUNT_MAX = 50
"""Candidates. The longest list that the server shows at all."""
NODES_MAX = 10_000
"""Values in one body. A Patient has some 200; the body's size limit alone would allow many more."""

_GENDERS = {"male": Sex.MALE, "female": Sex.FEMALE, "unknown": Sex.UNKNOWN}
_BODY = Words("The body", "Le corps de la requête")
_USE_PATIENT = Words("Send a Parameters or a Patient resource.", "Envoyez une ressource Parameters ou Patient.")
_PARAMETERS = Words("Check its name and its type.", "Vérifiez son nom et son type.")
_LEAVE_OUT = Words("Leave it out.", "Retirez-le.")


class AskedFor(msgspec.Struct, frozen=True):
    """What a body says of fields, purpose and reason; empty where it says nothing."""

    fields: str = ""
    purpose: str = ""
    reason: str = ""


class MatchInput(msgspec.Struct, frozen=True):
    """A sample to match. `count` is 0 when the asker named no number."""

    sample: Criteria
    only_certain: bool = False
    count: int = 0
    asked: AskedFor = AskedFor()


class PixInput(msgspec.Struct, frozen=True):
    """The identifier whose bearer's other identifiers are wanted. `targets` are OIDs, or URIs as they were written."""

    source: IdentifierToken
    targets: tuple[str, ...] = ()
    asked: AskedFor = AskedFor()


class _Identifier(msgspec.Struct):
    system: str = ""
    value: str = ""


class _Name(msgspec.Struct):
    use: str = ""
    family: str = ""
    given: list[str | None] = []


class _Patient(msgspec.Struct, rename="camel"):
    identifier: list[_Identifier] = []
    name: list[_Name] = []
    gender: str = ""
    birth_date: str = ""


class _Parameter(msgspec.Struct, rename="camel"):
    name: str
    resource: dict[str, Any] | None = None
    value_string: str = ""
    value_uri: str = ""
    value_code: str = ""
    value_boolean: bool | None = None
    value_integer: int | None = None

    def text(self) -> str:
        """The value where it is a string, a URI or a code."""
        return self.value_string or self.value_uri or self.value_code


def parse_match(body: bytes) -> MatchInput:
    """The sample of a `$match`, given as Parameters or as a bare Patient; raises `CallerError`.

    >>> parse_match(b'{"resourceType":"Patient","name":[{"family":"Dark"}],"birthDate":"1960-05-30"}').sample.family
    Text(value='Dark', exact=False)
    """
    resource = resource_of(body)
    if resource["resourceType"] == "Patient":
        return MatchInput(_sample(resource))
    found: dict[str, Any] = {}
    asked: dict[str, str] = {}
    for parameter in parameters_of(resource):
        match parameter.name:
            case "resource" if parameter.resource is not None:
                _once(found, "sample", _sample(parameter.resource))
            case "onlyCertainMatches" if parameter.value_boolean is not None:
                _once(found, "only_certain", parameter.value_boolean)
            case "count" if parameter.value_integer is not None:
                _once(found, "count", _count(parameter.value_integer))
            case _:
                _ask(asked, parameter)
    if "sample" not in found:
        raise Missing("Parameters.parameter", what="resource")
    return MatchInput(**found, asked=AskedFor(**asked))


def parse_pix(body: bytes) -> PixInput:
    """The question of a `$ihe-pix` sent as Parameters; raises `CallerError`."""
    resource = resource_of(body)
    if resource["resourceType"] != "Parameters":
        raise Unsupported("resourceType", what=_BODY, instead=Words("Send Parameters.", "Envoyez Parameters."))
    pairs: Pairs = []
    asked: dict[str, str] = {}
    for parameter in parameters_of(resource):
        if parameter.name in ("sourceIdentifier", "targetSystem"):
            pairs.append(checked(parameter.name, parameter.text()))
        elif parameter.name != "_format":
            _ask(asked, parameter)
    return msgspec.structs.replace(pix_of(pairs), asked=AskedFor(**asked))


def pix_of(pairs: Pairs) -> PixInput:
    """The question of a `$ihe-pix` from its parameters; what is not its own is left aside. Raises `CallerError`.

    >>> pix_of([("sourceIdentifier", "urn:oid:1.2.3|A1"), ("targetSystem", "urn:oid:1.2.4")]).targets
    ('1.2.4',)
    """
    sources = [value for name, value in pairs if name == "sourceIdentifier"]
    if not sources or not sources[0]:
        raise Missing("sourceIdentifier", what="sourceIdentifier")
    if len(sources) > 1 or len(alternatives("sourceIdentifier", sources[0])) > 1:
        why = Words("give exactly one", "donnez-en exactement un")
        raise InvalidValue("sourceIdentifier", what="sourceIdentifier", why=why)
    source = identifier_token("sourceIdentifier", sources[0])
    if not source.value:
        raise InvalidValue("sourceIdentifier", what="sourceIdentifier", why=Words("it has no value", "sans valeur"))
    targets: dict[str, None] = {}
    for name, value in pairs:
        if name == "targetSystem":
            for target in alternatives(name, value):
                targets[unescaped(target).strip().removesuffix("|").removeprefix(OID_PREFIX)] = None
    if len(targets) > ALTERNATIVES_MAX:
        raise TooLarge("targetSystem", what="targetSystem", limit=f"{ALTERNATIVES_MAX}")
    return PixInput(source, tuple(targets))


def resource_of(body: bytes) -> dict[str, Any]:
    """The body as a resource without anything that could change its meaning unnoticed."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed(what=_BODY, why=Words("it is not JSON", "ce n'est pas du JSON")) from None
    if not isinstance(found, dict) or found.get("resourceType") not in ("Parameters", "Patient"):
        raise Unsupported("resourceType", what=Words("This body", "Ce corps de requête"), instead=_USE_PATIENT)
    _refuse_modifiers(found)
    return found


def _refuse_modifiers(resource: dict[str, Any]) -> None:
    """A modifier may turn a meaning into its contrary: one that is not understood must not be passed over."""
    waiting: list[Any] = [resource]
    nodes_count = 0
    while waiting:
        node = waiting.pop()
        nodes_count += 1
        if isinstance(node, dict):
            if "modifierExtension" in node:
                raise Unsupported("modifierExtension", what="modifierExtension", instead=_LEAVE_OUT)
            if "implicitRules" in node:
                raise Unsupported("implicitRules", what="implicitRules", instead=_LEAVE_OUT)
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
        if nodes_count + len(waiting) > NODES_MAX:
            raise TooLarge(what=_BODY, limit=f"{NODES_MAX}")


def parameters_of(resource: dict[str, Any]) -> list[_Parameter]:
    """The parameters of a Parameters resource, each with its name and `text()`; raises `Malformed`."""
    found: list[_Parameter] = converted(resource.get("parameter", []), list[_Parameter], "Parameters.parameter")
    return found


def converted(found: Any, kind: Any, where: str) -> Any:
    """Plain JSON values as a struct; raises `Malformed`, naming `where` and no value."""
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError:
        why = Words("an element has not the form that FHIR gives it", "un élément n'a pas la forme que FHIR lui donne")
        raise Malformed(where, what=where, why=why) from None


def _once(found: dict[str, Any], key: str, value: object) -> None:
    if key in found:
        raise Malformed("Parameters", what="Parameters", why=Words("a parameter comes twice", "un paramètre en double"))
    found[key] = value


def _ask(asked: dict[str, str], parameter: _Parameter) -> None:
    key = parameter.name.removeprefix("beffroi-")
    if key == parameter.name or key not in AskedFor.__struct_fields__:
        what = Words("A parameter of this body", "Un paramètre de ce corps")
        raise Unsupported("Parameters.parameter", what=what, instead=_PARAMETERS)
    _once(asked, key, checked(parameter.name, parameter.text())[1])


def _count(count: int) -> int:
    if count < 1:
        raise InvalidValue("count", what="count", why=Words("use 1 or more", "utilisez 1 ou plus"))
    return min(count, MATCH_COUNT_MAX)


def _sample(resource: dict[str, Any]) -> Criteria:
    """The traits by which a sample is matched. Its contact data and address are left aside: grading uses none of them.

    Its identifiers count only when its traits do not suffice, because one that nobody knows here must not hide her.
    """
    if resource.get("resourceType") != "Patient":
        raise Unsupported(
            "Parameters.parameter.resource", what=Words("This sample", "Cet exemple"), instead=_USE_PATIENT
        )
    sample: _Patient = converted(resource, _Patient, "Patient")
    name = _best_name(sample.name)
    family = _trait(name.family)
    given = _trait(next((one for one in name.given if one), ""))
    born = partial_date("Patient.birthDate", sample.birth_date) if sample.birth_date else None
    enough = family is not None and given is not None and born is not None and born.is_day
    return Criteria(
        family=family,
        given=given,
        birth_date=born,
        sex=_sex(sample.gender),
        identifiers=() if enough else _tokens(sample.identifier),
    )


def _best_name(names: list[_Name]) -> _Name:
    """The birth name where it is given, else the used one, else the first."""
    for use in ("official", "maiden", "usual"):
        for name in names:
            if name.use == use and name.family:
                return name
    return names[0] if names else _Name()


def _trait(value: str) -> Text | None:
    text = checked("Patient.name", value)[1].strip() if value else ""
    return Text(text) if text else None


def _sex(gender: str) -> Sex | None:
    """`other` does not exist in French identities: it says nothing here, and the sample must not fail for it."""
    return _GENDERS.get(gender)


def _tokens(identifiers: list[_Identifier]) -> tuple[IdentifierToken, ...]:
    if len(identifiers) > ALTERNATIVES_MAX:
        raise TooLarge("Patient.identifier", what="Patient.identifier", limit=f"{ALTERNATIVES_MAX}")
    return tuple(
        IdentifierToken(
            checked("Patient.identifier", i.system)[1].removeprefix(OID_PREFIX),
            checked("Patient.identifier", i.value)[1].strip(),
        )
        for i in identifiers
        if i.value.strip()
    )

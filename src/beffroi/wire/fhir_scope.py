"""A scope over FHIR: `POST /AuditEvent/$beffroi-scope`, asked and answered in Parameters.

Asked: `selection` (valueString, repeated), each as the command line writes it. Answered: the counts, then one parameter
for each patient (an opaque reference) and for each way of asking that showed nobody. IHE has no such operation.
"""

from typing import Any

from beffroi.errors import Missing, Unsupported, Words
from beffroi.model.disclosure import Released
from beffroi.model.scope import ScopeAnswer, ScopeAsked, ScopeForeign, ScopePatient
from beffroi.model.selection import SELECTIONS_MAX
from beffroi.wire.fhir import instant
from beffroi.wire.fhir_input import parameters_of, resource_of
from beffroi.wire.fhir_terms import Json

_BODY = Words("A body that is not Parameters", "Un corps qui n'est pas Parameters")
_SEND = Words("Send Parameters.", "Envoyez Parameters.")
_MANY = Words(f"More than {SELECTIONS_MAX} selections", f"Plus de {SELECTIONS_MAX} sélections")
_FEWER = Words("Ask for several scopes.", "Demandez plusieurs périmètres.")


def parse_scope(body: bytes) -> tuple[str, ...]:
    """The selections of a request, as they are written; raises `CallerError`."""
    resource = resource_of(body)
    if resource["resourceType"] != "Parameters":
        raise Unsupported("resourceType", what=_BODY, instead=_SEND)
    texts = tuple(one.text() for one in parameters_of(resource) if one.name == "selection")
    if not texts:
        raise Missing("selection", what=Words("selection", "selection"))
    if len(texts) > SELECTIONS_MAX:
        raise Unsupported("selection", what=_MANY, instead=_FEWER)
    return texts


def scope_parameters(released: Released[ScopeAnswer]) -> Json:
    """The whole answer."""
    answer = released.content
    totals = answer.totals
    parameters = [
        _text("disclosure", str(answer.disclosure_id)),
        _text("digest", answer.digest),
        {"name": "at", "valueInstant": instant(answer.at)},
        {"name": "withheld", "valueBoolean": answer.withheld},
        _count("readings", answer.readings),
        _count("erased", answer.erased),
    ]
    names = ("patients", "sent", "unknown", "aborted", "minors", "deceased", "protected", "unreachable", "refused")
    parameters += [_count(name, getattr(totals, name)) for name in names]
    for hospital, count in totals.by_hospital.items():
        parameters.append({"name": "hospital", "part": [_count("number", hospital), _count("patients", count)]})
    for field, count in totals.by_field.items():
        parameters.append({"name": "field", "part": [_text("name", field), _count("patients", count)]})
    parameters += [_patient(one) for one in answer.patients]
    parameters += [_asked(one) for one in answer.asked]
    parameters += [_foreign(answer.foreign)] if answer.foreign else []
    return {"resourceType": "Parameters", "parameter": parameters}


def _patient(one: ScopePatient) -> Json:
    parts = [_text("reference", one.reference), _text("certainty", one.certainty)]
    parts += [_text("field", name) for name in one.fields]
    parts += [
        _count("sent", one.sent_times),
        _count("unknown", one.unknown_times),
        _count("aborted", one.aborted_times),
    ]
    parts += [{"name": "first", "valueInstant": instant(one.first_at)}] if one.first_at else []
    parts += [{"name": "last", "valueInstant": instant(one.last_at)}] if one.last_at else []
    parts += [_text("door", door.name.lower()) for door in one.doors]
    parts += [_count("account", number) for number in one.accounts]
    parts += [_count("readFor", number) for number in one.structures]
    parts += [_count("hospital", number) for number in one.hospitals]
    for name in ("minor", "deceased", "protected", "reachable"):
        parts.append({"name": name, "valueBoolean": getattr(one, name)})
    return {"name": "patient", "part": parts}


def _asked(one: ScopeAsked) -> Json:
    parts = [_text("operation", one.operation), _text("outcome", one.outcome), _count("times", one.times)]
    return {"name": "asked", "part": parts + [_text("criterion", name) for name in one.criteria if name]}


def _foreign(foreign: ScopeForeign) -> Json:
    """Other servers' logs, apart."""
    parts = [_count("facts", foreign.facts)]
    parts += [_count(name, count) for name, count in foreign.by_certainty.items()]
    parts += [_count(name, getattr(foreign, name)) for name in ("unknown", "nobody", "beyond_identity")]
    for one in foreign.patients:
        told = [_text("reference", one.reference), _text("certainty", one.certainty), _count("times", one.times)]
        parts.append({"name": "patient", "part": told})
    return {"name": "foreign", "part": parts}


def _text(name: str, value: str) -> dict[str, Any]:
    return {"name": name, "valueString": value}


def _count(name: str, value: int) -> dict[str, Any]:
    return {"name": name, "valueInteger": value}

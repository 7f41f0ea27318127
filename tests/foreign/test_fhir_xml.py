"""Software that we did not write: npm `fhir` converts our answers both ways and knows the order of the elements."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from beffroi.model.account import AccountKind, Role
from beffroi.model.audit import AuditAnswer, AuditEntry, AuditSearch
from beffroi.model.disclosure import Advice, DisclosureId, Door, Field, Operation, Outcome, Purpose, Released
from beffroi.model.person import HospitalId
from beffroi.model.search import IdentifierToken
from beffroi.servers.fhir_capability import capability_statement
from beffroi.wire.fhir import Told, match_bundle, patient, pix_parameters, search_bundle
from beffroi.wire.fhir_audit import audit_bundle
from beffroi.wire.fhir_elements import BACKBONES, DATA_TYPES, RESOURCES, elements_of
from fhir_answers import AT, BASE_URL, NEXT_ENDPOINT, REFERENCE, REQUEST_ID, released, shown, view
from foreign_node import node_folder
from kept_answers import conversions

pytestmark = pytest.mark.foreign


ENTRY = AuditEntry(
    disclosure_id=DisclosureId(900),
    at=AT,
    kind=AccountKind.PERSON,
    subject="899700366240",
    role=Role.WARD_NURSE,
    structure=HospitalId(1),
    application="dpi-beaumont",
    network="192.0.2.7",
    door=Door.FHIR,
    operation=Operation.SEARCH,
    outcome=Outcome.SHOWN,
    purpose=Purpose.TREATMENT,
    request_id=UUID(REQUEST_ID),
    criteria=("family", "birthdate"),
    criteria_fields=Field.BIRTH_NAME,
    reference=REFERENCE,
    fields=Field.BIRTH_NAME | Field.SEX,
    sent=True,
)


def answers() -> list[dict[str, Any]]:
    """One answer of every kind."""
    full, little = shown(score=0.875, grade="probable"), shown(fields=Field.BIRTH_NAME)
    found = [
        patient(released(full), view()),
        patient(released(full), view(NEXT_ENDPOINT)),
        patient(released(little), view()),
        search_bundle(released(full, little, advice=(Advice.MAY_BE_OTHERS,)), view(), Told(("family",), ("shoe",))),
        match_bundle(released(full), view()),
        pix_parameters(released(full), view(), IdentifierToken("1.2.3", "A"), ()),
        audit_bundle(Released.seal(AuditAnswer(DisclosureId(901), (ENTRY,), None, AT)), view(), AuditSearch(AT, AT)),
        msgspec.json.decode(capability_statement(BASE_URL)),
    ]
    plain: list[dict[str, Any]] = msgspec.json.decode(msgspec.json.encode(found))
    return plain


def test_a_foreign_converter_agrees(tmp_path: Path) -> None:
    """It reads our XML as our JSON, and we read its XML of our JSON as our JSON."""
    assert conversions(answers(), tmp_path) == []


def test_the_comparison_compares(tmp_path: Path) -> None:
    """An element that XML cannot carry as it stands is found: the silence above says something."""
    assert conversions([{"resourceType": "Patient", "birthDate": ""}], tmp_path)


def test_foreign_definitions_agree() -> None:
    """Names, order and repetition of every element of our tables are those of the definitions that it carries."""
    types = json.loads(
        (node_folder() / "node_modules" / "fhir" / "profiles" / "types.json").read_text(encoding="utf-8")
    )
    for kind in (*DATA_TYPES, *BACKBONES, *RESOURCES):
        top, *path = kind.split(".")
        properties = types[top]["_properties"]
        for step in path:
            properties = next(one for one in properties if one["_name"] == step)["_properties"]
        repeats = {one["_name"]: bool(one["_multiple"]) for one in properties if not one["_name"].startswith("_")}
        ours = {name: element.repeats for name, element in elements_of(kind).items()}
        assert list(ours.items()) == [(name, many) for name, many in repeats.items() if name in ours], kind

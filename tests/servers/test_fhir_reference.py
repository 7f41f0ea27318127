"""The FHIR reference says what there is: every address, parameter and header."""

from pathlib import Path

from beffroi.access.fields import FieldSet
from beffroi.servers.fhir_ask import ASKED_PURPOSES
from beffroi.servers.routes import ROUTES
from beffroi.wire.fhir_audit import AUDIT_PARAMETER_TYPES
from beffroi.wire.fhir_search import PARAMETER_TYPES

REFERENCE = (Path(__file__).parents[2] / "docs" / "reference" / "fhir.md").read_text(encoding="utf-8")


def test_every_address_is_documented() -> None:
    """A route that is added is described."""
    assert [route.path for route in ROUTES if f"{route.method} {route.path}" not in REFERENCE] == []


def test_every_parameter_and_value_is_documented() -> None:
    """A search parameter, a field set or a purpose that is added is described."""
    named = [*PARAMETER_TYPES, *AUDIT_PARAMETER_TYPES, *FieldSet, *ASKED_PURPOSES]
    assert [name for name in named if f"`{name}" not in REFERENCE] == []

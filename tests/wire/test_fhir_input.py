"""Samples and identifiers that operations are asked with."""

import contextlib
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.errors import CallerError, InvalidValue, Malformed, Missing, TooLarge, Unsupported
from beffroi.model.person import Sex
from beffroi.model.search import DateRange, IdentifierToken, Text
from beffroi.wire.fhir_input import AskedFor, MatchInput, parse_match, parse_pix, pix_of

EXAMPLES = Path(__file__).parents[3] / "shared" / "data" / "fhir-pdqm"
BORN = date(1960, 5, 30)
JEANNE: dict[str, Any] = {
    "resourceType": "Patient",
    "identifier": [{"system": "urn:oid:1.2.3", "value": "A1"}],
    "name": [
        {"use": "usual", "family": "Le Goff", "given": ["Jane"]},
        {"use": "official", "family": "Dark", "given": [None, "Jeanne"], "_given": [{"id": "x"}, None]},
    ],
    "gender": "female",
    "birthDate": "1960-05-30",
    "telecom": [{"system": "phone", "value": "0639980112"}],
}

scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8))
names = st.sampled_from(
    ["resourceType", "parameter", "name", "resource", "valueString", "valueInteger", "identifier", "given", "birthDate"]
)
trees = st.recursive(
    scalars, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=4))
)


def match(resource: dict[str, Any], **parameters: Any) -> MatchInput:
    """A sample in Parameters, with more of them by name: (type of value, value)."""
    more = [{"name": name.replace("_", "-"), kind: value} for name, (kind, value) in parameters.items()]
    body = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": resource}, *more]}
    return parse_match(msgspec.json.encode(body))


@given(trees, st.sampled_from(["Parameters", "Patient"]))
def test_only_a_callers_error_comes_out(tree: Any, kind: str) -> None:
    """Any JSON whatever gives a question or a CallerError."""
    body = msgspec.json.encode(({"resourceType": kind} | tree) if isinstance(tree, dict) else tree)
    for parse in (parse_match, parse_pix):
        with contextlib.suppress(CallerError):
            parse(body)


@given(st.binary(max_size=60))
def test_any_bytes_are_safe(body: bytes) -> None:
    """Whatever bytes a body holds, reading them ends in an error of the caller."""
    with pytest.raises(CallerError):
        parse_match(body)


def test_a_sample_is_its_birth_name() -> None:
    """The official name goes before the used one, and the first given name that is there counts."""
    sample = match(JEANNE).sample
    assert (sample.family, sample.given, sample.sex) == (Text("Dark"), Text("Jeanne"), Sex.FEMALE)
    assert sample.birth_date == DateRange(BORN, BORN)


def test_a_bare_patient_is_a_sample() -> None:
    """A Patient alone is accepted like one in Parameters (PDQm ITI-119)."""
    assert parse_match(msgspec.json.encode(JEANNE)).sample == match(JEANNE).sample


def test_identifiers_count_when_the_traits_do_not_suffice() -> None:
    """An identifier that nobody knows here must not hide a patient whose traits are all there; contact never counts."""
    assert match(JEANNE).sample.identifiers == ()
    assert match(JEANNE).sample.telecom == ""
    without = {key: value for key, value in JEANNE.items() if key != "name"}
    assert match(without).sample.identifiers == (IdentifierToken("1.2.3", "A1"),)


def test_options_of_a_match() -> None:
    """Certainty, number, fields, purpose and reason come from the body."""
    found = match(
        JEANNE,
        onlyCertainMatches=("valueBoolean", True),
        count=("valueInteger", 500),
        beffroi_fields=("valueString", "identifiers"),
        beffroi_purpose=("valueCode", "PATADMIN"),
        beffroi_reason=("valueString", "doublon à vérifier"),
    )
    assert (found.only_certain, found.count) == (True, 50)
    assert found.asked == AskedFor("identifiers", "PATADMIN", "doublon à vérifier")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"resourceType": "Parameters"}, Missing),
        ({"resourceType": "Parameters", "parameter": [{"name": "resource"}]}, Unsupported),
        ({"resourceType": "Parameters", "parameter": [{"name": "shoe", "valueString": "42"}]}, Unsupported),
        ({"resourceType": "Parameters", "parameter": [{"name": "beffroi-shoe", "valueString": "42"}]}, Unsupported),
        ({"resourceType": "Parameters", "parameter": {"name": "count"}}, Malformed),
        ({"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": {}}]}, Unsupported),
        ({"resourceType": "Bundle"}, Unsupported),
        ({"resourceType": ["Patient"]}, Unsupported),
        (JEANNE | {"implicitRules": "urn:x"}, Unsupported),
        (JEANNE | {"name": [{"family": "X", "modifierExtension": []}]}, Unsupported),
        (JEANNE | {"contained": [{"a": [{"modifierExtension": 1}]}]}, Unsupported),
        (JEANNE | {"name": "Dark"}, Malformed),
        (JEANNE | {"birthDate": "30/05/1960"}, InvalidValue),
        (JEANNE | {"birthDate": "ge1960"}, InvalidValue),
        (JEANNE | {"name": [{"family": "Da\u0000rk"}]}, InvalidValue),
        (JEANNE | {"name": [{"family": "D" * 600}]}, TooLarge),
        ({"resourceType": "Patient", "identifier": [{"value": "a"}] * 21}, TooLarge),
        (JEANNE | {"extension": [1] * 10_001}, TooLarge),
    ],
)
def test_what_cannot_be_understood_is_refused(body: dict[str, Any], kind: type[CallerError]) -> None:
    """A sample that is broken, too large, or changed by something unknown is refused; no value is repeated."""
    with pytest.raises(kind) as refused:
        parse_match(msgspec.json.encode(body))
    assert not any(secret in refused.value.text("en") for secret in ("Dark", "1960", "DDD"))


@pytest.mark.parametrize("count", [0, -1])
def test_a_number_of_candidates_is_at_least_one(count: int) -> None:
    """`count` is 1 or more."""
    with pytest.raises(InvalidValue):
        match(JEANNE, count=("valueInteger", count))


def test_a_parameter_twice_is_refused() -> None:
    """The profile's slices are 0..1: which of two would count is not guessed."""
    twice = {"name": "resource", "resource": JEANNE}
    with pytest.raises(Malformed):
        parse_match(msgspec.json.encode({"resourceType": "Parameters", "parameter": [twice, twice]}))


def test_other_is_no_sex_that_fails_a_sample() -> None:
    """Foreign software writes `other`; the sample is matched without it."""
    assert match(JEANNE | {"gender": "other"}).sample.sex is None


def test_cross_reference_questions() -> None:
    """One source, any number of targets, the same in an address and in a body."""
    pairs = [("sourceIdentifier", "urn:oid:1.2.3|A1"), ("targetSystem", "urn:oid:1.2.4,urn:oid:1.2.5"), ("x", "y")]
    found = pix_of(pairs)
    assert (found.source, found.targets) == (IdentifierToken("1.2.3", "A1"), ("1.2.4", "1.2.5"))
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "sourceIdentifier", "valueString": "urn:oid:1.2.3|A1"},
            {"name": "targetSystem", "valueUri": "urn:oid:1.2.4"},
            {"name": "targetSystem", "valueString": "urn:oid:1.2.5"},
            {"name": "_format", "valueString": "json"},
            {"name": "beffroi-purpose", "valueCode": "TREAT"},
        ],
    }
    posted = parse_pix(msgspec.json.encode(body))
    assert (posted.source, posted.targets, posted.asked.purpose) == (found.source, found.targets, "TREAT")


@pytest.mark.parametrize(
    ("pairs", "kind"),
    [
        ([], Missing),
        ([("sourceIdentifier", "1.2|")], InvalidValue),
        ([("sourceIdentifier", "1.2|a,1.2|b")], InvalidValue),
        ([("sourceIdentifier", "1.2|a"), ("sourceIdentifier", "1.2|a")], InvalidValue),
        ([("sourceIdentifier", "1.2|a"), *[("targetSystem", f"1.{n}") for n in range(21)]], TooLarge),
    ],
)
def test_cross_reference_needs_exactly_one_source(pairs: list[tuple[str, str]], kind: type[CallerError]) -> None:
    """A question without exactly one full source is refused."""
    with pytest.raises(kind):
        pix_of(pairs)


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="IHE's published examples are not beside this checkout")
@pytest.mark.parametrize("name", ["Parameters-ex-match-input-count", "Parameters-ex-match-input-onlyCertainMatches"])
def test_published_examples_are_understood(name: str) -> None:
    """IHE's own examples of a $match are samples."""
    found = parse_match((EXAMPLES / f"{name}.json").read_bytes())
    assert found.sample.family == Text("Schmidt")
    assert found.count == 1 or found.only_certain

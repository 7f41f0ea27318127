"""FHIR in XML: what is written comes back, in the order of the definitions; what is hostile is refused at once."""

import time
import xml.etree.ElementTree as Tree
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.errors import CallerError, Malformed, TooLarge
from beffroi.model.disclosure import Field
from beffroi.model.person import Record
from beffroi.wire.fhir import Told, match_bundle, patient, search_bundle
from beffroi.wire.fhir_elements import BACKBONES, DATA_TYPES, RESOURCES, elements_of
from beffroi.wire.fhir_input import parse_match
from beffroi.wire.fhir_terms import Json
from beffroi.wire.fhir_xml import to_xml
from beffroi.wire.fhir_xml_input import ATTRIBUTES_MAX, DEPTH_MAX, NODES_MAX, from_xml
from fhir_answers import JEANNE, NEXT_ENDPOINT, records, released, shown, some_fields, view
from fhir_rules import writable

NAMESPACE = "http://hl7.org/fhir"
ABSENT = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]}


def again(resource: Json) -> Json:
    return from_xml(to_xml(resource))


def document(inner: str, root: str = "Patient", before: str = "") -> bytes:
    return f'{before}<{root} xmlns="{NAMESPACE}">{inner}</{root}>'.encode()


@given(records, some_fields, st.booleans())
def test_every_patient_comes_back(record: Record, fields: Field, subsetted: bool) -> None:
    """Whatever is released of whomever says the same in XML, in either vocabulary."""
    for seen in (view(subsetted=subsetted), view(NEXT_ENDPOINT)):
        found = patient(released(shown(record, fields)), seen)
        assert again(found) == writable(found)


def test_bundles_come_back() -> None:
    """Scores are numbers and totals integers again."""
    answer = released(shown(score=0.875, grade="probable"), shown(score=1.0, grade="certain"))
    for bundle in (match_bundle(answer, view()), search_bundle(answer, view(), Told(("family",), ("shoe",)))):
        plain = msgspec.json.decode(msgspec.json.encode(bundle))
        assert again(plain) == plain


def test_elements_have_the_order_of_the_definitions() -> None:
    """Whatever the order of the keys, XML has that of FHIR, which its schema enforces."""
    found = patient(released(shown(JEANNE)), view())
    backwards = msgspec.json.decode(msgspec.json.encode(dict(reversed(found.items()))))
    assert to_xml(backwards) == to_xml(found)
    names = [child.tag.removeprefix(f"{{{NAMESPACE}}}") for child in Tree.fromstring(to_xml(found))]
    order = list(elements_of("Patient"))
    assert names == sorted(names, key=order.index)
    assert names[:2] == ["id", "meta"] and names.index("extension") < names.index("identifier")


def test_what_json_keeps_beside_a_value_stands_within_it() -> None:
    """An extension of a value is its child; an extension's url and an element's id are attributes."""
    found = {
        "resourceType": "Patient",
        "id": "a",
        "_gender": ABSENT,
        "birthDate": "1960-05-30",
        "_birthDate": {"id": "b", **ABSENT},
        "name": [{"id": "n", "given": ["JEANNE", None], "_given": [None, ABSENT]}, {"_given": [ABSENT]}],
    }
    written = to_xml(found).decode()
    absent = f'<extension url="{ABSENT["extension"][0]["url"]}"><valueCode value="masked"/></extension>'
    assert f'<birthDate id="b" value="1960-05-30">{absent}</birthDate>' in written
    assert f"<gender>{absent}</gender>" in written
    assert f'<name id="n"><given value="JEANNE"/><given>{absent}</given></name>' in written
    assert '<id value="a"/>' in written
    assert from_xml(written.encode()) == found


@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    """Markup, quotes, line ends and any script are the same text again; what XML cannot hold is seen to be damaged."""
    found = {"resourceType": "Patient", "name": [{"family": text, "extension": [{"url": text, "valueString": text}]}]}
    assert again(found) == writable(found)
    Tree.fromstring(to_xml(found))


def test_an_unknown_element_is_not_written() -> None:
    """An element without a place in the tables is a fault of ours that the tests see, never an invalid document."""
    with pytest.raises(ValueError, match="shoeSize"):
        to_xml({"resourceType": "Patient", "shoeSize": 42})


def test_every_type_that_is_named_is_there() -> None:
    """The tables name no type that they do not have."""
    for kind in (*DATA_TYPES, *BACKBONES, *RESOURCES):
        for name, element in elements_of(kind).items():
            assert element.kind == "Resource" or elements_of(element.kind), name


@pytest.mark.parametrize(
    ("inner", "found"),
    [
        ("<active value='true'/>", {"active": True}),
        ("<multipleBirthInteger value='2'/>", {"multipleBirthInteger": 2}),
        ("\n  <gender value='male'/><!-- words -->\n", {"gender": "male"}),
        ("<gender/>", {}),
        ("<text><status value='empty'/><div xmlns='http://www.w3.org/1999/xhtml'><p>a<b>c</b></p></div></text>",
         {"text": {"status": "empty"}}),
        ("<contained><Patient><id value='b'/></Patient></contained>",
         {"contained": [{"resourceType": "Patient", "id": "b"}]}),
    ],
)  # fmt: skip
def test_what_strangers_write_is_read(inner: str, found: Json) -> None:
    """Types, blanks, comments, narratives and contained resources."""
    assert from_xml(document(inner)) == {"resourceType": "Patient", **found}


def test_prefixes_and_schemas_are_read() -> None:
    """A namespace may have a prefix, the root a schema, the document a byte order mark and a declaration."""
    text = (
        '<?xml version="1.0" encoding="utf-8"?><f:Patient xmlns:f="http://hl7.org/fhir" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://hl7.org/fhir p.xsd">'
        '<f:gender value="male"/></f:Patient>'
    )
    for body in (text.encode(), text.encode("utf-8-sig")):
        assert from_xml(body) == {"resourceType": "Patient", "gender": "male"}


_LAUGHS = "".join(f'<!ENTITY l{n} "' + f"&l{n - 1};" * 10 + '">' for n in range(1, 10))


@pytest.mark.parametrize(
    "body",
    [
        document("", before=f'<!DOCTYPE Patient [<!ENTITY l0 "ha">{_LAUGHS}]>').replace(b"></P", b">&l9;</P"),
        document("&x;", before='<!DOCTYPE Patient [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        document("", before='<!DOCTYPE Patient SYSTEM "http://192.0.2.1/a.dtd">'),
        document("", before='<!DOCTYPE Patient [<!ENTITY % a SYSTEM "http://192.0.2.1/a">%a;]>'),
        document("&nbsp;"),
        document("<gender value='&#0;'/>"),
        document("<gender value='male'/>", before='<?xml version="1.0" encoding="ISO-8859-1"?>'),
        document("<gender value='male'/>", before='<?xml version="1.0" encoding="UTF-7"?>'),
        document("<gender value='male'/>").decode().encode("utf-16"),
        document("<gender value='male'/>").decode().encode("utf-32"),
        document("<gender value='é'/>").decode().encode("latin-1"),
        b'<Patient xmlns="http://hl7.org/fhir">\xed\xa0\x80</Patient>',
        b'<Patient xmlns="http://hl7.org/fhir">\xc0\xbcgender/></Patient>',
        b"<Patient/>",
        b'<Patient xmlns="http://hl7.org/fhir/r5"/>',
        document("", root="Observation"),
        document("<shoeSize value='42'/>"),
        document("<name xmlns='urn:x'/>"),
        document("words"),
        document("<name><![CDATA[words]]></name>"),
        document("<gender value='a'/><gender value='b'/>"),
        document("<gender><extension url='a'/></gender><gender><extension url='b'/></gender>"),
        document("<gender other='a'/>"),
        document("<name value='a'/>"),
        document("<gender><name/></gender>"),
        document("<active value='yes'/>"),
        document("<multipleBirthInteger value='2.5'/>"),
        document("<multipleBirthInteger value='99999999999'/>"),
        document("<extension url='a'><valueDecimal value='1e999'/></extension>"),
        document("<contained><Patient/><Patient/></contained>"),
        document("<gender value='a'>"),
        document("") + document(""),
        b"",
        b"{}",
        b"\x00" * 50,
    ],
)
def test_what_is_hostile_or_wrong_is_refused(body: bytes) -> None:
    """Document types, entities, other encodings and namespaces, text, and elements out of place: 400, in words."""
    with pytest.raises(Malformed) as refused:
        from_xml(body)
    assert "passwd" not in str(refused.value)


def test_nesting_and_repeating_have_limits() -> None:
    """Depth, number and attributes are limited before anything is built of them."""
    deep = "<extension url='a'>" * DEPTH_MAX + "</extension>" * DEPTH_MAX
    narrative = "<text><div xmlns='http://www.w3.org/1999/xhtml'>" + "<p>" * DEPTH_MAX
    many = " ".join(f"a{n}='b'" for n in range(ATTRIBUTES_MAX + 1))
    for inner in (deep, narrative, f"<gender {many}/>"):
        with pytest.raises(Malformed):
            from_xml(document(inner))
    with pytest.raises(TooLarge):
        from_xml(document("<name/>" * NODES_MAX))
    begun_s = time.perf_counter()
    with pytest.raises(Malformed):
        from_xml(b"<a>" * 20_000)
    with pytest.raises(Malformed):
        from_xml(document("<gender " + " ".join(f"a{n}=''" for n in range(7_000)) + "/>"))
    assert time.perf_counter() - begun_s < 1


@pytest.mark.parametrize("name", ["modifierExtension", "implicitRules"])
def test_a_modifier_is_not_passed_over(name: str) -> None:
    """What could turn the meaning into its contrary is seen in XML as in JSON."""
    inner = (
        f"<{name} value='a'/>" if name == "implicitRules" else f"<{name} url='a'><valueBoolean value='true'/></{name}>"
    )
    with pytest.raises(CallerError, match=name):
        parse_match(msgspec.json.encode(from_xml(document(inner))))


_pieces = st.sampled_from(
    [f"<Patient xmlns='{NAMESPACE}'>", "</Patient>", "<name>", "</name>", "<given value='a'/>", "<contained>",
     "</contained>", "<extension url='b'>", "</extension>", "<valueDecimal value='1'/>", "<text>", "<div>", " ",
     "&amp;", "<!DOCTYPE a>", "<?pi b?>", "<!--c-->", "<![CDATA[", "]]>"]
)  # fmt: skip


@given(st.one_of(st.binary(max_size=60), st.lists(_pieces, max_size=14).map(lambda some: "".join(some).encode())))
def test_anything_is_read_or_refused(body: bytes) -> None:
    """Any bytes are a resource or a caller's error, and nothing else."""
    read: Any = None
    try:
        read = from_xml(body)
    except CallerError:
        return
    assert read["resourceType"] in RESOURCES


@given(st.data())
def test_what_is_cut_short_is_refused(data: st.DataObject) -> None:
    """No part of a document is a document."""
    whole = to_xml({"resourceType": "Patient", "name": [{"family": "DARK"}]})
    with pytest.raises(Malformed):
        from_xml(whole[: data.draw(st.integers(0, len(whole) - 1))])

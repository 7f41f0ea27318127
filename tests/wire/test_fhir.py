"""What is made of a released answer: shape, words, and nothing that was not released."""

import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi.access.fields import CONTACT, IDENTIFIERS, MINIMAL, RESTRICTED
from beffroi.model.disclosure import Advice, Field, Shown
from beffroi.model.person import (
    OID_INS_NIA,
    IdentityAttribute,
    IdentityStatus,
    Ins,
    OtherIdentifier,
    PersonId,
    Record,
)
from beffroi.model.search import IdentifierToken
from beffroi.wire.fhir import Told, advice_outcome, match_bundle, patient, pix_parameters, search_bundle, version
from beffroi.wire.fhir_terms import CS_0445, CS_STATUS, reliability
from beffroi.wire.fhir_view import Endpoint
from fhir_answers import (
    ALL_FIELDS,
    BASE_URL,
    ENDPOINT,
    JEANNE,
    NEXT_ENDPOINT,
    REFERENCE,
    REGIONAL_OID,
    records,
    released,
    shown,
    some_fields,
    view,
)
from fhir_rules import violations

GOLDEN = Path(__file__).parents[1] / "golden" / "fhir"
MICROSECONDS_MAX = 200
"""CPU of one rendered list of one patient. 10 to 20 were measured; a busy machine takes several times that."""

SECRETS = {
    Field.BIRTH_NAME: ("DARK", "JEANNE MARIE"),
    Field.USED_NAME: ("LE GOFF", "JANE"),
    Field.BIRTH_DATE: ("1960-05-30",),
    Field.SEX: ("female",),
    Field.BIRTH_PLACE: ("88154", "Domrémy"),
    Field.STATUS: ("identity-reliability", "HOMA", "2026-11-20"),
    Field.OWN_IDENTIFIER: ("IPP-260-058",),
    Field.PHONE: ("0639980112",),
    Field.EMAIL: ("jeanne.dark@",),
    Field.ADDRESS: ("Bûcher", "Bâtiment", "Rouen", "76999"),
    Field.INS: ("297022A02077878", "1.2.250.1.213.1.4.10"),
    Field.OTHER_IDENTIFIERS: ("VAL-991", "NDP-778", "Valcourt"),
    Field.DECEASED: ("2025-05-30", "deceased"),
    Field.MOTHER_NAME: ("ROMÉE", "M-4711"),
    Field.NATIONALITY: ("nationality",),
    Field.PROOF: ("identity-method-collection", "mode-validation-identity"),
}
"""What would show each field of JEANNE in an answer."""


def encoded(resource: object) -> str:
    return msgspec.json.encode(resource).decode()


def check_golden(name: str, resource: object) -> None:
    expected = (GOLDEN / name).read_text(encoding="utf-8")
    assert msgspec.json.format(msgspec.json.encode(resource)).decode() + "\n" == expected


@pytest.mark.parametrize(
    ("name", "fields"),
    [("minimal.json", MINIMAL), ("everything.json", ALL_FIELDS), ("restricted.json", RESTRICTED)],
)
def test_golden_patients(name: str, fields: Field) -> None:
    """A patient with the minimal fields, with all, and under protected access are the same as ever."""
    check_golden(name, patient(released(shown(fields=fields)), view()))


def test_golden_search() -> None:
    """A list with advice in French is the same as ever."""
    answer = released(
        shown(fields=MINIMAL), advice=(Advice.MAY_BE_OTHERS, Advice.CONTACT_ON_REQUEST), missing=("given:1",)
    )
    check_golden("search.json", search_bundle(answer, view(language="fr"), Told(("birthdate", "family"), ("shoe",))))


def test_golden_match_and_pix() -> None:
    """Candidates and cross-references are the same as ever."""
    candidate = shown(fields=MINIMAL, score=0.8, grade="probable")
    check_golden("match.json", match_bundle(released(candidate), view()))
    source = IdentifierToken("1.2.250.1.999.1.1", "IPP-260-058")
    check_golden("pix.json", pix_parameters(released(shown(fields=IDENTIFIERS)), view(), source, ()))


@given(some_fields)
def test_what_was_not_released_is_in_no_byte(fields: Field) -> None:
    """Whatever fields are released, no value of another one stands in any kind of answer, in any language."""
    answer = released(shown(fields=fields), advice=tuple(Advice), missing=("birthdate",))
    for told in (
        search_bundle(answer, view(), Told(("family",))),
        match_bundle(answer, view(language="fr")),
        patient(answer, view(NEXT_ENDPOINT)),
        patient(answer, view(subsetted=True)),
        pix_parameters(answer, view(), IdentifierToken("", REFERENCE), ()),
    ):
        text = encoded(told)
        for field, secrets in SECRETS.items():
            if not fields & field:
                assert [secret for secret in secrets if secret in text] == []


@given(some_fields)
def test_what_was_released_is_shown(fields: Field) -> None:
    """Every field that the gate counts as sent is in the answer: the record of what was told is exact."""
    text = encoded(patient(released(shown(fields=fields)), view()))
    for field, secrets in SECRETS.items():
        if fields & field and (field is not Field.PROOF or fields & Field.STATUS):
            assert [secret for secret in secrets if secret not in text and secret != "1.2.250.1.213.1.4.10"] == []


@settings(deadline=None)
@given(records, some_fields, st.sampled_from(["en", "fr"]), st.booleans(), st.booleans())
def test_every_answer_keeps_the_rules(
    record: Record, fields: Field, language: str, following: bool, subsetted: bool
) -> None:
    """Any record, any fields: the structural rules of FHIR R4, FR Core and IHE hold."""
    here = view(NEXT_ENDPOINT if following else ENDPOINT, language, subsetted)
    answer = released(shown(record, fields), advice=tuple(Advice), missing=("birthdate", "family:3"))
    source = IdentifierToken("1.2.3", "x")
    for told in (
        search_bundle(answer, here, Told(("family:exact", "birthdate"), ("shoe",), total=2, following="_page=a-b_c")),
        match_bundle(answer, here),
        pix_parameters(answer, here, source, ()),
        patient(answer, here),
        advice_outcome(answer, here),
    ):
        assert violations(told) == []


@given(records, some_fields)
def test_answers_come_back_from_json_as_they_were(record: Record, fields: Field) -> None:
    """An answer survives JSON: it holds nothing that JSON writes otherwise."""
    told = patient(released(shown(record, fields)), view())
    assert msgspec.json.decode(msgspec.json.encode(told)) == told


def test_nobody_found_is_an_empty_list() -> None:
    """No patient: total 0 and no entry (PDQm), not an error."""
    told = search_bundle(released(), view(), Told())
    assert told["total"] == 0
    assert "entry" not in told
    assert violations(told) == []


def test_a_count_tells_no_patient() -> None:
    """`_summary=count` has the total and no entry."""
    told = search_bundle(released(shown()), view(), Told(("family",), count_only=True))
    assert told["total"] == 1
    assert "entry" not in told


def test_the_self_link_holds_no_value() -> None:
    """A self link has the names of the parameters that counted, not their values: an address is written in logs."""
    told = search_bundle(released(), view(), Told(("family:exact", "birthdate")))
    assert told["link"] == [{"relation": "self", "url": f"{BASE_URL}/Patient?family:exact&birthdate"}]


def test_the_birth_name_is_never_filled_from_the_used_one() -> None:
    """Without a used name there is no usual name, and nothing is invented for it."""
    only_birth = msgspec.structs.replace(JEANNE, used_family="", used_given="")
    names = patient(released(shown(only_birth)), view())["name"]
    assert [name["use"] for name in names] == ["official"]


def test_missing_values_say_why() -> None:
    """Under protected access what is missing is masked; where the record is empty it is unknown."""
    masked = patient(released(shown(fields=RESTRICTED)), view())
    assert masked["_gender"]["extension"][0]["valueCode"] == "masked"
    unknown = patient(released(shown(Record(birth_family="DARK"), MINIMAL)), view())
    assert unknown["_birthDate"]["extension"][0]["valueCode"] == "unknown"
    assert unknown["name"][0]["_given"][0]["extension"][0]["valueCode"] == "unknown"


def test_a_replaced_reference_gives_only_what_replaces_it() -> None:
    """A merged person's old reference is inactive and linked; nothing of the record is repeated."""
    old = Shown(PersonId(1), "old", Field.REFERENCE, Record(), active=False, replaced_by="new")
    told = patient(released(old), view())
    assert told["active"] is False
    assert told["link"] == [{"other": {"reference": f"{BASE_URL}/Patient/new"}, "type": "replaced-by"}]
    assert violations(told) == []
    assert version(released(old)) == "1"


@pytest.mark.parametrize(
    ("status", "published", "following"),
    [
        (IdentityStatus.PROVISIONAL, "PROV", "PROV"),
        (IdentityStatus.RETRIEVED, "PROV", "RECUP"),
        (IdentityStatus.VALIDATED, "VALI", "VALI"),
        (IdentityStatus.QUALIFIED, "VALI", "QUAL"),
    ],
)
def test_a_status_in_both_vocabularies(status: IdentityStatus, published: str, following: str) -> None:
    """The published vocabulary has neither RECUP nor QUAL; the next one has, and attributes become comments."""
    record = Record(birth_family="X", status=status, attributes=(IdentityAttribute.HOMONYM,))
    old = patient(released(shown(record, MINIMAL)), view())["extension"]
    codes = [extension["extension"][0]["valueCoding"] for extension in old]
    assert codes == [{"system": CS_0445, "code": published}, {"system": CS_0445, "code": "HOMA"}]
    new = patient(released(shown(record, MINIMAL)), view(NEXT_ENDPOINT))["extension"][0]["extension"]
    assert new[0]["valueCoding"] == {"system": CS_STATUS, "code": following}
    assert new[1]["valueCodeableConcept"]["coding"][0]["code"] == "HOMA"


@pytest.mark.parametrize("endpoint", [ENDPOINT, NEXT_ENDPOINT])
def test_how_an_identity_was_checked_is_told(endpoint: Endpoint) -> None:
    """Method and document beside the status, INSi's day where the vocabulary has it; no code where it has none."""
    for document, told in (("CN", ["CN"]), ("LE", [])):
        record = msgspec.structs.replace(JEANNE, document=document)
        first = patient(released(shown(record)), view(endpoint))["extension"][0]["extension"]
        parts = {part["url"]: part for part in first}
        assert parts["methodCollection"]["valueCoding"]["code"] == "INSI"
        assert [parts[n]["valueCoding"]["code"] for n in ("validationMode",) if n in parts] == told
        assert ("dateInterrogationINSi" in parts) == (endpoint is NEXT_ENDPOINT)


def test_a_newborn_without_a_name_has_no_code_of_its_own() -> None:
    """NN is ours, not table 0445's: it is not sent as a code that nobody knows."""
    parts = reliability(ENDPOINT.vocabulary, IdentityStatus.PROVISIONAL, (IdentityAttribute.UNNAMED_NEWBORN,))
    assert len(parts) == 1


def test_a_temporary_ins_is_temporary() -> None:
    """An NIA has use temp, and nothing else is official beside an INS (fr-core-2)."""
    record = msgspec.structs.replace(
        JEANNE, ins=Ins("297022A02077878", OID_INS_NIA), others=(OtherIdentifier("1.2.250.1.213.1.4.8", "1", "NH"),)
    )
    told = patient(released(shown(record)), view())
    assert [i["use"] for i in told["identifier"]] == ["temp", "usual", "usual", "secondary", "secondary"]
    assert violations(told) == []


def test_pix_never_repeats_its_source() -> None:
    """The identifier that was asked about is not among the answers (PIXm ITI-83), the reference included."""
    answer = released(shown(fields=IDENTIFIERS | Field.OWN_IDENTIFIER))
    for source in (IdentifierToken("1.2.250.1.999.1.2", "VAL-991"), IdentifierToken(REGIONAL_OID, REFERENCE)):
        told = pix_parameters(answer, view(), source, ())
        found = [p["valueIdentifier"]["value"] for p in told["parameter"] if p["name"] == "targetIdentifier"]
        assert source.value not in found


def test_pix_keeps_to_its_targets() -> None:
    """The regional identifier and the reference come only when no target, or the regional domain, was asked for."""
    answer = released(shown(fields=Field.OWN_IDENTIFIER))
    source = IdentifierToken("1.2.250.1.999.1.2", "VAL-991")
    other = pix_parameters(answer, view(), source, ("1.2.250.1.999.1.1",))
    assert [p["name"] for p in other["parameter"]] == ["targetIdentifier"]
    assert "parameter" not in pix_parameters(released(), view(), source, ())
    regional = pix_parameters(released(shown(fields=Field.REFERENCE)), view(), source, (REGIONAL_OID,))
    assert [p["name"] for p in regional["parameter"]] == ["targetIdentifier", "targetId"]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_advice_says_the_way_on(language: str) -> None:
    """Each advice is words in the reader's language, and names what to add (law 7)."""
    told = advice_outcome(released(advice=tuple(Advice), missing=("birthdate", "family:3")), view(language=language))
    texts = [issue["details"]["text"] for issue in told["issue"]]
    assert len(texts) == len(set(texts)) == len(Advice)
    assert sum("3 le" in text for text in texts) == 2


def test_contact_is_shown_when_released() -> None:
    """Telephone, e-mail and address stand where FHIR wants them."""
    told = patient(released(shown(fields=MINIMAL | CONTACT)), view())
    assert told["telecom"][0] == {"system": "phone", "value": "0639980112", "use": "mobile"}
    assert told["address"][0]["postalCode"] == "76999"


def test_rendering_is_fast() -> None:
    """A list of one patient is rendered and encoded in some tens of microseconds."""
    answer, here = released(shown(fields=MINIMAL), advice=(Advice.CONTACT_ON_REQUEST,)), view()
    encode = msgspec.json.Encoder().encode
    begun_s = time.process_time()
    for _ in range(2_000):
        encode(search_bundle(answer, here, Told(("birthdate", "family"))))
    assert (time.process_time() - begun_s) / 2_000 * 1e6 < MICROSECONDS_MAX

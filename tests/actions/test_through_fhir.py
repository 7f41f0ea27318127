"""The whole path of the FHIR door on a real database: what a client reads is what is recorded, no more and no less."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from beffroi.model.account import Role
from beffroi.model.disclosure import Field, Outcome, Proof
from beffroi.model.person import OID_INS_NIR_TEST, IdentityStatus
from beffroi.servers.fhir_api import FhirApi
from beffroi.wire.fhir_view import Endpoint
from doubles import FakeClock
from fhir_answers import JEANNE, REGIONAL_OID
from fhir_door import FakeAuthenticator, Told, call
from fhir_rules import violations
from requests_and_records import record

BASE = "http://beffroi.test/fhir"
FULL = "/fhir/Patient?family=Dar&given=J&birthdate=1960-05-30"
SEEN_IN = {
    Field.BIRTH_NAME: '"official"',
    Field.USED_NAME: "LE GOFF",
    Field.BIRTH_DATE: '"birthDate"',
    Field.SEX: '"gender"',
    Field.BIRTH_PLACE: "patient-birthPlace",
    Field.STATUS: "fr-core-identity-reliability",
    Field.OWN_IDENTIFIER: "A-1",
    Field.PHONE: "0639980112",
    Field.EMAIL: "jeanne.dark@",
    Field.ADDRESS: '"address"',
    Field.INS: "297022A02077878",
    Field.OTHER_IDENTIFIERS: "B-1",
    Field.DECEASED: '"deceased',
    Field.MOTHER_NAME: "mothersMaidenName",
    Field.NATIONALITY: "patient-nationality",
    Field.PROOF: "identity-method-collection",
}
"""How each field of the patient shows in an answer."""

Ask = Callable[..., Any]


@pytest.fixture
def through(house, account) -> Ask:
    """Asks as an account in a role, through the door."""

    async def ask(method: str, target: str, body: Any = b"", role: Role = Role.WARD_DOCTOR, **headers: str) -> Told:
        asker = await account(role, subject=role.value)
        api = FhirApi(
            house.finder, FakeAuthenticator(asker), Endpoint(BASE, REGIONAL_OID, house.hospitals), FakeClock()
        )
        told = await call(api, method, target, body, **headers)
        assert violations(told.json) == []
        return told

    return ask


@pytest.fixture
async def jeanne(put) -> int:
    """One person whom hospitals 1 and 2 know, with every field filled."""
    content = msgspec.structs.replace(JEANNE, attributes=(), others=())
    person: int = await put(1, "A-1", content, explained_h=2)
    await put(2, "B-1", content, person=person)
    return person


async def recorded(database, person: int) -> tuple[Field, Field, Outcome]:
    """Of the last disclosure: the fields sent of a person, what the criteria told, and how it ended."""
    row = await database.pool.fetchrow("select * from disclosures order by disclosure_id desc limit 1")
    sent = {who: Field(fields) for who, fields, _ in msgspec.json.decode(row["shown"])}
    return sent.get(person, Field(0)), Field(row["criteria_fields"]), Outcome(row["outcome"])


async def reference_of(through: Ask) -> str:
    told = await through("GET", FULL)
    return str(told.json["entry"][0]["resource"]["id"])


@pytest.mark.parametrize(
    ("fields", "elements"),
    [("", ""), ("contact", ""), ("identifiers", ""), ("contact, identifiers", ""), ("contact", "name,telecom")],
)
async def test_what_is_read_is_what_is_recorded(through, jeanne, database, fields, elements) -> None:
    """Each field of the patient stands in the answer exactly when the disclosure records it."""
    reference = await reference_of(through)
    query = f"?_elements={elements}" if elements else ""
    told = await through("GET", f"/fhir/Patient/{reference}{query}", beffroi_fields=fields)
    assert told.status == 200
    sent, _, _ = await recorded(database, jeanne)
    text = told.body.decode()
    visible = Field(sum(field for field, mark in SEEN_IN.items() if mark in text))
    assert visible == sent & ~Field.REFERENCE


async def test_a_list_shows_minimal_fields(through, jeanne, database) -> None:
    """A search shows no contact data and no foreign identifier, and records what it told."""
    told = await through("GET", FULL)
    assert told.json["total"] == 1
    sent, criteria, outcome = await recorded(database, jeanne)
    assert outcome is Outcome.SHOWN
    assert not [field for field in (Field.PHONE, Field.INS, Field.OTHER_IDENTIFIERS) if sent & field]
    assert criteria == Field.BIRTH_NAME | Field.USED_NAME | Field.BIRTH_DATE
    assert not [m for m in ("0639980112", "297022A", "B-1") if m in told.body.decode()]


@pytest.mark.parametrize("also", ["family=Zzz", "given=Q", "birthdate=1970-01-01", "telecom=0611111111", "gender=male"])
async def test_all_criteria_must_hold(through, jeanne, also) -> None:
    """Beside an identifier or a reference, a criterion that does not hold leaves the patient out (PDQm: AND)."""
    for found_by in ("identifier=A-1", f"_id={await reference_of(through)}"):
        assert (await through("GET", f"/fhir/Patient?{found_by}")).json["total"] == 1
        assert (await through("GET", f"/fhir/Patient?{found_by}&{also}")).json["total"] == 0


async def test_a_count_records_that_somebody_exists(through, jeanne, database) -> None:
    """`_summary=count` tells how many, and the disclosure records no trait as sent but what the criteria told."""
    told = await through("GET", f"{FULL}&_summary=count")
    assert (told.json["total"], "entry" in told.json) == (1, False)
    sent, criteria, _ = await recorded(database, jeanne)
    assert sent & ~criteria & ~(Field.REFERENCE | Field.EXISTENCE) == Field(0)


async def test_the_regional_identifier_leads_back(through, jeanne) -> None:
    """A patient's regional identifier finds her again in a search and in a cross-reference."""
    reference = await reference_of(through)
    found = await through("GET", f"/fhir/Patient?identifier=urn:oid:{REGIONAL_OID}|{reference}")
    assert found.json["entry"][0]["resource"]["id"] == reference
    told = await through("GET", f"/fhir/Patient/$ihe-pix?sourceIdentifier=urn:oid:{REGIONAL_OID}|{reference}")
    values = {p["valueIdentifier"]["value"] for p in told.json["parameter"] if "valueIdentifier" in p}
    assert {"A-1", "B-1", "297022A02077878"} <= values
    assert reference not in values


async def test_a_cross_reference_to_the_region_shows_no_identifier(through, jeanne, database) -> None:
    """Whoever asks for our reference alone is shown nothing else, and nothing else is recorded."""
    query = f"sourceIdentifier=urn:oid:1.2.250.1.999.1.2|B-1&targetSystem=urn:oid:{REGIONAL_OID}"
    told = await through("GET", f"/fhir/Patient/$ihe-pix?{query}")
    assert [p["name"] for p in told.json["parameter"]] == ["targetIdentifier", "targetId"]
    sent, criteria, _ = await recorded(database, jeanne)
    assert sent & ~criteria == Field.REFERENCE


async def test_pix_errors_are_those_of_the_profile(through, jeanne) -> None:
    """Unknown identifier 404, unknown source domain 400, unknown target domain 403, each in PIXm's words."""
    pix = "/fhir/Patient/$ihe-pix?sourceIdentifier="
    unknown = await through("GET", f"{pix}urn:oid:1.2.250.1.999.1.1|nobody")
    assert (unknown.status, unknown.json["issue"][0]["code"]) == (404, "not-found")
    domain = await through("GET", f"{pix}urn:oid:9.9.9|A-1")
    assert domain.status == 400
    assert domain.json["issue"][0]["diagnostics"] == "sourceIdentifier Assigning Authority not found"
    target = await through("GET", f"{pix}urn:oid:1.2.250.1.999.1.1|A-1&targetSystem=urn:oid:9.9.9")
    assert (target.status, target.json["issue"][0]["code"]) == (403, "code-invalid")


async def test_a_match_is_graded(through, jeanne) -> None:
    """A $match of the same traits is certain."""
    sample = {
        "resourceType": "Patient",
        "name": [{"family": "Dark", "given": ["Jeanne"]}],
        "birthDate": "1960-05-30",
        "identifier": [{"system": "http://elsewhere.example", "value": "8675309"}],
    }
    told = await through("POST", "/fhir/Patient/$match", sample)
    search = told.json["entry"][0]["search"]
    assert (search["score"], search["extension"][0]["valueCode"]) == (1.0, "certain")


async def test_another_hospital_s_sensitive_identity_is_unknown(through, put) -> None:
    """Whom only the psychiatric hospital knows is nobody here: an empty list, a 404, and no domain of hers."""
    await put(4, "P-1", record("MARTIN", "Louise", status=IdentityStatus.VALIDATED))
    told = await through("GET", "/fhir/Patient?family=Mar&given=L&birthdate=1980-05-17")
    assert told.json["total"] == 0
    pix = await through("GET", "/fhir/Patient/$ihe-pix?sourceIdentifier=urn:oid:1.2.250.1.999.1.4|P-1")
    assert pix.status == 400


async def test_refusals_say_the_way_on(through, jeanne) -> None:
    """Too broad, not allowed and not signed for: an OperationOutcome in words, in French when asked for."""
    broad = await through("GET", "/fhir/Patient?gender=female", accept_language="fr")
    assert broad.json["issue"][0]["code"] == "too-costly"
    assert broad.text.startswith("Cette recherche")
    forbidden = await through("GET", "/fhir/AuditEvent?date=2026-11-24")
    assert (forbidden.status, forbidden.json["issue"][0]["code"]) == (403, "forbidden")
    contact = await through("GET", FULL, beffroi_fields="contact")
    assert contact.status == 403


async def test_protected_access_shows_name_and_birth_date_to_few(through, put) -> None:
    """Under protected access an emergency doctor reads name and birth date; a ward doctor, that it is withheld."""
    await put(1, "R-1", record("MARTIN", "Louise", restricted=True), explained_h=2)
    target = "/fhir/Patient?family=Mar&given=L&birthdate=1980-05-17"
    told = await through("GET", target, role=Role.EMERGENCY_DOCTOR)
    (found,) = [e["resource"] for e in told.json["entry"] if e["resource"]["resourceType"] == "Patient"]
    assert set(found) == {"resourceType", "id", "meta", "identifier", "active", "name", "birthDate", "_gender"}
    assert "lastUpdated" not in found["meta"]
    withheld = await through("GET", f"/fhir/Patient/{found['id']}")
    assert withheld.status == 403
    emergency = {"beffroi_purpose": "BTG", "beffroi_reason": "coma%2C%20sans%20papiers"}
    reading = await through("GET", f"/fhir/Patient/{found['id']}", **emergency)
    assert reading.json["name"][0]["family"] == "MARTIN"


async def test_an_auditor_reads_who_was_shown(through, jeanne) -> None:
    """An auditor of the structure sees a search as an event with the patient's reference, and no searched value."""
    reference = await reference_of(through)
    target = "/fhir/AuditEvent?date=ge2026-11-24&date=le2026-11-24"
    told = await through("GET", target, role=Role.AUDITOR)
    events = [entry["resource"] for entry in told.json["entry"]]
    patients = [e["what"]["reference"] for event in events for e in event["entity"] if "reference" in e.get("what", {})]
    assert f"Patient/{reference}" in patients
    assert not [secret for secret in ("Dar", "1960", "DARK", "LE GOFF") if secret in told.body.decode()]
    one = await through("GET", f"{target}&patient=Patient/{reference}&_count=1", role=Role.AUDITOR)
    assert [link["relation"] for link in one.json["link"]] == ["self", "next"]
    rest = await through("GET", one.json["link"][1]["url"].removeprefix("http://beffroi.test"), role=Role.AUDITOR)
    assert rest.status == 200


async def test_only_the_domains_asked_for_come_back(through, put) -> None:
    """Identifiers of other domains than those named are left out of a cross-reference (PIXm ITI-83)."""
    content = msgspec.structs.replace(JEANNE, attributes=())
    await put(1, "A-1", content, person=await put(2, "B-1", content))
    pix = "/fhir/Patient/$ihe-pix?sourceIdentifier=urn:oid:1.2.250.1.999.1.1|A-1&targetSystem=urn:oid:"
    told = await through("GET", f"{pix}{OID_INS_NIR_TEST}")
    assert [p["valueIdentifier"]["value"] for p in told.json["parameter"]] == ["297022A02077878"]
    hospital = await through("GET", f"{pix}1.2.250.1.999.1.2")
    assert [p["valueIdentifier"]["value"] for p in hospital.json["parameter"]] == ["B-1"]


async def test_domains_to_return_leave_the_others_out(through, jeanne) -> None:
    """`identifier=system|` beside a search: what other domains call her does not come back; her reference does."""
    own = "urn:oid:1.2.250.1.999.1.1"
    for asked, expected in (
        (f"&identifier={own}|", [own, f"urn:oid:{REGIONAL_OID}"]),
        ("&identifier=urn:oid:1.2.250.1.999.1.2|", [f"urn:oid:{REGIONAL_OID}"]),
        (f"&identifier=urn:oid:1.2.250.1.999.1.2|,{own}|", [own, f"urn:oid:{REGIONAL_OID}"]),
    ):
        told = await through("GET", FULL + asked)
        (entry,) = [e for e in told.json["entry"] if e["resource"]["resourceType"] == "Patient"]
        assert [i["system"] for i in entry["resource"]["identifier"]] == expected


@pytest.mark.parametrize("query", ["family=Dark&gender=female", "birthdate=1960-05-30&family=Dark"])
async def test_combinations_that_pdqm_asks_for(through, put, query) -> None:
    """Family and gender, birth date and family: her own hospital's patient is found, and both count."""
    await put(1, "A-1", msgspec.structs.replace(JEANNE, attributes=()), explained_h=2)
    told = await through("GET", f"/fhir/Patient?{query}")
    assert told.json["total"] == 1
    address = told.json["link"][0]["url"]
    assert all(part.partition("=")[0] in address for part in query.split("&"))
    other = query.replace("female", "male").replace("1960", "1961")
    assert (await through("GET", f"/fhir/Patient?{other}")).json["total"] == 0


async def test_every_answer_s_fate_is_written(through, jeanne, house, database) -> None:
    """What was handed to the socket is called sent once the gate stops."""
    await through("GET", FULL)
    await house.close()
    rows = await database.pool.fetch("select sent from deliveries")
    assert [row["sent"] for row in rows] == [True]


async def test_a_question_that_cannot_be_read_is_recorded_and_burns_its_proof(house, account, database):
    """Otherwise its proof could be used again, for another question: a proof does not name the query."""
    asker, proof = await account(Role.WARD_DOCTOR), Proof(b"0123456789abcdef", 29_000_000)
    door = FakeAuthenticator(asker)
    door.proof = proof
    api = FhirApi(house.finder, door, Endpoint(BASE, REGIONAL_OID, house.hospitals), FakeClock())
    unread = await call(api, "GET", "/fhir/Patient?birthdate=yesterday")
    again = await call(api, "GET", FULL)
    assert (unread.status, again.status) == (400, 401)
    outcomes = await database.pool.fetch("select outcome from disclosures order by disclosure_id")
    assert [row[0] for row in outcomes] == [Outcome.REFUSED, Outcome.REFUSED]


async def test_the_identifiers_of_protected_people_are_withheld_in_words(through, put):
    """An empty answer would read "no other identifier"."""
    await put(1, "A-1", record("DARK", "Jeanne", restricted=True))
    told = await through("GET", "/fhir/Patient/$ihe-pix?sourceIdentifier=A-1&targetSystem=urn:oid:1.2.250.1.213.1.4.10")
    assert (told.status, told.json["issue"][0]["code"]) == (403, "suppressed")

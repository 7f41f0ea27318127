"""The feed over FHIR (ITI-104) through the door into a real register, and what is found of it afterwards."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from beffroi.actions.connections import Connections
from beffroi.actions.feeding import HospitalFeed
from beffroi.actions.register import Registrar
from beffroi.clock import Clock
from beffroi.model.account import Role
from beffroi.model.disclosure import Proof
from beffroi.servers.fhir_api import FhirApi
from beffroi.store.credentials import CredentialStore
from beffroi.store.feed_versions import FeedVersions
from beffroi.wire.fhir_terms import CS_0445, CS_STATUS, EXT_RELIABILITY
from beffroi.wire.fhir_view import Endpoint
from beffroi.wire.fhir_xml import to_xml
from doubles import HOSPITALS
from fhir_answers import REGIONAL_OID
from fhir_door import FakeAuthenticator, Told, call
from fhir_rules import violations

BASE = "http://beffroi.test/fhir"
RED, GREEN, BLUE = (f"urn:oid:{hospital.oid}" for hospital in HOSPITALS[:3])
SHARED = Path(__file__).parents[3] / "shared" / "data" / "fhir-pixm"
FR = "https://hl7.fr/ig/fhir/core/StructureDefinition"
Feeds = Callable[..., Awaitable[Told]]


def reliability(code: str, system: str = CS_0445) -> dict[str, Any]:
    part = {"url": "identityStatus", "valueCoding": {"system": system, "code": code}}
    return {"url": EXT_RELIABILITY, "extension": [part]}


BIRTH_PLACE = {
    "url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace",
    "valueAddress": {
        "city": "Lille",
        "extension": [{"url": f"{FR}/fr-core-address-insee-code", "valueCoding": {"code": "59350"}}],
    },
}


def alice(system: str, value: str, **more: Any) -> dict[str, Any]:
    """A validated identity with every strict trait."""
    return {
        "resourceType": "Patient",
        "identifier": [{"system": system, "value": value}],
        "active": True,
        "name": [{"use": "official", "family": "MOHR", "given": ["ALICE"]}],
        "gender": "female",
        "birthDate": "1958-01-30",
        "extension": [reliability("VALI"), BIRTH_PLACE],
    } | more


@pytest.fixture
async def feeds(house, account, database, clock) -> AsyncIterator[Feeds]:
    """Feeds as the application of a hospital, over the door."""
    registrar = Registrar(database, Clock())
    await registrar.start()
    callers = Connections(CredentialStore(database), house.hospitals, Clock())
    feed = HospitalFeed(registrar, callers, FeedVersions(database))
    endpoint = Endpoint(BASE, REGIONAL_OID, house.hospitals)

    async def send(
        method: str,
        target: str,
        body: Any = b"",
        hospital: int = 1,
        role: Role = Role.FEED,
        may_feed: bool = True,
        proof: Proof | None = None,
        **headers: str,
    ) -> Told:
        asker = await account(role, hospital, f"{role}-{hospital}-{may_feed}")
        if role is Role.FEED:
            await database.pool.execute(
                "update accounts set kind = 'application' where account_id = $1", asker.account_id
            )
            await database.pool.execute(
                "insert into grants values ($1, $2, 'feed', now(), 'test') on conflict do nothing",
                asker.account_id,
                hospital,
            )
            await database.pool.execute(
                "insert into credentials values ($1, $2, $3, $4, false) on conflict do nothing",
                f"client:https://issuer.test|{asker.subject}",
                asker.account_id,
                hospital,
                may_feed,
            )
        api = FhirApi(house.finder, FakeAuthenticator(asker, proof), endpoint, Clock(), feed=feed)
        told = await call(api, method, target, body, **headers)
        assert violations(told.json) == []
        return told

    yield send
    await registrar.stop()


def at(system: str, value: str) -> str:
    return f"/fhir/Patient?identifier={system}|{value}"


async def found(feeds: Feeds, query: str, role: Role = Role.CROSS_REFERENCE_APPLICATION) -> list[dict[str, Any]]:
    told = await feeds("GET", f"/fhir/Patient?{query}", role=role)
    assert told.status == 200, told.body
    return [e["resource"] for e in told.json.get("entry", []) if e["resource"]["resourceType"] == "Patient"]


async def test_an_update_creates_then_replaces(feeds) -> None:
    """PUT answers 201, then 200 with another version; what it leaves out is deleted; it says nobody's reference."""
    first = await feeds("PUT", at(RED, "R-1"), alice(RED, "R-1", telecom=[{"system": "phone", "value": "0612345678"}]))
    assert (first.status, "location" in first.headers) == (201, False)
    again = await feeds("PUT", at(RED, "R-1"), alice(RED, "R-1", name=[{"family": "MOHR", "given": ["ALICIA"]}]))
    assert (again.status, again.headers["etag"] != first.headers["etag"]) == (200, True)
    (patient,) = await found(feeds, "identifier=R-1")
    assert patient["name"][0]["given"] == ["ALICIA"]
    read = await feeds("GET", f"/fhir/Patient/{patient['id']}", role=Role.ADMISSION_CLERK, beffroi_fields="contact",
                       beffroi_purpose="HOPERAT")  # fmt: skip
    assert "telecom" not in read.json
    assert patient["id"] not in first.body.decode() + again.body.decode()


async def test_xml_feeds_as_json_does(feeds) -> None:
    """The same Patient in XML is the same identity: nothing changes, nor does its version."""
    first = await feeds("PUT", at(RED, "R-1"), alice(RED, "R-1"))
    again = await feeds("PUT", at(RED, "R-1"), to_xml(alice(RED, "R-1")), content_type="application/fhir+xml")
    assert (again.status, again.headers["etag"]) == (200, first.headers["etag"])


async def test_a_version_must_be_the_one_named(feeds) -> None:
    """If-Match lets an update through when nothing changed since, and is 412 otherwise, also where there is nobody."""
    first = await feeds("PUT", at(RED, "R-1"), alice(RED, "R-1"))
    old = first.headers["etag"]
    changed = alice(RED, "R-1", gender="male")
    assert (await feeds("PUT", at(RED, "R-1"), changed, if_match=old)).status == 200
    assert (await feeds("PUT", at(RED, "R-1"), alice(RED, "R-1"), if_match=old)).status == 412
    assert (await feeds("PUT", at(RED, "R-2"), alice(RED, "R-2"), if_match=old)).status == 412
    assert (await feeds("PUT", at(RED, "R-1"), changed, if_match='"abc"')).status == 412


async def test_replaced_by_is_a_merge(feeds) -> None:
    """An inactive Patient that another one replaces is subsumed: its identifier leads to the survivor."""
    await feeds("PUT", at(RED, "R-1"), alice(RED, "R-1"))
    await feeds("PUT", at(RED, "R-m"), alice(RED, "R-m", name=[{"family": "MOHR", "given": ["MAIDEN"]}]))
    other = {"identifier": {"system": RED, "value": "R-1"}}
    gone = alice(RED, "R-m", active=False, link=[{"other": other, "type": "replaced-by"}])
    assert (await feeds("PUT", at(RED, "R-m"), gone)).status == 200
    (patient,) = await found(feeds, "identifier=R-m")
    assert patient["name"][0]["given"] == ["ALICE"]


async def test_a_removed_identity_is_never_found(feeds) -> None:
    """After DELETE no search finds it, a second DELETE is 404, and only its own hospital brings it back."""
    await feeds("PUT", at(RED, "R-1"), alice(RED, "R-1"))
    assert (await feeds("DELETE", at(RED, "R-1"))).status == 200
    assert await found(feeds, "identifier=R-1") == []
    assert await found(feeds, "family=MOHR&given=A&birthdate=1958-01-30") == []
    assert (await feeds("DELETE", at(RED, "R-1"))).status == 404
    assert (await feeds("PUT", at(RED, "R-1"), alice(RED, "R-1"))).status == 201
    assert len(await found(feeds, "identifier=R-1")) == 1
    assert (await feeds("PUT", at(RED, "R-1"), alice(RED, "R-1", active=False))).status == 200
    assert await found(feeds, "identifier=R-1") == []


@pytest.mark.parametrize(
    ("method", "target", "change", "status"),
    [
        ("PUT", at(GREEN, "G-1"), {}, 403),  # another hospital's domain
        ("DELETE", at(GREEN, "G-1"), {}, 403),
        ("PUT", at(RED, "R-2"), {}, 400),  # another identifier than the body's
        ("PUT", "/fhir/Patient", {}, 400),
        ("PUT", "/fhir/Patient?identifier=R-1", {}, 400),
        ("PUT", f"{at(RED, 'R-1')}&family=Mohr", {}, 400),
        ("PUT", at(RED, "R-1"), {"modifierExtension": [{"url": "x", "valueBoolean": True}]}, 400),
        ("PUT", at(RED, "R-1"), {"implicitRules": "http://x.test"}, 400),
        ("PUT", at(RED, "R-1"), {"birthDate": "1958-13-01"}, 400),
        ("PUT", at(RED, "R-1"), {"name": "MOHR"}, 400),
        ("PUT", at(RED, "R-1"), {"name": []}, 400),
        ("PUT", at(RED, "R-1"), {"resourceType": "Parameters"}, 400),
        ("PUT", "/fhir/Patient/abc", {}, 405),
    ],
)
async def test_what_is_refused(feeds, database, method, target, change, status) -> None:
    """Another's domain, a modifier, an unreadable value, an address without the identifier: refused, nothing kept."""
    told = await feeds(method, target, alice(RED, "R-1") | change)
    assert (told.status, told.json["resourceType"]) == (status, "OperationOutcome")
    assert await database.pool.fetchval("select count(*) from identities") == 0


async def test_who_may_feed(feeds) -> None:
    """Only an application that was given it: neither a professional nor an application without it."""
    for role, may in ((Role.ADMISSION_CLERK, True), (Role.FEED, False)):
        told = await feeds("PUT", at(RED, "R-1"), alice(RED, "R-1"), role=role, may_feed=may)
        assert told.status == 403


async def test_a_proof_serves_once(feeds) -> None:
    """The same proof again is refused, although nothing passed the gate."""
    proof = Proof(bytes(16), 29_000_000)
    assert (await feeds("PUT", at(RED, "R-1"), alice(RED, "R-1"), proof=proof)).status == 201
    assert (await feeds("PUT", at(RED, "R-1"), alice(RED, "R-1"), proof=proof)).status == 401


async def test_unknown_extensions_are_left_aside_and_said(feeds) -> None:
    """An extension that nobody knows does no harm, and the answer says that it was not kept."""
    unknown = {"url": "http://x.test/shoe-size", "valueString": "FORTY-TWO"}
    told = await feeds("PUT", at(RED, "R-1"), alice(RED, "R-1", extension=[reliability("VALI"), unknown]))
    assert (told.status, told.json["issue"][0]["severity"]) == (201, "warning")
    assert "FORTY-TWO" not in told.body.decode()


@pytest.mark.parametrize(
    ("extension", "status", "kept"),
    [
        (reliability("VALI"), "VALI", True),
        (reliability("PROV"), "PROV", False),
        (reliability("QUAL", CS_STATUS), "VALI", True),
        (reliability("RECUP", CS_STATUS), "PROV", False),
        (reliability("VALI", CS_STATUS), "VALI", False),
    ],
)
async def test_both_vocabularies(feeds, extension, status, kept) -> None:
    """The INS is kept with a qualified identity alone, in the published words and in the next ones."""
    ins = {"use": "official", "system": "urn:oid:1.2.250.1.213.1.4.10", "value": "297022A02077878"}
    body = alice(RED, "R-1", extension=[extension, BIRTH_PLACE])
    body["identifier"] = [*body["identifier"], ins]
    assert (await feeds("PUT", at(RED, "R-1"), body)).status == 201
    (patient,) = await found(feeds, "identifier=R-1")
    said = next(e for e in patient["extension"] if e["url"] == EXT_RELIABILITY)["extension"][0]["valueCoding"]["code"]
    assert said == status
    by_ins = await feeds("GET", at("urn:oid:1.2.250.1.213.1.4.10", "297022A02077878"),
                         role=Role.CROSS_REFERENCE_APPLICATION, beffroi_purpose="PATADMIN")  # fmt: skip
    assert (by_ins.json["total"] == 1) is kept


async def test_how_an_identity_was_checked_is_kept(feeds, database) -> None:
    """The method of collection, the kind of document and the day of INSi's call; codes of nobody's are left aside."""
    told = reliability("VALI")
    told["extension"] += [
        {"url": "methodCollection", "valueCoding": {"code": "INSI"}},
        {"url": "validationMode", "valueCoding": {"code": "LEP"}},
        {"url": "dateInterrogationINSi", "valueDate": "2026-11-02"},
    ]
    assert (await feeds("PUT", at(RED, "R-1"), alice(RED, "R-1", extension=[told]))).status == 201
    row = await database.pool.fetchrow(
        "select record->>'collected_by', record->>'document', record->>'insi_called_on' from identities"
    )
    assert tuple(row) == ("INSI", None, "2026-11-02")


@pytest.mark.skipif(not SHARED.exists(), reason="the published examples are not at hand")
async def test_the_published_example_of_three_domains(feeds) -> None:
    """Alice of the red, green and blue domains is one; red asks and is told green and blue, also by what was merged.

    Their traits are completed with the birth place and the validation without which nobody is joined in France.
    """
    names = {"Red": (RED, 1), "Green": (GREEN, 2), "Blue": (BLUE, 3)}
    for name, (system, hospital) in names.items():
        patient = json.loads((SHARED / f"Patient-MohrAlice-{name}.json").read_text())
        patient["identifier"][0]["system"] = system
        patient["extension"] = [reliability("VALI"), BIRTH_PLACE]
        told = await feeds("PUT", at(system, patient["identifier"][0]["value"]), patient, hospital)
        assert told.status == 201
    merged = json.loads((SHARED / "Patient-MohrMaidenResolvedByMohrMalice-Red.json").read_text())
    merged["identifier"][0]["system"] = merged["link"][0]["other"]["identifier"]["system"] = RED
    before = {k: v for k, v in merged.items() if k not in ("active", "link")}
    assert (await feeds("PUT", at(RED, "IHERED-m94"), before)).status == 201
    assert (await feeds("PUT", at(RED, "IHERED-m94"), merged)).status == 200
    for source in ("IHERED-994", "IHERED-m94"):
        address = f"/fhir/Patient/$ihe-pix?sourceIdentifier={RED}|{source}&targetSystem={GREEN}&targetSystem={BLUE}"
        told = await feeds("GET", address, role=Role.CROSS_REFERENCE_APPLICATION, beffroi_purpose="PATADMIN")
        assert told.status == 200
        values = [p["valueIdentifier"]["value"] for p in told.json["parameter"] if "valueIdentifier" in p]
        assert sorted(values) == ["IHEBLUE-994", "IHEGREEN-994"]


async def test_the_statement_says_so_only_where_it_is_served(feeds, house, account) -> None:
    """The CapabilityStatement declares the conditional update and delete exactly where the routes have them."""
    told = await feeds("GET", "/fhir/metadata")
    (patient,) = [r for r in told.json["rest"][0]["resource"] if r["type"] == "Patient"]
    assert (patient["conditionalUpdate"], patient["conditionalDelete"]) == (True, "single")
    plain = FhirApi(house.finder, FakeAuthenticator(), Endpoint(BASE, REGIONAL_OID, house.hospitals), Clock())
    (patient,) = [
        r for r in (await call(plain, "GET", "/fhir/metadata")).json["rest"][0]["resource"] if r["type"] == "Patient"
    ]
    assert "conditionalUpdate" not in patient
    assert (await call(plain, "PUT", at(RED, "R-1"), alice(RED, "R-1"))).status == 405

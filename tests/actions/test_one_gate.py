"""Law 1, walked: every address, operation and message type is asked for a known patient, with the gate open and shut.

Open: whatever shows a word of her identity has a disclosure of her with the same request's number. Shut (nothing can be
written): nobody is shown a word of it. An address or message type without a question here fails the walk.
"""

import json
from contextlib import asynccontextmanager
from types import SimpleNamespace
from urllib.parse import urlencode
from uuid import uuid4

import httpx2
import msgspec
import pytest

from beffroi.clock import Clock
from beffroi.model.account import Role
from beffroi.model.disclosure import Operation
from beffroi.model.feed import FeedOutcome
from beffroi.model.person import OID_INS_NIR_TEST, Address, IdentityStatus, Ins
from beffroi.servers.fhir_api import FhirApi
from beffroi.servers.mllp_messages import Messages, Peer
from beffroi.servers.routes import ROUTES
from beffroi.wire.fhir_view import Endpoint
from doubles import Admitted
from requests_and_records import record

BASE = "https://beffroi.test/fhir"
REGION = "1.2.250.1.999"
WORDS = ("QUESNOY", "Aldegonde", "0612345678", "297022A02077878", "Bollezeele", "IPP-7")
"""Her names, phone, INS, city and identifier: none is in any other text of the product."""


def known_patient():
    ins = Ins("297022A02077878", OID_INS_NIR_TEST)
    home = (Address(("1 rue Haute",), "Bollezeele", "59470"),)
    return record("QUESNOY", "Aldegonde", status=IdentityStatus.QUALIFIED, ins=ins, addresses=home)


def questions(reference: str, own: str) -> dict[tuple[str, str], list[tuple[str, bytes, dict[str, str]]]]:
    """For each address: path, body and headers of questions that would show her."""
    born = {"birthdate": "1980-05-17", "family": "Que", "given": "A"}
    sample = {
        "resourceType": "Patient",
        "name": [{"family": "QUESNOY", "given": ["Aldegonde"]}],
        "birthDate": "1980-05-17",
        "gender": "female",
    }
    scope = {"resourceType": "Parameters", "parameter": [{"name": "selection", "valueString": "hospital=1"}]}
    source = {"name": "sourceIdentifier", "valueString": f"{own}|IPP-7"}
    contact = {"beffroi-fields": "contact, identifiers", "beffroi-purpose": "TREAT"}
    urgent = {"beffroi-purpose": "BTG", "beffroi-reason": "patiente%20inconsciente"}
    fhir = {"content-type": "application/fhir+json"}
    form = {"content-type": "application/x-www-form-urlencoded"}
    return {
        ("GET", "/Patient"): [
            (f"/Patient?{urlencode(born)}", b"", {}),
            (f"/Patient?identifier={own}|IPP-7", b"", {}),
            (f"/Patient?identifier=urn:oid:{OID_INS_NIR_TEST}|297022A02077878", b"", {}),
            ("/Patient?telecom=0612345678", b"", {}),
            (f"/Patient?_id={reference}", b"", {}),
            (f"/Patient?{urlencode(born)}&_summary=count", b"", {}),
            (f"/Patient?{urlencode(born)}&_elements=name", b"", {}),
        ],
        ("POST", "/Patient/_search"): [("/Patient/_search", urlencode(born).encode(), form)],
        ("POST", "/Patient/$match"): [("/Patient/$match", json.dumps(sample).encode(), fhir)],
        ("GET", "/Patient/$ihe-pix"): [(f"/Patient/$ihe-pix?sourceIdentifier={own}|IPP-7", b"", {})],
        ("POST", "/Patient/$ihe-pix"): [
            ("/Patient/$ihe-pix", json.dumps({"resourceType": "Parameters", "parameter": [source]}).encode(), fhir)
        ],
        ("GET", "/Patient/{reference}"): [(f"/Patient/{reference}", b"", h) for h in ({}, contact, urgent)],
        ("POST", "/AuditEvent/$beffroi-scope"): [("/AuditEvent/$beffroi-scope", json.dumps(scope).encode(), fhir)],
        ("GET", "/AuditEvent"): [("/AuditEvent?date=ge2026-11-20&date=le2026-11-28", b"", {})],
    }


@pytest.fixture
async def reference(house, put) -> str:
    """Her public reference; her own hospital is the first one, and its feed explains her."""
    return house.references.of(await put(1, "IPP-7", known_patient(), explained_h=5))


@pytest.fixture
async def web(house, account):
    """The FHIR door on the real gate, without a socket."""
    door = Admitted()
    api = FhirApi(house.finder, door, Endpoint(BASE, REGION, house.hospitals), Clock())
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=api)) as client:
        yield client, door


async def disclosed(database, request_id: str) -> int:
    """How many sights its request was recorded with; of a scope, whose list is too long for a row, what it counts."""
    rows = await database.pool.fetch("select shown, request from disclosures where request_id = $1", request_id)
    asked = [msgspec.json.decode(row["request"]) for row in rows]
    looked_at = sum(int(one["patients"]) for one in asked if len(one.get("digest", "")) == 64)
    return looked_at + sum(len(msgspec.json.decode(row["shown"])) for row in rows)


def shows_her(content: bytes, asked: str, body: bytes) -> list[str]:
    """The words of her identity in an answer that the question itself did not hold."""
    return [w for w in WORDS if w.encode() in content and w not in asked and w.encode() not in body]


async def ask_everything(web, account, reference: str, own: str):
    """(route, role, question, answer) for every address, as every role."""
    client, door = web
    asked = questions(reference, f"urn:oid:{own}")
    for route in ROUTES:
        for role in Role:
            door.asker = await account(role, subject=f"walker-{role}")
            for path, body, headers in asked[(route.method, route.path)]:
                sent = headers | {"x-request-id": str(uuid4())}
                answer = await client.request(route.method, BASE + path, content=body, headers=sent)
                yield route, role, (path, body, sent["x-request-id"]), answer


async def test_every_address_and_role_through_the_open_gate(house, web, account, reference, database):
    """Whatever shows her was recorded as a disclosure of her; a role without the operation is shown nothing."""
    shown_by: dict[Operation, int] = {}
    own = house.hospitals.by_id(1).oid
    async for route, role, (path, body, request_id), answer in ask_everything(web, account, reference, own):
        words = shows_her(answer.content, path, body)
        recorded = await disclosed(database, request_id)
        assert not words or recorded, (route.path, role, words)
        assert recorded or reference.encode() not in answer.content.replace(path.encode(), b""), (route.path, role)
        if role not in route.roles:
            assert answer.status_code == 403 and not words, (route.path, role, answer.status_code)
        shown_by[route.operation] = shown_by.get(route.operation, 0) + bool(words or recorded)
    assert all(shown_by[route.operation] for route in ROUTES), shown_by  # the walk really saw her by every operation


async def test_every_address_and_role_through_the_shut_gate(house, web, account, reference, database):
    """When nothing can be written, no address shows a word of her to anybody."""
    own = house.hospitals.by_id(1).oid
    await database.pool.execute("alter table seen rename to seen_elsewhere")
    async for route, role, (path, body, _), answer in ask_everything(web, account, reference, own):
        assert answer.status_code in (403, 503), (route.path, role, answer.status_code)
        assert shows_her(answer.content, path, body) == []
        assert reference.encode() not in answer.content.replace(path.encode(), b"")


def hl7(kind: str, *segments: str) -> bytes:
    header = f"MSH|^~\\&|APP|SITE|B|R|20261124||{kind}|{uuid4().hex[:12]}|P|2.5|||||FRA|UNICODE UTF-8"
    return "\r".join((header, *segments)).encode() + b"\r"


def messages(oid: str) -> list[tuple[str, bytes]]:
    """One message of every type that the HL7 v2 door knows, each about her, and some that it refuses."""
    her = f"IPP-7^^^&{oid}&ISO^PI"
    pdq = "QPD|IHE PDQ Query|T1|@PID.5.1^QUE~@PID.5.2^A~@PID.7^19800517"
    pix = f"QPD|IHE PIX Query|T1|{her}"
    found = [("QBP^Q22", hl7("QBP^Q22^QBP_Q21", pdq, "RCP|I")), ("QBP^Q23", hl7("QBP^Q23^QBP_Q21", pix, "RCP|I"))]
    found += [("QCN^J01", hl7("QCN^J01^QCN_J01", "QID|T1|x")), ("QBP^ZV1", hl7("QBP^ZV1^QBP_Q21", pdq, "RCP|I"))]
    found += [("ORU^R01", hl7("ORU^R01^ORU_R01", f"PID|||{her}")), ("ADT^A19", hl7("QRY^A19", f"QRD|||||||{her}"))]
    for event in (f"{letter}{number:02d}" for letter in "AZ" for number in range(1, 100)):
        found.append((f"ADT^{event}", hl7(f"ADT^{event}", "EVN||20261124", f"PID|1||{her}", f"MRG|{her}")))
    return found


@pytest.mark.parametrize("shut", [False, True])
async def test_every_message_type(house, account, reference, database, shut):
    """A reply shows her only if her disclosure is recorded; with the gate shut, none does."""
    if shut:
        await database.pool.execute("alter table seen rename to seen_elsewhere")
    asker = await account(Role.CROSS_REFERENCE_APPLICATION, subject="app")
    hospital = house.hospitals.by_id(1)
    caller = SimpleNamespace(
        account_id=asker.account_id, subject="app", hospital=hospital, role=asker.role, may_feed=True, may_query=True,
        frozen=False,
    )  # fmt: skip
    told = 0
    async with served(house, caller) as answer:
        for kind, content in messages(hospital.oid):
            before = await database.pool.fetchval("select count(*) from disclosures where shown::text <> '[]'")
            reply = await answer(content)
            after = await database.pool.fetchval("select count(*) from disclosures where shown::text <> '[]'")
            asked = content.decode()
            words = [w for w in (*WORDS, reference) if w in reply and w not in asked]
            assert not words or (after > before and not shut), (kind, words)
            told += bool(words)
    assert bool(told) != shut


@asynccontextmanager
async def served(house, caller):
    """The HL7 v2 door on the real finder; its register takes everything and keeps nothing."""

    class Register:
        async def apply(self, _event: object, _source: object):
            return FeedOutcome.APPLIED

    async def find_caller(_credential: str):
        return caller

    door = Messages(Register(), house.finder, find_caller, Clock(), REGION)

    async def answer(content: bytes) -> str:
        work = await door.prepare(content, Peer("127.0.0.1"))
        reply = await work.run()
        return reply.content.decode("utf-8", "replace")

    yield answer

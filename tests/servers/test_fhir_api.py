"""The FHIR door: what is asked, what is told, and which words refusals have."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi import errors
from beffroi.access.fields import CONTACT, IDENTIFIERS, MINIMAL
from beffroi.model.account import Role
from beffroi.model.disclosure import Advice, Answer, Field, Operation, Outcome, Purpose
from beffroi.model.search import IdentifierToken
from beffroi.servers.authentication import Authenticated
from beffroi.servers.exchange import FORM
from beffroi.servers.fhir_api import BODY_BYTES_MAX, CEILING_PAUSE_S, IMPATIENT_PAUSE_S, QUERY_BYTES_MAX
from beffroi.servers.routes import ROUTES
from beffroi.wire.fhir_xml import to_xml
from fhir_answers import BASE_URL, REFERENCE, REGIONAL_OID, REQUEST_ID, released, shown
from fhir_door import NONCE, FakeAuthenticator, FakeFinder, call, door
from fhir_rules import violations

SEARCH = "/fhir/Patient?family=Dark&birthdate=1960-05-30"
SAMPLE: dict[str, Any] = {
    "resourceType": "Patient",
    "name": [{"family": "Dark", "given": ["Jeanne"]}],
    "birthDate": "1960-05-30",
}


async def test_a_search_asks_and_answers() -> None:
    """A search becomes criteria, and the released patients a bundle that keeps the rules."""
    finder = FakeFinder()
    told = await call(door(finder), "GET", SEARCH)
    assert told.status == 200
    assert violations(told.json) == []
    assert told.json["entry"][0]["resource"]["id"] == REFERENCE
    (criteria,) = finder.questions[0]
    assert criteria.family.value == "Dark"
    assert finder.asks[0].operation is Operation.SEARCH
    assert finder.deliveries == [(501, True)]


async def test_a_search_by_post_is_the_same_search() -> None:
    """The parameters of a form, and those of the address, both count."""
    finder = FakeFinder()
    form = "application/x-www-form-urlencoded; charset=UTF-8"
    target = "/fhir/Patient/_search?gender=female"
    told = await call(door(finder), "POST", target, b"family=Dark", content_type=form)
    assert told.status == 200
    (criteria,) = finder.questions[0]
    assert (criteria.family.value, criteria.sex) == ("Dark", "F")


@pytest.mark.parametrize(
    ("target", "body"),
    [
        (SEARCH, b""),
        ("/fhir/Patient/$match", msgspec.json.encode(SAMPLE)),
        (f"/fhir/Patient/{REFERENCE}", b""),
        ("/fhir/Patient?shoe=42", b""),
        ("/fhir/Nowhere", b""),
    ],
)
async def test_every_answer_has_the_safe_headers(target: str, body: bytes) -> None:
    """No cache keeps an answer, no header holds an identity, and the next nonce and a number to quote come along."""
    method = "POST" if body else "GET"
    told = await call(door(), method, target, body, content_type="application/json", x_request_id=REQUEST_ID)
    assert told.headers["cache-control"] == "no-store"
    assert told.headers["x-content-type-options"] == "nosniff"
    assert told.headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert told.headers["x-request-id"] == REQUEST_ID
    assert told.headers["dpop-nonce"] == NONCE
    assert int(told.headers["content-length"]) == len(told.body)
    assert not [secret for secret in ("DARK", "1960", "297022A") if secret in str(told.headers)]


async def test_a_made_up_request_id_is_not_repeated() -> None:
    """Only a UUID is taken over: a header would otherwise carry a name into logs."""
    told = await call(door(), "GET", SEARCH, x_request_id="Jeanne Dark")
    assert "Jeanne" not in told.headers["x-request-id"]


async def test_a_read_has_a_weak_version() -> None:
    """A read answers the patient, with her version as a weak ETag."""
    finder = FakeFinder()
    told = await call(door(finder), "GET", f"/fhir/Patient/{REFERENCE}")
    assert told.status == 200
    assert told.json["resourceType"] == "Patient"
    assert told.headers["etag"] == f'W/"{told.json["meta"]["versionId"]}"'
    assert finder.questions == [(REFERENCE,)]


async def test_who_may_not_be_shown_is_not_called_unknown() -> None:
    """A patient who may not be shown is a 403 with the way on, never a 404 (law 7)."""
    told = await call(door(FakeFinder(released(advice=(Advice.RESTRICTED,)))), "GET", f"/fhir/Patient/{REFERENCE}")
    assert told.status == 403
    assert told.json["issue"][0]["code"] == "suppressed"


async def test_fields_purpose_and_reason_are_asked_by_headers() -> None:
    """Headers say for which fields, why, and for which reason; minimal fields for treatment when they say nothing."""
    finder = FakeFinder()
    api = door(finder)
    await call(api, "GET", f"/fhir/Patient/{REFERENCE}")
    assert (finder.asks[0].wanted, finder.asks[0].purpose, finder.asks[0].reason) == (MINIMAL, Purpose.TREATMENT, "")
    headers = {
        "beffroi_fields": "contact, Identifiers",
        "beffroi_purpose": "hoperat",
        "beffroi_reason": "D%C3%A9part%20vers%20Lille",
    }
    await call(api, "GET", f"/fhir/Patient/{REFERENCE}", **headers)
    assert finder.asks[1].wanted == MINIMAL | CONTACT | IDENTIFIERS
    assert (finder.asks[1].purpose, finder.asks[1].reason) == (Purpose.ADMISSION, "Départ vers Lille")


async def test_an_emergency_reading_is_of_one_patient_with_a_reason() -> None:
    """Purpose BTG makes a read or a search an emergency reading, needs a reason, and is refused elsewhere."""
    finder = FakeFinder()
    api = door(finder)
    target = f"/fhir/Patient/{REFERENCE}"
    assert (await call(api, "GET", target, beffroi_purpose="BTG")).status == 400
    pix = "/fhir/Patient/$ihe-pix?sourceIdentifier=urn:oid:1.2.3%7C1"
    assert (await call(api, "GET", pix, beffroi_purpose="BTG", beffroi_reason="unconscious")).status == 400
    assert finder.asks == []
    told = await call(api, "GET", target, beffroi_purpose="BTG", beffroi_reason="unconscious")
    assert told.status == 200
    await call(api, "GET", SEARCH, beffroi_purpose="BTG", beffroi_reason="unconscious")
    assert [asked.operation for asked in finder.asks] == [Operation.EMERGENCY_READ] * 2


@pytest.mark.parametrize(
    "headers",
    [
        {"beffroi_fields": "everything"},
        {"beffroi_purpose": "HSYSADMIN"},
        {"beffroi_purpose": "curiosity"},
        {"beffroi_reason": "%FF"},
        {"beffroi_reason": "a%0Ab"},
        {"beffroi_reason": "x" * 501},
    ],
)
async def test_headers_that_cannot_be_honoured_are_refused(headers: dict[str, str]) -> None:
    """An unknown field set, purpose or unreadable reason is an error that repeats no value."""
    told = await call(door(), "GET", SEARCH, **headers)
    assert told.status in (400, 413)
    assert violations(told.json) == []
    assert next(iter(headers.values())) not in told.body.decode()


async def test_elements_narrow_what_is_asked_of_the_gate() -> None:
    """`_elements` and `_summary=count` ask for less, so that less is disclosed."""
    finder = FakeFinder(released(shown(fields=Field.BIRTH_NAME)))
    api = door(finder)
    told = await call(api, "GET", f"{SEARCH}&_elements=name,telecom")
    assert finder.asks[0].only == Field.BIRTH_NAME | Field.USED_NAME | Field.PHONE | Field.EMAIL
    assert told.json["entry"][0]["resource"]["meta"]["tag"][0]["code"] == "SUBSETTED"
    counted = await call(api, "GET", f"{SEARCH}&_summary=count")
    assert finder.asks[1].only == Field.EXISTENCE
    assert "entry" not in counted.json


async def test_unknown_parameters_are_told_or_refused() -> None:
    """An unknown parameter is named in the answer's outcome; with handling=strict it is an error."""
    told = await call(door(FakeFinder(released())), "GET", f"{SEARCH}&shoe=42", accept_language="fr")
    assert "shoe" in told.json["entry"][0]["resource"]["issue"][0]["details"]["text"]
    assert "shoe" not in told.json["link"][0]["url"]
    strict = await call(door(), "GET", f"{SEARCH}&shoe=42", prefer="handling=strict")
    assert (strict.status, strict.json["issue"][0]["code"]) == (400, "not-supported")


async def test_our_own_references_are_identifiers() -> None:
    """The regional domain is the finder's nameless one; as the only domain wanted it leaves out all identifiers."""
    finder = FakeFinder()
    api = door(finder)
    await call(api, "GET", f"/fhir/Patient?identifier=urn:oid:{REGIONAL_OID}|{REFERENCE}")
    assert finder.questions[0][0].identifiers == (IdentifierToken("", REFERENCE),)
    await call(api, "GET", f"{SEARCH}&identifier=urn:oid:{REGIONAL_OID}|")
    assert finder.questions[1][0].domains == ()
    others = Field.MOTHER_NAME | Field.NATIONALITY | Field.PROOF
    assert not finder.asks[1].only & (IDENTIFIERS | Field.OWN_IDENTIFIER) & ~others


async def test_match_by_parameters() -> None:
    """A $match takes a sample, a number and certainty, and fields and purpose from its own body."""
    finder = FakeFinder(released(shown(score=1.0, grade="certain")))
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "resource", "resource": SAMPLE},
            {"name": "onlyCertainMatches", "valueBoolean": True},
            {"name": "count", "valueInteger": 3},
            {"name": "beffroi-purpose", "valueCode": "PATADMIN"},
        ],
    }
    told = await call(door(finder), "POST", "/fhir/Patient/$match", body)
    assert told.status == 200
    assert violations(told.json) == []
    assert told.json["entry"][0]["search"]["score"] == 1.0
    assert finder.questions[0][1:] == (True, 3)
    assert finder.asks[0].purpose is Purpose.IDENTITY_MANAGEMENT


async def test_match_refuses_what_it_does_not_understand() -> None:
    """An unknown modifierExtension is a 400 without patients (PDQm ITI-119); unknown extensions do no harm."""
    modified = SAMPLE | {"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}
    told = await call(door(), "POST", "/fhir/Patient/$match", modified)
    assert (told.status, told.json["resourceType"]) == (400, "OperationOutcome")
    extended = SAMPLE | {"extension": [{"url": "urn:x", "valueBoolean": True}]}
    assert (await call(door(), "POST", "/fhir/Patient/$match", extended)).status == 200


async def test_pix_by_get_and_post() -> None:
    """A cross-reference is asked in the address or, better, in a body; the source is not repeated."""
    finder = FakeFinder(released(shown(fields=IDENTIFIERS)))
    api = door(finder)
    query = "sourceIdentifier=urn:oid:1.2.250.1.999.1.1|IPP-1&targetSystem=urn:oid:1.2.250.1.999.1.2"
    told = await call(api, "GET", f"/fhir/Patient/$ihe-pix?{query}")
    assert violations(told.json) == []
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "sourceIdentifier", "valueString": "urn:oid:1.2.250.1.999.1.1|IPP-1"},
            {"name": "targetSystem", "valueUri": "urn:oid:1.2.250.1.999.1.2"},
        ],
    }
    posted = await call(api, "POST", "/fhir/Patient/$ihe-pix", body)
    assert posted.json == told.json
    assert finder.questions[0] == finder.questions[1] == ("1.2.250.1.999.1.1", "IPP-1", ("1.2.250.1.999.1.2",))


@pytest.mark.parametrize(
    "source",
    [f"Patient/{REFERENCE}", f"{BASE_URL}|Patient/{REFERENCE}", f"{BASE_URL}/Patient/{REFERENCE}"],
)
async def test_pix_from_a_reference(source: str) -> None:
    """A patient's reference, alone or after our address, is asked about as ours."""
    finder = FakeFinder()
    told = await call(door(finder), "GET", f"/fhir/Patient/$ihe-pix?sourceIdentifier={source}")
    assert finder.questions[0] == ("", REFERENCE, ())
    assert told.status == 200


async def test_pix_to_the_regional_domain_alone() -> None:
    """Whoever wants only our reference is released no identifier."""
    finder = FakeFinder(released(shown(fields=Field.REFERENCE)))
    query = f"sourceIdentifier=1.2.250.1.999.1.1|IPP-1&targetSystem=urn:oid:{REGIONAL_OID}"
    told = await call(door(finder), "GET", f"/fhir/Patient/$ihe-pix?{query}")
    assert finder.asks[0].only == Field.REFERENCE
    assert [p["name"] for p in told.json["parameter"]] == ["targetIdentifier", "targetId"]


async def test_an_audit_needs_both_bounds() -> None:
    """An audit search without a window of dates is refused; with one it is asked for auditing."""
    finder = FakeFinder()
    assert (await call(door(finder), "GET", "/fhir/AuditEvent?date=ge2026-11-01")).status == 400
    told = await call(door(finder), "GET", "/fhir/AuditEvent?date=ge2026-11-01&date=lt2026-12-01")
    assert told.status == 200
    assert violations(told.json) == []
    assert (finder.asks[0].purpose, finder.asks[0].wanted) == (Purpose.AUDIT, Field(0))
    assert finder.deliveries == [(502, True)]


JSON_TYPE, XML_TYPE = "application/fhir+json; charset=utf-8", "application/fhir+xml; charset=utf-8"


@pytest.mark.parametrize(
    ("accept", "query", "media_type"),
    [
        ("application/fhir+xml", "", XML_TYPE),
        ("text/xml", "", XML_TYPE),
        ("application/fhir+xml, application/json;q=0.5", "", XML_TYPE),
        ("application/fhir+xml;q=0.5, application/fhir+json", "", JSON_TYPE),
        ("application/fhir+xml, application/fhir+json", "", JSON_TYPE),
        ("application/fhir+xml, */*", "", XML_TYPE),
        ("application/fhir+json;q=0, */*", "", XML_TYPE),
        ("application/fhir+xml; fhirVersion=4.0", "", XML_TYPE),
        ("application/fhir+xml; fhirVersion=5.0, */*;q=0.1", "", JSON_TYPE),
        ("*/*", "&_format=xml", XML_TYPE),
        ("*/*", "&_format=application/fhir+xml", XML_TYPE),
        ("*/*", "&_format=application%2Ffhir%2Bxml", XML_TYPE),
        ("application/fhir+xml", "&_format=json", JSON_TYPE),
        ("", "", JSON_TYPE),
    ],
)
async def test_formats(accept: str, query: str, media_type: str) -> None:
    """JSON or XML as it is wanted most, JSON when nobody minds; `_format` goes before Accept."""
    told = await call(door(), "GET", SEARCH + query, accept=accept)
    assert (told.status, told.headers["content-type"]) == (200, media_type)
    assert violations(told.json) == []
    assert int(told.headers["content-length"]) == len(told.body)


@pytest.mark.parametrize(
    ("accept", "query"),
    [
        ("text/html", ""),
        ("application/fhir+json; fhirVersion=5.0", ""),
        ("application/fhir+json;q=0", ""),
        ("application/fhir+xml;q=0, application/fhir+json;q=0, text/html", ""),
        ("*/*", "&_format=ttl"),
    ],
)
async def test_other_formats(accept: str, query: str) -> None:
    """What is neither JSON nor XML in R4 is refused in clear words, before anybody is authenticated."""
    authenticator = FakeAuthenticator()
    told = await call(door(authenticator=authenticator), "GET", SEARCH + query, accept=accept)
    assert (told.status, told.headers["content-type"], authenticator.seen) == (406, JSON_TYPE, [])
    assert told.json["issue"][0]["code"] == "not-supported"
    assert "application/fhir+json" in told.text and "application/fhir+xml" in told.text


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", SEARCH, 200),
        ("GET", f"/fhir/Patient/{REFERENCE}", 200),
        ("GET", "/fhir/Patient/$ihe-pix?sourceIdentifier=urn:oid:1.2.250.1.999.1.1|IPP-1", 200),
        ("GET", "/fhir/AuditEvent?date=ge2026-11-01&date=lt2026-12-01", 200),
        ("GET", "/fhir/metadata", 200),
        ("OPTIONS", "/fhir/Patient", 200),
        ("GET", "/fhir/Patient?birthdate=soon", 400),
        ("GET", "/fhir/Nowhere", 404),
        ("PUT", "/fhir/Patient", 405),
        ("GET", "/fhir/Patient?family=" + "a" * QUERY_BYTES_MAX, 413),
    ],
)
async def test_the_same_in_both_formats(method: str, target: str, status: int) -> None:
    """Every answer and every refusal says in XML what it says in JSON, whichever way XML is asked for."""
    in_json = await call(door(), method, target, x_request_id=REQUEST_ID)
    in_xml = await call(door(), method, target, accept="application/fhir+xml", x_request_id=REQUEST_ID)
    assert (in_json.status, in_xml.status) == (status, status)
    assert in_xml.headers["content-type"] == XML_TYPE
    assert in_xml.json == in_json.json
    if len(target) < QUERY_BYTES_MAX:
        query = "&" if "?" in target else "?"
        asked = await call(door(), method, f"{target}{query}_format=xml", accept="*/*", x_request_id=REQUEST_ID)
        assert (asked.headers["content-type"], asked.body) == (XML_TYPE, in_xml.body)


async def test_refusals_are_in_the_format_asked() -> None:
    """A refusal before, by and after the finder, and what nobody foresaw, is XML for whoever asked for XML."""
    for finder, headers, status in (
        (FakeFinder(), {"authorization": ""}, 401),
        (FakeFinder(errors.CeilingReached(what="x", limit=1, instead="")), {}, 429),
        (FakeFinder(ValueError("DARK")), {}, 500),
    ):
        told = await call(door(finder), "GET", SEARCH, accept="application/fhir+xml", **headers)
        assert (told.status, told.headers["content-type"]) == (status, XML_TYPE)
        assert violations(told.json) == []


async def test_a_form_may_ask_for_a_format() -> None:
    """`_format` in the body of a search by POST counts like one in the address."""
    form = {"content_type": "application/x-www-form-urlencoded"}
    told = await call(door(), "POST", "/fhir/Patient/_search", b"family=Dark&_format=xml", **form)
    assert told.headers["content-type"] == XML_TYPE
    told = await call(door(), "POST", "/fhir/Patient/_search", b"family=Dark&_format=ttl", **form)
    assert told.status == 406


@pytest.mark.parametrize("media_type", ["application/fhir+xml", "application/xml; charset=utf-8", "text/xml"])
async def test_operations_read_xml(media_type: str) -> None:
    """A sample and a question in XML are the same question as in JSON."""
    finder = FakeFinder(released(shown(score=0.9, grade="probable")))
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "resource", "resource": SAMPLE}, {"name": "count", "valueInteger": 3}],
    }
    question = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "sourceIdentifier", "valueString": "urn:oid:1.2.250.1.999.1.1|IPP-1"},
            {"name": "beffroi-fields", "valueString": "identifiers"},
        ],
    }
    for path, asked in (("$match", SAMPLE), ("$match", body), ("$ihe-pix", question)):
        in_json = await call(door(finder), "POST", f"/fhir/Patient/{path}", asked, x_request_id=REQUEST_ID)
        in_xml = await call(
            door(finder),
            "POST",
            f"/fhir/Patient/{path}",
            to_xml(asked),
            content_type=media_type,
            x_request_id=REQUEST_ID,
        )
        assert (in_xml.status, in_xml.body) == (200, in_json.body)
        assert finder.questions[-1] == finder.questions[-2]
        assert finder.asks[-1] == finder.asks[-2]


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("DELETE", f"/fhir/Patient/{REFERENCE}", 405, "GET"),
        ("HEAD", "/fhir/Patient", 405, "GET"),
        ("PUT", "/fhir/Patient/$ihe-pix", 405, "GET, POST"),
        ("POST", "/fhir/metadata", 405, "GET, HEAD"),
        ("OPTIONS", "/fhir/Patient/_search", 200, "POST"),
        ("GET", "/fhir/Observation", 404, ""),
        ("GET", "/fhir/Patient/$everything", 404, ""),
        ("GET", "/fhir/Patient/a/b", 404, ""),
        ("GET", "/elsewhere", 404, ""),
        ("OPTIONS", "/fhir/Observation", 404, ""),
    ],
)
async def test_other_methods_and_addresses(method: str, path: str, status: int, allow: str) -> None:
    """An unknown address or method is an OperationOutcome too, and nothing is asked of anybody."""
    finder = FakeFinder()
    told = await call(door(finder), method, path)
    assert (told.status, told.headers.get("allow", "")) == (status, allow)
    assert violations(told.json) == []
    assert finder.asks == []


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("text/plain", b"{}", 415),
        ("application/fhir+xml", b"<Patient/>", 400),
        ("application/fhir+xml", b'<!DOCTYPE a [<!ENTITY b "c">]><Patient xmlns="http://hl7.org/fhir"/>', 400),
        ("application/fhir+xml", b'<Bundle xmlns="http://hl7.org/fhir"/>', 400),
        ("application/fhir+xml", b" " * (BODY_BYTES_MAX + 1), 413),
        ("application/fhir+json", b"{", 400),
        ("application/fhir+json", b"[" * 60_000, 400),
        ("application/fhir+json", b'{"resourceType":"Bundle"}', 400),
        ("application/fhir+json", b" " * (BODY_BYTES_MAX + 1), 413),
    ],
)
async def test_bodies_that_cannot_be_read(content_type: str, body: bytes, status: int) -> None:
    """A body of another type, broken, nested without end or too large is refused in words."""
    told = await call(door(), "POST", "/fhir/Patient/$match", body, content_type=content_type)
    assert told.status == status
    assert violations(told.json) == []


async def test_an_endless_address_is_refused() -> None:
    """A query longer than the limit is refused before anybody is authenticated."""
    authenticator = FakeAuthenticator()
    told = await call(door(authenticator=authenticator), "GET", "/fhir/Patient?family=" + "a" * QUERY_BYTES_MAX)
    assert told.status == 413
    assert authenticator.seen == []


async def test_nobody_is_answered_without_a_token() -> None:
    """Every route refuses whoever does not sign in, with a challenge; only what the server can do is public."""
    finder = FakeFinder()
    for route in ROUTES:
        path = "/fhir" + route.path.replace("{reference}", REFERENCE)
        told = await call(door(finder), route.method, path, authorization="")
        assert told.status == 401
        assert told.headers["www-authenticate"].startswith("DPoP")
        assert told.headers["dpop-nonce"] == NONCE
    assert finder.asks == []
    assert (await call(door(finder), "GET", "/fhir/metadata", authorization="")).status == 200


async def test_the_proof_is_for_the_public_address() -> None:
    """What a DPoP proof names is the public address and the path as it was sent, without the query."""
    authenticator = FakeAuthenticator()
    await call(door(authenticator=authenticator), "GET", "/fhir/Patient/$ihe-pix?sourceIdentifier=a|b")
    assert authenticator.seen == [("GET", f"{BASE_URL}/Patient/$ihe-pix", "192.0.2.7")]


@pytest.mark.parametrize(
    ("error", "status", "code", "retry"),
    [
        (errors.TooBroad(add="birthdate"), 400, "too-costly", None),
        (errors.NotFound("QPD^1^3^1^1", what="Patient"), 404, "not-found", None),
        (errors.UnknownDomain("targetSystem", 404), 404, "not-found", None),
        (errors.UnknownDomain("targetSystem", 403), 403, "code-invalid", None),
        (errors.CeilingReached(what="x", limit=1, instead=""), 429, "throttled", None),
        (errors.TooManyInFlight(limit=4), 429, "throttled", "1"),
        (errors.Unavailable(what="x"), 503, "transient", "5"),
        (errors.Overloaded(what="x"), 503, "throttled", "2"),
        (errors.AccountFrozen(), 403, "suppressed", None),
    ],
)
async def test_refusals_are_words(error: errors.BeffroiError, status: int, code: str, retry: str | None) -> None:
    """Every refusal has its status, its FHIR code, words in both languages, and says when waiting helps."""
    for language in ("en", "fr"):
        told = await call(door(FakeFinder(error)), "GET", SEARCH, accept_language=language)
        assert (told.status, told.json["issue"][0]["code"]) == (status, code)
        assert told.text == error.text(language)
        assert told.headers.get("retry-after") == retry
        assert violations(told.json) == []
        assert "QPD" not in told.body.decode()


async def test_an_unknown_domain_is_a_warning_in_a_search() -> None:
    """PDQm: 404 with a warning, code not-found, "targetSystem not found"."""
    told = await call(door(FakeFinder(errors.UnknownDomain("targetSystem", 404))), "GET", SEARCH)
    issue = told.json["issue"][0]
    assert (issue["severity"], issue["diagnostics"]) == ("warning", "targetSystem not found")


async def test_the_unforeseen_tells_a_number_and_nothing_else() -> None:
    """An exception that nobody foresaw is a 500 with the request's number; its text goes nowhere."""
    told = await call(door(FakeFinder(ValueError("DARK Jeanne"))), "GET", SEARCH, x_request_id=REQUEST_ID)
    assert told.status == 500
    assert REQUEST_ID in told.text
    assert "DARK" not in told.body.decode()


async def test_an_answer_to_nobody_is_not_called_sent() -> None:
    """When the client left before the answer, or while it was written, the disclosure's answer is aborted."""
    finder = FakeFinder()
    assert (await call(door(finder), "GET", SEARCH, gone=True)).status == 0

    def breaks() -> None:
        raise BrokenPipeError

    await call(door(finder), "GET", SEARCH, broken=breaks)
    assert finder.deliveries == [(501, False), (501, False)]


async def test_a_refusal_has_no_delivery() -> None:
    """Only what a disclosure released has a fate."""
    finder = FakeFinder(errors.TooBroad(add="birthdate"))
    await call(door(finder), "GET", SEARCH)
    assert finder.deliveries == []


async def test_the_capability_statement_is_the_table() -> None:
    """`metadata` promises the interactions and operations of the table of routes, in both formats; no more, no less."""
    told = await call(door(), "GET", "/fhir/metadata", authorization="")
    assert told.json["format"] == ["xml", "json"]
    assert violations(told.json) == []
    assert told.json["rest"][0]["security"]["service"][0]["coding"][0]["code"] == "IUA"
    for resource in told.json["rest"][0]["resource"]:
        of_table = {route.interaction for route in ROUTES if route.resource == resource["type"]}
        promised = {i["code"] for i in resource["interaction"]} | {o["name"] for o in resource.get("operation", [])}
        assert promised == of_table


def test_the_roles_of_a_route_follow_from_the_rights() -> None:
    """Auditors audit and do not search; nurses search and do not audit."""
    roles = {route.operation: route.roles for route in ROUTES}
    assert Role.AUDITOR in roles[Operation.AUDIT_SEARCH]
    assert Role.AUDITOR not in roles[Operation.SEARCH]
    assert Role.WARD_NURSE not in roles[Operation.AUDIT_SEARCH]


async def test_what_was_not_shown_is_counted_as_its_outcome() -> None:
    """Too many is a list without patients that says how to narrow it."""
    answer = msgspec.structs.replace(
        released(advice=(Advice.TOO_MANY,), missing=("given:1",)).content, outcome=Outcome.TOO_MANY
    )
    told = await call(door(FakeFinder(type(released()).seal(answer))), "GET", SEARCH)
    assert isinstance(answer, Answer)
    assert told.json["total"] == 0
    assert told.json["entry"][0]["resource"]["issue"][0]["code"] == "too-costly"


_texts = st.text(st.characters(codec="utf-8"), max_size=12)
_latin = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12)
_queries = st.lists(
    st.tuples(
        st.sampled_from(["family", "birthdate", "identifier", "sourceIdentifier", "date", "_format", "x"]), _texts
    )
).map(lambda pairs: "&".join(f"{name}={quote(value)}" for name, value in pairs))


@given(
    st.sampled_from(["GET", "POST", "PUT", "HEAD", "OPTIONS"]),
    st.sampled_from([route.path.replace("{reference}", "x") for route in ROUTES] + ["/Patient/é", "/"]),
    _queries,
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from([msgspec.json.encode(SAMPLE), to_xml(SAMPLE)]),
        _queries.map(str.encode),
    ),
    st.dictionaries(
        st.sampled_from(
            ["accept", "accept_language", "content_type", "prefer", "x_request_id", "beffroi_fields", "beffroi_reason"]
        ),
        st.one_of(_latin, st.sampled_from(["application/json", "text/xml", FORM, "fr;q=x, en"])),
    ),
)
def test_nothing_that_is_sent_is_unforeseen(
    method: str, path: str, query: str, body: bytes, headers: dict[str, str]
) -> None:
    """Any method, address, header and body is answered, keeps the rules, and is never a fault of ours."""
    told = asyncio.run(call(door(FakeFinder(released())), method, f"/fhir{path}?{query}", body, **headers))
    assert told.status not in (0, 500)
    assert violations(told.json) == []


class Counting(FakeAuthenticator):
    """Knows how many it has admitted and not yet let go."""

    inside = 0

    @asynccontextmanager
    async def admit(self, *given: Any) -> AsyncIterator[Authenticated]:
        async with super().admit(*given) as who:
            self.inside += 1
            try:
                yield who
            finally:
                self.inside -= 1


async def test_a_refusal_beyond_a_ceiling_keeps_its_place_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a robot which collects refusals is slow, and with four places it alone; other refusals are at once."""
    paused: list[tuple[float, int]] = []
    desk = Counting()

    async def pause(seconds: float) -> None:
        paused.append((seconds, desk.inside))

    monkeypatch.setattr("beffroi.servers.fhir_api.asyncio.sleep", pause)
    await call(door(FakeFinder(errors.TooBroad(add="birthdate")), desk), "GET", SEARCH)
    assert paused == []
    await call(door(FakeFinder(errors.CeilingReached(what="x", limit=1, instead="")), desk), "GET", SEARCH)
    await call(door(FakeFinder(errors.TooManyInFlight(limit=4)), desk), "GET", SEARCH)
    assert paused == [(CEILING_PAUSE_S, 1), (IMPATIENT_PAUSE_S, 0)]

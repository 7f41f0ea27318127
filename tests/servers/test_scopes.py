"""What a token's scopes take away, and what a SMART client is told first."""

import msgspec
import pytest

from beffroi.outbound.issuer_keys import IssuerMetadata
from beffroi.servers.fhir_api import FhirApi
from beffroi.servers.routes import FEED_ROUTES, ROUTES
from beffroi.servers.smart_configuration import smart_configuration
from doubles import FakeClock
from fhir_answers import ENDPOINT
from fhir_door import NURSE, FakeAuthenticator, FakeFinder, call, door


@pytest.mark.parametrize(
    ("scopes", "target", "status"),
    [
        ({"openid", "scope_all"}, "/fhir/Patient?family=Dark", 200),
        ({"ITI-78"}, "/fhir/Patient?family=Dark", 200),
        ({"ITI-83", "ITI-119"}, "/fhir/Patient?family=Dark", 401),
        ({"user/Patient.s"}, "/fhir/Patient?family=Dark", 200),
        ({"user/Patient.r"}, "/fhir/Patient?family=Dark", 401),
        ({"user/Patient.r"}, "/fhir/Patient/abc", 200),
        ({"user/AuditEvent.read"}, "/fhir/Patient/abc", 401),
        ({"ITI-78"}, "/fhir/AuditEvent?date=ge2026-11-01&date=le2026-11-02", 401),
    ],
)
async def test_scopes_narrow(scopes: set[str], target: str, status: int) -> None:
    """A token with scopes of IUA or SMART does what they name and nothing else; other scopes say nothing here."""
    finder = FakeFinder()
    asker = msgspec.structs.replace(NURSE, scopes=frozenset(scopes))
    told = await call(door(finder, FakeAuthenticator(asker)), "GET", target)
    assert told.status == status
    if status == 401:
        assert finder.asks == [] and told.json["issue"][0]["code"] == "forbidden"
        assert 'error="insufficient_scope"' in told.headers["www-authenticate"]


async def test_smart_configuration() -> None:
    """The issuer's own endpoints, and every transaction that is routed as a scope; without an issuer there is none."""
    metadata = IssuerMetadata("https://i.test", "https://i.test/k", token_endpoint="https://i.test/t")
    document = smart_configuration("https://i.test", metadata, ROUTES + FEED_ROUTES)
    api = FhirApi(FakeFinder(), FakeAuthenticator(), ENDPOINT, FakeClock(), smart=lambda: document)
    told = await call(api, "GET", "/fhir/.well-known/smart-configuration", authorization="")
    said = told.json
    assert (told.status, told.headers["content-type"]) == (200, "application/json")
    assert (said["issuer"], said["token_endpoint"]) == ("https://i.test", "https://i.test/t")
    assert {"ITI-78", "ITI-119", "ITI-83", "ITI-104", "user/Patient.cu"} <= set(said["scopes_supported"])
    assert (await call(door(), "GET", "/fhir/.well-known/smart-configuration")).status == 404
    assert (await call(api, "POST", "/fhir/.well-known/smart-configuration")).status == 405

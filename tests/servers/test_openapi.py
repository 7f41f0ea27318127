"""The description made from the routing table, and what a fuzzer that reads it (schemathesis) does to the door."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from beffroi.actions.feeding import HospitalFeed
from beffroi.errors import Forbidden, Words
from beffroi.model.hospitals import Hospitals
from beffroi.servers.fhir_api import FhirApi
from beffroi.servers.http_server import HttpLimits, listen, serve_http
from beffroi.servers.openapi import openapi
from beffroi.servers.routes import FEED_ROUTES, ROUTES
from beffroi.wire.fhir_view import Endpoint
from doubles import HOSPITALS, FakeClock
from fhir_answers import BASE_URL, REGIONAL_OID
from fhir_door import FakeAuthenticator, FakeFinder, call, door

EXAMPLES = 25
"""Requests for each operation: the parsers have property tests of their own, this looks at what joins them."""


class NoFeed(HospitalFeed):
    """A feed that nobody may use."""

    def __init__(self) -> None:
        self.windows = {}

    async def caller(self, asker: object, proof: object) -> object:  # type: ignore[override]
        raise Forbidden(role="nobody", what=Words("to feed", "l'alimentation"), instead="")


def test_every_route_is_described() -> None:
    """Each route of the table, and nothing else, with its method and the media types that it reads."""
    told = msgspec.json.decode(openapi(BASE_URL, ROUTES + FEED_ROUTES))
    described = {(method.upper(), path) for path, methods in told["paths"].items() for method in methods}
    assert described == {(route.method, route.path) for route in ROUTES + FEED_ROUTES}
    for route in ROUTES + FEED_ROUTES:
        body = told["paths"][route.path][route.method.lower()].get("requestBody", {"content": {}})
        assert set(body["content"]) == set(route.bodies)


async def test_it_is_served_to_anybody() -> None:
    """Without a token, like the CapabilityStatement; the feed's routes only where they are served."""
    told = await call(door(), "GET", "/fhir/openapi.json", authorization="")
    assert (told.status, told.headers["content-type"]) == (200, "application/json")
    assert "put" not in told.json["paths"]["/Patient"]


@pytest.fixture
async def base() -> AsyncIterator[str]:
    """A door on the loopback."""
    listening, stopping = listen("127.0.0.1", 0), asyncio.Event()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/fhir"
    endpoint = Endpoint(url, REGIONAL_OID, Hospitals(HOSPITALS))
    api = FhirApi(FakeFinder(), FakeAuthenticator(), endpoint, FakeClock(), feed=NoFeed())
    serving = asyncio.create_task(serve_http(api, listening, HttpLimits(20, 1), stopping))
    yield url
    stopping.set()
    await serving


@pytest.mark.parametrize("route", ROUTES + FEED_ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_a_fuzzer_finds_no_fault(base: str, route) -> None:
    """Whatever schemathesis makes of the description is answered, never with a fault of ours, always as FHIR."""
    schema = schemathesis.openapi.from_dict(msgspec.json.decode(openapi(base, ROUTES + FEED_ROUTES)))
    operation = schema[route.path][route.method]

    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        database=None,
    )
    def fuzz(case) -> None:
        answer = case.call(base_url=base, headers={"Authorization": "DPoP token"})
        assert answer.status_code < 500, (answer.status_code, case.as_curl_command())
        assert answer.headers["content-type"][0].startswith("application/fhir+")

    await asyncio.to_thread(fuzz)

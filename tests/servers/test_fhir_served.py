"""The FHIR door behind a real socket: a foreign client, connections that stay open, and clients that leave."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from fhirpy import AsyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

from beffroi import errors
from beffroi.actions.asking import Ask
from beffroi.actions.pages import Page
from beffroi.model.hospitals import Hospitals
from beffroi.model.search import Criteria
from beffroi.servers.fhir_api import FhirApi
from beffroi.servers.http_server import HttpLimits, listen, serve_http
from beffroi.wire.fhir_view import Endpoint
from doubles import HOSPITALS, FakeClock
from fhir_answers import REFERENCE, REGIONAL_OID
from fhir_door import FakeAuthenticator, FakeFinder

HEAD = b"GET /fhir/Patient?family=Dark HTTP/1.1\r\nHost: a\r\nAuthorization: DPoP token\r\n\r\n"


@dataclass
class SlowFinder(FakeFinder):
    """Answers a search only when let go."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    told: asyncio.Event = field(default_factory=asyncio.Event)

    async def page(self, ask: Ask, criteria: Criteria) -> Page:
        self.asked.set()
        await self.let_go.wait()
        return await super().page(ask, criteria)

    def delivered(self, disclosure_id: int, sent: bool) -> None:  # type: ignore[override]
        self.deliveries.append((disclosure_id, sent))
        self.told.set()


@dataclass
class Served:
    """A door on the loopback, and the finder behind it."""

    port: int
    finder: SlowFinder

    @property
    def client(self) -> AsyncFHIRClient:
        return AsyncFHIRClient(f"http://127.0.0.1:{self.port}/fhir", authorization="DPoP token")


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    """The door behind the project's own HTTP server."""
    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    finder, stopping, ready = SlowFinder(), asyncio.Event(), asyncio.Event()
    finder.let_go.set()
    endpoint = Endpoint(f"http://127.0.0.1:{port}/fhir", REGIONAL_OID, Hospitals(HOSPITALS))
    api = FhirApi(finder, FakeAuthenticator(), endpoint, FakeClock())
    serving = asyncio.create_task(serve_http(api, listening, HttpLimits(20, 2), stopping, ready=ready.set))
    await ready.wait()
    yield Served(port, finder)
    stopping.set()
    await serving


async def test_a_foreign_client_searches_and_reads(served: Served) -> None:
    """fhirpy, which knows nothing of us, finds a patient, reads her and follows her fields."""
    found = await served.client.resources("Patient").search(family="Dark", birthdate__ge="1960").fetch()
    assert [patient.id for patient in found] == [REFERENCE]
    assert found[0].get_by_path(["name", {"use": "official"}, "family"]) == "DARK"
    patient = await served.client.reference("Patient", REFERENCE).to_resource()
    assert patient["birthDate"] == "1960-05-30"
    assert served.finder.deliveries == [(501, True), (501, True)]


async def test_a_foreign_client_calls_operations(served: Served) -> None:
    """fhirpy posts a $match and reads the candidates."""
    sample = {"resourceType": "Patient", "name": [{"family": "Dark"}]}
    told = await served.client.execute("Patient/$match", method="POST", data=sample)
    assert told["entry"][0]["search"]["score"] == 1.0


async def test_a_foreign_client_understands_refusals(served: Served) -> None:
    """fhirpy raises our OperationOutcomes as its own errors."""
    served.finder.answer = errors.NotFound(what="Patient")
    with pytest.raises(ResourceNotFound):
        await served.client.reference("Patient", "x").to_resource()
    served.finder.answer = errors.TooBroad(add="birthdate")
    with pytest.raises(OperationOutcome, match="too broad"):
        await served.client.resources("Patient").search(family="D").fetch()


async def test_a_connection_serves_many_requests(served: Served) -> None:
    """Requests on one connection, even sent at once, are each answered whole and each called sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(HEAD * 3)
    for _ in range(3):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        assert (await reader.readexactly(length)).startswith(b'{"resourceType":"Bundle"')
    writer.close()
    assert served.finder.deliveries == [(501, True)] * 3


async def test_an_answer_to_a_client_that_left_is_aborted(served: Served) -> None:
    """A client that closes before its answer is made was not told: its disclosure says so."""
    served.finder.let_go.clear()
    _, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(HEAD)
    await served.finder.asked.wait()
    writer.transport.abort()
    await asyncio.sleep(0.05)
    served.finder.let_go.set()
    async with asyncio.timeout(5):
        await served.finder.told.wait()
    assert served.finder.deliveries == [(501, False)]

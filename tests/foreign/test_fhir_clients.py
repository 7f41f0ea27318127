"""Software that we did not write: FHIR clients that search, page, read and match through our door and the real gate."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fhirclient.client import FHIRClient
from fhirclient.models.patient import Patient

from beffroi.model.account import Role
from beffroi.servers.fhir_api import FhirApi
from beffroi.servers.http_server import HttpLimits, listen, serve_http
from beffroi.wire.fhir_view import Endpoint
from doubles import FakeClock
from fhir_answers import REGIONAL_OID
from fhir_door import FakeAuthenticator
from foreign_node import script_beside_modules
from requests_and_records import record

pytestmark = pytest.mark.foreign


@pytest.fixture
async def address(house, account, put) -> AsyncIterator[str]:
    """The API of a small region in which five people match one search."""
    for number in range(5):
        await put(1, f"A{number}", record("MARTIN", f"L{number}"), explained_h=2)
    listening, stopping = listen("127.0.0.1", 0), asyncio.Event()
    base = f"http://127.0.0.1:{listening.getsockname()[1]}/fhir"
    door = FakeAuthenticator(await account(Role.WARD_DOCTOR))
    api = FhirApi(house.finder, door, Endpoint(base, REGIONAL_OID, house.hospitals), FakeClock())
    serving = asyncio.create_task(serve_http(api, listening, HttpLimits(20, 1), stopping))
    yield base
    stopping.set()
    await serving


async def test_fhir_kit_client(address: str, tmp_path: Path) -> None:
    """npm `fhir-kit-client` reads the statement, follows our pages to their end, posts, reads, matches, is refused."""
    script = await asyncio.to_thread(script_beside_modules, "fhir_kit.mjs", tmp_path)
    pipe = asyncio.subprocess.PIPE
    node = await asyncio.create_subprocess_exec("node", str(script), address, stdout=pipe, stderr=pipe, cwd=tmp_path)
    output, problems = await asyncio.wait_for(node.communicate(), 60)
    assert node.returncode == 0, problems.decode()[-2000:]
    told = json.loads(output)
    assert [len(page) for page in told["pages"]] == [2, 2, 1]
    assert sorted(name for page in told["pages"] for name in page) == [f"L{number}" for number in range(5)]
    assert (told["version"], told["posted"], told["family"], told["certain"]) == ("4.0.1", 5, "MARTIN", 1.0)
    assert told["refusal"] == {"status": 404, "code": "not-found"}


async def test_fhirclient(address: str) -> None:
    """`fhirclient` (SMART) parses every patient of a search into its own strict classes."""

    def search() -> list[Patient]:
        client = FHIRClient(settings={"app_id": "test", "api_base": address})
        client.server.session.headers["Authorization"] = "DPoP token"
        criteria = {"family": "Mar", "given": "L", "birthdate": "1980-05-17"}
        return list(Patient.where(criteria).perform_resources(client.server))

    found = await asyncio.to_thread(search)
    assert sorted(patient.name[0].given[0] for patient in found) == [f"L{number}" for number in range(5)]
    assert {patient.birthDate.isostring for patient in found} == {"1980-05-17"}

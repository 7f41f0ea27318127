"""Connections that say nothing, or begin and stop: they cost little and harm nobody else."""

import asyncio
import resource
import time

import pytest

from beffroi.model.hospitals import Hospitals
from beffroi.servers.fhir_api import FhirApi
from beffroi.servers.http_server import HttpLimits, listen, serve_http
from beffroi.wire.fhir_view import Endpoint
from doubles import HOSPITALS, FakeClock
from fhir_answers import REGIONAL_OID
from fhir_door import FakeAuthenticator, FakeFinder

HEAD = b"GET /fhir/Patient?family=Dark HTTP/1.1\r\nHost: a\r\nAuthorization: DPoP token\r\n\r\n"
BYTES_PER_IDLE_MAX = 32_768
"""Memory of one idle connection, both its ends being in this process."""


@pytest.mark.parametrize("count", [200, pytest.param(10_000, marks=pytest.mark.long)])
async def test_idle_and_half_sent_connections(count: int) -> None:
    """Beside thousands of silent and half-open connections a question is answered at once, in bounded memory."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2 * count + 200:
        pytest.skip(f"needs {2 * count + 200} open files; the limit here is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * count + 200), hard))
    listening, stopping = listen("127.0.0.1", 0), asyncio.Event()
    port = listening.getsockname()[1]
    endpoint = Endpoint(f"http://127.0.0.1:{port}/fhir", REGIONAL_OID, Hospitals(HOSPITALS))
    api = FhirApi(FakeFinder(), FakeAuthenticator(), endpoint, FakeClock())
    serving = asyncio.create_task(serve_http(api, listening, HttpLimits(count + 100, 1), stopping))
    before = _resident_bytes()
    idle: list[asyncio.StreamWriter] = []
    try:
        for number in range(count):
            _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_024)
            if number % 2:
                writer.write(HEAD[: number % len(HEAD)])  # begins a request and never ends it
            idle.append(writer)
        grown = (_resident_bytes() - before) / count
        begun_s = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEAD)
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        took_s = time.monotonic() - begun_s
        writer.close()
    finally:
        for one in idle:
            one.transport.abort()
        stopping.set()
        await serving
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert answer.startswith(b"HTTP/1.1 200")
    assert took_s < 2
    assert grown < BYTES_PER_IDLE_MAX


def _resident_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as figures:
        return int(figures.read().split()[1]) * resource.getpagesize()

"""A whole deployment: what it refuses to start on, its real processes, and what is left when it has stopped."""

import asyncio
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from beffroi.app import serving as module
from beffroi.app.preparation import migrate_and_set_up, planned, prepare
from beffroi.app.serving import serving
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.errors import OperatorError
from beffroi.store.database import ROLE_OWNER, Database
from beffroi.store.registers import set_up
from deployments import configuration, write_configuration

DsnOf = Callable[[str], str]


@pytest.fixture
async def config_file(tmp_path: Path, dsn_of: DsnOf) -> Path:
    """A demonstration's configuration and database."""
    await set_up(dsn_of(ROLE_OWNER), demo=True, clock=Clock())
    return write_configuration(tmp_path, configuration(dsn_of))


async def get(address: tuple[str, int], path: str) -> httpx2.Response:
    async with httpx2.AsyncClient() as client:
        return await client.get(f"http://{address[0]}:{address[1]}{path}")


async def test_a_deployment_serves_every_door_and_stops(
    config_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    """FHIR, HL7 v2 and the management port answer, and the worker's jobs say that they run; after the stop nothing
    listens and no folder is left."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # other tests serve at the same time
    async with serving(config_file, demo=True) as addresses:
        metadata = await get(addresses.web, "/fhir/metadata")
        assert metadata.status_code == 200 and metadata.json()["resourceType"] == "CapabilityStatement"
        refused = await get(addresses.web, "/fhir/Patient?family=MARTIN")
        assert refused.status_code == 401 and refused.json()["resourceType"] == "OperationOutcome"
        ready = await get(addresses.operations, "/health/ready")
        assert ready.status_code == 200 and ready.json()["processes"] == {"wanted": 4, "running": 4, "restarts": 0}
        metrics = (await get(addresses.operations, "/metrics")).text
        assert 'beffroi_rejected_tokens_total{reason="missing"} 1.0' in metrics
        assert "MARTIN" not in metrics
        async with asyncio.timeout(10):
            while 'beffroi_job_overdue{job="alerts"} 0.0' not in metrics:
                await asyncio.sleep(0.1)
                metrics = (await get(addresses.operations, "/metrics")).text
            jobs: list[str] = []
            while "alerts" not in jobs:
                await asyncio.sleep(0.1)
                jobs = [row[0] for row in await database.pool.fetch("select job from jobs where ended_at is not null")]
        assert {"federation", "comparing", "housekeeping"} <= set(jobs)
        assert addresses.mllp is not None
        _, writer = await asyncio.open_connection(*addresses.mllp)
        writer.close()
    for address in (addresses.web, addresses.operations, addresses.mllp):
        with pytest.raises(OSError):
            await asyncio.open_connection(*address)
    assert list(tmp_path.glob("beffroi-run-*")) == []


async def test_a_killed_process_is_replaced_while_the_others_answer(config_file: Path) -> None:
    """kill -9 of a web process: the address goes on answering, and a new process takes its place."""
    async with serving(config_file, demo=True) as addresses:
        victim = next(pid for pid, command in children().items() if "beffroi.app web" in command)
        os.kill(victim, signal.SIGKILL)
        for _ in range(20):
            assert (await get(addresses.web, "/fhir/metadata")).status_code == 200
        processes = {"running": 0}
        async with asyncio.timeout(15):
            while processes["running"] < 4:
                await asyncio.sleep(0.1)
                processes = (await get(addresses.operations, "/health/ready")).json()["processes"]
        assert processes["restarts"] == 1


def children() -> dict[int, str]:
    """Our own children and their commands."""
    lines = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True)
    fields = [line.split(maxsplit=2) for line in lines.stdout.splitlines()]
    return {int(pid): args for pid, ppid, args in fields if int(ppid) == os.getpid()}


async def test_a_taken_port_is_said_in_words(config_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second deployment on the same port says so, and starts nothing."""
    monkeypatch.setattr(module, "PORT_S_MAX", 0.2)
    async with serving(config_file, demo=True):
        with pytest.raises(OperatorError, match=r"another program listens there. See web.host and web.port"):
            async with serving(config_file, demo=True):
                pytest.fail("it must not start")


async def test_a_demonstration_is_not_served(config_file: Path) -> None:
    """serve refuses a demonstration's issuer, and its database behind a real issuer."""
    with pytest.raises(OperatorError, match=r"issuer\[0\].url is the demonstration's"):
        async with serving(config_file):
            pytest.fail("it must not start")
    text = config_file.read_text().replace("http://127.0.0.1:9/issuer", "https://issuer.test")
    config_file.write_text(text)
    with pytest.raises(OperatorError, match="belongs to a demonstration"):
        async with serving(config_file):
            pytest.fail("it must not start")


async def test_a_database_that_was_not_set_up_is_said(tmp_path: Path, dsn_of: DsnOf) -> None:
    """Before `beffroi migrate`, serve says to run it."""
    config_file = write_configuration(tmp_path, configuration(dsn_of))
    with pytest.raises(OperatorError, match="run `beffroi migrate"):
        async with serving(config_file, demo=True):
            pytest.fail("it must not start")


async def test_a_role_that_may_rewrite_disclosures_is_refused(tmp_path: Path, dsn_of: DsnOf) -> None:
    """With the owner's address for its web processes, nothing is served."""
    await set_up(dsn_of(ROLE_OWNER), demo=True, clock=Clock())
    text = configuration(lambda role: dsn_of(ROLE_OWNER))
    with pytest.raises(OperatorError, match="may change or delete disclosures"):
        await prepare(load(write_configuration(tmp_path, text), demo=True), demo=True)


async def test_without_commits_that_last_nothing_is_served(
    config_file: Path, dsn_of: DsnOf, database: Database
) -> None:
    """A database that acknowledges before it has written is refused."""
    name = await database.pool.fetchval("select current_database()")
    await database.pool.execute(f'alter database "{name}" set synchronous_commit = off')
    with pytest.raises(OperatorError, match="loses committed transactions"):
        await prepare(load(config_file, demo=True), demo=True)


async def test_without_the_owner_the_registers_must_agree(tmp_path: Path, dsn_of: DsnOf) -> None:
    """serve without the owner's address never writes the registers: it says what differs, or starts."""
    await set_up(dsn_of(ROLE_OWNER), demo=True, clock=Clock())
    config = load(write_configuration(tmp_path, configuration(dsn_of, owner=False)), demo=True)
    with pytest.raises(OperatorError, match="hospital added: CH de Beaumont"):
        await prepare(config, demo=True)
    await prepare(load(write_configuration(tmp_path, configuration(dsn_of)), demo=True), demo=True)
    assert await prepare(config, demo=True) == []


async def test_migrate_prepares_what_serve_needs(tmp_path: Path, dsn_of: DsnOf) -> None:
    """`migrate` sets the deployment up and copies the registers; afterwards there is nothing left to plan."""
    config = load(write_configuration(tmp_path, configuration(dsn_of)), demo=True)
    applied, changes = await migrate_and_set_up(config, demo=True, clock=Clock())
    assert applied == [] and len(changes) == 4 + 3
    assert await planned(config) == ([], [])

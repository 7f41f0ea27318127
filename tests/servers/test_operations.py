"""The management port: live, ready, metrics, and nothing about anybody."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
import pytest

from beffroi.actions import readiness
from beffroi.actions.readiness import Children, ReadinessCheck
from beffroi.clock import Clock
from beffroi.servers.operations import operations_app
from beffroi.store.database import ROLE_WEB, ROLE_WORKER, Database
from beffroi.store.health import HealthStore
from beffroi.store.migrate import Migration, load_migrations


async def get(check: ReadinessCheck, path: str) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=operations_app(check))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.get(path)


CheckAs = Callable[..., Awaitable[ReadinessCheck]]


@pytest.fixture
async def check_as(dsn_of: Callable[[str], str]) -> AsyncIterator[CheckAs]:
    """Makes a check that asks the database under a role."""
    opened: list[Database] = []

    async def make(role: str, known: list[Migration] | None = None, children: Children | None = None) -> ReadinessCheck:
        opened.append(await Database.open(dsn_of(role), size=1))
        return ReadinessCheck(HealthStore(opened[-1], known or load_migrations()), Clock(), lambda: children)

    yield make
    for one in opened:
        await one.close()


async def test_ready_when_a_disclosure_could_be_recorded(check_as: CheckAs) -> None:
    """The database answers, its migrations are ours and the gate's role commits: ready."""
    answer = await get(await check_as(ROLE_WEB, children=Children(4, 4, 0)), "/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "database": True,
        "migrations": True,
        "gate": True,
        "error": "",
        "processes": {"wanted": 4, "running": 4, "restarts": 0},
    }


async def test_not_ready_when_the_gate_cannot_write(check_as: CheckAs) -> None:
    """A role that may not write the gate's tables is not ready, and the class of the error is told."""
    answer = await get(await check_as(ROLE_WORKER), "/health/ready")
    assert answer.status_code == 503
    assert answer.json()["gate"] is False and answer.json()["error"] == "InsufficientPrivilegeError"


async def test_not_ready_before_the_last_migration(check_as: CheckAs) -> None:
    """A migration that this program needs and the database lacks: not ready."""
    known = [*load_migrations(), Migration(len(load_migrations()) + 1, "later", "select 1", "0")]
    answer = await get(await check_as(ROLE_WEB, known), "/health/ready")
    assert (answer.status_code, answer.json()["migrations"]) == (503, False)


async def test_not_ready_without_a_database(dsn_of: Callable[[str], str]) -> None:
    """A database that went away: not ready, and still live."""
    database = await Database.open(dsn_of(ROLE_WEB), size=1)
    check = ReadinessCheck(HealthStore(database, load_migrations()), Clock())
    await database.close()
    answer = await get(check, "/health/ready")
    assert (answer.status_code, answer.json()["database"]) == (503, False)
    assert (await get(check, "/health/live")).status_code == 200


async def test_not_ready_without_processes(check_as: CheckAs) -> None:
    """When no process of the deployment runs, it is not ready whatever the database says."""
    answer = await get(await check_as(ROLE_WEB, children=Children(3, 0, 7)), "/health/ready")
    assert (answer.status_code, answer.json()["gate"]) == (503, True)


async def test_a_fresh_answer_is_shared(check_as: CheckAs, database: Database) -> None:
    """However often it is asked, the database is asked once a second."""
    check = await check_as(ROLE_WEB)
    for _ in range(5):
        await check.check()
    assert await database.pool.fetchval("select count(*) from proofs") == 1
    assert readiness.FRESH_S == 1.0


@pytest.mark.parametrize(
    ("path", "status"), [("/metrics", 200), ("/health/live", 200), ("/", 404), ("/fhir/Patient", 404)]
)
async def test_three_pages_and_no_other(check_as: CheckAs, path: str, status: int) -> None:
    """Health and metrics, never cached; nothing else answers here."""
    answer = await get(await check_as(ROLE_WEB), path)
    assert answer.status_code == status
    if status == 200:
        assert answer.headers["cache-control"] == "no-store"
    if path == "/metrics":
        assert "beffroi_gate_commit_seconds_bucket" in answer.text

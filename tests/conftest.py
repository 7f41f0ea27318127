"""What tests share: one PostgreSQL for all workers of a run, a fresh migrated database per test, an obedient clock.

With BEFFROI_DATABASE_URL (an address of a superuser) the tests use that server instead of one of their own.
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

import kept_answers
from beffroi.model.person import Hospital
from beffroi.store.cluster import apart
from beffroi.store.database import ROLE_OWNER, ROLES, Database
from beffroi.store.embedded import SUPERUSER, EmbeddedPostgres
from beffroi.store.external import ExternalPostgres, postgres_for
from beffroi.store.migrate import migrate
from doubles import DEPLOYMENT_NONCE_KEY, DEPLOYMENT_REFERENCE_KEY, HOSPITALS, FakeClock
from scratch import MEMORY, scratch_root

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")  # a slow machine is no failure: time is measured in benchmarks

RUN = "BEFFROI_TEST_RUN"
"""The run's name, which workers inherit. Pytest's own folder is no name: as soon as a run ends another may have it."""
DsnOf = Callable[[str], str]
STRATEGY = "file_copy" if scratch_root() == MEMORY else "wal_log"
"""In memory, a copy file by file costs half of one through the log; on a disk it waits for two checkpoints."""
OTHERS = ", ".join(role for role in ROLES if role != ROLE_OWNER)


def _run_folder() -> Path:
    """One folder for all workers of a run, outside pytest's own: the server's account must be able to pass."""
    folder = scratch_root() / f"beffroi-tests-{os.geteuid()}-{os.environ[RUN]}"
    folder.mkdir(mode=0o711, exist_ok=True)
    assert folder.stat().st_uid == os.geteuid(), f"{folder} belongs to somebody else"
    return folder


def _template() -> str:
    return f"beffroi_test_{os.environ[RUN]}"


class DatabaseServer:
    """The run's server, with a migrated template to copy databases from."""

    def __init__(self, server: EmbeddedPostgres | ExternalPostgres, template: str) -> None:
        self.server = server
        self.template = template
        self._made = 0

    def create(self, template: str = "") -> str:
        """A new database, copied from the migrated template unless another is named; returns its name."""
        self._made += 1
        name = f"{self.template}_{os.getpid()}_{self._made}"
        make = f'create database "{name}" template "{template or self.template}" owner {ROLE_OWNER} strategy {STRATEGY}'
        # A copy does not take the rights on the database itself (migration 0002) along.
        rights = f'revoke all on database "{name}" from public; grant connect on database "{name}" to {OTHERS}'
        self._execute(make, *([] if template == "template0" else [rights]))
        return name

    def filled(self, fill: Callable[[DsnOf], Coroutine[Any, Any, None]]) -> Iterator[str]:
        """The name of a migrated database, filled once, to copy others from: for a fixture named `prepared`."""
        name = self.create()
        apart(lambda: fill(lambda role: self.dsn(role, name)))
        yield name
        self.drop(name)

    def drop(self, name: str) -> None:
        """Drops a database, whoever is still connected."""
        self._execute(f'drop database if exists "{name}" with (force)')

    def dsn(self, role: str, database: str) -> str:
        """The address of a database for one role."""
        return self.server.dsn(role, database)

    def make_template(self) -> None:
        """Creates and migrates the template, unless another worker did."""

        async def make() -> None:
            connection = await asyncpg.connect(self.server.dsn(SUPERUSER, "postgres"))
            try:
                if await connection.fetchval("select 1 from pg_database where datname = $1", self.template):
                    return
                partial = f"{self.template}_new"
                await connection.execute(f'drop database if exists "{partial}" with (force)')
                await connection.execute(f'create database "{partial}" owner {ROLE_OWNER}')
                await migrate(self.server.dsn(ROLE_OWNER, partial))
                await connection.execute(f'alter database "{partial}" rename to "{self.template}"')
            finally:
                await connection.close()

        apart(make)

    def _execute(self, *statements: str) -> None:
        async def run() -> None:
            connection = await asyncpg.connect(self.server.dsn(SUPERUSER, "postgres"))
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        apart(run)


@pytest.fixture(scope="session")
def database_server(request: pytest.FixtureRequest) -> Iterator[DatabaseServer]:
    """The run's PostgreSQL: started by the first worker that needs it, stopped with the last."""
    folder = _run_folder()
    server = postgres_for(folder / "postgres", database=None)
    server.start()
    try:
        prepared = DatabaseServer(server, _template())
        with (folder / "template.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            prepared.make_template()
        request.config.stash[_PREPARED] = prepared
        yield prepared
    finally:
        server.stop()


_PREPARED = pytest.StashKey[DatabaseServer]()


collect_ignore = ["fuzz_readers.py"]
"""A program of its own, which needs atheris."""


def pytest_configure(config: pytest.Config) -> None:
    """The run has a name, and keeps its answers in one folder: the workers inherit both."""
    if not hasattr(config, "workerinput"):
        os.environ[RUN] = secrets.token_hex(6)
        kept_answers.begin()
    kept_answers.watch()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """The process that commands the run (never a worker) validates the kept answers and takes its folder away."""
    if hasattr(session.config, "workerinput"):
        return
    if wrong := kept_answers.end():
        print("\nAnswers of this run that our rules or foreign software (@medplum/core, fhir) refuse:")
        print(*sorted(set(wrong)), sep="\n")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    folder = _run_folder()
    if isinstance(postgres_for(folder / "postgres"), ExternalPostgres):
        DatabaseServer(postgres_for(folder / "postgres"), "").drop(_template())
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database_name(request: pytest.FixtureRequest, database_server: DatabaseServer) -> Iterator[str]:
    """The name of this test's own database: migrated, and empty unless the test, or what it uses, asks for `prepared`.

    `prepared` is a fixture of a test's module: the name of a database that it filled once (`DatabaseServer.filled`).
    """
    name = database_server.create(request.getfixturevalue("prepared") if "prepared" in request.fixturenames else "")
    yield name
    database_server.drop(name)


@pytest.fixture
def dsn(database_server: DatabaseServer, database_name: str) -> str:
    """The owner's address of this test's own database: migrated, empty."""
    return database_server.dsn(ROLE_OWNER, database_name)


@pytest.fixture
def dsn_of(database_server: DatabaseServer, database_name: str) -> DsnOf:
    """The address of this test's database for a role: `dsn_of(ROLE_WEB)`."""
    return lambda role: database_server.dsn(role, database_name)


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    """This test's database, as its owner."""
    async with await Database.open(dsn) as opened:
        yield opened


@pytest.fixture
async def hospitals(dsn: str) -> tuple[Hospital, ...]:
    """The four hospitals, inserted in this test's database."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.executemany(
            "insert into hospitals (hospital_id, finess, name, oid, namespace, sensitive) values ($1,$2,$3,$4,$5,$6)",
            [(h.hospital_id, h.finess, h.name, h.oid, h.namespace, h.sensitive) for h in HOSPITALS],
        )
    finally:
        await connection.close()
    return HOSPITALS


@pytest.fixture
async def deployment(dsn: str) -> tuple[bytes, bytes]:
    """The deployment's row, inserted in this test's database; returns its reference key and its nonce key."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(
            "insert into deployment (demo, reference_key, nonce_key) values (true, $1, $2)",
            DEPLOYMENT_REFERENCE_KEY,
            DEPLOYMENT_NONCE_KEY,
        )
    finally:
        await connection.close()
    return DEPLOYMENT_REFERENCE_KEY, DEPLOYMENT_NONCE_KEY


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands at 9 in the morning of 24 November 2026 (UTC) until the test moves it."""
    return FakeClock()

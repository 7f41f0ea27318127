"""Numbered SQL files, applied once each, in order, while the older program still serves.

A file is never changed once it was applied: its checksum is recorded, and a difference is refused. There is no way
back: a mistake is mended by a later file. Each file is one transaction, written together with its record.
A program older than the database finds nothing to do, and serves: migrations only add.
"""

import asyncio
import hashlib
import re
from importlib import resources

import asyncpg
import msgspec

from beffroi.errors import OperatorError
from beffroi.store.database import connect, load_queries
from beffroi.store.unreachable import unreachable

ADVISORY_LOCK = 0x6265666672_6F69  # "beffroi"
LOCK_TIMEOUT_MS = 3_000  # questions queue behind a waiting lock: this is how long they may
LOCK_ATTEMPTS_MAX = 10
LOCK_PAUSE_S = 0.5

_SQL = load_queries("migrate")
_FILE_NAME = re.compile(r"^(\d{4})_([a-z0-9_]+)\.sql$")


class Migration(msgspec.Struct, frozen=True):
    """One file of migrations/: its number and name, its text, and the SHA-256 of that text in hexadecimal."""

    number: int
    name: str
    text: str
    sha256: str


def parse_migration(file_name: str, content: bytes) -> Migration:
    r"""A migration from its file. Line endings do not count in the checksum. Raises ValueError for another file name.

    >>> parse_migration("0003_more.sql", b"select 1;\r\n") == parse_migration("0003_more.sql", b"select 1;\n")
    True
    """
    match = _FILE_NAME.match(file_name)
    if not match:
        raise ValueError(f"{file_name} is not named NNNN_name.sql")
    text = content.decode().replace("\r\n", "\n")
    return Migration(int(match[1]), match[2], text, hashlib.sha256(text.encode()).hexdigest())


def load_migrations() -> list[Migration]:
    """All migrations of this program, in order. Raises ValueError when a number is missing or there twice."""
    folder = resources.files("beffroi.store") / "migrations"
    files = [entry for entry in folder.iterdir() if entry.name.endswith(".sql")]
    migrations = sorted((parse_migration(entry.name, entry.read_bytes()) for entry in files), key=lambda m: m.number)
    if [m.number for m in migrations] != list(range(1, len(migrations) + 1)):
        raise ValueError("migrations are numbered 0001, 0002, ... without a gap")
    return migrations


def pending(known: list[Migration], applied: dict[int, str]) -> list[Migration]:
    """Those of `known` that are not `applied` (checksums by number). Numbers that we do not know are a newer program's.

    Raises OperatorError when an applied file has changed, or when one is missing below the last applied.
    """
    for migration in known:
        recorded = applied.get(migration.number)
        if recorded is not None and recorded != migration.sha256:
            raise OperatorError(
                f"The migration {migration.number:04d}_{migration.name} differs from the one that was applied to this "
                "database. Install the release that it was migrated with, or a later one.",
                f"La migration {migration.number:04d}_{migration.name} diffère de celle qui fut appliquée ici. "
                "Installez la version avec laquelle elle a été migrée, ou une version ultérieure.",
            )
    waiting = [migration for migration in known if migration.number not in applied]
    if waiting and applied and waiting[0].number < max(applied):
        raise OperatorError(
            f"The migration {waiting[0].number:04d} is missing in this database below a later one.",
            f"La migration {waiting[0].number:04d} manque dans cette base sous une migration ultérieure.",
        )
    return waiting


async def plan(dsn: str) -> list[Migration]:
    """What `migrate` would apply, in order. Changes nothing. Raises OperatorError as `migrate` does."""
    connection = await _connect(dsn)
    try:
        return pending(load_migrations(), await _applied(connection))
    finally:
        await connection.close()


async def migrate(dsn: str) -> list[Migration]:
    """Applies what is pending; returns what this call applied, in order. Two at once: one waits for the other.

    Raises OperatorError when a file was changed, when the database cannot be reached, or when its tables stay locked.
    """
    connection = await _connect(dsn)
    try:
        await connection.fetchval(_SQL["lock_migrations"], ADVISORY_LOCK)
        waiting = pending(load_migrations(), await _applied(connection))
        for migration in waiting:
            await _apply(connection, migration)
        return waiting
    finally:
        await connection.close()  # and with it the advisory lock


async def _connect(dsn: str) -> "asyncpg.Connection[asyncpg.Record]":
    try:
        # No limit on statements: an index over 25 million identities takes minutes. Nor on waiting for another runner.
        return await connect(dsn, application_name="beffroi migrate", statement_timeout="0", lock_timeout="0")
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        raise unreachable(dsn, error) from error


async def _applied(connection: "asyncpg.Connection[asyncpg.Record]") -> dict[int, str]:
    if not await connection.fetchval(_SQL["has_migrations"]):
        return {}
    return {row["number"]: row["sha256"] for row in await connection.fetch(_SQL["list_migrations"])}


async def _apply(connection: "asyncpg.Connection[asyncpg.Record]", migration: Migration) -> None:
    for attempt in range(1, LOCK_ATTEMPTS_MAX + 1):
        try:
            async with connection.transaction():
                await connection.fetchval(_SQL["set_lock_timeout"], str(LOCK_TIMEOUT_MS))
                await connection.execute(_SQL["create_migrations"])
                await connection.execute(migration.text)
                await connection.execute(_SQL["record_migration"], migration.number, migration.name, migration.sha256)
            return
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            if attempt == LOCK_ATTEMPTS_MAX:
                raise OperatorError(
                    f"The migration {migration.number:04d}_{migration.name} could not lock its tables in "
                    f"{LOCK_ATTEMPTS_MAX} attempts: something holds them. Nothing of it was applied.",
                    f"La migration {migration.number:04d}_{migration.name} n'a pas pu verrouiller ses tables en "
                    f"{LOCK_ATTEMPTS_MAX} essais : quelqu'un les tient. Rien n'en a été appliqué.",
                ) from None
            await asyncio.sleep(LOCK_PAUSE_S * attempt)

"""The way to PostgreSQL: a pool of connections with limits, the named queries, and the roles that may log in.

JSON columns stay text: decoding them is msgspec's job. Times are UTC.
Source: PostgreSQL 15 manual, chapters 20.11 (client defaults) and 22 (roles).
"""

import re
from importlib import resources

import asyncpg

from beffroi.errors import OperatorError
from beffroi.store.readers import Readers
from beffroi.store.unreachable import unreachable

ROLE_OWNER = "beffroi_owner"  # owns the tables: migrations, and the registers copied from the configuration
ROLE_WEB = "beffroi_web"  # answers questions
ROLE_FEED = "beffroi_feed"  # answers questions and takes the hospitals' feed
ROLE_WORKER = "beffroi_worker"  # deletes what has served its time
ROLE_SEALER = "beffroi_sealer"  # adds to the ledger
ROLE_ARCHIVER = "beffroi_archiver"  # moves sealed disclosures to the archive
ROLES = (ROLE_OWNER, ROLE_WEB, ROLE_FEED, ROLE_WORKER, ROLE_SEALER, ROLE_ARCHIVER)

# A question is answered within milliseconds; what takes longer than this is a mistake, and holds locks meanwhile.
STATEMENT_TIMEOUT_MS = 10_000
# Accounts are locked for one group commit (5 ms on a slow disk); a longer wait means that somebody is stuck.
LOCK_TIMEOUT_MS = 5_000
# A transaction left open keeps its locks: it is ended by the server.
IDLE_IN_TRANSACTION_TIMEOUT_MS = 15_000
CONNECT_TIMEOUT_S = 10
POOL_SIZE_DEFAULT = 4
POOL_SIZE_MAX = 64
NOT_FOR_READERS = 2  # connections that look-ups leave to the writer, and to whatever else

Row = asyncpg.Record
"""What a query gives back, for those floors that only read it."""
Pool = asyncpg.pool.Pool
DATABASE_FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
"""The server refused, or cannot be reached: ours, and nothing is released (law 6)."""
GONE_FAULTS = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
)
"""The server is not there, or is starting or stopping: the same may succeed in a moment."""
VALUE_FAULTS = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
"""The server refused one row for its content: others of the same batch may still be written."""

# Serving is looking few rows up, and plans stay in a connection's cache: one made while a table was still empty reads
# the whole table for every question once it has grown (half of the database's work, measured at 20,000 rows).
PLANS_FOR_LOOK_UPS = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off"}
FREE_PLANS = dict.fromkeys(PLANS_FOR_LOOK_UPS, "on")
"""For what reads many rows at once."""

_NAME = re.compile(r"^--\s*name:\s*([a-z][a-z0-9_]*)\s*$")


def load_queries(name: str) -> dict[str, str]:
    """The queries of `store/queries/NAME.sql`, by name, in the file's order.

    Raises OperatorError when there is no such file, ValueError when a query has no name, description or text.
    """
    folder = resources.files("beffroi.store") / "queries"
    try:
        text = (folder / f"{name}.sql").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise OperatorError(f"The file store/queries/{name}.sql is missing: install beffroi again.") from None
    return parse_queries(text, origin=f"queries/{name}.sql")


def parse_queries(text: str, origin: str = "queries") -> dict[str, str]:
    """Queries by name. Each starts with `-- name: NAME`, then at least one comment line that says what it is for.

    >>> parse_queries("-- name: one\\n-- The number one.\\nselect 1;")
    {'one': 'select 1'}
    """
    queries: dict[str, str] = {}
    current: str | None = None
    description: list[str] = []
    body: list[str] = []

    def finish() -> None:
        if current is None:
            return
        if not description:
            raise ValueError(f"{origin}: the query {current} has no description")
        statement = "\n".join(body).strip().removesuffix(";").rstrip()
        if not statement:
            raise ValueError(f"{origin}: the query {current} has no text")
        queries[current] = statement

    for line in text.splitlines():
        match = _NAME.match(line)
        if match:
            finish()
            current, description, body = match[1], [], []
            if current in queries:
                raise ValueError(f"{origin}: the query {current} is there twice")
        elif current is None and line.strip() and not line.startswith("--"):
            raise ValueError(f"{origin}: text before the first `-- name:`")
        elif line.startswith("--") and not body:
            description.append(line.removeprefix("--").strip())
        elif line.strip() or body:
            body.append(line)
    finish()
    return queries


def connection_settings(application: str = "beffroi", **settings: str) -> dict[str, str]:
    """What every connection of ours asks of the server. `settings` add to them or replace them."""
    return {
        "application_name": application,
        "timezone": "UTC",
        "search_path": "public",
        "jit": "off",  # compiling a query of one millisecond takes a hundred
        "statement_timeout": str(STATEMENT_TIMEOUT_MS),
        "lock_timeout": str(LOCK_TIMEOUT_MS),
        "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_TIMEOUT_MS),
        **settings,
    }


async def connect(dsn: str, **settings: str) -> "asyncpg.Connection[asyncpg.Record]":
    """One connection with the same limits, for what does not go through a pool. `settings` as above."""
    return await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_S, server_settings=connection_settings(**settings))


async def _keep_session(_connection: object) -> None:
    """Nothing to reset: no code of ours changes a session (only `set local`). asyncpg rolls back what was left open.

    The default would cost one more round trip each time that a connection goes back to the pool.
    """


class Database:
    """A pool of connections to one database, under one role; `readers` has some of them at hand for look-ups."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", readers_size: int = 0) -> None:
        self.pool = pool
        self.readers = Readers(pool, readers_size)

    @classmethod
    async def open(cls, dsn: str, *, size: int = POOL_SIZE_DEFAULT, **settings: str) -> "Database":
        """A pool of at most `size` connections, one of them open already. `settings` replace connection settings.

        Raises OperatorError when the database cannot be reached, in words without the address's password.
        """
        if not 1 <= size <= POOL_SIZE_MAX:
            raise ValueError(f"a pool has 1 to {POOL_SIZE_MAX} connections")
        try:
            pool = await asyncpg.create_pool(
                dsn,
                min_size=1,
                max_size=size,
                timeout=CONNECT_TIMEOUT_S,
                max_inactive_connection_lifetime=0,  # a new connection costs more than an idle one
                server_settings=connection_settings(**{**PLANS_FOR_LOOK_UPS, **settings}),
                reset=_keep_session,
            )
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            raise unreachable(dsn, error) from error
        return cls(pool, max(0, size - NOT_FOR_READERS))

    async def close(self) -> None:
        """Waits for the connections in use, then closes all."""
        await self.readers.close()
        await self.pool.close()

    async def __aenter__(self) -> "Database":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

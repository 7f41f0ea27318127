"""What a database is like, as one of our roles sees it: for the start of a server and for `beffroi doctor`.

A role must have what its process needs, and must not have what would let a process that was taken over rewrite what was
disclosed, or give itself rights.
"""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from beffroi.errors import OperatorError
from beffroi.store.database import ROLE_ARCHIVER, ROLE_FEED, ROLE_SEALER, ROLE_WEB, ROLE_WORKER, connect, load_queries
from beffroi.store.migrate import load_migrations, pending
from beffroi.store.unreachable import unreachable

VERSION_MIN = 15

Privilege = tuple[str, str]
"""A table, or a column of it (`identities.record`), and one of PostgreSQL's privileges on it."""


def _all(tables: str, privileges: str) -> tuple[Privilege, ...]:
    return tuple((table, privilege) for table in tables.split() for privilege in privileges.split())


_HISTORY = _all("disclosures seen deliveries", "UPDATE DELETE TRUNCATE")
_RIGHTS = _all("grants departures credentials hospitals deployment migrations", "INSERT UPDATE DELETE TRUNCATE")
_ASKING = (
    *_all("identities hospitals accounts grants credentials account_states deployment proofs", "SELECT"),
    *_all("containments ended_sessions departures names_at_issuer", "SELECT"),
    *_all("disclosures seen deliveries proofs accounts account_states alerts signals", "INSERT"),
    ("account_states", "UPDATE"),
)
NEEDED: dict[str, tuple[Privilege, ...]] = {
    ROLE_WEB: (*_ASKING, *_all("containments", "INSERT UPDATE")),
    ROLE_FEED: (*_ASKING, *_all("identities feed_messages links moves feeds", "INSERT"), ("identities", "UPDATE")),
    ROLE_WORKER: (
        *_all("proofs feed_messages", "SELECT DELETE"),
        *_all("alerts alert_deliveries", "SELECT UPDATE"),
        ("alert_deliveries", "INSERT"),
    ),
    ROLE_SEALER: (
        *_all("disclosures leaves tiles checkpoints seal_state epochs contradictions cosignatures", "SELECT"),
        *_all("leaves tiles checkpoints seal_state contradictions cosignatures witness_states", "INSERT"),
        *_all("tiles seal_state witness_states", "UPDATE"),
    ),
}
NEEDED[ROLE_ARCHIVER] = _all("disclosures deliveries leaves tiles checkpoints archive_segments", "SELECT")
FORBIDDEN: dict[str, tuple[Privilege, ...]] = {
    ROLE_WEB: (
        *_HISTORY,
        *_RIGHTS,
        *_all("accounts", "UPDATE DELETE"),
        *_all("identities", "INSERT UPDATE DELETE"),
        *_all("proofs", "UPDATE DELETE"),
    ),
    ROLE_FEED: (*_HISTORY, *_RIGHTS, *_all("accounts", "UPDATE DELETE"), *_all("identities", "DELETE")),
    ROLE_WORKER: (
        *_HISTORY,
        *_RIGHTS,
        *_all("identities.record accounts.display_name disclosures", "SELECT"),
        *_all("identities disclosures accounts", "INSERT"),
    ),
    ROLE_SEALER: (
        *_HISTORY,
        *_RIGHTS,
        *_all("leaves checkpoints cosignatures contradictions", "UPDATE DELETE TRUNCATE"),
        *_all("epochs holds", "INSERT UPDATE DELETE TRUNCATE"),
        *_all("tiles seal_state", "DELETE TRUNCATE"),
        *_all("identities accounts", "SELECT INSERT"),
        ("disclosures", "INSERT"),
    ),
    ROLE_ARCHIVER: (
        *_HISTORY,
        *_RIGHTS,
        *_all("leaves tiles checkpoints archive_segments", "INSERT UPDATE DELETE TRUNCATE"),
        *_all("identities accounts", "SELECT INSERT"),
        ("disclosures", "INSERT"),
    ),
}


@dataclass(frozen=True, slots=True)
class Inspection:
    """`role` is whom we act as, `login` whom we came as. `missing` and `excessive` are privileges of that role.

    `weak` are settings that would lose committed transactions. `pending` counts migrations; None when the history of
    this database is not ours. `demo` is None before the database was set up.
    """

    version_number: int
    version: str
    role: str
    login: str
    superuser: bool
    in_recovery: bool
    weak: tuple[str, ...]
    now: datetime
    pending: int | None
    demo: bool | None
    missing: tuple[Privilege, ...] = ()
    excessive: tuple[Privilege, ...] = ()
    shared: tuple[str, ...] = ()

    @property
    def may_rewrite(self) -> bool:
        """Whether this role could change or delete a disclosure."""
        return self.superuser or any(table == "disclosures" for table, _ in self.excessive)


async def inspect(dsn: str, expected_role: str) -> Inspection:
    """What the database is like for one of our roles (`ROLE_WEB`, ...). Raises OperatorError when out of reach."""
    sql = load_queries("inspection")
    try:
        connection = await connect(dsn, application_name="beffroi inspection")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        raise unreachable(dsn, error) from error
    try:
        server = await connection.fetchrow(sql["server"])
        assert server is not None
        needed, forbidden = NEEDED.get(expected_role, ()), FORBIDDEN.get(expected_role, ())
        held = await _held(connection, sql["privileges"], (*needed, *forbidden))
        return Inspection(
            version_number=server["version_number"],
            version=server["version"].split(" ")[0],
            role=server["role"],
            login=server["login"],
            superuser=server["superuser"],
            in_recovery=server["in_recovery"],
            weak=tuple(name for name in ("fsync", "full_page_writes", "synchronous_commit") if server[name] == "off"),
            now=server["now"],
            pending=await _pending(connection),
            demo=await _or_none(connection, load_queries("registers")["is_demo"]),
            missing=tuple(privilege for privilege in needed if privilege not in held),
            excessive=tuple(privilege for privilege in forbidden if privilege in held),
            shared=await _shared(connection, sql["shared_credentials"]),
        )
    finally:
        await connection.close()


async def _held(
    connection: "asyncpg.Connection[asyncpg.Record]", query: str, asked: tuple[Privilege, ...]
) -> frozenset[Privilege]:
    rows = await connection.fetch(query, [table for table, _ in asked], [privilege for _, privilege in asked])
    return frozenset((row["table_name"], row["privilege"]) for row in rows if row["held"])


async def _or_none(connection: "asyncpg.Connection[asyncpg.Record]", query: str) -> bool | None:
    try:
        return await connection.fetchval(query)  # type: ignore[no-any-return]
    except (asyncpg.UndefinedTableError, asyncpg.InsufficientPrivilegeError):
        return None


async def _shared(connection: "asyncpg.Connection[asyncpg.Record]", query: str) -> tuple[str, ...]:
    try:
        return tuple(row["display_name"] for row in await connection.fetch(query))
    except (asyncpg.UndefinedTableError, asyncpg.InsufficientPrivilegeError):
        return ()


async def _pending(connection: "asyncpg.Connection[asyncpg.Record]") -> int | None:
    try:
        rows = await connection.fetch(load_queries("health")["list_applied"])
        return len(pending(load_migrations(), {row["number"]: row["sha256"] for row in rows}))
    except asyncpg.UndefinedTableError:
        return len(load_migrations())
    except (OperatorError, asyncpg.InsufficientPrivilegeError):
        return None

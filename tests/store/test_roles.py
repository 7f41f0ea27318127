"""Least privilege, table by table."""

from beffroi.store.database import ROLE_FEED, ROLE_WEB, ROLE_WORKER, Database

SERVING = {ROLE_WEB, ROLE_FEED}
S, SI, SIU, NONE, SD = (
    {"SELECT"},
    {"SELECT", "INSERT"},
    {"SELECT", "INSERT", "UPDATE"},
    set[str](),
    {"SELECT", "DELETE"},
)

RIGHTS: dict[str, tuple[set[str], set[str], set[str]]] = {
    # table: what web, feed and worker may do; the owner may do all
    "account_states": (SIU, SIU, NONE),
    "accounts": (SI, SI, NONE),
    "credentials": (S, S, NONE),
    "deliveries": (SI, SI, NONE),
    "deployment": (S, S, NONE),
    "disclosures": (SI, SI, NONE),
    "feed_messages": (NONE, SI, SD),
    "feeds": (S, SIU, S),
    "grants": (S, S, NONE),
    "hospitals": (S, S, S),
    "identities": (S, SIU, NONE),
    "import_rejects": (NONE, SI, NONE),
    "imports": (NONE, SIU, NONE),
    "links": (S, SIU, NONE),
    "migrations": (S, S, S),
    "moves": (S, SI, NONE),
    "proofs": (SI, SI, SD),
    "seen": (SI, SI, NONE),
}
PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


async def test_every_role_has_these_rights_on_every_table_and_no_other(database: Database) -> None:
    """Table by table, role by role, privilege by privilege; a new table must be added here to be reachable."""
    tables = {
        row[0] for row in await database.pool.fetch("select tablename from pg_tables where schemaname = 'public'")
    }
    assert tables == set(RIGHTS)
    for table, rights in RIGHTS.items():
        for role, allowed in zip((ROLE_WEB, ROLE_FEED, ROLE_WORKER), rights, strict=True):
            for privilege in PRIVILEGES:
                query = "select has_table_privilege($1, $2, $3)"
                has = await database.pool.fetchval(query, role, f"public.{table}", privilege)
                assert has == (privilege in allowed), (role, privilege, table)

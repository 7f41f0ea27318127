"""Least privilege, table by table."""

from beffroi.store.database import ROLE_ARCHIVER, ROLE_FEED, ROLE_SEALER, ROLE_WEB, ROLE_WORKER, Database

SERVING = {ROLE_WEB, ROLE_FEED}
SIUD = {"SELECT", "INSERT", "UPDATE", "DELETE"}
S, SI, SIU, NONE, SD = (
    {"SELECT"},
    {"SELECT", "INSERT"},
    {"SELECT", "INSERT", "UPDATE"},
    set[str](),
    {"SELECT", "DELETE"},
)
SIUD = {"SELECT", "INSERT", "UPDATE", "DELETE"}

RIGHTS: dict[str, tuple[set[str], set[str], set[str], set[str]]] = {
    # table: what web, feed, worker and sealer may do; the owner may do all
    "account_states": (SIU, SIU, NONE, NONE),
    "accounts": (SI, SI, NONE, NONE),
    "alert_deliveries": (NONE, NONE, SIU, NONE),
    "alerts": (SIU, SIU, {"SELECT", "UPDATE"}, NONE),
    "archive_segments": (S, S, NONE, S),
    "audit_refusals": (NONE, NONE, SIUD, NONE),
    "audit_repositories": (NONE, NONE, SIU, NONE),
    "canaries": (S, S, NONE, NONE),
    "checkpoints": (S, NONE, NONE, SI),
    "containments": (SIU, S, S, NONE),
    "console_sessions": (SIUD, NONE, SD, NONE),
    "contradictions": (NONE, NONE, NONE, SI),
    "cosignatures": (S, NONE, NONE, SI),
    "credentials": (S, S, NONE, NONE),
    "crises": (SI, S, NONE, NONE),
    "deliveries": (SI, SI, NONE, NONE),
    "deployment": (S, S, NONE, NONE),
    "departures": (S, S, NONE, NONE),
    "disclosures": (SI, SI, NONE, S),
    "doubt_walk": (S, NONE, NONE, NONE),
    "doubts": (S, NONE, NONE, NONE),
    "epochs": (NONE, NONE, NONE, S),
    "feed_events": (S, SI, SD, NONE),
    "feed_messages": (NONE, SI, SD, NONE),
    "feeds": (S, SIU, S, NONE),
    "foreign_facts": (S, NONE, NONE, NONE),
    "foreign_logs": (S, NONE, NONE, NONE),
    "foreign_patients": (S, NONE, NONE, NONE),
    "foreign_rejects": (NONE, NONE, NONE, NONE),
    "grants": (S, S, NONE, NONE),
    "hold_releases": (SI, NONE, NONE, NONE),
    "holds": (NONE, NONE, NONE, NONE),
    "hospitals": (S, S, S, NONE),
    "identities": (S, SIU, NONE, NONE),
    "import_rejects": (NONE, SI, NONE, NONE),
    "incident_entries": (SI, NONE, NONE, NONE),
    "incidents": (SIU, NONE, NONE, NONE),
    "imports": (NONE, SIU, NONE, NONE),
    "jobs": (S, NONE, SIUD, NONE),
    "leaves": (S, NONE, NONE, SI),
    "links": (S, SIU, NONE, NONE),
    "migrations": (S, S, S, S),
    "moves": (S, SI, S, NONE),
    "notification_places": (NONE, NONE, SIU, NONE),
    "notifications": (NONE, NONE, SIUD, NONE),
    "norm_releases": (S, S, NONE, NONE),
    "one_time_codes": (SI, NONE, {"DELETE"}, NONE),
    "presence_keys": (SI, NONE, NONE, NONE),
    "proofs": (SI, SI, SD, NONE),
    "scope_exports": (SIU, NONE, NONE, NONE),
    "role_requests": (S, NONE, NONE, NONE),
    "seal_state": (NONE, NONE, NONE, SIU),
    "seen": (SI, SI, NONE, NONE),
    "suspicions": (S, S, SIUD, NONE),
    "ended_sessions": (SIU, S, SD, NONE),
    "names_at_issuer": (SIU, S, SD, NONE),
    "signal_deliveries": (SIU, NONE, {"SELECT", "INSERT", "UPDATE", "DELETE"}, NONE),
    "signal_streams": (SIU, NONE, SIU, NONE),
    "signals": (SI, {"INSERT"}, {"SELECT", "INSERT", "UPDATE", "DELETE"}, NONE),
    "signals_received": (SI, NONE, SD, NONE),
    "tiles": (S, NONE, NONE, SIU),
    "worklist_entries": (SI, S, NONE, NONE),
    "worklists": (SI, S, {"DELETE"}, NONE),
    "witness_states": (S, NONE, NONE, SIU),
}
PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


async def test_every_role_has_these_rights_on_every_table_and_no_other(database: Database) -> None:
    """Table by table, role by role, privilege by privilege; a new table must be added here to be reachable."""
    tables = {
        row[0] for row in await database.pool.fetch("select tablename from pg_tables where schemaname = 'public'")
    }
    assert tables == set(RIGHTS)
    for table, rights in RIGHTS.items():
        for role, allowed in zip((ROLE_WEB, ROLE_FEED, ROLE_WORKER, ROLE_SEALER), rights, strict=True):
            for privilege in PRIVILEGES:
                query = "select has_table_privilege($1, $2, $3)"
                has = await database.pool.fetchval(query, role, f"public.{table}", privilege)
                assert has == (privilege in allowed), (role, privilege, table)


async def test_the_archiver_only_reads_and_calls_four_functions(database: Database) -> None:
    """It reads what it moves; what it takes away goes through functions that refuse what is not sealed and old."""
    reads = {
        "archive_segments",
        "audit_repositories",
        "checkpoints",
        "deliveries",
        "disclosures",
        "leaves",
        "migrations",
        "tiles",
    }
    has = "select has_table_privilege($1, $2, $3)"
    for table in RIGHTS:
        for privilege in PRIVILEGES:
            held = await database.pool.fetchval(has, ROLE_ARCHIVER, f"public.{table}", privilege)
            assert held == (privilege == "SELECT" and table in reads), (privilege, table)
    query = "select oid::regprocedure::text from pg_proc where pronamespace = 'public'::regnamespace"
    callable_by = "select has_function_privilege($1, $2, 'EXECUTE')"
    functions = [row[0] for row in await database.pool.fetch(query)]
    may = {f for f in functions if await database.pool.fetchval(callable_by, ROLE_ARCHIVER, f)}
    assert {name.partition("(")[0] for name in may} == {
        "archive_disclosures",
        "take_archived",
        "erase_archived",
        "mark_archived_erased",
    }

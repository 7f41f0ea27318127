"""Yesterday's database: what a backup holds of the ledger and the facts, and the database brought back to it."""

from beffroi.store.database import Database

TABLES = (
    *("disclosures", "seen", "deliveries", "account_states", "leaves", "tiles", "checkpoints", "seal_state"),
    *("epochs", "cosignatures", "contradictions", "witness_states", "holds"),
)


async def back_up(database: Database) -> None:
    """Keeps what there is, in a schema of its own."""
    await database.pool.execute("drop schema if exists yesterday cascade; create schema yesterday")
    for table in TABLES:
        await database.pool.execute(f"create table yesterday.{table} as table {table}")


async def bring_back(database: Database) -> None:
    """What was kept, and nothing else: as a restore does, numbers are given again too."""
    async with database.pool.acquire() as connection, connection.transaction():
        await connection.execute(f"truncate {', '.join(TABLES)}")
        for table in TABLES:
            columns = await connection.fetchval(
                "select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute "
                "where attrelid = $1::regclass and attnum > 0 and not attisdropped",
                table,
            )
            await connection.execute(
                f"insert into {table} ({columns}) overriding system value select {columns} from yesterday.{table}"
            )
        await connection.execute(
            "select setval('disclosures_disclosure_id_seq', (select coalesce(max(disclosure_id), 1) from disclosures))"
        )

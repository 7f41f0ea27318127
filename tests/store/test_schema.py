"""The schema that people read is the schema that the migrations build."""

from importlib import resources

import asyncpg

from beffroi.store.database import ROLE_OWNER
from conftest import DatabaseServer
from store.catalogue import facts


async def test_the_readable_schema_is_true(dsn: str, database_server: DatabaseServer) -> None:
    """schema.sql, run on an empty database, gives the same columns, indexes, constraints and grants as migrations/."""
    schema = (resources.files("beffroi.store") / "schema.sql").read_text(encoding="utf-8")
    name = database_server.create(template="template0")
    try:
        read = database_server.dsn(ROLE_OWNER, name)
        connection = await asyncpg.connect(read)
        await connection.execute(schema)
        await connection.close()
        migrated, readable = await facts(dsn), await facts(read)
    finally:
        database_server.drop(name)
    assert sorted(migrated - readable) == [], "in the migrations, not in schema.sql"
    assert sorted(readable - migrated) == [], "in schema.sql, not in the migrations"


async def test_the_comparison_sees_small_differences(dsn: str) -> None:
    """The check itself: a default, a grant on one column, an index and a constraint are all seen."""
    before = await facts(dsn)
    connection = await asyncpg.connect(dsn)
    try:
        for change in (
            "alter table feeds alter message_count set default 1",
            "grant update (reason) on disclosures to beffroi_web",
            "create index more on moves (to_person)",
            "alter table hospitals add check (hospital_id > 0)",
            'alter table hospitals alter name type text collate "C"',
        ):
            await connection.execute(change)
            after = await facts(dsn)
            assert after != before, change
            before = after
    finally:
        await connection.close()

"""The pool and the named queries."""

import asyncio
import os
from collections.abc import Callable

import asyncpg
import pytest

from beffroi.errors import OperatorError
from beffroi.store.database import ROLE_WEB, ROLES, Database, load_queries, parse_queries


async def test_connections_carry_their_limits(database: Database) -> None:
    """Time zone, timeouts and search path are ours, not the server's defaults."""
    for setting, value in {
        "timezone": "UTC",
        "search_path": "public",
        "statement_timeout": "10s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "15s",
        "jit": "off",
    }.items():
        assert await database.pool.fetchval("select current_setting($1)", setting) == value


async def test_settings_can_be_replaced(dsn: str) -> None:
    """A bulk load asks for another limit without losing the rest."""
    async with await Database.open(dsn, size=1, statement_timeout="0") as database:
        assert await database.pool.fetchval("select current_setting('statement_timeout')") == "0"
        assert await database.pool.fetchval("select current_setting('timezone')") == "UTC"


async def test_json_stays_text(database: Database) -> None:
    """Decoding is msgspec's job."""
    assert await database.pool.fetchval("""select '{"a":  1}'::json""") == '{"a":  1}'


async def test_an_open_transaction_does_not_leak_through_the_pool(dsn: str) -> None:
    """What was left open is rolled back before the next one gets the connection."""
    async with await Database.open(dsn, size=1) as database:
        async with database.pool.acquire() as connection:
            await connection.execute("begin; insert into hospitals values (9, '9', 'x', '9', 'x')")
        assert await database.pool.fetchval("select count(*) from hospitals") == 0


async def test_a_cancelled_request_leaves_a_usable_pool(dsn: str) -> None:
    """A client that goes away in the middle of a query costs nothing but that query."""
    async with await Database.open(dsn, size=1) as database:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await database.pool.fetch("select pg_sleep(5)")
        async with asyncio.timeout(2):
            assert await database.pool.fetchval("select 1") == 1


async def test_each_role_logs_in(dsn_of) -> None:  # type: ignore[no-untyped-def]
    """The role in the address is the role of the session."""
    for role in ROLES:
        async with await Database.open(dsn_of(role), size=1) as database:
            assert await database.pool.fetchval("select current_user") == role


async def test_the_web_role_can_do_no_more_than_the_gate_needs(dsn_of) -> None:  # type: ignore[no-untyped-def]
    """The web role writes a disclosure and everything beside it, and can then neither change nor remove it."""
    async with await Database.open(dsn_of(ROLE_WEB), size=1) as web:
        account = await web.pool.fetchval(
            "insert into accounts (kind, issuer, subject) values ('person', 'i', 's') returning account_id"
        )
        await web.pool.execute("insert into account_states (account_id) values ($1)", account)
        await web.pool.fetch("select from account_states where account_id = $1 for update", account)
        await web.pool.execute(
            """insert into disclosures (at, account_id, running_number, role, structure_id, application, session_key,
                network, door, operation, outcome, purpose, reason, request_id, request, policy_version,
                criteria_fields, shown, nonce)
            values (now(), $1, 1, 'auditor', 1, 'a', '', '', 1, 1, 1, 'TREAT', '', gen_random_uuid(), '{}', '1', 0,
                '[]', '')
            """,
            account,
        )
        for change in (
            "update disclosures set reason = 'other'",
            "delete from disclosures",
            "truncate disclosures",
            "delete from seen",
            "select * from disclosures for update",
            "select * from feed_messages",
            "update accounts set status = 'frozen'",
            "insert into grants values (1, 1, 'auditor', now(), 'me', null)",
            "alter table disclosures disable trigger all",
            "create temp table mine (x integer)",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await web.pool.execute(change)


@pytest.mark.skipif(
    "BEFFROI_DATABASE_URL" in os.environ, reason="there the roles are reached from a superuser's session"
)
async def test_no_role_becomes_another(dsn_of: Callable[[str], str]) -> None:
    """A role that serves cannot make itself the owner."""
    for role in ROLES:
        async with await Database.open(dsn_of(role), size=1) as database:
            for other in set(ROLES) - {role}:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await database.pool.execute(f"set role {other}")


async def test_an_unreachable_database_is_told_in_words() -> None:
    """The address, with its password, is not part of the message."""
    with pytest.raises(OperatorError) as caught:
        await Database.open("postgresql://someone:secret@/nowhere?host=/nonexistent")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("-- name: one\nselect 1;", "no description"),
        ("-- name: one\n-- The number one.\n", "no text"),
        ("-- name: one\n-- A.\nselect 1;\n-- name: one\n-- B.\nselect 2;", "twice"),
        ("select 1;\n-- name: one\n-- A.\nselect 1;", "before the first"),
    ],
)
def test_a_query_without_name_description_or_text_is_refused(text: str, complaint: str) -> None:
    """The file is wrong, and says how."""
    with pytest.raises(ValueError, match=complaint):
        parse_queries(text)


def test_queries_keep_their_inner_comments_and_lose_their_semicolon() -> None:
    """What is sent is one statement, as written."""
    text = "-- About.\n\n-- name: one\n-- The number.\nselect 1 -- here\n\n;\n-- name: two\n-- More.\nselect\n  2;\n"
    assert parse_queries(text) == {"one": "select 1 -- here", "two": "select\n  2"}


def test_an_unknown_file_of_queries_is_told() -> None:
    """A broken installation is an operator's error."""
    with pytest.raises(OperatorError, match=r"nothing\.sql"):
        load_queries("nothing")

"""A small region in a real database: four hospitals (the fourth is sensitive), people and accounts made at will."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from beffroi.actions.house import House, open_house
from beffroi.clock import Clock
from beffroi.identity.normalise import search_keys
from beffroi.model.account import AccountId, AccountKind, Asker, Role
from beffroi.model.person import HospitalId, Record
from beffroi.store.database import Database

Put = Callable[..., Awaitable[int]]


@pytest.fixture
async def house(database: Database, hospitals: object, deployment: object, clock: Clock) -> AsyncIterator[House]:
    """The way to the identities, as a serving process holds it."""
    opened = await open_house(database, clock)
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
def files_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a module's `prepared` puts the files that it archives."""
    return tmp_path_factory.mktemp("archived") / "archive"


@pytest.fixture
def archive(prepared: str, files_once: Path, tmp_path: Path) -> Path:
    """This test's own copy of those files, beside its own copy of the database."""
    return Path(shutil.copytree(files_once, tmp_path / "archive"))


@pytest.fixture
def put(database: Database, clock: Clock) -> Put:
    """Writes one identity as the feed would; gives its number. `explained_h`: hours for which it explains readings."""

    async def put_identity(
        hospital: int, ipp: str, content: Record, person: int | None = None, explained_h: float = 0, fed_by: int = 0
    ) -> int:
        keys = search_keys(content)
        until = clock.now() + timedelta(hours=explained_h) if explained_h else None
        number: int = await database.pool.fetchval(
            """insert into identities (hospital_id, ipp, person_id, birth_date, family_key, used_key, given_key,
               used_given_key, ins, contact_keys, local_only, restricted, record, explains_until, fed_by, updated_at)
               values ($1, $2, coalesce($3, 0), $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::json, $14, $15, $16)
               returning identity_id""",
            hospital,
            ipp,
            person,
            content.birth_date,
            keys.family_key,
            keys.used_key,
            keys.given_key,
            keys.used_given_key,
            f"{content.ins.value}|{content.ins.oid}" if content.ins else None,
            list(keys.contact_keys) or None,
            bool(content.attributes),
            content.restricted,
            msgspec.json.encode(content).decode(),
            until,
            fed_by,
            datetime(2026, 1, 1, tzinfo=UTC),
        )
        if person is None:
            await database.pool.execute("update identities set person_id = $1 where identity_id = $1", number)
        return number

    return put_identity


@pytest.fixture
def account(database: Database) -> Callable[..., Awaitable[Asker]]:
    """Makes an account that acts for a hospital in a role."""

    async def make(role: Role = Role.EMERGENCY_DOCTOR, hospital: int = 1, subject: str = "899700000001") -> Asker:
        number: int = await database.pool.fetchval(
            """insert into accounts (kind, issuer, subject) values ('person', 'https://issuer.test', $1)
               on conflict (issuer, subject) do update set subject = excluded.subject returning account_id""",
            subject,
        )
        await database.pool.execute("insert into account_states values ($1) on conflict do nothing", number)
        return Asker(
            AccountId(number),
            AccountKind.PERSON,
            subject,
            role,
            HospitalId(hospital),
            "dpi",
            bytes(range(32)),
            "192.0.2.7",
        )

    return make

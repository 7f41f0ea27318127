"""A region of a given size in a database of its own, loaded by COPY and kept, so that a second run is quick.

The database's name says what it holds: size, seed, and a digest of the migrations and of this loader. It is filled
under another name and renamed when whole, so a killed load never passes for a region.
"""

import asyncio
import hashlib
import os
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from beffroi.identity.matching import Standing, partition, persons, strict_key
from beffroi.identity.normalise import search_keys
from beffroi.identity.status import carried_ins, stays_local
from beffroi.model.account import Role
from beffroi.model.person import IdentityId
from beffroi.store.database import ROLE_OWNER
from beffroi.store.embedded import EmbeddedPostgres
from beffroi.store.migrate import load_migrations, migrate
from beffroi_region.local_identities import LocalIdentity, Region

FORMAT = 1
"""Raised when this loader changes what it writes, so that no older database is taken for a new one."""
ISSUER = "https://sign-in.bench.invalid"
ACCOUNTS = 2_000
HOSPITALS = 10
AS_OF = date(2026, 9, 1)
"""The day on which the synthetic people are as old as they are."""
EXPLAINED_SHARE = 0.02
"""Of the identities, those with a recent event in their hospital's feed."""
EXPLAINED_DAYS = 365
"""How long they stay so: the database is kept between runs."""
_UPDATED_WITHIN_S = 10**8
_ROWS_PER_COPY = 20_000
_LOOKED_AT = 50
"""Identities by which a region is recognised."""

_COLUMNS = (
    "identity_id",
    "hospital_id",
    "ipp",
    "person_id",
    "birth_date",
    "family_key",
    "used_key",
    "given_key",
    "used_given_key",
    "strict_key",
    "ins",
    "contact_keys",
    "local_only",
    "restricted",
    "record",
    "explains_until",
    "updated_at",
)
_ROLES = (
    (Role.WARD_NURSE, 40),
    (Role.WARD_DOCTOR, 20),
    (Role.EMERGENCY_DOCTOR, 8),
    (Role.TRIAGE_NURSE, 7),
    (Role.ADMISSION_CLERK, 15),
    (Role.MEDICAL_SECRETARY, 10),
)
"""Who signs in, in per cent."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a region, and from which seed. `newcomers` more people live there whom no hospital has sent yet."""

    people: int
    seed: int
    hospitals: int = HOSPITALS
    accounts: int = ACCOUNTS
    newcomers: int = 0

    @property
    def database(self) -> str:
        """The name of its database."""
        parts = [
            FORMAT,
            self.seed,
            self.hospitals,
            self.accounts,
            self.newcomers,
            *(m.sha256 for m in load_migrations()),
            # Another way of making hospitals or people is another region, whatever the seed.
            *self.region().sites,
            *islice(self.region(), _LOOKED_AT),
        ]
        return f"bench_{self.people}_{hashlib.sha256(repr(parts).encode()).hexdigest()[:10]}"

    def region(self) -> Region:
        """Its people, hospitals and identities."""
        return Region(self.people + self.newcomers, self.hospitals, self.seed, AS_OF)


def cache_folder() -> Path:
    """Where benchmark databases are kept: $BEFFROI_BENCH, or beffroi/bench under the user's cache folder."""
    named = os.environ.get("BEFFROI_BENCH")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "beffroi" / "bench"


def ensure(server: EmbeddedPostgres, size: Size) -> str:
    """The name of a database that holds a region of this size, made now if it is not there yet."""
    return asyncio.run(_ensure(server, size))


async def _ensure(server: EmbeddedPostgres, size: Size) -> str:
    superuser = await asyncpg.connect(server.dsn("postgres", "postgres"))
    try:
        if await superuser.fetchval("select 1 from pg_database where datname = $1", size.database):
            return size.database
        loading = f"{size.database}_loading"
        await superuser.execute(f'drop database if exists "{loading}" with (force)')
        await superuser.execute(f'create database "{loading}" owner {ROLE_OWNER}')
        await _fill(server.dsn(ROLE_OWNER, loading), size)
        await superuser.execute(f'alter database "{loading}" rename to "{size.database}"')
    finally:
        await superuser.close()
    return size.database


async def _fill(dsn: str, size: Size) -> None:
    await migrate(dsn)
    connection = await asyncpg.connect(dsn)
    try:
        region = size.region()
        await _write_registers(connection, region, size)
        indexes = await _without_indexes(connection)
        rows = _rows(region, size)
        while batch := list(islice(rows, _ROWS_PER_COPY)):
            await connection.copy_records_to_table("identities", records=batch, columns=_COLUMNS)
        await connection.execute("set maintenance_work_mem = '512MB'")
        for definition in indexes:
            await connection.execute(definition)
        await connection.execute(
            "select setval(pg_get_serial_sequence('identities', 'identity_id'), max(identity_id)) from identities"
        )
        await connection.execute("vacuum (analyze)")
    finally:
        await connection.close()


async def _without_indexes(connection: Any) -> list[str]:
    """Drops the indexes of `identities` that are no constraint; their definitions, to make them again."""
    rows = await connection.fetch(
        "select c.relname, pg_get_indexdef(i.indexrelid) from pg_index i join pg_class c on c.oid = i.indexrelid "
        "where i.indrelid = 'identities'::regclass and not i.indisprimary and not i.indisunique"
    )
    for name, _ in rows:
        await connection.execute(f"drop index {name}")
    return [definition for _, definition in rows]


def subject(index: int) -> str:
    """The opaque identifier of the `index`-th account."""
    return f"bench-{index:06d}"


async def _write_registers(connection: Any, region: Region, size: Size) -> None:
    await connection.execute("delete from deployment")
    await connection.execute(
        "insert into deployment (demo, reference_key, nonce_key) values (false, $1, $2)",
        random.Random(size.seed).randbytes(16),
        random.Random(size.seed + 1).randbytes(32),
    )
    await connection.copy_records_to_table(
        "hospitals",
        records=[msgspec.structs.astuple(site.hospital) for site in region.sites],
        columns=["hospital_id", "finess", "name", "oid", "namespace", "sensitive"],
    )
    chosen = random.Random(size.seed + 2)
    roles = chosen.choices([role for role, _ in _ROLES], [share for _, share in _ROLES], k=size.accounts)
    rows = await connection.fetch(
        "insert into accounts (kind, issuer, subject) select 'person', $1, unnest($2::text[]) returning account_id",
        ISSUER,
        [subject(index) for index in range(size.accounts)],
    )
    ordinary = [site.number for site in region.sites if not site.hospital.sensitive]
    await connection.copy_records_to_table(
        "grants",
        records=[
            (row[0], ordinary[index % len(ordinary)], roles[index].value, "bench") for index, row in enumerate(rows)
        ],
        columns=["account_id", "hospital_id", "role", "granted_by"],
    )
    await connection.copy_records_to_table(
        "account_states", records=[(row[0],) for row in rows], columns=["account_id"]
    )


def _rows(region: Region, size: Size) -> Iterator[tuple[object, ...]]:
    """Rows of `identities` in the order of `_COLUMNS`; a person bears the number of its oldest identity."""
    chosen = random.Random(size.seed + 3)
    now = datetime.now(UTC)
    following = 1
    for person in islice(region.people, size.people):
        for local, number, key, person_id in _cross_referenced(region.identities_of(person), following):
            yield _row(local, number, key, person_id, chosen, now)
            following += 1


def _cross_referenced(
    locals_: Iterable[LocalIdentity], first: int
) -> Iterator[tuple[LocalIdentity, int, bytes | None, int]]:
    """One person's identities, numbered from `first`, each with its strict key and the person that it makes."""
    keyed = [(local, IdentityId(first + n), strict_key(local.record)) for n, local in enumerate(locals_)]
    person_of = persons(partition([Standing(number, key, ins_of(local)) for local, number, key in keyed]))
    for local, number, key in keyed:
        yield local, number, key, person_of[number]


def ins_of(local: LocalIdentity) -> str | None:
    """The INS of a qualified identity, as the store keeps it."""
    ins = carried_ins(local.record)
    return ins.key if ins else None


def _row(
    local: LocalIdentity, number: int, key: bytes | None, person_id: int, chosen: random.Random, now: datetime
) -> tuple[object, ...]:
    record, search = local.record, search_keys(local.record)
    explained = chosen.random() < EXPLAINED_SHARE
    return (
        number,
        local.hospital_id,
        local.ipp,
        person_id,
        record.birth_date,
        search.family_key,
        search.used_key,
        search.given_key,
        search.used_given_key,
        key,
        ins_of(local),
        list(search.contact_keys) or None,
        stays_local(record),
        record.restricted,
        msgspec.json.encode(record).decode(),
        now + timedelta(days=EXPLAINED_DAYS) if explained else None,
        now - timedelta(seconds=chosen.randrange(_UPDATED_WITHIN_S)),
    )

"""Reading identities: one look-up in, people with the identities that the asker's hospital may know of out.

A hospital marked sensitive is invisible to every other one: its identities neither match nor show outside it (law 4).
Protected access is the exception: it counts wherever it was asked for, because it only ever withholds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import msgspec

from beffroi.identity.blocking import Block, Plan
from beffroi.model.account import Asker
from beffroi.model.disclosure import Finding
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import (
    Hospital,
    HospitalId,
    Identity,
    IdentityId,
    IdentityState,
    PersonId,
    Record,
)
from beffroi.store.database import Database, load_queries
from beffroi.store.gathered import Gathered, numbered

PEOPLE_LOOKED_AT_MAX = 400
"""People. Beyond it the look-up is cut and the answer is "too many" whatever else narrows it."""

_decode_record = msgspec.json.Decoder(Record).decode


@dataclass(frozen=True, slots=True)
class Horizon:
    """From where somebody looks: their own hospital, those hidden from it, their account, and now."""

    own: HospitalId
    hidden: tuple[int, ...]
    account_id: int
    now: datetime

    @classmethod
    def of(cls, asker: Asker, hospitals: Hospitals, now: datetime) -> "Horizon":
        """Where the asker stands."""
        return cls(asker.structure, tuple(hospitals.hidden_from(asker.structure)), asker.account_id, now)


class IdentityStore:
    """Look-ups over `identities`. Nothing here decides what may be shown."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._readers = database.readers
        self._sql = load_queries("identities")
        self._named = Gathered(self._by_birth_and_names)

    async def look_up(self, plan: Plan, horizon: Horizon) -> list[Finding]:
        """The people of one plan, at most `PEOPLE_LOOKED_AT_MAX`; not for `Block.IDENTIFIER`."""
        if plan.block is Block.BIRTH_AND_NAMES:
            return _findings(await self._named.ask((plan, horizon)), horizon)
        people = await self._explained(plan, horizon)
        return await self.of_people(people, horizon) if people else []

    async def _by_birth_and_names(self, asked: Sequence[tuple[Plan, Horizon]]) -> list[list[asyncpg.Record]]:
        """The rows of each question."""
        ranges = zip(*(_ranges(plan, horizon) for plan, horizon in asked), strict=True)
        hidden = frozenset[int]().union(*(horizon.hidden for _, horizon in asked))
        rows = await self._readers.fetch(self._sql["by_birth_and_names"], *ranges, hidden, PEOPLE_LOOKED_AT_MAX)
        return numbered(rows, len(asked))

    async def _explained(self, plan: Plan, horizon: Horizon) -> list[int]:
        last = (horizon.own, horizon.now, horizon.account_id, PEOPLE_LOOKED_AT_MAX)
        names = (plan.family.low, plan.family.high, plan.given.low, plan.given.high)
        born = (plan.birth_date.first, plan.birth_date.last) if plan.birth_date else (None, None)
        if plan.block is Block.EXPLAINED_BY_BIRTH:
            rows = await self._readers.fetch(self._sql["explained_by_birth"], *born, *names, *last)
        elif plan.block is Block.EXPLAINED_BY_FAMILY:
            rows = await self._readers.fetch(self._sql["explained_by_family"], *names, *born, *last)
        else:
            rows = await self._readers.fetch(self._sql["explained_by_telecom"], plan.telecom, *last)
        return [row[0] for row in rows]

    async def by_ipp(self, pairs: Sequence[tuple[HospitalId, str]], horizon: Horizon) -> list[int]:
        """The people of these identifiers, each in its hospital's domain."""
        hospitals, ipps = [h for h, _ in pairs], [ipp for _, ipp in pairs]
        rows = await self._readers.fetch(self._sql["by_ipp"], hospitals, ipps, horizon.own, horizon.hidden)
        return [row[0] for row in rows]

    async def by_ins(self, ins: Sequence[str], horizon: Horizon) -> list[int]:
        """The people of these qualified INS, written "value|oid"."""
        rows = await self._readers.fetch(self._sql["by_ins"], ins, horizon.own, horizon.hidden)
        return [row[0] for row in rows]

    async def current_person(self, founder: PersonId) -> PersonId | None:
        """The person to whom an old number leads now, None when there is none any more."""
        found: int | None = await self._pool.fetchval(self._sql["by_founder"], founder)
        return None if found is None else PersonId(found)

    async def of_people(self, people: Sequence[int], horizon: Horizon) -> list[Finding]:
        """People by number; one without any visible identity is left out. Nobody is looked up like anybody else: how
        long it takes tells nothing.
        """
        rows = await self._readers.fetch(self._sql["identities_of_people"], people, horizon.own, horizon.hidden)
        return _findings(rows, horizon)


def _ranges(plan: Plan, horizon: Horizon) -> tuple[object, ...]:
    """What `by_birth_and_names` takes of one question."""
    assert plan.birth_date is not None
    return (plan.birth_date.first, plan.family.low, plan.family.high, plan.given.low, plan.given.high, horizon.own)


def _findings(rows: Iterable[asyncpg.Record], horizon: Horizon) -> list[Finding]:
    people: dict[int, list[asyncpg.Record]] = {}
    for row in rows:
        people.setdefault(row["person_id"], []).append(row)
    findings = []
    for person_id, own_rows in people.items():
        identities = tuple(_identity(row) for row in own_rows if row["visible"])
        if identities:
            explained = any(_explains(row, horizon) for row in own_rows)
            restricted = any(row["restricted"] for row in own_rows)
            findings.append(Finding(PersonId(person_id), identities, explained, restricted))
    return findings


def _explains(row: asyncpg.Record, horizon: Horizon) -> bool:
    until = row["explains_until"]
    return (
        until is not None
        and until > horizon.now
        and row["hospital_id"] == horizon.own
        and row["fed_by"] != horizon.account_id
    )


def _identity(row: asyncpg.Record) -> Identity:
    return Identity(
        IdentityId(row["identity_id"]),
        HospitalId(row["hospital_id"]),
        row["ipp"],
        PersonId(row["person_id"]),
        IdentityState.ACTIVE,
        _decode_record(row["record"]),
        updated_at=row["updated_at"],
    )


@dataclass(frozen=True, slots=True)
class Deployment:
    """What every process of a deployment shares. The keys are secrets of the database."""

    demo: bool
    reference_key: bytes
    nonce_key: bytes


async def load_hospitals(database: Database) -> tuple[Hospital, ...]:
    """The register of hospitals, by number."""
    rows = await database.pool.fetch(load_queries("identities")["hospitals"])
    return tuple(hospital_of(row) for row in rows)


def hospital_of(row: asyncpg.Record) -> Hospital:
    """A row of the register."""
    return Hospital(**{**dict(row), "networks": tuple(row["networks"])})


async def load_deployment(database: Database) -> Deployment | None:
    """The deployment's row, None before the first migration has written it."""
    row = await database.pool.fetchrow(load_queries("identities")["deployment"])
    return None if row is None else Deployment(**dict(row))

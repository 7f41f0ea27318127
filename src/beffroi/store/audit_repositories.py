"""What audit repositories were told: how far each is, what is next for it, and what it refused."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import msgspec

from beffroi.model.audit import AuditEntry, FeedEntry
from beffroi.model.disclosure import Field
from beffroi.model.person import PersonId
from beffroi.store.alone import alone
from beffroi.store.audit_rows import entry_of
from beffroi.store.database import Database, load_queries
from beffroi.store.feed_trail import FeedTrail

Connection = asyncpg.pool.PoolConnectionProxy
ADVISORY_LOCK = 0x6265666672_6175  # "beffr", "au": one worker tells

_decode_shown = msgspec.json.Decoder(list[tuple[int, int]]).decode


@dataclass(frozen=True, slots=True)
class Place:
    """How far a repository was told: everything before `position`. `attempts`: how often what is next failed."""

    repository: str
    stream: str
    position: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Told:
    """What stands at a position: the facts, without a patient, and of whom what was shown. None: nothing any more."""

    position: int
    entry: AuditEntry | FeedEntry | None
    shown: tuple[tuple[PersonId, Field], ...] = ()


@dataclass(frozen=True, slots=True)
class RepositoryStanding:
    """How a repository stands. `waiting`: leaves, or events of the feed, not told; `refused`: what it did not take."""

    repository: str
    stream: str
    waiting: int
    attempts: int
    sent_at: datetime | None
    failure: str
    refused: int


class AuditRepositoryStore:
    """The statements about audit repositories."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._trail = FeedTrail(database)
        self._sql = load_queries("audit_repositories")

    async def know(self, repositories: Sequence[str], now: datetime) -> None:
        """Makes these the listed ones; a new one is told from now on."""
        await self._pool.execute(self._sql["know"], repositories, now)
        await self._pool.execute(self._sql["list"], repositories)

    def alone(self) -> AbstractAsyncContextManager[Connection | None]:
        """A connection that alone tells until the block ends; None when another worker's does."""
        return alone(self._pool, ADVISORY_LOCK)

    async def due(self, repositories: Sequence[str], now: datetime) -> list[Place]:
        """Whom to tell now."""
        return [Place(*row) for row in await self._pool.fetch(self._sql["due"], repositories, now)]

    async def facts(self, first: int, leaves_max: int) -> list[Told]:
        """What the next leaves tell, in their order."""
        return [_told(row) for row in await self._pool.fetch(self._sql["facts"], first, leaves_max)]

    async def fed(self, first: int, events_max: int) -> list[Told]:
        """What the next events of the feed tell, in their order."""
        found = await self._trail.next(first, events_max)
        return [Told(one.entry.feed_event_id, one.entry, ((one.person, Field(0)),)) for one in found]

    async def refusals(self, place: Place, count_max: int) -> list[int]:
        """Positions that were refused and are to be sent again."""
        rows = await self._pool.fetch(self._sql["refusals"], place.repository, place.stream, count_max)
        return [row[0] for row in rows]

    async def told(self, place: Place, position: int, now: datetime) -> None:
        """Everything before a position has arrived, or was refused."""
        await self._pool.execute(self._sql["told"], place.repository, place.stream, position, now)

    async def failed(self, place: Place, position: int, again_at: datetime, failure: str) -> None:
        """What stands at a position has not arrived."""
        await self._pool.execute(self._sql["failed"], place.repository, place.stream, position, again_at, failure)

    async def refuse(self, place: Place, position: int, now: datetime, failure: str) -> None:
        """What stands at a position is refused for good."""
        await self._pool.execute(self._sql["refuse"], place.repository, place.stream, position, now, failure)

    async def taken(self, place: Place, position: int) -> None:
        """What was once refused has arrived."""
        await self._pool.execute(self._sql["taken"], place.repository, place.stream, position)

    async def standing(self) -> list[RepositoryStanding]:
        """How the listed repositories stand."""
        return [RepositoryStanding(*row) for row in await self._pool.fetch(self._sql["standing"])]

    async def retry(self, now: datetime) -> int:
        """What was refused is sent again; how many that are."""
        count: int = await self._pool.fetchval(self._sql["retry"], now)
        return count


def _told(row: asyncpg.Record) -> Told:
    if row["disclosure_id"] is None:  # a gap's statement, or gone from these tables
        return Told(row["tree_index"], None)
    shown = tuple((PersonId(person), Field(fields)) for person, fields in _decode_shown(row["shown"]))
    return Told(row["tree_index"], entry_of(row), shown)

"""Whom consumers of the cross-reference are still to be told of, and up to which change that is known."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from beffroi.model.account import AccountId
from beffroi.model.feed import FeedAction
from beffroi.model.person import HospitalId, PersonId
from beffroi.store.alone import alone
from beffroi.store.database import Database, load_queries
from beffroi.store.marks import Marks

Connection = asyncpg.pool.PoolConnectionProxy
ADVISORY_LOCK = 0x6265666672_6E6F  # "beffr", "no": one worker notifies


@dataclass(frozen=True, slots=True)
class Fed:
    """An event of a feed, as far as the cross-reference is concerned."""

    number: int
    at: datetime
    account_id: int
    hospital: HospitalId
    person: PersonId
    action: FeedAction
    identifiers: bool
    local_only: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """An identity that came from one person to another; `cause` is the event's code, "bulk" of a file."""

    number: int
    at: datetime
    before: PersonId
    after: PersonId
    cause: str
    hospital: HospitalId
    local_only: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """A patient of whom to tell. `own`: only the consumer's own credential caused it; `alone`: also when one identifier
    is left."""

    person: PersonId
    own: bool
    alone: bool
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class ConsumerPlace:
    """Up to which event of feeds, and which move, the changes are queued for a consumer. `attempts`: how often in a row
    it could not be told."""

    consumer: str
    feed_event: int
    move: int
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class ConsumerStanding:
    """How many wait for a consumer, since when, and how many were given up; how often in a row it failed, and why."""

    consumer: str
    waiting: int
    oldest_at: datetime | None
    dead: int
    attempts: int
    failure: str


class NotificationStore:
    """The queue, under the worker's role."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("notifications")
        self._marks = Marks(2)

    async def know(self, consumers: Sequence[str]) -> None:
        """Makes consumers known: a new one is told of what changes from now on."""
        await self._pool.execute(self._sql["know"], consumers)

    def alone(self) -> AbstractAsyncContextManager[Connection | None]:
        """A connection that alone notifies until the block ends; None when another worker's does."""
        return alone(self._pool, ADVISORY_LOCK)

    async def places(self, consumers: Sequence[str]) -> list[ConsumerPlace]:
        """How far each consumer's queue is made."""
        return [ConsumerPlace(*row) for row in await self._pool.fetch(self._sql["places"], consumers)]

    async def final(self) -> tuple[int, int]:
        """The event of feeds and the move up to which everything is there, or never will be."""
        row = await self._pool.fetchrow(self._sql["mark"])
        assert row is not None
        feed_event, move = self._marks.see((row["feed_event"], row["move"]), row["begun"], row["ended"])
        return feed_event, move

    async def events(self, after: int, until: int, count_max: int) -> list[Fed]:
        """What feeds did."""
        rows = await self._pool.fetch(self._sql["events"], after, until, count_max)
        return [
            Fed(row[0], row[1], row[2], HospitalId(row[3]), PersonId(row[4]), FeedAction(row[5]), row[6], row[7])
            for row in rows
        ]

    async def moves(self, after: int, until: int, count_max: int) -> list[Moved]:
        """Who came to another person."""
        rows = await self._pool.fetch(self._sql["moves"], after, until, count_max)
        return [
            Moved(row[0], row[1], PersonId(row[2]), PersonId(row[3]), row[4], HospitalId(row[5]), row[6])
            for row in rows
        ]

    async def queue(self, place: ConsumerPlace, wanted: Sequence[Wanted], now: datetime) -> None:
        """Adds patients, and notes how far the changes were looked at, in one transaction."""
        async with self._pool.acquire() as connection, connection.transaction():
            if wanted:
                columns = [one.person for one in wanted], [one.own for one in wanted], [one.alone for one in wanted]
                await connection.execute(self._sql["queue"], place.consumer, *columns, now)
            await connection.execute(self._sql["looked_at"], place.consumer, place.feed_event, place.move)

    async def due(self, consumer: str, now: datetime, count_max: int) -> list[Wanted]:
        """Of whom to tell now, the longest waiting first."""
        rows = await self._pool.fetch(self._sql["due"], consumer, now, count_max)
        return [Wanted(PersonId(row[0]), row[1], row[2], row[3]) for row in rows]

    async def told(self, consumer: str, person: PersonId) -> None:
        """The consumer knows, or is not to know."""
        await self._pool.execute(self._sql["told"], consumer, person)

    async def put_off(self, consumer: str, again_at: datetime, failure: str) -> None:
        """Nothing is told to it before a time."""
        await self._pool.execute(self._sql["put_off"], consumer, again_at, failure)

    async def resumed(self, consumer: str) -> None:
        """It answers."""
        await self._pool.execute(self._sql["resumed"], consumer)

    async def failed(
        self, consumer: str, person: PersonId, again_at: datetime | None, now: datetime, failure: str
    ) -> None:
        """It does not. `again_at`: None gives it up."""
        await self._pool.execute(self._sql["failed"], consumer, person, again_at, now, failure)

    async def withheld(self, consumer: str, person: PersonId, again_at: datetime, failure: str) -> None:
        """The gate does not let her out now; that is no refusal of the consumer's."""
        await self._pool.execute(self._sql["withheld"], consumer, person, again_at, failure)

    async def standing(self, consumers: Sequence[str]) -> list[ConsumerStanding]:
        """How each consumer's queue stands."""
        return [ConsumerStanding(*row) for row in await self._pool.fetch(self._sql["standing"], consumers)]

    async def retry(self, now: datetime) -> int:
        """What was given up, or waits, is tried now; how many that are."""
        count: int = await self._pool.fetchval(self._sql["retry"], now)
        return count


class ConsumerAccounts:
    """The applications that are told, under the role that answers questions."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._find = load_queries("notifications")["consumer_account"]
        self._create_state = load_queries("accounts")["create_state"]

    async def find(self, issuer: str, subject: str, hospital: HospitalId, now: datetime) -> AccountId | None:
        """The account, its row in the gate made if needed; None while it has no right to other hospitals' numbers."""
        found = await self._pool.fetchval(self._find, issuer, subject, hospital, now)
        if found is None:
            return None
        await self._pool.execute(self._create_state, found)
        return AccountId(found)

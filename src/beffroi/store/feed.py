"""The feed's transaction: all of a batch is written or none, and an event that is wrong fails alone.

Committed means acknowledged: a crash before loses nothing that anybody was told, one after loses only the telling.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import asyncpg

from beffroi.errors import CallerError, InvalidValue, OperatorError, Unavailable, Words
from beffroi.model.person import HospitalId
from beffroi.store.database import DATABASE_FAULTS, VALUE_FAULTS, Database
from beffroi.store.feed_pass import (
    Connection,
    Message,
    NeedsWholeRegister,
    Pass,
    applied_messages,
    feed_queries,
    is_wide,
    lock_register,
    sensitive_hospitals,
)
from beffroi.store.feed_workspace import Fed, Result

# Tries of one transaction before its callers are told to come back: each lost a race for a lock.
ATTEMPTS_MAX = 5
ATTEMPT_PAUSE_S = 0.05
# Seconds until a transaction is given up: the network is gone, or somebody holds a lock that nobody will release.
TRANSACTION_S_MAX = 30.0

_NOTHING_DONE: tuple[list[object], ...] = ([],) * 7
"""The columns of events of a heartbeat: it has none."""
_LOST_A_RACE = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.LockNotAvailableError)
# What one event can cause in the database; any other failure there is ours. (The third: a key too long for an index.)
_BAD_VALUE = (*VALUE_FAULTS, asyncpg.ProgramLimitExceededError)

# Something that must be true together with the batch and its results, written on its connection before the commit.
Beside = Callable[[Connection, Sequence[Result]], Awaitable[None]]


class FeedStore:
    """Writes batches of the feed. Any number of them may run at once, in any number of processes."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = feed_queries()
        self._sensitive: frozenset[HospitalId] | None = None

    async def write(self, batch: Sequence[Fed], now: datetime, beside: Beside | None = None) -> list[Result]:
        """What became of each event, in order, once all of it is durable; an event's own fault is its own result.

        Raises Unavailable when it is unknown or untrue that the batch was written: telling it again is safe.
        """
        whole = is_wide(batch)
        careful = False
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                async with asyncio.timeout(TRANSACTION_S_MAX), self._pool.acquire() as connection:
                    async with connection.transaction():
                        written = await self._attempt(connection, batch, now, whole=whole, careful=careful)
                        if beside is not None:
                            await beside(connection, written)
                    return written
            except NeedsWholeRegister:
                whole = True
            except _LOST_A_RACE:
                await asyncio.sleep(ATTEMPT_PAUSE_S * attempt)
            except OperatorError:
                raise
            except Exception as failure:
                if _is_ours(failure) or careful:
                    raise _unavailable() from failure
                whole = careful = True
        raise _unavailable()

    async def applied_before(self, batch: Sequence[Fed]) -> set[Message]:
        """The messages of the batch that are in the register already. Raises Unavailable."""
        try:
            async with self._pool.acquire() as connection:
                return await applied_messages(connection, self._sql, batch)
        except DATABASE_FAULTS as failure:
            raise _unavailable() from failure

    async def beat(self, hospital: HospitalId, now: datetime) -> None:
        """A feed's sign of life without an event. Raises Unavailable."""
        try:
            await self._pool.execute(self._sql["beat"], [hospital], [0], now, *_NOTHING_DONE)
        except DATABASE_FAULTS as failure:
            raise _unavailable() from failure

    async def _attempt(
        self, connection: Connection, batch: Sequence[Fed], now: datetime, *, whole: bool, careful: bool
    ) -> list[Result]:
        if careful:
            await lock_register(connection, self._sql)
            return await self._bisected(connection, batch, now)
        return await Pass(connection, self._sql, now, whole, await self._hidden(connection)).run(batch)

    async def _hidden(self, connection: Connection) -> frozenset[HospitalId]:
        """The sensitive hospitals, as the configuration has them: read once, like every process's register."""
        if self._sensitive is None:
            self._sensitive = await sensitive_hospitals(connection, self._sql)
        return self._sensitive

    async def _bisected(self, connection: Connection, batch: Sequence[Fed], now: datetime) -> list[Result]:
        """The batch in halves until only what is itself at fault fails; order is kept, the commit is still one."""
        try:
            async with connection.transaction():
                sensitive = await self._hidden(connection)
                return await Pass(connection, self._sql, now, True, sensitive).run(batch)
        except Exception as failure:
            if _is_ours(failure):
                raise
            if len(batch) == 1:
                return [_refused()]
        middle = len(batch) // 2
        first = await self._bisected(connection, batch[:middle], now)
        return first + await self._bisected(connection, batch[middle:], now)


def _is_ours(failure: Exception) -> bool:
    """True when no event of the batch can be the cause."""
    return isinstance(failure, DATABASE_FAULTS) and not isinstance(failure, _BAD_VALUE)


def _unavailable() -> Unavailable:
    return Unavailable(what=Words("The register of identities", "Le registre des identités"))


def _refused() -> CallerError:
    return InvalidValue(
        what=Words("The message", "Le message"),
        why=Words(
            "the register cannot hold one of its values", "le registre ne peut pas contenir l'une de ses valeurs"
        ),
    )

"""What a process does about a containment besides refusing: it looks often, and tells whoever asked to know.

The gate needs none of this: it reads what is stopped in its own transaction. This is for what stays open between two
questions: connections, event streams, and what is remembered of who asks.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from beffroi.clock import Clock
from beffroi.model.account import AccountId
from beffroi.model.containment import ContainmentId, ContainmentKind, Stop
from beffroi.store.containments import ContainmentStore
from beffroi.store.database import Database
from beffroi.telemetry import Event, log_failure

POLL_S: Final = 0.3
"""Seconds between two looks: what is open is closed well within a second."""
FAILURE_LOG_S: Final = 30.0
"""Seconds between two lines about a database that does not answer."""

OnStop = Callable[[Stop], None]


class StopWatch:
    """The containments in force as this process knows them, at most a moment old."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._store = ContainmentStore(database)
        self._clock = clock
        self._stops: dict[ContainmentId, Stop] = {}
        self._told: list[OnStop] = []
        self._silent_until_s = float("-inf")

    def subscribe(self, on_stop: OnStop) -> None:
        """Calls `on_stop` with each containment that comes into force. It must not wait."""
        self._told.append(on_stop)

    def closing(self, account_id: AccountId, application: str, session_key: bytes) -> Stop | None:
        """The containment by which a connection of such a caller is to be closed. Wide ones close none: feeds go on."""
        for stop in self._stops.values():
            if names(stop, account_id, application, session_key):
                return stop
        return None

    async def look(self) -> None:
        """Reads what is in force, and tells what is new. Raises what the database raises."""
        found = {stop.containment_id: stop for stop in await self._store.all_in_force(self._clock.now())}
        new = [stop for number, stop in found.items() if number not in self._stops]
        self._stops = found
        for stop in new:
            for on_stop in tuple(self._told):
                on_stop(stop)

    async def run(self) -> None:
        """Looks until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                await self.look()
            except Exception as failure:  # the gate refuses meanwhile, whatever this does not see
                if loop.time() >= self._silent_until_s:
                    log_failure(Event.STOPS_UNREAD, failure)
                    self._silent_until_s = loop.time() + FAILURE_LOG_S
            await asyncio.sleep(POLL_S)


def names(stop: Stop, account_id: AccountId, application: str, session_key: bytes) -> bool:
    """Whether a narrow containment names such a caller."""
    match stop.kind:
        case ContainmentKind.ACCOUNT:
            return stop.target == str(account_id)
        case ContainmentKind.DEVICE:
            return stop.target == session_key.hex()
        case ContainmentKind.APPLICATION:
            return stop.target == application
        case _:
            return False


@asynccontextmanager
async def watching_stops(database: Database, clock: Clock) -> AsyncIterator[StopWatch]:
    """A watch that looks while the block runs."""
    watch = StopWatch(database, clock)
    running = asyncio.create_task(watch.run())
    try:
        yield watch
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

"""Whether this deployment can serve, asked of the database at most once a second however often it is asked of us."""

import asyncio
import time
from collections.abc import Callable

import msgspec

from beffroi.clock import Clock
from beffroi.store.health import Health, HealthStore
from beffroi.telemetry import Event, log

FRESH_S = 1.0
"""Seconds for which an answer stands."""
_DIGEST_BYTES = 16


class Children(msgspec.Struct, frozen=True):
    """The supervisor's processes: how many should run, how many do, and how often one had to be started again."""

    wanted: int
    running: int
    restarts: int


class Readiness(msgspec.Struct, frozen=True):
    """What /health/ready says: no name, no number of anybody. `processes` is None outside a supervisor."""

    ready: bool
    database: bool
    migrations: bool
    gate: bool
    error: str = ""
    processes: Children | None = None


class ReadinessCheck:
    """Answers from the last check while it is fresh; several askers share one check."""

    def __init__(
        self, store: HealthStore, clock: Clock, children: Callable[[], Children | None] = lambda: None
    ) -> None:
        self._store = store
        self._clock = clock
        self._children = children
        self._lock = asyncio.Lock()
        self._health = Health()
        self._checked_s = float("-inf")

    async def check(self) -> Readiness:
        """What holds now, or held less than a second ago. Never raises."""
        async with self._lock:
            if time.monotonic() - self._checked_s > FRESH_S:
                before, self._health = self._health, await self._store.check(self._clock.token_bytes(_DIGEST_BYTES))
                first = self._checked_s == float("-inf")
                self._checked_s = time.monotonic()
                if self._health.ready != before.ready and not (first and self._health.ready):
                    log(Event.DATABASE_BACK if self._health.ready else Event.DATABASE_LOST)
            health = self._health
        children = self._children()
        serving = children is None or children.running > 0
        return Readiness(
            health.ready and serving, health.reachable, health.migrated, health.writable, health.error, children
        )

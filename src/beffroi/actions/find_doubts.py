"""The worker's walk over all identities, a slice at a time, that finds the doubtful ones for their identity cells.

The database's own function compares and writes (decision 0063): the worker is told how many it looked at, and nobody's
traits. A region's 25 million identities take some fourteen hours a round, a hospital's own list never more than that.
"""

import asyncio

from beffroi.store.doubts import DoubtStore
from beffroi.telemetry import Event, log_failure

SLICE = 500
"""Identities looked at in one transaction: some 2,000 look-ups by index, 20 ms."""
PAUSE_S = 1.0
"""Seconds between two slices, so that finding doubts never shows in the time of an answer."""
REST_S = 60.0
"""Seconds between two rounds."""


class DoubtWalk:
    """Walks until it is stopped."""

    def __init__(self, store: DoubtStore) -> None:
        self._store = store

    async def run(self, stopping: asyncio.Event) -> None:
        """Slice by slice until `stopping` is set; one that fails is logged, and tried again."""
        while not stopping.is_set():
            pause_s = REST_S
            try:
                if await self._store.find(SLICE) == SLICE:
                    pause_s = PAUSE_S
            except Exception as failure:  # a database that restarts must not end the worker
                log_failure(Event.HOUSEKEEPING_FAILED, failure)
            try:
                await asyncio.wait_for(stopping.wait(), pause_s)
            except TimeoutError:
                continue

    async def round(self) -> int:
        """A whole round at once: how many identities. None of it is done when another worker is at it."""
        looked = 0
        while True:
            found = await self._store.find(SLICE)
            looked += found or 0
            if found != SLICE:
                return looked

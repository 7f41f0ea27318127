"""The worker's walk over all identities, a slice at a time, that finds the doubtful ones for their identity cells.

The database's own function compares and writes (decision 0063): the worker is told how many it looked at, and nobody's
traits. A region's 25 million identities take some fourteen hours a round, a hospital's own list never more than that.
"""

from beffroi.actions.rounds import Round, Rounds
from beffroi.model.job import Job
from beffroi.store.doubts import DoubtStore
from beffroi.telemetry import Event

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

    async def run(self, rounds: Rounds) -> None:
        """Slice by slice until it is stopped."""
        await rounds.repeat(Job.COMPARING, self._slice, REST_S, Event.HOUSEKEEPING_FAILED)

    async def _slice(self) -> Round | None:
        looked = await self._store.find(SLICE)
        return None if looked is None else Round(looked, pause_s=PAUSE_S if looked == SLICE else None)

    async def round(self) -> int:
        """A whole round at once: how many identities. None of it is done when another worker is at it."""
        looked = 0
        while True:
            found = await self._store.find(SLICE)
            looked += found or 0
            if found != SLICE:
                return looked

"""Retention: disclosures older than the configured time lose their content and their nonce; their leaves stay.

Without the nonce a commitment opens to nothing (crypto-erasure), so the tree is as verifiable as before. What may go is
decided by the database's own function (decision 0039): nothing unsealed, nothing of the last 400 days, nothing held.
"""

from datetime import timedelta

from beffroi.actions.rounds import Rounds
from beffroi.clock import Clock
from beffroi.model.job import Job
from beffroi.store.housekeeping import HousekeepingStore
from beffroi.telemetry import Event, log

ROUND_S = 3_600.0
"""Seconds between two rounds: what is due is due by days."""


class Eraser:
    """Erases what is due until it is stopped. `days` 0: never."""

    def __init__(self, store: HousekeepingStore, clock: Clock, days: int) -> None:
        self._store = store
        self._clock = clock
        self._days = days

    async def run(self, rounds: Rounds) -> None:
        """Rounds until it is stopped."""
        if self._days:
            await rounds.repeat(Job.ERASING, self.round, ROUND_S, Event.HOUSEKEEPING_FAILED)

    async def round(self) -> int | None:
        """Erases all that is due, batch by batch from the oldest on; how many disclosures. None when another worker
        keeps house."""
        before, above, count = self._clock.now() - timedelta(days=self._days), 0, 0
        while True:
            done = await self._store.erase(before, above)
            if done is None:
                return count or None
            count += done.count
            if done.young or done.last is None:
                break
            above = done.last
        if count:
            log(Event.DISCLOSURES_ERASED, count=count)
        return count

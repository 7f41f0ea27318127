"""Each second the worker adds up what accounts under suspicion do by the same channels, for every gate to read."""

from datetime import timedelta

from beffroi.actions.rounds import Rounds
from beffroi.clock import Clock
from beffroi.model.job import Job
from beffroi.store.suspicions import SuspicionStore
from beffroi.telemetry import Event, log
from beffroi.watch.federated import Channel, weighed

ROUND_S = 1.0
WINDOW = timedelta(hours=24)
"""How long an account's last question keeps it in the sum."""
COUNTS = timedelta(seconds=60)
"""How long a sum counts when no worker renews it."""


class Federation:
    """Rounds until it is stopped."""

    def __init__(self, store: SuspicionStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._told: frozenset[Channel] = frozenset()

    async def run(self, rounds: Rounds) -> None:
        """One round a second until it is stopped."""
        await rounds.repeat(Job.FEDERATION, self._once, ROUND_S, Event.FEDERATION_FAILED)

    async def _once(self) -> int:
        return len(await self.round())

    async def round(self) -> dict[Channel, int]:
        """One round: what each channel is worth now. A channel that is new among them is told once."""
        now = self._clock.now()
        standings = await self._store.standings(now - WINDOW)
        devices = sorted({key for one in standings for kind, key in one.channels if kind == "device"})
        found = weighed(standings, await self._store.users(devices))
        await self._store.replace(found, now, now + COUNTS)
        for kind, _ in sorted(frozenset(found) - self._told):
            log(Event.SPREAD_SEEN, count=sum(1 for channel in found if channel[0] == kind))
        self._told = frozenset(found)
        return found

"""Telling the duty officer: rung in the transaction that decides, delivered by the worker until it has arrived.

A lost network, a killed worker, a mail server that is away for a day: the alert waits in the database, and is tried
again. What cannot be delivered for three days is given up, which `doctor` and the metrics say, and can be revived. Who
is told twice (a worker killed between sending and noting it) knows it by the reference.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final, Protocol

from beffroi.actions.rounds import COUNT_EVERY, Every, Rounds, retry_pause
from beffroi.clock import Clock
from beffroi.model.alert import PARTICULAR_CHARACTERS_MAX, PARTICULARS, Alert, AlertKind, Notice, Severity
from beffroi.model.job import Job
from beffroi.store.alerts import AlertStore, Due, Outbox
from beffroi.store.database import Database
from beffroi.store.events import Connection
from beffroi.telemetry import Event, log
from beffroi.telemetry.metrics import count_alert, show_outbox

ROUND_S: Final = 1.0
"""Seconds between two looks into the outbox."""
DELIVERY_S_MAX: Final = 15.0
"""Seconds for one delivery; a slower server is as good as away."""
RETRY_FIRST: Final = timedelta(seconds=5)
RETRY_LAST: Final = timedelta(hours=1)
GIVE_UP_AFTER: Final = timedelta(days=3)


class Channel(Protocol):
    """One way to the duty officer. `name` is unique among the configured ones, and stays."""

    name: str

    async def tell(self, notice: Notice) -> None:
        """Delivers; raises anything when it may not have arrived."""


class Alerts:
    """Rings. What is rung commits with the transaction of its connection, or not at all."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._store = AlertStore(database)
        self._clock = clock

    async def ring(self, connection: Connection, *alerts: Alert) -> None:
        """Adds alerts to the outbox. Raises ValueError for a particular that is not in the vocabulary."""
        for one in alerts:
            _check(one)
        await self._store.ring(connection, alerts, self._clock.now())

    async def ring_alone(self, alert: Alert) -> None:
        """One alert in a transaction of its own."""
        _check(alert)
        await self._store.ring_alone(alert, self._clock.now())

    async def test(self) -> None:
        """An alert that tells of nothing, to see that alerts arrive. Each is one of its own."""
        topic = self._clock.uuid().hex
        await self.ring_alone(Alert(AlertKind.TEST, Severity.NOTICE, topic=topic))

    async def standing(self) -> Outbox:
        """How many wait, and how many were given up."""
        return await self._store.standing()

    async def revive(self) -> int:
        """What was given up is tried again; how many that are."""
        return await self._store.revive(self._clock.now())


def _check(alert: Alert) -> None:
    names = set(alert.particulars)
    if not names <= PARTICULARS or any(len(v) > PARTICULAR_CHARACTERS_MAX for v in alert.particulars.values()):
        raise ValueError("an alert says nothing but what its vocabulary has")


class Deliverer:
    """Delivers what waits, one worker at a time, each channel at its own pace."""

    def __init__(self, database: Database, channels: Sequence[Channel], clock: Clock) -> None:
        self._store = AlertStore(database)
        self._channels = {channel.name: channel for channel in channels}
        self._clock = clock
        self._counting = Every(COUNT_EVERY)
        self._waiting = 0

    async def run(self, rounds: Rounds) -> None:
        """Rounds until it is stopped."""
        await rounds.repeat(Job.ALERTS, self.round, ROUND_S, Event.ALERTING_FAILED, waiting=lambda: self._waiting)

    async def round(self) -> int | None:
        """One look into the outbox; how many notices arrived. None while another worker delivers."""
        async with self._store.delivering() as connection:
            if connection is None:
                return None
            due = await self._store.due(connection, list(self._channels), self._clock.now())
            by_channel: dict[str, list[Due]] = {}
            for one in due:
                by_channel.setdefault(one.channel, []).append(one)
            told = await asyncio.gather(*(self._by(name, waiting) for name, waiting in by_channel.items()))
            arrived_count = 0
            for one, failure in (ended for channel in told for ended in channel):
                await self._note(connection, one, failure)
                arrived_count += failure is None
        if self._counting.due(self._clock.now()):
            standing = await self._store.standing()
            self._waiting = standing.waiting_count
            show_outbox(standing.waiting_count, standing.dead_count)
        return arrived_count

    async def _by(self, name: str, waiting: list[Due]) -> list[tuple[Due, Exception | None]]:
        """Delivers in order until one fails: the rest of that channel waits for the next round."""
        ended: list[tuple[Due, Exception | None]] = []
        for one in waiting:
            try:
                async with asyncio.timeout(DELIVERY_S_MAX):
                    await self._channels[name].tell(one.notice)
            except Exception as failure:  # whatever a foreign server does
                return [*ended, (one, failure)]
            ended.append((one, None))
        return ended

    async def _note(self, connection: Connection, due: Due, failure: Exception | None) -> None:
        now = self._clock.now()
        kind = due.channel.partition(":")[0]
        count_alert(kind, arrived=failure is None)
        if failure is None:
            await self._store.delivered(connection, due, now)
            return
        again_at = now + retry_pause(due.attempts, RETRY_FIRST, RETRY_LAST)
        given_up = now - due.notice.at > GIVE_UP_AFTER
        await self._store.failed(connection, due, None if given_up else again_at, now, type(failure).__name__)
        log(Event.ALERT_NOT_DELIVERED, number=due.alert_id, attempt=due.attempts + 1, error=type(failure))

"""The worker's round: proofs older than their window, keys of old messages and old events of the feed are deleted,
and what the watch remembers of accounts that ask no more, in bounded batches.

A round that fails is logged and the next one tries again: nothing depends on a round being done in time.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from beffroi.actions.rounds import Every, Rounds
from beffroi.clock import Clock
from beffroi.model.job import Job
from beffroi.store.housekeeping import ROWS_PER_BATCH_MAX, HousekeepingStore
from beffroi.telemetry import Event, log
from beffroi.watch.evidence import BLOCKS_KEPT

ROUND_S = 60.0
"""Seconds between two rounds."""
FORGET_EVERY = timedelta(hours=6)
"""Between two looks at what the watch remembers of accounts that ask no more: it reads every account's row."""
EVIDENCE_KEPT = timedelta(days=BLOCKS_KEPT * 30 + 1)
"""The longest window that counts, and a day."""
BATCHES_PER_ROUND_MAX = 40
"""Batches of each table: 200,000 rows a minute, ten times what a region's proofs come to."""


class Table(Enum):
    PROOFS = "proofs"
    FEED_MESSAGES = "feed_messages"
    FEED_EVENTS = "feed_events"
    SESSIONS = "console_sessions"
    EVIDENCE = "account_states"


@dataclass(frozen=True, slots=True)
class Swept:
    """Rows deleted in one round, or emptied (`evidence`). `elsewhere`: another worker is at it, so this one stops."""

    proofs: int = 0
    feed_messages: int = 0
    feed_events: int = 0
    sessions: int = 0
    evidence: int = 0
    elsewhere: bool = False

    @property
    def rows(self) -> int:
        """All of them."""
        return self.proofs + self.feed_messages + self.feed_events + self.sessions + self.evidence


class Housekeeper:
    """Keeps house until it is stopped."""

    def __init__(
        self,
        store: HousekeepingStore,
        clock: Clock,
        *,
        feed_messages_days: int,
        feed_events_days: int,
        proofs_minutes: int,
    ) -> None:
        self._store = store
        self._clock = clock
        self._feed_messages_kept = timedelta(days=feed_messages_days)
        self._feed_events_kept = timedelta(days=feed_events_days)
        self._proofs_kept_minutes = proofs_minutes
        self._forgetting = Every(FORGET_EVERY)

    async def run(self, rounds: Rounds) -> None:
        """Rounds until it is stopped."""
        await rounds.repeat(Job.HOUSEKEEPING, self._once, ROUND_S, Event.HOUSEKEEPING_FAILED)

    async def _once(self) -> int | None:
        swept = await self.round()
        return None if swept.elsewhere else swept.rows

    async def round(self) -> Swept:
        """One round; what it deleted."""
        now = self._clock.now()
        minute = int(now.timestamp()) // 60 - self._proofs_kept_minutes
        proofs = await self._sweep(Table.PROOFS, lambda: self._store.delete_proofs(minute))
        before = now - self._feed_messages_kept
        messages = await self._sweep(Table.FEED_MESSAGES, lambda: self._store.delete_feed_messages(before))
        fed_before = now - self._feed_events_kept
        events = await self._sweep(Table.FEED_EVENTS, lambda: self._store.delete_feed_events(fed_before))
        sessions = await self._sweep(Table.SESSIONS, lambda: self._store.delete_sessions(now))
        evidence = await self._forget(now)
        elsewhere = None in (proofs, messages, events, sessions, evidence)
        if elsewhere:
            log(Event.HOUSEKEEPING_ELSEWHERE)
        return Swept(proofs or 0, messages or 0, events or 0, sessions or 0, evidence or 0, elsewhere)

    async def _forget(self, now: datetime) -> int | None:
        """Of whoever asks no more: what counts in no window any longer."""
        if not self._forgetting.due(now):
            return 0
        return await self._sweep(Table.EVIDENCE, lambda: self._store.forget_evidence(now - EVIDENCE_KEPT))

    async def _sweep(self, table: Table, delete: Callable[[], Awaitable[int | None]]) -> int | None:
        started_s = time.monotonic()
        rows = 0
        for _ in range(BATCHES_PER_ROUND_MAX):
            deleted = await delete()
            if deleted is None:
                return None
            rows += deleted
            if deleted < ROWS_PER_BATCH_MAX:
                break
        if rows:
            log(Event.ROWS_DELETED, table=table.value, rows=rows, seconds=round(time.monotonic() - started_s, 3))
        return rows

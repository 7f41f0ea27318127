"""Telling audit repositories (IHE ITI-20) of every disclosure, once it is sealed, in the ledger's order, and of what
hospitals' feeds did.

Each repository has a place in either, kept in the database: what is before it has arrived. A repository that is
away keeps its place, and the rest waits behind it; what it will never take is set aside, said, and can be sent again.
Told at least once: a worker killed between sending and noting sends again. Nothing here is on an answer's way.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import msgspec

from beffroi.access.reference import References
from beffroi.actions.rounds import COUNT_EVERY, Every, Rounds, retry_pause
from beffroi.clock import Clock
from beffroi.model.audit import AuditEntry, FeedEntry
from beffroi.model.disclosure import Field
from beffroi.model.job import Job
from beffroi.outbound.audit_repository import Record, Repository, Sent
from beffroi.store.audit_repositories import AuditRepositoryStore, Place, RepositoryStanding, Told
from beffroi.store.database import DATABASE_FAULTS
from beffroi.telemetry import Event, log, log_failure
from beffroi.telemetry.metrics import count_audit_events, show_audit_repositories

ROUND_S: Final = 1.0
LEAVES_AT_ONCE: Final = 250
"""Leaves of one batch. Each patient of each is an event of its own."""
BATCHES_MAX: Final = 40
"""Batches of one repository in one round: ten thousand leaves."""
RIPE: Final = timedelta(seconds=3)
"""What became of an answer is written a moment after it: younger disclosures wait, so that it can be told."""
RETRY_FIRST: Final = timedelta(seconds=5)
RETRY_LAST: Final = timedelta(minutes=10)
REFUSALS_AT_ONCE: Final = 100


class AuditFeed:
    """Tells the configured repositories, one worker at a time, each at its own pace."""

    def __init__(
        self, store: AuditRepositoryStore, repositories: Sequence[Repository], references: References, clock: Clock
    ) -> None:
        self._store = store
        self._repositories = {one.name: one for one in repositories}
        self._references = references
        self._clock = clock
        self._counting = Every(COUNT_EVERY)
        self._waiting = 0

    async def know(self) -> None:
        """Makes the repositories known: a new one is told of what is sealed from now on."""
        await self._store.know(list(self._repositories), self._clock.now())

    async def run(self, rounds: Rounds) -> None:
        """Rounds until it is stopped."""
        await rounds.repeat(Job.AUDITING, self.round, ROUND_S, Event.AUDITING_FAILED, waiting=lambda: self._waiting)

    async def round(self) -> int | None:
        """One look at every repository; how many events arrived. None while another worker tells them."""
        async with self._store.alone() as connection:
            if connection is None:
                return None
            places = await self._store.due(list(self._repositories), self._clock.now())
            arrived = sum(await asyncio.gather(*(self._tell_alone(place) for place in places)))
        if self._counting.due(self._clock.now()):
            standing = await self._store.standing()
            self._waiting = sum(one.waiting for one in standing)
            show_audit_repositories(self._waiting, sum(one.refused for one in standing))
        return arrived

    async def _tell_alone(self, place: Place) -> int:
        """A fault of ours with one repository's stream is no fault of the others."""
        try:
            return await self._tell(place)
        except DATABASE_FAULTS:
            raise
        except Exception as failure:
            log_failure(Event.AUDITING_FAILED, failure)
            again_at = self._clock.now() + RETRY_LAST
            await self._store.failed(place, place.position, again_at, type(failure).__name__)
            return 0

    async def _tell(self, place: Place) -> int:
        """Batch after batch, until nothing waits or the repository fails."""
        arrived = await self._again(place)
        for _ in range(BATCHES_MAX):
            leaves = self._ripe(await self._next(place.stream, place.position, LEAVES_AT_ONCE))
            if not leaves:
                break
            sent, reached = await self._send(place, leaves)
            arrived += sent.count - len(sent.refused)
            now = self._clock.now()
            if reached > place.position:
                await self._store.told(place, reached, now)
                place = Place(place.repository, place.stream, reached, 0)
            if sent.failure:
                again_at = now + retry_pause(place.attempts, RETRY_FIRST, RETRY_LAST)
                await self._store.failed(place, reached, again_at, sent.failure)
                log(Event.AUDIT_NOT_SENT, number=reached, attempt=place.attempts + 1)
                break
        return arrived

    async def _again(self, place: Place) -> int:
        """What was set aside and is to be sent once more, one by one."""
        arrived = 0
        for position in await self._store.refusals(place, REFUSALS_AT_ONCE):
            sent, reached = await self._send(place, await self._next(place.stream, position, 1))
            if reached > position and not sent.refused:
                await self._store.taken(place, position)
                arrived += sent.count
            elif sent.failure:
                break
        return arrived

    async def _next(self, stream: str, position: int, count_max: int) -> list[Told]:
        if stream == "feed":
            return await self._store.fed(position, count_max)
        return await self._store.facts(position, count_max)

    async def _send(self, place: Place, leaves: Sequence[Told]) -> tuple[Sent, int]:
        """Sends what some leaves tell; how it ended, and the place before which everything is done with."""
        repository = self._repositories[place.repository]
        records, positions = self._records(leaves)
        sent = await repository.send(records) if records else Sent(0)
        if len(sent.refused) == len(records) > 1:  # it takes nothing at all: that is not about what was sent
            sent = Sent(0, failure="Refused")
        now = self._clock.now()
        for number in sorted(sent.refused):
            await self._store.refuse(place, positions[number], now, sent.refused[number])
            log(Event.AUDIT_REFUSED, number=positions[number])
        count_audit_events(repository.kind, sent.count - len(sent.refused), len(sent.refused), bool(sent.failure))
        return sent, positions[sent.count] if sent.failure else leaves[-1].position + 1

    def _records(self, leaves: Sequence[Told]) -> tuple[list[Record], list[int]]:
        """The events of some leaves, one per patient, and the leaf of each."""
        records: list[Record] = []
        positions: list[int] = []
        for leaf in leaves:
            if leaf.entry is None:
                continue
            entries = [_about(leaf.entry, self._references.of(person), fields) for person, fields in leaf.shown]
            for number, entry in enumerate(entries or [leaf.entry], start=1):
                records.append(Record(entry, number))
                positions.append(leaf.position)
        return records, positions

    def _ripe(self, leaves: Sequence[Told]) -> list[Told]:
        """The leaves before the first that is too young."""
        before = self._clock.now() - RIPE
        count = next((n for n, leaf in enumerate(leaves) if leaf.entry and leaf.entry.at > before), len(leaves))
        return list(leaves[:count])


def _about(entry: AuditEntry | FeedEntry, reference: str, fields: Field) -> AuditEntry | FeedEntry:
    """The entry as it concerns one patient."""
    if isinstance(entry, FeedEntry):
        return msgspec.structs.replace(entry, reference=reference)
    return msgspec.structs.replace(entry, reference=reference, fields=fields)


class AuditRepositories:
    """How the repositories stand, and a new try, for who runs the server."""

    def __init__(self, store: AuditRepositoryStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def standing(self) -> list[RepositoryStanding]:
        """Each one's place."""
        return await self._store.standing()

    async def retry(self) -> int:
        """Sends again what was set aside, and tries now who failed; how many were set aside."""
        return await self._store.retry(self._clock.now())

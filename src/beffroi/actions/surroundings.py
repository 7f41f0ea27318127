"""The watch's surroundings in one process: norms in force, silent feeds, crowded sites, channels under suspicion.

Read each second and used without a lock: what an account itself does is exact, what its surroundings say may be a
second old. Without a word from the database for long, the last word stands, and a feed counts as heard: nothing here
opens a door by its absence.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from beffroi.actions.places import Places
from beffroi.clock import Clock
from beffroi.model.account import Asker, Role
from beffroi.model.person import HospitalId
from beffroi.store.database import DATABASE_FAULTS
from beffroi.store.surroundings import Often, Seldom, SurroundingsStore
from beffroi.telemetry import Event, log, log_failure
from beffroi.watch.channels import key_of, prefix_of
from beffroi.watch.norms import NO_NORM, Norm
from beffroi.watch.release import Norms, in_force, norms_of, read_release

LOOK_S = 1.0
SELDOM_LOOKS = 30
"""Looks between two readings of what changes seldom."""
MISSED_BEATS = 3
"""Heartbeats that a feed must have missed before it is called silent."""
BACK_S = 900
"""Seconds after a feed's return during which its backlog may still arrive."""
CROWDED_SHARE = 0.05
CROWDED_STAFF_MIN = 40
"""Below, one held account would already be a crowd."""

VerifyRelease = Callable[[str, str], bool]
"""Whether a signature over a release's text is of a key that the configuration names."""


def trust_nobody(_text: str, _signature: str) -> bool:
    """Without configured keys no release is in force."""
    return False


@dataclass(frozen=True, slots=True)
class Expectations:
    """What the configuration says of surroundings: the seconds between two heartbeats of a feed, by hospital (a
    hospital without has no proof of silence), who may sign norms, and where hospitals stand."""

    heartbeat_s: Mapping[int, int] = field(default_factory=dict)
    verify: VerifyRelease = trust_nobody
    places: Places = field(default_factory=Places)


class KnownSurroundings:
    """Kept fresh by `run`; `look` once before use."""

    def __init__(self, store: SurroundingsStore, clock: Clock, expectations: Expectations | None = None) -> None:
        self._store = store
        self._clock = clock
        self._expect = expectations or Expectations()
        self._norms: Norms = norms_of(None)
        self._often = Often({}, {}, {})
        self._seldom = Seldom({}, frozenset(), None)
        self._silent: frozenset[int] = frozenset()
        self._silent_until: dict[int, datetime] = {}
        self._crowded: frozenset[int] = frozenset()
        self._looks_count = 0
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Looks once, then each second."""
        await self.look()
        self._task = asyncio.create_task(self._look_forever())

    async def stop(self) -> None:
        """Ends the looking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> None:
        """One look; raises what the database raises."""
        now = self._clock.now()
        if self._looks_count % SELDOM_LOOKS == 0:
            before = self._seldom.release
            self._seldom = await self._store.seldom()
            if self._seldom.release != before:
                self._apply(self._seldom.release)
        self._looks_count += 1
        self._often = await self._store.often(now)
        self._silent = frozenset(h for h in self._expect.heartbeat_s if self._is_silent(h, now))
        self._crowded = frozenset(h for h, held in self._often.held.items() if self._is_crowded(h, held))

    @property
    def places(self) -> Places:
        """Where questions come from, as declared."""
        return self._expect.places

    def norm(self, role: Role, hospital: HospitalId) -> Norm:
        """What is usual for the role there."""
        return in_force(self._norms, role, hospital) or NO_NORM

    def feed_silent(self, hospital: HospitalId) -> bool:
        """Whether its feed is proven late, or has just come back."""
        return hospital in self._silent

    def crowded(self, hospital: HospitalId) -> bool:
        """Whether so many of its accounts are held that the cause must be common."""
        return hospital in self._crowded

    def crisis(self, hospital: HospitalId) -> bool:
        """Whether a crisis is declared there, or everywhere."""
        crises = self._often.crises
        return bool(crises) and (None in crises or hospital in crises)

    def is_canary(self, person: int) -> bool:
        """Whether she is nobody."""
        return person in self._seldom.canaries

    def suspicion(self, asker: Asker, neighbourhood: str) -> int:
        """The strongest of what other accounts did by this asker's channels, in thousandths of a bit."""
        found = self._often.suspicions
        if not found:
            return 0
        return max(
            found.get(("device", key_of(asker.session_key)), 0),
            found.get(("network", prefix_of(asker.network)), 0),
            found.get(("structure", str(asker.structure)), 0),
            found.get(("neighbourhood", neighbourhood), 0),
        )

    def _is_silent(self, hospital: int, now: datetime) -> bool:
        """Silence is proven by missed heartbeats alone; a feed that was never heard proves nothing."""
        heard = self._often.heard.get(hospital)
        if heard is None:
            return False
        if (now - heard).total_seconds() > MISSED_BEATS * self._expect.heartbeat_s[hospital]:
            self._silent_until[hospital] = now + timedelta(seconds=BACK_S)
            return True
        until = self._silent_until.get(hospital)
        return until is not None and now < until

    def _is_crowded(self, hospital: int, held_count: int) -> bool:
        staff_count = self._seldom.staff.get(hospital, 0)
        return staff_count >= CROWDED_STAFF_MIN and held_count > CROWDED_SHARE * staff_count

    def _apply(self, release: tuple[str, str] | None) -> None:
        """Norms of a release that a named key has signed; another one changes nothing, and says so."""
        if release is None:
            return
        text, signature = release
        try:
            if not self._expect.verify(text, signature):
                log(Event.NORMS_REFUSED)
                return
            self._norms = norms_of(read_release(text))
        except ValueError as error:
            log_failure(Event.NORMS_REFUSED, error)

    async def _look_forever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            with contextlib.suppress(*DATABASE_FAULTS):
                await self.look()

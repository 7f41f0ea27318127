"""Sessions of the console that only the browser of the sign-in can use: bound to a key of its device.

At a sign-in the answer offers it (`offer`), once. A browser that can makes a key, which never leaves the device, and
answers the challenge with it (`bind`); from then on the session's cookie alone opens nothing. Beside it the browser
shows a cookie of some minutes, which it gets by answering a fresh challenge with that key (`refresh`). Each challenge
is answered once: the session remembers when the newest one was made, and takes none that is older.

Source: W3C Device Bound Session Credentials (draft of February 2026). Chromium 150 was watched at it (decision 0070).
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from beffroi.access.device_proof import Fault, NotProved, read_proof
from beffroi.access.device_statements import About, Statement, Statements
from beffroi.access.sealed import NONCE_BYTES
from beffroi.actions.availability import looking_up
from beffroi.clock import Clock
from beffroi.errors import Words
from beffroi.store.sessions import SessionStore, StoredSession
from beffroi.telemetry import Event, log
from beffroi.telemetry.metrics import Rejection, count_rejection

CHALLENGE_S_MAX: Final = 120
"""Seconds for which a challenge serves: the chips of old workstations take some for a key."""
SETTLING: Final = timedelta(seconds=10)
"""After the binding: what the browser had sent before it knew of it arrives without the cookie."""
ON_THE_WAY: Final = timedelta(seconds=30)
"""After the cookie's end: the browser sent it before."""
SESSIONS: Final = Words("The register of sessions", "Le registre des sessions")


class Missing(Enum):
    """What a bound session came without: a closed vocabulary, for the log."""

    COOKIE = "cookie"
    SKIPPED = "skipped"  # no cookie, and the browser says that it could not ask for one
    FRESHNESS = "freshness"  # a cookie whose time is over
    OWN = "own"  # a cookie of another session, or made up


class Unproved(Exception):
    """A bound session that came without its device's key, so that it serves nothing."""


class ChallengeDue(Exception):
    """The browser must answer this challenge first."""

    def __init__(self, challenge: str) -> None:
        self.challenge = challenge
        super().__init__("a challenge is due")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a browser shows of its device: the bound cookie. `skipped`: it says that it could not get one."""

    cookie: str = ""
    skipped: bool = False


NOTHING: Final = Shown()


@dataclass(frozen=True, slots=True)
class Bound:
    """A session that was just bound: what the browser calls it by from now on, and its first cookie."""

    name: str
    cookie: str


class DeviceBinding:
    """The binding of one deployment's sessions. `cookie_s`: seconds for which a bound cookie serves; 0: none binds."""

    def __init__(self, store: SessionStore, server_key: bytes, clock: Clock, cookie_s: int, idle_s: int) -> None:
        self._store = store
        self._statements = Statements(server_key)
        self._clock = clock
        self.cookie_s = cookie_s
        self._idle = timedelta(seconds=idle_s)

    def offer(self, session: bytes) -> str:
        """The challenge for the answer that signs in; empty where nothing is bound. `session`: its digest."""
        return self._say(About.BINDING, session, self._clock.now()) if self.cookie_s else ""

    async def bind(self, proof: str) -> Bound:
        """Binds the session whose challenge this answers to the key that it brings. Raises NotProved, Unavailable."""
        try:
            read, now = read_proof(proof), self._clock.now()
            asked = self._fresh(About.BINDING, read.challenge, now)
            key = read.new_key()
            with looking_up(SESSIONS):
                account = await self._store.bind(asked.session, key, now, asked.at)
            if account is None:
                raise NotProved(Fault.AGAIN)
        except NotProved as refused:
            _refused(refused)
            raise
        log(Event.DEVICE_BOUND, account=account)
        return Bound(self._say(About.NAME, asked.session, now), self._cookie(asked.session, now))

    async def refresh(self, name: str, proof: str) -> str:
        """A new bound cookie for the session of that name. `proof`: empty when the browser asks for a challenge.

        Raises ChallengeDue, NotProved (the session is over, or the key is another), Unavailable.
        """
        try:
            return await self._refreshed(name, proof)
        except NotProved as refused:
            _refused(refused)
            raise

    async def proved_until(self, session: bytes, stored: StoredSession, shown: Shown, now: datetime) -> datetime | None:
        """Until when what the browser shows serves; None for a session that is not bound.

        Raises Unproved, once it is noted; Unavailable.
        """
        if stored.bound_at is None or not self.cookie_s:
            return None
        said = self._statements.read(About.COOKIE, shown.cookie)
        is_own = said is not None and hmac.compare_digest(said.session, session)
        ends_at = stored.bound_at + SETTLING
        if said is not None and is_own:
            ends_at = max(ends_at, said.at + ON_THE_WAY)
        if now <= ends_at:
            return ends_at
        missing = Missing.FRESHNESS if is_own else Missing.OWN
        if not shown.cookie:
            missing = Missing.SKIPPED if shown.skipped else Missing.COOKIE
        if stored.unproved_at is None:
            with looking_up(SESSIONS):
                await self._store.note_unproved(session, now)
        log(Event.DEVICE_MISSING, account=stored.account_id, reason=missing)
        count_rejection(Rejection.BINDING)
        raise Unproved

    def is_due(self, stored: StoredSession, proved_until: datetime | None, now: datetime) -> bool:
        """Whether a page that stays open, for which that was shown, must come again and show more."""
        if stored.bound_at is None or not self.cookie_s:
            return False
        return now > (proved_until or stored.bound_at + SETTLING)

    async def _refreshed(self, name: str, proof: str) -> str:
        named, now = self._statements.read(About.NAME, name), self._clock.now()
        if named is None or not self.cookie_s:
            raise NotProved(Fault.SESSION)
        with looking_up(SESSIONS):
            key = await self._store.device_key(named.session, now, now - self._idle)
        if key is None:
            raise NotProved(Fault.SESSION)
        if not proof:
            raise self._due(named.session, now)
        read = read_proof(proof)
        read.check(key)
        try:
            asked = self._fresh(About.REFRESH, read.challenge, now)
        except NotProved:  # browsers try the last one that they have signed first
            raise self._due(named.session, now) from None
        if not hmac.compare_digest(asked.session, named.session):
            raise NotProved(Fault.CHALLENGE)
        with looking_up(SESSIONS):
            first = await self._store.answer(named.session, asked.at)
        if not first:
            raise self._due(named.session, now)
        return self._cookie(named.session, now)

    def _fresh(self, about: About, challenge: str, now: datetime) -> Statement:
        asked = self._statements.read(about, challenge)
        if asked is None or abs((now - asked.at).total_seconds()) > CHALLENGE_S_MAX:
            raise NotProved(Fault.CHALLENGE)
        return asked

    def _due(self, session: bytes, now: datetime) -> ChallengeDue:
        return ChallengeDue(self._say(About.REFRESH, session, now))

    def _cookie(self, session: bytes, now: datetime) -> str:
        return self._say(About.COOKIE, session, now + timedelta(seconds=self.cookie_s))

    def _say(self, about: About, session: bytes, at: datetime) -> str:
        return self._statements.say(about, session, at, self._clock.token_bytes(NONCE_BYTES))


def _refused(refused: NotProved) -> None:
    if refused.fault is not Fault.SESSION:  # browsers ask once more for a session that has ended
        log(Event.DEVICE_REFUSED, reason=refused.fault)
        count_rejection(Rejection.PROOF)

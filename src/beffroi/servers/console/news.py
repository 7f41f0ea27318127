"""News for pages that stay open (server-sent events): one look at the database for all listeners of a process.

A page says where it stood when it was rendered, and a stream that is opened again where it had come to
(`Last-Event-ID`): what happened between is told at once. A stream ends within a second of its session's end, its
account's stop, or the process's. That of a session bound to a device ends with the bound cookie that it came with too:
the browser opens it again by itself, and shows a newer one. Source: WHATWG HTML, Server-sent events.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from hashlib import sha256
from typing import Final

from beffroi.actions.browser_sessions import BrowserSessions, Session, Standing
from beffroi.errors import TooManyInFlight, Unavailable

LOOK_S: Final = 0.3
"""Seconds between two looks, while anybody listens: a verdict is on the screen within a second."""
SESSION_S: Final = 0.7
"""Seconds between two looks at a listener's own session."""
OWN_LEAST_S: Final = 5.0
"""Seconds between two news of what one page alone is about: each makes a look that is recorded, and an account that
reads fast must not fill an officer's chain.
"""
BEAT_S: Final = 15.0
"""Seconds between two signs of life, so that a proxy keeps the connection."""
STREAMS_PER_SESSION_MAX: Final = 4
STREAMS_PER_ACCOUNT_MAX: Final = 12
"""Three workstations: a stolen account leaves the others their news."""
FULL_MS: Final = 60_000
"""Milliseconds after which a browser asks again that came one too many at the same moment."""
STREAMS_MAX: Final = 200
_PLACE_CHARACTERS: Final = 16

Mark = Callable[[], Awaitable[str]]


class News:
    """The listeners of one process. `mark`: a text that is another once something has happened."""

    def __init__(self, mark: Mark, sessions: BrowserSessions, stopping: asyncio.Event) -> None:
        self._mark = mark
        self._sessions = sessions
        self._stopping = stopping
        self._listening: list[Session] = []
        self._looking: asyncio.Task[None] | None = None
        self._seen = ""
        self._changed = asyncio.Event()

    async def place(self, own: Mark | None = None) -> str:
        """Where a page stands that is rendered after this. `own`: of what it alone is about. Empty: nobody knows."""
        try:
            return sha256((await (own or self._mark)()).encode()).hexdigest()[:_PLACE_CHARACTERS]
        except Unavailable:
            return ""

    def stream(
        self, session: Session, place: str, own: Mark | None = None, least_s: float = OWN_LEAST_S
    ) -> AsyncIterator[bytes]:
        """What happened since a page's place, and from now on, as events. `least_s`: between two of its own.

        Raises TooManyInFlight.
        """
        if self._is_full(session):
            raise TooManyInFlight(limit=STREAMS_PER_SESSION_MAX)
        return self._events(session, place, own, least_s)

    async def _events(self, session: Session, told: str, own: Mark | None, least_s: float) -> AsyncIterator[bytes]:
        if self._is_full(session):  # others that came at the same moment have begun
            yield f"retry: {FULL_MS}\n\n".encode("ascii")
            return
        self._listening.append(session)
        try:
            now = await self._begin(own)
            told = told or now
            yield b"retry: 1000\n\n"
            quiet_s, rest_s = 0.0, 0.0
            while not self._stopping.is_set():
                if now != told and rest_s <= 0:
                    told, quiet_s, rest_s = now, 0.0, least_s if own else 0.0
                    yield f"id: {told}\nevent: news\ndata: 1\n\n".encode("ascii")
                standing = await self._standing(session)
                if standing is Standing.OVER:
                    yield b"event: over\ndata: 1\n\n"
                if standing is not Standing.LASTS:
                    return
                if quiet_s >= BEAT_S:
                    quiet_s = 0.0
                    yield b": still here\n\n"
                now = await self._next(told, own)
                quiet_s, rest_s = quiet_s + SESSION_S, rest_s - SESSION_S
        finally:
            self._listening.remove(session)

    def _is_full(self, session: Session) -> bool:
        own = sum(one.digest == session.digest for one in self._listening)
        theirs = sum(one.asker.account_id == session.asker.account_id for one in self._listening)
        everybody = len(self._listening)
        return own >= STREAMS_PER_SESSION_MAX or theirs >= STREAMS_PER_ACCOUNT_MAX or everybody >= STREAMS_MAX

    async def _begin(self, own: Mark | None) -> str:
        """What stands now is known before a listener hears that it is connected: what comes after is news."""
        if own is not None:
            return await self.place(own)
        if self._looking is None or self._looking.done():
            self._seen = await self.place() or self._seen  # nobody has looked for a while
            self._looking = asyncio.create_task(self._look())
        return self._seen

    async def _next(self, told: str, own: Mark | None) -> str:
        """Where things stand once something has changed, or after a while."""
        if own is not None:
            await asyncio.sleep(SESSION_S)
            return await self.place(own) or told
        if self._seen == told:  # else something changed while this listener was told, or asked
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), SESSION_S)
        return self._seen

    async def _standing(self, session: Session) -> Standing:
        try:
            return await self._sessions.standing(session)
        except Unavailable:
            return Standing.LASTS  # the database restarts: nothing is shown meanwhile, and the next look decides

    async def _look(self) -> None:
        """Looks while anybody listens; whoever waits is woken by an event of their own."""
        while self._listening and not self._stopping.is_set():
            seen = await self.place() or self._seen
            if seen != self._seen:
                self._seen = seen
                self._changed.set()
                self._changed = asyncio.Event()
            await asyncio.sleep(LOOK_S)

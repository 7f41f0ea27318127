"""News for pages that stay open (server-sent events): one look at the database for all listeners of a process.

A stream ends within a second of its session's end, its account's stop, or the process's.
Source: WHATWG HTML, Server-sent events.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from beffroi.actions.browser_sessions import BrowserSessions, Session
from beffroi.errors import TooManyInFlight, Unavailable

LOOK_S: Final = 0.3
"""Seconds between two looks, while anybody listens: a verdict is on the screen within a second."""
SESSION_S: Final = 0.7
"""Seconds between two looks at a listener's own session."""
BEAT_S: Final = 15.0
"""Seconds between two signs of life, so that a proxy keeps the connection."""
STREAMS_PER_SESSION_MAX: Final = 4
STREAMS_MAX: Final = 200

Mark = Callable[[], Awaitable[str]]


class News:
    """The listeners of one process."""

    def __init__(self, mark: Mark, sessions: BrowserSessions, stopping: asyncio.Event) -> None:
        self._mark = mark
        self._sessions = sessions
        self._stopping = stopping
        self._listening: dict[bytes, int] = {}
        self._looking: asyncio.Task[None] | None = None
        self._seen = ""
        self._changes_count = 0
        self._changed = asyncio.Event()

    def stream(self, session: Session) -> AsyncIterator[bytes]:
        """What happens from now on, as events. Raises TooManyInFlight."""
        count = self._listening.get(session.digest, 0)
        if count >= STREAMS_PER_SESSION_MAX or sum(self._listening.values()) >= STREAMS_MAX:
            raise TooManyInFlight(limit=STREAMS_PER_SESSION_MAX)
        return self._events(session)

    async def _events(self, session: Session) -> AsyncIterator[bytes]:
        self._listening[session.digest] = self._listening.get(session.digest, 0) + 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            await self._begin()
            told_count = self._changes_count
            yield b"retry: 1000\n\n"
            quiet_s = 0.0
            while not self._stopping.is_set():
                if told_count == self._changes_count:  # else something changed while this listener was told, or asked
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._changed.wait(), SESSION_S)
                if told_count != self._changes_count:
                    told_count, quiet_s = self._changes_count, 0.0
                    yield b"event: news\ndata: 1\n\n"
                else:
                    quiet_s += SESSION_S
                if not await self._lasts(session):
                    yield b"event: over\ndata: 1\n\n"
                    return
                if quiet_s >= BEAT_S:
                    quiet_s = 0.0
                    yield b": still here\n\n"
        finally:
            left = self._listening[session.digest] - 1
            if left:
                self._listening[session.digest] = left
            else:
                del self._listening[session.digest]

    async def _begin(self) -> None:
        """What stands now is known before a listener hears that it is connected: what comes after is news."""
        if not self._seen:
            with contextlib.suppress(Unavailable):
                self._seen = await self._mark()

    async def _lasts(self, session: Session) -> bool:
        try:
            return await self._sessions.lasts(session)
        except Unavailable:
            return True  # the database restarts: nothing is shown meanwhile, and the next look decides

    async def _look(self) -> None:
        """Looks while anybody listens; whoever waits is woken by an event of their own."""
        while self._listening and not self._stopping.is_set():
            try:
                seen = await self._mark()
            except Unavailable:
                seen = self._seen
            if self._seen and seen != self._seen:
                self._changes_count += 1
                self._changed.set()
                self._changed = asyncio.Event()
            self._seen = seen
            await asyncio.sleep(LOOK_S)

"""Forms that make something new are done once, however often they are sent: two clicks, a reload, a browser that tries
again.

Each such form has a number of its own; the first that comes with it is done. Where there is one thing of a kind only (a
stop, a code, a release), the thing itself sees to that, and its form needs no number.
"""

from hashlib import sha256
from typing import Final

from beffroi.actions.availability import looking_up
from beffroi.actions.browser_sessions import Session
from beffroi.actions.device_binding import SESSIONS
from beffroi.store.presence import PresenceStore

_DIGEST_BYTES: Final = 16
_MINUTE_S: Final = 60


class SentForms:
    """Those of one deployment, beside the proofs that have served: numbers of a session are remembered to its end."""

    def __init__(self, store: PresenceStore) -> None:
        self._store = store

    async def is_first(self, session: Session, number: str) -> bool:
        """Whether nothing came with this number from that session before. Raises Unavailable."""
        digest = sha256(b"beffroi form" + session.digest + number.encode()).digest()[:_DIGEST_BYTES]
        with looking_up(SESSIONS):
            return await self._store.burn(int(session.ends_at.timestamp()) // _MINUTE_S, digest)

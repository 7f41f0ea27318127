"""What we say to a browser about its session and read again when it comes back: in no table, and by no cookie.

A statement is a session and a moment, sealed by a key of the server's for one purpose. So the challenge with which a
browser binds its session names that session itself (a browser sends no cookie with it when it comes from another site's
sign-in page, as everybody does), strangers can fill nothing, and every process reads what another has said.

Source: W3C Device Bound Session Credentials, "Server considerations"; NIST SP 800-38D.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from beffroi.access.sealed import Unsealable, derived, from_text, seal, to_text, unseal

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_MOMENT_BYTES: Final = 8
CHARACTERS: Final = 91
"""Of each statement, since a session is known by 32 bytes."""


class About(StrEnum):
    """What a statement is for."""

    BINDING = "binding"  # the challenge at a sign-in; its moment: made
    REFRESH = "refresh"  # the challenge of each refresh; its moment: made
    COOKIE = "cookie"  # the bound cookie; its moment: until when it serves
    NAME = "name"  # what the browser calls the session by; its moment: bound


@dataclass(frozen=True, slots=True)
class Statement:
    """A session, by the digest of its cookie, and a moment."""

    session: bytes
    at: datetime


class Statements:
    """Those of one deployment. `server_key` is shared by its processes."""

    def __init__(self, server_key: bytes) -> None:
        self._key = derived(server_key, "beffroi console device")

    def say(self, about: About, session: bytes, at: datetime, nonce: bytes) -> str:
        """A statement, to the microsecond. `nonce`: 12 random bytes, never used twice."""
        moment = ((at - _EPOCH) // _MICROSECOND).to_bytes(_MOMENT_BYTES, "big")
        return to_text(seal(self._key, nonce, moment + session, about))

    def read(self, about: About, text: str) -> Statement | None:
        """What was said; None when it was not by us, or about something else.

        >>> ours, at = Statements(bytes(32)), datetime(2026, 11, 24, 9, tzinfo=UTC)
        >>> said = ours.say(About.COOKIE, bytes(32), at, bytes(12))
        >>> ours.read(About.COOKIE, said) == Statement(bytes(32), at), ours.read(About.NAME, said), len(said)
        (True, None, 91)
        """
        if len(text) != CHARACTERS:
            return None
        try:
            content = unseal(self._key, from_text(text), about)
        except Unsealable:
            return None
        moment, session = content[:_MOMENT_BYTES], content[_MOMENT_BYTES:]
        return Statement(session, _EPOCH + int.from_bytes(moment, "big") * _MICROSECOND)

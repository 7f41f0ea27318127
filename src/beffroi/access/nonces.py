"""DPoP nonces that no table holds: a keyed digest of the time window, the same in every process of a deployment.

A nonce is good from the start of its window to the end of the next one: between 5 and 10 minutes after it was handed
out. It bounds how long before its use a proof can have been made; that a proof is used once is the gate's affair.

Source: RFC 9449 sections 8, 9 and 11.3; RFC 2104.
"""

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final

WINDOW_S: Final = 300
"""Seconds. A client that is quiet for longer than this asks once more (one 401), a thief who could sign while he was
at the client can use what he signed for twice this at most."""
_DIGEST_BYTES: Final = 16  # 128 bits: not to be guessed
_KEY_BYTES_MIN: Final = 32
_WINDOW_BYTES: Final = 8


class Nonces:
    """The nonces of one deployment. `key`: 32 bytes (deployment.nonce_key)."""

    def __init__(self, key: bytes) -> None:
        if len(key) < _KEY_BYTES_MIN:
            raise ValueError(f"the key of nonces has at least {_KEY_BYTES_MIN} bytes")
        self._key = key
        self._window = -1
        self._accepted: tuple[str, str] = ("", "")

    def current(self, now_s: float) -> str:
        """The nonce to hand out at `now_s`: 22 characters.

        >>> nonces = Nonces(bytes(32))
        >>> len(nonces.current(0)), nonces.current(0) == nonces.current(299), nonces.current(0) == nonces.current(300)
        (22, True, False)
        """
        return self._at(now_s)[0]

    def accepts(self, nonce: str, now_s: float) -> bool:
        """Whether `nonce` was handed out in this window or the one before.

        >>> nonces = Nonces(bytes(32))
        >>> handed = nonces.current(10)
        >>> [nonces.accepts(handed, at) for at in (10, 599, 600)], nonces.accepts("", 10)
        ([True, True, False], False)
        """
        current, previous = self._at(now_s)
        given = nonce.encode()
        # Both are always compared, each in constant time.
        return hmac.compare_digest(given, current.encode()) | hmac.compare_digest(given, previous.encode())

    def _at(self, now_s: float) -> tuple[str, str]:
        window = int(now_s // WINDOW_S)
        if window != self._window:
            self._accepted = (self._of(window), self._of(window - 1))
            self._window = window
        return self._accepted

    def _of(self, window: int) -> str:
        message = b"beffroi DPoP nonce" + window.to_bytes(_WINDOW_BYTES, "big", signed=True)
        digest = hmac.new(self._key, message, sha256).digest()[:_DIGEST_BYTES]
        return urlsafe_b64encode(digest).rstrip(b"=").decode()

"""Continuations: what leads on to the next page, in the asker's own hands and readable to nobody.

A continuation is sealed under AES-SIV (RFC 5297) with its expiry, and bound to whom it was made for: nobody can forge,
read or move it to another account. No state is kept, and holding one gives no right: each page passes the gate like the
first, so that a continuation does not outlive its account's standing.

Source: RFC 5297; RFC 4648 section 5; FHIR R4 Bundle paging; HL7 v2.5 section 5.5.4 (DSC).
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha512
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

CONTINUATION_S: Final = 600
"""Seconds during which a continuation leads on: the time to look through one page after the other."""
_LABEL: Final = b"beffroi continuations 1"
_EXPIRY_BYTES: Final = 5


class Continuations:
    """Both directions, under a key that all processes of a deployment derive from the same secret (32 bytes)."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESSIV(hmac.new(secret, _LABEL, sha512).digest())

    def seal(self, content: bytes, bound: Sequence[bytes], now_s: float) -> str:
        """A text of letters, digits, `-` and `_`. `bound`: for whom, and whatever else must be the same again.

        >>> pages = Continuations(bytes(32))
        >>> sealed = pages.seal(b"7", [b"account 1"], 0)
        >>> [pages.open(sealed, [b"account 1"], at) for at in (599, 601)], pages.open(sealed, [b"account 2"], 0)
        ([b'7', None], None)
        """
        expiry = int(now_s + CONTINUATION_S).to_bytes(_EXPIRY_BYTES, "big")
        return _text(self._cipher.encrypt(expiry + content, list(bound)))

    def open(self, sealed: str, bound: Sequence[bytes], now_s: float) -> bytes | None:
        """The content; None for anything else than what was sealed for the same, and for what has expired.

        >>> Continuations(bytes(32)).open("made-up", [], 0) is None
        True
        """
        try:
            raw = urlsafe_b64decode(sealed.encode("ascii") + b"=" * (-len(sealed) % 4))
            if _text(raw) != sealed:  # several texts stand for the same bytes: only ours is good
                return None
            plain = self._cipher.decrypt(raw, list(bound))
        except (ValueError, InvalidTag):
            return None
        if int.from_bytes(plain[:_EXPIRY_BYTES], "big") < now_s:
            return None
        return plain[_EXPIRY_BYTES:]


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()

"""What only the holder of a secret can read: a server's state in somebody else's hands, or a database's without its
key.

AES-256-GCM with a random nonce before it; the purpose is authenticated with it, so that what was sealed for one use is
not taken for another. Keys are derived from a secret by HKDF, one for each purpose.
Source: NIST SP 800-38D; RFC 5869.
"""

import binascii
from base64 import urlsafe_b64encode
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from beffroi.access.compact import decode_part

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12


class Unsealable(ValueError):
    """It was sealed by another key or for another purpose, or is not a sealed value at all."""


def derived(secret: bytes, purpose: str) -> bytes:
    """The key of one purpose, 32 bytes.

    >>> derived(bytes(32), "a") == derived(bytes(32), "b"), len(derived(bytes(32), "a"))
    (False, 32)
    """
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(secret)


def seal(key: bytes, nonce: bytes, content: bytes, purpose: str) -> bytes:
    """The content, readable by the same key and purpose alone. `nonce`: 12 random bytes, never used twice.

    >>> unseal(bytes(32), seal(bytes(32), bytes(12), b"x", "a"), "a")
    b'x'
    """
    return nonce + AESGCM(key).encrypt(nonce, content, purpose.encode())


def unseal(key: bytes, sealed: bytes, purpose: str) -> bytes:
    """The content. Raises Unsealable."""
    nonce, ciphered = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    if len(nonce) < NONCE_BYTES:
        raise Unsealable("too short")
    try:
        return AESGCM(key).decrypt(nonce, ciphered, purpose.encode())
    except InvalidTag:
        raise Unsealable("not by this key") from None


def to_text(data: bytes) -> str:
    """Base64url without padding, for addresses and cookies.

    >>> to_text(b"{}")
    'e30'
    """
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_text(text: str) -> bytes:
    """The bytes of such a text. Raises Unsealable."""
    try:
        return decode_part(text.encode("ascii"))
    except (ValueError, binascii.Error):
        raise Unsealable("not base64url") from None

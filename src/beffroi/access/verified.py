"""Tokens verified lately, so that only a client's first request pays for its token's signature.

Known by their SHA-256: the tokens themselves are not kept.
"""

from dataclasses import dataclass
from typing import Final

from beffroi.access.issuers import TrustedIssuer
from beffroi.access.professional import Claimed
from beffroi.access.remembered import Remembered
from beffroi.access.tokens import AccessToken

TOKENS_REMEMBERED_MAX: Final = 20_000  # about 1 KB each: everybody who is at work in a region


@dataclass(frozen=True, slots=True)
class Verified:
    """What is kept of a verified token: who it says asks, who says so, in whose hands and until when.

    `digest` is its SHA-256; `key` and `certificate` as in `AccessToken`.
    """

    digest: bytes
    key: bytes
    certificate: bytes
    expires_at_s: float
    who: Claimed
    issuer: TrustedIssuer

    @classmethod
    def of(cls, token: AccessToken, who: Claimed, issuer: TrustedIssuer) -> "Verified":
        """Without the token's other claims, which are the largest part of it."""
        return cls(token.digest, token.key, token.certificate, token.expires_at_s, who, issuer)

    @property
    def session_key(self) -> bytes:
        """32 bytes by which the session is known: its key's thumbprint, its certificate's, or a bare token's digest."""
        return self.key or self.certificate or self.digest


class VerifiedTokens:
    """Tokens until they expire or their issuer's keys change; the least recently used go first."""

    def __init__(self, entries_max: int = TOKENS_REMEMBERED_MAX) -> None:
        self._tokens = Remembered[bytes, Verified](entries_max)

    def __len__(self) -> int:
        return len(self._tokens)

    def get(self, digest: bytes, now_s: float) -> Verified | None:
        """The verified token of that SHA-256, unless it has expired meanwhile."""
        verified = self._tokens.get(digest)
        if verified is not None and now_s >= verified.expires_at_s:
            self._tokens.forget(digest)
            return None
        return verified

    def put(self, verified: Verified) -> None:
        """Remembers a token."""
        self._tokens.put(verified.digest, verified)

    def forget_issuer(self, issuer: str) -> None:
        """Its keys have changed: what they signed is verified again."""
        self._tokens.forget_where(lambda verified: verified.issuer.issuer == issuer)

"""Sessions as the database keeps them: a row by the digest of the cookie's secret, and in it the issuer's tokens. Those
are sealed under a key of that secret, so that whoever reads the database signs nobody in.

An access token is renewed by the first request that needs another one, in whichever process; the others find it.
Source: OWASP Session Management; RFC 6749 section 6; RFC 9449 (tokens are bound to the session's key).
"""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import msgspec

from beffroi.access.sealed import NONCE_BYTES, Unsealable, derived, seal, unseal
from beffroi.access.verified import Verified
from beffroi.actions.availability import looking_up
from beffroi.actions.device_binding import SESSIONS
from beffroi.actions.turns import Turns
from beffroi.clock import Clock
from beffroi.errors import NotAuthenticated, Unavailable, Words
from beffroi.model.account import AccountId, AccountKind
from beffroi.outbound.openid import IssuerAway, OpenIdClient, SignInRefused, Tokens
from beffroi.outbound.signing_key import SigningKey, read_key
from beffroi.store.sessions import SessionStore, StoredSession

RENEW_S: Final = 10
"""Seconds before its end from which an access token is renewed."""
ISSUER: Final = Words("The sign-in service", "Le service d'identification")
_TOKENS: Final = "tokens"

Verify = Callable[[bytes], Awaitable[Verified]]


class SignInFailed(Exception):
    """This sign-in cannot be finished: it took too long, was begun elsewhere, or the issuer refuses it."""


class AnotherSignIn(SignInFailed):
    """What came back is not what this browser has under way: another tab's, somebody's link, or too late."""


@dataclass(frozen=True, slots=True)
class NewSession:
    """Who has signed in, what they are called, the tokens with what they say and their key; the end at the latest."""

    account: AccountId
    name: str
    tokens: Tokens
    verified: Verified
    key: SigningKey
    ends_at: datetime


class _Kept(msgspec.Struct):
    """What the sealed column holds. `good_until_s`: when the access token must be renewed."""

    name: str
    access_token: str
    refresh_token: str
    key: dict[str, str]
    good_until_s: float


_decode = msgspec.json.Decoder(_Kept).decode
_encode = msgspec.json.Encoder().encode


def digest_of(secret: bytes) -> bytes:
    """What the database knows a session by."""
    return sha256(secret).digest()


class KeptSessions:
    """Those of one deployment. `idle_s`: seconds without use after which one is over."""

    def __init__(self, store: SessionStore, client: OpenIdClient, verify: Verify, clock: Clock, idle_s: int) -> None:
        self._store = store
        self._client = client
        self._verify = verify
        self._clock = clock
        self._idle = timedelta(seconds=idle_s)
        self._renewing = Turns[bytes]()

    async def find(self, digest: bytes) -> StoredSession | None:
        """A session while it lasts. Raises Unavailable."""
        now = self._clock.now()
        with looking_up(SESSIONS):
            return await self._store.find(digest, now, now - self._idle)

    async def verified(self, tokens: Tokens, key: SigningKey) -> Verified:
        """What the access token says, which must be a person's and bound to the session's key.

        Raises SignInFailed or NotAuthenticated.
        """
        verified = await self._verify(tokens.access_token.encode())
        if not hmac.compare_digest(verified.key, key.thumbprint) or verified.who.kind is not AccountKind.PERSON:
            raise SignInFailed("the token is not this session's")
        return verified

    async def open(self, secret: bytes, new: NewSession) -> None:
        """Keeps a new one, from now on. Raises Unavailable."""
        good_until_s = new.verified.expires_at_s - RENEW_S
        kept = _Kept(new.name, new.tokens.access_token, new.tokens.refresh_token, new.key.private_jwk, good_until_s)
        now = self._clock.now()
        with looking_up(SESSIONS):
            await self._store.open(digest_of(secret), new.account, self._sealed(secret, kept), now, new.ends_at)

    async def touch(self, digest: bytes) -> None:
        """It was used just now. Raises Unavailable."""
        with looking_up(SESSIONS):
            await self._store.touch(digest, self._clock.now())

    async def close(self, digest: bytes) -> None:
        """It is over, in every tab and process. Raises Unavailable."""
        with looking_up(SESSIONS):
            await self._store.close(digest)

    async def opened(self, secret: bytes, stored: StoredSession) -> tuple[str, Verified] | None:
        """What its person is called, and what tokens that are good say; None when the issuer has ended it."""
        kept = self._unsealed(secret, stored.sealed)
        if kept is None:
            return None
        if self._clock.now().timestamp() >= kept.good_until_s:
            kept = await self._renewed(secret)
            if kept is None:
                return None
        try:
            return kept.name, await self._verify(kept.access_token.encode())
        except NotAuthenticated:
            await self.close(digest_of(secret))
            return None

    async def _renewed(self, secret: bytes) -> _Kept | None:
        """New tokens; once, however many tabs ask at the same time."""
        digest = digest_of(secret)
        async with self._renewing.of(digest):
            kept = await self._read(secret)
            if kept is None or self._is_good(kept):
                return kept
            key = read_key(kept.key)
            try:
                tokens = await self._client.renew(kept.refresh_token, key)
                verified = await self.verified(tokens, key)
            except IssuerAway as away:
                raise Unavailable(what=ISSUER) from away
            except (SignInRefused, SignInFailed, NotAuthenticated):
                again = await self._read(secret)  # another process may have been quicker
                if again is not None and self._is_good(again):
                    return again
                await self.close(digest)
                return None
            refresh = tokens.refresh_token or kept.refresh_token
            new = _Kept(kept.name, tokens.access_token, refresh, kept.key, verified.expires_at_s - RENEW_S)
            with looking_up(SESSIONS):
                await self._store.renew(digest, self._sealed(secret, new))
            return new

    async def _read(self, secret: bytes) -> _Kept | None:
        stored = await self.find(digest_of(secret))
        return None if stored is None else self._unsealed(secret, stored.sealed)

    def _is_good(self, kept: _Kept) -> bool:
        return self._clock.now().timestamp() < kept.good_until_s

    def _sealed(self, secret: bytes, kept: _Kept) -> bytes:
        return seal(_key(secret), self._clock.token_bytes(NONCE_BYTES), _encode(kept), _TOKENS)

    def _unsealed(self, secret: bytes, sealed: bytes) -> _Kept | None:
        try:
            return _decode(unseal(_key(secret), sealed, _TOKENS))
        except (Unsealable, msgspec.MsgspecError):
            return None


def _key(secret: bytes) -> bytes:
    return derived(secret, "beffroi console tokens")

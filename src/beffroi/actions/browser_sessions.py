"""The sessions of people in front of a browser: from the issuer's sign-in page to an asker, and back to nobody.

The cookie is a random secret; the database knows its digest. From the secret come three keys, so that nothing else
needs keeping: one seals the tokens in the database (whoever reads it signs nobody in), one makes the form tokens, one
seals the handles that stand in addresses instead of what was searched for. When the cookie is gone, none of them opens
any more.

A sign-in under way lives in a sealed cookie of the visitor's, not in our database: strangers cannot fill it.
Source: OWASP Session Management; OpenID Connect Core 1.0 section 3.1.2.1 (state, nonce); RFC 9449.
"""

import asyncio
import contextlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from hashlib import sha256
from typing import Final

import msgspec

from beffroi.access.id_token import name_in
from beffroi.access.sealed import NONCE_BYTES, Unsealable, derived, from_text, seal, to_text, unseal
from beffroi.access.stops import Stops, refusal, stop_reaches
from beffroi.access.verified import Verified
from beffroi.actions.availability import looking_up
from beffroi.actions.device_binding import NOTHING, SESSIONS, DeviceBinding, Shown
from beffroi.actions.sign_in import SignIn
from beffroi.clock import Clock
from beffroi.errors import AccountFrozen, BeffroiError, Departed, NotAuthenticated, Unavailable, UnknownAccount, Words
from beffroi.model.account import AccountKind, Asker
from beffroi.model.disclosure import Operation
from beffroi.outbound.issuer_keys import IssuerKeys
from beffroi.outbound.openid import IssuerAway, OpenIdClient, SignInRefused, Tokens
from beffroi.outbound.signing_key import SigningKey, read_key
from beffroi.store.sessions import SessionStore, StoredSession

SECRET_BYTES: Final = 32
SIGN_IN_S_MAX: Final = 600
"""Seconds between leaving for the issuer and coming back: a person looks for their card."""
TOUCH_S: Final = 30
"""Seconds between two notes that a session is in use."""
RENEW_S: Final = 10
"""Seconds before its end from which an access token is renewed."""
TEXT_BYTES: Final = 32
PADDED_BYTES: Final = 96
"""A handle's content is filled up to a multiple of this, so that its length does not tell a name's."""
_ISSUER: Final = Words("The sign-in service", "Le service d'identification")
_PENDING: Final = "sign-in"

Verify = Callable[[bytes], Awaitable[Verified]]


class _Pending(msgspec.Struct):
    """A sign-in under way."""

    state: str
    nonce: str
    verifier: str
    key: dict[str, str]
    began_s: int


class _Kept(msgspec.Struct):
    """What the sealed column holds. `good_until_s`: when the access token must be renewed."""

    name: str
    access_token: str
    refresh_token: str
    key: dict[str, str]
    good_until_s: float


_decode_pending = msgspec.json.Decoder(_Pending).decode
_decode_kept = msgspec.json.Decoder(_Kept).decode
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Session:
    """One browser's session. `barred`: why every room is closed to it, where one refuses what it asks.

    `proved_until`: until when it is shown to be used where its device's key is; None for a session that is not bound.
    """

    asker: Asker
    name: str
    digest: bytes
    signed_in_at: datetime
    ends_at: datetime
    idle_ends_at: datetime
    form_token: str
    barred: BeffroiError | None
    proved_until: datetime | None
    cookie: str = field(repr=False)
    handle_key: bytes = field(repr=False)


class Standing(Enum):
    """How it stands with the session of a page that stays open."""

    LASTS = "lasts"
    OVER = "over"
    DUE = "due"  # the page must come again, and show that its device is there


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session: its cookie, and the challenge that binds it to the device (empty where nothing does)."""

    cookie: str
    challenge: str


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """Seconds without use, and in all."""

    idle_s: int
    session_s: int


class SignInFailed(Exception):
    """This sign-in cannot be finished: it took too long, was begun elsewhere, or the issuer refuses it."""


class BrowserSessions:
    """The sessions of one deployment. `server_key` is shared by its processes."""

    def __init__(
        self,
        store: SessionStore,
        client: OpenIdClient,
        keys: IssuerKeys,
        verify: Verify,
        sign_in: SignIn,
        server_key: bytes,
        clock: Clock,
        limits: SessionLimits,
        binding: DeviceBinding,
    ) -> None:
        self._store = store
        self._client = client
        self._keys = keys
        self._verify = verify
        self._sign_in = sign_in
        self._pending_key = derived(server_key, "beffroi console sign-in")
        self._clock = clock
        self._limits = limits
        self._binding = binding
        self._renewing: dict[bytes, asyncio.Lock] = {}

    async def begin(self, afresh: bool) -> tuple[str, str]:
        """The address of the issuer's sign-in page, and the cookie that will recognise who comes back.

        Raises Unavailable.
        """
        key = SigningKey()
        state, nonce, verifier = (to_text(self._clock.token_bytes(TEXT_BYTES)) for _ in range(3))
        try:
            address = await self._client.begin(key, state, nonce, verifier, afresh)
        except IssuerAway as away:
            raise Unavailable(what=_ISSUER) from away
        pending = _Pending(state, nonce, verifier, key.private_jwk, int(self._clock.now().timestamp()))
        sealed = seal(self._pending_key, self._clock.token_bytes(NONCE_BYTES), _encode(pending), _PENDING)
        return address, to_text(sealed)

    async def finish(self, pending_cookie: str, state: str, code: str, iss: str, network: str) -> SignedIn:
        """A new session, once its sign-in is recorded.

        Raises SignInFailed, Unavailable, NotAuthenticated, UnknownAccount or what recording a sign-in raises.
        """
        pending = self._pending(pending_cookie, state)
        key = read_key(pending.key)
        try:
            if not await self._client.names_itself(iss):
                raise SignInFailed("another issuer answers")
            tokens = await self._client.redeem(code, pending.verifier, key)
        except IssuerAway as away:
            raise Unavailable(what=_ISSUER) from away
        except SignInRefused as refused:
            raise SignInFailed("the issuer refuses") from refused
        verified = await self._verified(tokens, key)
        now = self._clock.now()
        trust = self._keys.trust(now.timestamp())
        if trust is None:
            raise Unavailable(what=_ISSUER)
        name = name_in(tokens.id_token.encode(), trust, self._client.client_id, pending.nonce, now.timestamp())
        asker = await self._sign_in.asker(verified, network)
        secret = self._clock.token_bytes(SECRET_BYTES)
        kept = _Kept(name, tokens.access_token, tokens.refresh_token, pending.key, verified.expires_at_s - RENEW_S)
        ends_at = now + timedelta(seconds=self._limits.session_s)
        digest = _digest(secret)
        with looking_up(SESSIONS):
            await self._store.open(digest, asker.account_id, self._sealed(secret, kept), now, ends_at)
        return SignedIn(to_text(secret), self._binding.offer(digest))

    async def find(self, cookie: str, network: str, shown: Shown = NOTHING, *, in_use: bool = True) -> Session | None:
        """Whose session the cookie stands for; None when it has ended. `in_use`: a person asked, not a page by itself.

        Raises Unproved (actions.device_binding), Unavailable, UnknownAccount.
        """
        secret = _secret(cookie)
        if secret is None:
            return None
        digest, now = _digest(secret), self._clock.now()
        stored = await self._stored(digest, now)
        if stored is None:
            return None
        proved_until = await self._binding.proved_until(digest, stored, shown, now)
        return await self._session(secret, stored, network, proved_until, in_use=in_use)

    async def _stored(self, digest: bytes, now: datetime) -> StoredSession | None:
        with looking_up(SESSIONS):
            return await self._store.find(digest, now, now - timedelta(seconds=self._limits.idle_s))

    async def _session(
        self, secret: bytes, stored: StoredSession, network: str, proved_until: datetime | None, *, in_use: bool
    ) -> Session | None:
        """Who it is; None when the issuer has ended it, by a signal or by no more tokens."""
        digest, now = _digest(secret), self._clock.now()
        opened = await self._opened(secret, stored)
        if opened is None:
            return None
        kept, verified = opened
        asker = self._sign_in.known(verified, network, now.timestamp())
        if asker is None:
            asker = await self._sign_in.asker(verified, network)
        if Stops((), stored.ended).is_over(asker):
            with looking_up(SESSIONS):
                await self._store.close(digest)
            return None
        if in_use and (now - stored.seen_at).total_seconds() > TOUCH_S:
            with looking_up(SESSIONS):
                await self._store.touch(digest, now)
        return Session(
            asker=asker,
            name=kept.name or asker.subject,
            digest=digest,
            signed_in_at=stored.signed_in_at,
            ends_at=stored.ends_at,
            idle_ends_at=(now if in_use else stored.seen_at) + timedelta(seconds=self._limits.idle_s),
            form_token=to_text(derived(secret, "beffroi console forms")),
            barred=_barring(stored, asker),
            proved_until=proved_until,
            cookie=to_text(secret),
            handle_key=derived(secret, "beffroi console handles"),
        )

    async def end(self, cookie: str) -> None:
        """The session is over, in every tab and process."""
        secret = _secret(cookie)
        if secret is not None:
            with looking_up(SESSIONS):
                await self._store.close(_digest(secret))

    async def standing(self, session: Session) -> Standing:
        """How it stands with it, for a page that stays open: signed out, stopped, at its end or in another role means
        over. Raises Unavailable.
        """
        secret, now = _secret(session.cookie), self._clock.now()
        stored = await self._stored(session.digest, now)
        if secret is None or stored is None:
            return Standing.OVER
        try:
            found = await self._session(secret, stored, session.asker.network, session.proved_until, in_use=False)
        except UnknownAccount:
            return Standing.OVER
        if found is None or found.barred is not None or found.asker.role is not session.asker.role:
            return Standing.OVER
        return Standing.DUE if self._binding.is_due(stored, session.proved_until, now) else Standing.LASTS

    def handle(self, session: Session, purpose: str, content: bytes) -> str:
        """A text for an address, which this session alone can open, for this purpose alone."""
        padded = content + b"\x80" + bytes(-(len(content) + 1) % PADDED_BYTES)
        return to_text(seal(session.handle_key, self._clock.token_bytes(NONCE_BYTES), padded, purpose))

    def opened(self, session: Session, purpose: str, handle: str) -> bytes | None:
        """What a handle stands for; None when it is not this session's, or for something else."""
        try:
            padded = unseal(session.handle_key, from_text(handle), purpose)
        except Unsealable:
            return None
        return padded.rstrip(b"\x00")[:-1]

    def _pending(self, cookie: str, state: str) -> _Pending:
        try:
            pending = _decode_pending(unseal(self._pending_key, from_text(cookie), _PENDING))
        except (Unsealable, msgspec.MsgspecError):
            raise SignInFailed("not begun here") from None
        age_s = self._clock.now().timestamp() - pending.began_s
        if not hmac.compare_digest(pending.state.encode(), state.encode()) or not 0 <= age_s <= SIGN_IN_S_MAX:
            raise SignInFailed("not this one")
        return pending

    async def _opened(self, secret: bytes, stored: StoredSession) -> tuple[_Kept, Verified] | None:
        """What is kept of a session, with tokens that are good; None when the issuer has ended it."""
        kept = self._unsealed(secret, stored.sealed)
        if kept is None:
            return None
        if self._clock.now().timestamp() >= kept.good_until_s:
            kept = await self._renewed(secret)
            if kept is None:
                return None
        try:
            return kept, await self._verify(kept.access_token.encode())
        except NotAuthenticated:
            with looking_up(SESSIONS):
                await self._store.close(_digest(secret))
            return None

    async def _renewed(self, secret: bytes) -> _Kept | None:
        """New tokens; once, however many tabs ask at the same time."""
        digest = _digest(secret)
        async with self._turn(digest):
            now = self._clock.now()
            kept = await self._read(secret, now)
            if kept is None or now.timestamp() < kept.good_until_s:
                return kept
            key = read_key(kept.key)
            try:
                tokens = await self._client.renew(kept.refresh_token, key)
                verified = await self._verified(tokens, key)
            except IssuerAway as away:
                raise Unavailable(what=_ISSUER) from away
            except (SignInRefused, SignInFailed, NotAuthenticated):
                again = await self._read(secret, now)  # another process may have been quicker
                if again is not None and now.timestamp() < again.good_until_s:
                    return again
                with looking_up(SESSIONS):
                    await self._store.close(digest)
                return None
            refresh = tokens.refresh_token or kept.refresh_token
            new = _Kept(kept.name, tokens.access_token, refresh, kept.key, verified.expires_at_s - RENEW_S)
            with looking_up(SESSIONS):
                await self._store.renew(digest, self._sealed(secret, new))
            return new

    async def _read(self, secret: bytes, now: datetime) -> _Kept | None:
        stored = await self._stored(_digest(secret), now)
        return None if stored is None else self._unsealed(secret, stored.sealed)

    async def _verified(self, tokens: Tokens, key: SigningKey) -> Verified:
        """The access token, which must be a person's and bound to the session's key."""
        verified = await self._verify(tokens.access_token.encode())
        if not hmac.compare_digest(verified.key, key.thumbprint) or verified.who.kind is not AccountKind.PERSON:
            raise SignInFailed("the token is not this session's")
        return verified

    def _sealed(self, secret: bytes, kept: _Kept) -> bytes:
        key = derived(secret, "beffroi console tokens")
        return seal(key, self._clock.token_bytes(NONCE_BYTES), _encode(kept), "tokens")

    def _unsealed(self, secret: bytes, sealed: bytes) -> _Kept | None:
        try:
            return _decode_kept(unseal(derived(secret, "beffroi console tokens"), sealed, "tokens"))
        except (Unsealable, msgspec.MsgspecError):
            return None

    @contextlib.asynccontextmanager
    async def _turn(self, digest: bytes) -> AsyncIterator[None]:
        lock = self._renewing.setdefault(digest, asyncio.Lock())
        try:
            async with lock:
                yield
        finally:
            if not lock.locked() and self._renewing.get(digest) is lock:
                del self._renewing[digest]


def _barring(stored: StoredSession, asker: Asker) -> BeffroiError | None:
    """What closes every room: the gate would refuse whatever is asked of it, so nothing else is shown either."""
    if stored.frozen:
        return AccountFrozen()
    if asker.departed:
        return Departed()
    stop = next((stop for stop in stored.devices if stop_reaches(stop, asker, Operation.SEARCH)), None)
    return None if stop is None else refusal(stop)


def _secret(cookie: str) -> bytes | None:
    try:
        secret = from_text(cookie)
    except Unsealable:
        return None
    return secret if len(secret) == SECRET_BYTES else None


def _digest(secret: bytes) -> bytes:
    return sha256(secret).digest()

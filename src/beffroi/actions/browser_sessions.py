"""The sessions of people in front of a browser: from the issuer's sign-in page to an asker, and back to nobody.

The cookie is a random secret; the database knows its digest. From the secret come three keys, so that nothing else
needs keeping: one seals the tokens in the database (actions.kept_sessions), one makes the form tokens, one seals the
handles that stand in addresses instead of what was searched for. When the cookie is gone, none of them opens any more.

A sign-in under way lives in a sealed cookie of the visitor's, not in our database: strangers cannot fill it.
Source: OWASP Session Management; OpenID Connect Core 1.0 section 3.1.2.1 (state, nonce); RFC 9449.
"""

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

import msgspec

from beffroi.access.id_token import name_in
from beffroi.access.sealed import NONCE_BYTES, Unsealable, derived, from_text, seal, to_text, unseal
from beffroi.access.stops import Stops, refusal, stop_reaches
from beffroi.actions.device_binding import NOTHING, DeviceBinding, Shown
from beffroi.actions.kept_sessions import ISSUER, AnotherSignIn, KeptSessions, NewSession, SignInFailed, digest_of
from beffroi.actions.sign_in import SignIn
from beffroi.clock import Clock
from beffroi.errors import AccountFrozen, BeffroiError, Departed, Unavailable, UnknownAccount
from beffroi.model.account import Asker
from beffroi.model.disclosure import Operation
from beffroi.outbound.issuer_keys import IssuerKeys
from beffroi.outbound.openid import IssuerAway, OpenIdClient, SignInRefused
from beffroi.outbound.signing_key import SigningKey, read_key
from beffroi.store.sessions import StoredSession

SECRET_BYTES: Final = 32
SIGN_IN_S_MAX: Final = 600
"""Seconds between leaving for the issuer and coming back: a person looks for their card."""
TOUCH_S: Final = 30
"""Seconds between two notes that a session is in use."""
TEXT_BYTES: Final = 32
PADDED_BYTES: Final = 96
"""A handle's content is filled up to a multiple of this, so that its length does not tell a name's."""
_PENDING: Final = "sign-in"


class _Pending(msgspec.Struct):
    """A sign-in under way."""

    state: str
    nonce: str
    verifier: str
    key: dict[str, str]
    began_s: int


_decode_pending = msgspec.json.Decoder(_Pending).decode
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


class BrowserSessions:
    """The sessions of one deployment. `server_key` is shared by its processes."""

    def __init__(
        self,
        kept: KeptSessions,
        client: OpenIdClient,
        keys: IssuerKeys,
        sign_in: SignIn,
        server_key: bytes,
        clock: Clock,
        limits: SessionLimits,
        binding: DeviceBinding,
    ) -> None:
        self._kept = kept
        self._client = client
        self._keys = keys
        self._sign_in = sign_in
        self._pending_key = derived(server_key, "beffroi console sign-in")
        self._clock = clock
        self._limits = limits
        self._binding = binding

    async def begin(self, afresh: bool) -> tuple[str, str]:
        """The address of the issuer's sign-in page, and the cookie that will recognise who comes back.

        Raises Unavailable.
        """
        key = SigningKey()
        state, nonce, verifier = (to_text(self._clock.token_bytes(TEXT_BYTES)) for _ in range(3))
        try:
            address = await self._client.begin(key, state, nonce, verifier, afresh)
        except IssuerAway as away:
            raise Unavailable(what=ISSUER) from away
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
            raise Unavailable(what=ISSUER) from away
        except SignInRefused as refused:
            raise SignInFailed("the issuer refuses") from refused
        verified = await self._kept.verified(tokens, key)
        now = self._clock.now()
        trust = self._keys.trust(now.timestamp())
        if trust is None:
            raise Unavailable(what=ISSUER)
        name = name_in(tokens.id_token.encode(), trust, self._client.client_id, pending.nonce, now.timestamp())
        asker = await self._sign_in.asker(verified, network)
        secret = self._clock.token_bytes(SECRET_BYTES)
        ends_at = now + timedelta(seconds=self._limits.session_s)
        await self._kept.open(secret, NewSession(asker.account_id, name, tokens, verified, key, ends_at))
        return SignedIn(to_text(secret), self._binding.offer(digest_of(secret)))

    async def find(self, cookie: str, network: str, shown: Shown = NOTHING, *, in_use: bool = True) -> Session | None:
        """Whose session the cookie stands for; None when it has ended. `in_use`: a person asked, not a page by itself.

        Raises Unproved (actions.device_binding), Unavailable, UnknownAccount.
        """
        secret = _secret(cookie)
        if secret is None:
            return None
        digest = digest_of(secret)
        stored = await self._kept.find(digest)
        if stored is None:
            return None
        proved_until = await self._binding.proved_until(digest, stored, shown, self._clock.now())
        return await self._session(secret, stored, network, proved_until, in_use=in_use)

    async def _session(
        self, secret: bytes, stored: StoredSession, network: str, proved_until: datetime | None, *, in_use: bool
    ) -> Session | None:
        """Who it is; None when the issuer has ended it, by a signal or by no more tokens."""
        digest, now = digest_of(secret), self._clock.now()
        opened = await self._kept.opened(secret, stored)
        if opened is None:
            return None
        name, verified = opened
        asker = self._sign_in.known(verified, network, now.timestamp())
        if asker is None:
            asker = await self._sign_in.asker(verified, network)
        if Stops((), stored.ended).is_over(asker):
            await self._kept.close(digest)
            return None
        if in_use and (now - stored.seen_at).total_seconds() > TOUCH_S:
            await self._kept.touch(digest)
        return Session(
            asker=asker,
            name=name or asker.subject,
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
            await self._kept.close(digest_of(secret))

    async def standing(self, session: Session) -> Standing:
        """How it stands with it, for a page that stays open: signed out, stopped, at its end or in another role means
        over. Raises Unavailable.
        """
        secret, now = _secret(session.cookie), self._clock.now()
        stored = await self._kept.find(session.digest)
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
            raise AnotherSignIn("not begun here") from None
        age_s = self._clock.now().timestamp() - pending.began_s
        if not hmac.compare_digest(pending.state.encode(), state.encode()) or not 0 <= age_s <= SIGN_IN_S_MAX:
            raise AnotherSignIn("not this one")
        return pending


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

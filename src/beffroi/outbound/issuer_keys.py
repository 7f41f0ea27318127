"""An issuer's keys in one process: fetched by discovery, refreshed, and kept for a time when the issuer is away.

A key that its issuer withdraws stops being accepted here within `REFRESH_S`; a key that it adds is fetched when a token
first names it. When the issuer cannot be reached, the last keys stay good for `KEYS_AGE_S_MAX`, and after that nobody
can sign in: a key that was withdrawn meanwhile must not be accepted for ever.

Source: OpenID Connect Discovery 1.0 section 4; RFC 8414 section 3.3 (the issuer named must be the one asked); RFC 7517.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

import msgspec

from beffroi.access.issuers import KEY_SET_BYTES_MAX, KeySet, TrustedIssuer, parse_key_set
from beffroi.access.tokens import Trust, UnverifiedToken
from beffroi.clock import Clock
from beffroi.model.trust import IssuerKey, IssuerStanding
from beffroi.outbound.fetching import FetchFailed, fetch, may_be_fetched, read_file
from beffroi.outbound.introspection import Introspection
from beffroi.telemetry import Event, log, log_failure

REFRESH_S: Final = 300.0
"""Seconds between two fetches, and so for how long a withdrawn key is still accepted."""
RETRY_S: Final = 15.0
"""Seconds until the next try when a fetch failed."""
UNKNOWN_KEY_S_MIN: Final = 10.0
"""Seconds between two fetches for a key that is not known: tokens with made-up numbers must not become a flood."""
KEYS_AGE_S_MAX: Final = 86_400.0
"""Seconds during which keys are good while their issuer is away: a day, in which somebody is called."""
METADATA_BYTES_MAX: Final = 65_536

Fetch = Callable[[str, int], Awaitable[bytes]]


class IssuerMetadata(msgspec.Struct, frozen=True):
    """What an issuer publishes of itself and clients of this API want to know (RFC 8414 section 2)."""

    issuer: str
    jwks_uri: str
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    introspection_endpoint: str = ""
    revocation_endpoint: str = ""
    pushed_authorization_request_endpoint: str = ""
    grant_types_supported: tuple[str, ...] = ()
    token_endpoint_auth_methods_supported: tuple[str, ...] = ()


_decode_metadata = msgspec.json.Decoder(IssuerMetadata).decode


class IssuerKeys:
    """The keys of one issuer. `trust` is None while there are none that may be believed."""

    def __init__(
        self,
        issuer: TrustedIssuer,
        clock: Clock,
        fetch_document: Fetch = fetch,
        introspection: Introspection | None = None,
    ) -> None:
        self.issuer = issuer
        self.introspection = introspection
        self._clock = clock
        self._fetch = fetch_document
        self._trust: Trust | None = None
        self.metadata: IssuerMetadata | None = None
        """What discovery said last; None when the keys come from elsewhere."""
        self._fetched_s = 0.0
        self._tried_s = 0.0
        self._failure = ""
        self._since_s: dict[tuple[str, str], float] = {}
        self._turn = asyncio.Lock()
        self.changed: Callable[[], None] = lambda: None
        """Called when a key that was there is no more, or is another."""

    def trust(self, now_s: float) -> Trust | None:
        """The issuer with its keys, unless they are older than `KEYS_AGE_S_MAX`."""
        return self._trust if now_s < self._fetched_s + KEYS_AGE_S_MAX else None

    def standing(self) -> IssuerStanding:
        """What this process has of the issuer's keys."""
        keys = [IssuerKey(*name, _moment(since_s)) for name, since_s in sorted(self._since_s.items())]
        fetched_at = _moment(self._fetched_s) if self._fetched_s else None
        good_until = _moment(self._fetched_s + KEYS_AGE_S_MAX) if self._fetched_s else None
        return IssuerStanding(self.issuer.issuer, tuple(keys), fetched_at, self._failure, good_until)

    async def refresh(self) -> bool:
        """Fetches the keys; False when that failed, and the keys are as they were."""
        async with self._turn:
            return await self._refresh()

    async def look_for(self, token: UnverifiedToken) -> None:
        """A token names a key that is not known: fetches the keys again, unless that was done a moment ago."""
        await self.look_for_key(token.key_name, token.algorithm)

    async def look_for_key(self, name: str, algorithm: str) -> None:
        """The same, for a token of another kind."""
        async with self._turn:
            now_s = self._now_s()
            trust = self.trust(now_s)
            known = trust is not None and (name, algorithm) in trust.keys
            if not known and now_s >= self._tried_s + UNKNOWN_KEY_S_MIN:
                await self._refresh()

    async def run(self) -> None:
        """Refreshes until it is cancelled."""
        while True:
            fresh = await self.refresh()
            await asyncio.sleep(REFRESH_S if fresh else RETRY_S)

    async def _refresh(self) -> bool:
        self._tried_s = self._now_s()
        try:
            keys = parse_key_set(await self._document(), self.issuer)
        except (FetchFailed, ValueError) as failure:
            log_failure(Event.KEYS_FETCH_FAILED, failure)
            self._failure = type(failure).__name__
            return False
        self._failure = ""
        self._take(keys)
        return True

    def _take(self, keys: KeySet) -> None:
        before = self._trust.keys if self._trust else {}
        known = {name: key.thumbprint for name, key in before.items()}
        new = {name: key.thumbprint for name, key in keys.items()}
        self._fetched_s = self._tried_s
        if known == new:
            return
        self._trust = Trust(self.issuer, keys)
        same = {name for name, thumbprint in new.items() if known.get(name) == thumbprint}
        self._since_s = {name: self._since_s[name] if name in same else self._tried_s for name in new}
        log(Event.KEYS_FETCHED, count=len(new), changed=bool(known))
        if any(new.get(name) != thumbprint for name, thumbprint in known.items()):
            self.changed()

    async def _document(self) -> bytes:
        if self.issuer.key_set_file:
            return await read_file(self.issuer.key_set_file, KEY_SET_BYTES_MAX)
        url = self.issuer.key_set_url or await self._discover()
        return await self._fetch(url, KEY_SET_BYTES_MAX)

    async def _discover(self) -> str:
        """The address of the keys, by the metadata of an issuer that names itself exactly as we know it."""
        where = self.issuer.discovery_url or f"{self.issuer.issuer.rstrip('/')}/.well-known/openid-configuration"
        document = await self._fetch(where, METADATA_BYTES_MAX)
        try:
            metadata = _decode_metadata(document)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise FetchFailed("the metadata cannot be read") from None
        if metadata.issuer != self.issuer.issuer or not may_be_fetched(metadata.jwks_uri):
            raise FetchFailed("the metadata is of another issuer")
        self.metadata = metadata
        return metadata.jwks_uri

    def _now_s(self) -> float:
        return self._clock.now().timestamp()


def _moment(at_s: float) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)

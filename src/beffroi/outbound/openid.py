"""The console as an OpenID Connect client: code flow with pushed requests and PKCE, tokens bound to a key that stays
here.

Every request of ours is proven by our own key (private_key_jwt) and, at the token endpoint, by the session's (DPoP).
The browser carries a request's reference there and a code back; it never sees a token.

Source: OpenID Connect Core 1.0 section 3.1; RFC 7636 (PKCE); RFC 9126 (PAR); RFC 7523 section 2.2; RFC 9449 sections 5,
8 and 10; RFC 9207 (iss).
"""

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode

import msgspec

from beffroi.access.issuers import TrustedIssuer
from beffroi.clock import Clock
from beffroi.outbound.fetching import Answered, FetchFailed, fetch, may_be_fetched, post_form
from beffroi.outbound.signing_key import SigningKey, base64url

ANSWER_BYTES_MAX: Final = 65_536
METADATA_S: Final = 3_600.0
"""Seconds for which the issuer's addresses are remembered."""
ASSERTION_S: Final = 60
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_JTI_BYTES: Final = 16
_NONCE_HEADER: Final = "dpop-nonce"

Fetch = Callable[[str, int], Awaitable[bytes]]
Post = Callable[[str, Mapping[str, str], Mapping[str, str], int], Awaitable[Answered]]


class Metadata(msgspec.Struct, frozen=True):
    """What an issuer says of itself, as far as a client needs it."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    pushed_authorization_request_endpoint: str
    authorization_response_iss_parameter_supported: bool = False


class Tokens(msgspec.Struct, frozen=True):
    """What the token endpoint gave. They stay on this side."""

    access_token: str
    token_type: str = ""
    refresh_token: str = ""
    id_token: str = ""


class _Pushed(msgspec.Struct):
    request_uri: str


class _Failure(msgspec.Struct):
    error: str = ""


_decode_metadata = msgspec.json.Decoder(Metadata).decode
_decode_tokens = msgspec.json.Decoder(Tokens).decode
_decode_pushed = msgspec.json.Decoder(_Pushed).decode
_decode_failure = msgspec.json.Decoder(_Failure).decode


class IssuerAway(Exception):
    """The issuer cannot be reached, or does not speak as it should: nobody can sign in for the moment."""


class SignInRefused(Exception):
    """The issuer refuses this code, this session or us."""


class OpenIdClient:
    """One client of one issuer."""

    def __init__(
        self,
        issuer: TrustedIssuer,
        client_id: str,
        key: SigningKey,
        redirect_uri: str,
        clock: Clock,
        scope: str = "openid",
        fetch_document: Fetch = fetch,
        post: Post = post_form,
    ) -> None:
        self.issuer = issuer
        self.client_id = client_id
        self._key = key
        self._redirect_uri = redirect_uri
        self._clock = clock
        self._scope = scope
        self._fetch = fetch_document
        self._post = post
        self._metadata: Metadata | None = None
        self._read_s = 0.0
        self._turn = asyncio.Lock()

    async def begin(self, session_key: SigningKey, state: str, nonce: str, verifier: str, afresh: bool) -> str:
        """The address at which the person signs in. `afresh`: whoever signed in there last is asked again.

        Raises IssuerAway.
        """
        metadata = await self._addresses()
        form = {
            "response_type": "code",
            "redirect_uri": self._redirect_uri,
            "scope": self._scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": base64url(sha256(verifier.encode("ascii")).digest()),
            "code_challenge_method": "S256",
            "dpop_jkt": base64url(session_key.thumbprint),
        }
        if self.issuer.acr_values:
            form["acr_values"] = " ".join(sorted(self.issuer.acr_values))
        if afresh:
            form["prompt"] = "login"
        answered = await self._asked(metadata.pushed_authorization_request_endpoint, form, {})
        if answered.status not in (200, 201):
            raise IssuerAway("the pushed request was refused")
        try:
            pushed = _decode_pushed(answered.body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise IssuerAway("the answer cannot be read") from None
        query = urlencode({"client_id": self.client_id, "request_uri": pushed.request_uri})
        return f"{metadata.authorization_endpoint}?{query}"

    async def redeem(self, code: str, verifier: str, session_key: SigningKey) -> Tokens:
        """The tokens for a code. Raises SignInRefused, IssuerAway."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
        }
        return await self._tokens(form, session_key)

    async def renew(self, refresh_token: str, session_key: SigningKey) -> Tokens:
        """New tokens, as long as the person's session at the issuer lasts. Raises SignInRefused, IssuerAway."""
        return await self._tokens({"grant_type": "refresh_token", "refresh_token": refresh_token}, session_key)

    async def names_itself(self, iss: str) -> bool:
        """Whether an answer in the browser comes from this issuer, where it promises to say so (RFC 9207)."""
        metadata = await self._addresses()
        if not iss:
            return not metadata.authorization_response_iss_parameter_supported
        return iss == self.issuer.issuer

    async def _tokens(self, form: Mapping[str, str], session_key: SigningKey) -> Tokens:
        url = (await self._addresses()).token_endpoint
        answered = await self._proven(url, form, session_key, "")
        if answered.status != 200 and _error(answered) == "use_dpop_nonce":
            answered = await self._proven(url, form, session_key, answered.headers.get(_NONCE_HEADER, ""))
        if answered.status != 200:
            if answered.status >= 500:
                raise IssuerAway("the token endpoint fails")
            raise SignInRefused(_error(answered))
        try:
            tokens = _decode_tokens(answered.body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise IssuerAway("the answer cannot be read") from None
        if tokens.token_type.lower() != "dpop":
            raise SignInRefused("the token is bound to no key")
        return tokens

    async def _proven(self, url: str, form: Mapping[str, str], session_key: SigningKey, nonce: str) -> Answered:
        now_s = int(self._clock.now().timestamp())
        return await self._asked(url, form, {"dpop": session_key.proof("POST", url, now_s, self._clock, nonce=nonce)})

    async def _asked(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Answered:
        """The answer to a form that our own key signs for."""
        now_s = int(self._clock.now().timestamp())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.issuer.issuer,
            "iat": now_s,
            "exp": now_s + ASSERTION_S,
            "jti": urlsafe_b64encode(self._clock.token_bytes(_JTI_BYTES)).decode(),
        }
        assertion = self._key.sign({"typ": "JWT", "kid": base64url(self._key.thumbprint)}, claims)
        signed = {"client_id": self.client_id, "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
        try:
            return await self._post(url, {**form, **signed}, headers, ANSWER_BYTES_MAX)
        except FetchFailed as failure:
            raise IssuerAway(str(failure)) from failure

    async def _addresses(self) -> Metadata:
        async with self._turn:
            now_s = self._clock.now().timestamp()
            if self._metadata is None or now_s >= self._read_s + METADATA_S:
                self._metadata, self._read_s = await self._discover(), now_s
            return self._metadata

    async def _discover(self) -> Metadata:
        issuer = self.issuer
        where = issuer.discovery_url or f"{issuer.issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            metadata = _decode_metadata(await self._fetch(where, ANSWER_BYTES_MAX))
        except FetchFailed as failure:
            raise IssuerAway(str(failure)) from failure
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise IssuerAway("the metadata lacks what a client needs") from None
        places = (
            metadata.authorization_endpoint,
            metadata.token_endpoint,
            metadata.pushed_authorization_request_endpoint,
        )
        if metadata.issuer != issuer.issuer or not all(may_be_fetched(place) for place in places):
            raise IssuerAway("the metadata is of another issuer")
        return metadata


def _error(answered: Answered) -> str:
    try:
        return _decode_failure(answered.body).error
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""

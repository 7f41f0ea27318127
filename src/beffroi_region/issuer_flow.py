"""Signing in at the demonstration's issuer: requests pushed by a client, codes for a browser, sessions that go on.

Everything is in this process's memory and bounded; a restart signs everybody out.
Source: RFC 6749 section 4.1; RFC 7636; RFC 9126; RFC 9449 section 10; RFC 9207.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode

from beffroi.access.remembered import Remembered
from beffroi.clock import Clock
from beffroi.outbound.signing_key import base64url

FLOW_S: Final = 600
"""Seconds for somebody to choose an account, and again for a code to be redeemed."""
ENTRIES_MAX: Final = 1_000
_URN: Final = "urn:ietf:params:oauth:request_uri:"
_RANDOM_BYTES: Final = 24


class TokenRefused(Exception):
    """An error of RFC 6749 section 5.2."""

    def __init__(self, error: str, description: str) -> None:
        self.error = error
        self.description = description
        super().__init__(error)


@dataclass(frozen=True, slots=True)
class _Pushed:
    began_s: float
    client: str
    redirect_uri: str
    state: str
    nonce: str
    challenge: str
    key: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody signed in, for one client and one key."""

    account: str
    client: str
    nonce: str
    key: bytes
    at_s: int


@dataclass(slots=True)
class CodeFlow:
    """What is under way. `redirects`: where each client may have a browser sent back."""

    redirects: dict[str, str] = field(default_factory=dict)
    _pushed: Remembered[str, _Pushed] = field(default_factory=lambda: Remembered(ENTRIES_MAX))
    _codes: Remembered[str, tuple[_Pushed, str]] = field(default_factory=lambda: Remembered(ENTRIES_MAX))
    _sessions: Remembered[str, SignedIn] = field(default_factory=lambda: Remembered(ENTRIES_MAX))

    def push(self, client: str, form: Mapping[str, str], clock: Clock) -> str:
        """Takes a client's request; its reference. Raises TokenRefused."""
        if form.get("response_type") != "code" or form.get("code_challenge_method") != "S256":
            raise TokenRefused("invalid_request", "the code flow with PKCE (S256) only")
        if form.get("redirect_uri") != self.redirects.get(client):
            raise TokenRefused("invalid_request", "redirect_uri is not the client's")
        wanted = [form.get(name, "") for name in ("redirect_uri", "state", "nonce", "code_challenge", "dpop_jkt")]
        if not all(wanted):
            raise TokenRefused("invalid_request", "state, nonce, code_challenge and dpop_jkt are required here")
        reference = _URN + _random(clock)
        self._pushed.put(reference, _Pushed(clock.now().timestamp(), client, *wanted))
        return reference

    def asks(self, reference: str) -> str:
        """Which client asks by that reference; empty for none."""
        pushed = self._pushed.get(reference)
        return pushed.client if pushed else ""

    def authorize(self, reference: str, account: str, issuer: str, clock: Clock) -> str:
        """The address to which the browser of whoever chose an account goes back. Raises TokenRefused."""
        pushed = self._pushed.get(reference)
        if pushed is None or clock.now().timestamp() - pushed.began_s > FLOW_S:
            raise TokenRefused("invalid_request", "this page is out of date: go back and sign in again")
        self._pushed.forget(reference)
        answer = {"state": pushed.state, "iss": issuer}
        if account:
            code = _random(clock)
            self._codes.put(code, (pushed, account))
            answer["code"] = code
        else:
            answer["error"] = "access_denied"
        return f"{pushed.redirect_uri}?{urlencode(answer)}"

    def redeem(self, client: str, form: Mapping[str, str], key: bytes, clock: Clock) -> SignedIn:
        """Whose sign-in a code stands for; once. Raises TokenRefused."""
        code = form.get("code", "")
        found = self._codes.get(code)
        self._codes.forget(code)
        refused = TokenRefused("invalid_grant", "this code is not yours, or was used")
        if found is None:
            raise refused
        pushed, account = found
        challenge = base64url(sha256(form.get("code_verifier", "").encode()).digest())
        right = (
            pushed.client == client,
            pushed.redirect_uri == form.get("redirect_uri"),
            hmac.compare_digest(challenge, pushed.challenge),
            hmac.compare_digest(base64url(key), pushed.key),
            clock.now().timestamp() - pushed.began_s <= 2 * FLOW_S,
        )
        if not all(right):
            raise refused
        return SignedIn(account, client, pushed.nonce, key, int(clock.now().timestamp()))

    def keep(self, signed_in: SignedIn, clock: Clock) -> str:
        """A refresh token, for the next tokens of this sign-in."""
        token = _random(clock)
        self._sessions.put(token, signed_in)
        return token

    def renew(self, client: str, token: str, key: bytes) -> SignedIn:
        """Whose sign-in a refresh token goes on with; once. Raises TokenRefused."""
        signed_in = self._sessions.get(token)
        self._sessions.forget(token)
        if signed_in is None or signed_in.client != client or not hmac.compare_digest(signed_in.key, key):
            raise TokenRefused("invalid_grant", "sign in again")
        return signed_in

    def end_all(self, account: str) -> None:
        """Signs an account out everywhere, as a hospital does when somebody leaves."""
        self._sessions.forget_where(lambda one: one.account == account)


def _random(clock: Clock) -> str:
    return base64url(clock.token_bytes(_RANDOM_BYTES))

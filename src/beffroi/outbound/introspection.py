"""Whether an issuer still stands by a token: asked of the issuer itself, for a while, and never taken for granted.

A signed token says what was true when it was made. An issuer that ends a session (Pro Santé Connect at sign-out) says
so by introspection; with it switched on, no token is used longer than `FRESH_S` without the issuer's word, and none
when the issuer cannot be asked.

Source: RFC 7662 (token introspection); ANS, Sécurisation transport (standards 4.2).
"""

from typing import Final

import httpx2
import msgspec

from beffroi.access.rejection import Reason, Rejected
from beffroi.errors import Unavailable, Words
from beffroi.outbound.fetching import FetchFailed, client_for
from beffroi.telemetry import Event, log_failure

FRESH_S: Final = 60.0
"""Seconds during which an answer is believed: for how long a session that was ended can still be used."""
SECONDS_MAX: Final = 3.0
ANSWER_BYTES_MAX: Final = 65_536
_SERVICE: Final = Words("The sign-in service", "Le service d'identification")


class _Answer(msgspec.Struct):
    active: bool
    sub: str = ""


_decode = msgspec.json.Decoder(_Answer).decode


class Introspection:
    """The introspection endpoint of one issuer, asked as a client of its own."""

    def __init__(self, url: str, client_id: str, secret: str) -> None:
        self._url = url
        self._credentials = (client_id, secret)

    async def check(self, token: bytes) -> None:
        """Returns for an active token. Raises `Rejected` for any other, `Unavailable` when the issuer does not say."""
        form = {"token": token.decode("ascii", "replace"), "token_type_hint": "access_token"}
        try:
            async with client_for(self._url, SECONDS_MAX) as client:
                answer = await client.post(self._url, data=form, auth=self._credentials)
            if answer.status_code != httpx2.codes.OK or len(answer.content) > ANSWER_BYTES_MAX:
                raise ValueError("the answer is not 200, or too large")
            active = _decode(answer.content).active
        except (FetchFailed, httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, msgspec.MsgspecError) as failure:
            log_failure(Event.KEYS_FETCH_FAILED, failure)
            raise Unavailable(what=_SERVICE) from None
        if not active:
            raise Rejected(Reason.REVOKED)

"""Security event tokens and logout tokens: signed here, or read and believed only as far as the rules say.

Each kind of token has a type of its own and claims that it must not have, so that none passes for another: a SET has
neither `sub` nor `exp`, a logout token no `nonce`.

Source: RFC 8417 sections 2 and 4; SSF 1.0 sections 4 and 5 (typing, no `sub`, no `exp`, one event); CAEP
Interoperability Profile 1.0 (RS256); OpenID Connect Back-Channel Logout 1.0 sections 2.4 and 2.6.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from beffroi.access.compact import RSA_BITS_MIN, decode_part, is_compact, parts_of
from beffroi.access.issuers import KeySet

SET_BYTES_MAX: Final = 16_384
AGE_S_MAX: Final = 7 * 86_400
"""Seconds: a queue that was away for a weekend is still heard; what is older says nothing about today."""
LOGOUT_AGE_S_MAX: Final = 600
LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
SET_TYPE: Final = "secevent+jwt"
_LOGOUT_TYPES: Final = frozenset({"logout+jwt", "jwt", ""})
_ID_CHARACTERS_MAX: Final = 256


class SetFault(StrEnum):
    """Why a token is not believed, by the codes of RFC 8935 section 2.4."""

    INVALID_REQUEST = "invalid_request"
    INVALID_KEY = "invalid_key"
    INVALID_ISSUER = "invalid_issuer"
    INVALID_AUDIENCE = "invalid_audience"
    AUTHENTICATION_FAILED = "authentication_failed"


class NotBelieved(Exception):
    """A token that is not what it should be."""

    def __init__(self, fault: SetFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class Signer:
    """The key that signs what we tell others."""

    def __init__(self, pem: str) -> None:
        """Of a PEM file: RSA of 2048 bits or more (RS256), or P-256 (ES256). Raises ValueError for anything else."""
        try:
            self._key: RSAKey | ECKey = RSAKey.import_key(pem) if _is_rsa(pem) else ECKey.import_key(pem)
            private = self._key.is_private
            self.algorithm = "RS256" if isinstance(self._key, RSAKey) else "ES256"
            strong = (
                self._key.private_key is not None and self._key.private_key.key_size >= RSA_BITS_MIN
                if isinstance(self._key, RSAKey)
                else self._key.curve_name == "P-256"
            )
        except (JoseError, ValueError, TypeError) as error:
            raise ValueError("not a private key") from error
        if not private or not strong:
            raise ValueError("not a private key that may sign")
        self.name = self._key.thumbprint()

    def public_set(self) -> dict[str, Any]:
        """The key set to publish (RFC 7517)."""
        public = self._key.as_dict(private=False)
        return {"keys": [{**public, "kid": self.name, "alg": self.algorithm, "use": "sig"}]}

    def signed(self, claims: Mapping[str, Any]) -> str:
        """A SET of these claims."""
        header = {"alg": self.algorithm, "typ": SET_TYPE, "kid": self.name}
        return jwt.encode(header, dict(claims), self._key, [self.algorithm])


def _is_rsa(pem: str) -> bool:
    try:
        RSAKey.import_key(pem)
    except (JoseError, ValueError, TypeError):
        return False
    return True


class Read(msgspec.Struct, frozen=True):
    """A token's header and claims, of which nothing is believed yet but what `believed_*` returns."""

    algorithm: str
    key_name: str
    type: str
    claims: dict[str, Any]
    signed: bytes
    signature: bytes

    @property
    def issuer(self) -> str:
        """By whom it says it is."""
        found = self.claims.get("iss")
        return found if isinstance(found, str) else ""


_decode = msgspec.json.Decoder(dict[str, Any]).decode


def read(token: bytes) -> Read:
    """The parts of a token. Raises NotBelieved when it has not the form of a signed JWT."""
    if len(token) > SET_BYTES_MAX or not is_compact(token):
        raise NotBelieved(SetFault.INVALID_REQUEST)
    head, body, signed, signature = parts_of(token)
    try:
        header, claims, raw = _decode(decode_part(head)), _decode(decode_part(body)), decode_part(signature)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        raise NotBelieved(SetFault.INVALID_REQUEST) from None
    names = [header.get(name, "") for name in ("alg", "kid", "typ")]
    if "crit" in header or not all(isinstance(name, str) for name in names):
        raise NotBelieved(SetFault.INVALID_REQUEST)
    kind = names[2].lower().removeprefix("application/")
    return Read(names[0], names[1], kind, claims, signed, raw)


def believed_set(token: Read, keys: KeySet, issuer: str, audience: str, now_s: float) -> dict[str, Any]:
    """The claims of a SET whose type, signature, issuer, audience and time are right, and which has one event.

    Raises NotBelieved.
    """
    if token.type != SET_TYPE:
        raise NotBelieved(SetFault.INVALID_REQUEST)
    claims = _believed(token, keys, issuer, audience, now_s, AGE_S_MAX)
    if "sub" in claims or "exp" in claims or len(claims["events"]) != 1:
        raise NotBelieved(SetFault.INVALID_REQUEST)
    return claims


def believed_logout(
    token: Read, keys: KeySet, issuer: str, audiences: Collection[str], now_s: float
) -> tuple[str, str, str]:
    """(`sub`, `sid`, `jti`) of a logout token that is right; one of the first two may be empty. Raises NotBelieved."""
    if token.type not in _LOGOUT_TYPES:
        raise NotBelieved(SetFault.INVALID_REQUEST)
    given = token.claims.get("aud")
    named = {given} if isinstance(given, str) else set(given) if isinstance(given, list) else set()
    audience = next(iter(sorted(named & set(audiences))), "")
    claims = _believed(token, keys, issuer, audience, now_s, LOGOUT_AGE_S_MAX)
    subject, session = claims.get("sub", ""), claims.get("sid", "")
    expires_s = claims.get("exp", now_s + 1)
    sound = (
        "nonce" not in claims
        and claims["events"].get(LOGOUT_EVENT) is not None
        and isinstance(claims["events"][LOGOUT_EVENT], dict)
        and all(isinstance(name, str) and len(name) <= _ID_CHARACTERS_MAX for name in (subject, session))
        and bool(subject or session)
        and isinstance(expires_s, int | float)
        and expires_s > now_s
    )
    if not sound:
        raise NotBelieved(SetFault.INVALID_REQUEST)
    return subject, session, claims["jti"]


def _believed(token: Read, keys: KeySet, issuer: str, audience: str, now_s: float, age_s_max: int) -> dict[str, Any]:
    """The claims, once everything that both kinds have is right."""
    if token.issuer != issuer:
        raise NotBelieved(SetFault.INVALID_ISSUER)
    key = keys.get((token.key_name, token.algorithm))
    if key is None:
        raise NotBelieved(SetFault.INVALID_KEY)
    if not key.verifies(token.signed, token.signature):
        raise NotBelieved(SetFault.AUTHENTICATION_FAILED)
    claims = token.claims
    given = claims.get("aud")
    if not audience or audience not in ([given] if isinstance(given, str) else given or []):
        raise NotBelieved(SetFault.INVALID_AUDIENCE)
    issued_s, identifier, events = claims.get("iat"), claims.get("jti"), claims.get("events")
    if (
        not isinstance(issued_s, int | float)
        or not now_s - age_s_max <= issued_s <= now_s + 60
        or not isinstance(identifier, str)
        or not 0 < len(identifier) <= _ID_CHARACTERS_MAX
        or not isinstance(events, dict)
        or not events
    ):
        raise NotBelieved(SetFault.INVALID_REQUEST)
    return claims

"""ID tokens: that the sign-in which comes back is the one that this browser began, and how its person is called.

Nothing else is taken from one: who may do what follows from the access token alone (access.tokens).
Source: OpenID Connect Core 1.0 sections 2 and 3.1.3.7; BCP 225 (RFC 8725).
"""

import hmac
from typing import Final

import msgspec

from beffroi.access.compact import decode_part, is_compact, parts_of
from beffroi.access.rejection import Reason, Rejected
from beffroi.access.tokens import TOKEN_BYTES_MAX, Trust

NAME_CHARACTERS_MAX: Final = 120
_ACCESS_TOKENS: Final = frozenset({"at+jwt", "application/at+jwt"})


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str = ""
    typ: str = ""
    crit: msgspec.Raw = msgspec.Raw()


class _Claims(msgspec.Struct, frozen=True):
    iss: str
    sub: str
    aud: str | list[str]
    exp: float
    iat: float
    nonce: str = ""
    azp: str = ""
    given_name: str = ""
    family_name: str = ""
    preferred_username: str = ""


_decode_header = msgspec.json.Decoder(_Header).decode
_decode_claims = msgspec.json.Decoder(_Claims).decode


def name_in(token: bytes, trust: Trust, client_id: str, nonce: str, now_s: float) -> str:
    """How the person is called, once the token is this client's, of this sign-in, signed and in time.

    Raises `Rejected`.
    """
    if len(token) > TOKEN_BYTES_MAX or not is_compact(token):
        raise Rejected(Reason.TOKEN_FORM)
    header_part, claims_part, signed, signature = parts_of(token)
    try:
        header = _decode_header(decode_part(header_part))
        claims = _decode_claims(decode_part(claims_part))
        raw_signature = decode_part(signature)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        raise Rejected(Reason.TOKEN_FORM) from None
    if bytes(header.crit) or header.typ.lower() in _ACCESS_TOKENS:
        raise Rejected(Reason.TOKEN_TYPE)
    key = trust.keys.get((header.kid, header.alg))
    if key is None:
        raise Rejected(Reason.UNKNOWN_KEY)
    if not key.verifies(signed, raw_signature):
        raise Rejected(Reason.SIGNATURE)
    _check(claims, trust, client_id, nonce, now_s)
    name = " ".join(part for part in (claims.given_name, claims.family_name) if part) or claims.preferred_username
    return name[:NAME_CHARACTERS_MAX] if name.isprintable() else ""


def _check(claims: _Claims, trust: Trust, client_id: str, nonce: str, now_s: float) -> None:
    audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    skew_s = trust.issuer.skew_s
    if claims.iss != trust.issuer.issuer:
        raise Rejected(Reason.ISSUER)
    if client_id not in audiences or (len(audiences) > 1 and claims.azp != client_id):
        raise Rejected(Reason.AUDIENCE)
    if not now_s < claims.exp + skew_s:
        raise Rejected(Reason.EXPIRED)
    if not claims.iat <= now_s + skew_s:
        raise Rejected(Reason.NOT_YET)
    if not hmac.compare_digest(claims.nonce.encode(), nonce.encode()):
        raise Rejected(Reason.CLAIMS)

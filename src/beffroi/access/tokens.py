"""Access tokens: who says so, for whom, until when, and in whose hands (JWT in; claims or `Rejected` out).

A token is parsed once, and the bytes that are believed are the bytes whose signature was checked. Two families are
accepted: RFC 9068 (`typ: at+jwt`) and Keycloak's (`typ: JWT` with a claim `typ` of Bearer or DPoP), which Pro Santé
Connect is. An ID token, a refresh token or a logout token is neither.

Source: RFC 7519 section 4.1; RFC 9068 sections 2 and 4; RFC 7800, RFC 8705 section 3.1 and RFC 9449 section 6.1 (cnf);
BCP 225 (RFC 8725); IHE IUA ITI-71 (standards.md section 3.10); ANS, Sécurisation transport (lifetimes; standards.md
section 4.2).
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import msgspec

from beffroi.access.compact import decode_part, is_compact, parts_of
from beffroi.access.issuers import KeySet, TrustedIssuer
from beffroi.access.rejection import Reason, Rejected

TOKEN_BYTES_MAX: Final = 8_192  # HTTP servers and proxies take 8 to 16 KiB of headers in all
LIFETIME_S_MAX: Final = 3_600  # ANS: an API's token lives an hour at most
THUMBPRINT_BYTES: Final = 32
_ACCESS_TYPES: Final = frozenset({"at+jwt", "application/at+jwt"})
_KEYCLOAK_TYPES: Final = frozenset({"Bearer", "DPoP"})


class Confirmation(msgspec.Struct, frozen=True):
    """In whose hands the token is: a key (RFC 9449) or a certificate (RFC 8705), base64url of 32 bytes."""

    jkt: str = ""
    x5t: str = msgspec.field(default="", name="x5t#S256")


class Activity(msgspec.Struct, frozen=True):
    """One place of work, as Pro Santé Connect writes it."""

    numeroFinessSite: str | None = None
    numeroFinessetablissementJuridique: str | None = None
    identifiantTechniqueDeLaStructure: str | None = None


class Practice(msgspec.Struct, frozen=True):
    """One profession that somebody exercises."""

    activities: list[Activity] | None = None


class ProfessionalReference(msgspec.Struct, frozen=True):
    """What the national register knows of a professional."""

    exercices: list[Practice] | None = None


class IuaCoding(msgspec.Struct, frozen=True):
    """A code and its system, as FHIR's Coding."""

    code: str = ""
    system: str = ""


class IuaClaims(msgspec.Struct, frozen=True):
    """What IHE IUA's extension says of who asks, as far as it is used."""

    national_provider_identifier: str = ""
    subject_organization_id: str = ""
    subject_role: list[IuaCoding] = []


class Extensions(msgspec.Struct, frozen=True):
    """Claims of profiles."""

    ihe_iua: IuaClaims | None = None


class Claims(msgspec.Struct, frozen=True):
    """The claims that are used. Any other is not even decoded."""

    iss: str
    aud: str | list[str]
    exp: float
    iat: float
    sub: str = ""
    nbf: float = 0.0
    jti: str = ""
    azp: str = ""
    client_id: str = ""
    scope: str = ""
    acr: str = ""
    auth_time: float = 0.0
    sid: str = ""
    typ: str = ""
    cnf: Confirmation | None = None
    preferred_username: str = ""
    SubjectNameID: str = ""
    SubjectRole: str | list[str] = ""
    SubjectOrganizationID: str = ""
    SubjectRefPro: ProfessionalReference | None = None
    extensions: Extensions | None = None


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str = ""
    typ: str = ""
    crit: msgspec.Raw = msgspec.Raw()


_decode_header = msgspec.json.Decoder(_Header).decode
_decode_claims = msgspec.json.Decoder(Claims).decode
_decode_anything = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A verified token. `digest` is its SHA-256. `key` and `certificate` are thumbprints of 32 bytes; empty when it is
    bound to none. It must not be used after `expires_at_s`, in which the skew is counted."""

    digest: bytes
    claims: Claims
    key: bytes
    certificate: bytes
    expires_at_s: float


@dataclass(frozen=True, slots=True)
class Trust:
    """An issuer and the keys that it publishes now."""

    issuer: TrustedIssuer
    keys: KeySet

    def knows(self, token: "UnverifiedToken") -> bool:
        """Whether the issuer publishes the key that the token names."""
        return (token.key_name, token.algorithm) in self.keys


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """A token of which nothing is believed yet. `issuer` and `key_name` say with whose key to verify it."""

    digest: bytes
    issuer: str
    key_name: str
    algorithm: str
    type: str
    claims: Claims
    payload: bytes
    signed: bytes
    signature: bytes


def read_token(token: bytes, digest: bytes = b"") -> UnverifiedToken:
    """The parts of a token; raises `Rejected` when it has not the form of a signed access token."""
    if len(token) > TOKEN_BYTES_MAX:
        raise Rejected(Reason.TOKEN_SIZE)
    if not is_compact(token):
        raise Rejected(Reason.TOKEN_FORM)
    header_part, claims_part, signed, signature = parts_of(token)
    try:
        header = _decode_header(decode_part(header_part))
        raw_claims, raw_signature = decode_part(claims_part), decode_part(signature)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        raise Rejected(Reason.TOKEN_FORM) from None
    if bytes(header.crit):
        raise Rejected(Reason.TOKEN_FORM)
    try:
        claims = _decode_claims(raw_claims)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Rejected(Reason.CLAIMS) from None
    algorithm = "EdDSA" if header.alg == "Ed25519" else header.alg
    digest = digest or sha256(token).digest()
    return UnverifiedToken(
        digest, claims.iss, header.kid, algorithm, header.typ.lower(), claims, raw_claims, signed, raw_signature
    )


def verify_token(token: UnverifiedToken, trust: Trust, now_s: float) -> AccessToken:
    """The token, once its issuer, type, algorithm, signature, audience, times and binding are right.

    Raises `Rejected`. Only this issuer's keys are tried, whatever number the token names.
    """
    issuer = trust.issuer
    if token.issuer != issuer.issuer:
        raise Rejected(Reason.ISSUER)
    if token.algorithm not in issuer.algorithms:
        raise Rejected(Reason.ALGORITHM)
    if token.type not in _ACCESS_TYPES and not (token.type == "jwt" and token.claims.typ in _KEYCLOAK_TYPES):
        raise Rejected(Reason.TOKEN_TYPE)
    key = trust.keys.get((token.key_name, token.algorithm))
    if key is None:
        raise Rejected(Reason.UNKNOWN_KEY)
    if not key.verifies(token.signed, token.signature):
        raise Rejected(Reason.SIGNATURE)
    claims = _under_other_names(token, issuer)
    audiences = {claims.aud} if isinstance(claims.aud, str) else set(claims.aud)
    if audiences.isdisjoint(issuer.audiences):
        raise Rejected(Reason.AUDIENCE)
    _check_times(claims, now_s, issuer.skew_s)
    holder_key, certificate = _holder(claims.cnf)
    if not holder_key and not certificate and not issuer.bearer_allowed:
        raise Rejected(Reason.BEARER)
    return AccessToken(token.digest, claims, holder_key, certificate, claims.exp + issuer.skew_s)


def _under_other_names(token: UnverifiedToken, issuer: TrustedIssuer) -> Claims:
    """The claims, those that this issuer gives other names included."""
    others = issuer.other_claims
    if not others:
        return token.claims
    try:
        given = _decode_anything(token.payload)
        return msgspec.convert(
            msgspec.to_builtins(token.claims) | {standard: given.get(name, "") for standard, name in others.items()},
            Claims,
        )
    except (msgspec.MsgspecError, RecursionError):
        raise Rejected(Reason.CLAIMS) from None


def _check_times(claims: Claims, now_s: float, skew_s: int) -> None:
    if not now_s < claims.exp + skew_s:
        raise Rejected(Reason.EXPIRED)
    if not max(claims.nbf, claims.iat) <= now_s + skew_s:
        raise Rejected(Reason.NOT_YET)
    if not claims.exp - claims.iat <= LIFETIME_S_MAX:
        raise Rejected(Reason.LIFETIME)


def _holder(confirmation: Confirmation | None) -> tuple[bytes, bytes]:
    """The thumbprints of the holder's key and certificate. A binding of another kind is refused, never overlooked."""
    if confirmation is None:
        return b"", b""
    if not confirmation.jkt and not confirmation.x5t:
        raise Rejected(Reason.CLAIMS)
    return _thumbprint(confirmation.jkt), _thumbprint(confirmation.x5t)


def _thumbprint(text: str) -> bytes:
    """32 bytes, or none when the claim is absent. Another form (base64 of hexadecimal text, say) is refused."""
    if not text:
        return b""
    try:
        thumbprint = decode_part(text.encode())
    except ValueError:
        raise Rejected(Reason.CLAIMS) from None
    if len(thumbprint) != THUMBPRINT_BYTES:
        raise Rejected(Reason.CLAIMS)
    return thumbprint

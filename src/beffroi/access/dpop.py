"""DPoP proofs: that whoever sends a token holds the key to which it is bound, for this very request.

Pure, and on the path of every request, so what does not change from one proof of a client to the next (its header, with
the key) is read once and remembered by its bytes. A proof's single use is not judged here: the gate burns the `Proof`
that is returned, in the transaction that records what the request was shown.

Source: RFC 9449 section 4.3 (the numbered checks), sections 7.1 and 11.1; RFC 3986 section 6.2 (comparing addresses).
"""

import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from beffroi.access.compact import ALGORITHMS, PrivateKeyShown, PublicKey, decode_part, import_key, is_compact, parts_of
from beffroi.access.nonces import Nonces
from beffroi.access.rejection import Reason, Rejected
from beffroi.access.remembered import Remembered
from beffroi.model.disclosure import Proof

PROOF_BYTES_MAX: Final = 4_096  # with an RSA key of 4096 bits a proof has about 2,200
JTI_CHARACTERS_MIN: Final = 16  # 96 bits in base64 (RFC 9449 section 4.2)
JTI_CHARACTERS_MAX: Final = 256
AGE_S_MAX: Final = 60
"""Seconds between `iat` and its arrival, where no nonce proves when the proof was made."""
AHEAD_S_MAX: Final = 10
"""Seconds by which a client's clock may be ahead, where no nonce is asked for."""
DRIFT_S_MAX: Final = 600
"""Seconds by which `iat` may differ from our clock when a nonce, which is ours, proves the time (RFC 9449 section
11.1): a workstation's clock may be wrong by minutes, and nobody shall be kept out by it."""
PROOFS_KEPT_S: Final = DRIFT_S_MAX + 120
"""Seconds after its minute during which a row of `proofs` must stay: no proof of that minute is accepted later."""
KEYS_REMEMBERED_MAX: Final = 20_000  # about 1 KB each
HEADER_REMEMBERED_BYTES_MAX: Final = 1_024  # with a key of P-256 a header has 230, with one of RSA-4096 some 1,000
_TYPE: Final = "dpop+jwt"
_DIGEST_BYTES: Final = 16


class _Header(msgspec.Struct, frozen=True):
    typ: str
    alg: str
    jwk: dict[str, Any]
    crit: msgspec.Raw = msgspec.Raw()


class _Claims(msgspec.Struct, frozen=True):
    jti: str
    htm: str
    htu: str
    iat: float
    ath: str = ""
    nonce: str = ""


_decode_header = msgspec.json.Decoder(_Header).decode
_decode_claims = msgspec.json.Decoder(_Claims).decode


@dataclass(frozen=True, slots=True)
class Request:
    """What a proof must be for. `url` is the address as the client saw it; its query and fragment do not count.

    `token_digest` is the SHA-256 of the access token, `key` the thumbprint to which the token is bound (32 bytes each).
    Both are empty at a token endpoint, where there is no token yet.
    """

    method: str
    url: str
    token_digest: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class Held:
    """A verified proof: the thumbprint of its key (32 bytes), and what the gate must burn."""

    thumbprint: bytes
    proof: Proof


class ProofKeys:
    """The headers of proofs seen lately, with their imported keys."""

    def __init__(self, entries_max: int = KEYS_REMEMBERED_MAX) -> None:
        self._keys = Remembered[bytes, PublicKey](entries_max)

    def __len__(self) -> int:
        return len(self._keys)

    def of(self, header_part: bytes) -> PublicKey:
        """The key of a proof's header (checks 4, 5 and 7); raises `Rejected`."""
        return self._keys.get(header_part) or _read_header(header_part)

    def remember(self, header_part: bytes, key: PublicKey) -> None:
        """Remembers the header of a proof that was right, so that wrong ones push nothing out."""
        if len(header_part) <= HEADER_REMEMBERED_BYTES_MAX:
            self._keys.put(header_part, key)


def _read_header(header_part: bytes) -> PublicKey:
    try:
        header = _decode_header(decode_part(header_part))
    except (ValueError, msgspec.MsgspecError, RecursionError):
        raise Rejected(Reason.PROOF_FORM) from None
    if bytes(header.crit):
        raise Rejected(Reason.PROOF_FORM)
    if header.typ.lower() != _TYPE:
        raise Rejected(Reason.PROOF_TYPE)
    if header.alg not in ALGORITHMS and header.alg != "Ed25519":
        raise Rejected(Reason.PROOF_ALGORITHM)
    try:
        return import_key(header.jwk, header.alg)
    except PrivateKeyShown:
        raise Rejected(Reason.PRIVATE_KEY) from None
    except ValueError:
        raise Rejected(Reason.PROOF_KEY) from None


def verify_proof(proof: bytes, request: Request, now_s: float, keys: ProofKeys, nonces: Nonces | None) -> Held:
    """The holder of the key, once every check of RFC 9449 section 4.3 is passed but the first and single use.

    `nonces`: None where no nonce is asked for. Raises `Rejected`.
    """
    if len(proof) > PROOF_BYTES_MAX:
        raise Rejected(Reason.PROOF_SIZE)
    if not is_compact(proof):
        raise Rejected(Reason.PROOF_FORM)
    header_part, claims_part, signed, signature_part = parts_of(proof)
    key = keys.of(header_part)
    try:
        claims = _decode_claims(decode_part(claims_part))
        signature = decode_part(signature_part)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        raise Rejected(Reason.PROOF_CLAIMS) from None
    _check_claims(claims, request, now_s, nonces)
    if request.key and not hmac.compare_digest(key.thumbprint, request.key):
        raise Rejected(Reason.PROOF_HOLDER)
    # Last, because it costs the most.
    if not key.verifies(signed, signature):
        raise Rejected(Reason.PROOF_SIGNATURE)
    keys.remember(header_part, key)
    digest = sha256(key.thumbprint + claims.jti.encode()).digest()[:_DIGEST_BYTES]
    return Held(key.thumbprint, Proof(digest, int(claims.iat // 60)))


def _check_claims(claims: _Claims, request: Request, now_s: float, nonces: Nonces | None) -> None:
    if not JTI_CHARACTERS_MIN <= len(claims.jti) <= JTI_CHARACTERS_MAX:
        raise Rejected(Reason.PROOF_JTI)
    if claims.htm != request.method:
        raise Rejected(Reason.PROOF_METHOD)
    if not same_address(claims.htu, request.url):
        raise Rejected(Reason.PROOF_URL)
    if request.token_digest and not hmac.compare_digest(claims.ath.encode(), _base64url(request.token_digest)):
        raise Rejected(Reason.PROOF_TOKEN)
    age_s = now_s - claims.iat
    if nonces is None:
        if not -AHEAD_S_MAX <= age_s <= AGE_S_MAX:
            raise Rejected(Reason.PROOF_TIME)
        return
    # The nonce before the time: whoever has a wrong clock is told so only once he has a nonce.
    if not nonces.accepts(claims.nonce, now_s):
        raise Rejected(Reason.NONCE)
    if not -DRIFT_S_MAX <= age_s <= DRIFT_S_MAX:
        raise Rejected(Reason.PROOF_TIME)


def _base64url(digest: bytes) -> bytes:
    return urlsafe_b64encode(digest).rstrip(b"=")


def same_address(htu: str, url: str) -> bool:
    """Whether two addresses name the same resource, apart from query and fragment (RFC 9449 section 4.3, check 9).

    >>> same_address("https://Hie.example:443/fhir/Patient", "https://hie.example/fhir/Patient?birthdate=1985")
    True
    >>> same_address("https://hie.example/fhir/%50atient", "https://hie.example/fhir/Patient")
    True
    >>> same_address("https://hie.example/fhir/Patient/1", "https://hie.example/fhir/Patient/2")
    False
    """
    ours = _without_query(url)
    if htu == ours or _without_query(htu) == ours:
        return True
    theirs = normalise_address(htu)
    return theirs is not None and theirs == normalise_address(ours)


def _without_query(address: str) -> str:
    return address.partition("?")[0].partition("#")[0]


_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def normalise_address(address: str) -> str | None:
    """An http or https address by syntax and scheme (RFC 3986 sections 6.2.2 and 6.2.3); None for anything else.

    Case of scheme and host, default port, escapes of unreserved characters, dot segments, empty path.

    >>> normalise_address("HTTPS://hie.example:443/a/./b/../%7ec?x#y"), normalise_address("urn:a")
    ('https://hie.example/a/~c', None)
    """
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    if not address.isascii() or not address.isprintable() or " " in address:
        return None
    shown_port = "" if port is None or port == _DEFAULT_PORTS[parts.scheme] else f":{port}"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{shown_port}{_remove_dots(_ESCAPE.sub(_unescape, parts.path))}"


def _unescape(match: "re.Match[str]") -> str:
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()


def _remove_dots(path: str) -> str:
    """RFC 3986 section 5.2.4, for an absolute path."""
    kept: list[str] = []
    segments = path.split("/")[1:] or [""]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)

"""The proof that a browser makes with its device's key: with the key in it when it binds a session, without at each
refresh (Device Bound Session Credentials; pure).

Only the browser can make it, and only for this session, since each has a key of its own. What it answers stands in its
`jti`, which is a text of ours (`device_statements`); nothing else that it may claim is believed.

Source: W3C Device Bound Session Credentials (draft of February 2026), "DBSC Proof JWT Syntax"; RFC 7515; RFC 9651.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import msgspec

from beffroi.access.compact import decode_part, import_key, is_compact, parts_of

PROOF_BYTES_MAX: Final = 4_096
CHALLENGE_CHARACTERS_MAX: Final = 256
_TYPE: Final = "dbsc+jwt"
_MEMBERS: Final = {"ES256": ("kty", "crv", "x", "y"), "RS256": ("kty", "n", "e")}
"""The algorithms that browsers have for this, and what of their keys is kept. `none` is another, and no proof."""
ALGORITHMS: Final = tuple(_MEMBERS)


class Fault(Enum):
    """Why a proof is not accepted: a closed vocabulary, for the log."""

    FORM = "form"
    TYPE = "type"
    ALGORITHM = "algorithm"
    KEY = "key"
    SIGNATURE = "signature"
    CHALLENGE = "challenge"  # not ours, for something else, or too old
    AGAIN = "again"  # answered before, or a session that has its key already
    SESSION = "session"  # over, or never there


class NotProved(Exception):
    """A proof that is not accepted."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.value)


class _Header(msgspec.Struct, frozen=True):
    typ: str
    alg: str
    jwk: dict[str, Any] | None = None
    crit: msgspec.Raw = msgspec.Raw()


class _Claims(msgspec.Struct, frozen=True):
    jti: str


_decode_header = msgspec.json.Decoder(_Header).decode
_decode_claims = msgspec.json.Decoder(_Claims).decode
_decode_key = msgspec.json.Decoder(dict[str, str]).decode


@dataclass(frozen=True, slots=True)
class DeviceProof:
    """What came, read and not verified. `challenge`: what it says that it answers."""

    challenge: str
    _header: _Header
    _signed: bytes
    _signature: bytes

    def new_key(self) -> str:
        """The public key that it brings and is signed by, as the JWK that is kept. Raises `NotProved`."""
        jwk, algorithm = self._header.jwk, self._header.alg
        if jwk is None:
            raise NotProved(Fault.KEY)
        self._verify(jwk, algorithm)
        kept = {name: jwk[name] for name in _MEMBERS[algorithm]} | {"alg": algorithm}
        return msgspec.json.encode(kept, order="sorted").decode()

    def check(self, key: str) -> None:
        """Raises `NotProved` unless it is signed by that key, as `new_key` gave it, and brings none of its own."""
        known = _decode_key(key)
        if self._header.jwk is not None:
            raise NotProved(Fault.KEY)
        if self._header.alg != known["alg"]:
            raise NotProved(Fault.ALGORITHM)
        self._verify(known, known["alg"])

    def _verify(self, jwk: dict[str, Any], algorithm: str) -> None:
        try:
            key = import_key(jwk, algorithm)
        except ValueError:
            raise NotProved(Fault.KEY) from None
        if not key.verifies(self._signed, self._signature):
            raise NotProved(Fault.SIGNATURE)


def read_proof(header: str) -> DeviceProof:
    """The proof of a `Secure-Session-Response`, by a string of structured fields or bare, as Chromium sends it.

    Raises `NotProved`.
    """
    proof = sf_string(header).encode("ascii", "replace")
    if len(proof) > PROOF_BYTES_MAX or not is_compact(proof):
        raise NotProved(Fault.FORM)
    header_part, claims_part, signed, signature_part = parts_of(proof)
    try:
        read = _decode_header(decode_part(header_part))
        claims = _decode_claims(decode_part(claims_part))
        signature = decode_part(signature_part)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        raise NotProved(Fault.FORM) from None
    if bytes(read.crit) or len(claims.jti) > CHALLENGE_CHARACTERS_MAX:
        raise NotProved(Fault.FORM)
    if read.typ.lower() != _TYPE:
        raise NotProved(Fault.TYPE)
    if read.alg not in _MEMBERS:
        raise NotProved(Fault.ALGORITHM)
    return DeviceProof(claims.jti, read, signed, signature)


def sf_string(header: str) -> str:
    """The content of a structured field's string, or the text itself where the quotes are missing.

    >>> sf_string('"abc"'), sf_string("abc"), sf_string('"')
    ('abc', 'abc', '"')
    """
    is_quoted = len(header) >= 2 and header[0] == header[-1] == '"'
    return header[1:-1] if is_quoted else header

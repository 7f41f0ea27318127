"""JWS in its compact form, and the public keys that verify one.

Only the four algorithms below exist here: `none` and the shared-secret ones have no way in, and an algorithm is only
ever used with a key of its own type, so that a public key can never be taken for a secret.

Source: RFC 7515 section 3.1, RFC 7518 section 3, RFC 8037, RFC 9864 (Ed25519 by its own name); BCP 225 (RFC 8725).
"""

import binascii
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

ES256: Final = "ES256"
ALGORITHMS: Final = frozenset({ES256, "RS256", "PS256", "EdDSA"})
"""What issuers and proofs may use. `Ed25519` is accepted as another name of EdDSA, which means Ed25519 alone here."""
_TYPE_OF_ALGORITHM: Final = {ES256: "EC", "RS256": "RSA", "PS256": "RSA", "EdDSA": "OKP"}
_MODELS: Final = {name: JWSRegistry.algorithms[name] for name in (ES256, "RS256", "PS256")} | {
    "EdDSA": JWSRegistry.algorithms["Ed25519"]
}
RSA_BITS_MIN: Final = 2048  # BCP 225 section 3.5, RGS B1
RSA_BITS_MAX: Final = 4096  # a larger modulus makes a verification cost milliseconds
_RSA_EXPONENT: Final = "AQAB"  # 65537: a larger one only serves to make verification slow
_COORDINATE_CHARACTERS: Final = 43  # 32 bytes in base64url: P-256 and Ed25519 (RFC 7518 section 6.2.1.2)
_RSA_CHARACTERS: Final = range(342, 684)  # a modulus of 2048 bits to one of 4096, in base64url
_PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_TO_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
_PADDING: Final = (b"", b"!", b"==", b"=")


def is_compact(token: bytes) -> bool:
    """Whether `token` is three parts of base64url characters and nothing else.

    >>> is_compact(b"eyJ9.e30.AA"), is_compact(b"eyJ9.e30.A="), is_compact(b"eyJ9.e30")
    (True, False, False)
    """
    return token.translate(None, _ALPHABET) == b".."


def parts_of(token: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Of a compact form its header, its claims, what is signed of it and its signature, each as it came.

    >>> parts_of(b"eyJ9.e30.AA")
    (b'eyJ9', b'e30', b'eyJ9.e30', b'AA')
    """
    signed, _, signature = token.rpartition(b".")
    header, _, claims = signed.partition(b".")
    return header, claims, signed, signature


def decode_part(part: bytes) -> bytes:
    """The bytes of one base64url part (RFC 7515 section 2: no padding, no other character); raises ValueError.

    >>> decode_part(b"e30"), decode_part(b"_-8")
    (b'{}', b'\\xff\\xef')
    """
    if b"+" in part or b"/" in part:
        raise ValueError("not base64url")
    return binascii.a2b_base64(part.translate(_TO_STANDARD) + _PADDING[len(part) % 4], strict_mode=True)


class PrivateKeyShown(ValueError):
    """A JWK with a private or a secret part, where a public one belongs."""


class PublicKey:
    """A key that verifies signatures of one algorithm. `thumbprint`: 32 bytes (RFC 7638)."""

    __slots__ = ("_key", "_model", "algorithm", "thumbprint")

    def __init__(self, key: Key, algorithm: str) -> None:
        self.algorithm = algorithm
        self.thumbprint = decode_part(key.thumbprint().encode())
        self._key = key
        self._model = _MODELS[algorithm]

    def verifies(self, signed: bytes, signature: bytes) -> bool:
        """Whether `signature` is this key's over `signed` (both raw, ES256 as r and s of 32 bytes each)."""
        try:
            return bool(self._model.verify(signed, signature, self._key))
        except (JoseError, ValueError):
            return False


def import_key(jwk: Mapping[str, Any], algorithm: str) -> PublicKey:
    """The public key of a JWK, for `algorithm` alone.

    Raises PrivateKeyShown when a private part is there, ValueError for anything else that is wrong: another type, a
    point off its curve, an RSA modulus outside 2048 to 4096 bits, a key reserved for another use.
    """
    if not _PRIVATE_MEMBERS.isdisjoint(jwk):
        raise PrivateKeyShown("a private key")
    algorithm = "EdDSA" if algorithm == "Ed25519" else algorithm
    try:
        parts = msgspec.convert(jwk, _Jwk)
        _require(
            parts.kty == _TYPE_OF_ALGORITHM.get(algorithm),
            parts.use in ("", "sig"),
            parts.key_ops is None or "verify" in parts.key_ops,
            parts.alg in ("", algorithm, "Ed25519" if algorithm == "EdDSA" else algorithm),
        )
        return PublicKey(_import(parts), algorithm)
    except (JoseError, ValueError, KeyError, TypeError, OverflowError, NotImplementedError) as error:
        raise ValueError("the key cannot be used") from error


class _Jwk(msgspec.Struct):
    """The members that are looked at; the others are not even decoded."""

    kty: str
    crv: str = ""
    x: str = ""
    y: str = ""
    n: str = ""
    e: str = ""
    use: str = ""
    alg: str = ""
    key_ops: list[str] | None = None


def _import(jwk: _Jwk) -> Key:
    if jwk.kty == "EC":
        _require(jwk.crv == "P-256", _sized(jwk.x), _sized(jwk.y))
        return ECKey.import_key({"kty": "EC", "crv": "P-256", "x": jwk.x, "y": jwk.y})
    if jwk.kty == "OKP":
        _require(jwk.crv == "Ed25519", _sized(jwk.x))
        return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": jwk.x})
    _require(len(jwk.n) in _RSA_CHARACTERS, _base64url(jwk.n), jwk.e == _RSA_EXPONENT)
    key = RSAKey.import_key({"kty": "RSA", "n": jwk.n, "e": _RSA_EXPONENT})
    _require(RSA_BITS_MIN <= key.public_key.key_size <= RSA_BITS_MAX)
    return key


def _sized(coordinate: str) -> bool:
    return len(coordinate) == _COORDINATE_CHARACTERS and _base64url(coordinate)


def _base64url(text: str) -> bool:
    return not text.encode().translate(None, _ALPHABET)


def _require(*conditions: bool) -> None:
    if not all(conditions):
        raise ValueError("a member is out of its bounds")

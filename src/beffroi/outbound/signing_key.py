"""Keys that sign: a client's (DPoP proofs, client assertions), and those of the demonstration's issuer (tokens).

Source: RFC 7515 (compact form), RFC 7518 section 3.4 (ES256), RFC 9449 section 4.2 (proofs), RFC 7523 (assertions).
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from beffroi.clock import Clock

_COORDINATE_BYTES = 32
_JTI_BYTES = 16
_ECDSA = ec.ECDSA(SHA256())
_encode = msgspec.json.Encoder().encode


def base64url(data: bytes) -> str:
    """Without padding (RFC 7515 section 2).

    >>> base64url(b"{}")
    'e30'
    """
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


class SigningKey:
    """A P-256 key. Made at random by whoever runs it, and never written down by this class."""

    def __init__(self, private: ec.EllipticCurvePrivateKey | None = None) -> None:
        self._private = private or ec.generate_private_key(ec.SECP256R1())
        numbers = self._private.public_key().public_numbers()
        x, y = (base64url(value.to_bytes(_COORDINATE_BYTES, "big")) for value in (numbers.x, numbers.y))
        self.jwk: dict[str, str] = {"kty": "EC", "crv": "P-256", "x": x, "y": y}
        self.thumbprint = sha256(_encode({"crv": "P-256", "kty": "EC", "x": x, "y": y})).digest()
        self._proof_header = base64url(_encode({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk}))

    @property
    def private_jwk(self) -> dict[str, str]:
        """With its private part."""
        secret = self._private.private_numbers().private_value
        return self.jwk | {"d": base64url(secret.to_bytes(_COORDINATE_BYTES, "big"))}

    def sign(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        """A JWT by ES256."""
        return self._signed(base64url(_encode(header | {"alg": "ES256"})), claims)

    def proof(self, method: str, url: str, now_s: int, clock: Clock, token: str = "", nonce: str = "") -> str:  # nosec B107
        """A DPoP proof for one request, and for `token` when there is one already."""
        claims = {"jti": base64url(clock.token_bytes(_JTI_BYTES)), "htm": method, "htu": url, "iat": now_s}
        if token:
            claims["ath"] = base64url(sha256(token.encode("ascii")).digest())
        if nonce:
            claims["nonce"] = nonce
        return self._signed(self._proof_header, claims)

    def _signed(self, header_part: str, claims: dict[str, Any]) -> str:
        signed = f"{header_part}.{base64url(_encode(claims))}"
        r, s = decode_dss_signature(self._private.sign(signed.encode("ascii"), _ECDSA))
        raw = r.to_bytes(_COORDINATE_BYTES, "big") + s.to_bytes(_COORDINATE_BYTES, "big")
        return f"{signed}.{base64url(raw)}"


def read_key(jwk: dict[str, str]) -> SigningKey:
    """The key of a private JWK as `private_jwk` gives it."""
    padded = jwk["d"] + "=" * (-len(jwk["d"]) % 4)
    secret = int.from_bytes(urlsafe_b64decode(padded), "big")
    return SigningKey(ec.derive_private_key(secret, ec.SECP256R1()))

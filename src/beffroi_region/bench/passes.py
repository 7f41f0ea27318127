"""Who asks: accounts with real access tokens, each bound to a key of its own, and a fresh signed proof per request.

Proofs are signed before the clock starts: in life they are signed on the professionals' own machines.

Source: RFC 9449 section 4.2 (the proof), RFC 7638 (thumbprint), RFC 7518 section 3.4 (ES256 signatures).
"""

import hashlib
import secrets
import time
from base64 import urlsafe_b64encode

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

FHIR_JSON = "application/fhir+json"
_ES256 = ec.ECDSA(hashes.SHA256())


def base64url(data: bytes) -> bytes:
    """RFC 7515, appendix C: without padding."""
    return urlsafe_b64encode(data).rstrip(b"=")


def signed(key: ec.EllipticCurvePrivateKey, text: bytes) -> bytes:
    """`text` with a full stop and its ES256 signature."""
    r, s = decode_dss_signature(key.sign(text, _ES256))
    return text + b"." + base64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


class Pass:
    """One account's key, and its token once the issuer gave one."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        point = self._key.public_key().public_numbers()
        self.jwk = {
            "crv": "P-256",
            "kty": "EC",
            "x": base64url(point.x.to_bytes(32, "big")).decode(),
            "y": base64url(point.y.to_bytes(32, "big")).decode(),
        }
        # RFC 7638: the required members in alphabetical order, without white space.
        self.thumbprint = base64url(hashlib.sha256(msgspec.json.encode(self.jwk)).digest()).decode()
        self._head = base64url(msgspec.json.encode({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk})) + b"."
        self._token = b""
        self._token_digest = ""

    def give(self, token: bytes) -> None:
        """The access token that goes with every request from now on."""
        self._token = token
        self._token_digest = base64url(hashlib.sha256(token).digest()).decode()

    @property
    def token(self) -> str:
        """The access token given last."""
        return self._token.decode()

    def proof(self, method: str, url: str, nonce: str) -> bytes:
        """A proof for one request, made now. `nonce` is the server's, empty when it gave none."""
        claims = {
            "jti": secrets.token_urlsafe(16),
            "htm": method,
            "htu": url,
            "iat": int(time.time()),
            "ath": self._token_digest,
        }
        if nonce:
            claims["nonce"] = nonce
        return signed(self._key, self._head + base64url(msgspec.json.encode(claims)))

    def request(self, authority: str, path: str, form: bytes, nonce: str, accept: str = FHIR_JSON) -> bytes:
        """A whole POST of a form, as bytes for the wire."""
        proof = self.proof("POST", f"http://{authority}{path}", nonce)
        return b"".join(
            (
                f"POST {path} HTTP/1.1\r\nHost: {authority}\r\nAuthorization: DPoP ".encode(),
                self._token,
                b"\r\nDPoP: ",
                proof,
                f"\r\nAccept: {accept}\r\nContent-Type: application/x-www-form-urlencoded".encode(),
                b"\r\nContent-Length: " + str(len(form)).encode() + b"\r\n\r\n",
                form,
            )
        )

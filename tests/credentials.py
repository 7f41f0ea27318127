"""Tokens, proofs and certificates for tests: right ones, and ones with a flaw."""

import base64
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from beffroi.access.issuers import TrustedIssuer, parse_key_set
from beffroi.access.tokens import Trust
from beffroi.model.account import Role

ISSUER = "https://issuer.example/realms/care"
AUDIENCE = "https://beffroi.example"
DOCTOR_CODE = "10^1.2.250.1.213.1.1.5.5"
NURSE_CODE = "60^1.2.250.1.213.1.1.5.5"
NOW_S = 1_795_510_800  # 24 November 2026, 9:00 UTC: where the tests' clock stands

P256, OTHER_P256 = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")
RSA_2048 = RSAKey.generate_key(2048)
ED25519 = OKPKey.generate_key("Ed25519")
KEY_OF = {"ES256": P256, "RS256": RSA_2048, "PS256": RSA_2048, "Ed25519": ED25519, "EdDSA": ED25519}


def base64url(data: bytes) -> str:
    """Without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(header: dict[str, Any], payload: dict[str, Any] | bytes, key: Key | bytes) -> str:
    """A JWS of any header, however wrong. Bytes as key: an HMAC under them."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    signed = f"{base64url(json.dumps(header).encode())}.{base64url(body)}"
    if isinstance(key, bytes):
        signature = hmac.new(key, signed.encode(), sha256).digest()
    else:
        name = "Ed25519" if header["alg"] == "EdDSA" else header["alg"]
        signature = JWSRegistry.algorithms[name].sign(signed.encode(), key)
    return f"{signed}.{base64url(signature)}"


def unsigned(header: dict[str, Any], payload: dict[str, Any], signature: bytes = b"") -> str:
    """Three parts with any signature."""
    return ".".join(base64url(part) for part in (json.dumps(header).encode(), json.dumps(payload).encode(), signature))


def thumbprint(key: Key) -> str:
    """RFC 7638, base64url."""
    return key.thumbprint()


def public(key: Key, **more: str) -> dict[str, Any]:
    """Its public JWK."""
    return dict(key.as_dict(private=False)) | more


def trusted(**changes: Any) -> TrustedIssuer:
    """The issuer that tests trust."""
    roles = {DOCTOR_CODE: Role.WARD_DOCTOR, NURSE_CODE: Role.WARD_NURSE}
    return TrustedIssuer(**({"issuer": ISSUER, "audiences": frozenset({AUDIENCE}), "roles": roles} | changes))


def trust(*keys: dict[str, Any], **changes: Any) -> Trust:
    """That issuer with its keys: one P-256 key named k1 unless told otherwise."""
    issuer = trusted(**changes)
    document = json.dumps({"keys": list(keys) or [public(P256, kid="k1")]}).encode()
    return Trust(issuer, parse_key_set(document, issuer))


def person_claims(holder: Key | None = OTHER_P256, **changes: Any) -> dict[str, Any]:
    """A doctor of the first hospital, as Pro Santé Connect would put it. A change to None takes the claim away."""
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": NOW_S,
        "exp": NOW_S + 120,
        "jti": "token-1",
        "sub": "f:550e8400-e29b-41d4-a716-446655440000",
        "azp": "dossier-patient",
        "scope": "openid scope_all",
        "acr": "eidas1",
        "auth_time": NOW_S - 60,
        "SubjectNameID": "ANS20261124090000",
        "SubjectRole": [DOCTOR_CODE],
        "SubjectOrganizationID": "F590000001",
        "otherIds": [{"identifiant": "ANS20261124090000", "origine": "EDIT", "qualite": 1}],
    }
    if holder is not None:
        claims["cnf"] = {"jkt": thumbprint(holder)}
    return {name: value for name, value in (claims | changes).items() if value is not None}


def application_claims(client: str = "urgences", **changes: Any) -> dict[str, Any]:
    """A hospital's software, by client_credentials."""
    nobody = dict.fromkeys(("acr", "auth_time", "SubjectNameID", "SubjectRole", "SubjectOrganizationID", "otherIds"))
    return person_claims(**(nobody | {"sub": client, "client_id": client, "azp": client, "scope": ""} | changes))


def token(claims: dict[str, Any], key: Key | bytes = P256, alg: str = "ES256", **header: Any) -> bytes:
    """A signed access token (RFC 9068)."""
    full = {"alg": alg, "typ": "at+jwt", "kid": "k1"} | header
    return sign({name: value for name, value in full.items() if value is not None}, claims, key).encode()


@dataclass
class Proofs:
    """A client that holds a key, and makes proofs with it: right ones, or with changes."""

    key: Key = field(default_factory=lambda: OTHER_P256)
    alg: str = "ES256"
    count: int = 0

    def claims(
        self, method: str, url: str, access_token: bytes = b"", nonce: str = "", **changes: Any
    ) -> dict[str, Any]:
        """The claims of a right proof, but for `changes`; a change to None takes the claim away."""
        self.count += 1
        claims = {"jti": f"{self.count:022d}", "htm": method, "htu": url, "iat": NOW_S}
        claims |= {"ath": base64url(sha256(access_token).digest())} if access_token else {}
        claims |= {"nonce": nonce} if nonce else {}
        return {name: value for name, value in (claims | changes).items() if value is not None}

    def header(self, **changes: Any) -> dict[str, Any]:
        """The header of a right proof, but for `changes`."""
        header = {"typ": "dpop+jwt", "alg": self.alg, "jwk": public(self.key)} | changes
        return {name: value for name, value in header.items() if value is not None}

    def proof(self, method: str, url: str, access_token: bytes = b"", nonce: str = "", **changes: Any) -> bytes:
        """A proof with a right header."""
        return sign(self.header(), self.claims(method, url, access_token, nonce, **changes), self.key).encode()


def certificate(name: str = "client", start: datetime | None = None) -> bytes:
    """A self-signed certificate in DER form, for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = start or datetime.fromtimestamp(NOW_S).astimezone()
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1, start, start + timedelta(days=1))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def client_cert(der: bytes) -> str:
    """RFC 9440's header value."""
    return f":{base64.b64encode(der).decode()}:"

"""A security key in software: makes attestations and assertions as a browser would hand them on (WebAuthn)."""

import json
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

USER_PRESENT, USER_VERIFIED, ATTESTED = 0x01, 0x04, 0x40
_COORDINATE_BYTES = 32


def text(content: bytes) -> str:
    """base64url without padding."""
    return urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass
class SoftwareKey:
    """One key. `verifies`: its user types the PIN; `count`: its signature counter."""

    origin: str = "https://beffroi.test"
    domain: str = "beffroi.test"
    verifies: bool = True
    count: int = 0
    number: bytes = b"a software key"
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def created(self, options: dict[str, Any]) -> dict[str, Any]:
        """RegistrationResponseJSON for creation options."""
        numbers = self.private.public_key().public_numbers()
        x, y = (n.to_bytes(_COORDINATE_BYTES, "big") for n in (numbers.x, numbers.y))
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        attested = bytes(16) + struct.pack(">H", len(self.number)) + self.number + public
        statement = {"fmt": "none", "attStmt": {}, "authData": self._data(ATTESTED) + attested}
        response = {
            "clientDataJSON": text(self._client("webauthn.create", options)),
            "attestationObject": text(cbor2.dumps(statement)),
        }
        return self._credential(response)

    def touched(self, options: dict[str, Any]) -> dict[str, Any]:
        """AuthenticationResponseJSON for request options."""
        self.count += 1
        client, data = self._client("webauthn.get", options), self._data(0)
        signature = self.private.sign(data + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": text(client),
            "authenticatorData": text(data),
            "signature": text(signature),
        }
        return self._credential(response)

    def _credential(self, response: dict[str, str]) -> dict[str, Any]:
        number = text(self.number)
        return {"id": number, "rawId": number, "type": "public-key", "response": response, "clientExtensionResults": {}}

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": self.origin}).encode()

    def _data(self, more: int) -> bytes:
        flags = USER_PRESENT | (USER_VERIFIED if self.verifies else 0) | more
        return sha256(self.domain.encode()).digest() + bytes([flags]) + struct.pack(">I", self.count)


def challenge_in(options: dict[str, Any]) -> bytes:
    """The challenge's bytes."""
    challenge: str = options["challenge"]
    return urlsafe_b64decode(challenge + "=" * (-len(challenge) % 4))

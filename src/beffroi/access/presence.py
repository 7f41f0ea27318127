"""Proof of presence by a security key: what is asked of it, and whether its answer is right (WebAuthn, pure).

A challenge is made for one account, one session and one purpose; it is a keyed digest, so no table holds it, and it is
burnt when it is used. User verification is always required: a touch alone is no proof of who is there.

Source: W3C Web Authentication Level 3, sections 5.4, 5.5, 7.1 and 7.2.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import webauthn
from webauthn.helpers.exceptions import WebAuthnException

from beffroi.access.compact import decode_part
from beffroi.errors import ProofRefused, Words

CHALLENGE_S: Final = 300
"""Seconds for which a challenge serves: somebody has to find their key."""
NONCE_BYTES: Final = 16
_EXPIRY_BYTES: Final = 8
_DIGEST_BYTES: Final = 16
CHALLENGE_BYTES: Final = NONCE_BYTES + _EXPIRY_BYTES + _DIGEST_BYTES
_ALGORITHMS: Final = (-7, -8, -257)  # ES256, EdDSA, RS256
ENROL, PROVE = b"enrol", b"prove"
"""Purposes of a challenge."""

_WRONG = Words("this key's answer is not right", "la réponse de cette clé n'est pas bonne")
_OLD = Words("it took too long, or was for another session: start again", "trop tard, ou autre session : recommencez")


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where keys are used. `domain`: WebAuthn's RP ID; `origins`: the pages that may ask for a touch."""

    domain: str
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A new key: its number, its public key (COSE) and its counter."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


class Challenges:
    """The challenges of one deployment. `key`: 32 bytes (deployment.nonce_key)."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def made(self, whom: tuple[int, bytes], purpose: bytes, nonce: bytes, now_s: int) -> bytes:
        """A challenge for an account and its session key. `nonce`: random."""
        head = nonce + (now_s + CHALLENGE_S).to_bytes(_EXPIRY_BYTES, "big")
        return head + self._digest(head, whom, purpose)

    def expiry_s(self, challenge: bytes, whom: tuple[int, bytes], purpose: bytes, now_s: int) -> int:
        """Until when it serves. Raises `ProofRefused` unless it was made for them and that, and serves still.

        >>> found = Challenges(bytes(32))
        >>> one = found.made((7, bytes(32)), PROVE, bytes(16), 1_000)
        >>> found.expiry_s(one, (7, bytes(32)), PROVE, 1_299)
        1300
        """
        head, digest = challenge[:-_DIGEST_BYTES], challenge[-_DIGEST_BYTES:]
        right = hmac.compare_digest(digest, self._digest(head, whom, purpose))
        expiry_s = int.from_bytes(head[NONCE_BYTES:], "big")
        if len(challenge) != CHALLENGE_BYTES or not right or now_s >= expiry_s:
            raise ProofRefused(why=_OLD)
        return expiry_s

    def _digest(self, head: bytes, whom: tuple[int, bytes], purpose: bytes) -> bytes:
        account, session_key = whom
        message = b"beffroi presence" + purpose + account.to_bytes(8, "big") + session_key + head
        return hmac.new(self._key, message, sha256).digest()[:_DIGEST_BYTES]


def enrolment_options(place: KeyPlace, challenge: str, user: bytes, known: list[str]) -> dict[str, Any]:
    """PublicKeyCredentialCreationOptionsJSON. `user`: an opaque handle; `known`: keys that are enrolled already."""
    name = "Beffroi"
    return {
        "rp": {"id": place.domain, "name": name},
        "user": {"id": _text(user), "name": name, "displayName": name},
        "challenge": challenge,
        "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in _ALGORITHMS],
        "timeout": CHALLENGE_S * 1_000,
        "excludeCredentials": [{"type": "public-key", "id": one} for one in known],
        "authenticatorSelection": {"userVerification": "required", "residentKey": "discouraged"},
        "attestation": "none",
    }


def proof_options(place: KeyPlace, challenge: str, known: list[str]) -> dict[str, Any]:
    """PublicKeyCredentialRequestOptionsJSON for these keys."""
    return {
        "challenge": challenge,
        "rpId": place.domain,
        "timeout": CHALLENGE_S * 1_000,
        "allowCredentials": [{"type": "public-key", "id": one} for one in known],
        "userVerification": "required",
    }


def enrolled(credential: dict[str, Any], challenge: bytes, place: KeyPlace) -> Enrolled:
    """The key of a RegistrationResponseJSON. Raises `ProofRefused`."""
    try:
        found = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=place.domain,
            expected_origin=list(place.origins),
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise ProofRefused(why=_WRONG) from None
    return Enrolled(found.credential_id, found.credential_public_key, found.sign_count)


def proved(credential: dict[str, Any], challenge: bytes, place: KeyPlace, key: Enrolled) -> int:
    """The new counter, after an AuthenticationResponseJSON of this key. Raises `ProofRefused`.

    A counter that does not grow (of a key that counts) is a copy of the key, and refused.
    """
    try:
        found = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=place.domain,
            expected_origin=list(place.origins),
            credential_public_key=key.public_key,
            credential_current_sign_count=key.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise ProofRefused(why=_WRONG) from None
    return found.new_sign_count


def credential_number(credential: dict[str, Any]) -> bytes:
    """Which key a response says that it is of. Raises `ProofRefused`."""
    return _part(credential.get("rawId"))


def challenge_of(credential: dict[str, Any]) -> bytes:
    """The challenge that a response says it answers, not verified yet. Raises `ProofRefused`."""
    try:
        told = webauthn.helpers.parse_client_data_json(_client_data(credential))
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise ProofRefused(why=_WRONG) from None
    return told.challenge


def _client_data(credential: dict[str, Any]) -> bytes:
    response = credential.get("response")
    return _part(response.get("clientDataJSON") if isinstance(response, dict) else None)


def _part(text: object) -> bytes:
    try:
        return decode_part(text.encode()) if isinstance(text, str) else b""
    except ValueError:
        raise ProofRefused(why=_WRONG) from None


def _text(content: bytes) -> str:
    return webauthn.helpers.bytes_to_base64url(content)

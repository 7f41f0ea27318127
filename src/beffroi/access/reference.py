"""Public patient references: the person's number under a secret permutation, so that they cannot be walked.

One AES block over (8 bytes of number, 8 zero bytes): the zeros make a made-up reference detectable. Secrecy of the key
protects against walking only; every reading passes the gate whatever reference it names.

Source: FIPS 197; RFC 4648 section 6 (base32, in lower case, without padding).
"""

from base64 import b32decode, b32encode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from beffroi.model.person import PersonId

REFERENCE_LENGTH = 26
_PADDING = b"\0" * 8


class References:
    """Both directions of the permutation under one 16-byte key."""

    def __init__(self, key: bytes) -> None:
        # ECB over one unique block is a permutation, which is what is wanted here; no message is encrypted.
        cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305  # nosec B305
        self._encrypt = cipher.encryptor().update
        self._decrypt = cipher.decryptor().update

    def of(self, person_id: PersonId) -> str:
        """26 characters.

        >>> References(bytes(16)).of(PersonId(7)) == References(bytes(16)).of(PersonId(8))
        False
        """
        block = self._encrypt(person_id.to_bytes(8, "big") + _PADDING)
        return b32encode(block).decode("ascii")[:REFERENCE_LENGTH].lower()

    def person(self, reference: str) -> PersonId | None:
        """The person's number, or None for anything that this deployment never issued.

        >>> r = References(bytes(16))
        >>> r.person(r.of(PersonId(7))), r.person("a" * 26), r.person("7")
        (7, None, None)
        """
        if len(reference) != REFERENCE_LENGTH:
            return None
        try:
            block = b32decode(reference.upper() + "======")
        except ValueError:
            return None
        plain = self._decrypt(block)
        if plain[8:] != _PADDING or plain[0] & 0x80 or b32encode(block)[:26].decode().lower() != reference:
            return None
        return PersonId(int.from_bytes(plain[:8], "big"))

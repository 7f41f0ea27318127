"""The tree's signed root: a checkpoint is a note of three lines (origin, size, root) with its signatures below.

A note may carry several signatures: during a rotation the old key signs beside the new one, and whoever knows one of
the two can verify. Signatures of unknown keys are left aside, never believed; those of witnesses: see `cosignature`.

Source: C2SP signed-note (keys, IDs, signatures), C2SP tlog-checkpoint; RFC 8032 (Ed25519).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from beffroi.ledger.note import decoded, encoded, key_id, key_text, parsed_key, signature_line, split

ED25519 = b"\x01"
"""The type of signature, as signed-note numbers it."""
SEED_BYTES = 32
KEY_BYTES = 32
SIZE_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key and its name; `text` is how it is given to others."""

    name: str
    public_key: bytes

    def text(self) -> str:
        """NAME+HASH+KEY, as signed-note writes it."""
        return key_text(self.name, ED25519, self.public_key)

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """The key that a text gives. Raises ValueError when it gives none, or when its hash is another's."""
        key = cls(*parsed_key(text.strip(), ED25519, KEY_BYTES))
        if key.text() != text.strip():
            raise ValueError("the hash of the key is not its own")
        return key

    def verifies(self, text: str, signature: bytes) -> bool:
        """Whether this key made the signature (without its hash) of the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and its name. `seed` is the secret; it never shows in a repr."""

    name: str
    seed: bytes = field(repr=False)

    def verifier(self) -> VerifierKey:
        """Its public half."""
        key = Ed25519PrivateKey.from_private_bytes(self.seed)
        return VerifierKey(self.name, key.public_key().public_bytes_raw())

    def secret_text(self) -> str:
        """PRIVATE+KEY+NAME+HASH+KEY, as Go's sumdb/note reads it."""
        return key_text(self.name, ED25519, self.verifier().public_key, self.seed)

    @classmethod
    def parse(cls, text: str) -> "SigningKey":
        """The key that a text gives. Raises ValueError; the message holds nothing of the text."""
        key = cls(*parsed_key(text.strip(), ED25519, SEED_BYTES, secret=True))
        if key.secret_text() != text.strip():
            raise ValueError("the hash of the key is not its own")
        return key

    def signature_line(self, text: str) -> str:
        """The line below a note by which this key signs its text."""
        key = Ed25519PrivateKey.from_private_bytes(self.seed)
        return signature_line(self.name, ED25519, key.public_key().public_bytes_raw(), key.sign(text.encode()))


def signing_keys(text: str) -> tuple[SigningKey, ...]:
    """The keys of a file, one a line; lines that begin with # are comments. Raises ValueError when there is none."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    keys = tuple(SigningKey.parse(line) for line in lines)
    if not keys:
        raise ValueError("no key")
    return keys


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree of `size` leaves of the log `origin` has this root."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """The three lines that are signed.

        >>> Checkpoint("ledger.example", 1, bytes(32)).body()
        'ledger.example\\n1\\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\\n'
        """
        return f"{self.origin}\n{self.size}\n{encoded(self.root)}\n"

    @classmethod
    def parse(cls, body: str) -> "Checkpoint":
        """What a note's text says; extension lines are allowed and left aside. Raises ValueError."""
        lines = body.split("\n")
        if len(lines) < 4 or lines[-1] or not lines[0] or "" in lines[:-1]:
            raise ValueError("not a checkpoint")
        size, root = lines[1], decoded(lines[2])
        if not re.fullmatch(r"0|[1-9][0-9]{0,18}", size, re.ASCII) or int(size) > SIZE_MAX or len(root) != KEY_BYTES:
            raise ValueError("not a checkpoint's size and root")
        return cls(lines[0], int(size), root)


def signed_text(body: str, keys: Sequence[SigningKey]) -> str:
    """The note: a text and a signature by each key."""
    return body + "\n" + "".join(key.signature_line(body) for key in keys)


def signed(checkpoint: Checkpoint, keys: Sequence[SigningKey]) -> str:
    """The note: the checkpoint and a signature by each key."""
    return signed_text(checkpoint.body(), keys)


def opened_text(note: str, keys: Sequence[VerifierKey]) -> str:
    """The text of a note that at least one of the keys signed, with its last line end.

    Raises ValueError when the note is malformed, no known key signed it, or a signature under a known key is wrong.
    """
    body, signatures = split(note)
    by_name = {(key.name, key_id(key.name, ED25519, key.public_key)): key for key in keys}
    known = 0
    for one in signatures:
        key = by_name.get((one.name, one.key_id))
        if key is not None and not key.verifies(body, one.content):
            raise ValueError("a signature under a known key is wrong")
        known += key is not None
    if not known:
        raise ValueError("no known key signed this note")
    return body


def opened(note: str, keys: Sequence[VerifierKey]) -> Checkpoint:
    """The checkpoint of a note that at least one of the keys signed. Raises ValueError as `opened_text` does."""
    return Checkpoint.parse(opened_text(note, keys))

"""The tree's signed root: a checkpoint is a note of three lines (origin, size, root) with its signatures below.

A note may carry several signatures: during a rotation the old key signs beside the new one, and whoever knows one of
the two can verify. Signatures of unknown keys (cosigners) are left aside, never believed.

Source: C2SP signed-note (keys, hashes, signatures), C2SP tlog-checkpoint; RFC 8032 (Ed25519).
"""

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
"""The type of key, as signed-note numbers it."""
SEED_BYTES = 32
KEY_BYTES = 32
SIGNATURES_MAX = 64
"""Lines: our own keys and every witness, with room; a longer note is somebody's mistake."""
NOTE_BYTES_MAX = 65_536
SIZE_MAX = 2**63 - 1
_NAME = re.compile(r"[^\s+]{1,200}")
_SIGNATURE = re.compile(r"— (\S+) ([A-Za-z0-9+/]+={0,2})")


def is_key_name(name: str) -> bool:
    """Whether signed-note allows this name of a key: no white space, no plus.

    >>> is_key_name("ledger.example/region"), is_key_name("a b"), is_key_name("a+b")
    (True, False, False)
    """
    return _NAME.fullmatch(name) is not None


def key_hash(name: str, public_key: bytes) -> bytes:
    """The four bytes by which a signature says whose it is."""
    return sha256(name.encode() + b"\n" + ED25519 + public_key).digest()[:4]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key and its name; `text` is how it is given to others."""

    name: str
    public_key: bytes

    def text(self) -> str:
        """NAME+HASH+KEY, as signed-note writes it."""
        return f"{self.name}+{key_hash(self.name, self.public_key).hex()}+{_base64(ED25519 + self.public_key)}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """The key that a text gives. Raises ValueError when it gives none, or when its hash is another's."""
        parts = text.strip().split("+", 2)
        if len(parts) != 3 or not is_key_name(parts[0]):
            raise ValueError("not a signed-note key")
        data = _decoded(parts[2])
        if data[:1] != ED25519 or len(data) != 1 + KEY_BYTES:
            raise ValueError("not an Ed25519 key of signed-note")
        key = cls(parts[0], data[1:])
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
        known = self.verifier()
        hashed = key_hash(self.name, known.public_key).hex()
        return f"PRIVATE+KEY+{self.name}+{hashed}+{_base64(ED25519 + self.seed)}"

    @classmethod
    def parse(cls, text: str) -> "SigningKey":
        """The key that a text gives. Raises ValueError; the message holds nothing of the text."""
        parts = text.strip().split("+", 4)
        if len(parts) != 5 or parts[:2] != ["PRIVATE", "KEY"] or not is_key_name(parts[2]):
            raise ValueError("not a private key of signed-note")
        data = _decoded(parts[4])
        if data[:1] != ED25519 or len(data) != 1 + SEED_BYTES:
            raise ValueError("not an Ed25519 private key of signed-note")
        key = cls(parts[2], data[1:])
        if key.secret_text() != text.strip():
            raise ValueError("the hash of the key is not its own")
        return key

    def signature_line(self, text: str) -> str:
        """The line below a note by which this key signs its text."""
        key = Ed25519PrivateKey.from_private_bytes(self.seed)
        hashed = key_hash(self.name, key.public_key().public_bytes_raw())
        return f"— {self.name} {_base64(hashed + key.sign(text.encode()))}\n"


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
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"

    @classmethod
    def parse(cls, body: str) -> "Checkpoint":
        """What a note's text says; extension lines are allowed and left aside. Raises ValueError."""
        lines = body.split("\n")
        if len(lines) < 4 or lines[-1] or not lines[0] or "" in lines[:-1]:
            raise ValueError("not a checkpoint")
        size, root = lines[1], _decoded(lines[2])
        if not re.fullmatch(r"0|[1-9][0-9]{0,18}", size, re.ASCII) or int(size) > SIZE_MAX or len(root) != KEY_BYTES:
            raise ValueError("not a checkpoint's size and root")
        return cls(lines[0], int(size), root)


def signed(checkpoint: Checkpoint, keys: Sequence[SigningKey]) -> str:
    """The note: the checkpoint and a signature by each key."""
    body = checkpoint.body()
    return body + "\n" + "".join(key.signature_line(body) for key in keys)


def opened(note: str, keys: Sequence[VerifierKey]) -> Checkpoint:
    """The checkpoint of a note that at least one of the keys signed.

    Raises ValueError when the note is malformed, no known key signed it, or a signature under a known key is wrong.
    """
    if len(note) > NOTE_BYTES_MAX:
        raise ValueError("the note is too long")
    body, blank, signatures = note.rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise ValueError("not a signed note")
    body += "\n"
    lines = signatures[:-1].split("\n")
    if len(lines) > SIGNATURES_MAX:
        raise ValueError("the note has too many signatures")
    by_name = {(key.name, key_hash(key.name, key.public_key)): key for key in keys}
    known = 0
    for line in lines:
        found = _SIGNATURE.fullmatch(line)
        if found is None:
            raise ValueError("a line below the note is no signature")
        blob = _decoded(found[2])
        key = by_name.get((found[1], blob[:4]))
        if key is not None and not key.verifies(body, blob[4:]):
            raise ValueError("a signature under a known key is wrong")
        known += key is not None
    if not known:
        raise ValueError("no known key signed this note")
    return Checkpoint.parse(body)


def _base64(content: bytes) -> str:
    return b64encode(content).decode("ascii")


def _decoded(text: str) -> bytes:
    """The bytes of a base64 text, written in the one way that is right. Raises ValueError."""
    try:
        content = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not base64") from None
    if _base64(content) != text:
        raise ValueError("not base64 as it is written")
    return content

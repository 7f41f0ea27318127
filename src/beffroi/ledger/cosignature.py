"""A witness's signature below a checkpoint: at this time, this was the largest consistent tree that it had seen.

Source: C2SP tlog-cosignature (Ed25519, cosignature/v1), C2SP signed-note.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from beffroi.ledger.checkpoint import KEY_BYTES, SEED_BYTES
from beffroi.ledger.note import Signature, key_id, key_text, parsed_key, signature_line, split

COSIGNATURE_V1 = b"\x04"
"""The type of signature, as signed-note numbers it."""
_TIME_BYTES = 8
_TIME_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class CosignerKey:
    """A witness's public key and its name."""

    name: str
    public_key: bytes

    def text(self) -> str:
        """NAME+HASH+KEY, as signed-note writes it."""
        return key_text(self.name, COSIGNATURE_V1, self.public_key)

    @classmethod
    def parse(cls, text: str) -> "CosignerKey":
        """The key that a text gives. Raises ValueError when it gives none, or when its hash is another's."""
        key = cls(*parsed_key(text.strip(), COSIGNATURE_V1, KEY_BYTES))
        if key.text() != text.strip():
            raise ValueError("the hash of the key is not its own")
        return key

    def claims(self, signature: Signature) -> bool:
        """Whether a signature says that it is this key's."""
        return (signature.name, signature.key_id) == (self.name, key_id(self.name, COSIGNATURE_V1, self.public_key))

    def cosigned_s(self, body: str, signature: Signature) -> int | None:
        """When this key cosigned the text, in seconds since 1970; None when the signature is not its own."""
        at_s = int.from_bytes(signature.content[:_TIME_BYTES], "big")
        if not self.claims(signature) or not 0 < at_s <= _TIME_MAX:
            return None
        try:
            key = Ed25519PublicKey.from_public_bytes(self.public_key)
            key.verify(signature.content[_TIME_BYTES:], cosigned_text(body, at_s))
        except (InvalidSignature, ValueError):
            return None
        return at_s


@dataclass(frozen=True, slots=True)
class CosigningKey:
    """A witness's private key and its name. `seed` is the secret; it never shows in a repr."""

    name: str
    seed: bytes = field(repr=False)

    def verifier(self) -> CosignerKey:
        """Its public half."""
        key = Ed25519PrivateKey.from_private_bytes(self.seed)
        return CosignerKey(self.name, key.public_key().public_bytes_raw())

    def secret_text(self) -> str:
        """PRIVATE+KEY+NAME+HASH+KEY, with the type of cosignatures."""
        return key_text(self.name, COSIGNATURE_V1, self.verifier().public_key, self.seed)

    @classmethod
    def parse(cls, text: str) -> "CosigningKey":
        """The key that a text gives. Raises ValueError; the message holds nothing of the text."""
        key = cls(*parsed_key(text.strip(), COSIGNATURE_V1, SEED_BYTES, secret=True))
        if key.secret_text() != text.strip():
            raise ValueError("the hash of the key is not its own")
        return key

    def signature_line(self, body: str, at_s: int) -> str:
        """The line below a checkpoint by which this witness cosigns its text at a time, in seconds since 1970."""
        key = Ed25519PrivateKey.from_private_bytes(self.seed)
        content = at_s.to_bytes(_TIME_BYTES, "big") + key.sign(cosigned_text(body, at_s))
        return signature_line(self.name, COSIGNATURE_V1, key.public_key().public_bytes_raw(), content)


def cosigned_text(body: str, at_s: int) -> bytes:
    """What is signed: two lines before the whole text of the checkpoint.

    >>> cosigned_text("ledger.example\\n1\\nAAAA\\n", 1679315147).decode().split("\\n")[:3]
    ['cosignature/v1', 'time 1679315147', 'ledger.example']
    """
    return f"cosignature/v1\ntime {at_s}\n{body}".encode()


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A witness's verified word: when, and the line that says it."""

    key: CosignerKey
    at_s: int
    line: str


def cosigned(note: str, keys: Sequence[CosignerKey]) -> tuple[Cosigned, ...]:
    """Who of these witnesses cosigned a checkpoint, each once. Unknown ones are left aside.

    Raises ValueError when the note is malformed or a signature under a known witness's key is wrong.
    """
    body, signatures = split(note)
    found: dict[CosignerKey, Cosigned] = {}
    for one in signatures:
        for key in keys:
            if key.claims(one):
                at_s = key.cosigned_s(body, one)
                if at_s is None:
                    raise ValueError("a signature under a known witness's key is wrong")
                found.setdefault(key, Cosigned(key, at_s, one.line))
    return tuple(found.values())

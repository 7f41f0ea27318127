"""Signed notes: a text, an empty line, and below it signature lines of any number of keys.

What the text says is not known here, nor how a key signs: `checkpoint` and `cosignature` do.

Source: C2SP signed-note (format, key names, key IDs, verifier keys).
"""

import binascii
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256

SIGNATURES_MAX = 64
"""Lines: our own keys and every witness, with room; a longer note is somebody's mistake."""
NOTE_BYTES_MAX = 65_536
KEY_ID_BYTES = 4
_NAME = re.compile(r"[^\s+]{1,200}")
_SIGNATURE = re.compile(r"— (\S+) ([A-Za-z0-9+/]+={0,2})")


@dataclass(frozen=True, slots=True)
class Signature:
    """One line below a note: whose, as it says, and its bytes without the key's ID."""

    name: str
    key_id: bytes
    content: bytes
    line: str


def is_key_name(name: str) -> bool:
    """Whether signed-note allows this name of a key: no white space, no plus.

    >>> is_key_name("ledger.example/region"), is_key_name("a b"), is_key_name("a+b")
    (True, False, False)
    """
    return _NAME.fullmatch(name) is not None


def key_id(name: str, kind: bytes, public_key: bytes) -> bytes:
    """The four bytes by which a signature says whose it is. `kind` is the signature type's byte.

    >>> key_id("ledger.example", b"\\1", bytes(32)).hex()
    'a59de7db'
    """
    return sha256(name.encode() + b"\n" + kind + public_key).digest()[:KEY_ID_BYTES]


def key_text(name: str, kind: bytes, public_key: bytes, secret: bytes = b"") -> str:
    """NAME+ID+KEY as others are given it; with the secret, PRIVATE+KEY+NAME+ID+KEY as Go's sumdb/note reads it."""
    hashed = key_id(name, kind, public_key).hex()
    if secret:
        return f"PRIVATE+KEY+{name}+{hashed}+{encoded(kind + secret)}"
    return f"{name}+{hashed}+{encoded(kind + public_key)}"


def parsed_key(text: str, kind: bytes, size_bytes: int, *, secret: bool = False) -> tuple[str, bytes]:
    """The name and key of such a text. Raises ValueError; the message holds nothing of the text. The ID is not checked.

    Whoever calls writes the key again and compares: only one spelling is right.
    """
    head = "PRIVATE+KEY+" if secret else ""
    if not text.startswith(head):
        raise ValueError("not a private key of signed-note")
    parts = text.removeprefix(head).split("+", 2)
    if len(parts) != 3 or not is_key_name(parts[0]):
        raise ValueError("not a signed-note key")
    data = decoded(parts[2])
    if data[:1] != kind or len(data) != 1 + size_bytes:
        raise ValueError("not a key of this type")
    return parts[0], data[1:]


def split(note: str) -> tuple[str, list[Signature]]:
    """The text that is signed (with its last line end), and the signatures. Raises ValueError when it is no note."""
    if len(note) > NOTE_BYTES_MAX:
        raise ValueError("the note is too long")
    body, blank, below = note.rpartition("\n\n")
    if not blank or not below.endswith("\n"):
        raise ValueError("not a signed note")
    lines = below[:-1].split("\n")
    if len(lines) > SIGNATURES_MAX:
        raise ValueError("the note has too many signatures")
    return body + "\n", [signature(line) for line in lines]


def signature(line: str) -> Signature:
    """What a signature line says. Raises ValueError when it is none."""
    found = _SIGNATURE.fullmatch(line)
    if found is None:
        raise ValueError("a line below the note is no signature")
    blob = decoded(found[2])
    return Signature(found[1], blob[:KEY_ID_BYTES], blob[KEY_ID_BYTES:], line + "\n")


def signature_line(name: str, kind: bytes, public_key: bytes, content: bytes) -> str:
    """The line below a note, with its line end."""
    return f"— {name} {encoded(key_id(name, kind, public_key) + content)}\n"


def encoded(content: bytes) -> str:
    """Base64.

    >>> encoded(b"\\0\\1")
    'AAE='
    """
    return b64encode(content).decode("ascii")


def decoded(text: str) -> bytes:
    """The bytes of a base64 text, written in the one way that is right. Raises ValueError."""
    try:
        content = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not base64") from None
    if encoded(content) != text:
        raise ValueError("not base64 as it is written")
    return content

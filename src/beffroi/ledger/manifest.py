"""What an archived segment is made of: a signed note that ties its files to the tree and to the segment before.

A segment holds the disclosures of a contiguous range of leaves. Its manifest names each file with its SHA-256, the
checkpoint under which the range was sealed, and the SHA-256 of the manifest before: so that no segment can be left out,
exchanged or changed without its signature or the chain telling.

Source: docs/reference/archive.md; C2SP signed-note.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from beffroi.ledger.checkpoint import Checkpoint, SigningKey, VerifierKey, opened_text, signed_text
from beffroi.ledger.note import decoded, encoded

FORMAT = "beffroi-archive/1"
BY_ACCOUNT, BY_PATIENT = "by-account", "by-patient"
ORDERS = (BY_ACCOUNT, BY_PATIENT)
NONE_BEFORE = bytes(32)
"""What the first segment has in the place of the manifest before."""
_NUMBER = r"(0|[1-9][0-9]{0,18})"
_HASH = r"([0-9a-f]{64})"
_FILE = re.compile(rf"file ({'|'.join(ORDERS)}) (\S+) {_NUMBER} {_NUMBER} {_NUMBER} {_NUMBER} {_HASH}", re.ASCII)
_SEGMENT = re.compile(rf"segment {_NUMBER}", re.ASCII)
_LEAVES = re.compile(rf"leaves {_NUMBER} {_NUMBER}", re.ASCII)
_TIMES = re.compile(rf"times {_NUMBER} {_NUMBER}", re.ASCII)
_PREVIOUS = re.compile(rf"previous {_HASH}", re.ASCII)
_CHECKPOINT = re.compile(rf"checkpoint {_NUMBER} (\S+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """One file: its order, name, size, rows, and the smallest and largest account or person that it holds."""

    order: str
    name: str
    size_bytes: int
    rows: int
    least: int
    greatest: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Manifest:
    """Segment `number`: the leaves `first` to before `end`, recorded from `first_us` to `last_us` (both included)."""

    origin: str
    number: int
    first: int
    end: int
    first_us: int
    last_us: int
    previous: bytes
    checkpoint: Checkpoint
    files: tuple[ArchivedFile, ...]

    def file(self, order: str) -> ArchivedFile:
        """The file of one order."""
        return next(one for one in self.files if one.order == order)

    def body(self) -> str:
        """The lines that are signed."""
        lines = [
            FORMAT,
            self.origin,
            f"segment {self.number}",
            f"leaves {self.first} {self.end}",
            f"times {self.first_us} {self.last_us}",
            f"previous {self.previous.hex()}",
            f"checkpoint {self.checkpoint.size} {encoded(self.checkpoint.root)}",
            *(
                f"file {f.order} {f.name} {f.size_bytes} {f.rows} {f.least} {f.greatest} {f.sha256.hex()}"
                for f in self.files
            ),
        ]
        return "\n".join(lines) + "\n"

    @classmethod
    def parse(cls, body: str) -> "Manifest":
        """What the lines say. Raises ValueError for anything that `body` would not write in the same way."""
        lines = body.split("\n")
        if len(lines) != 8 + len(ORDERS) or lines[0] != FORMAT or lines[-1]:
            raise ValueError("not a manifest")
        (number,), (first, end), (first_us, last_us) = (
            _found(pattern, line) for pattern, line in zip((_SEGMENT, _LEAVES, _TIMES), lines[2:5], strict=True)
        )
        (previous,), (size, root) = _found(_PREVIOUS, lines[5]), _found(_CHECKPOINT, lines[6])
        manifest = cls(
            lines[1],
            int(number),
            int(first),
            int(end),
            int(first_us),
            int(last_us),
            bytes.fromhex(previous),
            Checkpoint(lines[1], int(size), decoded(root)),
            tuple(_file(line) for line in lines[7:-1]),
        )
        if manifest.body() != body or tuple(one.order for one in manifest.files) != ORDERS:
            raise ValueError("not a manifest as it is written")
        if not manifest.first < manifest.end <= manifest.checkpoint.size:
            raise ValueError("a manifest of other leaves than its checkpoint's")
        return manifest

    @classmethod
    def of_note(cls, note: str) -> "Manifest":
        """What a note says, whoever signed it (`opened_manifest` asks that). Raises ValueError."""
        return cls.parse(_signed_lines(note))


def signed_manifest(manifest: Manifest, keys: Sequence[SigningKey]) -> str:
    """The note: the manifest and a signature by each key."""
    return signed_text(manifest.body(), keys)


def opened_manifest(note: str, keys: Sequence[VerifierKey]) -> Manifest:
    """The manifest of a note that at least one of the keys signed. Raises ValueError."""
    return Manifest.parse(opened_text(note, keys))


def manifest_hash(note: str) -> bytes:
    """By which the next manifest names this one: of the signed lines, so that a key more or less changes nothing."""
    return sha256(_signed_lines(note).encode()).digest()


def _signed_lines(note: str) -> str:
    return note.rpartition("\n\n")[0] + "\n"


def _found(pattern: re.Pattern[str], line: str) -> tuple[str, ...]:
    found = pattern.fullmatch(line)
    if found is None:
        raise ValueError("not a manifest's line")
    return found.groups()


def _file(line: str) -> ArchivedFile:
    order, name, size_bytes, rows, least, greatest, digest = _found(_FILE, line)
    return ArchivedFile(order, name, int(size_bytes), int(rows), int(least), int(greatest), bytes.fromhex(digest))

"""A file that is imported: read once with its digest, and the list of what was refused of it."""

import csv
import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from beffroi.errors import unreadable, unwritable
from beffroi.store.imports import Reject

CHUNK_BYTES = 1024 * 1024


class HashedFile:
    """A file read once, with the digest of what was read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hash = hashlib.sha256()
        self.done_bytes = 0
        self.total_bytes = path.stat().st_size

    def chunks(self) -> Iterator[bytes]:
        """The whole content."""
        with self._path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                self._hash.update(chunk)
                self.done_bytes += len(chunk)
                yield chunk

    def digest(self) -> bytes:
        """Of what was read so far."""
        return self._hash.digest()


def file_digest(path: Path) -> bytes:
    """The SHA-256 of a file. Raises OperatorError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise unreadable("The file", error) from error


def write_rejects(path: Path, rejects: Sequence[Reject]) -> None:
    """Replaces `path` as a whole: nobody reads half of it. Raises OperatorError when it cannot be written."""
    try:
        _write_rejects(path, rejects)
    except OSError as error:
        raise unwritable(path, error) from error


def _write_rejects(path: Path, rejects: Sequence[Reject]) -> None:
    partial = path.with_name(path.name + ".partial")
    with open(partial, "w", newline="", encoding="utf-8", opener=lambda p, flags: os.open(p, flags, 0o600)) as file:
        writer = csv.writer(file)
        writer.writerow(("line", "reason"))
        writer.writerows((reject.line_number, reject.reason) for reject in rejects)
    partial.replace(path)

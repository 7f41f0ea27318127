"""Where archived files lie: a folder, or a bucket of S3-compatible storage. Files appear whole or not at all.

A name is made of the content's digest, so a file is never written over by another one. pyarrow is imported when a
bucket is opened: never by a process that serves.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import msgspec

CHUNK_BYTES = 1 << 20


class Location(msgspec.Struct, frozen=True, omit_defaults=True):
    """A folder, or (with `bucket`) a bucket with a prefix at an endpoint (empty: AWS)."""

    folder: str = ""
    bucket: str = ""
    prefix: str = ""
    endpoint: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = ""


class ArchivePlace(Protocol):
    """What is done with files. Names have no folder; all methods block."""

    def put(self, source: Path, name: str) -> None: ...

    def reading(self, name: str) -> "Any": ...

    def names(self) -> set[str]: ...

    def delete(self, name: str) -> None: ...

    def source(self, names: list[str]) -> Any: ...


class Folder:
    """A local folder; durable once `put` or `delete` returns."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def put(self, source: Path, name: str) -> None:
        """Copies, flushes to the disk, and only then gives the file its name."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self._folder / f".{name}.{os.getpid()}"
        with source.open("rb") as reading, partial.open("wb") as writing:
            shutil.copyfileobj(reading, writing, CHUNK_BYTES)
            writing.flush()
            os.fsync(writing.fileno())
        partial.chmod(0o600)
        partial.rename(self._folder / name)
        self._flush()

    @contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        """The file, to be read. Raises OSError when it is not there."""
        with (self._folder / name).open("rb") as file:
            yield file

    def names(self) -> set[str]:
        """Every file that is whole; parts that a killed process left behind are taken away."""
        if not self._folder.is_dir():
            return set()
        for left in self._folder.glob(".*"):
            left.unlink(missing_ok=True)
        return {path.name for path in self._folder.iterdir() if path.is_file()}

    def delete(self, name: str) -> None:
        """Takes a file away for good; one that is not there is no error."""
        (self._folder / name).unlink(missing_ok=True)
        self._flush()

    def _flush(self) -> None:
        """Which names there are, to the disk."""
        if not self._folder.is_dir():
            return
        opened = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)

    def source(self, names: list[str]) -> list[str]:
        """For a query engine: paths."""
        return [str(self._folder / name) for name in names]


class Bucket:
    """S3-compatible storage. An object is there whole once its upload ended, and not before."""

    def __init__(self, location: Location) -> None:
        from pyarrow import fs

        plain = location.endpoint.startswith("http://")
        self._files: Any = fs.S3FileSystem(
            access_key=location.access_key or None,
            secret_key=location.secret_key or None,
            region=location.region or "us-east-1",
            endpoint_override=location.endpoint.partition("://")[2] or None,
            scheme="http" if plain else "https",
        )
        self._base = "/".join(part for part in (location.bucket, location.prefix.strip("/")) if part)

    def put(self, source: Path, name: str) -> None:
        """Uploads."""
        with source.open("rb") as reading, self._files.open_output_stream(f"{self._base}/{name}") as writing:
            shutil.copyfileobj(reading, writing, CHUNK_BYTES)

    @contextmanager
    def reading(self, name: str) -> Iterator[Any]:
        """The object, to be read. Raises OSError when it is not there."""
        with self._files.open_input_stream(f"{self._base}/{name}") as stream:
            yield stream

    def names(self) -> set[str]:
        """Every object below the prefix."""
        from pyarrow import fs

        found = self._files.get_file_info(fs.FileSelector(self._base, allow_not_found=True))
        return {one.base_name for one in found if one.is_file}

    def delete(self, name: str) -> None:
        """Takes an object away; one that is not there is no error."""
        if self._files.get_file_info(f"{self._base}/{name}").is_file:
            self._files.delete_file(f"{self._base}/{name}")

    def source(self, names: list[str]) -> Any:
        """For a query engine: a data set that reads what it needs of each object."""
        from pyarrow import dataset

        return dataset.dataset([f"{self._base}/{name}" for name in names], filesystem=self._files)


def place_at(location: Location) -> ArchivePlace:
    """The place of a location."""
    return Bucket(location) if location.bucket else Folder(location.folder)


def digest_of(place: ArchivePlace, name: str) -> tuple[int, bytes]:
    """The size in bytes and the SHA-256 of a file as it lies there. Raises OSError."""
    hashed, size_bytes = sha256(), 0
    with place.reading(name) as file:
        while chunk := file.read(CHUNK_BYTES):
            hashed.update(chunk)
            size_bytes += len(chunk)
    return size_bytes, hashed.digest()


def is_file_of(segment: int, name: str) -> bool:
    """Whether a name is that of a segment's rows; its manifest is not.

    >>> is_file_of(3, "000003-by-account-00.parquet"), is_file_of(3, "000003-manifest-00.txt")
    (True, False)
    """
    return name.startswith(f"{segment:06d}-") and name.endswith(".parquet")

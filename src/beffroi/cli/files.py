"""Files that a command is named: read whole up to a limit, or made anew, with troubles in words."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from beffroi.errors import OperatorError, unreadable, unwritable

OWNER_ALONE = 0o600
EVERYBODY_READS = 0o644


def content_of(path: Path, bytes_max: int) -> bytes:
    """What a file holds. Raises OperatorError when it cannot be read or is larger."""
    try:
        with path.open("rb") as file:
            content = file.read(bytes_max + 1)
    except OSError as error:
        raise unreadable(path, error) from None
    if len(content) > bytes_max:
        raise OperatorError(f"{path} is too large.", f"{path} est trop grand.")
    return content


def text_of(path: Path, bytes_max: int) -> str:
    """The same, of a file of text in UTF-8."""
    try:
        return content_of(path, bytes_max).decode()
    except UnicodeDecodeError as error:
        raise unreadable(path, error) from None


def write_new(path: Path, content: bytes, mode: int = OWNER_ALONE) -> None:
    """Makes a file, durably and never over another one. Raises OperatorError; then nothing of it is left."""
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    except OSError as error:
        raise unwritable(path, error) from None
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise unwritable(path, error) from None


@contextmanager
def new_folder(folder: Path) -> Iterator[None]:
    """A folder for its owner alone, made before anything is asked for: what may be had once is not used up for one that
    exists already. It goes again when nothing came of it. Raises OperatorError when it exists or cannot be made."""
    try:
        folder.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise unwritable(folder, error) from None
    try:
        yield
    except BaseException:
        with suppress(OSError):
            folder.rmdir()
        raise


def write_files(files: Mapping[str, bytes], folder: Path) -> None:
    """Writes them into a folder that is there. Raises OperatorError when one exists or cannot be made."""
    for name, content in files.items():
        write_new(folder / name, content)

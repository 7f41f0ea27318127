"""A running deployment's own folder: its copy of the configuration, its counters, its children's state. Private.

A supervisor that is killed cannot take its folder away, so the next start does: a folder whose lock is free belongs to
nobody any more. The lock is inherited by the children, who use the folder a little longer than their parent.

Source: flock(2): a lock belongs to the open file, and ends with the last process that has it.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PREFIX = "beffroi-run-"
_LOCK = "lock"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder, and the open file of its lock for the children to inherit."""

    path: Path
    lock: int


@contextmanager
def run_folder() -> Iterator[RunFolder]:
    """A new folder while the block runs; those of the dead are taken away first."""
    remove_left_behind(Path(tempfile.gettempdir()))
    path = Path(tempfile.mkdtemp(prefix=PREFIX))
    making = path / f"{_LOCK}.new"
    lock = os.open(making, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        making.rename(path / _LOCK)  # it appears under its name once it is held
        yield RunFolder(path, lock)
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def remove_left_behind(parent: Path) -> None:
    """Takes away our own folders that nobody holds. One that is being made has no lock yet, and stays."""
    for path in parent.glob(f"{PREFIX}*"):
        try:
            if path.lstat().st_uid != os.geteuid() or path.is_symlink():
                continue
            lock = os.open(path / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
        except OSError:
            pass  # somebody lives there
        finally:
            os.close(lock)

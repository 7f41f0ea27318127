"""A lock that the system takes back when its holder ends, however that is.

Source: flock(2): a lock belongs to the open file.
"""

import fcntl
import os
from pathlib import Path

from beffroi.errors import OperatorError


class FileLock:
    """An advisory lock on a file: it ends with this process at the latest."""

    def __init__(self, path: Path) -> None:
        try:
            self.file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except PermissionError:
            raise OperatorError(
                f"{path} belongs to another user: name another data directory.",
                f"{path} appartient à un autre utilisateur : indiquez un autre dossier de données.",
            ) from None

    def take(self, how: int) -> bool:
        """False when `how` has LOCK_NB and somebody else holds it."""
        try:
            fcntl.flock(self.file, how)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Gives the lock up."""
        os.close(self.file)

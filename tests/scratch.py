"""Where tests put databases: in memory where the machine has room, since a test's durability ends with the test."""

import os
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
MEMORY_FREE_BYTES_MIN = 4 * 2**30  # a run's databases and their write-ahead log stay below two


def scratch_root() -> Path:
    """The folder below which to make folders that the database server's account can reach."""
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK | os.X_OK):
        room = os.statvfs(MEMORY)
        if room.f_bavail * room.f_frsize >= MEMORY_FREE_BYTES_MIN:
            return MEMORY
    return Path(tempfile.gettempdir())

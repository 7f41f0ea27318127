"""Where an embedded server's files go: data that its account can reach, and a socket with a short path.

Source: unix(7) for the length of a socket's path; file-hierarchy(7) for /var/lib, /run and XDG_RUNTIME_DIR.
"""

import hashlib
import os
import stat
from pathlib import Path

from beffroi.errors import OperatorError
from beffroi.store import keeper
from beffroi.store.os_account import Account

SYSTEM_FOLDER = Path("/var/lib/beffroi")
SHORT_FOLDER = Path("/tmp")  # noqa: S108  # nosec B108
"""For the socket when nothing better is short: a folder of mode 0700 goes into it, its owner checked."""
SOCKET_FOLDER_BYTES_MAX = 107 - len(f"/{keeper.SOCKET_NAME}")  # sun_path is 108 bytes with its zero: unix(7)


def reachable(data_dir: Path, account: Account) -> Path:
    """`data_dir`, its parents made when missing, or a folder of its own under /var/lib/beffroi when out of reach."""
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    if account.may_enter(data_dir.parent):
        return data_dir
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    return system_folder() / f"{data_dir.name}-{digest}"


def system_folder() -> Path:
    """The folder for what the server's account could not reach elsewhere; made when missing. For root only."""
    SYSTEM_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
    return SYSTEM_FOLDER


def socket_folder(data_dir: Path, account: Account) -> Path:
    """A short private folder for the server's socket, always the same for one data directory."""
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    base = SHORT_FOLDER
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if account.switch and Path("/run").is_dir():
        base = Path("/run")
    elif not account.switch and runtime.startswith("/") and os.access(runtime, os.W_OK | os.X_OK):
        base = Path(runtime)
    folder = base / f"beffroi-{account.uid}-{digest}"
    if len(os.fsencode(folder)) > SOCKET_FOLDER_BYTES_MAX:
        folder = SHORT_FOLDER / folder.name
    try:
        folder.mkdir(mode=0o700)
        account.give(folder)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or found.st_mode & 0o077:
            raise OperatorError(
                f"{folder} is not a private folder of {account.name}: remove it.",
                f"{folder} n'est pas un dossier privé de {account.name} : supprimez-le.",
            ) from None
    return folder

"""What a data directory says about the server that runs on it, or ran: its major version, its process, its state.

Source: PostgreSQL's pidfile.h (the lines of postmaster.pid); PostgreSQL 15 manual, chapter 19.5 (signals).
"""

import os
import signal
import subprocess
import time
from pathlib import Path

from beffroi.errors import OperatorError
from beffroi.store import keeper

POLL_S = 0.01


def major(data_dir: Path) -> int | None:
    """The major version that a data directory belongs to; None when there is none yet."""
    try:
        return int((data_dir / "PG_VERSION").read_text(encoding="ascii"))
    except FileNotFoundError:
        return None


def pid_file(data_dir: Path) -> list[str]:
    """The lines of postmaster.pid: 1 process, 5 socket folder, 8 status (pidfile.h); empty when there is none."""
    try:
        return (data_dir / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def server_pid(data_dir: Path) -> int | None:
    """The postmaster's process number, as it wrote it down; None after a clean stop."""
    return _pid(pid_file(data_dir))


def _pid(lines: list[str]) -> int | None:
    return int(lines[0]) if lines and lines[0].isdigit() else None


def is_server(pid: int, data_dir: Path) -> bool:
    """Whether a process is the PostgreSQL of `data_dir`: after a restart of the machine its number may be anybody's."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # not Linux, or gone meanwhile
        command = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False).stdout
    return b"postgres" in command and os.fsencode(data_dir) in command


def end_orphan(data_dir: Path, lock_file: Path) -> None:
    """Stops a server that lost its keeper, and forgets one that is dead and whose number now is another program's."""
    try:
        pid = _pid(lock_file.read_text(encoding="utf-8").splitlines())
    except FileNotFoundError:
        return
    if pid is None:
        return
    if not is_server(pid, data_dir):
        lock_file.unlink(missing_ok=True)
        return
    for signal_number, patience_s in (
        (signal.SIGINT, keeper.FAST_SHUTDOWN_S),
        (signal.SIGQUIT, keeper.IMMEDIATE_SHUTDOWN_S),
    ):
        os.kill(pid, signal_number)
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if not is_server(pid, data_dir):
                return
            time.sleep(POLL_S)
    raise OperatorError(
        f"The PostgreSQL with the process number {pid} holds {lock_file} and does not stop.",
        f"Le PostgreSQL de numéro de processus {pid} tient {lock_file} et ne s'arrête pas.",
    )

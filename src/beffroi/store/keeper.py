"""Keeps one embedded PostgreSQL for as long as somebody uses it, then stops it. Run as a program of its own.

Every user of the server holds a shared lock on the users file. The keeper asks for the exclusive one: it gets it when
the last user has gone, however that user ended, and stops the server. It holds the keeper file's lock (inherited from
whoever started it) while the server lives. When the keeper itself is killed, Linux stops the server (PDEATHSIG).
Only the standard library, so that it starts in a few hundredths of a second.

Source: flock(2): a lock belongs to the open file and ends with it; PostgreSQL 15 manual, chapter 19.5 (signals).
"""

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
from types import FrameType

FAST_SHUTDOWN_S = 60  # a checkpoint of all memory to a slow disk
IMMEDIATE_SHUTDOWN_S = 10  # no checkpoint: the next start recovers
TICK_S = 1  # a server's end that came just before the wait is seen one tick later
PR_SET_PDEATHSIG = 1
SOCKET_NAME = ".s.PGSQL.5432"


class WaitEnded(Exception):
    """The server has ended, or the keeper was asked to end it."""


def before_exec() -> None:
    """Called in the child, after its user was changed (which would clear it): a fast shutdown when the keeper dies."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)


def start(
    command: list[str], environment: dict[str, str], uid: int | None, gid: int | None
) -> "subprocess.Popen[bytes]":
    """The server's process, in a session of its own, so that Ctrl-C in the terminal reaches us alone."""
    return subprocess.Popen(
        command,
        env=environment,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        stderr=sys.stderr,
        start_new_session=True,
        preexec_fn=before_exec,  # safe: this program has one thread
        user=uid,
        group=gid,
        extra_groups=None if uid is None else [],
    )


def stop(server: "subprocess.Popen[bytes]") -> None:
    """Fast shutdown; immediate when that takes too long; then by force."""
    for signal_number, patience_s in ((signal.SIGINT, FAST_SHUTDOWN_S), (signal.SIGQUIT, IMMEDIATE_SHUTDOWN_S)):
        server.send_signal(signal_number)
        try:
            server.wait(patience_s)
            return
        except subprocess.TimeoutExpired:
            continue
    server.kill()
    server.wait()


def wait_until_unused(users_file: int, server: "subprocess.Popen[bytes]") -> None:
    """Returns when nobody uses the server any more, or when the server or the keeper is to end."""

    def on_child(_number: int, _frame: FrameType | None) -> None:
        if server.poll() is not None:
            raise WaitEnded

    def on_terminate(_number: int, _frame: FrameType | None) -> None:
        raise WaitEnded

    try:
        signal.signal(signal.SIGCHLD, on_child)
        signal.signal(signal.SIGALRM, on_child)
        signal.signal(signal.SIGTERM, on_terminate)
        signal.setitimer(signal.ITIMER_REAL, TICK_S, TICK_S)
        fcntl.flock(users_file, fcntl.LOCK_EX)
    except WaitEnded:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number in (signal.SIGCHLD, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def clear(socket_folder: str) -> None:
    """Takes the ended server's socket and its folder away; what is not there, or not empty, stays as it is."""
    for remove, path in (
        (os.unlink, os.path.join(socket_folder, SOCKET_NAME)),
        (os.unlink, os.path.join(socket_folder, f"{SOCKET_NAME}.lock")),
        (os.rmdir, socket_folder),
    ):
        with contextlib.suppress(OSError):
            remove(path)


def main() -> int:
    """One JSON object on standard input: command, environment, uid and gid (null: ours), users_file, socket_folder.

    Answers with the server's process number on standard output.
    """
    order = json.load(sys.stdin)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the server's users decide when it stops, not the terminal
    users_file = os.open(order["users_file"], os.O_RDWR | os.O_CLOEXEC)
    server = start(order["command"], order["environment"], order["uid"], order["gid"])
    sys.stdout.write(f"{server.pid}\n")
    sys.stdout.flush()
    os.close(sys.stdout.fileno())
    wait_until_unused(users_file, server)
    if server.poll() is None:
        stop(server)
    clear(order["socket_folder"])
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A whole deployment on this machine: prepared, its sockets bound, its processes running until the block is left.

Used by `beffroi serve`, and by the demonstration with its own configuration.
"""

import asyncio
import errno
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from beffroi.app.preparation import prepare
from beffroi.app.run_folder import RunFolder, run_folder
from beffroi.app.supervisor import ChildPlan, Supervisor
from beffroi.config.reading import load, read_text
from beffroi.config.settings import Config
from beffroi.errors import OperatorError, reason_of
from beffroi.servers.http_server import listen
from beffroi.telemetry import Event, Process, log

CONFIG_FILE = "config.toml"
PORT_S_MAX = 3.0
"""Seconds to wait for a port: the children of a supervisor that was killed stop by themselves, and give it back."""
_RETRY_S = 0.1


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where it listens: (host, port). `mllp` is None without that door; `tls`: whether it speaks that itself."""

    web: tuple[str, int]
    operations: tuple[str, int]
    mllp: tuple[str, int] | None
    tls: bool


@asynccontextmanager
async def serving(config_file: Path, *, demo: bool = False) -> AsyncIterator[Addresses]:
    """A deployment that serves while the block runs. Raises OperatorError with what to do."""
    config = load(config_file, demo=demo)
    await prepare(config, demo=demo)
    with run_folder() as own:
        # A copy, so that a process that starts again reads what the others read.
        copy = own.path / CONFIG_FILE
        copy.touch(mode=0o600)
        copy.write_text(read_text(config_file), encoding="utf-8")
        sockets = await _bind(config)
        try:
            plans = [
                _plan(process, own, Path(config.folder), sockets[process], demo)
                for process in (Process.WORKER, *[Process.WEB] * config.web.processes, Process.MLLP)
                if process in sockets
            ]
            async with Supervisor(plans, own.path, shutdown_s=config.limits.shutdown_s):
                log(Event.STARTED, count=len(plans), demo=demo, port=_address(sockets[Process.WEB])[1])
                yield Addresses(
                    _address(sockets[Process.WEB]),
                    _address(sockets[Process.WORKER]),
                    _address(sockets[Process.MLLP]) if Process.MLLP in sockets else None,
                    bool(config.web.tls_certificate),
                )
                _close(sockets)  # what connects from now on is refused, and not kept waiting
        finally:
            _close(sockets)


async def _bind(config: Config) -> dict[Process, socket.socket]:
    wanted = {
        Process.WEB: ("web", config.web.host, config.web.port),
        Process.WORKER: ("operations", config.operations.host, config.operations.port),
    }
    if config.mllp is not None:
        wanted[Process.MLLP] = ("mllp", config.mllp.host, config.mllp.port)
    bound: dict[Process, socket.socket] = {}
    try:
        for process, place in wanted.items():
            bound[process] = await _listen_soon(*place)
    except BaseException:
        _close(bound)
        raise
    return bound


async def _listen_soon(table: str, host: str, port: int) -> socket.socket:
    deadline_s = time.monotonic() + PORT_S_MAX
    while True:
        try:
            return listen(host, port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and time.monotonic() < deadline_s:
                await asyncio.sleep(_RETRY_S)
                continue
            why = reason_of(error)
            raise OperatorError(
                f"Cannot listen on {host} port {port}: {why.english}. See {table}.host and {table}.port.",
                f"Impossible d'écouter sur {host} port {port} : {why.french}. Voir {table}.host et {table}.port.",
            ) from None


def _close(sockets: dict[Process, socket.socket]) -> None:
    for one in sockets.values():
        one.close()


def _address(listening: socket.socket) -> tuple[str, int]:
    host, port = listening.getsockname()[:2]
    return host, port


def _plan(process: Process, own: RunFolder, paths_from: Path, listening: socket.socket, demo: bool) -> ChildPlan:
    command = [sys.executable, "-P", "-m", "beffroi.app", process.value]
    command += ["--config", str(own.path / CONFIG_FILE), "--folder", str(own.path), "--paths-from", str(paths_from)]
    command += ["--fd", str(listening.fileno()), *(["--demo"] if demo else [])]
    return ChildPlan(process, tuple(command), (listening.fileno(), own.lock))

"""The processes that are measured: the real server, or the bare variant, started and stopped around a phase."""

import http.client
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from beffroi.telemetry.metrics import DIRECTORY_VARIABLE
from beffroi_region.bench.machine import cpu_s, peak_memory_mib, stolen_s
from beffroi_region.bench.stage import HOST

START_S_MAX = 60.0
STOP_S_MAX = 30.0
_POLL_S = 0.05


class Variant(StrEnum):
    """`ledgered` is `beffroi serve` itself. `unwatched` records, and judges nothing (beffroi_region.bench.unwatched);
    `bare` asks, judges and records nothing (beffroi_region.bench.bare)."""

    LEDGERED = "ledgered"
    UNWATCHED = "unwatched"
    BARE = "bare"


_COMMANDS = {
    Variant.LEDGERED: ("-m", "beffroi", "serve"),
    Variant.UNWATCHED: ("-m", "beffroi_region.bench.unwatched"),
    Variant.BARE: ("-m", "beffroi_region.bench.bare"),
}


class ServingError(Exception):
    """The server did not start or did not stay."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Processor seconds of the web processes, of PostgreSQL, and what the hypervisor took away meanwhile."""

    web_s: float
    database_s: float
    stolen_s: float


@dataclass(frozen=True, slots=True)
class Serving:
    """Running processes. `root` is their first one, `database` the postmaster."""

    root: int
    database: int

    def spent(self) -> Spent:
        """Since their start; take differences."""
        return Spent(cpu_s(self.root), cpu_s(self.database), stolen_s())

    def peak_memory_mib(self) -> float:
        """The web processes' peak resident size, added."""
        return peak_memory_mib(self.root)


@contextmanager
def serving(variant: Variant, configuration: Path, port: int, database: int) -> Iterator[Serving]:
    """The server of a configuration, from its first answer to its end. Raises `ServingError`."""
    log_path = configuration.with_suffix(".log")
    # The supervisor gives its children such a folder itself; the bare variant has no supervisor.
    metrics = Path(tempfile.mkdtemp(prefix="metrics-", dir=configuration.parent))
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *_COMMANDS[variant], "--config", str(configuration)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, DIRECTORY_VARIABLE: str(metrics)},
        )
        try:
            _wait_until_ready(process, port, log_path)
            yield Serving(process.pid, database)
            if process.poll() is not None:
                raise ServingError(f"the server ended by itself: {_tail(log_path)}")
        finally:
            _stop(process)


def _wait_until_ready(process: "subprocess.Popen[bytes]", port: int, log_path: Path) -> None:
    deadline = time.monotonic() + START_S_MAX
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServingError(f"the server did not start: {_tail(log_path)}")
        connection = http.client.HTTPConnection(HOST, port, timeout=5)
        try:
            connection.request("GET", "/fhir/metadata")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(_POLL_S)
        finally:
            connection.close()
    raise ServingError(f"the server was not ready within {START_S_MAX:.0f} s: {_tail(log_path)}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_S_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tail(log_path: Path) -> str:
    return log_path.read_text(encoding="utf-8", errors="replace")[-1500:]

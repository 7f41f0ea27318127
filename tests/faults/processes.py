"""A deployment as a process group of its own: started, killed, and its log read."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path

from deployments import free_port

START_S_MAX = 60.0


class Deployment:
    """`beffroi serve` on a demonstration's configuration. Doors whose port is 0 are given one."""

    def __init__(self, configuration: Path, log: Path) -> None:
        self._configuration, self._log = configuration, log
        self._process: subprocess.Popen[bytes] | None = None
        text = configuration.read_text(encoding="utf-8")
        for section in ("mllp", "operations"):
            text = text.replace(f"[{section}]\nport = 0", f"[{section}]\nport = {free_port()}")
        configuration.write_text(text, encoding="utf-8")
        settings = tomllib.loads(text)
        self.web_port, self.operations_port = settings["web"]["port"], settings["operations"]["port"]
        self.mllp_port = settings["mllp"]["port"]

    def start(self) -> None:
        """Starts the servers and waits until every door answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("deployment_child.py")), str(self._configuration)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_S_MAX
        while not all(map(_listens, (self.web_port, self.mllp_port, self.operations_port))):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the deployment did not start: {self.log_text()[-3_000:]}")
            time.sleep(0.05)

    def revive(self) -> None:
        """Starts it again if it ended by itself, as a service manager does."""
        if self._process is None or self._process.poll() is not None:
            self.start()

    def kill(self) -> None:
        """kill -9 of the supervisor and all its processes at once. Safe to repeat."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def kill_one(self, kind: str) -> None:
        """kill -9 of one web or mllp process: its supervisor must replace it."""
        assert self._process is not None
        pid = self._process.pid
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            with contextlib.suppress(OSError):
                if kind in Path(f"/proc/{child}/cmdline").read_text().split("\0"):
                    os.kill(int(child), signal.SIGKILL)
                    return

    def log_text(self) -> str:
        """Everything that its processes wrote."""
        return self._log.read_text(encoding="utf-8", errors="replace")


def _listens(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(0.5)
        return one.connect_ex(("127.0.0.1", port)) == 0

"""Debian's Chromium for the browser tests: as it is found, or installed by continuous integration as root.

Elsewhere the tests are skipped, and say what to install. BEFFROI_CHROMIUM names another one. One browser serves all
tests of a process, each in windows of its own that share nothing: to start one costs as much as a journey. Most tests
take Chromium without its own windows and menus (`chromium-headless-shell`), where it is found: the pages run in the
same engine for half of the processor. The walk through the demonstration takes the whole browser.

Sessions are bound to a key of the device where there is a chip for it. For trying it out Chromium has keys in software,
but on Linux only before version 153: continuous integration unpacks Debian's older one into the user's cache; elsewhere
BEFFROI_CHROMIUM_BINDING names one.
"""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import pytest

INSTALL_S_MAX = 600
BINDS_BEFORE = 153
BINDING = (
    "DeviceBoundSessions:RequireOriginTrialTokens/false",
    "EnableBoundSessionCredentialsSoftwareKeysForManualTesting",
)
"""What `--enable-features` has to say for keys in software."""
START_S_MAX = 60
WHOLE, SHELL = "chromium", "chromium-headless-shell"
MISSING = f"no chromium here: apt-get install {WHOLE} {SHELL}"
FLAGS = (
    *("--headless", "--no-sandbox", "--remote-debugging-port=0", "--no-first-run", "--no-default-browser-check"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
    *("--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--disable-dev-shm-usage"),
    *("--disable-backgrounding-occluded-windows", "--disable-back-forward-cache", "--hide-scrollbars", "--mute-audio"),
    *("--force-color-profile=srgb", "--font-render-hinting=none", "--password-store=basic", "--disable-gpu"),
)
"""Playwright's own, as far as they matter here: nothing by itself on the network, the same pixels everywhere."""


def chromium_path(wanted: str) -> str:
    """Where the `wanted` one is, or the whole one in its place; skips the test where there is neither."""
    if given := os.environ.get("BEFFROI_CHROMIUM", ""):
        return given
    if not shutil.which(wanted) and os.environ.get("CI") and os.geteuid() == 0 and shutil.which("apt-get"):
        with (Path(tempfile.gettempdir()) / "beffroi-chromium.lock").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            failed = "" if shutil.which(wanted) else _install(wanted)
        if failed and not shutil.which(WHOLE):
            pytest.skip(f"{wanted} could not be installed ({failed})")
    found = shutil.which(wanted) or shutil.which(WHOLE)
    if not found:
        pytest.skip(MISSING)
    return found


@contextmanager
def chromium_running(wanted: str) -> Iterator[str]:
    """A browser with a profile of its own; the address by which Playwright commands it."""
    with tempfile.TemporaryDirectory(prefix="beffroi-chromium-", ignore_cleanup_errors=True) as profile:
        command = [chromium_path(wanted), *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        quiet = subprocess.DEVNULL
        # In a group of its own: Debian's command is a shell that waits for the browser, and would end without it.
        with subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True) as process:
            try:
                yield f"http://127.0.0.1:{_port(Path(profile) / 'DevToolsActivePort', process)}"
            finally:
                os.killpg(process.pid, signal.SIGTERM)


def _port(told: Path, process: "subprocess.Popen[bytes]") -> int:
    deadline_s = time.monotonic() + START_S_MAX
    while time.monotonic() < deadline_s and process.poll() is None:
        lines = told.read_text(encoding="ascii").splitlines() if told.exists() else []
        if len(lines) == 2:
            return int(lines[0])
        time.sleep(0.02)
    raise AssertionError("chromium did not start")


def _install(wanted: str) -> str:
    """What failed; nothing when it is there."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", wanted]):
        try:
            subprocess.run(command, env=environment, check=True, capture_output=True, timeout=INSTALL_S_MAX)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failure:
            return type(failure).__name__
    return ""


@lru_cache(maxsize=1)
def binding_chromium_path() -> str:
    """One that binds sessions by keys in software; skips the test where there is none."""
    if given := os.environ.get("BEFFROI_CHROMIUM_BINDING", ""):
        return given
    ordinary = chromium_path(WHOLE)
    said = subprocess.run([ordinary, "--version"], check=True, capture_output=True, text=True, timeout=60).stdout
    if (found := re.search(r"(\d+)\.", said)) and int(found[1]) < BINDS_BEFORE:
        return ordinary
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "beffroi" / "chromium-binding"
    path = folder / "usr" / "lib" / "chromium" / "chromium"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "chromium-binding.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not path.exists() and os.environ.get("CI") and shutil.which("apt-get"):
            _unpack_older(folder)
    if not path.exists():
        pytest.skip(
            f"needs a chromium before {BINDS_BEFORE} in BEFFROI_CHROMIUM_BINDING: this one binds by a chip only"
        )
    return str(path)


def _unpack_older(folder: Path) -> None:
    """Debian's newest Chromium before `BINDS_BEFORE`, unpacked and not installed; nothing where it has none."""
    listed = subprocess.run(
        ["apt-cache", "madison", "chromium"], check=True, capture_output=True, text=True, timeout=60
    )
    versions = [line.split("|")[1].strip() for line in listed.stdout.splitlines()]
    older = next((one for one in versions if int(one.partition(".")[0]) < BINDS_BEFORE), None)
    if older is None:
        return
    with tempfile.TemporaryDirectory(dir=folder.parent) as partial:
        try:
            wanted = [f"chromium={older}", f"chromium-common={older}"]
            command = ["apt-get", "download", "-qq", *wanted]
            subprocess.run(command, cwd=partial, check=True, capture_output=True, timeout=INSTALL_S_MAX)
            for package in sorted(Path(partial).glob("*.deb")):
                subprocess.run(["dpkg", "-x", package, Path(partial) / "unpacked"], check=True, timeout=INSTALL_S_MAX)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failure:
            pytest.skip(f"an older chromium could not be fetched ({type(failure).__name__})")
        (Path(partial) / "unpacked").rename(folder)

"""Debian's Chromium for the browser tests: as it is found, or installed by continuous integration as root.

Elsewhere the tests are skipped, and say what to install. BEFFROI_CHROMIUM names another one.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

import pytest

INSTALL_S_MAX = 600
MISSING = "no chromium here: apt-get install chromium"


@lru_cache(maxsize=1)
def chromium_path() -> str:
    """Where it is; skips the test where there is none."""
    given = os.environ.get("BEFFROI_CHROMIUM", "") or shutil.which("chromium")
    if given:
        return given
    if not (os.environ.get("CI") and os.geteuid() == 0 and shutil.which("apt-get")):
        pytest.skip(MISSING)
    with (Path(tempfile.gettempdir()) / "beffroi-chromium.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not shutil.which("chromium"):
            _install()
    found = shutil.which("chromium")
    if not found:
        pytest.skip(MISSING)
    return found


def _install() -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
        try:
            subprocess.run(command, env=environment, check=True, capture_output=True, timeout=INSTALL_S_MAX)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failure:
            pytest.skip(f"chromium could not be installed ({type(failure).__name__})")

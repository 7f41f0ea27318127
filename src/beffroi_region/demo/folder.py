"""The demonstration's folder: private, used by one demonstration at a time, and honest about how far it was built.

`state.json` is written last: a folder without it holds a region that is not finished. `build.json` says what is being
built, so that a build that was killed goes on instead of starting again.
"""

import fcntl
import os
import shutil
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from beffroi.errors import OperatorError

T = TypeVar("T")

FORMAT = 1
"""Raised when a region built by an earlier program cannot be used by this one."""
PEOPLE_DEFAULT, HOSPITALS_DEFAULT, SEED_DEFAULT = 50_000, 5, 2026
PEOPLE_MIN, PEOPLE_MAX = 200, 2_000_000
"""Below, there are not enough people for a day's messages; above, the disk and the patience of whoever tries it."""
HOSPITALS_MIN, HOSPITALS_MAX = 2, 50
"""One ordinary hospital and a sensitive one at least."""
SEED_MAX = 2**32 - 1


class Plan(msgspec.Struct, frozen=True):
    """What a region is made from. `until` is the end of its live messages, `as_of` the day on which its people live."""

    people: int
    hospitals: int
    seed: int
    as_of: date
    until: datetime
    format: int = FORMAT

    @property
    def first_new(self) -> int:
        """From this person on, people are told by live messages and not by the import."""
        return self.people - max(self.people // 200, 20)


class Wanted(msgspec.Struct, frozen=True):
    """What the command line asks for; None: whatever is there, or the default."""

    people: int | None = None
    hospitals: int | None = None
    seed: int | None = None

    def plan(self, now: datetime) -> Plan:
        """The plan of a new region. Raises OperatorError for a number that is out of bounds."""
        found = Plan(
            self.people if self.people is not None else PEOPLE_DEFAULT,
            self.hospitals if self.hospitals is not None else HOSPITALS_DEFAULT,
            self.seed if self.seed is not None else SEED_DEFAULT,
            now.date(),
            now.replace(microsecond=0),
        )
        _check("people", found.people, PEOPLE_MIN, PEOPLE_MAX)
        _check("hospitals", found.hospitals, HOSPITALS_MIN, HOSPITALS_MAX)
        _check("seed", found.seed, 0, SEED_MAX)
        return found

    def differs_from(self, plan: Plan) -> list[str]:
        """The names of what was asked for and is otherwise there.

        >>> Wanted(people=10, seed=1).differs_from(Plan(10, 5, 2, date(2026, 1, 1), datetime(2026, 1, 1)))
        ['seed']
        """
        names = ("people", "hospitals", "seed")
        return [name for name in names if getattr(self, name) not in (None, getattr(plan, name))]


def _check(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise OperatorError(f"--{name}: {least:,} to {most:,}.", f"--{name} : de {least} à {most}.".replace(",", " "))


class Example(msgspec.Struct, frozen=True):
    """A person of the region whom the printed account's hospital explains, as the examples name them."""

    person: int
    ipp: str
    family: str
    given: str
    birth_date: date


class State(msgspec.Struct, frozen=True):
    """What a finished region holds."""

    plan: Plan
    identities: int
    messages: int
    example: Example


class Running(msgspec.Struct, frozen=True):
    """Who runs a demonstration, and where. Addresses are empty until it is ready."""

    pid: int
    since: datetime
    web: str = ""
    issuer: str = ""
    mllp_port: int = 0
    operations: str = ""


def default_folder() -> Path:
    """$BEFFROI_DEMO, or beffroi/demo under the user's data folder."""
    named = os.environ.get("BEFFROI_DEMO")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "beffroi" / "demo"


class Folder:
    """The paths of one demonstration, and its files read and written whole."""

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().absolute()
        self.config = self.root / "beffroi.toml"
        self.database = self.root / "postgres"
        self.feed = self.root / "feed"
        self.log = self.root / "demo.log"
        self.admission = self.root / "admission.hl7"
        self.query = self.root / "query.hl7"
        self._state = self.root / "state.json"
        self._build = self.root / "build.json"
        self._running = self.root / "running.json"

    def make(self) -> None:
        """Makes the folder, private. Raises OperatorError for one that holds something else, or is somebody else's."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = {path.name for path in self.root.iterdir()}
            if found and not found & {"demo.lock", "build.json", "state.json"}:
                raise OperatorError(
                    f"{self.root} holds other things: name an empty folder with --data.",
                    f"{self.root} contient autre chose : nommez un dossier vide avec --data.",
                )
            self.root.chmod(0o700)
        except OSError as error:
            raise OperatorError(
                f"{self.root} cannot be used: {error.strerror}. Name another folder with --data.",
                f"{self.root} est inutilisable : {error.strerror}. Nommez un autre dossier avec --data.",
            ) from None

    def state(self) -> State | None:
        """The finished region; None when there is none, or only one of another format."""
        return _read(self._state, State)

    def build(self) -> Plan | None:
        """What is being built."""
        return _read(self._build, Plan)

    def running(self) -> Running | None:
        """Who runs it, or ran it last without leaving properly."""
        return _read(self._running, Running)

    def begin(self, plan: Plan) -> None:
        """From here on the folder holds an unfinished region."""
        self._state.unlink(missing_ok=True)
        _write(self._build, plan)

    def finish(self, state: State) -> None:
        """The region is whole. Written last: a crash before this line leaves an unfinished region."""
        shutil.rmtree(self.feed, ignore_errors=True)
        _write(self._state, state)
        self._build.unlink(missing_ok=True)

    def tell_running(self, running: Running) -> None:
        """Says who runs it and where, for `token`, `call` and a second demonstration."""
        _write(self._running, running)

    def left(self) -> None:
        """Nobody runs it any more."""
        self._running.unlink(missing_ok=True)


class Claim:
    """The right to run a folder's demonstration: one process has it, and loses it when it ends, however it ends."""

    def __init__(self, folder: Folder) -> None:
        self._file = os.open(folder.root / "demo.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise _taken(folder) from None

    def give_back(self) -> None:
        """Ends it."""
        os.close(self._file)


def is_running(folder: Folder) -> bool:
    """Whether a process has the folder's claim now."""
    try:
        file = os.open(folder.root / "demo.lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def _taken(folder: Folder) -> OperatorError:
    running = folder.running()
    if running is None:
        return OperatorError(
            f"Another process is starting a demonstration in {folder.root}.",
            f"Un autre processus démarre une démonstration dans {folder.root}.",
        )
    since = running.since.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return OperatorError(
        f"This demonstration runs already: process {running.pid}, since {since}, at {running.web or 'no address yet'}. "
        "Stop it there with Ctrl-C, or name another folder with --data.",
        f"Cette démonstration tourne déjà : processus {running.pid}, depuis {since}, à "
        f"{running.web or 'une adresse à venir'}. Arrêtez-la par Ctrl-C, ou nommez un autre dossier avec --data.",
    )


def _read(path: Path, kind: type[T]) -> T | None:
    try:
        found = msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError):
        return None
    return found


def _write(path: Path, content: msgspec.Struct) -> None:
    """Whole or not at all, and on the disk before anything that follows from it."""
    partial = path.with_name(path.name + ".new")
    file = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, msgspec.json.encode(content))
        os.fsync(file)
    finally:
        os.close(file)
    partial.replace(path)

"""A witness's own memory: one file, written whole and durably before it answers, never started anew by accident.

A witness that forgot what it cosigned could cosign a fork. So a file that is not there, or cannot be read, is an error,
and only one process at a time has it.

Source: rename(2) and fsync(2): the new file is there whole, or the old one is.
"""

import fcntl
import os
from pathlib import Path

import msgspec

from beffroi.errors import OperatorError, unreadable, unwritable
from beffroi.store.file_lock import FileLock

STATE_BYTES_MAX = 64 * 2**20
"""Some thousand logs with their last checkpoints: more is not a witness's file."""


class WitnessRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last cosigned checkpoint of each origin, and the statement with which each later epoch began."""

    format: str = "beffroi-witness/1"
    checkpoints: dict[str, str] = {}
    gaps: dict[str, str] = {}


_decode = msgspec.json.Decoder(WitnessRecord).decode


class WitnessFile:
    """The file, held by this process until `close`."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        self._lock = self._locked()
        try:
            if create:
                self._create()
            self.record = self.load()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Lets another process have it."""
        self._lock.close()

    def load(self) -> WitnessRecord:
        """What the file holds. Raises OperatorError when it is not there or is not whole."""
        try:
            with self.path.open("rb") as file:
                content = file.read(STATE_BYTES_MAX + 1)
            record = _decode(content)
        except FileNotFoundError:
            raise OperatorError(
                f"{self.path} is not there. A witness that forgot what it signed could sign a fork: restore the file, "
                "or make a new witness with another key and --create.",
                f"{self.path} n'existe pas. Un témoin qui a oublié ce qu'il a signé pourrait signer un "
                "dédoublement : restaurez le fichier, ou créez un nouveau témoin, d'une autre clé, avec --create.",
            ) from None
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise unreadable(self.path, error) from None
        if record.format != WitnessRecord().format:
            raise OperatorError(f"{self.path} is of another version.", f"{self.path} est d'une autre version.")
        return record

    def put(self, record: WitnessRecord) -> None:
        """Writes the file; on return it is durable. Raises OSError: then it may be the old one or the new one."""
        new = self.path.with_name(f"{self.path.name}.new")
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(handle, "wb", closefd=False) as file:
                file.write(msgspec.json.encode(record))
            os.fsync(handle)
        finally:
            os.close(handle)
        os.rename(new, self.path)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self.record = record

    def _create(self) -> None:
        if self.path.exists():
            raise OperatorError(f"{self.path} is there already.", f"{self.path} existe déjà.")
        try:
            self.put(WitnessRecord())
        except OSError as error:
            raise unwritable(self.path, error) from None

    def _locked(self) -> FileLock:
        try:
            lock = FileLock(self.path.with_name(f"{self.path.name}.lock"))
        except OSError as error:
            raise unwritable(self.path, error) from None
        if not lock.take(fcntl.LOCK_EX | fcntl.LOCK_NB):
            lock.close()
            raise OperatorError(
                f"{self.path} belongs to a witness that is running.", f"{self.path} est celui d'un témoin en marche."
            )
        return lock

"""Who runs the embedded server: ourselves, or an unprivileged account when root starts it."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from beffroi.errors import OperatorError

SERVER_ACCOUNTS = ("beffroi", "postgres", "nobody")
"""For root: the first that exists. PostgreSQL asks the system for the account's name, so a bare number will not do."""


def clean_environment() -> dict[str, str]:
    """What the server's programs see of our environment: no PG* variable, no secret, no language."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the operating system. `switch` when it is not the one that runs this process."""

    name: str
    uid: int
    gid: int
    switch: bool

    def run(self, command: list[str], timeout_s: float) -> "subprocess.CompletedProcess[str]":
        """Runs a program as this account, in a clean environment; never raises for its exit code."""
        return subprocess.run(
            command,
            env=clean_environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
            user=self.uid if self.switch else None,
            group=self.gid if self.switch else None,
            extra_groups=[] if self.switch else None,
        )

    def may_enter(self, folder: Path) -> bool:
        """Whether this account reaches what lies in an existing folder."""
        return self.run(["test", "-x", str(folder)], timeout_s=5).returncode == 0

    def give(self, path: Path) -> None:
        """Makes this account the owner of something that we have just made."""
        if self.switch:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def server_account(data_dir: Path) -> Account:
    """Who runs a server on `data_dir`: ourselves, or for root the folder's owner, else the first of SERVER_ACCOUNTS.

    Raises OperatorError when nobody can.
    """
    if os.geteuid() != 0:
        return _own_account()
    owner = data_dir.stat().st_uid if data_dir.exists() else 0
    for entry in pwd.getpwall():
        if entry.pw_uid == owner != 0:
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switch=True)
    for name in SERVER_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switch=True)
    raise OperatorError(
        "PostgreSQL does not run as root, and this machine has no account to run it: add one, `beffroi`.",
        "PostgreSQL ne s'exécute pas en root et aucun compte ne peut l'exécuter ici : créez le compte `beffroi`.",
    )


def _own_account() -> Account:
    try:
        entry = pwd.getpwuid(os.geteuid())
    except KeyError:
        raise OperatorError(
            f"The user number {os.geteuid()} has no name in /etc/passwd, which PostgreSQL needs. "
            "Give it one, or set BEFFROI_DATABASE_URL.",
            f"L'utilisateur {os.geteuid()} n'a pas de nom dans /etc/passwd, or PostgreSQL en a besoin. "
            "Donnez-lui en un, ou définissez BEFFROI_DATABASE_URL.",
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switch=False)

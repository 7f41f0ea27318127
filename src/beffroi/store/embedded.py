"""A PostgreSQL of our own on one data directory: started on demand, private, durable, stopped with its last user.

It listens on no network: a socket in a folder of mode 0700, and peer authentication (the operating system says who
connects). Any number of processes may use one server: see `keeper`. Beside the data directory DIR stand DIR.log, and
the locks DIR.users, DIR.keeper and DIR.starting. Durability is PostgreSQL's default and is never weakened.

PostgreSQL refuses to run as root: then an unprivileged account runs it, and what that account cannot reach lies under
/var/lib/beffroi. The modes of folders that exist already are never changed.

Source: PostgreSQL 15 manual, chapters 19 (server set-up), 20 (configuration), 21.9 (peer authentication).
"""

import atexit
import fcntl
import json
import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from beffroi.errors import OperatorError
from beffroi.store import keeper, postmaster
from beffroi.store.cluster import apart, drop_database, ensure_cluster
from beffroi.store.database import GONE_FAULTS, ROLE_OWNER, ROLES
from beffroi.store.file_lock import FileLock
from beffroi.store.installation import Installation, copied, find_installation
from beffroi.store.os_account import Account, clean_environment, server_account
from beffroi.store.places import reachable, socket_folder, system_folder

SUPERUSER = "postgres"
DATABASE = "beffroi"

START_S_MAX = 300  # a recovery after a crash replays at most max_wal_size (1 GB)
STOP_S_MAX = keeper.FAST_SHUTDOWN_S + keeper.IMMEDIATE_SHUTDOWN_S + 5
INITDB_S_MAX = 120
POLL_S = 0.01
LEFTOVERS = ("still in use", "already exists")  # a killed server's other processes: they go within a second or so
LEFTOVER_PAUSES_S = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4)
LOG_BYTES_MAX = 4 * 2**20  # a larger log is set aside at the next start

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "64",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "jit": "off",
    # In the data directory: a container's /dev/shm is often too small for an index built in parallel, and what a
    # killed server leaves there is nobody's.
    "dynamic_shared_memory_type": "mmap",
    # A statement or the detail of an error may hold an identity: neither reaches the log. The caller hears of errors.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
}
"""Modest enough for a small machine. Nothing here touches durability."""

SETTINGS_REFUSED = frozenset({"fsync", "full_page_writes", "synchronous_commit", "hba_file", "ident_file"})


_LEFT_TO_OTHERS: list["subprocess.Popen[bytes]"] = []
"""Keepers that we started and that others still need: they outlive us."""


@atexit.register
def _leave_keepers() -> None:
    for left in _LEFT_TO_OTHERS:
        if left.poll() is None:
            left.returncode = 0  # or Python warns of a child that nobody waits for


class EmbeddedPostgres:
    """One user of the server on a data directory: the first one starts it, the last one stops it.

    `settings` are added to SETTINGS by whoever starts the server; those that would weaken durability are refused.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        database: str | None = DATABASE,
        installation: Installation | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        weakened = SETTINGS_REFUSED & set(settings or {})
        if weakened:
            raise ValueError(f"never changed: {', '.join(sorted(weakened))}")
        self.data_dir = data_dir.expanduser().absolute()
        self._database = database
        self._installation = installation
        self._settings = {**SETTINGS, **(settings or {})}
        self._users: FileLock | None = None
        self._keeper: subprocess.Popen[bytes] | None = None
        self._socket_folder = ""

    def start(self) -> str:
        """The owner's address of the database, once the server takes connections. Raises OperatorError."""
        if self._users is not None:
            return self.dsn(ROLE_OWNER)
        account = server_account(self.data_dir)
        self.data_dir = reachable(self.data_dir, account)
        account = server_account(self.data_dir)
        self._users = FileLock(self._beside("users"))
        self._users.take(fcntl.LOCK_SH)  # waits while a keeper is stopping the server
        try:
            self._start_until_it_answers(account)
        except BaseException:
            self.stop()
            raise
        return self.dsn(ROLE_OWNER)

    def stop(self) -> None:
        """Gives the server up. The last user waits until it has stopped cleanly. Safe to repeat."""
        if self._users is None:
            return
        users, self._users = self._users, None
        starting = FileLock(self._beside("starting"))  # so that two who stop at once do not see each other as users
        starting.take(fcntl.LOCK_EX)
        alone = users.take(fcntl.LOCK_EX | fcntl.LOCK_NB)
        others = not alone and users.take(fcntl.LOCK_SH | fcntl.LOCK_NB)  # no: the keeper has it already
        users.close()
        starting.close()
        if not others:
            self._wait_for_keeper()
        elif self._keeper is not None:
            _LEFT_TO_OTHERS.append(self._keeper)
        self._keeper = None

    def dsn(self, role: str, database: str | None = None) -> str:
        """The address of a database (None: the one named at the start) for one role, after `start`."""
        name = database or self._database or "postgres"
        return f"postgresql://{quote(role, safe='')}@/{quote(name, safe='')}?host={quote(self._socket_folder, safe='')}"

    def empty(self) -> None:
        """Replaces the database by an empty one: everything in it is lost."""
        superuser_dsn = self.dsn(SUPERUSER, "postgres")
        if self._database:
            name = self._database
            apart(lambda: drop_database(superuser_dsn, name))
            apart(lambda: ensure_cluster(superuser_dsn, name))

    @property
    def server_pid(self) -> int | None:
        """The postmaster's process number, as it wrote it down; None when there is none."""
        return postmaster.server_pid(self.data_dir)

    @property
    def keeper_pid(self) -> int | None:
        """The keeper's process number when it was started here; None otherwise."""
        return None if self._keeper is None else self._keeper.pid

    def __enter__(self) -> "EmbeddedPostgres":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- starting

    def _beside(self, what: str) -> Path:
        return self.data_dir.with_name(f"{self.data_dir.name}.{what}")

    def _start_until_it_answers(self, account: Account) -> None:
        for pause_s in LEFTOVER_PAUSES_S:
            self._start_or_join(account)
            try:
                apart(lambda: ensure_cluster(self.dsn(SUPERUSER, "postgres"), self._database))
                return
            except GONE_FAULTS:  # we joined a server that was dying: the next round finds it dead
                time.sleep(pause_s)
        raise OperatorError(
            f"PostgreSQL does not answer; see {self._beside('log')}.",
            f"PostgreSQL ne répond pas ; voir {self._beside('log')}.",
        )

    def _start_or_join(self, account: Account) -> None:
        starting, held = FileLock(self._beside("starting")), FileLock(self._beside("keeper"))
        try:
            starting.take(fcntl.LOCK_EX)
            deadline = time.monotonic() + START_S_MAX
            while not held.take(fcntl.LOCK_EX | fcntl.LOCK_NB):  # somebody's keeper lives
                if self._is_ready(None):
                    return
                if time.monotonic() > deadline:
                    raise OperatorError(
                        f"PostgreSQL is not ready after {START_S_MAX} s; see {self._beside('log')}.",
                        f"PostgreSQL n'est pas prêt après {START_S_MAX} s ; voir {self._beside('log')}.",
                    )
                time.sleep(POLL_S)
            self._start(account, held)
        finally:
            held.close()
            starting.close()

    def _start(self, account: Account, held: FileLock) -> None:
        installation = self._installation or find_installation(postmaster.major(self.data_dir))
        if not account.may_enter(installation.folder):
            installation = copied(installation, system_folder())
        postmaster.end_orphan(self.data_dir, self.data_dir / "postmaster.pid")
        if not (self.data_dir / "PG_VERSION").exists():
            self._initialise(account, installation)
        self._write_access(account)
        folder = socket_folder(self.data_dir, account)
        options = {**self._settings, "unix_socket_directories": str(folder)}
        command = [installation.program("postgres"), "-D", str(self.data_dir)]
        command += [f"--{name}={value}" for name, value in options.items()]
        postmaster.end_orphan(
            self.data_dir, folder / f"{keeper.SOCKET_NAME}.lock"
        )  # of a data directory that was here before
        for pause_s in LEFTOVER_PAUSES_S:
            server_pid = self._start_keeper(command, account, held, folder)
            if self._wait_until_ready(server_pid):
                return
            if not any(text in self._log_tail() for text in LEFTOVERS):
                break
            time.sleep(pause_s)
        raise OperatorError(
            f"PostgreSQL did not start; {self._beside('log')} says: {self._log_tail()}",
            f"PostgreSQL n'a pas démarré ; {self._beside('log')} dit : {self._log_tail()}",
        )

    def _start_keeper(self, command: list[str], account: Account, held: FileLock, folder: Path) -> int:
        """The server's process number."""
        log_path = self._beside("log")
        if log_path.exists() and log_path.stat().st_size > LOG_BYTES_MAX:
            log_path.replace(self._beside("log.1"))
        order = {
            "command": command,
            "environment": clean_environment(),
            "uid": account.uid if account.switch else None,
            "gid": account.gid if account.switch else None,
            "users_file": str(self._beside("users")),
            "socket_folder": str(folder),
        }
        log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            self._log_start = os.fstat(log).st_size
            self._keeper = subprocess.Popen(
                [sys.executable, "-I", "-S", keeper.__file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd="/",
                start_new_session=True,
                pass_fds=[held.file],
            )
        finally:
            os.close(log)
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        with self._keeper.stdin as orders:
            orders.write(json.dumps(order).encode())
        with self._keeper.stdout as answers:
            answer = answers.readline()
        if not answer:
            raise OperatorError(
                f"PostgreSQL's keeper did not start; {log_path} says: {self._log_tail()}",
                f"Le gardien de PostgreSQL n'a pas démarré ; {log_path} dit : {self._log_tail()}",
            )
        return int(answer)

    def _is_ready(self, server_pid: int | None) -> bool:
        """Whether the server (of that number, when one is given) takes connections, as its own file says."""
        lines = postmaster.pid_file(self.data_dir)
        if len(lines) < 8 or lines[7].strip() != "ready" or server_pid not in (None, int(lines[0])):
            return False
        self._socket_folder = lines[4]
        return True

    def _wait_until_ready(self, server_pid: int) -> bool:
        """True once the server that we started takes connections; False when it has ended instead."""
        deadline = time.monotonic() + START_S_MAX
        while time.monotonic() < deadline:
            if self._is_ready(server_pid):
                return True
            if self._keeper is not None and self._keeper.poll() is not None:
                return False
            time.sleep(POLL_S)
        raise OperatorError(
            f"PostgreSQL is not ready after {START_S_MAX} s; see {self._beside('log')}.",
            f"PostgreSQL n'est pas prêt après {START_S_MAX} s ; voir {self._beside('log')}.",
        )

    def _initialise(self, account: Account, installation: Installation) -> None:
        """A new cluster, made aside and renamed: whole or not at all."""
        if self.data_dir.exists() and any(self.data_dir.iterdir()):
            raise OperatorError(
                f"{self.data_dir} holds something else than a database: name another data directory.",
                f"{self.data_dir} contient autre chose qu'une base : indiquez un autre dossier de données.",
            )
        aside = self._beside("new")
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(mode=0o700)
        account.give(aside)
        command = [installation.program("initdb"), "-D", str(aside), "-U", SUPERUSER, "--auth=peer", "--data-checksums"]
        command += ["--encoding=UTF8", "--locale=C", "--no-instructions"]
        done = account.run(command, timeout_s=INITDB_S_MAX)
        if done.returncode != 0:
            raise OperatorError(
                f"PostgreSQL's initdb failed: {done.stderr.strip()[-500:]}",
                f"L'initdb de PostgreSQL a échoué : {done.stderr.strip()[-500:]}",
            )
        if self.data_dir.exists():
            self.data_dir.rmdir()
        aside.rename(self.data_dir)

    def _write_access(self, account: Account) -> None:
        """Who may connect: the starting user and the server's own, as any of our roles; nobody else."""
        names = sorted({account.name, pwd.getpwuid(os.geteuid()).pw_name})
        roles = (SUPERUSER, *ROLES)
        for file_name, lines in {
            "pg_hba.conf": ["local all all peer map=beffroi"],
            "pg_ident.conf": [f'beffroi "{name}" {role}' for name in names for role in roles],
        }.items():
            partial = self.data_dir / f"{file_name}.new"
            partial.unlink(missing_ok=True)
            partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
            partial.chmod(0o600)
            account.give(partial)
            partial.replace(self.data_dir / file_name)

    # --- stopping, and what went wrong

    def _wait_for_keeper(self) -> None:
        held = FileLock(self._beside("keeper"))
        try:
            deadline = time.monotonic() + STOP_S_MAX
            while not held.take(fcntl.LOCK_EX | fcntl.LOCK_NB):
                if time.monotonic() > deadline:
                    raise OperatorError(
                        f"PostgreSQL did not stop; see {self._beside('log')}.",
                        f"PostgreSQL ne s'est pas arrêté ; voir {self._beside('log')}.",
                    )
                time.sleep(POLL_S)
        finally:
            held.close()
        if self._keeper is not None:
            self._keeper.wait(STOP_S_MAX)

    def _log_tail(self) -> str:
        with self._beside("log").open("rb") as log:
            log.seek(self._log_start)
            return log.read()[-800:].decode(errors="replace").strip()

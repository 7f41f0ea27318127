"""The real command, as a stranger runs it: its printed commands work as printed, and no way of ending it breaks it."""

import asyncio
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import pytest

from acceptance.console_walk import STRANGERS_MAX, Region, walk
from beffroi.store.embedded import SUPERUSER, EmbeddedPostgres
from beffroi_region.demo.feed_files import region_of
from beffroi_region.demo.folder import Folder
from beffroi_region.hospitals import sites
from beffroi_region.live_feed import LiveFeed
from beffroi_region.staff import people
from console.chromium import WHOLE, chromium_running
from console.conftest import another as another
from console.conftest import chromium as chromium
from console.conftest import playwright as playwright

BEFFROI = Path(sys.executable).with_name("beffroi")
PEOPLE = 400
READY_S_MAX = 90.0
STOP_S_MAX = 40.0


def free_port() -> int:
    """The first of four free ports in a row."""
    random = Random()
    while True:
        first = random.randrange(20_000, 60_000)
        with contextlib.suppress(OSError), contextlib.ExitStack() as bound:
            for port in range(first, first + 4):
                bound.enter_context(socket.create_server(("127.0.0.1", port)))
            return first


@dataclass
class Demo:
    """One demonstration's folder and ports, started and stopped as often as a test likes."""

    root: Path
    port: int
    people: int = PEOPLE
    process: "subprocess.Popen[str] | None" = None
    output: list[str] = field(default_factory=list)

    def command(self, *more: str) -> list[str]:
        """The command line."""
        return [str(BEFFROI), "demo", "--data", str(self.root), "--port", str(self.port), *more]

    def environment(self, language: str) -> dict[str, str]:
        """A user's environment, with one language."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))}
        return {**kept, "LANG": language, "PYTHONUNBUFFERED": "1"}

    def begin(self, *more: str, language: str = "C") -> "subprocess.Popen[str]":
        """Starts it, without waiting."""
        command = self.command(*(more or ("--people", str(self.people))))
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.environment(language),
            start_new_session=True,
        )
        return self.process

    def start(self, *more: str, language: str = "C") -> str:
        """Starts it and returns what it printed once it is ready."""
        process = self.begin(*more, language=language)
        assert process.stdout is not None
        self.output = []
        deadline = time.monotonic() + READY_S_MAX
        for line in process.stdout:
            self.output.append(line)
            if "Ctrl-C" in line:
                return "".join(self.output)
            assert time.monotonic() < deadline
        raise AssertionError("".join(self.output))

    def stop(self) -> tuple[int, str]:
        """Ctrl-C; the exit code and what it still printed."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        rest, _ = self.process.communicate(timeout=STOP_S_MAX)
        code = self.process.returncode
        self.process = None
        return code, rest

    def running(self) -> str:
        """What it printed; it is started if it does not run."""
        return "".join(self.output) if self.process is not None else self.start()

    def stopped(self) -> None:
        """It does not run any more."""
        if self.process is not None:
            self.stop()

    def kill_everything(self) -> None:
        """The end that leaves no time for anything: every process of it at once."""
        assert self.process is not None
        for pid in (*descendants(self.process.pid), self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.communicate(timeout=STOP_S_MAX)
        self.process = None

    def refused(self, *more: str, language: str = "C") -> str:
        """Starts a demonstration that must not start, and returns what it says."""
        done = subprocess.run(
            self.command(*more),
            capture_output=True,
            text=True,
            env=self.environment(language),
            timeout=STOP_S_MAX,
            check=False,
        )
        assert done.returncode == 1, done.stdout + done.stderr
        return " ".join((done.stdout + done.stderr).split())

    def run_printed(self, line: str) -> str:
        """Runs a printed line in a shell, as it stands; returns its standard output."""
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=STOP_S_MAX, check=False)
        assert done.returncode == 0, line + done.stdout + done.stderr
        return done.stdout


def parents() -> dict[int, int]:
    """Every process of this machine, and the one that started it."""
    if not Path("/proc/self/stat").exists():
        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        return {int(line.split()[0]): int(line.split()[1]) for line in listed.splitlines()}
    found = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            found[int(entry.parent.name)] = int(entry.read_text().rpartition(")")[2].split()[1])
    return found


def descendants(pid: int) -> list[int]:
    """The processes that `pid` started, and those that they started, the deepest first."""
    parent_of = parents()

    def below(parent: int) -> list[int]:
        return [one for child, its in parent_of.items() if its == parent for one in (*below(child), child)]

    return below(pid)


def is_alive(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def identities_of(demo: Demo) -> tuple[int, int]:
    """How many identities its database holds, and how many persons they make; it must not be running."""

    async def count(dsn: str) -> tuple[int, int]:
        connection = await asyncpg.connect(dsn)
        try:
            row = await connection.fetchrow("select count(*), count(distinct person_id) from identities")
            return row[0], row[1]
        finally:
            await connection.close()

    with EmbeddedPostgres(Folder(demo.root).database) as server:
        return asyncio.run(count(server.dsn(SUPERUSER)))


def printed_commands(output: str) -> dict[str, str]:
    """The printed lines to copy, by the words above them."""
    return {title.strip(): line.strip() for title, line in re.findall(r"^# (.+)\n(.+)$", output, re.MULTILINE)}


def make_demo(people: int = PEOPLE) -> Demo:
    """A demonstration in a folder of its own, outside pytest's: the database's own account must be able to pass."""
    folder = Path(tempfile.mkdtemp(prefix="beffroi-test-demo-"))
    folder.chmod(0o711)
    return Demo(folder / "demo", free_port(), people)


def clean_up(demo: Demo) -> None:
    """Stops what still runs, and removes the folder and, for root, the database beside /var/lib/beffroi."""
    if demo.process is not None:
        demo.kill_everything()
    shutil.rmtree(demo.root.parent, ignore_errors=True)
    digest = hashlib.sha256(os.fsencode(demo.root / "postgres")).hexdigest()[:12]
    for left in Path("/var/lib/beffroi").glob(f"postgres-{digest}*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink()


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """One small region, built once; each test says whether it needs it running or stopped."""
    made = make_demo()
    try:
        made.start()
        yield made
    finally:
        clean_up(made)


def test_its_printed_commands_work_as_printed(demo: Demo) -> None:
    """Every line that it prints to copy runs in a shell and answers what its title says, about one person."""
    lines = printed_commands(demo.running())
    assert len(lines) == 10
    answers = {
        title: demo.run_printed(line)
        for title, line in lines.items()
        if shutil.which("curl") or not line.startswith("curl")
    }
    searched = json.loads(answers["Search a patient as a ward nurse"])
    (patient,) = [entry["resource"] for entry in searched["entry"] if entry["resource"]["resourceType"] == "Patient"]
    assert "telecom" not in patient
    read = json.loads(answers["The same person with phone and address"])
    assert read["id"] == patient["id"]
    assert read["telecom"]
    linked = json.loads(answers["Her identifiers in other hospitals"])
    assert any(part["name"] == "targetIdentifier" for part in linked["parameter"])
    assert json.loads(answers["Who saw her today, as an auditor"])["total"] >= 3
    assert json.loads(answers["A token, and the key that it is bound to"])["token_type"] == "DPoP"
    assert "\nMSA|AA|" in answers["Send an admission over HL7 v2 (MLLP)"]
    assert "\nPID|" in answers["Ask for her over HL7 v2 (PDQ)"]
    if shutil.which("curl"):
        assert json.loads(answers["What this server can do (no token)"])["resourceType"] == "CapabilityStatement"
        assert json.loads(answers["Whether it works"])["ready"] is True
        once = demo.run_printed(demo.run_printed(lines["The search as a curl line, with a fresh token and proof"]))
        assert json.loads(once)["entry"][0]["resource"]["id"] == patient["id"]


def test_a_second_one_says_who_runs_the_first(demo: Demo) -> None:
    """Another demonstration in the same folder is told the process and the address of the one that runs."""
    demo.running()
    assert demo.process is not None
    said = demo.refused()
    assert f"process {demo.process.pid}" in said
    assert f"http://127.0.0.1:{demo.port}" in said


def test_its_folder_is_private(demo: Demo) -> None:
    """Nobody else reads the configuration, the keys or the log."""
    assert demo.root.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in demo.root.iterdir() if path.name != "postgres")


@pytest.fixture(scope="module")
def chromium_address() -> Iterator[str]:
    """The whole browser, as people have it."""
    with chromium_running(WHOLE) as address:
        yield address


@pytest.fixture(params=["fr-FR", pytest.param("en-GB", marks=pytest.mark.long)])
def locale(request: pytest.FixtureRequest) -> str:
    """Each language in turn."""
    spoken: str = request.param
    return spoken


@pytest.mark.asyncio(loop_scope="session")
async def test_its_console_is_walked_by_each_person(demo: Demo, another: Any, locale: str, tmp_path: Path) -> None:
    """Against the running server: found, held and past it, stopped and released, proved offline, given a role."""
    demo.running()
    state = Folder(demo.root).state()
    assert state is not None
    hospitals = tuple(site.hospital for site in sites(state.plan.hospitals))
    region = Region(demo.root, demo.port, {one.name: one.subject for one in people(hospitals)}, another)
    account, offset = {"fr-FR": ("ward-doctor", 0), "en-GB": ("emergency-doctor", STRANGERS_MAX)}[locale]
    await walk(region, account, offset, tmp_path)


def test_ctrl_c_stops_it_cleanly(demo: Demo) -> None:
    """Ctrl-C ends every process with exit code 0; the ports are free, and asking it says that it does not run."""
    demo.running()
    assert demo.process is not None
    processes = descendants(demo.process.pid)
    code, rest = demo.stop()
    assert (code, rest.split()[-1]) == (0, "Stopped.")
    assert not [pid for pid in processes if is_alive(pid)]
    for port in range(demo.port, demo.port + 4):
        socket.create_server(("127.0.0.1", port)).close()
    called = subprocess.run(
        [str(BEFFROI), "demo", "token", "--data", str(demo.root)], capture_output=True, text=True, check=False
    )
    assert called.returncode == 1
    assert "No demonstration is running" in called.stdout + called.stderr


def test_a_busy_port_is_named(demo: Demo) -> None:
    """Something else on one of its ports is an error at once, that names the port."""
    demo.stopped()
    with socket.create_server(("127.0.0.1", demo.port + 2)):
        assert f"Port {demo.port + 2} " in demo.refused()


def test_another_region_is_not_mixed_into_this_one(demo: Demo) -> None:
    """Options that contradict the folder's region are refused, in the language of the environment."""
    demo.stopped()
    assert "--people, --seed" in demo.refused("--people", "900", "--seed", "1")
    assert "contient une autre région" in demo.refused("--people", "900", language="fr_FR.UTF-8")


def test_a_second_start_is_quick_and_speaks_french(demo: Demo) -> None:
    """The same region is there again within five seconds of work, and the search still explains itself."""
    demo.stopped()
    output = demo.start("--lang", "fr")
    seconds = re.search(r"Prêt en (\d+) s", output)
    assert seconds
    assert int(seconds[1]) <= 15  # 5 on a quiet machine; tests share theirs
    assert "Import" not in output
    lines = printed_commands(output)
    assert json.loads(demo.run_printed(lines["Chercher un patient, en infirmière d'un service"]))["total"] == 1


def test_a_killed_one_starts_again(demo: Demo) -> None:
    """After a kill of every process at once, the next start finds the region whole and serves it."""
    demo.running()
    demo.kill_everything()
    output = demo.start()
    assert "Importing" not in output
    lines = printed_commands(output)
    assert json.loads(demo.run_printed(lines["Search a patient as a ward nurse"]))["total"] == 1
    assert demo.stop()[0] == 0


def test_the_last_step_may_be_lost(demo: Demo) -> None:
    """Killed just before it wrote that it was finished, everything is sent again and nothing is lost or doubled."""
    demo.stopped()
    before = identities_of(demo)
    folder = Folder(demo.root)
    state = folder.state()
    assert state is not None
    folder.begin(state.plan)
    assert "not finished: going on" in demo.start()
    assert demo.stop()[0] == 0
    assert folder.state() == state
    assert identities_of(demo) == before


def test_one_that_was_killed_while_it_was_built_goes_on() -> None:
    """A region that was not finished is finished by the next start, which says so, with nobody lost or doubled."""
    demo = make_demo(people=3_000)
    try:
        started = demo.begin()
        deadline = time.monotonic() + READY_S_MAX
        while not list(demo.root.glob("feed/*.ndjson")):
            assert started.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(0.3)
        demo.kill_everything()
        assert Folder(demo.root).state() is None
        assert "not finished: going on" in demo.start()
        assert demo.stop()[0] == 0
        state = Folder(demo.root).state()
        assert state is not None
        region = region_of(state.plan)
        known = {(i.hospital_id, i.ipp) for n in range(state.plan.first_new) for i in region.identities(n)}
        feed = LiveFeed(region, state.plan.seed, state.plan.until, first_new=state.plan.first_new)
        for sent in feed.messages(state.messages):
            if sent.event == "A47" and sent.other_ipp:
                known.discard((sent.hospital_id, sent.other_ipp))
            known.add((sent.hospital_id, sent.ipp))
        assert identities_of(demo)[0] == len(known)
    finally:
        clean_up(demo)


@pytest.mark.long
def test_the_usual_region_is_ready_within_half_a_minute() -> None:
    """50,000 people and their messages in 30 seconds on two cores; the second start takes 5."""
    demo = make_demo(people=50_000)
    try:
        for seconds_max in (30, 5):
            ready = re.search(r"Ready in (\d+) s", demo.start())
            assert ready
            assert int(ready[1]) <= seconds_max
            assert demo.stop()[0] == 0
    finally:
        clean_up(demo)

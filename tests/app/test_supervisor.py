"""The supervisor: all children or none, a dead one again, and a stop that ends."""

import asyncio
import sys
import time
from pathlib import Path

import pytest

from beffroi.app import supervisor as module
from beffroi.app.control import ChildEnd, Report, SupervisorEnd
from beffroi.app.supervisor import CHILDREN_FILE, CannotStart, ChildPlan, Supervisor, read_children
from beffroi.telemetry import Process

CHILD = """
import asyncio, os, signal, sys, time
from pathlib import Path
from beffroi.app.control import ChildEnd, Report

behaviour, folder, line = sys.argv[1], Path(sys.argv[2]), ChildEnd(int(sys.argv[4]))
starts = folder / f"starts-{behaviour}"
starts.write_text(starts.read_text() + "x" if starts.exists() else "x")

async def serve():
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stopping.set)
    line.watch(stopping.set)
    line.say(Report())
    (folder / f"pid-{behaviour}").write_text(str(os.getpid()))
    await stopping.wait()
    (folder / f"stopped-{behaviour}").touch()

if behaviour == "good":
    asyncio.run(serve())
elif behaviour == "refuses":
    line.say(Report("the port is taken.", "le port est pris."))
    sys.exit(78)
elif behaviour == "silent":
    sys.exit(1)
elif behaviour == "dies":
    line.say(Report())
    time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGKILL)
elif behaviour == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    line.say(Report())
    time.sleep(60)
"""
"""A small program that behaves as its first argument says."""


def plan(folder: Path, behaviour: str) -> ChildPlan:
    script = folder / "child.py"
    script.write_text(CHILD, encoding="utf-8")
    return ChildPlan(Process.WEB, (sys.executable, "-P", str(script), behaviour, str(folder)))


def supervisor(folder: Path, *behaviours: str) -> Supervisor:
    return Supervisor([plan(folder, behaviour) for behaviour in behaviours], folder, shutdown_s=1)


async def until(true: object, seconds: float = 10) -> None:
    assert callable(true)
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.02)


async def test_all_children_serve_and_then_stop(tmp_path: Path) -> None:
    """Inside the block every child is ready; leaving it asks them to stop and waits until they have."""
    async with supervisor(tmp_path, "good"):
        told = read_children(tmp_path / CHILDREN_FILE)
        assert told is not None and (told.wanted, told.running, told.restarts) == (1, 1, 0)
        assert not (tmp_path / "stopped-good").exists()
    assert (tmp_path / "stopped-good").exists()


async def test_a_child_that_cannot_start_stops_all_in_its_own_words(tmp_path: Path) -> None:
    """When one refuses, the others stop too, and what it said is the error."""
    with pytest.raises(CannotStart) as caught:
        async with supervisor(tmp_path, "good", "refuses"):
            pytest.fail("it must not serve")
    assert caught.value.text("en") == "The web process cannot start: the port is taken."
    assert caught.value.text("fr") == "Le processus web ne peut pas démarrer : le port est pris."
    assert (tmp_path / "stopped-good").exists() or not (tmp_path / "pid-good").exists()


async def test_a_child_that_ends_without_a_word_is_an_error_too(tmp_path: Path) -> None:
    """Nothing said is not ready."""
    with pytest.raises(CannotStart, match="ended without a word"):
        async with supervisor(tmp_path, "silent"):
            pytest.fail("it must not serve")


async def test_a_dead_child_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that dies after its start is started again, later and later, and counted."""
    monkeypatch.setattr(module, "BACKOFF_S_MIN", 0.05)
    async with supervisor(tmp_path, "dies"):
        await until(lambda: len((tmp_path / "starts-dies").read_text()) >= 3)
        await until(lambda: (told := read_children(tmp_path / CHILDREN_FILE)) is not None and told.restarts >= 2)


async def test_a_deaf_child_is_killed_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop is bounded: who does not hear is killed."""
    monkeypatch.setattr(module, "STOP_EXTRA_S", 0.0)
    async with supervisor(tmp_path, "deaf"):
        started_s = time.monotonic()
    assert time.monotonic() - started_s < 5


async def test_a_child_whose_supervisor_is_killed_stops_by_itself(tmp_path: Path) -> None:
    """When the line closes, however the supervisor ended, the child stops as if it had been asked."""
    line = SupervisorEnd()
    one = plan(tmp_path, "good")
    child = await asyncio.create_subprocess_exec(
        *one.command, "--control-fd", str(line.child_fd), pass_fds=(line.child_fd,)
    )
    line.started()
    assert await line.report() == Report()
    line.close()
    assert await asyncio.wait_for(child.wait(), 10) == 0
    assert (tmp_path / "stopped-good").exists()


async def test_rubbish_on_the_line_is_not_ready() -> None:
    """What is no report is nothing said, and a child started by hand has no line."""
    line = SupervisorEnd()
    line._childs.sendall(b"rubbish\n")
    assert await line.report() is None
    line.close()
    by_hand = ChildEnd(None)
    by_hand.watch(pytest.fail)
    by_hand.say(Report())

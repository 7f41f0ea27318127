"""The folder of a running deployment: private, gone at the end, and not left behind by one that was killed."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from beffroi.app.run_folder import PREFIX, remove_left_behind, run_folder


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The machine's folder for temporary files, as far as this test sees."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_it_is_private_and_goes(temporary: Path) -> None:
    """Nobody else can enter it, and it is gone after the block."""
    with run_folder() as own:
        assert own.path.parent == temporary and own.path.stat().st_mode & 0o777 == 0o700
    assert list(temporary.iterdir()) == []


def test_that_of_a_killed_one_goes_with_the_next_start(temporary: Path) -> None:
    """A folder whose lock is free is taken away; one that is in use, or not ours to judge, stays."""
    (temporary / f"{PREFIX}unfinished").mkdir()
    with run_folder() as first:
        dead = temporary / f"{PREFIX}dead"
        dead.mkdir()
        (dead / "lock").touch()
        (dead / "metrics").mkdir()
        with run_folder() as second:
            assert {path.name for path in temporary.iterdir()} == {
                first.path.name,
                second.path.name,
                f"{PREFIX}unfinished",
            }


def test_children_keep_it_while_they_live(temporary: Path) -> None:
    """A child that inherited the lock holds the folder after its parent's end."""
    dead = temporary / f"{PREFIX}dead"
    dead.mkdir()
    program = (
        "import fcntl, os, subprocess, sys\n"
        f"lock = os.open({str(dead / 'lock')!r}, os.O_RDWR | os.O_CREAT)\n"
        "fcntl.flock(lock, fcntl.LOCK_EX)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=0, pass_fds=[lock])\n"
        "os._exit(0)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.wait(10) == os.EX_OK
        remove_left_behind(temporary)
        assert dead.exists()
        assert parent.stdin is not None and parent.stdout is not None
        parent.stdin.close()
        parent.stdout.read()  # until the child has gone too
    remove_left_behind(temporary)
    assert not dead.exists()

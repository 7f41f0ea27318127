"""The command line as tests use it: in this process, where a command costs no start, or as a program of its own."""

import asyncio
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO, TextIOWrapper
from pathlib import Path
from types import ModuleType

import pytest

from beffroi import cli
from beffroi.cli import speaking

WIDTH = 200


@dataclass
class Said:
    """What a command said, and its exit code."""

    returncode: int
    stdout: str
    stderr: str


def beffroi(*arguments: object, french: bool = False, login: str = "") -> Said:
    """One command in this process, whose logs and language are left as they are. `login`: who is at the machine."""
    out, err = (TextIOWrapper(BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with pytest.MonkeyPatch.context() as patched, redirect_stdout(out), redirect_stderr(err):
        for module in _modules():
            patched.setattr(module, "configure_logs", lambda *_, **__: None, raising=False)
            patched.setattr(module, "LANGUAGE", "fr" if french else "en", raising=False)
        patched.setattr(speaking.out, "width", WIDTH)
        patched.setattr(sys, "argv", ["beffroi", *map(str, arguments)])
        if login:
            patched.setenv("LOGNAME", login)  # which getpass asks first
        code = _ended() if _is_free() else ThreadPoolExecutor(1).submit(_ended).result()
    return Said(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))  # type: ignore[attr-defined]


async def told(*arguments: object) -> tuple[int, str]:
    """The same beside what else a test runs: its exit code, and all that it said."""
    said = await asyncio.to_thread(beffroi, *arguments)
    return said.returncode, said.stdout + said.stderr


def _modules() -> list[ModuleType]:
    return [cli, speaking, *(import_module(f"beffroi.cli.{name}") for name in cli.HOMES), cli.reporting]  # type: ignore[attr-defined]


def _is_free() -> bool:
    """Whether this thread runs no loop of a test's own; `serve` wants the main one."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return True
    return False


def _ended() -> int:
    try:
        cli.main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def command(*arguments: str | Path) -> list[str]:
    """The words that start a command as a program."""
    return [sys.executable, "-m", "beffroi", *map(str, arguments)]


def environment(french: bool = False) -> dict[str, str]:
    """A user's environment, with one language."""
    language = "fr_FR.UTF-8" if french else "C.UTF-8"
    return {**os.environ, "LC_ALL": language, "NO_COLOR": "1", "COLUMNS": str(WIDTH)}


def program(*arguments: str | Path, french: bool = False) -> Said:
    """One command in a process of its own, ended."""
    done = subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=60, env=environment(french), check=False
    )
    return Said(done.returncode, done.stdout, done.stderr)

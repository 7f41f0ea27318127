"""Archiving as the worker's job: a process of its own that says how its run went, and is ended with the worker."""

import asyncio
from pathlib import Path

import pytest

from beffroi.actions.rounds import Round, RoundFailed
from beffroi.app import archiving
from beffroi.app.archiving import _move_apart
from beffroi.config.reading import load
from beffroi.config.settings import Config
from deployments import configuration, write_configuration


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A deployment without an archive."""
    text = configuration(lambda role: "postgresql://127.0.0.1/x")
    return load(write_configuration(tmp_path, text), demo=True)


async def test_a_run_that_fails_says_by_what(config: Config) -> None:
    """The class of the exception reaches the worker's note; what was done before it counts."""
    assert await _move_apart(config, asyncio.Event()) == Round(failure="OperatorError")


async def test_a_run_that_is_killed_is_a_failure(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever says nothing was killed: by the system that has no memory left, for one."""
    monkeypatch.setattr(archiving.sys, "executable", "/bin/false")
    monkeypatch.setattr(archiving, "FAILED", 77)
    with pytest.raises(RoundFailed, match="killed"):
        await _move_apart(config, asyncio.Event())


async def test_a_run_ends_with_the_worker(config: Config) -> None:
    """It is no run of which anything is noted."""
    stopping = asyncio.Event()
    stopping.set()
    assert await _move_apart(config, stopping) is None

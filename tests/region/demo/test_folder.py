"""The demonstration's folder: one user at a time, whole files, an unfinished region never taken for a finished one."""

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from beffroi.errors import OperatorError
from beffroi_region.demo.folder import (
    PEOPLE_MAX,
    PEOPLE_MIN,
    Claim,
    Example,
    Folder,
    Plan,
    Running,
    State,
    Wanted,
    default_folder,
    is_running,
)

NOW = datetime(2026, 11, 24, 9, 0, 1, 5, tzinfo=UTC)
PLAN = Wanted().plan(NOW)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """An empty folder, made."""
    made = Folder(tmp_path / "demo")
    made.make()
    return made


def test_it_is_private(folder: Folder) -> None:
    """Only its owner enters."""
    assert folder.root.stat().st_mode & 0o777 == 0o700


def test_the_usual_region() -> None:
    """50,000 people, 5 hospitals; some people are left for the live messages."""
    assert (PLAN.people, PLAN.hospitals) == (50_000, 5)
    assert PLAN.people - 1_000 < PLAN.first_new < PLAN.people
    assert PLAN.until.microsecond == 0


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(people=PEOPLE_MIN - 1),
        Wanted(people=PEOPLE_MAX + 1),
        Wanted(hospitals=1),
        Wanted(hospitals=51),
        Wanted(seed=-1),
    ],
)
def test_numbers_have_bounds(wanted: Wanted) -> None:
    """What is out of bounds is refused in words, with the option's name."""
    with pytest.raises(OperatorError, match="--"):
        wanted.plan(NOW)


def test_an_unfinished_region_is_not_a_finished_one(folder: Folder) -> None:
    """From `begin` to `finish` there is a build and no state; afterwards a state and no build."""
    assert (folder.build(), folder.state()) == (None, None)
    folder.begin(PLAN)
    assert (folder.build(), folder.state()) == (PLAN, None)
    state = State(PLAN, 100, 10, Example(1, "7", "A", "B", date(2000, 1, 1)))
    folder.feed.mkdir()
    folder.finish(state)
    assert (folder.build(), folder.state()) == (None, state)
    assert not folder.feed.exists()
    folder.begin(PLAN)
    assert folder.state() is None


def test_a_broken_state_is_no_state(folder: Folder) -> None:
    """A file that cannot be read is not believed."""
    (folder.root / "state.json").write_text('{"plan": {}}')
    assert folder.state() is None


def test_one_user_at_a_time(folder: Folder) -> None:
    """The second claim is refused with the first one's process and address, until it is given back."""
    assert not is_running(folder)
    claim = Claim(folder)
    assert is_running(folder)
    with pytest.raises(OperatorError, match="starting"):
        Claim(folder)
    folder.tell_running(Running(os.getpid(), NOW, "http://127.0.0.1:1"))
    with pytest.raises(OperatorError, match=f"process {os.getpid()}.*http://127.0.0.1:1"):
        Claim(folder)
    claim.give_back()
    assert not is_running(folder)
    Claim(folder).give_back()


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    """Nothing of somebody's is overwritten."""
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(OperatorError, match="other things"):
        Folder(tmp_path).make()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """What cannot be a folder is said in words."""
    (tmp_path / "file").touch()
    with pytest.raises(OperatorError, match="cannot be used"):
        Folder(tmp_path / "file").make()


def test_where_it_is_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """$BEFFROI_DEMO, else the user's data folder."""
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    monkeypatch.delenv("BEFFROI_DEMO", raising=False)
    assert default_folder() == Path("/data/beffroi/demo")
    monkeypatch.setenv("BEFFROI_DEMO", "/elsewhere")
    assert default_folder() == Path("/elsewhere")


def test_contradictions_are_named() -> None:
    """Only what was asked for, and is otherwise there, differs."""
    other = Plan(1_000, 5, 7, date(2026, 1, 1), NOW)
    assert Wanted(people=1_000).differs_from(other) == []
    assert Wanted(people=2_000, hospitals=5, seed=8).differs_from(other) == ["people", "seed"]

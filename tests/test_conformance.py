"""Three tables are true as far as a test can say: tests and modules that they name exist, nothing is done without."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def rows_of(page: str) -> list[list[str]]:
    """The cells of a page's tables whose last column is the test."""
    return [
        cells
        for line in (ROOT / "docs" / "reference" / page).read_text(encoding="utf-8").splitlines()
        if line.startswith("| ")
        and (cells := [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        and cells[-1] != "Test"
    ]


ROWS, PROMISES = rows_of("conformance.md"), rows_of("watch-promises.md")
JOURNEYS = rows_of("console-journeys.md")
STATES = ("done", "partly: ", "not done")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


IN_BOTH = {"browsing", "another", "locale"}
"""Whoever uses one of these fixtures runs in French and in English (tests/console/conftest.py)."""
KEY = re.compile(r"\b(?:with_key|enrolled|walk|look)\(")


@cache
def functions_of(path: str) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions of a file by their names."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}


def names_in(path: str) -> frozenset[str]:
    return frozenset(functions_of(path))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(row[:-2])[:60])
def test_each_row_is_true(row: list[str]) -> None:
    """A state is one of three; what is done or partly so names a test, and every test that is named exists."""
    state, shown = row[-2:]
    assert state.startswith(STATES) and (state in ("done", "not done") or ": " in state)
    found = TEST.fullmatch(shown)
    assert found or (not shown and state.startswith("not done")), "no test, or one written wrongly"
    if found:
        assert found[2] in names_in(found[1])


def test_every_part_has_rows() -> None:
    """Each of the profiles is in the table."""
    assert len(ROWS) > 60
    text = " ".join(cell for row in ROWS for cell in row)
    for transaction in ("ITI-30", "ITI-31", "ITI-8", "ITI-10", "ITI-83", "ITI-104", "ITI-93"):
        assert transaction in text


@pytest.mark.parametrize("row", PROMISES, ids=lambda row: row[0][:60])
def test_each_promise_of_the_watch_is_shown(row: list[str]) -> None:
    """By a test that exists, of a module that exists."""
    _, where, shown = row
    module = ROOT / "src" / "beffroi" / where.strip("`").replace(".", "/")
    assert module.with_suffix(".py").exists()
    found = TEST.fullmatch(shown)
    assert found, "no test, or one written wrongly"
    assert found[2] in names_in(found[1])


@pytest.mark.parametrize("row", JOURNEYS, ids=lambda row: f"{row[0]}: {row[1]}"[:60])
def test_each_journey_is_walked(row: list[str]) -> None:
    """By a test that exists, in the languages that the page says, with a key where it says so."""
    *_, languages, key, shown = row
    found = TEST.fullmatch(shown)
    assert found, "no test, or one written wrongly"
    test = functions_of(found[1])[found[2]]
    in_both = bool(IN_BOTH & {argument.arg for argument in test.args.args})
    assert languages == ("fr, en" if in_both else "fr")
    assert bool(KEY.search(ast.unparse(test))) == (key == "key")

"""The style that readers count on: short files and functions, docstrings, and queries in .sql files, described."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from beffroi.store.database import parse_queries
from imports import SRC, source_files

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
LONG_FILES = {
    "beffroi_region.origins": "lists of names by origin: data",
    "beffroi.config.settings": "the one table of all settings, each with what its thief gains",
}
"""Longer files, each with the reason."""
LONG_FUNCTIONS: dict[str, str] = {}
"""Longer functions, each with the reason."""

SQL_HOMES = ("beffroi.store", "beffroi_region.bench")
"""The store; and the benchmarks, which fill and measure a database from outside and are no part of the product."""

QUERIES = SRC / "beffroi" / "store" / "queries"
QUERY_TEXT = re.compile(
    r"^\s*(select\s.+\sfrom\s|select\s+\w+\(|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s*\()",
    re.IGNORECASE | re.DOTALL,
)

FILES = source_files()


@cache
def trees() -> dict[str, ast.Module]:
    """Every module of the program, parsed."""
    return {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in FILES.items()}


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function]]:
    """Every function with its dotted name, those within functions too."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Function | ast.ClassDef):
            name = f"{prefix}{node.name}"
            if isinstance(node, Function):
                yield name, node
            yield from functions(node, f"{name}.")
        else:
            yield from functions(node, prefix)


def public(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Function | ast.ClassDef]]:
    """The public classes and functions of a module, and the public methods of its public classes."""
    for node in body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield f"{prefix}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body, f"{node.name}.")


def explains_itself(node: Function | ast.ClassDef) -> bool:
    """Without a docstring: an error is its message, an enumeration its members; a protocol's `...` and an override."""
    if isinstance(node, ast.ClassDef):
        assigned = [target for s in node.body if isinstance(s, ast.Assign) for target in s.targets]
        is_error = any(getattr(target, "id", "") == "english" for target in assigned)
        return is_error or any(str(getattr(base, "id", "")).endswith(("Enum", "Flag")) for base in node.bases)
    decorators = {getattr(d, "id", getattr(d, "attr", "")) for d in node.decorator_list}
    return bool(decorators & {"overload", "override", "setter"}) or ast.unparse(node.body[-1]) == "..."


def queries() -> dict[str, str]:
    """Every named query, as `file.name`."""
    return {
        f"{path.stem}.{name}": text
        for path in sorted(QUERIES.glob("*.sql"))
        for name, text in parse_queries(path.read_text(encoding="utf-8"), path.name).items()
    }


def constants(tree: ast.AST) -> Iterator[ast.Constant]:
    """The text constants of a module but for its docstrings and other bare texts."""
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare:
            yield node


def test_files_are_short() -> None:
    """A file holds one idea: at most 400 lines, or a reason in LONG_FILES."""
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in FILES.items()}
    assert {n: count for n, count in lengths.items() if count > FILE_LINES_MAX and n not in LONG_FILES} == {}


def test_functions_are_short() -> None:
    """A function is read at one glance: at most 70 lines, or a reason in LONG_FUNCTIONS."""
    lengths = {
        f"{module}.{name}": (node.end_lineno or 0) - node.lineno + 1
        for module, tree in trees().items()
        for name, node in functions(tree)
    }
    assert {n: count for n, count in lengths.items() if count > FUNCTION_LINES_MAX and n not in LONG_FUNCTIONS} == {}


def test_the_exceptions_are_needed() -> None:
    """An exception that is not used any more is taken away."""
    assert set(LONG_FILES) <= set(FILES)
    assert {name for name in LONG_FILES if len(FILES[name].read_text().splitlines()) <= FILE_LINES_MAX} == set()


def test_every_module_says_its_idea() -> None:
    """A module starts with a docstring."""
    assert [name for name, tree in trees().items() if tree.body and not ast.get_docstring(tree)] == []


def test_everything_public_has_a_docstring() -> None:
    """A public class, function or method says what it is or what comes back."""
    silent = [
        f"{module}.{name}"
        for module, tree in trees().items()
        for name, node in public(tree.body)
        if not ast.get_docstring(node) and not explains_itself(node)
    ]
    assert silent == []


@pytest.mark.parametrize("path", sorted(QUERIES.glob("*.sql")), ids=lambda path: path.stem)
def test_every_query_is_described(path: Path) -> None:
    """A file of queries parses: each has a name of its own, a description and a text."""
    assert parse_queries(path.read_text(encoding="utf-8"), path.name)


def test_every_query_is_used() -> None:
    """A query's name stands in the module that loads its file."""
    unused = []
    for full_name in queries():
        file_name, _, name = full_name.partition(".")
        loaders = [
            t for t in (p.read_text(encoding="utf-8") for p in FILES.values()) if f'load_queries("{file_name}")' in t
        ]
        if not any(f'"{name}"' in text for text in loaders):
            unused.append(full_name)
    assert unused == []


def test_no_query_outside_the_store() -> None:
    """SQL lives in .sql files; what must be composed is composed in store/ (or a benchmark)."""
    found = [
        f"{module}:{node.lineno}"
        for module, tree in trees().items()
        if not module.startswith(SQL_HOMES)
        for node in constants(tree)
        if QUERY_TEXT.match(str(node.value))
    ]
    assert found == []


@pytest.mark.parametrize(
    "text", ["select 1 from x", "SELECT now()", "insert into a values (1)", "with a as (select 1)"]
)
def test_a_query_is_recognised(text: str) -> None:
    """The check itself."""
    assert QUERY_TEXT.match(text)


@pytest.mark.parametrize("text", ["select a hospital", "update the register", "with a reason", "selected"])
def test_words_are_no_query(text: str) -> None:
    """The check itself: English sentences pass."""
    assert not QUERY_TEXT.match(text)

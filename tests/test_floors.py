"""The house (architecture): imports go downwards only, floor 1 is pure, and the gate alone seals a release."""

import ast
from collections.abc import Iterator

import pytest

from beffroi import cli
from imports import Import, circles, imports_of, program_imports, reached, source_files

FLOORS = {
    "model": 0,
    "errors": 0,
    "clock": 0,
    "telemetry": 0,
    "identity": 1,
    "access": 1,
    "watch": 1,
    "ledger": 1,
    "breach": 1,
    "wire": 1,
    "store": 2,
    "outbound": 2,
    "actions": 3,
    "servers": 4,
    "config": 5,
    "app": 5,
    "doctor": 5,
    "cli": 5,
    "__main__": 5,
}
"""The one table of floors: the first name below `beffroi`, and how high it stands."""

NEIGHBOURS = {0, 5}
"""Floors whose parts may import one another. Elsewhere two parts of one floor meet in an action."""

HOMES = {
    "asyncpg": {"store"},
    "starlette": {"servers"},
    "jinja2": {"servers"},
    "uvicorn": {"servers", "app", "cli"},
    "prometheus_client": {"telemetry"},
    "typer": {"cli"},
    "rich": {"cli"},
    "typst": {"outbound"},
    "pyrage": {"outbound", "actions"},
}
"""A library has one home: the parts of `beffroi` that may import it."""

EFFECTS = {
    *("asyncio", "asyncpg", "http", "httpx2", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets"),
    *("select", "selectors", "shutil", "signal", "socket", "sqlite3", "ssl", "starlette", "structlog", "subprocess"),
    *("sys", "tempfile", "threading", "time", "uvicorn"),
}
"""What floor 1 does without: sockets, files, databases, clocks, randomness, processes."""

PROGRAMS = ["beffroi_region.bench.bare", "beffroi_region.bench.unwatched"]
"""Modules that are started by their name, as a process of their own."""

CLOCK_CALLS = {"now", "today", "utcnow", "open", "uuid1", "uuid4"}

SEALERS = "beffroi.actions.disclose"

FILES = source_files()


def part(module: str) -> str:
    """The part of `beffroi` that a module belongs to: `store` for `beffroi.store.feed`; empty for anything else."""
    names = module.split(".")
    return names[1] if names[0] == "beffroi" and len(names) > 1 else ""


def wrong_arrow(found: Import) -> str:
    """Why an import within `beffroi` is not allowed; empty when it is."""
    here, there = part(found.module), part(found.target)
    if not here or not there or here == there:
        return ""
    if here not in FLOORS or there not in FLOORS:
        return "stands on no floor: add it to FLOORS"
    if FLOORS[there] > FLOORS[here]:
        return "imports upwards"
    if FLOORS[there] == FLOORS[here] and FLOORS[here] not in NEIGHBOURS:
        return "imports its neighbour: let an action join them"
    if here == "servers" and there == "store":
        return "is a server that imports the store"
    return ""


def wrong_library(found: Import) -> str:
    """Why an import of a library is not allowed; empty when it is."""
    here, library = part(found.module), found.target.split(".")[0]
    if library == "beffroi_region" and here:
        return "" if here == "cli" and found.lazy else "imports the synthetic region, which only cli may do, lazily"
    if FLOORS.get(here) == 1 and library in EFFECTS:
        return f"has an effect ({library}); floor 1 is pure"
    if here and library in HOMES and here not in HOMES[library]:
        return f"imports {library}, whose home is {', '.join(sorted(HOMES[library]))}"
    return ""


def seals(source: str) -> Iterator[int]:
    """The lines that build a `Released`, by its own method or around it."""
    tree = ast.parse(source)
    names = {"Released"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname for alias in node.names if alias.name == "Released" and alias.asname}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            base = node.value.value if isinstance(node.value, ast.Subscript) else node.value
            named = getattr(base, "id", getattr(base, "attr", "")) in names
            if (named and node.attr in {"seal", "__new__"}) or node.attr == "_content":
                yield node.lineno
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "__new__":
            yield from (node.lineno for argument in node.args if getattr(argument, "id", "") in names)


def complaints(check: object, imports: list[Import]) -> list[str]:
    """One line per import that a check refuses."""
    assert callable(check)
    return [f"{i.module}:{i.line} ({i.target}) {check(i)}" for i in imports if check(i)]


def test_every_part_stands_on_a_floor() -> None:
    """A new package of `beffroi` is given its floor here."""
    assert {part(name) for name in FILES if part(name)} <= set(FLOORS)


def test_imports_go_downwards() -> None:
    """No upward arrow, no arrow between neighbours, and no server that imports the store."""
    assert complaints(wrong_arrow, program_imports()) == []


def test_libraries_stay_at_home() -> None:
    """The driver in the store, the web framework in the servers, no effect on floor 1, the region behind cli alone."""
    assert complaints(wrong_library, program_imports()) == []


def test_floor_1_asks_nobody_for_the_time() -> None:
    """Time and randomness are arguments: no `now()`, `today()`, `open()` or `uuid4()` on floor 1."""
    found = []
    for name, path in FILES.items():
        if FLOORS.get(part(name)) == 1:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                called = getattr(node, "func", None)
                if getattr(called, "attr", getattr(called, "id", "")) in CLOCK_CALLS:
                    found.append(f"{name}:{getattr(node, 'lineno', 0)}")
    assert found == []


def test_imports_are_absolute() -> None:
    """A module is called by its whole name."""
    assert [f"{i.module}:{i.line}" for i in program_imports() if i.level] == []


def test_no_circle() -> None:
    """Modules do not import one another in a circle."""
    assert list(circles(program_imports())) == []


def test_every_module_is_reached() -> None:
    """What neither the command line nor a process of its own reaches is dead."""
    roots = {name for name in FILES if name.endswith(".__main__")} | {f"beffroi.cli.{name}" for name in cli.HOMES}
    assert sorted(set(FILES) - reached(roots, program_imports())) == []


def test_the_keeper_needs_nothing() -> None:
    """The keeper is run as a program without our packages: it imports the standard library only."""
    its = [i.target for i in program_imports() if i.module == "beffroi.store.keeper"]
    assert [target for target in its if target.startswith("beffroi")] == []


AUDIT = [f"beffroi.actions.{name}" for name in ("audit", "audit_notes", "audit_archive", "findings", "recount")]
SEALING = {
    f"beffroi.{name}" for name in ("actions.seal", "ledger.leaf", "ledger.tiles", "ledger.proofs", "store.ledger")
}


def test_an_audit_counts_by_itself() -> None:
    """It shares with sealing the two hashes of RFC 6962: no leaf's bytes, no tree, no tiles, no queries."""
    assert [(i.module, i.target) for i in program_imports() if i.module in AUDIT and i.target in SEALING] == []
    shared = {
        (module, alias.name)
        for module in AUDIT
        for node in ast.walk(ast.parse(FILES[module].read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "beffroi.ledger.merkle"
        for alias in node.names
    }
    assert {name for _, name in shared} == {"leaf_hash", "node_hash"}


def test_the_gate_alone_seals() -> None:
    """`Released` is built nowhere but in actions.disclose (law 1)."""
    home = {"beffroi.model.disclosure"}
    elsewhere = [name for name in FILES if name not in home and f"{name}.".startswith(f"{SEALERS}.") is False]
    found = [f"{n}:{line}" for n in elsewhere for line in seals(FILES[n].read_text(encoding="utf-8"))]
    assert found == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("beffroi.model.person", "import beffroi.store.database"),
        ("beffroi.wire.fhir", "from beffroi.identity import matching"),
        ("beffroi.store.feed", "from beffroi.actions import find"),
        ("beffroi.servers.fhir_api", "from beffroi.store.database import Database"),
        ("beffroi.servers.fhir_api", "def handler():\n    from beffroi.store import database"),
        ("beffroi.outbound.mail", "import beffroi.store"),
        ("beffroi.cellar.wine", "import beffroi.model"),
    ],
)
def test_a_wrong_arrow_is_seen(module: str, source: str) -> None:
    """The check itself: each of these is refused."""
    assert complaints(wrong_arrow, imports_of(module, source))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("beffroi.wire.hl7", "import socket"),
        ("beffroi.watch.verdict", "from time import monotonic"),
        ("beffroi.access.tokens", "import secrets"),
        ("beffroi.actions.find", "import asyncpg"),
        ("beffroi.cli", "import beffroi_region.demo"),
        ("beffroi.app", "def run():\n    import beffroi_region"),
    ],
)
def test_a_library_away_from_home_is_seen(module: str, source: str) -> None:
    """The check itself: each of these is refused."""
    assert complaints(wrong_library, imports_of(module, source))


@pytest.mark.parametrize(
    "source",
    [
        "from m import Released\nReleased.seal(1)",
        "from m import Released\nReleased[int].seal(1)",
        "from m import Released as R\nR.seal(1)",
        "import m\nm.Released.seal(1)",
        "from m import Released\nobject.__new__(Released)",
        "def f(x):\n    x._content = 1",
    ],
)
def test_a_seal_is_seen(source: str) -> None:
    """The check itself: each of these builds a release, or changes one."""
    assert list(seals(source))


def test_a_circle_is_seen() -> None:
    """The check itself; a lazy import, or one for typing alone, makes no circle."""
    there, back = Import("a", "b", 1), Import("b", "a", 1)
    assert list(circles([there, back])) == [["a", "b"]]
    assert list(circles([there, Import("b", "a", 1, lazy=True)])) == []

"""The program's imports, read from its source: who imports whom, where, and whether lazily."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SRC = Path(__file__).parent.parent / "src"


@dataclass(frozen=True)
class Import:
    """`module` imports `target` (a module, never a name in it). `lazy`: in a function. `level`: its dots."""

    module: str
    target: str
    line: int
    lazy: bool = False
    typing_only: bool = False
    level: int = 0


def source_files(root: Path = SRC) -> dict[str, Path]:
    """Every module below `root`, by its dotted name."""
    files = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return files


def imports_of(module: str, source: str, known: Iterable[str] = ()) -> list[Import]:
    """The imports of one module. `from a import b` imports `a.b` when that is a `known` module; so does `"a.b"`."""
    modules = set(known)
    found: list[Import] = []

    def visit(node: ast.AST, lazy: bool, typing_only: bool) -> None:
        if isinstance(node, ast.Import):
            found.extend(Import(module, alias.name, node.lineno, lazy, typing_only) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            targets = {f"{base}.{a.name}" if f"{base}.{a.name}" in modules else base for a in node.names}
            found.extend(Import(module, t, node.lineno, lazy, typing_only, node.level) for t in sorted(targets))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in modules:
            found.append(Import(module, node.value, node.lineno, lazy=True))  # for importlib
        inside = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        guarded = typing_only or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
        for child in ast.iter_child_nodes(node):
            visit(child, inside, guarded)

    visit(ast.parse(source), False, False)
    return found


@cache
def program_imports() -> list[Import]:
    """The imports of every module of the program. Read once, by the first test that asks: collecting stays quick."""
    files = source_files()
    return [i for name, path in files.items() for i in imports_of(name, path.read_text(encoding="utf-8"), files)]


def reached(roots: Iterable[str], imports: Iterable[Import]) -> set[str]:
    """The modules that `roots` import, however indirectly, with the packages around them."""
    targets: dict[str, set[str]] = {}
    for found in imports:
        targets.setdefault(found.module, set()).add(found.target)
    seen: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += targets.get(name, ())
            if "." in name:
                waiting.append(name.rpartition(".")[0])
    return seen


def circles(imports: Iterable[Import]) -> Iterator[list[str]]:
    """Each circle of modules that import one another when they are loaded (not lazily, not for typing alone)."""
    targets: dict[str, list[str]] = {}
    for found in imports:
        if not found.lazy and not found.typing_only and found.target != found.module:
            targets.setdefault(found.module, []).append(found.target)
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> Iterator[list[str]]:
        if name in path:
            yield path[path.index(name) :]
            return
        if name in done:
            return
        for target in targets.get(name, ()):
            yield from walk(target, [*path, name])
        done.add(name)

    for name in sorted(targets):
        yield from walk(name, [])

"""Every FHIR answer that the tests look at is kept, one of each shape, to be validated when the run ends.

`fhir_rules.violations` keeps what it is given; the process that commands the run validates all of it at the end with
npm `@medplum/core`, against R4 and the profiles of shared/data where that folder is beside the checkout.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foreign_node import script_beside_modules

PROFILES = Path(__file__).parents[2] / "shared" / "data" / "profiles"
VARIABLE = "BEFFROI_KEPT_ANSWERS"
KEPT_MAX = 400
"""Answers that one process keeps: each shape once, so that generated values do not drown the rest."""
VALIDATION_S_MAX = 120

_shapes: set[frozenset[str]] = set()


def keep(resource: dict[str, Any]) -> None:
    """Keeps an answer whose shape is new, where somebody will validate it."""
    folder = os.environ.get(VARIABLE)
    if not folder or len(_shapes) >= KEPT_MAX:
        return
    shape = frozenset(_paths(resource, ""))
    if shape not in _shapes:
        _shapes.add(shape)
        with (Path(folder) / f"{os.getpid()}.jsonl").open("a", encoding="utf-8") as kept:
            kept.write(json.dumps(resource) + "\n")


def _paths(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, f"{path}.{key}")
    elif isinstance(value, list):
        yield f"{path}[{min(len(value), 2)}]"
        for inner in value:
            yield from _paths(inner, path)
    else:
        yield f"{path}={value}" if path.endswith((".url", ".code", ".system", "profile", "resourceType")) else path


def problems(answers: list[dict[str, Any]], folder: Path) -> list[list[str]]:
    """What the foreign validator says of each; skips the test where it cannot be had."""
    script = script_beside_modules("validate.mjs", folder)
    lines = "".join(json.dumps(answer) + "\n" for answer in answers)
    command = ["node", str(script), *([str(PROFILES)] if PROFILES.is_dir() else [])]
    run = subprocess.run(
        command, input=lines, capture_output=True, text=True, check=True, cwd=folder, timeout=VALIDATION_S_MAX
    )
    return [json.loads(line) for line in run.stdout.splitlines()]


def begin() -> None:
    """Called by the process that commands the run, before its workers start."""
    os.environ[VARIABLE] = tempfile.mkdtemp(prefix="beffroi-answers-")


def end() -> list[str]:
    """What is wrong with the answers of the whole run; nothing when there is no validator."""
    folder = Path(os.environ.pop(VARIABLE))
    kept = [json.loads(line) for file in folder.glob("*.jsonl") for line in file.read_text("utf-8").splitlines()]
    try:
        return [one for found in problems(kept, folder) for one in found] if kept else []
    except pytest.skip.Exception:
        return []
    except subprocess.SubprocessError as failure:
        return [f"the validator itself failed: {failure}"]

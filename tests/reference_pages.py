"""The parts of docs/ that the code itself says: what each is made of, and how to write them again.

A part stands between `<!-- made from the code: NAME -->` and `<!-- end -->`. `python tests/reference_pages.py` writes
all of them again; tests/test_docs.py fails when one is stale.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from prometheus_client import Metric
from prometheus_client.metrics import MetricWrapperBase
from typer.main import get_command

import drilled
from beffroi.access.fields import FIELDS_OF_SET, FieldSet
from beffroi.access.policy import RIGHTS, Rights
from beffroi.access.professional import APPLICATION_ROLES, GRANTED_ROLES
from beffroi.model.account import Role
from beffroi.model.disclosure import Operation
from beffroi.store.database import ROLE_OWNER, ROLES
from beffroi.telemetry import metrics
from beffroi.telemetry.events import LEVELS, Event
from beffroi.watch.ceiling import most_shown
from beffroi.watch.norms import NORMS
from beffroi.wire.pam_events import UPDATE_S, WINDOWS, Meaning, meaning_of

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PART = re.compile(r"(<!-- made from the code: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
HOUR_S = 3600
_HIDDEN_OPTIONS = frozenset({"--install-completion", "--show-completion", "--help"})


def table(titles: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table."""
    lines = [list(titles)]
    lines.append(["---"] * len(lines[0]))
    lines += [[str(cell) for cell in row] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


_WAYS = {
    Operation.STEP_UP: "own account",
    Operation.CONFIRM: "confirm for a colleague",
    Operation.WORKLIST: "worklists",
    Operation.KEY: "hand out keys",
    Operation.RELEASE: "release",
    Operation.DOUBTS: "doubtful identities",
    Operation.GRANT: "ask for roles",
    Operation.EXPORT: "reports, proofs and lists of incidents",
}


def rights() -> str:
    """What each role may do and have."""
    return table(
        ("Role", "Comes from", "May", "Beyond minimal", "For the purposes", "Protected access", "Emergency"),
        ((f"`{role}`", _origin(role), *_rights(found)) for role, found in RIGHTS.items()),
    )


def _origin(role: Role) -> str:
    if role in APPLICATION_ROLES:
        return "configuration"
    return "grant" if role in GRANTED_ROLES else "token"


def _rights(found: Rights) -> tuple[str, ...]:
    searching = Operation.SEARCH in found.operations
    may = "search, read, match, cross-reference" if searching else ""
    if not searching and Operation.READ in found.operations:
        may = "one name and birth date at a time"
    if Operation.AUDIT_SEARCH in found.operations:
        may = ", ".join(filter(None, (may, "audit")))
    if Operation.PATIENT_ACCESS in found.operations:
        may += ", tell a patient who saw her"
    if Operation.SCOPE_VIEW in found.operations:
        may = ", ".join(filter(None, (may, "scope")))
    more = [name for operation, name in _WAYS.items() if operation in found.operations]
    may = ", ".join(filter(None, (may, *more)))
    return (
        may or "nothing yet",
        ", ".join(found.extra) or "—",
        " ".join(sorted(f"`{purpose.value}`" for purpose in found.purposes)) or "—",
        "names, birth date" if found.restricted else "—",
        "yes" if found.emergency else "—",
    )


def ceilings() -> str:
    """The most that an account of each role may be shown, every way on included: patients, and contact fields."""
    return table(
        (
            *("Role", "24 hours", "30 days", "365 days", "contacts, 24 h", "30 d", "365 d"),
            *("unexplained, 30 d", "waiting for the feed"),
        ),
        (
            (
                f"`{role}`",
                *(f"{number:,}" for number in msgspec.structs.astuple(most_shown(role))),
                str(norm.pending_max),
            )
            for role, norm in NORMS.items()
        ),
    )


def field_sets() -> str:
    """The fields of each set."""
    return table(
        ("Set", "Fields"),
        ((f"`{name}`", ", ".join(f.name.lower() for f in FIELDS_OF_SET[name] if f.name)) for name in FieldSet),
    )


_MEANINGS = {
    Meaning.UPDATE: "creates or updates one identity",
    Meaning.MERGE: "merges MRG-1 into PID-3",
    Meaning.CHANGE: "changes an identifier, or the INS",
    Meaning.LINK: "says that two identities are one person",
    Meaning.UNLINK: "says that two identities are two people",
    Meaning.SWAP: "updates two identities",
    Meaning.NOTHING: "nothing (no patient in it): accepted",
    Meaning.REFUSED: "refused: AR, 201",
}


def adt_events() -> str:
    """What each ADT event does, and for how many hours it explains readings."""
    groups: dict[tuple[Meaning, int | None], list[str]] = {}
    for event in (f"A{number:02}" for number in range(1, 63)):
        meaning = meaning_of(event)
        assert meaning is not None
        refused = meaning is Meaning.REFUSED
        hours = None if refused else WINDOWS.get(event, UPDATE_S) // HOUR_S
        groups.setdefault((meaning, hours), []).append(event)
    rows = (
        (" ".join(events), _MEANINGS[meaning], "—" if hours is None else hours)
        for (meaning, hours), events in sorted(groups.items(), key=lambda one: (one[0][0].value, -(one[0][1] or 0)))
    )
    return table(("Events", "What is done", "Explains, hours"), rows)


def log_events() -> str:
    """The events of the log by level."""
    names = {30: "warning", 40: "error"}
    by_level: dict[str, list[str]] = {}
    for event in Event:
        by_level.setdefault(names.get(LEVELS.get(event, 0), "info"), []).append(f"`{event}`")
    rows = ((level, " ".join(by_level[level])) for level in ("error", "warning", "info"))
    return table(("Level", "Events"), rows)


def metric_names() -> str:
    """The metrics with their labels."""
    found = [one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)]
    return table(("Metric", "Kind", "Labels", "What it counts"), (_metric(one) for one in found))


def _metric(one: MetricWrapperBase) -> tuple[str, ...]:
    described: Metric = next(iter(one.describe()))
    name = f"{described.name}_total" if described.type == "counter" else described.name
    labels = ", ".join(f"`{label}`" for label in one._labelnames) or "—"
    return f"`{name}`", described.type, labels, described.documentation


def database_roles() -> str:
    """What a superuser does before the first migration."""
    lines = [f"create role {role} login;" for role in ROLES]
    return "\n".join(("```sql", *lines, f"create database beffroi owner {ROLE_OWNER};", "```", ""))


def commands() -> str:
    """Every command with its arguments and options, in English whoever asks."""
    if os.environ.get("LC_ALL") == "C":
        return "\n".join(_sections())
    script = "import sys, reference_pages; sys.stdout.write(reference_pages.commands())"
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT / "tests",
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def _sections() -> Iterator[str]:
    from beffroi.cli import assembled

    for name, command in _walk("beffroi", get_command(assembled())):
        arguments = "".join(f" {p.metavar or p.name.upper()}" for p in command.params if not _is_option(p))
        options = [p for p in command.params if _is_option(p) and p.opts[0] not in _HIDDEN_OPTIONS]
        if getattr(command, "commands", None) and not options:
            continue
        yield f"### {name}{arguments}\n\n{command.help}\n"
        if options:
            yield table(("Option", "Default", "What it is for"), (_option(p) for p in options))


def _walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield name, command
    for own, sub in getattr(command, "commands", {}).items():
        yield from _walk(f"{name} {own}", sub)


def _is_option(parameter: Any) -> bool:
    return str(parameter.opts[0]).startswith("-")


def _option(parameter: Any) -> tuple[str, str, str]:
    default = parameter.default
    told = "required" if parameter.required else "" if default in (None, False, "", ()) else f"`{default}`"
    if parameter.opts[0] == "--lang":
        told = "the environment's"
    variable = f" Also `{parameter.envvar}`." if parameter.envvar else ""
    return ", ".join(f"`{name}`" for name in parameter.opts), told, f"{parameter.help or ''}{variable}".strip()


def exercises() -> str:
    """The attacks and the genuine work that a drill must hold, each with its scenarios."""
    lists = (("Attack", drilled.ATTACKS), ("Genuine work that looks like one", drilled.LOOKALIKES))
    return "\n".join(
        table(("", what, "Scenarios"), ((n, said, _scenarios(names)) for n, (said, names) in enumerate(listed, 1)))
        for what, listed in lists
    )


def _scenarios(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "—"


PARTS: dict[str, Callable[[], str]] = {
    "drilled": exercises,
    "rights": rights,
    "ceilings": ceilings,
    "field_sets": field_sets,
    "adt_events": adt_events,
    "database_roles": database_roles,
    "log_events": log_events,
    "metrics": metric_names,
    "commands": commands,
}


def pages() -> list[Path]:
    """The pages that have such parts."""
    return [page for page in sorted(DOCS.rglob("*.md")) if PART.search(page.read_text(encoding="utf-8"))]


def written(text: str) -> str:
    """A page with its parts as the code says them now."""
    return PART.sub(lambda part: f"{part[1]}{PARTS[part[2]]()}{part[4]}", text)


if __name__ == "__main__":
    for page in pages():
        page.write_text(written(page.read_text(encoding="utf-8")), encoding="utf-8")

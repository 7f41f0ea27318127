"""The report in a terminal: attacks first, then genuine work, then the plain years. Failures stand beside successes."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from beffroi_region.drill.rungs import RUNGS, cells, has
from beffroi_region.drill.scenario import Kind

Report = Mapping[str, Any]

_ATTACK_HEADS = {
    "en": ("attack", "runs", "shown p50", "p95", "max", "aim", "stopped", "30 d, all p95", "contacts p95", ""),
    "fr": ("attaque", "essais", "montrés p50", "p95", "max", "but", "arrêtés", "30 j, tout p95", "coordonnées p95", ""),
}
_RUNG_HEADS = {
    "en": ("before the rung (p50 / p95 / max)", *RUNGS, *(f"contacts, {name}" for name in RUNGS)),
    "fr": ("avant l'échelon (p50 / p95 / max)", *RUNGS, *(f"coordonnées, {name}" for name in RUNGS)),
}
_GENUINE_HEADS = {
    "en": (
        "genuine work",
        "shifts",
        "false holds / 10,000",
        "at most (95 %)",
        "false step-ups / 10,000",
        "at most",
        "refused",
    ),
    "fr": (
        "travail réel",
        "services",
        "arrêts à tort / 10 000",
        "au plus (95 %)",
        "preuves à tort / 10 000",
        "au plus",
        "refus",
    ),
}


def tell(report: Report, console: Console, language: str) -> None:
    """Prints the report."""
    attacks = {n: f for n, f in report["scenarios"].items() if f["kind"] == Kind.ATTACK}
    genuine = {n: f for n, f in report["scenarios"].items() if f["kind"] == Kind.GENUINE}
    years = {f"year-{n}": f for n, f in report["seasons"].items()}
    if attacks:
        console.print(_attacks(attacks, language))
        console.print(_by_rung(attacks, language))
    for found in (genuine, years):
        if found:
            console.print(_genuine(found, language))
    kind = {
        "en": ("held-out seeds", "seeds on which parameters were chosen"),
        "fr": ("graines jamais vues", "graines du réglage"),
    }[language][not report["held_out"]]
    console.print(f"seed {report['seed']}: {kind}")


def _attacks(attacks: Mapping[str, Any], language: str) -> Table:
    table = Table(*_ATTACK_HEADS[language], box=None)
    for name, found in attacks.items():
        aim = "-" if found["aim_p50"] is None else "/".join(str(v) for v in (found["aim_p50"], found["aim_p95"]) if v)
        mark = {True: "✓", False: "✗", None: ""}[found["aim_met"]]
        row = [name, found["runs"], found["shown_p50"], found["shown_p95"], found["shown_max"], aim]
        row += [f"{found['stopped_share']:.0%}", found["shown_30d_p95"], found["contacts_30d_p95"], mark]
        table.add_row(*[str(cell) for cell in row], style="red" if found["aim_met"] is False else None)
    return table


def _by_rung(attacks: Mapping[str, Any], language: str) -> Table:
    table = Table(*_RUNG_HEADS[language], box=None)
    for name, found in attacks.items():
        if has(found):
            table.add_row(name, *cells(found))
    return table


def _genuine(genuine: Mapping[str, Any], language: str) -> Table:
    table = Table(*_GENUINE_HEADS[language], box=None)
    for name, found in genuine.items():
        refused = found["refused_explained"] + found["refused_strangers"]
        figures = [f"{found[key]:.3f}" for key in ("false_holds_per_10k_shifts", "false_holds_bound")]
        figures += [f"{found[key]:.2f}" for key in ("false_step_ups_per_10k_shifts", "false_step_ups_bound")]
        table.add_row(
            name, f"{found['shifts']:,}", *figures, str(refused), style="red" if found["false_holds"] else None
        )
    return table

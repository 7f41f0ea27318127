"""The whole exercise: every scenario that was asked for, the seasons of plain work, and one report of both.

The report is a mapping that goes into JSON as it is: `scenarios` and `seasons` by name, and how they came about.
"""

from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

from beffroi.errors import OperatorError
from beffroi.watch import detectors
from beffroi.watch.norms import NORMS
from beffroi_region.drill.habits import PLAIN, SEASONS
from beffroi_region.drill.playing import figures, play_all
from beffroi_region.drill.scenario import SCENARIOS
from beffroi_region.drill.season import year

ALL, SEASON_PREFIX = "all", "year-"
TUNED_SEED, HELD_OUT_SEED = 1, 500_000_000
"""The watch's parameters were chosen on seeds below 10,000,000; the default lies far from them."""
RUNS_DEFAULT, PROFESSIONALS_DEFAULT = 100, 1_000
KNOWN_INCIDENTS = (
    {
        "title": "19 accounts, 510,000 people",
        "title_fr": "19 comptes, 510 000 personnes",
        "patients_per_account": 26_800,
    },
    {"title": "1,500 accounts, 15 million", "title_fr": "1 500 comptes, 15 millions", "patients_per_account": 10_000},
)

Say = Callable[[str], None]


def chosen(name: str) -> tuple[list[str], list[str]]:
    """The scenarios and the seasons of a name: one of them, `attack`, `genuine`, `year`, or `all`.

    >>> chosen("robot"), chosen("year-plain")
    ((['robot'], []), ([], ['plain']))
    """
    scenarios = [n for n, s in SCENARIOS.items() if name in (ALL, n, s.kind.value)]
    seasons = [n for n in SEASONS if name in (ALL, "year", SEASON_PREFIX + n)]
    if not scenarios and not seasons:
        known = ", ".join([ALL, "attack", "genuine", "year", *SCENARIOS, *(SEASON_PREFIX + n for n in SEASONS)])
        raise OperatorError(
            f"No scenario is called {name}. There are: {known}.", f"Aucun scénario « {name} ». Il y a : {known}."
        )
    return scenarios, seasons


def exercise(
    name: str = ALL,
    *,
    seed: int = HELD_OUT_SEED,
    runs: int = RUNS_DEFAULT,
    professionals: int = PROFESSIONALS_DEFAULT,
    processes: int = 2,
    say: Say = lambda text: None,
) -> dict[str, Any]:
    """Plays it and returns the report."""
    scenarios, seasons = chosen(name)
    played = play_all(scenarios, seed, runs, PLAIN, processes, say)
    return {
        "benchmark": "drill",
        "version": version("beffroi"),
        "seed": seed,
        "runs": runs,
        "held_out": seed >= HELD_OUT_SEED,
        "parameters": _parameters(),
        "known_incidents": list(KNOWN_INCIDENTS),
        "scenarios": {one: figures(SCENARIOS[one], found) for one, found in played.items()},
        "seasons": {one: year(seed, SEASONS[one], professionals, processes, say) for one in seasons},
    }


def missed(report: dict[str, Any]) -> Sequence[str]:
    """The scenarios whose aim was not met."""
    return [name for name, found in report["scenarios"].items() if found.get("aim_met") is False]


def _parameters() -> dict[str, Any]:
    """What the watch was set to: frozen before the held-out seeds were played."""
    return {
        "alternatives": detectors.ALTERNATIVES,
        "tolerance": detectors.TOLERANCE,
        "run_rate": getattr(detectors, "RUN_RATE", None),
        "step_ups_per_shift": detectors.STEP_UPS_PER_SHIFT,
        "holds_per_shift": detectors.HOLDS_PER_SHIFT,
        "base_rates": {role.value: norm.base_rate for role, norm in NORMS.items()},
    }

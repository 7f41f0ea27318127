"""Playing scenarios: many runs of each, over processes, and the figures that come of them."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import msgspec

from beffroi_region.drill import attacks, clever, elsewhere, lookalikes, rungs, spread
from beffroi_region.drill.account import Account
from beffroi_region.drill.figures import quantile, rates, spread_of
from beffroi_region.drill.habits import PLAIN, Season
from beffroi_region.drill.scenario import SCENARIOS, Kind, Scenario
from beffroi_region.drill.stage import Stage

FILES = (attacks, elsewhere, spread, clever, lookalikes)
"""Where scenarios stand; importing a file adds its own."""


class Run(msgspec.Struct, array_like=True):
    """What one run came to. Of a thief: distinct patients shown, over all robbed accounts."""

    shown: int = 0
    strangers: int = 0
    by_rung: rungs.Counted = msgspec.field(default_factory=lambda: dict.fromkeys(rungs.FIGURES, 0))
    shown_30d: int = 0
    thief_30d: int = 0
    contacts_30d: int = 0
    by_ways_on: int = 0
    accounts: int = 0
    asked: int = 0
    held: int = 0
    stopped: int = 0
    after_verdict: int = 0
    seconds: float = 0.0
    shifts: int = 0
    readings: int = 0
    false_holds: int = 0
    false_step_ups: int = 0
    refused_explained: int = 0
    refused_strangers: int = 0
    collateral: int = 0


def play(scenario: Scenario, seed: int, season: Season = PLAIN) -> Run:
    """One run."""
    stage = Stage(seed, season, scenario.horizon_s)
    scenario.play(stage)
    stage.run()
    found = Run(accounts=len(stage.robbed), shifts=stage.shifts)
    for account in stage.robbed:
        _robbed(found, account)
    for account in stage.honest:
        if account in stage.robbed:
            continue
        found.readings += account.readings
        found.false_holds += account.holds
        found.false_step_ups += account.step_ups
        found.refused_explained += account.refused_explained
        found.refused_strangers += sum(account.withheld.values()) - account.refused_explained
    if scenario.kind is Kind.ATTACK:
        found.collateral = found.refused_explained + found.refused_strangers
    return found


def _robbed(found: Run, account: Account) -> None:
    ours = [s for s in account.showings if s.thief]
    ordinary = [s for s in ours if not s.by]
    last_s = max((s.at_s for s in ordinary if not s.explained), default=0)
    stops = account.thief_asked or account.thief_held
    end_s = last_s if stops else max((s.at_s for s in ordinary), default=0)
    found.shown += len({s.person for s in ordinary if s.at_s <= end_s})
    found.strangers += len({s.person for s in ordinary if not s.explained})
    for name, count in rungs.counted(account).items():
        found.by_rung[name] += count
    found.shown_30d += len({s.person for s in account.showings})
    found.thief_30d += len({s.person for s in ours})
    found.contacts_30d += len({s.person for s in account.showings if s.contact})
    found.by_ways_on += len({s.person for s in ours if s.by})
    found.asked += account.thief_asked and not account.thief_held
    found.held += account.thief_held
    found.stopped += stops
    found.after_verdict += account.after_verdict
    found.seconds = max(found.seconds, float(last_s - ours[0].at_s) if ours and stops else 0.0)


def _play_many(job: tuple[str, tuple[int, ...], Season]) -> tuple[str, list[Run]]:
    name, seeds, season = job
    return name, [play(SCENARIOS[name], seed, season) for seed in seeds]


def play_all(
    names: Sequence[str],
    seed: int,
    runs: int,
    season: Season = PLAIN,
    processes: int = 2,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, list[Run]]:
    """All runs of all scenarios. `runs` is for a scenario of usual length; long ones are played less often."""
    jobs = []
    for name in names:
        count = max(1, runs * SCENARIOS[name].runs // 100)
        seeds = tuple(range(seed, seed + count))
        jobs += [(name, seeds[begin : begin + 20], season) for begin in range(0, count, 20)]
    found: dict[str, list[Run]] = {name: [] for name in names}
    with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
        for name, played in pool.map(_play_many, jobs):
            found[name] += played
            say(f"{name}: {len(found[name])} runs")
    return found


def figures(scenario: Scenario, runs: Sequence[Run]) -> dict[str, Any]:
    """The figures of one scenario, as the JSON has them."""
    base: dict[str, Any] = {
        "kind": scenario.kind.value,
        "title": scenario.title.english,
        "title_fr": scenario.title.french,
        "runs": len(runs),
    }
    if scenario.kind is Kind.ATTACK:
        return base | _attack_figures(scenario, runs)
    return base | _genuine_figures(runs)


def _attack_figures(scenario: Scenario, runs: Sequence[Run]) -> dict[str, Any]:
    accounts = sum(run.accounts for run in runs)
    counted = [run.shown for run in runs]
    found: dict[str, Any] = {"aim_p50": scenario.p50, "aim_p95": scenario.p95, "made_to_beat_it": scenario.ours}
    found |= spread_of("shown", counted) | rungs.figures([run.by_rung for run in runs])
    for name in ("strangers", "shown_30d", "thief_30d", "contacts_30d", "by_ways_on"):
        values = [getattr(run, name) for run in runs]
        found |= {f"{name}_p50": quantile(values, 0.5), f"{name}_p95": quantile(values, 0.95)}
    found |= {
        "stopped_share": round(sum(run.stopped for run in runs) / accounts, 4),
        "asked_share": round(sum(run.asked for run in runs) / accounts, 4),
        "held_share": round(sum(run.held for run in runs) / accounts, 4),
        "answers_after_verdict": sum(run.after_verdict for run in runs),
        "collateral_refusals": sum(run.collateral for run in runs),
        "false_holds_per_10k_shifts": None,
        "false_step_ups_per_10k_shifts": None,
        "hours_p50": round((quantile([run.seconds for run in runs], 0.5) or 0) / 3_600, 3),
    }
    met = (scenario.p50 is None or found["shown_p50"] <= scenario.p50) and (
        scenario.p95 is None or found["shown_p95"] <= scenario.p95
    )
    found["aim_met"] = met if scenario.p50 is not None else None
    return found


def _genuine_figures(runs: Sequence[Run]) -> dict[str, Any]:
    shifts = sum(run.shifts for run in runs)
    unshown = dict.fromkeys(("shown_p50", "shown_p95", "shown_max", "shown_30d_p95", "contacts_30d_p95"))
    return (
        unshown
        | rates(
            shifts,
            sum(run.readings for run in runs),
            sum(run.false_holds for run in runs),
            sum(run.false_step_ups for run in runs),
        )
        | {
            "refused_explained": sum(run.refused_explained for run in runs),
            "refused_strangers": sum(run.refused_strangers for run in runs),
            "collateral_refusals": 0,
        }
    )

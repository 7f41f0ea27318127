"""The drill's section of docs/benchmarks.md, made from its JSON: failures beside successes, the worst attacks first."""

from collections.abc import Mapping, Sequence
from typing import Any

from beffroi_region.drill.rungs import RUNGS, cells, has

Report = Mapping[str, Any]

_HEAD = """Simulated time, the pure step of the watch as the gate calls it. *Shown* is every distinct patient whom a
thief was shown in the ordinary way before strangers were withheld for good, explained ones that he padded with too;
*30 days* is everything that the account was shown, by its owner and on every way on too. Known incidents: 26,800 and
10,000 patients for each account. What is assumed: [0030](decisions/0030-what-the-drill-assumes-of-honest-work.md); how
it is counted: [0032](decisions/0032-how-thieves-are-counted.md).
"""
_GENUINE_NOTE = """A rate is for 10,000 shifts; in brackets what it is at most with 95 % certainty, which is all that so
many shifts allow to say. *Refused* are questions about somebody explained (of a year: on how many days, each of one
account), and about strangers, that got no answer.
"""


def section(drills: Sequence[Report], steps: Sequence[Report]) -> list[str]:
    """The lines of the section; none without a run. Scenarios and years may come from runs of their own."""
    lines = _exercise(drills) if drills else []
    for report in steps:
        lines += ["## A step of the watch: `beffroi bench watch`", ""]
        lines += [f"- {report['step_us']} microseconds of processor time (aim 10 at most)"]
        lines += [f"- {report['year_minutes_on_one_core']} minutes for a year of 90 million readings on one core", ""]
    return lines


def _exercise(drills: Sequence[Report]) -> list[str]:
    played = [f | {"name": name} for report in drills for name, f in report["scenarios"].items()]
    attacks = [found for found in played if found["kind"] == "attack"]
    genuine = [found for found in played if found["kind"] == "genuine"]
    years = [
        f | {"name": f"year-{name}", "title": f"{f['professionals']:,} professionals"}
        for report in drills
        for name, f in report["seasons"].items()
    ]
    worst = sorted((f for f in attacks if f["made_to_beat_it"]), key=lambda f: -int(f["shown_30d_p95"]))
    return [
        *("## A stolen account, and everybody else: `beffroi drill`", "", _HEAD),
        *(_run(report) for report in drills),
        *("", "### Thieves", "", *_attack_table([f for f in attacks if not f["made_to_beat_it"]])),
        *("### Thieves made to beat this watch", "", *_attack_table(worst)),
        *("### Before each rung", "", *_rung_table([f for f in attacks if has(f)])),
        *("### Honest work", "", _GENUINE_NOTE, *_genuine_table([*genuine, *years])),
    ]


def _run(report: Report) -> str:
    """What one run was: its seed, and how much of what it played."""
    seeds = "held out" if report["held_out"] else "those of the tuning"
    what = []
    if report["scenarios"]:
        what.append(f"{report['runs']} runs of a scenario of usual length")
    if report["seasons"]:
        what.append("years of " + ", ".join(report["seasons"]))
    return f"- Seed {report['seed']} ({seeds}): {'; '.join(what)}."


def _rung_table(attacks: Sequence[Report]) -> list[str]:
    if not attacks:
        return ["Not measured.", ""]
    heads = [*RUNGS, *(f"contacts, {name}" for name in RUNGS)]
    lines = [
        "Strangers, and patients with contact fields, that the thief was shown before the account came there: "
        "median / 95 % / most.",
        "",
        "| | " + " | ".join(heads) + " |",
        "|---" * (len(heads) + 1) + "|",
    ]
    return [*lines, *(f"| `{found['name']}` | " + " | ".join(cells(found)) + " |" for found in attacks), ""]


def _attack_table(attacks: Sequence[Report]) -> list[str]:
    lines = [
        "| | runs | shown: median | 95 % | most | aim | strangers, 95 % | stopped | 30 days, 95 % | contacts, 95 % |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for found in attacks:
        aims = [str(value) for value in (found["aim_p50"], found["aim_p95"]) if value is not None]
        missed = ", **missed**" if found["aim_met"] is False else ""
        cells = [f"{found[k]:,}" for k in ("runs", "shown_p50", "shown_p95", "shown_max")]
        cells += [" / ".join(aims) + missed, f"{found['strangers_p95']:,}", f"{found['stopped_share']:.0%}"]
        cells += [f"{found[k]:,}" for k in ("shown_30d_p95", "contacts_30d_p95")]
        lines.append(f"| {found['title']} (`{found['name']}`) | " + " | ".join(cells) + " |")
    return [*lines, ""]


def _genuine_table(genuine: Sequence[Report]) -> list[str]:
    lines = [
        "| | shifts | held wrongly | asked wrongly | refused: explained | strangers |",
        "|---|---|---|---|---|---|",
    ]
    for found in genuine:
        rates = [
            f"{found[f'{key}_per_10k_shifts']:.3g} ({found[f'{key}_bound']:.2g})"
            for key in ("false_holds", "false_step_ups")
        ]
        title = f"{found['title']} (`{found['name']}`)" if "title" in found else f"`{found['name']}`"
        explained = f"{found['refused_explained']:,}"
        if found.get("refused_explained_shifts"):
            explained += f" on {found['refused_explained_shifts']:,}"
        cells = [f"{found['shifts']:,}", *rates, explained, f"{found['refused_strangers']:,}"]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return [*lines, ""]

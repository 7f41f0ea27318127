"""The drill's part of docs/benchmarks.md, from runs that are told apart."""

from beffroi_region.bench.report_drill import section
from beffroi_region.drill.exercise import exercise
from beffroi_region.drill.figures import upper_bound
from beffroi_region.drill.season import year


def test_a_year_may_come_from_a_run_of_its_own() -> None:
    """One section, each run with its seed, the years of both files beside the scenarios of one."""
    report = exercise("slow-5", runs=2, processes=1)
    alone = report | {"seed": 7, "held_out": False, "scenarios": {}, "seasons": {"plain": year(7, professionals=100)}}
    lines = section([report, alone], [])
    assert sum(line.startswith("## ") for line in lines) == 1
    assert any("Seed 500000000 (held out): 2 runs" in line for line in lines)
    assert any("Seed 7 (those of the tuning): years of plain" in line for line in lines)
    assert any(line.startswith("| 100 professionals (`year-plain`) | 16,532 |") for line in lines)
    assert any(line.startswith("| `slow-5` | ") and line.count(" / ") == 16 for line in lines)


def test_no_bound_is_below_what_was_seen() -> None:
    """Whatever the number of events."""
    assert all(upper_bound(count) > count for count in (0, 1, 50, 51, 699, 1_486, 1_000_000))

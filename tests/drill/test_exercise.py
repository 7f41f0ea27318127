"""The exercise in small: every scenario plays, and its report says what a director needs."""

from html.parser import HTMLParser

import pytest

from beffroi.errors import OperatorError
from beffroi_region.drill.exercise import HELD_OUT_SEED, chosen, exercise, missed
from beffroi_region.drill.figures import upper_bound
from beffroi_region.drill.page import written
from beffroi_region.drill.playing import play
from beffroi_region.drill.scenario import SCENARIOS, Kind

SMALL = [name for name in SCENARIOS if name not in ("spread-1500", "spread-apart")]
KEYS = {
    *("shown_p50", "shown_p95", "shown_max", "shown_30d_p95", "contacts_30d_p95"),
    *("false_holds_per_10k_shifts", "false_step_ups_per_10k_shifts", "collateral_refusals"),
}


@pytest.mark.parametrize("name", SMALL)
def test_each_scenario_plays(name: str) -> None:
    """A run of it does something, and after the verdict nobody is shown but by a way on."""
    run = play(SCENARIOS[name], HELD_OUT_SEED)
    assert run.after_verdict == 0
    assert run.refused_explained == 0
    assert run.thief_30d > 0 if SCENARIOS[name].kind is Kind.ATTACK else run.shifts > 0


def test_the_same_seed_is_the_same_exercise() -> None:
    """Thieves and patients are drawn from the seed alone."""
    assert play(SCENARIOS["blended-half"], 5) == play(SCENARIOS["blended-half"], 5)


def test_the_report_holds_every_figure() -> None:
    """Each scenario has the same keys, and seeds that were not used for the tuning are told apart."""
    report = exercise("slow-5", runs=3, processes=1)
    report["scenarios"] |= exercise("monday-desk", runs=3, processes=1, seed=1)["scenarios"]
    assert all(set(found) >= KEYS for found in report["scenarios"].values())
    assert report["held_out"] and not exercise("homonyms", runs=1, seed=1, processes=1)["held_out"]
    assert missed(report) == []


def test_the_page_stands_alone() -> None:
    """In both languages: charts without scripts, nothing fetched, and the known incidents beside."""
    report = exercise("slow-5", runs=2, processes=1)
    for language, incident in (("en", "Known incident"), ("fr", "Incident connu")):
        page = written(report, language)
        HTMLParser().feed(page)
        assert f'lang="{language}"' in page and incident in page and "26,800" in page
        assert "<script" not in page and "src=" not in page and "http" not in page


def test_an_unknown_scenario_names_the_known_ones() -> None:
    """Whoever mistypes sees what there is."""
    with pytest.raises(OperatorError, match="slow-5"):
        chosen("slow-6")


def test_a_bound_says_what_so_many_shifts_allow() -> None:
    """No event in three million shifts bounds the rate by one in a million (rule of three)."""
    assert 0.9e-6 < upper_bound(0) / 3_000_000 < 1.0e-6

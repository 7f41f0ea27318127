"""`beffroi bench scope`, small: it measures what it says, and every answer is what the generator put there."""

from beffroi_region.bench.report import page
from beffroi_region.bench.scope import run, summary


def test_a_small_run_answers_exactly(tmp_path) -> None:
    """An account's year, a patient's history, an hour; beside it unsorted files and a log. Nothing is left behind."""
    report = run(disclosures=100_000, seed=3, folder=str(tmp_path))
    assert report["account_readings"] > 1_000 and report["unsorted_account_readings"] > 1_000
    assert report["account_s"] > 0 and report["patient_s"] > 0 and report["window_s"] > 0
    assert 50 < report["account_peak_memory_mib"] < 1_000
    assert "one account's year" in summary(report)
    assert "## The archive" in page([report])
    assert list(tmp_path.iterdir()) == []

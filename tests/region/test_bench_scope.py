"""`beffroi bench scope`, small: it measures what it says, and every answer is what the generator put there."""

from beffroi.ledger.manifest import BY_ACCOUNT, BY_PATIENT
from beffroi_region.bench.archive_made import UNSORTED, make
from beffroi_region.bench.report import page
from beffroi_region.bench.scope import run, summary, working


def test_a_small_run_answers_exactly(tmp_path) -> None:
    """An account's year, a patient's history, an hour; unsorted files and a log. Kept, it is not made again."""
    report = run(disclosures=100_000, seed=3, folder=str(tmp_path), keep=True)
    assert report["account_readings"] > 1_000 and report["unsorted_account_readings"] > 1_000
    assert report["account_s"] > 0 and report["patient_s"] > 0 and report["window_s"] > 0
    assert 50 < report["account_peak_memory_mib"] < 1_000
    assert "one account's year" in summary(report)
    assert "## The archive" in page([report])
    assert len(list(tmp_path.iterdir())) == 3
    assert make(tmp_path, 100_000, (BY_ACCOUNT, BY_PATIENT, UNSORTED), str).rows_made == 0


def test_what_is_not_kept_is_taken_away(tmp_path) -> None:
    """Whatever happens."""
    with working(str(tmp_path), keep=False) as work:
        make(work, 10_000, (BY_ACCOUNT,), str)
    assert list(tmp_path.iterdir()) == []

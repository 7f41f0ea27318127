"""`beffroi bench seal`, small: it measures what it says, and its audit passes."""

from beffroi_region.bench.seal import BATCH, run, summary


def test_a_small_run_seals_everything() -> None:
    """Both parts are there: the backlog's speed, and the wait of those that arrived beside."""
    report = run(disclosures=10 * BATCH, seconds=1.0, per_s=400, seed=3)
    assert report["alone_sealed_per_s"] > 0 and report["arrived"] >= BATCH
    assert 0 < report["lag_p50_ms"] <= report["lag_p99_ms"] <= report["lag_max_ms"]
    assert "disclosures a second sealed" in summary(report)

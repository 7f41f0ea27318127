"""Live, three web processes: an account that hammers all of them is stopped, and it alone."""

from beffroi_region.bench import containment, report


def test_nothing_is_committed_after_a_stop_and_everything_ends_within_a_second() -> None:
    """Zero strangers behind a verdict, zero answers behind a stop; all ends within 1 s; nobody else is refused."""
    found = containment.run(rounds=1)
    assert found["shown_after_verdict"] == 0 and found["refused_after_verdict"] > 0
    assert 0 < found["shown_before_verdict_max"] <= 12
    assert found["committed_after"] == 0 and found["attempts_after"] > 0
    assert found["all_refused_ms_max"] < 1_000 and found["mllp_cut_ms_max"] < 1_000
    assert found["bystander_answers"] > 0 and found["collateral_refusals"] == 0
    assert "aim 0" in containment.summary(found)
    assert "Stopping" in report.page([found])

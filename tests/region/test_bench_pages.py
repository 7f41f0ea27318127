"""The benchmark of the console's pages, small: each page is asked as who may open it, and its figures are told."""

import pytest

from beffroi_region.bench import pages, report
from beffroi_region.bench.tour import PAGES

pytestmark = pytest.mark.long


def test_every_page_is_measured() -> None:
    """Every address that is a page, with a handle and without; in the pages of figures too."""
    found = pages.run(people_count=1_000, rounds=3)
    assert set(found["pages"]) == set(PAGES)
    assert all(one["median_ms"] > 0 and one["bytes"] > 1_000 for one in found["pages"].values())
    assert found["bytes_aim_met"]
    assert "Slowest median" in pages.summary(found) and "/incidents/scope/{handle}" in report.page([found])

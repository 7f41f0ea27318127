"""The benchmark of the console's pages, small: each page is asked as who may open it, and its figures are told."""

import pytest

from beffroi.servers.console.routes import HANDLE, ROUTES
from beffroi_region.bench import pages, report

pytestmark = pytest.mark.long


def test_every_page_is_measured() -> None:
    """Every address without a handle that is a page, and those about patients, accounts and incidents."""
    found = pages.run(people_count=1_000, rounds=3)
    plain = {r.path[1:] for r in ROUTES if r.method == "GET" and HANDLE not in r.path and not r.background}
    assert plain - {path[1:] for path in pages.SKIPPED} <= set(found["pages"])
    assert {"found", "patient", "who saw a patient", "an account's day", "an incident's scope"} <= set(found["pages"])
    assert all(one["median_ms"] > 0 and one["bytes"] > 1_000 for one in found["pages"].values())
    assert "Slowest median" in pages.summary(found) and "an incident's scope" in report.page([found])

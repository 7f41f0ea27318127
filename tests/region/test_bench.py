"""The benchmarks in small: they run, check what they measured, and their page says what they printed."""

import os
from pathlib import Path

import pytest

from beffroi_region.bench import feed, report, robot, seal_beside, search
from beffroi_region.bench.load import Generator, LoadError, Measured, http_answer
from beffroi_region.bench.phases import arrivals
from beffroi_region.bench.population import Size

DOCS = Path(__file__).parents[2] / "docs"
SMALL_PEOPLE = 2_000


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of its own for the benchmark's databases."""
    return tmp_path_factory.mktemp("bench")


@pytest.fixture
def in_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The benchmarks keep their databases there."""
    monkeypatch.setenv("BEFFROI_BENCH", str(cache))


@pytest.mark.usefixtures("in_cache")
def test_bench_search_in_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """`bench search` prints every figure, and found one disclosure for each answer."""
    monkeypatch.setattr(robot, "PROCESSES", 1)
    found = search.run(people=SMALL_PEOPLE, clients=8, seconds=0.5, processes=(1,), rounds=1, accounts=50)
    assert found["ledgered_per_s"] > 0 and found["bare_per_s"] > 0 and found["ratio"] > 0
    assert found["unwatched_per_s"] > 0 and found["watched_ratio"] > 0
    assert found["cpu_ms_per_search"] > 0 or not os.path.exists("/proc")
    missing = {key for key, _, _ in report._SEARCH_ROWS} - set(found)
    assert missing == set()
    assert "seed 1" in report.summary(found)
    assert "2,000 people" in report.page([found])


@pytest.mark.usefixtures("in_cache")
def test_bench_feed_in_small() -> None:
    """`bench feed` prints every figure, and found each acknowledged message and each imported row once."""
    found = feed.run(people=SMALL_PEOPLE, seconds=1.0, import_rows=200)
    assert found["messages_per_s"] > 0 and found["import_identities_per_s"] > 0
    assert {key for key, _, _ in report._FEED_ROWS} <= set(found)
    assert "durable" in report.summary(found)


@pytest.mark.usefixtures("in_cache")
def test_bench_seal_beside_searches_in_small() -> None:
    """With sealing and without in turns, then a backlog beside searches: every figure is there, and all was sealed."""
    said: list[str] = []
    found = seal_beside.run(SMALL_PEOPLE, clients=8, seconds=1.0, seed=1, accounts=50, say=said.append)
    assert found["sealed_per_s"] > 0 and found["searches_on_per_s"] > 0 and found["searches_off_per_s"] > 0
    assert len(found["search_ratios"]) == seal_beside.ROUNDS and found["search_ratio"] > 0
    assert len(said) == 2 * seal_beside.ROUNDS + 3


def test_the_page_says_what_was_printed() -> None:
    """docs/benchmarks.md is what its JSON sources say."""
    sources = report.read_reports(DOCS / report.SOURCES)
    if not sources:
        pytest.skip("no run has been kept yet")
    assert (DOCS / report.PAGE).read_text(encoding="utf-8") == report.page(sources)


def test_another_size_is_another_database() -> None:
    """A database never passes for one of another size, seed or number of hospitals."""
    sizes = [Size(10, 1), Size(20, 1), Size(10, 2), Size(10, 1, hospitals=3), Size(10, 1, newcomers=5)]
    assert len({size.database for size in sizes}) == len(sizes)


def test_an_answer_in_pieces() -> None:
    """An answer is whole only when all of its body has come."""
    whole = b"HTTP/1.1 429 Too Many\r\ncontent-length: 3\r\n\r\nabc"
    assert [http_answer(whole[:end]) for end in range(len(whole))] == [None] * len(whole)
    assert http_answer(whole) == (b"429", b"abc")


def test_an_answer_without_length() -> None:
    """An answer whose end cannot be known is an error, not a wait."""
    with pytest.raises(LoadError):
        http_answer(b"HTTP/1.1 200 OK\r\n\r\n")


def test_percentiles() -> None:
    """A percentile is a latency that was measured."""
    measured = Measured(seconds=2.0, latencies_ns=[n * 1_000_000 for n in range(1, 101)])
    assert (measured.percentile_ms(50), measured.percentile_ms(99), measured.per_s()) == (51.0, 100.0, 50.0)
    assert Measured().percentile_ms(99) == 0.0


def test_arrivals_repeat() -> None:
    """The same seed makes the same arrivals."""
    assert list(arrivals(50, 1, 7)) == list(arrivals(50, 1, 7)) != list(arrivals(50, 1, 8))


def test_nobody_listens() -> None:
    """A generator without a server says so."""
    with pytest.raises(OSError):
        Generator([("127.0.0.1", 1)], 1)

"""Software that we did not write: veraPDF finds the reports to be PDF/UA-1, and another PDF not to be.

Needs a JDK, Maven, and once Maven Central. The program is in accessible_pdf/.
"""

import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typst

from beffroi.breach.page_parts import Block, Hand, Pages, Section, Table
from beffroi.outbound.typesetting import pdf_of

PROGRAM = Path(__file__).with_name("accessible_pdf")
BUILD_S_MAX = 240
NEEDED = ("java", "mvn")
Check = Callable[[Path], "subprocess.CompletedProcess[str]"]
pytestmark = [
    pytest.mark.foreign,
    pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason="needs a JDK and Maven"),
]


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Check:
    """veraPDF, fetched by Maven."""
    folder = tmp_path_factory.mktemp("verapdf")
    shutil.copytree(PROGRAM, folder, dirs_exist_ok=True)
    fetch = ["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"]
    fetched = subprocess.run(fetch, cwd=folder, capture_output=True, text=True, timeout=BUILD_S_MAX, check=False)
    if fetched.returncode:
        pytest.skip("veraPDF could not be had from Maven Central")

    def run(file: Path) -> "subprocess.CompletedProcess[str]":
        started = ["java", "-cp", str(folder / "lib" / "*"), str(folder / "Check.java"), str(file)]
        return subprocess.run(started, capture_output=True, text=True, timeout=120, check=False)

    return run


def document(language: str) -> Pages:
    """A document of every kind of part: paragraphs, a table over several pages, both charts."""
    hand = Hand(language)
    table = Table(("a", "b"), tuple((f"{n}", "text") for n in range(120)), (1, 2), (0,))
    charts = (
        hand.chart("lying", [("CH de l'Aa", 7), ("CH B", 0)]),
        hand.chart("standing", [(f"{n} h", n) for n in range(24)], flat=False),
    )
    parts = (Block("A paragraph."), Block(table=table, caption="a table"), *charts)
    sections = (Section("One", parts), Section("Two", parts))
    return Pages(language, "A title", "A subtitle", "footer", "Contents", "page", (("a", "1"), ("b", "2")), sections)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_report_is_accessible(check: Check, tmp_path: Path, language: str) -> None:
    """Every rule of PDF/UA-1 that a program can check."""
    file = tmp_path / "report.pdf"
    file.write_bytes(pdf_of(document(language), datetime(2026, 11, 24, tzinfo=UTC)))
    found = check(file)
    assert found.returncode == 0, found.stdout


def test_the_check_sees_what_is_not(check: Check, tmp_path: Path) -> None:
    """The check itself: a PDF without tags, title and language fails."""
    source, file = tmp_path / "bare.typ", tmp_path / "bare.pdf"
    source.write_text("hello")
    file.write_bytes(typst.compile(str(source), format="pdf", pdf_tags=False))
    assert check(file).returncode == 1

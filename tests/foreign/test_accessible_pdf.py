"""Software that we did not write: veraPDF finds the reports to be PDF/UA-1, and another PDF not to be.

Needs a JDK, Maven, and once Maven Central. The program is in accessible_pdf/.
"""

import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typst

from beffroi.breach.page_parts import Block, Hand, Pages, Section, Table
from beffroi.outbound.typesetting import pdf_of

PROGRAM = Path(__file__).with_name("accessible_pdf")
BUILD_S_MAX, CHECK_S_MAX = 240, 120
NEEDED = ("java", "mvn")
pytestmark = [
    pytest.mark.foreign,
    pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason="needs a JDK and Maven"),
]


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


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What veraPDF, fetched by Maven and started once, says of a report in each language, and of a bare PDF."""
    folder = tmp_path_factory.mktemp("verapdf")
    shutil.copytree(PROGRAM, folder, dirs_exist_ok=True)
    fetch = ["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"]
    fetched = subprocess.run(fetch, cwd=folder, capture_output=True, text=True, timeout=BUILD_S_MAX, check=False)
    if fetched.returncode:
        pytest.skip("veraPDF could not be had from Maven Central")
    for language in ("fr", "en"):
        (folder / language).write_bytes(pdf_of(document(language), datetime(2026, 11, 24, tzinfo=UTC)))
    (folder / "bare.typ").write_text("hello")
    (folder / "bare").write_bytes(typst.compile(str(folder / "bare.typ"), format="pdf", pdf_tags=False))
    started = ["java", "-cp", str(folder / "lib" / "*"), "Check.java", "fr", "en", "bare"]
    said = subprocess.run(started, cwd=folder, capture_output=True, text=True, timeout=CHECK_S_MAX, check=False).stdout
    files = re.split(r"^(?=\S)", said, flags=re.MULTILINE)[1:]
    return {file.split()[0]: file.partition(" ")[2] for file in files}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_report_is_accessible(verdicts: dict[str, str], language: str) -> None:
    """Every rule of PDF/UA-1 that a program can check."""
    assert verdicts[language].startswith("compliant"), verdicts[language]


def test_the_check_sees_what_is_not(verdicts: dict[str, str]) -> None:
    """The check itself: a PDF without tags, title and language fails."""
    assert verdicts["bare"].startswith("NOT compliant")

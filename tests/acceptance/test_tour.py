"""The commands of the documentation, run as they stand there, against a small region.

A fenced block behind `<!-- run -->` is run: lines that begin with `$ ` are typed, the others must be in what comes
back; `…` stands for anything. Only the ports are replaced. A page's commands share one shell, as a reader's do.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from acceptance.test_demo import Demo, clean_up, make_demo
from beffroi_region.demo.settings import PORT_DEFAULT, PORTS

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"<!-- run -->\n```console\n(.*?)```", re.DOTALL)
FOLDER = "~/.local/share/beffroi/demo"
END = "::: ended "
PAGES = [
    ("README.md", "C"),
    ("docs/tutorial/first-steps.md", "C"),
    pytest.param("README.fr.md", "fr_FR.UTF-8", marks=pytest.mark.long),  # the same commands: test_docs compares them
]


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """A demonstration in the usual folder of a home of its own."""
    made = make_demo()
    made.root = made.root.parent / FOLDER.removeprefix("~/")
    folder = made.root.parent
    while folder != made.root.parents[3]:
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        folder = folder.parent
    try:
        made.start()
        yield made
        made.stop()
    finally:
        home = made.root.parents[3]
        clean_up(made)
        shutil.rmtree(home, ignore_errors=True)


def steps(page: str) -> list[tuple[str, list[str]]]:
    """What is typed on a page, each with the lines that must come back."""
    found: list[tuple[str, list[str]]] = []
    for block in BLOCK.findall((ROOT / page).read_text(encoding="utf-8")):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line.strip())
    return found


def here(line: str, demo: Demo) -> str:
    """A line as it is typed on this machine: the ports of this region, the programs of this Python."""
    for offset in range(PORTS):
        line = line.replace(f":{PORT_DEFAULT + offset}/", f":{demo.port + offset}/")
    return line.replace(".venv/bin/", f"{Path(sys.executable).parent}/")


def shown(expected: str, output: str) -> bool:
    """Whether a line of the page is in the output, with anything where it has an ellipsis."""
    return re.search(".*".join(re.escape(part) for part in expected.split("…")), output) is not None


@pytest.mark.parametrize(("page", "language"), PAGES)
def test_every_command_of_the_page_does_what_it_shows(demo: Demo, page: str, language: str) -> None:
    """Each command runs as it stands, and what the page shows of its answer is there."""
    asked = [step for step in steps(page) if shutil.which("curl") or not step[0].startswith("curl")]
    assert asked
    script = "exec 2>&1\n" + "".join(f"{here(line, demo)}\nended=$?; echo; echo '{END}'$ended\n" for line, _ in asked)
    environment = {
        name: value
        for name, value in demo.environment(language).items()
        if name not in ("BEFFROI_DEMO", "XDG_DATA_HOME", "BEFFROI_CONFIG")
    }
    done = subprocess.run(
        ["sh", "-s"],
        input=script,
        cwd=ROOT,
        env={**environment, "HOME": str(demo.root.parents[3])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    outputs = re.findall(rf"(.*?)\n{END}(\d+)\n", done.stdout, re.DOTALL)
    assert len(outputs) == len(asked), done.stdout + done.stderr
    for (line, expected), (output, code) in zip(asked, outputs, strict=True):
        assert [one for one in expected if not shown(one, output)] == [], f"{line}\n{output}"
        refused = any(one.startswith("HTTP 4") for one in expected)
        assert code == ("1" if refused else "0"), f"{line}\n{output}"

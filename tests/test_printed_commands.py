"""Every command that a page prints is one of ours: its words, its options, and what it cannot do without."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from beffroi.cli import assembled

ROOT = Path(__file__).parents[1]
PAGES = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))
FENCE = re.compile(r"^```(?:console|sh)?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`([^`\n]+)`")
OURS = re.compile(r"(?:\$ )?(?:\w+=\S+ )*(?:\S*/)?beffroi (.+)")
REST = re.compile(r"\s(?:#|\||>|&&|;).*")
"""What a shell does with it is not ours to read."""
WHOLE: Any = get_command(assembled())


def printed(text: str) -> Iterator[list[str]]:
    """The words of each command of a page, behind `beffroi`."""
    lines = [line for block in FENCE.findall(text) for line in block.replace("\\\n", " ").splitlines()]
    lines += [line for line in FENCE.sub("", text).splitlines() if line.startswith("    ")]
    for line in (*lines, *INLINE.findall(FENCE.sub("", text))):
        found = OURS.fullmatch(line.strip())
        if found:
            yield shlex.split(re.sub(r"[\[\]]", "", REST.sub("", found[1])))


def wrong(words: list[str]) -> str:
    """What cannot be meant so; empty when all is well. What a variable of the shell stands for is not known."""
    command, words = WHOLE, [*words]
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        if words[0] not in command.commands:
            return f"no command {words[0]}"
        command = command.commands[words.pop(0)]
    options = {name: one for one in command.params for name in one.opts if name.startswith("-")}
    given, values, rest = set(), [], iter(words)
    for word in rest:
        if not word.startswith("-"):
            values.append(word)
            continue
        if word not in options and word not in ("-h", "--help"):
            return f"no option {word}"
        if word in options:
            given.add(options[word].name)
            if not options[word].is_flag:
                next(rest, None)
    if not values or any("$" in word for word in words):
        return ""
    needed = {one.opts[0] for one in options.values() if one.required and one.name not in given}
    return f"lacks {needed}" if needed else ""


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_of_a_page_is_one_of_ours(page: Path) -> None:
    """A command that was renamed, or an option that was taken away or added, is met by no reader."""
    found = {" ".join(words): wrong(words) for words in printed(page.read_text(encoding="utf-8"))}
    assert {words: why for words, why in found.items() if why} == {}


def test_what_is_wrong_with_a_command_is_found() -> None:
    """A word, an option, and an option that it cannot do without."""
    assert wrong(["account", "same-person"]) == "no command same-person"
    assert wrong(["audit", "--fast"]) == "no option --fast"
    assert wrong(["export", "request", "7"]) == "lacks {'--reason'}"

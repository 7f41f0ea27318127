"""One thing that was looked at: how it is, and what to do about it. Pure."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from beffroi.errors import Words


class Level(StrEnum):
    """`note` is something to know, `warning` something to mend soon, `error` something that must not be served with."""

    GOOD = "good"
    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


class Finding(msgspec.Struct, frozen=True):
    """`check` names what was looked at, in a closed vocabulary; `todo` is empty when there is nothing to do."""

    level: Level
    check: str
    said: Words
    todo: Words = Words("", "")

    def text(self, language: str) -> str:
        """In words, "fr" or English.

        >>> Finding(Level.GOOD, "database", Words("PostgreSQL 18.", "PostgreSQL 18.")).text("fr")
        'PostgreSQL 18.'
        """
        said, todo = (
            (self.said.french, self.todo.french) if language == "fr" else (self.said.english, self.todo.english)
        )
        return f"{said} {todo}".strip()


def good(check: str, english: str, french: str) -> Finding:
    """Looked at, and as it should be."""
    return Finding(Level.GOOD, check, Words(english, french))


def note(check: str, english: str, french: str) -> Finding:
    """Something to know."""
    return Finding(Level.NOTE, check, Words(english, french))


def warning(check: str, said: Words, todo: Words) -> Finding:
    """Something to mend soon."""
    return Finding(Level.WARNING, check, said, todo)


def error(check: str, said: Words, todo: Words = Words("", "")) -> Finding:  # noqa: B008 - a constant
    """Something that must not be served with."""
    return Finding(Level.ERROR, check, said, todo)


def exit_code(findings: Iterable[Finding]) -> int:
    """As monitoring tools read it: 0 when all is well, 1 for warnings, 2 for errors.

    >>> exit_code([good("disk", "", "")]), exit_code([error("disk", Words("", ""))])
    (0, 2)
    """
    levels = {finding.level for finding in findings}
    if Level.ERROR in levels:
        return 2
    return 1 if Level.WARNING in levels else 0

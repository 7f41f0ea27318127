"""A configuration as it is in force, for whoever reads it: its tables and their settings."""

from typing import NamedTuple

from beffroi.errors import Words


class Line(NamedTuple):
    """One setting. `default` is None where there is none: it must be set."""

    name: str
    value: str
    default: str | None
    meaning: Words
    gains: Words

    @property
    def changed(self) -> bool:
        """Whether somebody has set it to something else than its default."""
        return self.default is not None and self.value != self.default


class Part(NamedTuple):
    """One table of the file. `place`: which of several of its name, from 0; None where it comes once.

    `called`: what it calls itself; empty when it comes once.
    """

    table: str
    place: int | None
    called: str
    lines: tuple[Line, ...]

    @property
    def handle(self) -> str:
        """What stands for it in an address."""
        return self.table if self.place is None else f"{self.table}.{self.place}"


class Listing(NamedTuple):
    """Every table that is in force, in the order of the reference; the names of those that are not there."""

    parts: tuple[Part, ...]
    absent: tuple[str, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every setting."""
        return tuple(line for part in self.parts for line in part.lines)

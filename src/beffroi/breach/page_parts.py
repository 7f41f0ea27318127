"""What pages are made of: sections of paragraphs, tables and charts, and the hand that writes them in one language."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from beffroi.breach.report_words import moment, number, spoken
from beffroi.errors import Words


class Table(msgspec.Struct, frozen=True):
    """Columns by their heads; `widths` in shares of the page; `right`: columns of numbers."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    right: tuple[int, ...] = ()


class Bar(msgspec.Struct, frozen=True):
    """One bar of a chart: its label, its value, and the value in words."""

    label: str
    value: int
    text: str


class Chart(msgspec.Struct, frozen=True):
    """Bars lying (`flat`) or standing, with a caption, and what it shows in words for who cannot see it."""

    caption: str
    alt: str
    bars: tuple[Bar, ...]
    flat: bool = True


class Block(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of: a paragraph, a table with its caption, a chart."""

    text: str = ""
    table: Table | None = None
    caption: str = ""
    chart: Chart | None = None


class Section(msgspec.Struct, frozen=True):
    """A heading and what stands below it."""

    heading: str
    blocks: tuple[Block, ...]


class Source(msgspec.Struct, frozen=True):
    """A file beside the report: its name, its lines, its SHA-256."""

    name: str
    lines: int
    sha256: str


class Pages(msgspec.Struct, frozen=True):
    """A whole document."""

    language: str
    title: str
    subtitle: str
    footer: str
    contents: str
    page_word: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]


class Hand:
    """Writes in one language ("fr", or English for anything else)."""

    def __init__(self, language: str) -> None:
        self.language = language

    def say(self, english: str, french: str) -> str:
        """The one of the two."""
        return french if self.language == "fr" else english

    def words(self, words: Words) -> str:
        """The same of a pair."""
        return spoken(words, self.language)

    def number(self, value: int) -> str:
        """With thousands apart."""
        return number(value, self.language)

    def decimal(self, value: float) -> str:
        """A score.

        >>> Hand("fr").decimal(0.25), Hand("en").decimal(3.0)
        ('0,25', '3')
        """
        return f"{value:g}".replace(".", "," if self.language == "fr" else ".")

    def time(self, at: datetime | None) -> str:
        """In UTC."""
        return moment(at, self.language)

    def counts(self, caption: str, rows: Sequence[tuple[str, int]]) -> Block:
        """A table of two columns: what, and how many."""
        head = (caption, self.say("number", "nombre"))
        return Block(table=Table(head, tuple((a, self.number(b)) for a, b in rows), (4, 1), (1,)), caption=caption)

    def chart(self, caption: str, pairs: Sequence[tuple[str, int]], *, flat: bool = True) -> Block:
        """Bars with their values; what is zero is not read aloud.

        >>> Hand("en").chart("Patients", [("CH A", 2), ("CH B", 0)]).chart.alt
        'Patients: CH A 2'
        """
        bars = tuple(Bar(label, value, self.number(value)) for label, value in pairs)
        alt = f"{caption}: " + "; ".join(f"{one.label} {one.text}" for one in bars if one.value)
        return Block(chart=Chart(caption, alt, bars, flat))

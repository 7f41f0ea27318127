"""Bars side by side on a scale of powers of ten, for quantities from one to a hundred thousand. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import log10
from typing import Final

WIDTH: Final = 960
LABEL: Final = 400
VALUE: Final = 80
ROW: Final = 22
DECADES: Final = 5
"""The scale ends at 100,000 patients."""
_LABEL_CHARACTERS_MAX: Final = 56


@dataclass(frozen=True, slots=True)
class Bar:
    """One quantity. `kind` is a class of the style sheet."""

    label: str
    y: int
    width: float
    value: int
    kind: str


@dataclass(frozen=True, slots=True)
class Bars:
    """What to draw. `ticks` are places and values of the scale."""

    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, int], ...]
    height: int


def bars(rows: Iterable[tuple[str, int, str]]) -> Bars:
    """The picture of labelled quantities. `rows`: label, quantity, kind.

    >>> found = bars([("one", 10, "seen"), ("two", 0, "odd")])
    >>> [round(bar.width) for bar in found.bars], found.ticks[0][1], found.height
    ([96, 0], 1, 66)
    """
    drawn = tuple(
        Bar(_short(label), n * ROW + 4, _length(value), value, kind) for n, (label, value, kind) in enumerate(rows)
    )
    ticks = tuple((round(LABEL + _length(10**n), 1), 10**n) for n in range(DECADES + 1))
    return Bars(drawn, ticks, len(drawn) * ROW + ROW)


def _length(value: int) -> float:
    if value < 1:
        return 0.0
    return round(min(log10(value), DECADES) / DECADES * (WIDTH - LABEL - VALUE), 1)


def _short(label: str) -> str:
    return label if len(label) <= _LABEL_CHARACTERS_MAX else f"{label[: _LABEL_CHARACTERS_MAX - 1]}…"

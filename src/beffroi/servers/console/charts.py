"""An account's day as a picture: how many patients in each quarter of an hour, how many of them new, and what happened.

Numbers only: the template draws them as SVG, and the same stand in the table behind. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

WIDTH: Final = 960
TOP: Final = 14
BASE: Final = 145
LEFT: Final = 34
BINS: Final = 96
_TICKS: Final = 4
_TIMES: Final = 6
_WORDS: Final = 160
"""The width of a mark's words, at most."""
_ROW: Final = 12
_ROWS: Final = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """One quarter of an hour: patients seen before, and new ones above them."""

    x: float
    width: float
    old_y: float
    old_height: float
    new_y: float
    new_height: float


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened to the account. `y`: where its words stand, below those of a neighbour; `anchor`: on
    which side of its line.
    """

    x: float
    y: int
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What to draw. `hours` and `steps` are labels with their places; `highest` is the scale's end."""

    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    hours: tuple[tuple[float, datetime], ...]
    steps: tuple[tuple[float, int], ...]
    highest: int


def day_chart(
    since: datetime,
    until: datetime,
    readings: Iterable[tuple[datetime, int, int]],
    happened: Iterable[tuple[datetime, str]],
) -> Chart:
    """The picture of a window. `readings`: when, how many patients, how many of them new.

    >>> from datetime import UTC
    >>> start = datetime(2026, 11, 24, tzinfo=UTC)
    >>> chart = day_chart(start, start + timedelta(days=1), [(start + timedelta(minutes=20), 3, 2)], [])
    >>> len(chart.bars), chart.highest, chart.bars[0].new_height > chart.bars[0].old_height
    (1, 4, True)
    """
    span_s = (until - since).total_seconds()
    old, new = [0] * BINS, [0] * BINS
    for at, patients, fresh in readings:
        place = min(BINS - 1, max(0, int((at - since).total_seconds() / span_s * BINS)))
        old[place] += patients - fresh
        new[place] += fresh
    highest = _round_up(max((a + b for a, b in zip(old, new, strict=True)), default=0))
    width = (WIDTH - LEFT) / BINS
    bars = tuple(_bar(LEFT + n * width, width, old[n], new[n], highest) for n in range(BINS) if old[n] or new[n])
    marks = _marks((_x(at, since, span_s), text) for at, text in happened)
    first = since.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    hours = (first + timedelta(hours=n) for n in range(24))
    ticks = tuple((_x(hour, since, span_s), hour) for hour in hours if hour <= until)
    steps = tuple((_y(highest * n // _TICKS, highest), highest * n // _TICKS) for n in range(_TICKS + 1))
    return Chart(bars, marks, ticks[::3], steps, highest)


def _bar(x: float, width: float, old: int, new: int, highest: int) -> Bar:
    old_y = _y(old, highest)
    new_y = _y(old + new, highest)
    return Bar(round(x, 1), round(width - 1, 1), old_y, round(BASE - old_y, 1), new_y, round(old_y - new_y, 1))


def _marks(happened: Iterable[tuple[float, str]]) -> tuple[Mark, ...]:
    """Each with its words to the left of its line, at the left edge to the right; a row lower beside a neighbour's.

    >>> [(mark.y, mark.anchor) for mark in _marks([(50.0, "a"), (700.0, "b"), (702.0, "c"), (950.0, "d")])]
    [(12, 'start'), (12, 'end'), (24, 'end'), (12, 'end')]
    """
    found: list[Mark] = []
    for x, text in happened:
        row = found[-1].y + _ROW if found and x - found[-1].x < _WORDS else _ROW
        found.append(Mark(x, row if row <= _ROWS * _ROW else _ROW, text, "end" if x > LEFT + _WORDS else "start"))
    return tuple(found)


def _x(at: datetime, since: datetime, span_s: float) -> float:
    return round(LEFT + (at - since).total_seconds() / span_s * (WIDTH - LEFT), 1)


def _y(count: int, highest: int) -> float:
    return round(BASE - (BASE - TOP) * count / highest, 1)


def _round_up(count: int) -> int:
    """A scale's end that divides by four.

    >>> _round_up(0), _round_up(5), _round_up(47)
    (4, 8, 60)
    """
    step = 4 if count <= 40 else 20 if count <= 400 else 200
    return max(4, ceil(count / step) * step)


@dataclass(frozen=True, slots=True)
class Growth:
    """How a count grew: corners of a line, labels with their places, each span that added something with its sum."""

    line: str
    times: tuple[tuple[float, datetime], ...]
    steps: tuple[tuple[float, int], ...]
    rows: tuple[tuple[datetime, int, int], ...]


def growth_chart(added: Sequence[tuple[datetime, int]]) -> Growth | None:
    """The picture of what was added in each of equal spans, in their order; None of nothing.

    >>> from datetime import UTC
    >>> start = datetime(2026, 11, 24, tzinfo=UTC)
    >>> found = growth_chart([(start, 2), (start + timedelta(hours=1), 0), (start + timedelta(hours=2), 3)])
    >>> [(count, total) for _, count, total in found.rows], found.line.split()[-1]
    ([(2, 2), (3, 5)], '960.0,63.1')
    """
    if not added:
        return None
    highest = _round_up(sum(count for _, count in added))
    width = (WIDTH - LEFT) / len(added)
    corners, rows, total = [f"{float(LEFT)},{_y(0, highest)}"], [], 0
    for n, (at, count) in enumerate(added):
        total += count
        corners.append(f"{round(LEFT + (n + 1) * width, 1)},{_y(total, highest)}")
        if count:
            rows.append((at, count, total))
    every = max(1, len(added) // _TIMES)
    times = tuple((round(LEFT + n * width, 1), at) for n, (at, _) in enumerate(added) if n % every == 0)
    steps = tuple((_y(highest * n // _TICKS, highest), highest * n // _TICKS) for n in range(_TICKS + 1))
    return Growth(" ".join(corners), times, steps, tuple(rows))

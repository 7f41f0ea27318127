"""Long lists a page at a time, so that every page stays light. Pure.

What was looked up is cut here: each list has a maximum of its own already, where it is looked up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar
from urllib.parse import urlencode

from beffroi.servers.exchange import number_in

T = TypeVar("T")
ROWS_MAX: Final = 25
"""Rows of a list on one page, where no list says otherwise."""


@dataclass(frozen=True, slots=True)
class Cut(Generic[T]):
    """A part of a list. `first`: the number of its first row, from 1; `before` and `after`: the queries of the pages
    beside it, empty where there is none."""

    rows: tuple[T, ...]
    first: int
    count: int
    before: str = ""
    after: str = ""

    @property
    def last(self) -> int:
        """The number of its last row."""
        return self.first + len(self.rows) - 1


def cut(rows: Sequence[T], query: Mapping[str, str], name: str = "page", rows_max: int = ROWS_MAX) -> Cut[T]:
    """The page of a list that an address asks for by `name`; the last one where it asks for more.

    >>> cut("abcdefg", {"list": "2"}, "list", 3)
    Cut(rows=('d', 'e', 'f'), first=4, count=7, before='?list=1', after='?list=3')
    >>> cut("abc", {"list": "9", "q": "x"}, "list", 2).rows, cut("", {}).rows
    (('c',), ())
    """
    pages = max(1, -(-len(rows) // rows_max))
    page = min(max(1, number_in(query.get(name, "1")) or 1), pages)
    first = (page - 1) * rows_max

    def beside(other: int) -> str:
        return "?" + urlencode({**query, name: other}) if 1 <= other <= pages else ""

    return Cut(tuple(rows[first : first + rows_max]), first + 1, len(rows), beside(page - 1), beside(page + 1))

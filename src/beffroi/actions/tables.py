"""Tables that leave as files, and that somebody opens in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence


def csv_table(columns: Sequence[str], lines: Iterable[Mapping[str, object]]) -> bytes:
    """A table that a spreadsheet opens: a cell that it would take for a formula is made a text."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\r\n")
    writer.writeheader()
    for line in lines:
        writer.writerow({name: _harmless(line[name]) for name in columns})
    return buffer.getvalue().encode("utf-8")


def _harmless(cell: object) -> object:
    """A cell that no spreadsheet runs.

    >>> _harmless("=1+1"), _harmless(-3)
    ("'=1+1", -3)
    """
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell

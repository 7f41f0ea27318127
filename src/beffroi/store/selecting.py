"""A selection as a condition in SQL: one text for PostgreSQL, another for the archive, from one list of parts.

The archive's text is the same for DuckDB and for Spark: values stand apart as `?`, times are microseconds since 1970,
and a criterion is looked for in the JSON text of the request, which is written in one way only.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from beffroi.model.selection import Selection

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Bind = Callable[[Any], str]
"""Takes a value and gives its place in the text."""


def microseconds(at: datetime) -> int:
    """Since 1970, exactly.

    >>> microseconds(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC))
    1000005
    """
    passed = at - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def instant(us: int) -> datetime:
    """The time of so many microseconds since 1970.

    >>> instant(1_000_005) == datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC)
    True
    """
    return datetime.fromtimestamp(us // 1_000_000, UTC).replace(microsecond=us % 1_000_000)


def hot_condition(selection: Selection, bind: Bind) -> str:
    """For `disclosures d` in PostgreSQL; the patients of a selection are not in it."""
    parts = _parts(selection, bind, lambda hexadecimal: bytes.fromhex(hexadecimal))
    parts += [f"d.request ->> {bind(name)} = {bind(value)}" for name, value in selection.query]
    parts += [f"d.at >= {bind(selection.since)}"] if selection.since else []
    parts += [f"d.at < {bind(selection.until)}"] if selection.until else []
    return " and ".join(parts) or "true"


def archived_condition(selection: Selection, bind: Bind) -> str:
    """For `d`, one of the archive's two orders."""
    parts = _parts(selection, bind, str)
    parts += [f"contains(d.request, {bind(criterion(*pair))})" for pair in selection.query]
    parts += [f"d.at_us >= {bind(microseconds(selection.since))}"] if selection.since else []
    parts += [f"d.at_us < {bind(microseconds(selection.until))}"] if selection.until else []
    return " and ".join(parts) or "true"


def criterion(name: str, value: str) -> str:
    """A criterion as it stands in the JSON text of a request. Within a value it could not: its quotes would be escaped.

    >>> criterion("family", 'L"A')
    '"family":"L\\\\"A"'
    """
    return f"{msgspec.json.encode(name).decode()}:{msgspec.json.encode(value).decode()}"


def one_of(column: str, values: Sequence[Any], bind: Bind) -> str:
    """The condition that a column has one of these values.

    >>> one_of("a", (1,), str), one_of("a", (1, 2), str)
    ('a = 1', 'a in (1, 2)')
    """
    if len(values) == 1:
        return f"{column} = {bind(values[0])}"
    return f"{column} in ({', '.join(bind(value) for value in values)})"


def _parts(selection: Selection, bind: Bind, device: Callable[[str], Any]) -> list[str]:
    columns: tuple[tuple[str, Sequence[Any]], ...] = (
        ("d.account_id", selection.accounts),
        ("d.session_key", tuple(device(one) for one in selection.devices)),
        ("d.network", selection.networks),
        ("d.application", selection.applications),
        ("d.structure_id", selection.structures),
    )
    return [one_of(column, values, bind) for column, values in columns if values]

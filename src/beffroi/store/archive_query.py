"""Counting what is archived: which files can hold an answer, one text of SQL, and the tally of its rows.

The text is the same for DuckDB on one machine and for Spark on a cluster (`?` for values); an engine is a function that
runs it over two named sets of files. This module is imported by the processes that ask the archive, never by one that
serves.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from beffroi.breach.scope import Reading, Sight, Tally, Whom
from beffroi.ledger.manifest import BY_ACCOUNT, BY_PATIENT, ArchivedFile, Manifest
from beffroi.model.selection import Selection
from beffroi.store.archive_place import ArchivePlace
from beffroi.store.database import load_queries
from beffroi.store.selecting import archived_condition, instant, microseconds, one_of

ROWS_AT_ONCE = 20_000
Engine = Callable[[str, list[str], str, list[Any]], Iterator[Sequence[Any]]]
"""Runs a text: the name of its set, the set's files, the text, its values. Rows of columns in the text's order."""

_shown = msgspec.json.Decoder(tuple[Sight, ...]).decode
_sources = msgspec.json.Decoder(tuple[int, ...]).decode


class Asked(msgspec.Struct, frozen=True):
    """A selection as a process is asked it; `identities` None: of everybody."""

    selection: Selection
    persons: tuple[int, ...] = ()
    identities: tuple[int, ...] | None = None
    hidden: tuple[int, ...] = ()

    @property
    def whom(self) -> Whom:
        """To whom to listen."""
        alone = None if self.identities is None else frozenset(self.identities)
        return Whom(alone, frozenset(self.hidden))


def count(engine: Engine, manifests: Sequence[Manifest], asked: Sequence[Asked]) -> Tally:
    """The archived readings of selections, each counted once."""
    tally = Tally.of(len(asked) + any(one.persons for one in asked))
    for one in asked:
        by_patient = bool(one.persons) and not one.selection.query  # the searched values lie by account only
        order = BY_PATIENT if by_patient else BY_ACCOUNT
        files = [m.file(order).name for m in manifests if may_hold(m, order, one)]
        if files:
            text, values = statement(order, one)
            for row in engine(order.replace("-", "_"), files, text, values):
                tally.add(_sight(row) if by_patient else _reading(row), one.whom)
    return tally


def may_hold(manifest: Manifest, order: str, asked: Asked) -> bool:
    """Whether a segment's file can hold something of a selection, by its times and its extent."""
    since, until = asked.selection.since, asked.selection.until
    if since is not None and manifest.last_us < microseconds(since):
        return False
    if until is not None and manifest.first_us >= microseconds(until):
        return False
    file = manifest.file(order)
    numbers = asked.persons if order == BY_PATIENT else asked.selection.accounts
    return file.rows > 0 and (not numbers or _reaches(file, numbers))


def _reaches(file: ArchivedFile, numbers: Iterable[int]) -> bool:
    return any(file.least <= number <= file.greatest for number in numbers)


def statement(order: str, asked: Asked) -> tuple[str, list[Any]]:
    """The text and its values.

    >>> statement("by-account", Asked(Selection(accounts=(7,))))[1]
    [7]
    """
    values: list[Any] = []

    def bind(value: Any) -> str:
        values.append(value)
        return "?"

    people = [one_of("d.person_id", asked.persons, bind)] if order == BY_PATIENT else []
    condition = " and ".join([*people, archived_condition(asked.selection, bind)])
    text = load_queries("archive_scope")["by_patient" if order == BY_PATIENT else "by_account"]
    return text.replace("/*condition*/", condition), values


def duckdb_engine(place: ArchivePlace) -> Engine:
    """DuckDB on this machine."""
    from beffroi.store.archive_engine import connect, view_of

    def run(name: str, files: list[str], text: str, values: list[Any]) -> Iterator[Sequence[Any]]:
        with connect() as connection:
            view_of(connection, name, place.source(files))
            found = connection.execute(text, values)
            while rows := found.fetchmany(ROWS_AT_ONCE):
                yield from rows

    return run


def spark_engine(session: Any, folder: str) -> Engine:
    """A cluster: `session` is a SparkSession that reaches the files below `folder` (a path or an s3a address)."""

    def run(name: str, files: list[str], text: str, values: list[Any]) -> Iterator[Sequence[Any]]:
        session.read.parquet(*(f"{folder}/{file}" for file in files)).createOrReplaceTempView(name)
        yield from session.sql(text, args=values).toLocalIterator()

    return run


def _reading(row: Sequence[Any]) -> Reading:
    return _made(row, _shown(row[8]), row[9])


def _sight(row: Sequence[Any]) -> Reading:
    return _made(row, ((row[8], row[9], _sources(row[10])),), row[11])


def _made(row: Sequence[Any], shown: tuple[Sight, ...], sent: bool | None) -> Reading:
    criteria = tuple(row[7].split(",")) if row[7] else ()
    return Reading(row[0], instant(row[1]), row[2], row[3], row[4], row[5], row[6], criteria, shown, sent)

"""An archived segment's two files: the same disclosures by account and, sight by sight, by patient.

By account: one row a disclosure, with its nonce and everything that its leaf commits to. By patient: one row for each
patient of each disclosure, with what a scope counts. Rows of one account (one patient) lie together, so a question
about one reads a few row groups of each file (Parquet's statistics tell which).

Source: docs/reference/archive.md.
"""

import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from beffroi.ledger.manifest import BY_ACCOUNT, BY_PATIENT, Manifest
from beffroi.store.archive_engine import connect, view_of
from beffroi.store.archive_place import ArchivePlace
from beffroi.store.database import load_queries
from beffroi.store.selecting import instant, microseconds

ROW_GROUP_ROWS = 61_440
"""Rows: what is read at least for one account or patient of a file. Smaller ones make the file's index larger."""
ROWS_AT_ONCE = 20_000

SCHEMA = pa.schema(
    [
        ("tree_index", pa.int64()),
        ("disclosure_id", pa.int64()),
        ("at_us", pa.int64()),
        ("account_id", pa.int32()),
        ("running_number", pa.int64()),
        ("role", pa.string()),
        ("structure_id", pa.int32()),
        ("application", pa.string()),
        ("session_key", pa.string()),
        ("network", pa.string()),
        ("door", pa.int16()),
        ("operation", pa.int16()),
        ("outcome", pa.int16()),
        ("purpose", pa.string()),
        ("reason", pa.string()),
        ("request_id", pa.binary()),
        ("request", pa.string()),
        ("criteria", pa.string()),
        ("policy_version", pa.string()),
        ("criteria_fields", pa.int32()),
        ("shown", pa.string()),
        ("nonce", pa.binary()),
        ("sent", pa.bool_()),
    ]
)
"""By account. `session_key` in hexadecimal, `criteria` the names of the request's criteria, joined by commas."""

_SORTS = (
    (BY_ACCOUNT, "sort_by_account", "extent_by_account"),
    (BY_PATIENT, "sort_by_patient", "extent_by_patient"),
)
_request = msgspec.json.Decoder(dict[str, str]).decode
_shown = msgspec.json.Decoder(list[tuple[int, int, list[int]]]).decode
_json = msgspec.json.Encoder().encode


def archived_row(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """A row of `disclosures` with `tree_index` and `sent` as the archive holds it; JSON written in one way only."""
    request = _request(row["request"])
    return (
        row["tree_index"],
        row["disclosure_id"],
        microseconds(row["at"]),
        row["account_id"],
        row["running_number"],
        row["role"],
        row["structure_id"],
        row["application"],
        row["session_key"].hex(),
        row["network"],
        row["door"],
        row["operation"],
        row["outcome"],
        row["purpose"],
        row["reason"],
        row["request_id"].bytes,
        _json(request).decode(),
        ",".join(request),
        row["policy_version"],
        row["criteria_fields"],
        _json(_shown(row["shown"])).decode(),
        row["nonce"],
        row["sent"],
    )


class DisclosureColumns:
    """An archived row with the columns of `disclosures`, for whoever opens leaves."""

    __slots__ = ("_row",)
    _OTHERS = frozenset({"at", "session_key", "request_id"})

    def __init__(self, row: Mapping[str, Any]) -> None:
        self._row = row

    def __getitem__(self, name: str) -> Any:
        if name not in self._OTHERS:
            return self._row[name]
        if name == "at":
            at: datetime = instant(self._row["at_us"])
            return at
        return bytes.fromhex(self._row[name]) if name == "session_key" else UUID(bytes=self._row[name])


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written here: its order, its rows, and the smallest and largest account or person in it."""

    order: str
    path: Path
    rows: int
    least: int
    greatest: int


async def write_staging(rows: AsyncIterator[Any], path: Path) -> int:
    """Writes rows of `disclosures` to one file in the order in which they come; how many there were."""
    count = 0
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        waiting: list[tuple[Any, ...]] = []
        async for row in rows:
            waiting.append(archived_row(row))
            if len(waiting) == ROWS_AT_ONCE:
                _write(writer, waiting)
                count, waiting = count + ROWS_AT_ONCE, []
        if waiting:
            _write(writer, waiting)
        return count + len(waiting)


def _write(writer: pq.ParquetWriter, rows: Sequence[tuple[Any, ...]]) -> None:
    columns = zip(*rows, strict=True)
    arrays = [pa.array(column, type=field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=SCHEMA))


def sort_staging(staging: Path, folder: Path) -> tuple[Written, Written]:
    """The two files of a segment, from its rows in the order of the leaves."""
    sql = load_queries("archive_files")
    written = []
    with connect(folder) as connection:
        for order, sort, extent in _SORTS:
            path = folder / f"{order}.parquet"
            options = f"(format parquet, compression zstd, row_group_size {ROW_GROUP_ROWS})"
            connection.read_parquet(str(staging)).create_view("staging", replace=True)
            connection.execute(f"copy ({sql[sort]}) to '{_quoted(path)}' {options}").fetchall()
            connection.read_parquet(str(path)).create_view("sorted", replace=True)
            found = connection.execute(sql[extent]).fetchall()[0]
            written.append(Written(order, path, found[0], found[1], found[2]))
    return written[0], written[1]


def times_of(path: Path) -> tuple[int, int]:
    """When the first and the last of a by-account file's disclosures were recorded, in microseconds since 1970."""
    with connect() as connection:
        view_of(connection, "by_account", [str(path)])
        found = connection.execute(load_queries("archive_files")["times"]).fetchall()[0]
        return int(found[0]), int(found[1])


class Segment:
    """A segment as it lies in its place, read for opening its leaves. All methods block."""

    def __init__(self, place: ArchivePlace, manifest: Manifest) -> None:
        self._place = place
        self._manifest = manifest
        self._sql = load_queries("archive_files")

    def rows(self) -> Iterator[dict[str, Any]]:
        """Its disclosures account by account, each in its account's order."""
        return self._read("rows_as_they_lie")

    def rows_by_leaf(self) -> Iterator[dict[str, Any]]:
        """Its disclosures in the order of the tree."""
        return self._read("rows_by_leaf")

    def heads(self) -> list[tuple[int, int]]:
        """The disclosure before its first one of each account: account, running number."""
        with self._connected() as connection:
            return [
                (int(account), int(number)) for account, number in connection.execute(self._sql["heads"]).fetchall()
            ]

    def differences(self) -> int:
        """How many rows one order has and the other has not."""
        with self._connected() as connection:
            return int(connection.execute(self._sql["differences"]).fetchall()[0][0])

    def has_of(
        self, people: Sequence[int], account: int | None, from_at: datetime | None, until_at: datetime | None
    ) -> bool:
        """Whether one of these numbers (of persons and identities) was shown, as a hold asks."""
        since, until = (None if at is None else microseconds(at) for at in (from_at, until_at))
        numbers = list(people)
        values = [numbers, numbers, account, account, since, since, until, until]
        with self._connected() as connection:
            return bool(connection.execute(self._sql["held"], values).fetchall()[0][0])

    def _read(self, query: str) -> Iterator[dict[str, Any]]:
        with self._connected() as connection:
            batches: Any = connection.sql(self._sql[query]).to_arrow_reader(ROWS_AT_ONCE)
            for batch in batches:
                yield from batch.to_pylist()

    @contextmanager
    def _connected(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with tempfile.TemporaryDirectory(prefix="beffroi-archive-") as work, connect(Path(work)) as connection:
            for order in (BY_ACCOUNT, BY_PATIENT):
                name = self._manifest.file(order).name
                view_of(connection, order.replace("-", "_"), self._place.source([name]))
            yield connection


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")

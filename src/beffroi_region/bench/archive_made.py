"""A year of archived disclosures, made straight into files: as many segments as a real region would have moved.

Every file has the columns, the order, the compression and the row groups of a real one. What no question of the
benchmark reads is the same in every row (nonces, request identifiers, criteria), so that a thousand million fit on a
disk; a real segment is larger by those.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from beffroi.ledger.checkpoint import Checkpoint
from beffroi.ledger.manifest import BY_ACCOUNT, BY_PATIENT, ArchivedFile, Manifest
from beffroi.store.archive_engine import MEMORY, THREADS
from beffroi.store.archive_files import ROW_GROUP_ROWS

SEGMENT_ROWS = 16_000_000
YEAR_US = 365 * 86_400 * 1_000_000
START_US = 1_764_028_800_000_000
"""25 November 2025: a year ends where the hot window begins."""
ACCOUNTS = 25_000
PEOPLE = 6_000_000
ORIGIN = "bench.beffroi.invalid/ledger"

_ROWS = """
select i::bigint as tree_index, (i + 1)::bigint as disclosure_id,
       ({start} + i::hugeint * {year} // {total} + (hash(i) % 1000)::hugeint)::bigint as at_us,
       (1 + hash(i, 1) % {accounts})::integer as account_id, (i + 1)::bigint as running_number,
       'ward_nurse' as role, (1 + hash(i, 1) % 50)::integer as structure_id, 'dpi' as application,
       lpad((hash(i, 1) % {accounts})::varchar, 64, '0') as session_key,
       '10.' || (hash(i, 1) % 200)::varchar || '.0.' || (hash(i, 2) % 250)::varchar as network,
       1::smallint as door, 2::smallint as operation, 1::smallint as outcome, 'TREAT' as purpose, '' as reason,
       '\\x00'::blob as request_id, '{{"_id":""}}' as request, '_id' as criteria, 'bench' as policy_version,
       32768::integer as criteria_fields,
       '[[' || (1 + hash(i, 3) % {people})::varchar || ',255,[' || (1 + hash(i, 3) % {people})::varchar || ','
       || (1 + hash(i, 3) % {people} + {people})::varchar || ']]]' as shown,
       '\\x00'::blob as nonce, (hash(i, 4) % 1000 > 0) as sent
from ({source})
"""
_SOURCE = "select i from range({first}, {end}) as t(i) order by {order_by}"
_BY_PATIENT = """
select (1 + hash(tree_index, 3) % {people})::bigint as person_id, at_us, tree_index, disclosure_id, account_id,
       structure_id, application, session_key, network, door, operation, outcome, purpose, criteria,
       255::integer as fields, '[' || person_id::varchar || ',' || (person_id + {people})::varchar || ']' as sources,
       sent
from ({rows})
"""


@dataclass(frozen=True, slots=True)
class Made:
    """An archive on this disk; `unsorted` are the same rows in the order in which they happened."""

    folder: Path
    total: int
    manifests: tuple[Manifest, ...]
    size_bytes: dict[str, int]


def accounts_of(total: int) -> int:
    """Accounts of an archive: a small one has fewer, so that each has a year's work.

    >>> accounts_of(10_000_000), accounts_of(1_000_000_000)
    (2500, 25000)
    """
    return max(10, min(ACCOUNTS, total // 4_000))


def make(folder: Path, total: int, orders: tuple[str, ...], say: Callable[[str], None]) -> Made:
    """Writes an archive of so many disclosures, in these orders ("unsorted" is one of them)."""
    manifests, sizes = [], dict.fromkeys(orders, 0)
    connection = duckdb.connect(
        config={"threads": THREADS, "memory_limit": MEMORY, "temp_directory": str(folder / "duckdb")}
    )
    with connection:
        for number, (first, end) in enumerate(_ranges(total)):
            files = {order: _write(connection, folder, number, (first, end, total), order) for order in orders}
            for order, size_bytes in files.items():
                sizes[order] += size_bytes
            manifests.append(_manifest(number, first, end, total))
            if number % 10 == 9:
                say(f"{end:,} disclosures")
    return Made(folder, total, tuple(manifests), sizes)


def _ranges(total: int) -> Iterator[tuple[int, int]]:
    return ((first, min(first + SEGMENT_ROWS, total)) for first in range(0, total, SEGMENT_ROWS))


def name_of(number: int, order: str) -> str:
    """A file of a segment."""
    return f"{number:06d}-{order}.parquet"


def rows_text(extent: tuple[int, int, int], order_by: str = "i") -> str:
    """The disclosures from one leaf to before another of so many, as a query. Numbers are sorted, then rows made."""
    first, end, total = extent
    source = _SOURCE.format(first=first, end=end, order_by=order_by)
    return _ROWS.format(
        start=START_US, year=YEAR_US, total=total, accounts=accounts_of(total), people=PEOPLE, source=source
    )


def _write(
    connection: duckdb.DuckDBPyConnection, folder: Path, number: int, extent: tuple[int, int, int], order: str
) -> int:
    by_account, by_patient = f"hash(i, 1) % {accounts_of(extent[2])}, i", f"hash(i, 3) % {PEOPLE}, i"
    text = {
        BY_ACCOUNT: rows_text(extent, by_account),
        BY_PATIENT: _BY_PATIENT.format(people=PEOPLE, rows=rows_text(extent, by_patient)),
    }.get(order) or rows_text(extent)
    path = folder / name_of(number, order)
    options = f"(format parquet, compression zstd, row_group_size {ROW_GROUP_ROWS})"
    connection.execute(f"copy ({text}) to '{path}' {options}").fetchall()
    return path.stat().st_size


def _manifest(number: int, first: int, end: int, total: int) -> Manifest:
    first_us, last_us = (START_US + at * YEAR_US // total for at in (first, end))
    files = (
        ArchivedFile(BY_ACCOUNT, name_of(number, BY_ACCOUNT), 0, end - first, 1, accounts_of(total), bytes(32)),
        ArchivedFile(BY_PATIENT, name_of(number, BY_PATIENT), 0, end - first, 1, PEOPLE, bytes(32)),
    )
    tree = Checkpoint(ORIGIN, total, bytes(32))
    return Manifest(ORIGIN, number, first, end, first_us, last_us + 1_000, bytes(32), tree, files)

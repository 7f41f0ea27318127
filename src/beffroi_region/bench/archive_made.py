"""A year of archived disclosures, made straight into files: as many segments as a real region would have moved.

Every file has the columns, the order, the compression and the row groups of a real one. What no question of the
benchmark reads is the same in every row (nonces, requests, places in the tree), so that a thousand million fit on a
disk; a real segment is larger by those.

Who asked and who was shown is arithmetic, and so are their inverses: disclosure `i` lies in a block of as many as there
are accounts, and each block is another order of all accounts; the same with people. So both orders are written without
sorting anything, and how often an account or a patient must be found is known without counting.

A file appears whole or not at all, and one that is there is not made again: an archive may be made in several goes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from beffroi.ledger.checkpoint import Checkpoint
from beffroi.ledger.manifest import BY_ACCOUNT, BY_PATIENT, ArchivedFile, Manifest
from beffroi.store.archive_files import ROW_GROUP_ROWS, SCHEMA

SEGMENT_ROWS = 16_000_000
YEAR_US = 365 * 86_400 * 1_000_000
START_US = 1_764_028_800_000_000
"""25 November 2025: a year ends where the hot window begins."""
ACCOUNTS = 25_000
PEOPLE = 6_000_000
FIRST_PERSON = 1_000_000
"""People have seven digits and their second identity a 1 before them, so a row's text is as long as any other."""
SECOND_IDENTITY = 10_000_000
UNSORTED = "unsorted"
"""In the order in which things happened: no archive is like that."""
ORIGIN = "bench.beffroi.invalid/ledger"
_PATIENT_SCHEMA = pa.schema(
    [
        ("person_id", pa.int64()),
        ("at_us", pa.int64()),
        *(SCHEMA.field(name) for name in ("tree_index", "disclosure_id", "account_id", "structure_id", "application")),
        *(SCHEMA.field(name) for name in ("session_key", "network", "door", "operation", "outcome", "purpose")),
        ("criteria", pa.string()),
        ("fields", pa.int32()),
        ("sources", pa.string()),
        ("sent", pa.bool_()),
    ]
)
_SAME: dict[str, Any] = {
    "tree_index": 0,
    "running_number": 1,
    "role": "ward_nurse",
    "application": "dpi",
    "session_key": "0" * 64,
    "network": "10.0.0.1",
    "door": 1,
    "operation": 2,
    "outcome": 1,
    "purpose": "TREAT",
    "reason": "",
    "request_id": bytes(16),
    "request": '{"_id":""}',
    "criteria": "_id",
    "policy_version": "bench",
    "criteria_fields": 32_768,
    "fields": 255,
    "nonce": bytes(32),
}
_FEW = ("account_id", "structure_id")
"""Of few values in a row group: these get a dictionary, as DuckDB gives them one."""
_SHOWN, _SHOWN_AT = b"[[_______,255,[_______,1_______]]]", (2, 15, 24)
_SOURCES, _SOURCES_AT = b"[_______,1_______]", (1, 10)
_POWERS = 10 ** np.arange(6, -1, -1, dtype=np.uint32)
Numbers = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Shuffle:
    """Numbers 0 to before `size`, block after block, each block in an order of its own.

    >>> one = Shuffle(10, 7)
    >>> [sorted(int(one.at(np.int64(10 * block + n))) for n in range(10)) == list(range(10)) for block in (0, 5)]
    [True, True]
    >>> all(one.at(one.place(np.int64(number), np.int64(3))) == number for number in range(10))
    True
    """

    size: int
    factor: int

    def at(self, index: Any) -> Any:
        """The number of a disclosure."""
        return (index % self.size * self.factor + self._shift(index // self.size)) % self.size

    def place(self, number: Any, block: Any) -> Any:
        """The disclosure of a number in a block."""
        back = pow(self.factor, -1, self.size)
        return block * self.size + (number - self._shift(block)) % self.size * back % self.size

    def count(self, number: int, total: int) -> int:
        """How many of the first disclosures have a number."""
        whole = total // self.size
        return whole + int(self.place(number, whole) < total)

    def _shift(self, block: Any) -> Any:
        return block * 40_503 % self.size


def accounts_of(total: int) -> int:
    """Accounts of an archive: a small one has fewer, so that each has a year's work.

    >>> accounts_of(10_000_000), accounts_of(1_000_000_000)
    (2500, 25000)
    """
    return max(10, min(ACCOUNTS, total // 4_000))


def step_us(total: int) -> int:
    """Microseconds from one disclosure to the next."""
    return YEAR_US // total


def shuffle_of(order: str, total: int) -> Shuffle:
    """Which account asked (numbers from 0), or which patient was shown: the factors are primes."""
    return Shuffle(PEOPLE, 32_452_843) if order == BY_PATIENT else Shuffle(accounts_of(total), 15_485_863)


@dataclass(frozen=True, slots=True)
class Made:
    """An archive on this disk, in some orders; `rows_made` of them now, the others were there."""

    folder: Path
    total: int
    manifests: tuple[Manifest, ...]
    size_bytes: dict[str, int]
    rows_made: int


def make(folder: Path, total: int, orders: tuple[str, ...], say: Callable[[str], None]) -> Made:
    """Makes what is not there yet of an archive of so many disclosures. A file's name holds their number."""
    sizes, rows_made = dict.fromkeys(orders, 0), 0
    for number, (first, end) in enumerate(_ranges(total)):
        for order in orders:
            path = folder / name_of(number, order, total)
            if not path.exists():
                _write(path, (first, end, total), order)
                rows_made += end - first
                say(f"{order}: {end:,} disclosures")
            sizes[order] += path.stat().st_size
    manifests = tuple(_manifest(number, *extent, total) for number, extent in enumerate(_ranges(total)))
    return Made(folder, total, manifests, sizes, rows_made)


def _ranges(total: int) -> Iterator[tuple[int, int]]:
    return ((first, min(first + SEGMENT_ROWS, total)) for first in range(0, total, SEGMENT_ROWS))


def name_of(number: int, order: str, total: int) -> str:
    """A file of a segment."""
    return f"{total}-{number:06d}-{order}.parquet"


def _write(path: Path, extent: tuple[int, int, int], order: str) -> None:
    real, columns = (_PATIENT_SCHEMA, _by_patient) if order == BY_PATIENT else (SCHEMA, _by_account)
    schema = pa.schema([_as_written(field) for field in real])
    partial = path.with_suffix(".part")
    few = [field.name for field in real if field.name in _SAME or field.name in _FEW]
    options = {"compression": "zstd", "compression_level": 3, "use_dictionary": few, "store_schema": False}
    with pq.ParquetWriter(partial, schema, **options) as writer:
        for rows in _groups(_in_order(extent, order)):
            made = columns(rows, extent[2])
            arrays = [made[field.name] if field.name in made else _repeated(field, rows.size) for field in schema]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
    partial.rename(path)


def _in_order(extent: tuple[int, int, int], order: str) -> Iterator[Numbers]:
    """The disclosures of a segment as its file has them, in pieces of some hundred thousand."""
    first, end, total = extent
    if order == UNSORTED:
        yield np.arange(first, end, dtype=np.int64)
        return
    shuffle = shuffle_of(order, total)
    blocks = np.arange(first // shuffle.size, (end - 1) // shuffle.size + 1, dtype=np.int64)
    at_once = max(1, 500_000 // blocks.size)
    for least in range(0, shuffle.size, at_once):
        numbers = np.arange(least, min(least + at_once, shuffle.size), dtype=np.int64)
        places = shuffle.place(numbers[:, None], blocks[None, :]).reshape(-1)
        yield places[(places >= first) & (places < end)]


def _groups(pieces: Iterator[Numbers]) -> Iterator[Numbers]:
    """The same, row group by row group."""
    left = np.empty(0, dtype=np.int64)
    for piece in pieces:
        left = np.concatenate((left, piece))
        whole = left.size - left.size % ROW_GROUP_ROWS
        yield from left[:whole].reshape(-1, ROW_GROUP_ROWS)
        left = left[whole:]
    if left.size:
        yield left


def _by_account(rows: Numbers, total: int) -> dict[str, pa.Array]:
    accounts = shuffle_of(BY_ACCOUNT, total).at(rows)
    people = shuffle_of(BY_PATIENT, total).at(rows) + FIRST_PERSON
    return {**_common(rows, total, accounts), "shown": _text(_SHOWN, _SHOWN_AT, people)}


def _by_patient(rows: Numbers, total: int) -> dict[str, pa.Array]:
    people = shuffle_of(BY_PATIENT, total).at(rows) + FIRST_PERSON
    columns = _common(rows, total, shuffle_of(BY_ACCOUNT, total).at(rows))
    return {**columns, "person_id": pa.array(people), "sources": _text(_SOURCES, _SOURCES_AT, people)}


def _common(rows: Numbers, total: int, accounts: Numbers) -> dict[str, pa.Array]:
    return {
        "disclosure_id": pa.array(rows + 1),
        "at_us": pa.array(START_US + rows * step_us(total)),
        "account_id": pa.array((accounts + 1).astype(np.int32)),
        "structure_id": pa.array((accounts % 50 + 1).astype(np.int32)),
        "sent": pa.array(rows % 1_009 != 0),
    }


def _as_written(field: pa.Field) -> pa.Field:
    """What is the same in every row is handed over as one value and indices; in the file it has its own type."""
    return field.with_type(pa.dictionary(pa.int32(), field.type)) if field.name in _SAME else field


def _repeated(field: pa.Field, count: int) -> pa.Array:
    """A column that is the same in every row."""
    value = pa.array([_SAME[field.name]], type=field.type.value_type)
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, dtype=np.int32)), value)


def _text(pattern: bytes, places: tuple[int, ...], numbers: Numbers) -> pa.Array:
    """A text a row, with a number of seven digits at some places."""
    digits = (numbers.astype(np.uint32)[:, None] // _POWERS % 10 + ord("0")).astype(np.uint8)
    text = np.tile(np.frombuffer(pattern, dtype=np.uint8), (numbers.size, 1))
    for place in places:
        text[:, place : place + 7] = digits
    offsets = np.arange(numbers.size + 1, dtype=np.int32) * len(pattern)
    return pa.StringArray.from_buffers(numbers.size, pa.py_buffer(offsets), pa.py_buffer(text))


def _manifest(number: int, first: int, end: int, total: int) -> Manifest:
    first_us, last_us = (START_US + at * step_us(total) for at in (first, end - 1))
    extents = ((BY_ACCOUNT, 1, accounts_of(total)), (BY_PATIENT, FIRST_PERSON, FIRST_PERSON + PEOPLE - 1))
    files = tuple(
        ArchivedFile(order, name_of(number, order, total), 0, end - first, least, greatest, bytes(32))
        for order, least, greatest in extents
    )
    return Manifest(
        ORIGIN, number, first, end, first_us, last_us, bytes(32), Checkpoint(ORIGIN, total, bytes(32)), files
    )

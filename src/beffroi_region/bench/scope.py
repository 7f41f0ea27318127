"""`beffroi bench scope`: how long a scope's question to the archive takes, and how much memory.

An archive of a year is made (bench.archive_made); then one account's year, one patient's history and one hour of all
are asked as a serving process asks them: each in a process of its own, its start included, with the same text of SQL.
Each question is asked of several accounts, patients and hours; before each the files are put out of the system's cache
(`cold`), then it is asked again. The run fails unless each answer is exactly the one that the generator's own
arithmetic gives. Beside it: the same question of files in the order in which things happened, and of an access log.

Made is what is not there: with `keep` the archive stays in its folder, so that it may be made slowly beside other work
and asked later, again and again, on a machine that does nothing else.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import msgspec

from beffroi.breach.scope import Tally
from beffroi.ledger.checkpoint import SigningKey
from beffroi.ledger.manifest import BY_ACCOUNT, BY_PATIENT, signed_manifest
from beffroi.model.selection import Selection
from beffroi.store import archive_child
from beffroi.store.archive_child import Question
from beffroi.store.selecting import instant, microseconds
from beffroi_region.bench import machine
from beffroi_region.bench.archive_made import (
    FIRST_PERSON,
    ORIGIN,
    PEOPLE,
    SECOND_IDENTITY,
    SEGMENT_ROWS,
    START_US,
    UNSORTED,
    YEAR_US,
    Made,
    accounts_of,
    make,
    name_of,
    shuffle_of,
    step_us,
)
from beffroi_region.bench.report import SCOPE_ROWS

UNSORTED_MAX = 100_000_000
"""Disclosures up to which the same rows are written unsorted too: beyond, the disk is for the archive."""
LOG_LINES_MAX = 10_000_000
ASKED = 3
"""Accounts, patients and hours that are asked about."""
HOUR_US = 3_600_000_000
_KEY = SigningKey(ORIGIN, bytes(range(32)))

Report = dict[str, Any]


class WrongAnswer(Exception):
    """The archive did not say what was put into it."""


def run(
    disclosures: int = 10_000_000,
    seed: int = 1,
    folder: str = "",
    keep: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> Report:
    """All figures of one run. `folder`: where the archive is made, on a disk with 25 bytes for each disclosure (37 up
    to a hundred million); `keep`: it stays there."""
    report: Report = {
        "benchmark": "scope",
        "machine": machine.describe(),
        "versions": machine.versions() | {"duckdb": duckdb.__version__},
        "disclosures": disclosures,
        "segments": -(-disclosures // SEGMENT_ROWS),
        "accounts": accounts_of(disclosures),
        "people": PEOPLE,
        "seed": seed,
    }
    with working(folder, keep) as work:
        report |= _ask_order(work, disclosures, BY_ACCOUNT, seed, say)
        report |= _ask_order(work, disclosures, BY_PATIENT, seed, say)
        if disclosures <= UNSORTED_MAX:
            report |= _unsorted(work, disclosures, seed, say)
        report |= _log_scan(work, min(disclosures, LOG_LINES_MAX), seed, say)
    return report


@contextmanager
def working(folder: str, keep: bool) -> Iterator[Path]:
    """The folder itself, or one in it that is taken away."""
    if keep:
        Path(folder or ".").mkdir(parents=True, exist_ok=True)
        yield Path(folder or ".")
        return
    work = Path(tempfile.mkdtemp(prefix="beffroi-bench-scope-", dir=folder or None))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _ask_order(work: Path, total: int, order: str, seed: int, say: Callable[[str], None]) -> Report:
    made, report = _made(work, total, order, say)
    chance = Random(seed)
    if order == BY_ACCOUNT:
        accounts = [1 + chance.randrange(accounts_of(total)) for _ in range(ASKED)]
        report |= _asked(made, "account", [_of_account(one) for one in accounts])
        hours = [START_US + chance.randrange(YEAR_US - HOUR_US) for _ in range(ASKED)]
        return report | _asked(made, "window", [_of_hour(one) for one in hours])
    people = [FIRST_PERSON + chance.randrange(PEOPLE) for _ in range(ASKED)]
    return report | _asked(made, "patient", [_of_patient(one) for one in people])


def _made(work: Path, total: int, order: str, say: Callable[[str], None]) -> tuple[Made, Report]:
    """An archive in one order, and how fast it was made if it was."""
    begun_s = time.perf_counter()
    made = make(work, total, (order,), say)
    made_s = time.perf_counter() - begun_s
    say(f"asking {total:,} disclosures, {order}")
    name = order.replace("-", "_")
    report: Report = {f"bytes_per_disclosure_{name}": made.size_bytes[order] / total}
    return made, report | ({f"made_per_s_{name}": made.rows_made / made_s} if made.rows_made else {})


Asking = tuple[Selection, tuple[int, ...], tuple[int, ...] | None, tuple[int, ...]]


def _of_account(account: int) -> Asking:
    return Selection(accounts=(account,)), (), None, ()


def _of_patient(person: int) -> Asking:
    return Selection(people=(person,)), (person,), (person, person + SECOND_IDENTITY), ()


def _of_hour(first_us: int) -> Asking:
    return Selection(since=instant(first_us), until=instant(first_us + HOUR_US)), (), None, ()


def _asked(made: Made, name: str, asked: Sequence[Asking]) -> Report:
    """Seconds (the median), with and without the files in the cache, and the largest process that answered."""
    cold, warm, rows, peak = [], [], [], 0.0
    for one in asked:
        _forget(made.folder)
        took_s, tally, memory = _ask(made, one)
        cold.append(took_s)
        _check(made.total, one, tally)
        took_s, tally, _ = _ask(made, one)
        warm.append(took_s)
        rows.append(tally.readings_count)
        peak = max(peak, memory)
    return {
        f"{name}_s": statistics.median(cold),
        f"{name}_warm_s": statistics.median(warm),
        f"{name}_readings": statistics.median(rows),
        f"{name}_peak_memory_mib": peak,
    }


def _ask(made: Made, one: Asking) -> tuple[float, Tally, float]:
    """As a serving process asks: a process of its own, from its start to its answer."""
    notes = tuple(signed_manifest(manifest, [_KEY]) for manifest in made.manifests)
    question = msgspec.msgpack.encode(Question({"folder": str(made.folder)}, notes, (one,)))
    begun_s = time.perf_counter()
    child = subprocess.run(
        [sys.executable, "-c", _CHILD.format(module=archive_child.__name__)],
        input=question,
        capture_output=True,
        check=True,
    )
    tally = msgspec.msgpack.decode(child.stdout, type=Tally)
    took_s = time.perf_counter() - begun_s
    return took_s, tally, int(child.stderr.split()[-1]) / 1024


_CHILD = """
import sys
from {module} import main
main()
sys.stderr.write([line for line in open("/proc/self/status") if line.startswith("VmHWM")][0].split()[1])
"""


def _forget(folder: Path) -> None:
    """Puts the files out of the system's cache, as far as it lets us."""
    for path in folder.glob("*.parquet"):
        file = os.open(path, os.O_RDONLY)
        try:
            os.fsync(file)
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(file)


def _check(total: int, one: Asking, tally: Tally) -> None:
    """Raises WrongAnswer unless as many readings were counted as the generator's arithmetic makes."""
    expected = _expected(total, one)
    if tally.readings_count != expected:
        raise WrongAnswer(f"{tally.readings_count} readings for {expected}")


def _expected(total: int, one: Asking) -> int:
    selection, persons = one[0], one[1]
    if persons:
        return shuffle_of(BY_PATIENT, total).count(persons[0] - FIRST_PERSON, total)
    if selection.accounts:
        return shuffle_of(BY_ACCOUNT, total).count(selection.accounts[0] - 1, total)
    ends = (at for at in (selection.since, selection.until) if at is not None)
    first, end = (-(-(microseconds(at) - START_US) // step_us(total)) for at in ends)
    return min(end, total) - first


def _unsorted(work: Path, total: int, seed: int, say: Callable[[str], None]) -> Report:
    """The same account's year, of the same rows in the order in which they happened."""
    made, report = _made(work, total, UNSORTED, say)
    disguised = work / "unsorted"
    disguised.mkdir(exist_ok=True)
    for number in range(len(made.manifests)):
        link = disguised / name_of(number, BY_ACCOUNT, total)
        link.unlink(missing_ok=True)
        link.hardlink_to(work / name_of(number, UNSORTED, total))
    account = 1 + Random(seed).randrange(accounts_of(total))
    report |= _asked(replace(made, folder=disguised), "unsorted_account", [_of_account(account)])
    shutil.rmtree(disguised)
    return report


_LOG_LINE = (
    "select '10.0.0.' || (i % 250)::varchar || ' - ANS-' || (hash(i, 1) % {accounts})::varchar || "
    '\' [25/Nov/2025:00:00:00 +0000] "GET /fhir/Patient/\' || md5(i::varchar) || \' HTTP/1.1" 200 1834 "-" '
    '"dpi/4.2"\' from range({lines}) as t(i)'
)


def _log_scan(work: Path, lines: int, seed: int, say: Callable[[str], None]) -> Report:
    """The same question of an access log: `grep` for one account's name, which tells no field and no patient."""
    say(f"an access log of {lines:,} lines")
    path = work / "access.log"
    path.unlink(missing_ok=True)
    with duckdb.connect(config={"threads": 2}) as connection:
        text = _LOG_LINE.format(accounts=accounts_of(lines), lines=lines)
        connection.execute(f"copy ({text}) to '{path}' (format csv, header false, quote '', delimiter '\t')").fetchall()
    wanted = f" ANS-{Random(seed).randrange(accounts_of(lines))} "
    begun_s = time.perf_counter()
    found = subprocess.run(["grep", "-cF", wanted, str(path)], capture_output=True, text=True, check=False)
    took_s = time.perf_counter() - begun_s
    path.unlink()
    return {"log_lines": lines, "log_scan_s": took_s, "log_found": int(found.stdout or 0)}


def summary(report: Report) -> str:
    """One run in a terminal."""
    rows = ((report[key], name, f" ({aim})" if aim else "") for key, name, aim in SCOPE_ROWS if key in report)
    return "\n".join(f"{figure:>14,.3f}  {name}{aim}" for figure, name, aim in rows)

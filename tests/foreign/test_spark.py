"""Spark answers the archive's question as DuckDB does: one text of SQL, two workers in processes of their own.

Needs Java 17 or later, and pyspark: an installed one, or (once, from the package index) one in a folder of the cache.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from archived import OLD
from beffroi.breach.scope import Tally
from beffroi.ledger.checkpoint import Checkpoint
from beffroi.ledger.manifest import ArchivedFile, Manifest, signed_manifest
from beffroi.model.selection import Selection
from beffroi.store import archive_child
from beffroi.store.archive_child import Question
from beffroi.store.archive_files import sort_staging, times_of, write_staging
from disclosed import KEY, ORIGIN, row

PYSPARK = "4.3.0"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "beffroi-tests" / f"pyspark-{PYSPARK}"
INSTALL_S_MAX, ANSWER_S_MAX = 600, 300
MASTER = "local-cluster[2,1,1024]"
EXECUTOR = b"org.apache.spark.executor.CoarseGrainedExecutorBackend"
pytestmark = [pytest.mark.foreign, pytest.mark.skipif(not shutil.which("java"), reason="needs Java 17 or later")]


@pytest.fixture(scope="module")
def packages() -> str:
    """Where pyspark is: empty when it is installed."""
    told = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', told)
    if version is None or int(version[1]) < 17:
        pytest.skip("needs Java 17 or later")
    if importlib.util.find_spec("pyspark"):
        return ""
    if not (CACHE / "pyspark").is_dir():
        partial = CACHE.with_name(f"{CACHE.name}.{os.getpid()}")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(partial), f"pyspark=={PYSPARK}"]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=INSTALL_S_MAX)
        except (subprocess.SubprocessError, OSError):
            shutil.rmtree(partial, ignore_errors=True)
            pytest.skip("pyspark could not be had")
        CACHE.parent.mkdir(parents=True, exist_ok=True)
        partial.rename(CACHE)
    return str(CACHE)


async def segment(folder: Path, number: int, first: int) -> Manifest:
    """A segment of 120 disclosures of three accounts, without a database."""

    async def rows():
        for n in range(first, first + 120):
            one = row(1 + n % 3, 1 + n // 3)
            columns = {name: getattr(one, name) for name in one.__dataclass_fields__}
            at = OLD + timedelta(minutes=n)
            yield columns | {"at": at, "tree_index": n, "disclosure_id": n + 1, "sent": [True, False, None][n % 3]}

    staging = folder / "staging.parquet"
    await write_staging(rows(), staging)
    files = []
    for one in sort_staging(staging, folder):
        name = f"{number:06d}-{one.order}.parquet"
        one.path.rename(folder / name)
        files.append(ArchivedFile(one.order, name, 1, one.rows, one.least, one.greatest, bytes(32)))
    staging.unlink()
    first_us, last_us = times_of(folder / files[0].name)
    tree = Checkpoint(ORIGIN, 1_000, bytes(32))
    return Manifest(ORIGIN, number, first, first + 120, first_us, last_us, bytes(32), tree, tuple(files))


ASKED = (
    (Selection(accounts=(1, 3), since=OLD + timedelta(minutes=30), until=OLD + timedelta(minutes=150)), (), None, ()),
    (Selection(networks=("192.0.2.7",), structures=(2,), query=(("family", "Mar7"),)), (), None, ()),
    (Selection(people=(31, 32)), (31, 32), (31, 32, 33), ()),
)


def answered(question: Question, packages: str) -> tuple[Tally, int]:
    """What the archive's process answers, and how many executors of Spark were seen meanwhile."""
    environment = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (environment.get("PYTHONPATH", ""), packages)))
    child = subprocess.Popen(
        [sys.executable, "-m", archive_child.__name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    assert child.stdin is not None and child.stdout is not None
    child.stdin.write(msgspec.msgpack.encode(question))
    child.stdin.close()
    seen, deadline_s = 0, time.monotonic() + ANSWER_S_MAX
    os.set_blocking(child.stdout.fileno(), False)
    content = b""
    while child.poll() is None and time.monotonic() < deadline_s:
        seen = max(seen, executors())
        content += child.stdout.read() or b""
        time.sleep(0.1)
    child.kill()
    content += child.stdout.read() or b""
    assert child.wait() == 0
    return msgspec.msgpack.decode(content, type=Tally), seen


def executors() -> int:
    """Executors of Spark on this machine, each a process of its own."""
    found = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += EXECUTOR in path.read_bytes().split(b"\0")
        except OSError:
            continue
    return found


async def test_spark_and_duckdb_give_one_answer(packages: str, tmp_path: Path) -> None:
    """Accounts in a window, a network with a query, two patients: the same tally, counted by two workers."""
    manifests = [await segment(tmp_path, number, 120 * number) for number in range(2)]
    notes = tuple(signed_manifest(one, [KEY]) for one in manifests)
    expected, _ = answered(Question({"folder": str(tmp_path)}, notes, ASKED), packages)
    found, workers = answered(Question({"folder": str(tmp_path)}, notes, ASKED, MASTER), packages)
    assert expected.readings_count > 50 and expected.seen
    assert found == expected
    assert workers >= 2

"""An import that is killed, wherever it is, loses nothing and doubles nothing."""

import csv
import os
import subprocess
import sys
from pathlib import Path

from beffroi.model.person import Hospital
from beffroi.store.database import Database
from doubles import HOSPITALS
from wire.hl7_messages import message, msh, pid

CHILD = Path(__file__).with_name("import_child.py")
ROWS = 130
WRONG = (7, 55, 129)
DEATHS = (("before", 1), ("between", 1), ("after", 2), ("before", 2), ("between", 2))


def content() -> bytes:
    authority = f"{HOSPITALS[0].namespace}&{HOSPITALS[0].oid}&ISO"
    messages = []
    for n in range(ROWS):
        names = "" if n in WRONG else f"MARTIN{n}^ANNE^ANNE^^^^L"
        messages.append(message(msh(control=str(n)), pid(f"{n}^^^{authority}^PI", names), end="\n"))
    return b"".join(messages)


async def test_a_killed_import_goes_on(
    dsn: str, database: Database, hospitals: tuple[Hospital, ...], tmp_path: Path
) -> None:
    """Killed between batches, and inside one before and after its checkpoint: each row once, each refusal once."""
    file, rejects = tmp_path / "file.hl7", tmp_path / "rejects.csv"
    file.write_bytes(content())

    def run(where: str, batch: int) -> int:
        command = [sys.executable, str(CHILD), dsn, str(file), str(rejects), where, str(batch)]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        return subprocess.run(command, env=environment, timeout=60).returncode

    for where, batch in DEATHS:
        assert run(where, batch) == 9
        done = await database.pool.fetchrow("select line_number, applied_count, rejected_count from imports")
        assert done is not None
        assert done["applied_count"] == await database.pool.fetchval("select count(*) from identities")
        assert done["line_number"] == 2 * (done["applied_count"] + done["rejected_count"])
    assert run("never", 0) == 0
    done = await database.pool.fetchrow("select * from imports")
    assert done is not None and done["finished_at"] is not None
    counts = (done["applied_count"], done["duplicate_count"], done["rejected_count"])
    assert counts == (ROWS - len(WRONG), 0, len(WRONG))
    assert await database.pool.fetchval("select count(*) from identities") == ROWS - len(WRONG)
    with rejects.open() as rows:
        assert [int(line) for line, _ in list(csv.reader(rows))[1:]] == [2 * n + 1 for n in WRONG]

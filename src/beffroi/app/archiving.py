"""Moving what is due to the archive, and erasing there what has served its time: as a command, or in a process that the
worker starts now and then.

`python -m beffroi.app.archiving` reads a whole configuration (JSON) on standard input and says which segments it moved
and erased. Sorting millions of rows in the worker itself would make checkpoints late.
"""

import asyncio
import sys
from collections.abc import Callable
from functools import partial

import msgspec

from beffroi.actions.rounds import Round, RoundFailed, Rounds
from beffroi.app.assembly import sealing_keys
from beffroi.app.investigating import archive_place
from beffroi.clock import Clock
from beffroi.config.settings import Config
from beffroi.errors import OperatorError
from beffroi.model.job import Job
from beffroi.store.archive_moves import MOVE_SETTINGS, ArchiveMoves
from beffroi.store.child import answer_stream
from beffroi.store.database import Database
from beffroi.telemetry import Event, Process, configure_logs, log, log_failure

EVERY_S = 3_600.0
"""Seconds between two looks of the worker for something to archive."""
FAILED = 1
"""How a run ends that has said why."""


async def move_due(
    config: Config, *, everything: bool = False, step: Callable[[str], None] = lambda name: None
) -> list[tuple[int, int]]:
    """Moves segments until nothing is due: (segment, disclosures) of each. Raises OperatorError without [archive]."""
    # Imported here: pyarrow and DuckDB are for this one process, and not for whoever only knows how to start it.
    from beffroi.actions.archive import Mover, Signing

    if config.archive is None or config.ledger is None:
        raise OperatorError("The configuration has no [archive].", "La configuration n'a pas d'[archive].")
    signing = Signing(config.ledger.origin, sealing_keys(config, config.ledger))
    place = archive_place(config)
    assert place is not None
    async with await Database.open(config.dsn("archiver"), size=2, **MOVE_SETTINGS) as database:
        mover = Mover(ArchiveMoves(database), place, signing, Clock(), hot_days=config.archive.hot_days, step=step)
        return [(one.segment, one.disclosures) for one in await mover.run(everything=everything)]


async def erase_due(config: Config) -> list[tuple[int, int]]:
    """Erases archived segments that have served their time: (segment, disclosures) of each."""
    from beffroi.actions.erase_archive import ArchiveEraser

    days, place = config.retention.disclosures_days, archive_place(config)
    if place is None or not days:
        return []
    async with await Database.open(config.dsn("archiver"), size=1, **MOVE_SETTINGS) as database:
        erased = await ArchiveEraser(ArchiveMoves(database), place, Clock(), days=days).run()
        return [(one.segment, one.disclosures) for one in erased]


async def keep_moving(config: Config, rounds: Rounds) -> None:
    """What the worker does: a process of its own, every hour, until it is stopped. Without [archive] nothing."""
    if config.archive is not None:
        once = partial(_move_apart, config, rounds.stopping)
        await rounds.repeat(Job.ARCHIVING, once, EVERY_S, Event.ARCHIVING_FAILED)


async def _move_apart(config: Config, stopping: asyncio.Event) -> Round | None:
    """One run in a process of its own; how many segments it moved or erased. None when we were stopped meanwhile."""
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", __name__, stdin=pipe, stdout=pipe)
    work = asyncio.create_task(child.communicate(msgspec.json.encode(config)))
    stop = asyncio.create_task(stopping.wait())
    await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
    if not work.done():
        child.kill()  # what it left is taken away by the next one
        await asyncio.gather(work, return_exceptions=True)
        return None
    stop.cancel()
    told, _ = await work
    if child.returncode not in (0, FAILED):
        raise RoundFailed("killed")
    return msgspec.json.decode(told, type=Round)


def main() -> int:
    """One run for the worker, said in the log; how it went, on standard output."""
    configure_logs(Process.WORKER)
    with answer_stream() as out:
        found = _run(msgspec.json.decode(sys.stdin.buffer.read(), type=Config))
        out.write(msgspec.json.encode(found))
    return FAILED if found.failure else 0


def _run(config: Config) -> Round:
    count = 0
    try:
        for segment, disclosures in asyncio.run(move_due(config)):
            log(Event.ARCHIVED, number=segment, rows=disclosures)
            count += 1
        for segment, disclosures in asyncio.run(erase_due(config)):
            log(Event.ARCHIVE_ERASED, number=segment, rows=disclosures)
            count += 1
    except Exception as failure:  # the next run tries again; the log says where
        log_failure(Event.ARCHIVING_FAILED, failure)
        return Round(count, failure=type(failure).__name__)
    return Round(count)


if __name__ == "__main__":
    sys.exit(main())

"""Moving what is due to the archive, and erasing there what has served its time: as a command, or in a process that the
worker starts now and then.

`python -m beffroi.app.archiving` reads a whole configuration (JSON) on standard input and says which segments it moved
and erased. Sorting millions of rows in the worker itself would make checkpoints late.
"""

import asyncio
import sys
from collections.abc import Callable

import msgspec

from beffroi.app.assembly import sealing_keys
from beffroi.app.investigating import archive_place
from beffroi.clock import Clock
from beffroi.config.settings import Config
from beffroi.errors import OperatorError
from beffroi.store.archive_moves import MOVE_SETTINGS, ArchiveMoves
from beffroi.store.database import Database
from beffroi.telemetry import Event, Process, configure_logs, log, log_failure

EVERY_S = 3_600.0
"""Seconds between two looks of the worker for something to archive."""


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


async def keep_moving(config: Config, stopping: asyncio.Event) -> None:
    """What the worker does: a process of its own, every hour, until it is stopped. Without [archive] nothing."""
    if config.archive is None:
        return
    while not stopping.is_set():
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", __name__), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
        )
        work = asyncio.create_task(child.communicate(msgspec.json.encode(config)))
        stop = asyncio.create_task(stopping.wait())
        await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
        if child.returncode is None:
            child.kill()  # what it left is taken away by the next one
        await asyncio.gather(work, return_exceptions=True)
        try:
            await asyncio.wait_for(stop, EVERY_S)
        except TimeoutError:
            continue


def main() -> int:
    """One run for the worker, said in the log."""
    configure_logs(Process.WORKER)
    config = msgspec.json.decode(sys.stdin.buffer.read(), type=Config)
    try:
        for segment, disclosures in asyncio.run(move_due(config)):
            log(Event.ARCHIVED, number=segment, rows=disclosures)
        for segment, disclosures in asyncio.run(erase_due(config)):
            log(Event.ARCHIVE_ERASED, number=segment, rows=disclosures)
    except Exception as failure:  # the next run tries again; the log says where
        log_failure(Event.ARCHIVING_FAILED, failure)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

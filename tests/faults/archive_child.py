"""Run by test_archive_kill in a process of its own: moves to the archive, and kills itself at a step."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from archived import mover
from beffroi.store.archive_moves import MOVE_SETTINGS
from beffroi.store.database import Database


async def main(dsn: str, folder: str, leaves_max: str, last_step: str, after: str) -> None:
    """Says that it has begun; dies at the `after`-th time of a step."""
    left = int(after)

    def step(name: str) -> None:
        nonlocal left
        left -= name == last_step
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    async with await Database.open(dsn, size=2, **MOVE_SETTINGS) as database:
        print("moving", flush=True)
        await mover(database, Path(folder), int(leaves_max), step).run(everything=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:6]))

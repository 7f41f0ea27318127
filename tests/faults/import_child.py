"""Run by test_import_crash in a process of its own: imports a file and dies where it is told to."""

import asyncio
import os
import sys
from pathlib import Path

from beffroi.actions import bulk_import
from beffroi.actions.bulk_import import ImportProgress, import_file
from beffroi.actions.register import FeedSource
from beffroi.clock import Clock
from beffroi.model.account import AccountId
from beffroi.model.person import HospitalId
from beffroi.store.database import Database
from beffroi.store.imports import ImportStore
from beffroi.wire.bulk import BulkFormat

BATCH_ROWS = 20


async def main(dsn: str, path: str, rejects: str, where: str, batch: int) -> None:
    """`where`: "between" batches, "before" or "after" the checkpoint's statement inside a batch, or "never"."""
    bulk_import.BATCH_ROWS = BATCH_ROWS
    advance, count = ImportStore.advance, 0

    async def dying(*arguments: object) -> None:
        nonlocal count
        count += 1
        if count == batch and where == "before":
            os._exit(9)
        await advance(*arguments)  # type: ignore[arg-type]
        if count == batch and where == "after":
            os._exit(9)

    def told(_: ImportProgress) -> None:
        if count == batch and where == "between":
            os._exit(9)

    ImportStore.advance = dying  # type: ignore[method-assign]
    database = await Database.open(dsn)
    source = FeedSource(AccountId(7), HospitalId(1))
    await import_file(database, Clock(), Path(path), BulkFormat.HL7, source, progress=told, rejects_path=Path(rejects))
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5], int(sys.argv[5])))

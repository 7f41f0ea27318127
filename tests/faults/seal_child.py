"""Run by test_seal_kill in a process of its own: seals without a pause until it is killed."""

import asyncio
import sys

from beffroi.actions.seal import Sealer
from beffroi.clock import Clock
from beffroi.ledger.checkpoint import SigningKey
from beffroi.store.database import Database
from beffroi.store.ledger import LedgerStore


async def main(dsn: str, key: str, origin: str) -> None:
    """Says once that it has begun."""
    database = await Database.open(dsn, size=1)
    sealer = Sealer(LedgerStore(database), origin, [SigningKey.parse(key)], Clock())
    print("sealing", flush=True)
    while True:
        await sealer.round()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))

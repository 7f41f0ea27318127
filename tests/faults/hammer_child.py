"""Run by test_events in a process of its own: one account asks without a pause until it was refused often enough."""

import asyncio
import sys

import msgspec

from beffroi.actions.house import open_house
from beffroi.clock import Clock
from beffroi.errors import AccountFrozen
from beffroi.model.account import Asker
from beffroi.model.search import Criteria, DateRange, Text
from beffroi.store.database import Database
from requests_and_records import BORN, ask

CRITERIA = Criteria(birth_date=DateRange(BORN, BORN), family=Text("Mar"), given=Text("L"))


async def main(dsn: str, asker: Asker, refusals: int) -> None:
    """Says once that it asks, and at its end how often it was answered."""
    database = await Database.open(dsn)
    house = await open_house(database, Clock())
    answered = refused = 0

    async def hammer() -> None:
        nonlocal answered, refused
        while refused < refusals:
            try:
                await house.finder.search(ask(asker), CRITERIA)
                answered += 1
            except AccountFrozen:
                refused += 1

    await house.finder.search(ask(asker), CRITERIA)
    print("asking", flush=True)
    await asyncio.gather(*(hammer() for _ in range(4)))
    await house.close()
    await database.close()
    print(answered, flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], msgspec.json.decode(sys.argv[2], type=Asker), int(sys.argv[3])))

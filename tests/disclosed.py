"""Disclosures as the gate writes them, without asking anybody: for what seals and audits them."""

import asyncio
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from beffroi.actions.seal import Sealer
from beffroi.ledger.checkpoint import SigningKey
from beffroi.store.database import Database
from beffroi.store.disclosures import DisclosureRow, DisclosureStore
from beffroi.store.ledger import LedgerStore
from doubles import FakeClock

ORIGIN = "ledger.test/region"
KEY = SigningKey(ORIGIN, bytes(range(32)))
WAIT_S_MAX = 30.0
UNSETTLED = """
    select coalesce((select max(disclosure_id) from disclosures), 0)
         > coalesce((select settled_below from seal_state), 0)
"""
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def row(account: int, number: int) -> DisclosureRow:
    """The account's n-th disclosure, with something of its own in every column."""
    return DisclosureRow(
        at=NOON + timedelta(seconds=number, microseconds=account),
        account_id=account,
        running_number=number,
        role="ward_nurse",
        structure_id=1 + account % 3,
        application="dpi",
        session_key=bytes([account % 256, number % 256] * 16),
        network="192.0.2.7",
        door=1,
        operation=1,
        outcome=1,
        purpose="TREAT",
        reason='l\'"été"\n\x7f\u2028\U0001f600' if number % 2 else "",
        request_id=UUID(int=account << 64 | number),
        request=json.dumps({"family": f"Mar{number}", "birthdate": "1985-03-12"}, ensure_ascii=False),
        policy_version="2026-11-1",
        criteria_fields=5,
        shown=json.dumps([[number, 7, [number, number + 1]]] if number % 3 else []),
        nonce=(account * 1_000_003 + number).to_bytes(16, "big"),
        new_explained=0,
        new_unexplained=0,
        people=(number,) if number % 3 else (),
    )


async def disclose(database: Database, rows: Sequence[DisclosureRow], connection: Any = None) -> list[int]:
    """Writes rows by the gate's own statement, in the transaction that a connection has open; their numbers."""
    numbers = await DisclosureStore(database).write(connection or database.pool, rows, [], [])
    return [numbers[one.account_id, one.running_number] for one in rows]


def sealer(database: Database, keys: Sequence[SigningKey] = (KEY,)) -> Sealer:
    """A sealer on a database."""
    return Sealer(LedgerStore(database), ORIGIN, keys, FakeClock())


async def seal_some(one: Sealer, leaves: int) -> None:
    """Rounds until there are so many more leaves. Any transaction on the server delays them, another test's too."""
    deadline_s = time.monotonic() + WAIT_S_MAX
    while leaves > 0:
        leaves -= (await one.round()).leaves
        assert time.monotonic() < deadline_s
        await asyncio.sleep(0.002)
    assert leaves == 0


async def seal_all(one: Sealer) -> int:
    """Rounds until everything is sealed and settled; how many leaves there were."""
    pool, leaves, deadline_s = one._store._pool, 0, time.monotonic() + WAIT_S_MAX
    while await pool.fetchval(UNSETTLED):
        leaves += (await one.round()).leaves
        assert time.monotonic() < deadline_s
        await asyncio.sleep(0.002)
    return leaves

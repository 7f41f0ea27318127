"""kill -9 of the sealer, again and again, while accounts disclose: all is sealed once, and the audit is silent."""

import asyncio
import contextlib
import random
import sys
from collections.abc import Callable
from pathlib import Path

from beffroi.actions.audit import audit
from beffroi.store.database import ROLE_SEALER, Database
from beffroi.store.ledger_audit import AUDIT_SETTINGS
from disclosed import KEY, NOON, ORIGIN, disclose, row, seal_all, sealer
from doubles import FakeClock

KILLS = 6
ACCOUNTS = 4


async def test_a_sealer_killed_anywhere_is_resumed(database: Database, dsn_of: Callable[[str], str]) -> None:
    """Six sealers one after the other, two at a time, each killed at a moment that a seed chooses."""
    chance = random.Random(59)
    stopping = asyncio.Event()
    written = [0] * ACCOUNTS

    async def ask(account: int) -> None:
        while not stopping.is_set():
            written[account] += 1
            await disclose(database, [row(account + 1, written[account])])
            await asyncio.sleep(0.002)

    async def seal_and_die() -> None:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, str(Path(__file__).with_name("seal_child.py"))),
            *(dsn_of(ROLE_SEALER), KEY.secret_text(), ORIGIN),
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            assert child.stdout is not None
            assert await child.stdout.readline() == b"sealing\n"
            await asyncio.sleep(chance.uniform(0.05, 0.4))
        finally:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()

    asking = [asyncio.create_task(ask(account)) for account in range(ACCOUNTS)]
    for _ in range(KILLS // 2):
        await asyncio.gather(seal_and_die(), seal_and_die())
    stopping.set()
    await asyncio.gather(*asking)
    before = await database.pool.fetchval("select count(*) from leaves")
    async with await Database.open(dsn_of(ROLE_SEALER), size=2, **AUDIT_SETTINGS) as own:
        await seal_all(sealer(own))
        found = await audit(own, [KEY.verifier()], ORIGIN, FakeClock(NOON))
    assert found.sound, [one.words().english for one in found.found]
    assert found.leaves_count == sum(written) >= before > 0
    assert found.waiting_count == 0

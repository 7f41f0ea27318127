"""`beffroi bench seal`: how many disclosures a second become leaves, and how long one waits for its checkpoint.

First a backlog is sealed with nothing beside; then disclosures arrive at a steady pace, as the gate writes them, while
the sealer looks as often as it does in service. Both share this process, its database and the cores. The run fails
unless the audit then finds every disclosure sealed and nothing wrong. Then real searches run with sealing and without
it, in turns (`seal_beside`).
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import msgspec

from beffroi.actions.audit import audit
from beffroi.actions.rounds import Rounds
from beffroi.actions.seal import Sealer
from beffroi.clock import Clock
from beffroi.ledger.checkpoint import SEED_BYTES, SigningKey
from beffroi.store.database import ROLE_OWNER, ROLE_SEALER, ROLE_WEB, Database
from beffroi.store.disclosures import DisclosureRow, DisclosureStore
from beffroi.store.embedded import EmbeddedPostgres
from beffroi.store.ledger import LedgerStore
from beffroi.store.ledger_audit import AUDIT_SETTINGS
from beffroi.store.migrate import migrate
from beffroi_region.bench import machine, seal_beside

ACCOUNTS = 2_000
BATCH = 32
"""Disclosures in one transaction of the gate, as 32 clients make them."""
ORIGIN = "bench.beffroi.invalid/ledger"
DATABASE = "beffroi"
_LAG = """
select percentile_cont(array[0.5, 0.99, 1]) within group (order by extract(epoch from c.signed_at - d.at) * 1000)
from leaves l
join disclosures d using (disclosure_id)
cross join lateral (
    select signed_at from checkpoints where tree_size > l.tree_index order by tree_size limit 1
) c
where l.tree_index >= $1
"""

Report = dict[str, Any]


class WrongLedger(Exception):
    """The audit found something, or not everything was sealed."""


def run(
    disclosures: int = 50_000,
    seconds: float = 20.0,
    per_s: int = 2_500,
    seed: int = 1,
    say: Callable[[str], None] = lambda text: None,
    people: int = 0,
    clients: int = 32,
    accounts: int = ACCOUNTS,
) -> Report:
    """All figures of one run. `people`: of the region that is searched meanwhile; 0 leaves that part out. `accounts`:
    that search there.
    """
    folder = Path(tempfile.mkdtemp(prefix="beffroi-bench-seal-"))
    server = EmbeddedPostgres(folder / "postgres", database=DATABASE)
    server.start()
    try:
        report = asyncio.run(_run(server, disclosures, seconds, per_s, seed, say))
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return report | (seal_beside.run(people, clients, seconds, seed, accounts, say) if people else {})


async def _run(
    server: EmbeddedPostgres, disclosures: int, seconds: float, per_s: int, seed: int, say: Callable[[str], None]
) -> Report:
    await migrate(server.dsn(ROLE_OWNER, DATABASE))
    writer = _Writer(seed)
    report: Report = {
        "benchmark": "seal",
        "machine": machine.describe(),
        "versions": machine.versions(),
        "fdatasync": machine.fdatasync_ms(server.data_dir.parent),
        "disclosures": disclosures,
        "accounts": ACCOUNTS,
        "seconds": seconds,
        "arriving_per_s": per_s,
        "seed": seed,
    }
    async with (
        await Database.open(server.dsn(ROLE_WEB, DATABASE), size=2) as gate,
        await Database.open(server.dsn(ROLE_SEALER, DATABASE), size=2, **AUDIT_SETTINGS) as own,
    ):
        key = SigningKey(ORIGIN, Clock().token_bytes(SEED_BYTES))
        sealer = Sealer(LedgerStore(own), ORIGIN, [key], Clock())
        say(f"writing {disclosures:,} disclosures")
        store = DisclosureStore(gate)
        for _ in range(0, disclosures, BATCH):
            await writer.write(store)
        say("sealing them, with nothing beside")
        report |= await _backlog(sealer, writer.written)
        say(f"{per_s:,} more a second, for {seconds:g} s")
        first = writer.written
        await _beside(sealer, writer, store, seconds, per_s)
        report |= await _lag(own, first, writer.written)
        say("the audit")
        found = await audit(own, [key.verifier()], ORIGIN, Clock())
        if not found.sound or found.leaves_count != writer.written:
            raise WrongLedger(
                f"{found.leaves_count} leaves for {writer.written} disclosures, {found.faults_count} faults"
            )
        return report


class _Writer:
    """Disclosures of many accounts, each in the order of its running numbers, as the gate writes them."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._numbers = [0] * ACCOUNTS
        self.written = 0

    async def write(self, store: DisclosureStore) -> None:
        """One transaction of the gate."""
        now = Clock().now()
        accounts = sorted(self._random.sample(range(ACCOUNTS), BATCH))
        await store.write(store.pool, [self._row(account, now) for account in accounts], [], [])  # type: ignore[arg-type]
        self.written += BATCH

    def _row(self, account: int, now: datetime) -> DisclosureRow:
        self._numbers[account] += 1
        person = self._random.randrange(1_000_000)
        return DisclosureRow(
            at=now,
            account_id=account + 1,
            running_number=self._numbers[account],
            role="ward_nurse",
            structure_id=1 + account % 50,
            application="bench-software",
            session_key=self._random.randbytes(32),
            network="192.0.2.7",
            door=1,
            operation=1,
            outcome=1,
            purpose="TREAT",
            reason="",
            request_id=UUID(bytes=self._random.randbytes(16), version=4),
            request='{"birthdate":"1985-03-12","family":"MAR","given":"L"}',
            policy_version="bench",
            criteria_fields=5,
            shown=msgspec.json.encode([(person, 255, (person, person + 1))]).decode(),
            nonce=self._random.randbytes(16),
            new_explained=0,
            new_unexplained=1,
            people=(person,),
        )


async def _backlog(sealer: Sealer, count: int) -> Report:
    started_s, cpu_s, leaves = time.perf_counter(), time.process_time(), 0
    while leaves < count:
        leaves += (await sealer.round()).leaves
    took_s = time.perf_counter() - started_s
    return {"alone_sealed_per_s": leaves / took_s, "cpu_ms_per_leaf": (time.process_time() - cpu_s) / leaves * 1_000}


async def _beside(sealer: Sealer, writer: _Writer, store: DisclosureStore, seconds: float, per_s: int) -> None:
    """Disclosures at their pace (or as fast as they can be written), and the sealer as in service."""
    stopping = asyncio.Event()
    sealing = asyncio.create_task(sealer.run(Rounds(stopping, Clock())))
    started_s, written = time.perf_counter(), 0
    while time.perf_counter() - started_s < seconds:
        await writer.write(store)
        written += BATCH
        await asyncio.sleep(max(0.0, started_s + written / per_s - time.perf_counter()))
    stopping.set()
    await sealing
    deadline_s = time.perf_counter() + seconds
    while (await sealer.round()).leaves and time.perf_counter() < deadline_s:
        pass


async def _lag(own: Database, first: int, end: int) -> Report:
    """How long after it was judged a disclosure of the second part was under a signed checkpoint."""
    p50, p99, longest = await own.pool.fetchval(_LAG, first)
    return {"arrived": end - first, "lag_p50_ms": p50, "lag_p99_ms": p99, "lag_max_ms": longest}


def summary(report: Report) -> str:
    """One run in a terminal."""
    rows = (
        ("sealed_per_s", "disclosures a second sealed while searches go on (aim 5,000)"),
        ("search_ratio", "searches a second with sealing, to those without (aim 0.9)"),
        ("searches_on_per_s", "searches a second with sealing"),
        ("searches_off_per_s", "searches a second without"),
        ("alone_sealed_per_s", "disclosures a second sealed from a backlog, with nothing beside"),
        ("cpu_ms_per_leaf", "processor ms of the sealer for each"),
        ("arrived", f"arrived then, at up to {report['arriving_per_s']:,} a second"),
        ("lag_p50_ms", "from a disclosure to its checkpoint, ms: 50th percentile"),
        ("lag_p99_ms", "99th percentile"),
        ("lag_max_ms", "longest (aim 1,000)"),
    )
    return "\n".join(f"{report[key]:>12,.3f}  {name}" for key, name in rows if key in report)

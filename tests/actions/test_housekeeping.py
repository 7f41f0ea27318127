"""The worker's round: what is old goes, what is young stays, one worker at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import msgspec
import pytest

from beffroi.actions import housekeeping
from beffroi.actions.housekeeping import Housekeeper, Swept
from beffroi.actions.rounds import Rounds
from beffroi.store import housekeeping as store
from beffroi.store.database import ROLE_WORKER, Database
from beffroi.store.housekeeping import ADVISORY_LOCK, HousekeepingStore
from beffroi.watch.evidence import Evidence, Probe
from doubles import FakeClock


async def fill(database: Database, clock: FakeClock, proofs: int, messages: int, age: timedelta) -> None:
    """Proofs and message keys of one age."""
    at = clock.now() - age
    await database.pool.execute(
        "insert into proofs select $1, decode(lpad(to_hex(n + $3), 32, '0'), 'hex') from generate_series(1, $2) n",
        int(at.timestamp()) // 60,
        proofs,
        int(age.total_seconds()),
    )
    await database.pool.execute(
        "insert into feed_messages select 1, 'GAM', 'CH', n || $3::text, '', $1 from generate_series(1, $2) n",
        at,
        messages,
        str(age.total_seconds()),
    )


async def left(database: Database) -> tuple[int, int]:
    row = await database.pool.fetchrow("select (select count(*) from proofs), (select count(*) from feed_messages)")
    assert row is not None
    return row[0], row[1]


@pytest.fixture
async def worker(dsn_of: Callable[[str], str], clock: FakeClock) -> AsyncIterator[Housekeeper]:
    """A housekeeper with the worker's own role."""
    async with await Database.open(dsn_of(ROLE_WORKER), size=1) as opened:
        yield Housekeeper(
            HousekeepingStore(opened), clock, feed_messages_days=35, feed_events_days=400, proofs_minutes=30
        )


async def test_the_old_goes_and_the_young_stays(database: Database, clock: FakeClock, worker: Housekeeper) -> None:
    """A round deletes proofs past their window and messages past their retention, and nothing else."""
    await fill(database, clock, 3, 2, timedelta(days=36))
    await fill(database, clock, 5, 4, timedelta(minutes=20))
    assert await worker.round() == Swept(proofs=3, feed_messages=2)
    assert await left(database) == (5, 4)


async def test_old_events_of_the_feed_go(database: Database, clock: FakeClock, worker: Housekeeper) -> None:
    """What a feed did is kept for longer than its messages, and then deleted too."""
    for days in (401, 399):
        await database.pool.execute(
            "insert into feed_events (at, hospital_id, account_id, identity_id, person_id, action, event, identifiers) "
            "values ($1, 1, 1, 1, 1, 'C', 'A28', true)",
            clock.now() - timedelta(days=days),
        )
    assert await worker.round() == Swept(feed_events=1)
    assert await database.pool.fetchval("select count(*) from feed_events") == 1


async def test_what_the_watch_remembers_of_whoever_asks_no_more_goes(
    database: Database, clock: FakeClock, worker: Housekeeper
) -> None:
    """Fourteen months after the last question, but for its day; not of whoever asked lately, is held or stopped."""
    states = {"gone": (422, 1, False), "lately": (419, 1, False), "held": (422, 4, False), "stopped": (422, 0, True)}
    for name, (days, rung, frozen) in states.items():
        await database.pool.execute(
            """with made as (
                   insert into accounts (kind, issuer, subject) values ('person', 'i', $1) returning account_id
               )
               insert into account_states (account_id, evidence, rung, frozen, device, network, asked_at)
               select account_id, '{"hours": {"1": 2}, "rung": 1}', $2, $3, 'd', 'n', $4 from made""",
            name,
            rung,
            frozen,
            clock.now() - timedelta(days=days),
        )
    assert await worker.round() == Swept(evidence=1) and await worker.round() == Swept()
    found = await database.pool.fetch("select * from account_states join accounts using (account_id)")
    rows = {row["subject"]: row for row in found}
    assert [name for name, row in rows.items() if "hours" in row["evidence"]] == ["lately", "held", "stopped"]
    gone = rows["gone"]
    assert (gone["device"], gone["network"], gone["rung"], gone["score"]) == (None, None, 0, 0)
    left_over = msgspec.json.decode(gone["evidence"], type=Evidence)
    assert left_over == Evidence(last=Probe(at_s=int((clock.now() - timedelta(days=422)).timestamp())))


async def test_a_round_takes_several_batches_but_not_all_at_once(
    database: Database, clock: FakeClock, worker: Housekeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches are bounded, and so is a round: what is left goes with the next."""
    monkeypatch.setattr(store, "ROWS_PER_BATCH_MAX", 4)
    monkeypatch.setattr(housekeeping, "ROWS_PER_BATCH_MAX", 4)
    monkeypatch.setattr(housekeeping, "BATCHES_PER_ROUND_MAX", 2)
    await fill(database, clock, 10, 0, timedelta(days=1))
    assert (await worker.round()).proofs == 8
    assert (await worker.round()).proofs == 2


async def test_one_worker_keeps_house_at_a_time(database: Database, clock: FakeClock, worker: Housekeeper) -> None:
    """While another holds the lock, nothing is deleted."""
    await fill(database, clock, 1, 1, timedelta(days=40))
    async with database.pool.acquire() as other, other.transaction():
        await other.execute(f"select pg_advisory_xact_lock({ADVISORY_LOCK})")
        assert await worker.round() == Swept(elsewhere=True)
    assert await worker.round() == Swept(1, 1)


async def test_a_failed_round_does_not_end_the_worker(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that is away is tried again in the next round, until the worker is stopped."""
    monkeypatch.setattr(housekeeping, "ROUND_S", 0.001)
    stopping, rounds = asyncio.Event(), []

    class Away:
        async def delete_proofs(self, _: int) -> int:
            rounds.append(1)
            if len(rounds) == 3:
                stopping.set()
            raise OSError

    worker = Housekeeper(Away(), clock, feed_messages_days=35, feed_events_days=400, proofs_minutes=30)  # type: ignore[arg-type]
    async with asyncio.timeout(5):
        await worker.run(Rounds(stopping, clock))
    assert len(rounds) == 3

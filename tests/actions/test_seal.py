"""Sealing: complete, in order, once, by one at a time, and resumed after anything."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from beffroi.actions import seal
from beffroi.actions.audit import audit
from beffroi.actions.seal import Refusal, SealingRefused
from beffroi.ledger.checkpoint import SigningKey, opened
from beffroi.store.database import ROLE_SEALER, Database
from beffroi.store.ledger import LedgerStore
from disclosed import KEY, NOON, ORIGIN, disclose, row, seal_all, seal_some, sealer
from doubles import FakeClock
from opened import opened_as
from twins.merkle_twin import tree_hash

own = opened_as(ROLE_SEALER)


async def leaves(database: Database) -> list[Any]:
    return await database.pool.fetch(
        "select tree_index, disclosure_id, d.account_id, d.running_number, commitment "
        "from leaves join disclosures d using (disclosure_id) order by tree_index"
    )


async def assert_sound(database: Database, count: int) -> None:
    """Every leaf once, without a gap, accounts in order, and every checkpoint over what it says."""
    found = await leaves(database)
    assert [one["tree_index"] for one in found] == list(range(count))
    numbers: dict[int, int] = {}
    for one in found:
        assert one["running_number"] == numbers.get(one["account_id"], 0) + 1
        numbers[one["account_id"]] = one["running_number"]
    for one in await database.pool.fetch("select * from checkpoints"):
        checkpoint = opened(one["note"], [KEY.verifier()])
        assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (ORIGIN, one["tree_size"], one["root"])
        assert one["root"] == tree_hash([leaf["commitment"] for leaf in found[: one["tree_size"]]])
    assert (await database.pool.fetchval("select max(tree_size) from checkpoints") or 0) == count


async def test_every_disclosure_is_sealed_once(database: Database, own: Database) -> None:
    """Three rounds of disclosures, of which the second is empty: as many leaves as disclosures, two checkpoints."""
    one = sealer(own)
    assert (await one.round()).leaves == 0
    await disclose(database, [row(1, 1), row(2, 1), row(1, 2)])
    assert await seal_all(one) == 3
    assert (await one.round()).leaves == 0
    await disclose(database, [row(1, 3), row(3, 1)])
    assert await seal_all(one) == 2
    await assert_sound(database, 5)
    assert await database.pool.fetchval("select count(*) from checkpoints") == 2


async def test_a_quiet_ledger_writes_nothing(database: Database, own: Database) -> None:
    """Once all is sealed and settled, a round changes no row: nothing grows while nobody asks."""
    one = sealer(own)
    await disclose(database, [row(1, 1)])
    await seal_all(one)
    before = await database.pool.fetchrow("select xmin::text, * from seal_state")
    assert before["settled_below"] == 1
    for _ in range(3):
        await one.round()
    assert await database.pool.fetchrow("select xmin::text, * from seal_state") == before


@pytest.mark.parametrize("numbers", [1, 5, 50_000])
@pytest.mark.parametrize("batch", [1, 2, 7, 300])
async def test_a_backlog_is_sealed_in_batches(
    database: Database, own: Database, batch: int, numbers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than a batch at once: the next round is due at once, and nothing is left out or doubled."""
    monkeypatch.setattr(seal, "LEAVES_PER_ROUND_MAX", batch)
    monkeypatch.setattr(seal, "NUMBERS_PER_ROUND_MAX", numbers)
    count = 3 * min(batch, 20) * 4
    await disclose(database, [row(1 + n % 3, 1 + n // 3) for n in range(count)])
    one = sealer(own)
    while not (first := await one.round()).leaves:
        pass
    assert first.more == (min(batch, numbers) < count)
    await seal_all(one)
    await assert_sound(database, count)
    assert await database.pool.fetchval("select settled_below from seal_state") == count


async def test_a_transaction_left_open_holds_back_later_ones(database: Database, own: Database) -> None:
    """What began before is waited for, although it commits last; then all is sealed in the order of the numbers."""
    one = sealer(own)
    async with database.pool.acquire() as slow:
        transaction = slow.transaction()
        await transaction.start()
        first = await disclose(database, [row(1, 1)], slow)
        later = await disclose(database, [row(2, 1), row(3, 1)])
        assert (await one.round()).leaves == 0
        await transaction.commit()
    assert await seal_all(one) == 3
    assert [leaf["disclosure_id"] for leaf in await leaves(database)] == [*first, *later]
    await assert_sound(database, 3)


async def test_lower_numbers_that_commit_later_are_not_lost(database: Database, own: Database) -> None:
    """A transaction that drew its numbers early and began late commits after higher numbers were sealed."""
    one = sealer(own)
    async with database.pool.acquire() as early, database.pool.acquire() as late:
        first, second = early.transaction(), late.transaction()
        await first.start()
        await early.fetchval("select pg_current_xact_id()")
        await second.start()
        await late.fetchval("select pg_current_xact_id()")
        low = await disclose(database, [row(2, 1)], late)
        high = await disclose(database, [row(1, 1)], early)
        assert low < high
        await first.commit()
        await seal_some(one, 1)
        for _ in range(3):
            assert (await one.round()).leaves == 0
        await second.commit()
    await disclose(database, [row(1, 2)])
    assert await seal_all(one) == 2
    await assert_sound(database, 3)


async def test_an_accounts_later_number_waits_for_the_earlier_one(database: Database, own: Database) -> None:
    """The transaction that wrote number 2 began before the one that wrote number 1; a third keeps them apart."""
    one = sealer(own)
    async with database.pool.acquire() as began_first, database.pool.acquire() as between:
        two = began_first.transaction()
        await two.start()
        await began_first.fetchval("select pg_current_xact_id()")
        third = between.transaction()
        await third.start()
        await between.fetchval("select pg_current_xact_id()")
        await disclose(database, [row(1, 1)])  # the youngest transaction, which commits first
        await disclose(database, [row(1, 2), row(2, 1)], began_first)
        await two.commit()
        await seal_some(one, 1)  # the other account's
        assert (await one.round()).leaves == 0
        await third.rollback()
    assert await seal_all(one) == 2
    await assert_sound(database, 3)


async def test_numbers_rolled_back_hold_nobody_up(database: Database, own: Database) -> None:
    """Numbers that will never be there are passed over."""
    one = sealer(own)
    async with database.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await disclose(database, [row(1, 1)], connection)
        await transaction.rollback()
    await disclose(database, [row(1, 1)])
    await seal_all(one)
    await assert_sound(database, 1)
    assert await database.pool.fetchval("select settled_below from seal_state") == 2


async def test_many_sealers_are_one(database: Database, own: Database, dsn_of: Callable[[str], str]) -> None:
    """Sealers of several processes at once, while accounts disclose: no fork, no leaf twice, none left out."""
    others = [await Database.open(dsn_of(ROLE_SEALER), size=1) for _ in range(3)]
    sealers = [sealer(one) for one in (own, *others)]
    stopping = asyncio.Event()

    async def ask(account: int) -> None:
        for number in range(1, 41):
            await disclose(database, [row(account, number)])

    async def seal_on(number: int) -> None:
        while not stopping.is_set():
            await sealers[number].round()

    running = [asyncio.create_task(seal_on(number)) for number in range(4)]
    await asyncio.gather(*(ask(account) for account in range(1, 6)))
    stopping.set()
    await asyncio.gather(*running)
    await seal_all(sealers[0])
    await assert_sound(database, 200)
    for one in others:
        await one.close()


WRITES = ("add_leaves", "put_tiles", "add_checkpoint", "put_state")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("write", WRITES)
async def test_a_failure_at_any_write_leaves_nothing_behind(
    database: Database, own: Database, write: str, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each write fails before or after it is done: the round is as if it had not been, and the next one does it."""
    await disclose(database, [row(1, n) for n in range(1, 301)])
    await seal_all(sealer(own))
    await disclose(database, [row(1, n) for n in range(301, 611)])
    done = getattr(LedgerStore, write)

    async def failing(*arguments: Any, **named: Any) -> Any:
        if after:
            await done(*arguments, **named)
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(LedgerStore, write, failing)
        with pytest.raises(ConnectionError):
            await seal_all(sealer(own))
    await assert_sound(database, 300)
    assert await seal_all(sealer(own)) == 310
    await assert_sound(database, 610)
    found = await audit(own, [KEY.verifier()], ORIGIN, FakeClock(NOON))
    assert found.sound and found.leaves_count == 610


async def test_a_commit_that_is_not_answered_is_not_repeated(
    database: Database, own: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transaction is durable and its sealer never hears of it: the next round goes on behind it."""
    await disclose(database, [row(1, n) for n in range(1, 11)])

    def dies(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(seal, "count_sealed", dies)
        with pytest.raises(ConnectionError):
            await seal_all(sealer(own))
    assert await seal_all(sealer(own)) == 0
    await assert_sound(database, 10)


@pytest.mark.parametrize(
    ("damage", "refusal"),
    [
        ("update seal_state set system_identifier = 7", Refusal.OTHER_CLUSTER),
        ("update seal_state set mark_transaction = '99999999999'", Refusal.TRANSACTIONS_RESTARTED),
        ("delete from leaves where tree_index = 2", Refusal.NOT_EXTENDED),
        ("delete from checkpoints", Refusal.NOT_EXTENDED),
        ("update checkpoints set root = decode(repeat('00', 32), 'hex')", Refusal.NOT_EXTENDED),
        ("update tiles set hashes = decode(repeat('00', 96), 'hex')", Refusal.NOT_EXTENDED),
        ("update tiles set hashes = substring(hashes from 1 for 64)", Refusal.NOT_EXTENDED),
        ("delete from tiles", Refusal.NOT_EXTENDED),
    ],
)
async def test_a_ledger_that_is_not_what_was_sealed_is_not_sealed_on(
    database: Database, own: Database, damage: str, refusal: Refusal
) -> None:
    """A restored cluster, a lost leaf, a changed tile, a lost checkpoint: refused, and nothing is written."""
    await disclose(database, [row(1, n) for n in range(1, 4)])
    one = sealer(own)
    await seal_all(one)
    await database.pool.execute(damage)
    await disclose(database, [row(1, 4)])
    count = await database.pool.fetchval("select count(*) from leaves")
    with pytest.raises(SealingRefused) as refused:
        await seal_all(one)
    assert refused.value.refusal is refusal
    assert await database.pool.fetchval("select count(*) from leaves") == count


async def test_a_disclosure_taken_away_before_it_was_sealed_is_missed(database: Database, own: Database) -> None:
    """The next one of its account has no predecessor, and none can come any more: refused with the account's number."""
    one = sealer(own)
    await disclose(database, [row(7, 1)])
    await seal_all(one)
    await disclose(database, [row(7, 2), row(7, 3), row(8, 1)])
    await database.pool.execute("delete from disclosures where account_id = 7 and running_number = 2")
    with pytest.raises(SealingRefused) as refused:
        await seal_all(one)
    assert (refused.value.refusal, refused.value.account) == (Refusal.MISSING_DISCLOSURE, 7)


async def test_two_keys_sign_during_a_rotation(database: Database, own: Database) -> None:
    """Whoever knows either key can verify; who knows neither cannot."""
    new, stranger = SigningKey(ORIGIN, bytes(32)), SigningKey(ORIGIN, b"\1" * 32)
    await disclose(database, [row(1, 1)])
    await seal_all(sealer(own, [KEY, new]))
    note = await LedgerStore(own).checkpoint() or ""
    assert opened(note, [KEY.verifier()]) == opened(note, [new.verifier()])
    with pytest.raises(ValueError, match="no known key"):
        opened(note, [stranger.verifier()])


steps = st.lists(st.tuples(st.sampled_from(["write", "commit", "abort", "seal"]), st.integers(0, 3)), max_size=40)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
async def test_any_interleaving_of_transactions_is_sealed_whole(
    database: Database, own: Database, steps: list[tuple[str, int]]
) -> None:
    """Transactions that begin, write, commit and roll back in any order: each committed disclosure has one leaf."""
    await database.pool.execute("truncate disclosures, seen, leaves, tiles, checkpoints, seal_state")
    one = sealer(own)
    connections = [await database.pool.acquire() for _ in range(4)]
    opened_by: dict[int, Any] = {}
    numbers: dict[int, int] = {}
    drawn: dict[int, int] = {}
    committed = 0
    try:
        for what, who in steps:
            if what == "seal":
                await one.round()
            elif what == "write":
                if who not in opened_by:
                    opened_by[who] = connections[who].transaction()
                    await opened_by[who].start()
                drawn[who] = drawn.get(who, 0) + 1
                await disclose(database, [row(who + 1, numbers.get(who, 0) + drawn[who])], connections[who])
            elif who in opened_by:
                transaction = opened_by.pop(who)
                await (transaction.commit() if what == "commit" else transaction.rollback())
                if what == "commit":
                    numbers[who] = numbers.get(who, 0) + drawn[who]
                    committed += drawn[who]
                drawn[who] = 0
        for transaction in opened_by.values():
            await transaction.rollback()
    finally:
        for connection in connections:
            await database.pool.release(connection)
    await seal_all(one)
    await assert_sound(database, committed)

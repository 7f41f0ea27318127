"""Retention: what is old loses content and nonce, what is held stays, the tree verifies, and the audit counts."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from beffroi.access.reference import References
from beffroi.actions.audit import audit
from beffroi.actions.erase import Eraser
from beffroi.actions.findings import Audited, Fault
from beffroi.actions.hold import Holding, Wanted
from beffroi.actions.rounds import Rounds
from beffroi.clock import Clock
from beffroi.errors import OperatorError
from beffroi.ledger.note import split
from beffroi.model.person import PersonId
from beffroi.store.cosigning import CosigningStore
from beffroi.store.database import ROLE_OWNER, ROLE_SEALER, ROLE_WEB, ROLE_WORKER, Database
from beffroi.store.disclosures import DisclosureRow
from beffroi.store.housekeeping import HousekeepingStore
from beffroi.store.identities import load_deployment
from beffroi.store.ledger_audit import AUDIT_SETTINGS
from beffroi.store.registers import set_up
from disclosed import KEY, ORIGIN, disclose, row, seal_all, sealer
from opened import opened_as
from witnesses import WITNESS

NOW = datetime.now(UTC)
OLD, YOUNG = NOW - timedelta(days=1_200), NOW - timedelta(days=300)
DAYS = 1_096


own = opened_as(ROLE_SEALER, **AUDIT_SETTINGS)


worker = opened_as(ROLE_WORKER)


def at(time: datetime, account: int, *numbers: int) -> list[DisclosureRow]:
    return [replace(row(account, number), at=time + timedelta(seconds=number)) for number in numbers]


@pytest.fixture
async def aged(database: Database, own: Database) -> Database:
    """Accounts 1 and 2: eight old disclosures each and two young ones; account 3: two old ones and nothing since."""
    await database.pool.execute(
        "insert into accounts (kind, issuer, subject) "
        "select 'person', 'https://issuer.test', n::text from generate_series(1, 3) n"
    )
    await disclose(database, [one for n in range(1, 9) for one in (*at(OLD, 1, n), *at(OLD, 2, n))])
    await disclose(database, at(OLD, 3, 1, 2))
    await seal_all(sealer(own))
    await disclose(database, [*at(YOUNG, 1, 9, 10), *at(YOUNG, 2, 9, 10)])
    await seal_all(sealer(own))
    return database


def eraser(worker: Database, days: int = DAYS) -> Eraser:
    return Eraser(HousekeepingStore(worker), Clock(), days)


async def audited(own: Database) -> Audited:
    return await audit(own, [KEY.verifier()], ORIGIN, Clock())


async def left(database: Database) -> dict[int, list[int]]:
    """The running numbers that are still there, by account."""
    rows = await database.pool.fetch("select account_id, running_number from disclosures order by 1, 2")
    return {account: [one[1] for one in rows if one[0] == account] for account in {one[0] for one in rows}}


async def test_what_is_old_is_erased_and_the_tree_stays_whole(aged: Database, own: Database, worker: Database) -> None:
    """Rows, nonces, who saw whom: gone; the leaves say when; accounts go on behind what is gone; the audit counts."""
    leaves = "select tree_index, commitment from leaves order by 1"
    before = [tuple(one) for one in await aged.pool.fetch(leaves)]
    await aged.pool.execute("insert into deliveries select disclosure_id, true from disclosures")
    assert await eraser(worker).round() == 18
    assert await eraser(worker).round() == 0
    assert await left(aged) == {1: [9, 10], 2: [9, 10]}
    seen, sent = [await aged.pool.fetchval(f"select count(*) from {name}") for name in ("seen", "deliveries")]
    assert (seen, sent) == (2, 4), "of the four that are left, two showed somebody"
    assert [
        tuple(one) for one in await aged.pool.fetch("select tree_index, commitment from leaves order by 1")
    ] == before
    found = await audited(own)
    assert found.sound and (found.erased_count, found.leaves_count) == (18, 22)
    await disclose(aged, [*at(NOW, 1, 11), *at(NOW, 3, 3)])
    assert await seal_all(sealer(own)) == 2, "account 3 has no disclosure left, and its chain goes on"
    assert (await audited(own)).sound


async def test_nothing_young_unsealed_or_unwanted_goes(aged: Database, own: Database, worker: Database) -> None:
    """Whatever the worker asks: not below 400 days, not before it is sealed, and not at all when 0 days are set."""
    await disclose(aged, at(OLD, 4, 1))
    (_, young) = (await HousekeepingStore(worker).erase(NOW + timedelta(days=9), 0), await left(aged))
    assert young == {1: [9, 10], 2: [9, 10], 4: [1]}
    assert await eraser(worker, days=1).round() == 0
    await Eraser(HousekeepingStore(worker), Clock(), 0).run(Rounds(asyncio.Event(), Clock()))


async def test_nobody_else_may_erase(aged: Database, worker: Database, dsn_of: Callable[[str], str]) -> None:
    """Neither the web role by the function, nor the worker by itself."""
    async with await Database.open(dsn_of(ROLE_WEB), size=1) as web:
        for database, statement in (
            (web, "select erase_disclosures(now(), 0, 10)"),
            (worker, "delete from disclosures"),
            (worker, "update leaves set erased_at = now()"),
            (worker, "insert into holds (account_id, reason, placed_at, placed_by) values (1, '', now(), '')"),
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await database.pool.execute(statement)


def holding(database: Database) -> Holding:
    return Holding(database, Clock(), "somebody")


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        (Wanted(account=1), {1: list(range(1, 11)), 2: [9, 10]}),
        (Wanted(from_at=OLD + timedelta(seconds=7)), {1: [7, 8, 9, 10], 2: [7, 8, 9, 10]}),
        (Wanted(until_at=OLD + timedelta(seconds=2)), {1: [1, 2, 9, 10], 2: [1, 2, 9, 10], 3: [1, 2]}),
        (Wanted(account=2, until_at=OLD + timedelta(seconds=2)), {1: [9, 10], 2: [1, 2, 9, 10]}),
    ],
)
async def test_what_is_held_stays_until_it_is_lifted(
    aged: Database, own: Database, worker: Database, wanted: Wanted, kept: dict[int, list[int]]
) -> None:
    """By account, by window, by both; then it goes as the rest did."""
    number = await holding(aged).place(wanted, "a court asked")
    await eraser(worker).round()
    assert await left(aged) == kept
    assert (await audited(own)).sound
    await holding(aged).lift(number)
    await eraser(worker).round()
    assert await left(aged) == {1: [9, 10], 2: [9, 10]}
    assert (await audited(own)).sound
    (one,) = await holding(aged).listed()
    assert (one.number, one.reason, one.placed_by, one.lifted_by) == (number, "a court asked", "somebody", "somebody")
    with pytest.raises(OperatorError, match="to lift"):
        await holding(aged).lift(number)


async def test_a_patient_is_held_under_every_number_that_was_hers(
    aged: Database, worker: Database, dsn_of: Callable[[str], str]
) -> None:
    """Her identities of today, and the persons to which they belonged before a merge."""
    await set_up(dsn_of(ROLE_OWNER), demo=True, clock=Clock())
    await aged.pool.execute("insert into hospitals values (1, '590000001', 'A', '1.2.3', 'A')")
    await aged.pool.execute(
        "insert into identities (identity_id, hospital_id, ipp, person_id, record, updated_at) "
        "overriding system value values (400, 1, 'X', 300, '{}', now()), (5, 1, 'Y', 300, '{}', now())"
    )
    await aged.pool.execute(
        "insert into moves (identity_id, from_person, to_person, moved_at, cause) values (400, 7, 300, now(), 'merge')"
    )
    deployment = await load_deployment(aged)
    assert deployment is not None
    reference = References(deployment.reference_key).of(PersonId(300))
    number = await holding(aged).place(Wanted(reference=reference), "her complaint")
    assert sorted(await aged.pool.fetchval("select people from holds where hold_id = $1", number)) == [5, 7, 300, 400]
    await eraser(worker).round()
    # Number n shows person n (but for multiples of 3) and identities n and n + 1: 4, 5 and 7 name 5 or 7.
    assert await left(aged) == {1: [4, 5, 7, 9, 10], 2: [4, 5, 7, 9, 10]}
    with pytest.raises(OperatorError, match="not a reference"):
        await holding(aged).place(Wanted(reference="a" * 26), "x")


@pytest.mark.parametrize(("wanted", "reason"), [(Wanted(), "x"), (Wanted(account=1), " ")])
async def test_a_hold_says_what_and_why(database: Database, wanted: Wanted, reason: str) -> None:
    """Neither everything by mistake, nor without a reason."""
    with pytest.raises(OperatorError, match="Say what"):
        await holding(database).place(wanted, reason)


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        ("delete from disclosures where running_number = 9 and account_id = 1", Fault.DISCLOSURE_MISSING),
        ("update leaves set erased_at = now() where running_number = 9 and account_id = 1", Fault.NOT_ERASED),
        ("update leaves set running_number = 77 where running_number = 5 and account_id = 2", Fault.CHAIN_BROKEN),
        ("update leaves set account_id = 77 where running_number = 5 and account_id = 2", Fault.CHAIN_BROKEN),
        ("update leaves set commitment = sha256('x') where account_id = 2 and running_number = 8", Fault.LEAF_CHANGED),
        ("update leaves set erased_at = null where account_id = 2 and running_number = 8", Fault.DISCLOSURE_MISSING),
        ("update leaves set account_id = 77 where running_number = 9 and account_id = 2", Fault.LEAF_MISLABELLED),
    ],
)
async def test_what_pretends_to_be_erased_is_found(
    aged: Database, own: Database, worker: Database, damage: str, expected: Fault
) -> None:
    """Rows taken away, chains with a hole, leaves that were changed behind an erasure."""
    await eraser(worker).round()
    await aged.pool.execute(damage)
    assert expected in {one.fault for one in (await audited(own)).found}


async def test_a_young_disclosure_cannot_be_hidden_as_erased(aged: Database, own: Database) -> None:
    """By the disclosures before it, and, where none is left, by a witness who saw the tree without it."""
    await aged.pool.execute("update leaves set erased_at = now() where account_id = 2 and running_number = 10")
    await aged.pool.execute("delete from disclosures where account_id = 2 and running_number = 10")
    assert [(one.fault, one.numbers[0]) for one in (await audited(own)).found] == [(Fault.ERASED_EARLY, 21)]
    await aged.pool.execute("update leaves set erased_at = now()")
    await aged.pool.execute("delete from disclosures")
    assert (await audited(own)).sound, "nothing in the database contradicts it any more"
    note = await aged.pool.fetchval("select note from checkpoints where tree_size = 18")
    cosigned_at = datetime.fromtimestamp(int((NOW - timedelta(days=310)).timestamp()), UTC)
    line = WITNESS.signature_line(split(note)[0], int(cosigned_at.timestamp()))
    await CosigningStore(own).add_cosignature(18, WITNESS.name, line, cosigned_at)
    found = await audit(own, [KEY.verifier()], ORIGIN, Clock(), witnesses=[WITNESS.verifier()])
    assert {one.fault for one in found.found} == {Fault.ERASED_EARLY}
    assert [one.numbers[0] for one in found.found] == [18, 19, 20, 21]


@contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, after: bool) -> Iterator[None]:
    done = HousekeepingStore.erase

    async def fail(*arguments: Any) -> Any:
        if after:
            await done(*arguments)
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(HousekeepingStore, "erase", fail)
        yield


@pytest.mark.parametrize("after", [False, True])
async def test_an_erasure_that_fails_is_done_or_not(
    aged: Database, own: Database, worker: Database, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before or after its commit: the ledger is sound, and the next round does what is left."""
    with failing(monkeypatch, after), pytest.raises(ConnectionError):
        await eraser(worker).round()
    assert (await audited(own)).sound
    assert await eraser(worker).round() == (0 if after else 18)
    found = await audited(own)
    assert found.sound and found.erased_count == 18

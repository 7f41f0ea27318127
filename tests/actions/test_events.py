"""Events in accounts' own chains: numbered with the readings, sealed like them, and a freeze that nothing overtakes."""

import asyncio
import os
import sys
from pathlib import Path

import msgspec
import pytest

from beffroi.actions.events import Events
from beffroi.errors import AccountFrozen
from beffroi.model.account import AccountId, Role
from beffroi.model.account_event import AccountEvent
from beffroi.model.disclosure import Operation, Outcome
from beffroi.model.search import Criteria, DateRange, Text
from disclosed import seal_all, sealer
from requests_and_records import BORN, ask, record

FULL = Criteria(birth_date=DateRange(BORN, BORN), family=Text("Mar"), given=Text("L"))
CHILD = Path(__file__).parents[1] / "faults" / "hammer_child.py"
PROCESSES = 3


def contained(account: AccountId, reason: str = "seen at three in the morning") -> AccountEvent:
    return AccountEvent(account, Operation.CONTAIN, reason, {"kind": "account", "by": "operator:anne"})


@pytest.fixture
def events(database, clock):
    return Events(database, clock)


async def test_an_event_follows_the_accounts_readings(house, put, account, database, events):
    """It has the next running number, and the role and structure of the reading before it; a question none of these."""
    await put(1, "A1", record("MARTIN", "Louise"))
    asker = await account(Role.WARD_DOCTOR)
    await house.finder.search(ask(asker), FULL)
    number = await events.record(contained(asker.account_id))
    await house.finder.search(ask(asker), FULL)
    rows = await database.pool.fetch("select * from disclosures order by running_number")
    assert [(r["running_number"], r["operation"]) for r in rows] == [(1, 1), (2, Operation.CONTAIN), (3, 1)]
    event = rows[1]
    assert (event["disclosure_id"], event["outcome"], event["shown"]) == (number, Outcome.RECORDED, "[]")
    assert (event["role"], event["structure_id"], event["application"]) == (Role.WARD_DOCTOR, 1, "beffroi")
    assert msgspec.json.decode(event["request"]) == {"kind": "account", "by": "operator:anne"}
    assert event["reason"] == "seen at three in the morning" and len(event["nonce"]) == 16


async def test_the_users_own_event_says_who_and_from_where(account, database, events):
    """What an account's user does bears their role, session and network."""
    asker = await account()
    await events.record(AccountEvent(asker.account_id, Operation.NOT_ME, "", {}, asker=asker))
    row = await database.pool.fetchrow("select * from disclosures")
    assert (row["role"], row["network"], row["session_key"]) == (asker.role, asker.network, asker.session_key)


async def test_several_events_of_several_accounts_are_one_transaction(account, database, events):
    """Each chain has its numbers without a gap; if the block fails, none of them happened."""
    one, two = (await account(subject="a")).account_id, (await account(subject="b")).account_id
    async with events.locking([two, one]) as locked:
        await locked.record(contained(two), contained(one), contained(two))

    async def fail() -> None:
        async with events.locking([one]) as locked:
            await locked.record(contained(one))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    rows = await database.pool.fetch("select account_id, running_number from disclosures order by disclosure_id")
    assert [tuple(row) for row in rows] == [(two, 1), (one, 1), (two, 2)]


async def test_what_cannot_be_an_event(account, events):
    """A question, an account that is not locked, an account that does not exist."""
    asker = await account()
    with pytest.raises(ValueError, match="the gate's"):
        await events.record(AccountEvent(asker.account_id, Operation.SEARCH, "", {}))
    with pytest.raises(LookupError):
        await events.record(contained(AccountId(999)))
    async with events.locking([]) as locked:
        with pytest.raises(ValueError, match="not locked"):
            await locked.record(contained(asker.account_id))


async def test_an_event_is_sealed_like_a_reading(house, put, account, database, events):
    """The account's closing leaf: the sealer takes it with its predecessor."""
    await put(1, "A1", record("MARTIN", "Louise"))
    asker = await account()
    await house.finder.search(ask(asker), FULL)
    await events.record(contained(asker.account_id))
    assert await seal_all(sealer(database)) == 2


async def test_a_freeze_waits_for_the_gate_and_the_gate_for_the_freeze(house, put, account, events):
    """A question that waits for the lock while the account is stopped is refused: it reads the locked row again."""
    await put(1, "A1", record("MARTIN", "Louise"))
    asker = await account()
    async with events.locking([asker.account_id]) as locked:
        waiting = asyncio.create_task(house.finder.search(ask(asker), FULL))
        await asyncio.sleep(0.2)  # the gate is at the lock, with a snapshot from before the freeze
        assert not waiting.done()
        await locked.set_frozen(asker.account_id, True)
    with pytest.raises(AccountFrozen):
        await waiting


async def test_nothing_is_answered_after_a_freeze_in_any_process(house, put, account, database, dsn, events):
    """Processes hammer one account; behind the row that closes its chain there are refusals and nothing else."""
    await put(1, "A1", record("MARTIN", "Louise"), explained_h=5)
    asker = await account()
    children = [await _hammer(dsn, asker) for _ in range(PROCESSES)]
    for child in children:
        assert (await child.stdout.readline()).strip() == b"asking"
    await asyncio.sleep(0.5)
    async with events.locking([asker.account_id]) as locked:
        await locked.set_frozen(asker.account_id, True)
        await locked.record(contained(asker.account_id))
    answered = [int((await child.communicate())[0]) for child in children]
    assert min(answered) > 0
    closing = await database.pool.fetchval(
        "select running_number from disclosures where operation = $1", Operation.CONTAIN
    )
    after = await database.pool.fetch(
        "select outcome, count(*) from disclosures where running_number > $1 group by outcome", closing
    )
    assert [row["outcome"] for row in after] == [Outcome.REFUSED]
    assert after[0]["count"] >= PROCESSES * 40
    total = await database.pool.fetchrow("select count(*), max(running_number) from disclosures")
    assert total[0] == total[1]


async def _hammer(dsn: str, asker: object) -> asyncio.subprocess.Process:
    paths = os.pathsep.join((str(CHILD.parents[1]), *sys.path))
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(CHILD),
        dsn,
        msgspec.json.encode(asker).decode(),
        "40",
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": paths},
    )

"""Places: four at once for an account, sixteen that wait, and none lost."""

import asyncio

import pytest

from beffroi.errors import TooManyInFlight
from beffroi.servers.admission import RUNNING_MAX, WAITING_MAX, Admission


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_four_run_and_the_others_wait_their_turn() -> None:
    """Beyond four, requests wait and enter in the order in which they came."""
    admission, entered = Admission(), list[int]()

    async def enter(number: int) -> None:
        await admission.enter("a")
        entered.append(number)

    tasks = [asyncio.create_task(enter(n)) for n in range(7)]
    await settled()
    assert entered == [0, 1, 2, 3]
    for expected in range(4, 7):
        admission.leave("a")
        await settled()
        assert entered[-1] == expected
    await asyncio.gather(*tasks)


async def test_accounts_do_not_wait_for_each_other() -> None:
    """One account's places are no other's."""
    admission = Admission(running_max=1)
    await admission.enter("a")
    await asyncio.wait_for(admission.enter("b"), 1)


async def test_too_many_waiting() -> None:
    """The twenty-first request of an account is told so at once."""
    admission = Admission()
    tasks = [asyncio.create_task(admission.enter("a")) for _ in range(RUNNING_MAX + WAITING_MAX)]
    await settled()
    with pytest.raises(TooManyInFlight):
        await admission.enter("a")
    for _ in tasks:
        admission.leave("a")
        await settled()
    await asyncio.gather(*tasks)
    assert len(admission) == 0


async def test_a_waiter_that_goes_away_gives_its_turn_to_the_next() -> None:
    """A request that is given up while it waits takes no place."""
    admission = Admission(running_max=1)
    await admission.enter("a")
    leaver, stayer = asyncio.create_task(admission.enter("a")), asyncio.create_task(admission.enter("a"))
    await settled()
    leaver.cancel()
    await settled()
    admission.leave("a")
    await asyncio.wait_for(stayer, 1)
    admission.leave("a")
    assert len(admission) == 0


async def test_a_waiter_cancelled_as_it_enters_loses_no_place() -> None:
    """Its turn comes and it is given up in the same moment: the place goes on to the next."""
    admission = Admission(running_max=1)
    await admission.enter("a")
    leaver, stayer = asyncio.create_task(admission.enter("a")), asyncio.create_task(admission.enter("a"))
    await settled()
    admission.leave("a")
    leaver.cancel()
    await asyncio.wait_for(stayer, 1)
    assert leaver.cancelled()
    admission.leave("a")
    assert len(admission) == 0


async def test_nothing_is_kept_of_idle_accounts() -> None:
    """When an account's last request is over, nothing of it stays in memory."""
    admission = Admission()
    for account in range(100):
        await admission.enter(account)
    assert len(admission) == 100
    for account in range(100):
        admission.leave(account)
    assert len(admission) == 0

"""The gate under company: shared batches, several processes, a database that fails."""

import asyncio

import pytest

from beffroi.actions.house import open_house
from beffroi.errors import BeffroiError, CeilingReached, NotAuthenticated, Unavailable
from beffroi.model.account import Role
from beffroi.model.disclosure import Operation, Outcome, Proof, Purpose, Released
from beffroi.model.search import Criteria, DateRange, Text
from beffroi.store.database import Database
from beffroi.watch.norms import NORMS
from requests_and_records import BORN, ask, louise, record

DAY = DateRange(BORN, BORN)
FULL = Criteria(birth_date=DAY, family=Text("Mar"), given=Text("L"))


def test_nobody_else_can_build_a_released_answer() -> None:
    """The envelope has no public constructor."""
    with pytest.raises(TypeError):
        Released()


async def test_an_accounts_disclosures_are_numbered_without_a_gap(house, put, account, database):
    """Fifty questions at once, most of them in shared batches: 1 to 50."""
    await put(1, "A1", record("MARTIN", "Louise"))
    asker = await account()
    await asyncio.gather(*(house.finder.search(ask(asker), FULL) for _ in range(50)))
    numbers = await database.pool.fetch("select running_number from disclosures order by disclosure_id")
    assert [row[0] for row in numbers] == list(range(1, 51))


async def test_an_entry_that_cannot_be_written_fails_alone(house, put, account, database):
    """A byte that PostgreSQL refuses costs its sender the answer, and nobody else."""
    await put(1, "A1", record("MARTIN", "Louise"))
    asker = await account()
    bad = ask(asker, Operation.EMERGENCY_READ, purpose=Purpose.EMERGENCY, reason="urgence vitale\0")
    reference = (await house.finder.search(ask(asker), FULL)).content.shown[0].reference
    asked = [house.finder.read(bad, reference), *(house.finder.search(ask(asker), FULL) for _ in range(9))]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(answers[0], Unavailable)
    assert all(isinstance(answer, Released) for answer in answers[1:])
    assert await database.pool.fetchval("select count(*) from disclosures") == 10


async def test_two_processes_share_one_ceiling(house, put, account, database, dsn, clock):
    """One account hammering two writers is shown no more than its ceiling, and numbered without a gap."""
    limit = NORMS[Role.WARD_NURSE].ceiling.patients_24h
    for number in range(limit + 20):
        await put(1, f"A{number}", louise(number), explained_h=72)
    asker = await account(Role.WARD_NURSE)
    second_database = await Database.open(dsn)
    second = await open_house(second_database, clock)

    async def one(number: int) -> int:
        finder = (house if number % 2 else second).finder
        criteria = Criteria(birth_date=DAY, family=Text(f"MAR{number:04d}"))  # no given name: beyond, not one at a time
        try:
            return len((await finder.search(ask(asker), criteria)).content.shown)
        except CeilingReached:
            return 0

    shown = sum(await asyncio.gather(*(one(number) for number in range(limit + 20))))
    await second.close()
    await second_database.close()
    assert shown == limit
    assert await database.pool.fetchval("select count(distinct person_id) from seen") == limit
    numbers = await database.pool.fetchrow("select count(*), max(running_number) from disclosures")
    assert tuple(numbers) == (limit + 20, limit + 20)


async def test_one_proof_on_two_processes_is_used_once(house, put, account, database, dsn, clock):
    """Replay is exact across processes."""
    await put(1, "A1", record("MARTIN", "Louise"))
    asker = await account()
    second_database = await Database.open(dsn)
    second = await open_house(second_database, clock)
    request = ask(asker, proof=Proof(b"0123456789abcdef", 29_000_000))
    asked = [h.finder.search(request, FULL) for h in (house, second) for _ in range(5)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    await second.close()
    await second_database.close()
    assert sum(isinstance(answer, Released) for answer in answers) == 1
    assert sum(isinstance(answer, NotAuthenticated) for answer in answers) == 9


async def test_what_cannot_be_written_is_not_released(house, put, account, database):
    """The register is taken away: nobody is answered, and the gate lives on when it is back."""
    await put(1, "A1", record("MARTIN", "Louise"))
    asker = await account()
    await database.pool.execute("alter table seen rename to seen_elsewhere")
    asked = (house.finder.search(ask(asker), FULL) for _ in range(8))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(answer, BeffroiError) for answer in answers)
    assert await database.pool.fetchval("select count(*) from disclosures") == 0
    await database.pool.execute("alter table seen_elsewhere rename to seen")
    assert (await house.finder.search(ask(asker), FULL)).content.shown


async def test_a_caller_who_leaves_has_still_been_answered_in_the_ledger(house, put, account, database):
    """A cancelled request loses its answer, not its disclosure."""
    await put(1, "A1", record("MARTIN", "Louise"))
    task = asyncio.create_task(house.finder.search(ask(await account()), FULL))
    while not (house.gate._queue.qsize() or task.done()):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await house.gate._queue.join()
    outcomes = await database.pool.fetch("select outcome from disclosures")
    assert [row[0] for row in outcomes] == [Outcome.SHOWN]


async def test_the_fate_of_an_answer_is_written_later(house, put, account, database):
    """Sent and aborted are told apart; nothing is said of an answer whose fate is unknown."""
    await put(1, "A1", record("MARTIN", "Louise"))
    asker = await account()
    for sent in (True, False):
        answer = (await house.finder.search(ask(asker), FULL)).content
        house.finder.delivered(answer.disclosure_id, sent)
    last = (await house.finder.search(ask(asker), FULL)).content
    await house.gate.stop()
    fates = await database.pool.fetch("select disclosure_id, sent from deliveries order by 1")
    assert [tuple(row) for row in fates] == [(last.disclosure_id - 2, True), (last.disclosure_id - 1, False)]

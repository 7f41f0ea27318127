"""How jobs run and what is noted of it: what ends, what fails, what hangs, and what the notes cost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from beffroi.actions import note_taking
from beffroi.actions.note_taking import WRITE_EVERY, NoteTaker
from beffroi.actions.rounds import Round, RoundFailed, Rounds
from beffroi.model.job import LATE, LONG, Job
from beffroi.store.database import ROLE_WEB, ROLE_WORKER, Database
from beffroi.store.jobs import JobStore
from beffroi.telemetry import Event
from doubles import FakeClock

SECOND = timedelta(seconds=1)
Once = Callable[[], Awaitable[Round | int | None]]


@pytest.fixture
def rounds(clock: FakeClock) -> Rounds:
    return Rounds(asyncio.Event(), clock)


@pytest.fixture
async def store(dsn_of: Callable[[str], str]) -> AsyncIterator[JobStore]:
    """As the worker has it."""
    async with await Database.open(dsn_of(ROLE_WORKER), size=2) as worker:
        yield JobStore(worker)


async def run(rounds: Rounds, *results: Round | int | Exception | None, job: Job = Job.ALERTS, about: str = "") -> None:
    """A job that ends in these ways, one after another, and is stopped with the last."""
    left = list(results)

    async def once() -> Round | int | None:
        result = left.pop(0)
        if not left:
            rounds.stopping.set()
        if isinstance(result, Exception):
            raise result
        return result

    await rounds.repeat(job, once, 0, Event.ALERTING_FAILED, about=about)
    rounds.stopping.clear()


async def test_what_a_job_did_is_noted(rounds: Rounds, clock: FakeClock) -> None:
    """How much the last run did that did anything, how often it failed in a row, and when it runs next."""
    await run(rounds, 3, 0, OSError(), Round(failure="away", pause_s=30.0))
    one = rounds.notebook.runs[Job.ALERTS, ""]
    assert (one.done_count, one.failure, one.failures) == (3, "away", 2)
    assert one.next_at == clock.now() + 30 * SECOND and not one.running
    await run(rounds, Round(0, waiting=7))
    one = rounds.notebook.runs[Job.ALERTS, ""]
    assert (one.done_count, one.failure, one.failures, one.waiting) == (3, "", 0, 7)


async def test_what_another_worker_does_is_no_run_of_ours(rounds: Rounds) -> None:
    """Nothing is noted of it, and nothing is overdue here."""
    await run(rounds, None, None)
    one = rounds.notebook.runs[Job.ALERTS, ""]
    assert one.begun_at is None and one.ended_at is None


async def test_a_trouble_that_lasts_is_logged_once_a_minute(rounds: Rounds, capfd: pytest.CaptureFixture[str]) -> None:
    """Each kind of trouble by itself, by its class and never its text."""
    await run(rounds, OSError("secret"), OSError(), RoundFailed("killed"), OSError())
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 2 and "OSError" in lines[0] and "RoundFailed" in lines[1]
    assert "secret" not in "".join(lines)


async def test_a_job_that_should_have_run_is_overdue(rounds: Rounds, store: JobStore, clock: FakeClock) -> None:
    """A dead worker, by the time that it named; a worker that hangs, by the time that its run takes."""
    taker = NoteTaker(rounds.notebook, store, clock)
    await run(rounds, 1)
    clock.advance(SECOND)
    rounds.notebook.begin((Job.ALERTS, ""))
    rounds.notebook.expect(Job.SEALING)
    await taker.look()
    alerts, sealing = await store.listed()
    assert alerts.running and not alerts.overdue(clock.now() + LATE) and alerts.overdue(clock.now() + LATE + SECOND)
    assert sealing.overdue(clock.now() + LATE + SECOND)
    clock.advance(LONG - SECOND)
    await taker.look()
    assert not (await store.listed())[0].overdue(clock.now())
    clock.advance(2 * SECOND)
    await taker.look()
    assert (await store.listed())[0].overdue(clock.now())
    assert REGISTRY.get_sample_value("beffroi_job_overdue", {"job": "alerts"}) == 1


async def test_the_notes_cost_little(rounds: Rounds, store: JobStore, clock: FakeClock) -> None:
    """A job that runs each second is written every ten, and at once when it ends in another way."""
    taker, written = NoteTaker(rounds.notebook, store, clock), []
    for second in range(30):
        clock.advance(SECOND)
        await run(rounds, OSError() if second == 14 else 0)
        written.append(await taker.look())
    assert written == [int(second in (0, 10, 14, 15, 25)) for second in range(30)]
    for rows in (1, 0):  # the last run; then a job that did not run says nothing new
        clock.advance(WRITE_EVERY)
        assert await taker.look() == rows


async def test_rows_are_changed_in_place(rounds: Rounds, store: JobStore, clock: FakeClock, database: Database) -> None:
    """Heap-only updates: the index of the table does not grow with the notes. Not all of them are: while somebody's
    snapshot is open, dead rows keep their place on a page.
    """
    taker = NoteTaker(rounds.notebook, store, clock)
    for _ in range(20):
        clock.advance(WRITE_EVERY)
        for job in Job:
            await run(rounds, 1, job=job)
        await taker.look()
    await store._pool.execute("select pg_stat_force_next_flush()")
    counted = "select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = 'jobs'"
    updated, hot = await database.pool.fetchrow(counted)
    assert updated == 20 * len(Job) and hot > 0.7 * updated


async def test_of_two_workers_the_later_word_stands(store: JobStore, clock: FakeClock) -> None:
    """An old note does not come back; what nobody runs any more goes at a start."""
    early, late = Rounds(asyncio.Event(), clock), Rounds(asyncio.Event(), clock)
    await run(early, 5)
    await run(early, 1, job=Job.COSIGNING, about="witness.example/gone")
    old = NoteTaker(early.notebook, store, clock)
    await old.look()
    clock.advance(SECOND)
    await run(late, OSError())
    await NoteTaker(late.notebook, store, clock).look()
    (one,) = await store.listed()
    assert (one.failure, one.done_count) == ("OSError", 5)
    clock.advance(-SECOND)
    await store.note([early.notebook.runs[Job.ALERTS, ""]])
    assert (await store.listed())[0].failure == "OSError"


async def test_notes_wait_for_a_database_that_is_away(
    rounds: Rounds, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again each second, until the worker is stopped."""

    class Away:
        async def know(self, _: object) -> None:
            looks.append(1)
            if len(looks) == 3:
                stopping.set()
            raise OSError

    monkeypatch.setattr(note_taking, "LOOK_S", 0.001)
    stopping, looks = asyncio.Event(), []
    taker = NoteTaker(rounds.notebook, Away(), clock)  # type: ignore[arg-type]
    async with asyncio.timeout(5):
        await taker.run(stopping)
    assert len(looks) == 3


async def test_the_web_role_reads_the_notes_and_writes_none(dsn_of: Callable[[str], str], clock: FakeClock) -> None:
    """The room is theirs to show, not to tell."""
    async with await Database.open(dsn_of(ROLE_WEB), size=1) as web:
        assert await JobStore(web).listed() == []
        with pytest.raises(Exception, match="permission denied"):
            await JobStore(web).know([])

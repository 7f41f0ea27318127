"""Each statement of the feed fails, and each commit is lost before or after it happened: nothing is half there."""

import asyncpg
import pytest

from beffroi.actions.register import FeedSource, Registrar
from beffroi.errors import Unavailable
from beffroi.model.feed import FeedEvent, FeedOutcome, Patch
from beffroi.model.person import Hospital, HospitalId
from beffroi.store.database import Database
from beffroi.store.feed_pass import Pass
from doubles import FakeClock
from feeding import FEED, event, patch, register_of

SOURCE = FeedSource(FEED, HospitalId(1))
STATEMENTS_MAX = 30


def batch() -> list[FeedEvent]:
    """Every kind of write: new, changed, merged, renamed, linked, explained, moved."""
    return [
        event("1", patch("DARK", nationality="FRA"), control="a"),
        event("2", patch("MARTIN"), control="b"),
        event("9", control="c"),
        event("1", Patch(), kind="merge", other="3", control="d"),
        event("8", Patch(), kind="change_identifier", other="4", control="e"),
        event("1", Patch(), kind="unlink", other="2", control="f"),
        event("5", Patch(), control="g"),
    ]


class Faulty:
    """A connection of which one statement fails as if the server had gone."""

    def __init__(self, connection: object, fails_at: int) -> None:
        self._connection = connection
        self._fails_at = fails_at
        self.count = 0

    def __getattr__(self, name: str) -> object:
        found = getattr(self._connection, name)
        if name not in ("fetch", "execute", "fetchval", "fetchrow"):
            return found

        async def call(*arguments: object) -> object:
            self.count += 1
            if self.count == self._fails_at:
                raise asyncpg.ConnectionDoesNotExistError("cut")
            return await found(*arguments)

        return call


@pytest.fixture
async def registrar(database: Database, hospitals: tuple[Hospital, ...], clock: FakeClock):  # type: ignore[no-untyped-def]
    """A registrar over a register in which everything that `batch` names is known."""
    started = Registrar(database, clock)
    await started.start()
    await started.apply_batch([event(n, patch(f"X{n}")) for n in "2345"] + [event("1")], SOURCE)
    yield started
    await started.stop()


async def test_a_statement_that_fails_leaves_everything_as_it_was(
    registrar: Registrar, database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever statement the server dies at: nothing of the batch is there, and telling it again applies it whole."""
    before = await register_of(database)
    clock.advance(1)
    prepare = Pass.__init__
    fails_at = 0
    faulty: list[Faulty] = []

    def broken(self: Pass, connection: object, *others: object) -> None:
        faulty.append(Faulty(connection, fails_at))
        prepare(self, faulty[-1], *others)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(Pass, "__init__", broken)
        while fails_at < STATEMENTS_MAX:
            fails_at += 1
            try:
                results = await registrar.apply_batch(batch(), SOURCE)
            except Unavailable:
                assert await register_of(database) == before
                assert await database.pool.fetchval("select count(*) from feed_messages") == 0
                continue
            break
    assert faulty[-1].count < fails_at
    assert results == [FeedOutcome.APPLIED] * 7
    assert fails_at > 10
    assert await registrar.apply_batch(batch(), SOURCE) == [FeedOutcome.DUPLICATE] * 7


async def test_an_answer_lost_after_the_commit_is_a_duplicate(
    registrar: Registrar, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit happened, nobody heard it: told again, every message is recognised and nothing changes."""
    commit = asyncpg.transaction.Transaction.__aexit__

    async def deaf(self: asyncpg.transaction.Transaction, *arguments: object) -> None:
        await commit(self, *arguments)  # type: ignore[arg-type]
        raise asyncpg.ConnectionDoesNotExistError("cut")

    with monkeypatch.context() as patched:
        patched.setattr(asyncpg.transaction.Transaction, "__aexit__", deaf)
        with pytest.raises(Unavailable):
            await registrar.apply_batch(batch(), SOURCE)
    after = await register_of(database)
    assert await registrar.apply_batch(batch(), SOURCE) == [FeedOutcome.DUPLICATE] * 7
    assert await register_of(database) == after


@pytest.mark.parametrize("error", [asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError])
async def test_a_lost_race_is_run_again(
    registrar: Registrar, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """A deadlock costs a moment, not an answer; one that never ends is told as ours."""
    monkeypatch.setattr("beffroi.store.feed.ATTEMPT_PAUSE_S", 0.0)
    run, left = Pass.run, 2

    async def losing(self: Pass, what: list[object]) -> object:
        nonlocal left
        left -= 1
        if left >= 0:
            raise error("lost")
        return await run(self, what)  # type: ignore[arg-type]

    monkeypatch.setattr(Pass, "run", losing)
    assert await registrar.apply(event("7"), SOURCE) is FeedOutcome.APPLIED
    left = 1_000
    with pytest.raises(Unavailable):
        await registrar.apply(event("7"), SOURCE)

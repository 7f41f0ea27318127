"""Witnesses, from the ledger's side: each checkpoint cosigned and published so, nobody waits, a rollback is found."""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from backups import back_up, bring_back
from beffroi.actions.audit import audit
from beffroi.actions.cosign import Cosigner, Cosigning, Witness, WitnessState
from beffroi.actions.findings import Fault
from beffroi.actions.publish import PATIENCE, Publication
from beffroi.actions.rounds import Rounds
from beffroi.actions.seal import Refusal, SealingRefused
from beffroi.clock import Clock
from beffroi.ledger.checkpoint import opened
from beffroi.ledger.cosignature import cosigned
from beffroi.ledger.witness import Submission
from beffroi.outbound.witnesses import WitnessAnswer, WitnessLine
from beffroi.store.cosigning import CosigningStore
from beffroi.store.database import ROLE_SEALER, Database
from beffroi.store.ledger import LedgerStore
from disclosed import KEY, NOON, ORIGIN, disclose, row, seal_all, sealer
from doubles import FakeClock
from opened import opened_as
from witnesses import SECOND, WITNESS, GrownLog, witness_served

own = opened_as(ROLE_SEALER)


def cosigner(own: Database, witness: Witness) -> Cosigner:
    return Cosigner(CosigningStore(own), witness, ORIGIN, [KEY.verifier()], FakeClock())


def published(own: Database, least: int = 0, names: Sequence[str] = (WITNESS.name,), later: float = 0) -> Any:
    clock = FakeClock(FakeClock().now() + timedelta(seconds=later))
    return Publication(LedgerStore(own), clock, least, names).checkpoint()


async def states(own: Database) -> dict[str, str]:
    return {one.witness: one.state for one in await CosigningStore(own).states()}


class Discloser:
    """Discloses and seals some more, of one account."""

    def __init__(self, database: Database, own: Database) -> None:
        self.database, self.own, self.count = database, own, 0

    async def more(self, count: int) -> None:
        await disclose(self.database, [row(1, self.count + n) for n in range(1, count + 1)])
        self.count += count
        await seal_all(sealer(self.own))


@pytest.fixture
def discloser(database: Database, own: Database) -> Discloser:
    return Discloser(database, own)


async def test_each_checkpoint_is_cosigned_and_published_so(
    own: Database, discloser: Discloser, tmp_path: Path
) -> None:
    """With the proof that it continues the one before; nothing new is not submitted; before the first there is none."""
    async with witness_served(tmp_path) as witness:
        one = cosigner(own, witness)
        assert await one.exchange() is None
        total = 0
        for count in (3, 253, 1, 343):
            await discloser.more(count)
            total += count
            assert await one.exchange() is WitnessState.COSIGNED
            assert await one.exchange() is None
            note = (await published(own, 1)).decode()
            assert opened(note, [KEY.verifier()]).size == total
            assert [found.key for found in cosigned(note, [WITNESS.verifier()])] == [WITNESS.verifier()]
        again = cosigner(own, witness)
        await discloser.more(5)
        assert await again.exchange() is WitnessState.COSIGNED, "another worker goes on from what is stored"


async def test_a_witness_that_knows_more_or_less_tells_its_size(
    own: Database, discloser: Discloser, database: Database, tmp_path: Path
) -> None:
    """Our memory of it lost, or its own younger than we thought: it says where it stands, and gets the proof."""
    async with witness_served(tmp_path) as witness:
        await discloser.more(300)
        assert await cosigner(own, witness).exchange() is WitnessState.COSIGNED
        await database.pool.execute("delete from cosignatures")
        await discloser.more(10)
        assert await cosigner(own, witness).exchange() is WitnessState.COSIGNED
    async with witness_served(tmp_path / "new") as witness:
        assert await cosigner(own, witness).exchange() is WitnessState.COSIGNED


async def test_nobody_waits_for_a_witness_that_is_away(own: Database, discloser: Discloser, tmp_path: Path) -> None:
    """Sealing goes on; what is published waits a minute for it, then goes without; when it is back it signs."""
    async with witness_served(tmp_path) as witness:
        one = cosigner(own, witness)
        await discloser.more(3)
        assert await one.exchange() is WitnessState.COSIGNED
    await discloser.more(4)
    assert await one.exchange() is WitnessState.AWAY
    assert await states(own) == {WITNESS.name: "away"}
    assert opened((await published(own, 1)).decode(), [KEY.verifier()]).size == 3
    assert opened((await published(own, 0)).decode(), [KEY.verifier()]).size == 7
    assert opened((await published(own, 1, ["else"])).decode(), [KEY.verifier()]).size == 7, "nobody ever signed"
    late = (await published(own, 1, later=PATIENCE.total_seconds() + 1)).decode()
    assert opened(late, [KEY.verifier()]).size == 7 and cosigned(late, [WITNESS.verifier()]) == ()
    async with witness_served(tmp_path, create=False) as witness:
        assert await cosigner(own, witness).exchange() is WitnessState.COSIGNED
    assert opened((await published(own, 1)).decode(), [KEY.verifier()]).size == 7


async def test_as_many_witnesses_as_are_needed(own: Database, discloser: Discloser, tmp_path: Path) -> None:
    """With two needed, what one alone signed is not published yet."""
    async with witness_served(tmp_path / "1") as first, witness_served(tmp_path / "2", SECOND) as second:
        one, two = cosigner(own, first), cosigner(own, second)
        await discloser.more(3)
        await one.exchange()
        await two.exchange()
        await discloser.more(3)
        await one.exchange()
        names = [WITNESS.name, SECOND.name]
        assert opened((await published(own, 2, names)).decode(), [KEY.verifier()]).size == 3
        await two.exchange()
        note = (await published(own, 2, names)).decode()
        assert opened(note, [KEY.verifier()]).size == 6
        assert len(cosigned(note, [WITNESS.verifier(), SECOND.verifier()])) == 2


async def refusal(discloser: Discloser) -> Refusal:
    with pytest.raises(SealingRefused) as refused:
        await discloser.more(1)
    return refused.value.refusal


async def test_a_rollback_to_yesterdays_backup_is_found(
    own: Database, discloser: Discloser, database: Database, tmp_path: Path
) -> None:
    """By the first word of the witness, before anything is signed: its checkpoint bears our own signature."""
    async with witness_served(tmp_path) as witness:
        await discloser.more(300)
        assert await cosigner(own, witness).exchange() is WitnessState.COSIGNED
        await back_up(database)
        await discloser.more(30)
        assert await cosigner(own, witness).exchange() is WitnessState.COSIGNED
        await bring_back(database)
        discloser.count = 300
        one = cosigner(own, witness)
        stopping = asyncio.Event()
        running = asyncio.create_task(Cosigning([one]).run(Rounds(stopping, Clock())))
        await Cosigning([one]).first_words(5)
        stopping.set()
        await running
        assert await states(own) == {WITNESS.name: "contradicts"}
        held = await database.pool.fetchrow("select * from contradictions")
        assert (held["tree_size"], held["witness"]) == (330, WITNESS.name)
        assert opened(held["note"], [KEY.verifier()]).size == 330
        assert await refusal(discloser) is Refusal.CONTRADICTED
        assert await database.pool.fetchval("select count(*) from leaves") == 300


async def test_a_rollback_that_was_sealed_over_is_found(
    own: Database, discloser: Discloser, database: Database, tmp_path: Path
) -> None:
    """The ledger grew beyond what the witness saw before anybody asked it: another tree of that size."""
    async with witness_served(tmp_path) as witness:
        await discloser.more(300)
        await back_up(database)
        await discloser.more(30)
        assert await cosigner(own, witness).exchange() is WitnessState.COSIGNED
        await bring_back(database)
        discloser.count = 300
        await disclose(database, [row(2, n) for n in range(1, 60)])
        await seal_all(sealer(own))
        assert await cosigner(own, witness).exchange() is WitnessState.CONTRADICTS
        assert await refusal(discloser) is Refusal.CONTRADICTED


async def test_a_fork_shown_to_two_witnesses_is_found(own: Database, discloser: Discloser, tmp_path: Path) -> None:
    """Who holds our key shows the second one another history: it cannot be continued there, sealing stops, and an audit
    that is given what the witness shows names it.
    """
    async with witness_served(tmp_path / "1") as first, witness_served(tmp_path / "2", SECOND) as second:
        await discloser.more(20)
        fork = GrownLog(30, "another story")
        async with httpx2.AsyncClient() as client:
            answer = await client.post(f"{second.url}/add-checkpoint", content=fork.submission(0, 10))
            assert answer.status_code == 200
        assert await cosigner(own, first).exchange() is WitnessState.COSIGNED
        assert await cosigner(own, second).exchange() is WitnessState.CONTRADICTS
        assert await states(own) == {WITNESS.name: "cosigned", SECOND.name: "contradicts"}
        assert await refusal(discloser) is Refusal.CONTRADICTED
        shown = opened(await own.pool.fetchval("select note from contradictions"), [KEY.verifier()])
        found = await audit(own, [KEY.verifier()], ORIGIN, FakeClock(NOON), [shown])
        assert [(one.fault, one.numbers) for one in found.found] == [(Fault.KEPT_OTHER, (10,))]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([(200, "")], WitnessState.REFUSED),
        ([(200, "— someone AAAA\n")], WitnessState.REFUSED),
        ([(200, "no line")], WitnessState.REFUSED),
        ([(200, SECOND.signature_line("another\n", 5))], WitnessState.REFUSED),
        ([(200, WITNESS.signature_line("another\n", 5))], WitnessState.REFUSED),
        ([(404, "")], WitnessState.UNKNOWN_LOG),
        ([(403, "")], WitnessState.KEY_REFUSED),
        ([(400, "")], WitnessState.REFUSED),
        ([(500, "")], WitnessState.AWAY),
        ([(422, "")], WitnessState.REFUSED),
        ([(409, "no size")], WitnessState.REFUSED),
        ([(409, "9\n")], WitnessState.AHEAD),
        ([(409, "2\n"), (409, "1\n"), (409, "2\n"), (409, "1\n")], WitnessState.REFUSED),
    ],
)
async def test_what_a_witness_only_claims_stops_nothing(
    own: Database,
    discloser: Discloser,
    answers: list[tuple[int, str]],
    expected: WitnessState,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An odd answer is remembered for the doctor; without our own signature it is no proof, and sealing goes on."""
    given = [WitnessAnswer(*one) for one in answers]

    async def submit(_: WitnessLine, body: str) -> WitnessAnswer:
        assert Submission.parse(body.encode()).note
        return given.pop(0)

    async def nothing(*_: object) -> None:
        return None

    monkeypatch.setattr(WitnessLine, "submit", submit)
    monkeypatch.setattr(WitnessLine, "checkpoint", nothing)
    await discloser.more(5)
    one = cosigner(own, Witness(WITNESS.verifier(), "http://127.0.0.1:9"))
    assert await one.exchange() is expected and given == []
    await discloser.more(1)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("write", ["add_cosignature", "put_state", "add_contradiction"])
async def test_a_failure_at_any_write_is_made_good(
    own: Database,
    discloser: Discloser,
    database: Database,
    tmp_path: Path,
    write: str,
    after: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before or after it is done: the next exchange ends as the first one would have, and each word is kept once."""
    async with witness_served(tmp_path) as witness:
        await discloser.more(5)
        if write == "add_contradiction":
            async with httpx2.AsyncClient() as client:
                await client.post(f"{witness.url}/add-checkpoint", content=GrownLog(9, "other").submission(0, 9))
        done = getattr(CosigningStore, write)

        async def failing(*arguments: Any) -> None:
            if after:
                await done(*arguments)
            raise ConnectionError

        one = cosigner(own, witness)
        with monkeypatch.context() as patched:
            patched.setattr(CosigningStore, write, failing)
            with pytest.raises(ConnectionError):
                await one.exchange()
        expected = WitnessState.CONTRADICTS if write == "add_contradiction" else WitnessState.COSIGNED
        assert await one.exchange() in (expected, None if write == "put_state" else expected)
        assert await database.pool.fetchval("select count(*) from cosignatures") == (expected is WitnessState.COSIGNED)
        assert await database.pool.fetchval("select count(*) from contradictions") == (write == "add_contradiction")


async def test_a_start_waits_for_witnesses_but_not_for_long(own: Database, discloser: Discloser) -> None:
    """An address that takes the connection and says nothing: two seconds are two seconds."""
    await discloser.more(1)
    silent = await asyncio.start_server(lambda reader, writer: asyncio.sleep(30), "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    cosigning = Cosigning([cosigner(own, Witness(WITNESS.verifier(), f"http://127.0.0.1:{port}"))])
    stopping = asyncio.Event()
    running = asyncio.create_task(cosigning.run(Rounds(stopping, Clock())))
    started_s = time.monotonic()
    await cosigning.first_words(0.3)
    assert time.monotonic() - started_s < 2
    running.cancel()
    silent.close()

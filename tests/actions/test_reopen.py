"""A gap: after a restore that lost sealed leaves the ledger goes on as its next epoch, and says what is lost."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backups import back_up, bring_back
from beffroi.actions.audit import audit
from beffroi.actions.cosign import Cosigner, Witness, WitnessState
from beffroi.actions.findings import Audited, Fault
from beffroi.actions.reopen import Ending, Reopened, Reopening
from beffroi.actions.seal import Refusal, SealingRefused
from beffroi.errors import OperatorError
from beffroi.ledger.checkpoint import Checkpoint, opened, opened_text
from beffroi.ledger.epoch import Gap, epoch_origin
from beffroi.store.cosigning import CosigningStore
from beffroi.store.database import ROLE_OWNER, ROLE_SEALER, Database
from beffroi.store.epochs import EpochStore
from beffroi.store.ledger import LedgerStore
from beffroi.store.ledger_audit import AUDIT_SETTINGS
from conftest import DatabaseServer, DsnOf
from disclosed import KEY, NOON, ORIGIN, disclose, row, seal_all, sealer
from doubles import FakeClock
from opened import opened_as
from witnesses import SECOND, WITNESS, witness_served

REASON = "restored after a broken disk"
Given = tuple[Database, Database]


own = opened_as(ROLE_SEALER, **AUDIT_SETTINGS)


async def backed_up(dsn_of: DsnOf) -> None:
    """300 leaves, of which a backup was made, then 30 more."""
    async with (
        await Database.open(dsn_of(ROLE_OWNER), size=1) as database,
        await Database.open(dsn_of(ROLE_SEALER), size=2) as own,
    ):
        await disclose(database, [row(1 + n % 3, 1 + n // 3) for n in range(300)])
        await seal_all(sealer(own))
        await back_up(database)
        await disclose(database, [row(1, 101 + n) for n in range(30)])
        await seal_all(sealer(own))


@pytest.fixture(scope="module")
def prepared(database_server: DatabaseServer) -> Iterator[str]:
    yield from database_server.filled(backed_up)


@pytest.fixture
def given(prepared: str, database: Database, own: Database) -> Given:
    """The database with its backup, as its owner and as the sealer's role."""
    return database, own


def reopening(database: Database, witnesses: tuple[Witness, ...] = ()) -> Reopening:
    return Reopening(database, ORIGIN, [KEY], [KEY.verifier()], witnesses, FakeClock())


async def last(own: Database) -> Checkpoint:
    return opened(await LedgerStore(own).checkpoint() or "", [KEY.verifier()])


async def audited(own: Database, *kept: Checkpoint) -> Audited:
    return await audit(own, [KEY.verifier()], ORIGIN, FakeClock(NOON), kept)


def faults(found: Audited) -> list[Fault]:
    return [one.fault for one in found.found]


async def gone_on(database: Database, own: Database, leaves: int) -> None:
    """The ledger seals again, under its new name, behind the statement."""
    await disclose(database, [row(1, 101), row(2, 101), row(9, 1)])
    assert await seal_all(sealer(own)) == 3
    checkpoint = await last(own)
    assert (checkpoint.origin, checkpoint.size) == (epoch_origin(ORIGIN, 2), leaves + 4)


async def test_what_a_restore_lost_is_said_and_sealing_goes_on(given: Given) -> None:
    """From which checkpoint, how many leaves, since when; the statement is a leaf, signed and published."""
    database, own = given
    kept = await last(own)
    await bring_back(database)
    done = await reopening(database).run(REASON, [kept])
    assert done.ending is Ending.NEW_EPOCH and done.gap is not None
    assert (done.epoch, done.gap.kept_size, done.gap.lost_count, done.gap.reason) == (2, 300, 30, REASON)
    assert (kept.size, kept.root) in done.gap.known and done.gap.since == FakeClock().now().strftime(
        "%Y-%m-%dT%H:%M:%S.%fZ"
    )
    note = await LedgerStore(own).statement(2) or ""
    assert Gap.parse(opened_text(note, [KEY.verifier()])) == done.gap
    leaf = await database.pool.fetchrow("select * from leaves where tree_index = 300")
    assert (leaf["disclosure_id"], leaf["commitment"]) == (None, done.gap.entry())
    await gone_on(database, own, 300)
    found = await audited(own, kept)
    assert found.sound and found.gaps == (done.gap,) and found.kept_lost_count == 1


async def test_a_kept_checkpoint_that_the_statement_does_not_admit_is_a_fault(given: Given) -> None:
    """Somebody kept a later one than was named: more is lost than the ledger says."""
    database, own = given
    named = await last(own)
    await disclose(database, [row(4, 1)])
    await seal_all(sealer(own))
    later = await last(own)
    await bring_back(database)
    await reopening(database).run(REASON, [named])
    assert faults(await audited(own, later)) == [Fault.KEPT_OTHER]
    other = Checkpoint(ORIGIN, 250, bytes(32))
    assert faults(await audited(own, other)) == [Fault.KEPT_OTHER]


async def test_another_cluster_without_anything_known_is_a_gap_too(given: Given) -> None:
    """Nobody can say that nothing is lost: the statement names what is left, and no loss."""
    database, own = given
    await database.pool.execute("update seal_state set system_identifier = 7, mark_transaction = '99999999999'")
    await database.pool.execute("update disclosures set transaction = '99999999990' where disclosure_id > 320")
    await disclose(database, [row(5, 1)])
    await database.pool.execute("update disclosures set transaction = '99999999990' where account_id = 5")
    done = await reopening(database).run(REASON, [])
    assert done.gap is not None and done.gap.lost_count == 0
    assert await seal_all(sealer(own)) == 1, "what the other cluster's transactions wrote is final"
    assert (await audited(own)).sound


async def test_a_move_that_lost_nothing_stays_the_same_epoch(given: Given) -> None:
    """When somebody outside confirms the very last checkpoint; nothing new is signed."""
    database, own = given
    kept = await last(own)
    await database.pool.execute("update seal_state set system_identifier = 7")
    with pytest.raises(OperatorError, match="Nobody outside"):
        await reopening(database).run(REASON, [], nothing_lost=True)
    done = await reopening(database).run(REASON, [kept], nothing_lost=True)
    assert done == Reopened(Ending.MOVED, 1, 330)
    await disclose(database, [row(9, 1)])
    assert await seal_all(sealer(own)) == 1
    assert (await last(own)).origin == ORIGIN and (await audited(own, kept)).sound


async def test_a_loss_is_not_called_a_move(given: Given) -> None:
    """A checkpoint of leaves that are not there."""
    database, own = given
    kept = await last(own)
    await bring_back(database)
    await database.pool.execute("update seal_state set system_identifier = 7")
    with pytest.raises(OperatorError, match="Something is lost"):
        await reopening(database).run(REASON, [kept], nothing_lost=True)


async def test_a_sound_ledger_is_not_reopened(given: Given) -> None:
    """Neither one whose own leaves contradict it: that is no gap, and a statement would cover it up."""
    database, own = given
    with pytest.raises(OperatorError, match="Nothing is wrong"):
        await reopening(database).run(REASON, [await last(own)])
    await database.pool.execute("update tiles set hashes = set_byte(hashes, 1, 7) where level = 0 and tile_index = 1")
    await database.pool.execute("update seal_state set system_identifier = 7")
    with pytest.raises(OperatorError, match="do not agree"):
        await reopening(database).run(REASON, [])
    await database.pool.execute("delete from leaves where tree_index = 329")
    with pytest.raises(OperatorError, match="do not agree"):
        await reopening(database).run(REASON, [])
    assert await database.pool.fetchval("select count(*) from epochs") == 0


async def test_an_empty_ledger_may_have_lost_everything(database: Database, own: Database) -> None:
    """Restored from before the first leaf: kept 0."""
    done = await reopening(database).run(REASON, [Checkpoint(ORIGIN, 5, bytes(32))])
    assert done.gap is not None and (done.gap.kept_size, done.gap.lost_count, done.gap.since) == (0, 5, "never")
    await disclose(database, [row(1, 1)])
    assert await seal_all(sealer(own)) == 1
    assert (await audited(own)).sound


async def test_witnesses_understand_a_gap(given: Given, tmp_path: Path) -> None:
    """What each saw last is named by itself; each then cosigns the next epoch, and the statement is theirs to show."""
    database, own = given

    def cosigner(witness: Witness) -> Cosigner:
        return Cosigner(CosigningStore(own), witness, ORIGIN, [KEY.verifier()], FakeClock())

    async with witness_served(tmp_path / "1") as first, witness_served(tmp_path / "2", SECOND) as second:
        assert await cosigner(first).exchange() is WitnessState.COSIGNED
        await bring_back(database)
        assert await cosigner(second).exchange() is WitnessState.COSIGNED, "the second one saw nothing of what is lost"
        assert await cosigner(first).exchange() is WitnessState.CONTRADICTS
        await disclose(database, [row(8, 1)])
        with pytest.raises(SealingRefused) as refused:
            await seal_all(sealer(own))
        assert refused.value.refusal is Refusal.CONTRADICTED
        await database.pool.execute("delete from disclosures where account_id = 8")
        done = await reopening(database, (first, second)).run(REASON, [])
        assert done.gap is not None and [size for size, _ in done.gap.known] == [300, 330]
        await gone_on(database, own, 300)
        for witness in (first, second):
            assert await cosigner(witness).exchange() is WitnessState.COSIGNED
        await disclose(database, [row(9, 2)])
        await seal_all(sealer(own))
        for witness in (first, second):
            assert await cosigner(witness).exchange() is WitnessState.COSIGNED
    witnesses = [WITNESS.verifier(), SECOND.verifier()]
    found = await audit(own, [KEY.verifier()], ORIGIN, FakeClock(NOON), witnesses=witnesses)
    assert found.sound and found.cosignatures_count == 5 and found.gaps == (done.gap,)


async def test_a_witness_that_is_away_must_be_asked_or_given_up(given: Given) -> None:
    """What it saw would not be named; who says that it is gone for good may go on without."""
    database, own = given
    kept = await last(own)
    await bring_back(database)
    away = (Witness(WITNESS.verifier(), "http://127.0.0.1:9"),)
    with pytest.raises(OperatorError, match=WITNESS.name):
        await reopening(database, away).run(REASON, [kept])
    done = await reopening(database, away).run(REASON, [kept], without_witnesses=True)
    assert done.epoch == 2


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("write", ["add_leaves", "put_tiles", "add_checkpoint", "add_epoch", "anchor"])
async def test_a_failure_at_any_write_leaves_nothing_behind(
    given: Given, write: str, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before or after it is done: nothing was begun, and the next try begins it; then the whole ledger is audited."""
    database, own = given
    kept = await last(own)
    await bring_back(database)
    done = getattr(EpochStore, write)

    async def failing(*arguments: Any, **named: Any) -> Any:
        if after:
            await done(*arguments, **named)
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(EpochStore, write, failing)
        with pytest.raises(ConnectionError):
            await reopening(database).run(REASON, [kept])
    assert (await last(own)).origin == ORIGIN
    assert await database.pool.fetchval("select count(*) from epochs") == 0
    assert (await reopening(database).run(REASON, [kept])).epoch == 2
    await gone_on(database, own, 300)
    assert (await audited(own, kept)).sound


async def test_two_gaps_follow_one_another(given: Given) -> None:
    """A second restore: a third epoch, and the audit tells both."""
    database, own = given
    await bring_back(database)
    await reopening(database).run(REASON, [Checkpoint(ORIGIN, 330, bytes(32))])
    await gone_on(database, own, 300)
    await back_up(database)
    await disclose(database, [row(9, 2)])
    await seal_all(sealer(own))
    kept = await last(own)
    await bring_back(database)
    done = await reopening(database).run("again", [kept])
    assert done.gap is not None and (done.epoch, done.gap.kept_size, done.gap.lost_count) == (3, 304, 1)
    found = await audited(own, kept)
    assert found.sound and [gap.epoch for gap in found.gaps] == [2, 3]


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        ("delete from epochs", Fault.GAP_FORGED),
        ("update epochs set statement = replace(statement, 'broken', 'spoilt')", Fault.GAP_FORGED),
        ("update epochs set epoch = 3", Fault.GAP_FORGED),
        ("update epochs set tree_index = 200", Fault.GAP_FORGED),
        ("update epochs set tree_index = 200", Fault.GAP_MISSING),
        ("delete from leaves where tree_index = 300", Fault.GAP_MISSING),
        ("update leaves set commitment = sha256('x') where tree_index = 300", Fault.GAP_FORGED),
        ("update leaves set disclosure_id = 1000 where tree_index = 300", Fault.DISCLOSURE_MISSING),
        ("insert into leaves values (304, null, sha256('x'))", Fault.GAP_FORGED),
        ("insert into epochs values (3, 1000, '', now())", Fault.GAP_MISSING),
    ],
)
async def test_a_statement_that_was_changed_is_found(given: Given, damage: str, expected: Fault) -> None:
    """Taken away, said otherwise, moved, or made up."""
    database, own = given
    kept = await last(own)
    await bring_back(database)
    await reopening(database).run(REASON, [kept])
    await gone_on(database, own, 300)
    assert (await audited(own)).sound
    await database.pool.execute(damage)
    assert expected in faults(await audited(own))


async def test_a_disclosure_taken_away_before_it_was_sealed_gets_a_stand_in(given: Given) -> None:
    """Sealing refuses for good; behind a statement a leaf stands in for each, and its account goes on, seen by all."""
    database, own = given
    await disclose(database, [row(7, n) for n in range(1, 6)] + [row(8, 1), row(8, 2)])
    await database.pool.execute("delete from disclosures where account_id = 7 and running_number in (2, 3)")
    await database.pool.execute("delete from disclosures where account_id = 8 and running_number = 1")
    with pytest.raises(SealingRefused) as refused:
        await seal_all(sealer(own))
    assert refused.value.refusal is Refusal.MISSING_DISCLOSURE
    done = await reopening(database).run("somebody deleted rows", [await last(own)])
    assert done.missing == 3 and done.gap is not None and done.gap.lost_count == 0
    # The first row of account 7 may have been sealed before the refusal: other transactions of the server decide.
    before = await database.pool.fetchval("select count(*) from leaves where account_id = 7 and running_number = 1")
    assert await seal_all(sealer(own)) == 4 - before
    found = await audited(own)
    assert found.sound and found.missing_count == 3 and [gap.epoch for gap in found.gaps] == [2]
    await disclose(database, [row(7, 6)])
    await seal_all(sealer(own))
    assert (await audited(own)).sound
    for damage, expected in (
        ("update leaves set running_number = 9 where account_id = 8 and running_number = 1", Fault.GAP_FORGED),
        ("update leaves set commitment = sha256('x') where account_id = 7 and running_number = 3", Fault.GAP_FORGED),
    ):
        await database.pool.execute(damage)
        assert expected in faults(await audited(own))

"""The audit: silent about what is sound, and every change of anything found and named."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta

import pytest

from beffroi.actions.audit import audit
from beffroi.actions.findings import Audited, Fault
from beffroi.actions.recount import Tree
from beffroi.errors import BeffroiError
from beffroi.ledger.checkpoint import Checkpoint, SigningKey, opened, signed
from beffroi.ledger.note import split
from beffroi.model.search import Criteria, DateRange, Text
from beffroi.store.cosigning import CosigningStore
from beffroi.store.database import ROLE_OWNER, ROLE_SEALER, Database
from beffroi.store.ledger_audit import AUDIT_SETTINGS
from conftest import DatabaseServer, DsnOf
from disclosed import KEY, NOON, ORIGIN, disclose, row, seal_all, sealer
from doubles import FakeClock
from opened import opened_as
from requests_and_records import BORN, ask, record
from twins.merkle_twin import tree_hash
from witnesses import WITNESS

AFTER = FakeClock(NOON + timedelta(hours=1))
COUNT = 300
"""Leaves of the tests: a full tile, a partial one and a level above."""


own = opened_as(ROLE_SEALER, **AUDIT_SETTINGS)


async def three_checkpoints(dsn_of: DsnOf) -> None:
    """Three accounts, 300 disclosures, sealed in three checkpoints."""
    async with (
        await Database.open(dsn_of(ROLE_OWNER), size=1) as database,
        await Database.open(dsn_of(ROLE_SEALER), size=2) as own,
    ):
        for first in (0, 100, 200):
            await disclose(database, [row(1 + n % 3, 1 + n // 3) for n in range(first, first + 100)])
            await seal_all(sealer(own))


@pytest.fixture(scope="module")
def prepared(database_server: DatabaseServer) -> Iterator[str]:
    yield from database_server.filled(three_checkpoints)


@pytest.fixture
def sealed(prepared: str, database: Database) -> Database:
    """The database with three checkpoints, as its owner, who may change all."""
    return database


async def audited(own: Database, *kept: Checkpoint) -> Audited:
    return await audit(own, [KEY.verifier()], ORIGIN, AFTER, kept)


def faults(found: Audited) -> set[Fault]:
    return {one.fault for one in found.found}


async def test_a_sound_ledger_has_no_fault(sealed: Database, own: Database) -> None:
    """All leaves and checkpoints counted, nothing waiting, nothing found."""
    found = await audited(own)
    assert (found.leaves_count, found.checkpoints_count, found.waiting_count) == (COUNT, 3, 0)
    assert found.sound and found.found == ()


async def test_an_empty_ledger_has_no_fault(own: Database) -> None:
    """Before the first disclosure there is nothing to find."""
    assert (await audited(own)).sound


COLUMNS = {
    "at": "at + interval '1 microsecond'",
    "account_id": "9",
    "running_number": "running_number + 1000",
    "role": "'other'",
    "structure_id": "structure_id + 1",
    "application": "'other'",
    "session_key": "'\\x00'",
    "network": "'192.0.2.8'",
    "door": "door + 1::smallint",
    "operation": "operation + 1::smallint",
    "outcome": "outcome + 1::smallint",
    "purpose": "'BTG'",
    "reason": "reason || ' '",
    "request_id": "gen_random_uuid()",
    "request": "'{}'",
    "policy_version": "'other'",
    "criteria_fields": "criteria_fields + 1",
    "shown": "'[[1,1,[]]]'",
    "nonce": "decode(repeat('00', 16), 'hex')",
}


@pytest.mark.parametrize("column", COLUMNS)
async def test_a_change_of_any_column_is_found(sealed: Database, own: Database, column: str) -> None:
    """One value of one disclosure, changed by the database's owner: the disclosure is named, and no other leaf."""
    await sealed.pool.execute(f"update disclosures set {column} = {COLUMNS[column]} where disclosure_id = 150")
    found = await audited(own)
    if column in ("account_id", "running_number"):
        assert any(one.fault is Fault.CHAIN_BROKEN and one.numbers[1] == 150 for one in found.found)
        assert faults(found) == {Fault.CHAIN_BROKEN, Fault.LEAF_MISLABELLED}
    else:
        assert [(one.fault, one.numbers) for one in found.found] == [(Fault.DISCLOSURE_CHANGED, (149, 150))]
    assert "150" in found.found[0].words().english and "150" in found.found[0].words().french


async def test_every_column_is_changed_in_these_tests(sealed: Database) -> None:
    """But the number (a row of another number is a missing one), and what no leaf holds.

    A changed transaction number, or what the watch counted, changes nothing that anybody is told of a sealed row.
    """
    found = await sealed.pool.fetch(
        "select attname from pg_attribute where attrelid = 'disclosures'::regclass and attnum > 0"
    )
    assert {one[0] for one in found} - set(COLUMNS) == {
        "disclosure_id",
        "transaction",
        "new_explained",
        "new_unexplained",
    }


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        ("delete from disclosures where disclosure_id = 150", Fault.DISCLOSURE_MISSING),
        ("update disclosures set disclosure_id = default where disclosure_id = 150", Fault.DISCLOSURE_MISSING),
        ("delete from leaves where tree_index = 149", Fault.LEAF_MISSING),
        ("delete from leaves where tree_index = 299", Fault.CHECKPOINT_BEYOND),
        ("update leaves set commitment = sha256('x') where tree_index = 149", Fault.LEAF_CHANGED),
        ("update leaves set commitment = sha256('x') where tree_index = 298", Fault.LEAF_CHANGED),
        ("insert into leaves values (300, 1000, sha256('x'))", Fault.NOT_COVERED),
        ("insert into leaves values (300, 1000, sha256('x'))", Fault.DISCLOSURE_MISSING),
        ("delete from tiles where level = 0 and tile_index = 0", Fault.TILE_MISSING),
        ("delete from tiles where level = 1", Fault.TILE_MISSING),
        ("update tiles set hashes = hashes || sha256('x') where tile_index = 1", Fault.TILE_CHANGED),
        ("update tiles set hashes = set_byte(hashes, 5000, 1) where tile_index = 0 and level = 0", Fault.TILE_CHANGED),
        ("update tiles set hashes = sha256('x') where level = 1", Fault.TILE_CHANGED),
        ("insert into tiles values (2, 0, sha256('x'))", Fault.TILES_ADDED),
        ("delete from checkpoints where tree_size = 300", Fault.NOT_COVERED),
        ("delete from checkpoints", Fault.NOT_COVERED),
        ("update checkpoints set root = sha256('x') where tree_size = 200", Fault.CHECKPOINT_FORGED),
        ("update checkpoints set note = replace(note, '200', '201') where tree_size = 200", Fault.CHECKPOINT_FORGED),
        ("update checkpoints set tree_size = 150 where tree_size = 200", Fault.CHECKPOINT_FORGED),
        ("update checkpoints set note = '' where tree_size = 200", Fault.CHECKPOINT_FORGED),
        ("update seal_state set system_identifier = 7", Fault.OTHER_CLUSTER),
    ],
)
async def test_a_change_of_the_ledger_is_found(sealed: Database, own: Database, damage: str, expected: Fault) -> None:
    """Missing, added or changed: of a disclosure, a leaf, a tile or a checkpoint."""
    if "disclosure_id = default" in damage:
        damage = damage.replace("default", "1000").replace("set", "set", 1)
        await sealed.pool.execute("alter table disclosures alter disclosure_id drop identity")
    await sealed.pool.execute(damage)
    found = await audited(own)
    assert expected in faults(found) and not found.sound


async def test_two_disclosures_that_change_places_are_found(sealed: Database, own: Database) -> None:
    """Their leaves exchanged: of two accounts, or of one."""
    await sealed.pool.execute("alter table leaves drop constraint leaves_disclosure_id_key")
    for first, second in ((149, 150), (149, 152)):
        swap = "update leaves set disclosure_id = $1::bigint + $2::bigint - disclosure_id where tree_index in ($3, $4)"
        arguments = (first + 1, second + 1, first, second)
        await sealed.pool.execute(swap, *arguments)
        assert faults(await audited(own)) & {Fault.CHAIN_BROKEN, Fault.DISCLOSURE_CHANGED}
        await sealed.pool.execute(swap, *arguments)
        assert (await audited(own)).sound


async def test_leaves_that_change_places_with_their_commitments_are_found(sealed: Database, own: Database) -> None:
    """Two whole leaves exchanged, of accounts whose chains do not mind: the tile and the checkpoint do."""
    await sealed.pool.execute(
        "update leaves set tree_index = 297 + 298 + 1000 - tree_index where tree_index >= 297 and tree_index <= 298"
    )
    await sealed.pool.execute("update leaves set tree_index = tree_index - 1000 where tree_index > 1000")
    found = await audited(own)
    assert {Fault.TILE_CHANGED, Fault.LEAF_CHANGED, Fault.CHECKPOINT_OTHER} <= faults(found)


async def test_a_disclosure_added_behind_the_ledgers_back_is_found(sealed: Database, own: Database) -> None:
    """A row with an old number, or that has waited for more than a minute, and that no leaf holds."""
    await disclose(sealed, [row(4, 1)])
    found = await audited(own)
    assert [(one.fault, one.numbers) for one in found.found] == [(Fault.NEVER_SEALED, (301,))]
    assert found.waiting_count == 1


async def test_a_disclosure_that_was_just_written_waits(sealed: Database, own: Database) -> None:
    """Between its commit and its checkpoint it is counted, and no fault."""
    await disclose(sealed, [row(4, 1)])
    found = await audit(own, [KEY.verifier()], ORIGIN, FakeClock(NOON + timedelta(seconds=20)))
    assert found.sound and found.waiting_count == 1


async def test_a_ledger_sealed_again_by_another_key_is_found(sealed: Database, own: Database) -> None:
    """A thief of the database who seals everything anew, without our key: no checkpoint is ours."""
    await sealed.pool.execute("truncate leaves, tiles, checkpoints, seal_state")
    await sealed.pool.execute("update disclosures set reason = 'another story'")
    await seal_all(sealer(own, [SigningKey(ORIGIN, b"\7" * 32)]))
    assert faults(await audited(own)) == {Fault.CHECKPOINT_FORGED}


async def test_a_ledger_sealed_again_by_our_key_differs_from_what_was_kept(sealed: Database, own: Database) -> None:
    """Even the holder of the key cannot make a second history that agrees with one kept checkpoint."""
    note = await sealed.pool.fetchval("select note from checkpoints where tree_size = 200")
    kept = opened(note, [KEY.verifier()])
    assert (await audited(own, kept)).sound
    await sealed.pool.execute("truncate leaves, tiles, checkpoints, seal_state")
    await sealed.pool.execute("update disclosures set reason = 'another story' where disclosure_id = 7")
    await seal_all(sealer(own))
    assert (await audited(own)).sound
    assert faults(await audited(own, kept)) == {Fault.KEPT_OTHER}


async def test_a_rollback_is_found_by_what_was_kept(sealed: Database, own: Database) -> None:
    """Yesterday's database is sound by itself; a checkpoint of today covers more leaves than it has."""
    kept = opened(await sealed.pool.fetchval("select note from checkpoints where tree_size = 300"), [KEY.verifier()])
    await sealed.pool.execute("truncate leaves, tiles, checkpoints, seal_state")
    await sealed.pool.execute("delete from disclosures where disclosure_id > 100")
    await seal_all(sealer(own))
    assert (await audited(own)).sound
    assert [(one.fault, one.numbers) for one in (await audited(own, kept)).found] == [(Fault.KEPT_OTHER, (300,))]


async def test_a_rightly_signed_checkpoint_of_another_tree_is_found(sealed: Database, own: Database) -> None:
    """Our key, another root."""
    other = Checkpoint(ORIGIN, 200, bytes(32))
    await sealed.pool.execute(
        "update checkpoints set root = $1, note = $2 where tree_size = 200", other.root, signed(other, [KEY])
    )
    assert faults(await audited(own)) == {Fault.CHECKPOINT_OTHER}


async def test_a_rotation_breaks_nothing(sealed: Database, own: Database) -> None:
    """Checkpoints of the former key are known by it, those of today by the new one; each is needed."""
    new = SigningKey(ORIGIN, b"\3" * 32)
    await disclose(sealed, [row(4, 1)])
    await seal_all(sealer(own, [new]))
    assert (await audit(own, [KEY.verifier(), new.verifier()], ORIGIN, AFTER)).sound
    assert not (await audit(own, [new.verifier()], ORIGIN, AFTER)).sound
    assert not (await audited(own)).sound


def test_the_auditors_tree_is_that_of_the_rfc() -> None:
    """Counted with a stack, it agrees with the definition at every size; a full tile comes once, when it is full."""
    tree, entries, tiles = Tree(), [], []
    for number in range(600):
        entries.append(number.to_bytes(4, "big"))
        tiles += tree.add(entries[-1])
        if number % 37 == 0 or number > 590:
            assert tree.root() == tree_hash(entries)
    assert [(level, index) for level, index, _ in tiles] == [(0, 0), (0, 1)]
    assert [(level, index, len(hashes) // 32) for level, index, hashes in tree.partial()] == [(0, 2, 88), (1, 0, 2)]
    assert tree.tiles_count() == 4


async def test_what_the_gate_writes_is_sealed_and_sound(house, put, account, database: Database, own: Database) -> None:
    """Real answers of every kind: shown, none, refused; names that JSON must escape."""
    await put(1, "A1", record("MARTIN", "Louise"))
    await put(2, "B1", record("D'HALLEWYN", 'Zoé "Z"'))
    for subject in ("one", "two"):
        asker = await account(subject=subject)
        for family in ("Mar", "D'H", 'Zo"\\', "Éé\u2028"):
            with contextlib.suppress(BeffroiError):
                criteria = Criteria(birth_date=DateRange(BORN, BORN), family=Text(family), given=Text("L"))
                await house.finder.search(ask(asker), criteria)
        with contextlib.suppress(BeffroiError):
            await house.finder.search(ask(asker), Criteria(family=Text("Mar")))
    count = await database.pool.fetchval("select count(*) from disclosures")
    assert count >= 8 and await seal_all(sealer(own)) == count
    found = await audited(own)
    assert found.sound and found.leaves_count == count


async def test_every_byte_counts(database: Database, own: Database) -> None:
    """A small ledger; each byte of its leaves, tiles, roots and notes flipped in turn: found every time."""
    await disclose(database, [row(1, 1), row(2, 1), row(1, 2)])
    await seal_all(sealer(own))
    assert (await audited(own)).sound
    flips = 0
    for table, column in (("leaves", "commitment"), ("tiles", "hashes"), ("checkpoints", "root")):
        for place, content in await database.pool.fetch(f"select ctid::text, {column} from {table}"):
            for index in range(len(content)):
                changed = content[:index] + bytes([content[index] ^ 1]) + content[index + 1 :]
                flips += await flipped(database, own, table, column, changed, place)
                await database.pool.execute(f"update {table} set {column} = $1 where {column} = $2", content, changed)
                place = await database.pool.fetchval(f"select ctid::text from {table} where {column} = $1", content)
    note = await database.pool.fetchval("select note from checkpoints")
    for index, letter in enumerate(note):
        changed = note[:index] + ("A" if letter != "A" else "B") + note[index + 1 :]
        await database.pool.execute("update checkpoints set note = $1", changed)
        assert not (await audited(own)).sound, index
        flips += 1
    assert flips == 3 * 32 + 3 * 32 + 32 + len(note)


async def flipped(database: Database, own: Database, table: str, column: str, changed: bytes, place: str) -> bool:
    """Whether a change of one row is found."""
    await database.pool.execute(f"update {table} set {column} = $1 where ctid = $2::text::tid", changed, place)
    return not (await audited(own)).sound


WITNESS_LINES = {
    "update cosignatures set line = replace(line, 'A', 'B')": Fault.COSIGNATURE_CHANGED,
    "update cosignatures set line = 'x'": Fault.COSIGNATURE_CHANGED,
    "update cosignatures set witness = 'someone else'": Fault.COSIGNATURE_CHANGED,
    "update cosignatures set cosigned_at = cosigned_at + interval '1 second'": Fault.COSIGNATURE_CHANGED,
    "update cosignatures set tree_size = 250 where tree_size = 200": Fault.COSIGNATURE_ADDED,
    "update cosignatures set line = (select line from cosignatures where tree_size = 200)": Fault.COSIGNATURE_CHANGED,
    "delete from cosignatures where tree_size = 200": Fault.COSIGNATURE_MISSING,
    "update cosignatures set number = 10 - number": Fault.COSIGNATURE_MISSING,
    "insert into cosignatures select 400, witness, 4, line, cosigned_at from cosignatures where number = 3": (
        Fault.COSIGNATURE_ADDED
    ),
    "delete from checkpoints where tree_size = 200": Fault.CHECKPOINT_MISSING,
    "update checkpoints set number = 10 - number": Fault.CHECKPOINT_MISSING,
}


@pytest.mark.parametrize("damage", WITNESS_LINES)
async def test_a_change_of_a_cosignature_is_found(sealed: Database, own: Database, damage: str) -> None:
    """Changed, exchanged, missing, added, of another checkpoint; and a checkpoint in the middle that is missing."""
    for number, size in enumerate((100, 200, 300), start=1):
        body, _ = split(await sealed.pool.fetchval("select note from checkpoints where tree_size = $1", size))
        at = NOON + timedelta(minutes=number)
        line = WITNESS.signature_line(body, int(at.timestamp()))
        await CosigningStore(own).add_cosignature(size, WITNESS.name, line, at)
    witnesses = [WITNESS.verifier()]
    found = await audit(own, [KEY.verifier()], ORIGIN, AFTER, witnesses=witnesses)
    assert found.sound and found.cosignatures_count == 3
    await sealed.pool.execute(damage)
    found = await audit(own, [KEY.verifier()], ORIGIN, AFTER, witnesses=witnesses)
    assert WITNESS_LINES[damage] in faults(found)
    assert all(one.words().french and one.words().english for one in found.found)
    if WITNESS_LINES[damage] in (Fault.COSIGNATURE_ADDED, Fault.COSIGNATURE_MISSING):
        assert any(one.name == WITNESS.name for one in found.found)

"""Each byte of what is published: flipped, it is found and its place is named. On a larger ledger, a sample of them."""

import random

import pytest

from beffroi.actions.audit import audit
from beffroi.actions.findings import Audited, Fault
from beffroi.actions.reopen import Reopening
from beffroi.ledger.checkpoint import Checkpoint
from beffroi.ledger.note import split
from beffroi.store.cosigning import CosigningStore
from beffroi.store.database import ROLE_SEALER, Database
from beffroi.store.ledger_audit import AUDIT_SETTINGS
from disclosed import KEY, NOON, ORIGIN, disclose, row, seal_all, sealer
from doubles import FakeClock
from opened import opened_as
from witnesses import WITNESS

WHOLE = 300
LARGE, SAMPLED = 20_000, 120
FLIP = "update {table} set {column} = set_byte({column}, $1, get_byte({column}, $1) # $2) where {where}"


own = opened_as(ROLE_SEALER, **AUDIT_SETTINGS)


async def audited(own: Database) -> Audited:
    return await audit(own, [KEY.verifier()], ORIGIN, FakeClock(NOON), witnesses=[WITNESS.verifier()])


async def sealed(database: Database, own: Database, count: int) -> None:
    for first in range(0, count, 5_000):
        numbers = range(first, min(first + 5_000, count))
        await disclose(database, [row(1 + n % 3, 1 + n // 3) for n in numbers])
        await seal_all(sealer(own))


async def flip(database: Database, table: str, column: str, where: str, place: int, mask: int) -> None:
    await database.pool.execute(FLIP.format(table=table, column=column, where=where), place, mask)


async def assert_found(database: Database, own: Database, table: str, column: str, where: str, place: int) -> Audited:
    """A flip is found; flipped back, everything is sound again or as it was."""
    mask = 1 << place % 8
    await flip(database, table, column, where, place, mask)
    found = await audited(own)
    await flip(database, table, column, where, place, mask)
    assert not found.sound, (table, where, place)
    return found


async def test_every_character_of_what_is_signed_counts(database: Database, own: Database) -> None:
    """Checkpoints of two epochs, a cosignature and the statement of a gap: each character changed in turn."""
    await sealed(database, own, 3)
    note = await database.pool.fetchval("select note from checkpoints")
    line = WITNESS.signature_line(split(note)[0], int(NOON.timestamp()))
    await CosigningStore(own).add_cosignature(3, WITNESS.name, line, NOON)
    again = Reopening(database, ORIGIN, [KEY], [KEY.verifier()], (), FakeClock())
    await again.run("a broken disk", [Checkpoint(ORIGIN, 5, bytes(32))])
    assert (await audited(own)).sound
    flips = 0
    for table, column, where, expected in (
        ("checkpoints", "note", "tree_size = 3", Fault.CHECKPOINT_FORGED),
        ("checkpoints", "note", "tree_size = 4", Fault.CHECKPOINT_FORGED),
        ("cosignatures", "line", "true", Fault.COSIGNATURE_CHANGED),
        ("epochs", "statement", "true", Fault.GAP_FORGED),
    ):
        text = await database.pool.fetchval(f"select {column} from {table} where {where}")
        for place, letter in enumerate(text):
            changed = text[:place] + ("A" if letter != "A" else "B") + text[place + 1 :]
            await database.pool.execute(f"update {table} set {column} = $1 where {where}", changed)
            assert expected in {one.fault for one in (await audited(own)).found}, (table, place)
            flips += 1
        await database.pool.execute(f"update {table} set {column} = $1 where {where}", text)
    assert (await audited(own)).sound and flips > 800


@pytest.mark.long
async def test_every_byte_of_every_tile_counts(database: Database, own: Database) -> None:
    """A full tile, a partial one and the level above: each byte flipped in turn, and the tile is named."""
    await sealed(database, own, WHOLE)
    flips = 0
    for tile in await database.pool.fetch("select level, tile_index, octet_length(hashes) as size from tiles"):
        where = f"level = {tile['level']} and tile_index = {tile['tile_index']}"
        for place in range(tile["size"]):
            found = await assert_found(database, own, "tiles", "hashes", where, place)
            named = [one.numbers for one in found.found if one.fault is Fault.TILE_CHANGED]
            assert named == [(tile["level"], tile["tile_index"])]
            flips += 1
    assert flips == 32 * (WHOLE + 1) and (await audited(own)).sound


@pytest.mark.long
async def test_a_sample_of_a_larger_ledger_counts(database: Database, own: Database) -> None:
    """Leaves, tiles of every level and roots, at places that a seed chooses."""
    await sealed(database, own, LARGE)
    chance = random.Random(67)
    tiles = await database.pool.fetch("select level, tile_index, octet_length(hashes) as size from tiles")
    sizes = [one[0] for one in await database.pool.fetch("select tree_size from checkpoints")]
    for _ in range(SAMPLED):
        tile = chance.choice(tiles)
        table, column, where, size = chance.choice(
            [
                ("tiles", "hashes", f"level = {tile['level']} and tile_index = {tile['tile_index']}", tile["size"]),
                ("leaves", "commitment", f"tree_index = {chance.randrange(LARGE)}", 32),
                ("checkpoints", "root", f"tree_size = {chance.choice(sizes)}", 32),
                ("disclosures", "nonce", f"disclosure_id = {1 + chance.randrange(LARGE)}", 16),
            ]
        )
        await assert_found(database, own, table, column, where, chance.randrange(size))
    assert (await audited(own)).sound

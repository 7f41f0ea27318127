"""A scope's proof: what it proves is checked with public keys alone, and nothing can be changed or left out of it."""

import dataclasses
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import msgspec
import pytest

from archived import OLD, move, mover, old
from beffroi.actions.prove_scope import ACCOUNT_CHAIN, LEAF_RANGE, prove
from beffroi.actions.verify_scope import verify
from beffroi.breach.scope import EVERYBODY, Whom
from beffroi.errors import InvalidValue, NotFound
from beffroi.ledger.checkpoint import SigningKey
from beffroi.model.disclosure import Operation
from beffroi.model.selection import Selection
from beffroi.store.archive_moves import MOVE_SETTINGS
from beffroi.store.archive_place import Folder
from beffroi.store.database import ROLE_ARCHIVER, ROLE_OWNER, ROLE_SEALER, Database
from beffroi.store.ledger import LedgerStore
from beffroi.store.ledger_audit import AUDIT_SETTINGS
from beffroi.store.openings import openings
from conftest import DatabaseServer, DsnOf
from disclosed import KEY, disclose, seal_all, sealer
from opened import opened_as

KEYS = [KEY.verifier()]
SINCE, UNTIL = OLD + timedelta(seconds=30), OLD + timedelta(seconds=60)
WINDOW = Selection(since=SINCE, until=UNTIL)


own = opened_as(ROLE_SEALER, **AUDIT_SETTINGS)


async def half_archived(dsn_of: DsnOf, folder: Path) -> None:
    """Three accounts, a hundred disclosures each, one of which is closed by a containment; the first half archived."""
    rows = [old(1 + n % 3, 1 + n // 3) for n in range(300)]
    rows[-1] = dataclasses.replace(rows[-1], operation=int(Operation.CONTAIN), outcome=7, shown="[]", people=())
    async with (
        await Database.open(dsn_of(ROLE_OWNER), size=1) as database,
        await Database.open(dsn_of(ROLE_SEALER), size=2) as own,
        await Database.open(dsn_of(ROLE_ARCHIVER), size=2, **MOVE_SETTINGS) as mine,
    ):
        await disclose(database, rows)
        await seal_all(sealer(own))
        await move(mover(mine, folder, 150), 1)


@pytest.fixture(scope="module")
def prepared(database_server: DatabaseServer, files_once: Path) -> Iterator[str]:
    yield from database_server.filled(lambda dsn_of: half_archived(dsn_of, files_once))


async def proved(own: Database, folder: Path, selection: Selection, whom: Whom = EVERYBODY, everything: bool = False):
    note = await LedgerStore(own).checkpoint()
    assert note is not None
    async with openings(own, Folder(str(folder))) as reading:
        return await prove(reading, note, selection, whom, open_everything=everything)


def encoded(proof) -> bytes:
    return msgspec.json.encode(proof)


def shown_to(account: int, numbers) -> set[int]:
    """Whom `disclosed.row` shows."""
    return {number for number in numbers if number % 3}


async def test_an_accounts_chain_to_the_leaf_that_closed_it(own, archive) -> None:
    """Archive and database together; every number, and all patients; complete, since a containment closes it."""
    proof = await proved(own, archive, Selection(accounts=(3,)))
    checked = verify(encoded(proof), KEYS)
    assert (proof.kind, checked.wrong, checked.complete) == (ACCOUNT_CHAIN, [], True)
    assert (checked.leaves, checked.selected) == (100, 100)
    assert checked.people == shown_to(3, range(1, 100))


async def test_an_account_that_nothing_closed_is_complete_to_its_last_number(own, archive) -> None:
    """The file says so, and does not claim more."""
    checked = verify(encoded(await proved(own, archive, Selection(accounts=(1,)))), KEYS)
    assert (checked.wrong, checked.complete, checked.selected) == ([], False, 100)
    assert "no leaf closes the account" in checked.notes[-1].english


async def test_an_accounts_window_has_a_leaf_on_either_side(own, archive) -> None:
    """Thirty disclosures in the window, the one before and the one after it opened too: nothing can be between."""
    proof = await proved(own, archive, Selection(accounts=(1,), since=SINCE, until=UNTIL))
    checked = verify(encoded(proof), KEYS)
    assert (checked.wrong, checked.complete) == ([], True)
    assert (checked.leaves, checked.selected) == (32, 30)


@pytest.mark.parametrize("everything", [False, True])
async def test_a_window_of_a_network_is_a_range_of_leaves(own, archive, everything) -> None:
    """Complete only when every leaf of the range is opened."""
    selection = msgspec.structs.replace(WINDOW, networks=("192.0.2.7",), structures=(2,))
    proof = await proved(own, archive, selection, everything=everything)
    checked = verify(encoded(proof), KEYS)
    assert (proof.kind, checked.wrong, checked.complete) == (LEAF_RANGE, [], everything)
    assert checked.selected == 30
    assert checked.leaves == (90 if everything else 30)


async def test_a_patients_window_is_hers_alone(own, archive) -> None:
    """Only the disclosures that showed an identity of hers are opened, and only she is counted."""
    selection = msgspec.structs.replace(WINDOW, people=(40,))
    proof = await proved(own, archive, selection, Whom(frozenset({40})))
    checked = verify(encoded(proof), KEYS)
    assert (checked.wrong, checked.selected, checked.people) == ([], 3, {40})


async def test_the_key_must_be_the_ledgers(own, archive) -> None:
    """Another key, or none: nothing is proved."""
    content = encoded(await proved(own, archive, Selection(accounts=(1,), since=SINCE, until=UNTIL)))
    stranger = SigningKey(KEY.name, b"\7" * 32).verifier()
    assert verify(content, [stranger]).wrong and verify(content, []).wrong


@pytest.mark.parametrize("selection", [Selection(accounts=(1,), since=SINCE, until=UNTIL), WINDOW])
async def test_every_changed_byte_is_found(own, archive, selection) -> None:
    """Changed in a few hundred places that a seed chooses: never accepted as the same proof."""
    content, chance = encoded(await proved(own, archive, selection)), Random(5)
    sound = verify(content, KEYS)
    assert not sound.wrong
    for at in chance.sample(range(len(content)), 400):
        other = content[:at] + bytes([content[at] ^ (1 << chance.randrange(7))]) + content[at + 1 :]
        assert verify(other, KEYS).wrong, (at, content[at - 20 : at + 20])


async def test_a_row_that_is_left_out_is_missed(own, archive) -> None:
    """Any opening taken away, or two exchanged, or a selected one called not selected."""
    proof = await proved(own, archive, Selection(accounts=(1,), since=SINCE, until=UNTIL))
    plain = json.loads(encoded(proof))
    for at in range(1, len(proof.openings) - 1):
        less = {**plain, "openings": [one for n, one in enumerate(plain["openings"]) if n != at]}
        assert verify(json.dumps(less).encode(), KEYS).wrong
    shorter = verify(json.dumps({**plain, "openings": plain["openings"][1:]}).encode(), KEYS)
    assert not shorter.complete and not shorter.wrong
    behind = {**plain, "openings": plain["openings"][-1:]}  # nothing but the leaf after the window
    assert not verify(json.dumps(behind).encode(), KEYS).complete
    swapped = [plain["openings"][1], plain["openings"][0], *plain["openings"][2:]]
    assert verify(json.dumps({**plain, "openings": swapped}).encode(), KEYS).wrong
    hidden = [{**one, "selected": False} for one in plain["openings"]]
    assert verify(json.dumps({**plain, "openings": hidden}).encode(), KEYS).wrong


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"format": "beffroi-scope-proof/1"}', b"\xff" * 99])
def test_anything_else_is_no_proof(content) -> None:
    """It is said, and never an error."""
    assert verify(content, KEYS).wrong


async def test_what_cannot_be_proved_is_refused(own, archive) -> None:
    """A device without a time, and nothing at all."""
    with pytest.raises(InvalidValue):
        await proved(own, archive, Selection(networks=("192.0.2.7",)))
    with pytest.raises(NotFound):
        await proved(own, archive, Selection(accounts=(99,)))

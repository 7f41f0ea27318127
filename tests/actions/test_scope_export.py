"""A whole list leaves by two people, encrypted to its hospital alone, and each step is in its author's chain."""

import csv
import io
from dataclasses import replace

import asyncpg
import msgspec
import pyrage
import pytest

from beffroi.actions.investigate import Investigation
from beffroi.actions.scope_export import ScopeExports
from beffroi.errors import InvalidValue, NotFound, OperatorError
from beffroi.model.account import Role
from beffroi.model.disclosure import Door, Operation
from beffroi.model.person import PersonId
from beffroi.model.selection import Selection
from beffroi.outbound.encrypting import check_recipients, encrypted
from requests_and_records import ask, record

LOOK = Operation.SCOPE_VIEW
WHY = "the hospitals write to their patients"
DAY_S = 24 * 3600


@pytest.fixture
async def desk(house, put, account, database, clock):
    """A stolen account read two patients of hospital 1 and one of hospital 2; two officers stand at the desk."""
    stolen = await account(subject="stolen")
    for hospital, ipp, name in ((1, "IPP-1", "VANHOUCKE"), (1, "IPP-2", "DEWAELE"), (2, "IPP-3", "LEFEBVRE")):
        number = await put(hospital, ipp, record(name, "Anne"), explained_h=5)
        released = await house.finder.read(ask(stolen, Operation.READ), house.references.of(PersonId(number)))
        house.finder.delivered(released.content.disclosure_id, True)
        await house.gate._flush()
    one, other = [await account(Role.DATA_PROTECTION_OFFICER, subject=s) for s in ("dpo-1", "dpo-2")]
    investigation = Investigation(database, house.gate, house.references, house.hospitals, clock)
    exports = ScopeExports(database, house, investigation, clock)
    return exports, ask(one, LOOK), ask(other, LOOK), (Selection(accounts=(stolen.account_id,)),)


async def steps(database) -> list[tuple[int, dict[str, str]]]:
    """The export events, with the accounts in whose chains they stand."""
    rows = await database.pool.fetch(
        "select account_id, door, request from disclosures where operation = $1 order by disclosure_id",
        int(Operation.EXPORT),
    )
    assert {row["door"] for row in rows} <= {Door.EXPORT}
    return [(row["account_id"], msgspec.json.decode(row["request"], type=dict[str, str])) for row in rows]


async def test_two_people_and_a_key_make_a_list(desk, database) -> None:
    """Asked, approved by another, written; each hospital's part opens with its own key and with no other."""
    exports, one, other, chosen = desk
    number = await exports.request(one, chosen, WHY)
    await exports.approve(other, number)
    released = await exports.write(one, number)
    keys = {1: pyrage.x25519.Identity.generate(), 2: pyrage.x25519.Identity.generate()}
    made = encrypted(released, {hospital: [str(key.to_public())] for hospital, key in keys.items()})
    first = list(csv.DictReader(io.StringIO(pyrage.decrypt(made[1], [keys[1]]).decode())))
    assert sorted(line["ipp"] for line in first) == ["IPP-1", "IPP-2"]
    assert b"IPP-3" in pyrage.decrypt(made[2], [keys[2]])
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(made[1], [keys[2]])
    assert not any(b"VANHOUCKE" in content for content in released.content.contents.values())
    told = await steps(database)
    assert [(account, said["step"]) for account, said in told] == [
        (one.asker.account_id, "requested"),
        (other.asker.account_id, "approved"),
        (one.asker.account_id, "written"),
    ]
    assert told[0][1]["patients"] == "3" and told[0][1]["digest"] == told[1][1]["digest"]
    look = await database.pool.fetchrow(
        "select operation, request from disclosures where disclosure_id = $1", released.content.look
    )
    assert look["operation"] == LOOK and f'"export":"{number}"' in look["request"]


async def test_who_asks_does_not_approve(desk, database) -> None:
    """Neither by the action, nor by the database itself."""
    exports, one, _, chosen = desk
    number = await exports.request(one, chosen, WHY)
    with pytest.raises(InvalidValue, match="two people"):
        await exports.approve(one, number)
    with pytest.raises(asyncpg.CheckViolationError):
        await database.pool.execute("update scope_exports set approved_by = requested_by")
    assert [said["step"] for _, said in await steps(database)] == ["requested"]


async def test_one_person_s_two_accounts_are_one_of_two_people(desk, database) -> None:
    """Whoever asks with one account does not approve with another of theirs."""
    exports, one, other, chosen = desk
    number = await exports.request(one, chosen, WHY)
    first, second = one.asker.account_id, other.asker.account_id
    await database.pool.execute("update accounts set same_as = $1 where account_id = $2", first, second)
    joined = replace(other, asker=msgspec.structs.replace(other.asker, holder=first))
    with pytest.raises(InvalidValue, match="two people"):
        await exports.approve(joined, number)


async def test_without_approval_nothing_leaves_and_with_it_once(desk) -> None:
    """Not before, not twice, not when it was refused, not one that nobody asked for."""
    exports, one, other, chosen = desk
    number = await exports.request(one, chosen, WHY)
    with pytest.raises(InvalidValue, match="nobody has approved"):
        await exports.write(one, number)
    await exports.approve(other, number)
    await exports.write(one, number)
    with pytest.raises(InvalidValue, match="written or refused"):
        await exports.write(one, number)
    refused = await exports.request(one, chosen, WHY)
    await exports.refuse(other, refused, "not yet")
    with pytest.raises(InvalidValue, match="written or refused"):
        await exports.approve(other, refused)
    with pytest.raises(NotFound):
        await exports.approve(other, 999)
    assert [(e.refused, e.ended_at is not None) for e, _, _ in await exports.listed()] == [(False, True), (True, True)]


async def test_a_day_is_all_that_a_yes_is_good_for(desk, clock) -> None:
    """An old request is not approved, an old approval writes nothing."""
    exports, one, other, chosen = desk
    late, old = await exports.request(one, chosen, WHY), await exports.request(one, chosen, WHY)
    await exports.approve(other, old)
    clock.advance(DAY_S + 1)
    with pytest.raises(InvalidValue, match="more than a day"):
        await exports.approve(other, late)
    with pytest.raises(InvalidValue, match="more than a day"):
        await exports.write(one, old)


async def test_what_was_approved_is_what_leaves(desk, database, house, put, account) -> None:
    """A patient more in the scope since then: it is asked again."""
    exports, one, other, chosen = desk
    number = await exports.request(one, chosen, WHY)
    await exports.approve(other, number)
    stolen = await account(subject="stolen")
    more = await put(1, "IPP-9", record("QUESNOY", "Anne"), explained_h=5)
    await house.finder.read(ask(stolen, Operation.READ), house.references.of(PersonId(more)))
    with pytest.raises(InvalidValue, match="another by now"):
        await exports.write(one, number)


async def test_a_hospital_without_a_key_gets_nothing(desk) -> None:
    """It is left out, not written in the clear; a key that is none is refused before anything is."""
    exports, one, other, chosen = desk
    number = await exports.request(one, chosen, WHY)
    await exports.approve(other, number)
    released = await exports.write(one, number)
    key = str(pyrage.x25519.Identity.generate().to_public())
    assert set(encrypted(released, {1: [key], 2: []})) == {1}
    with pytest.raises(OperatorError, match="officer_keys"):
        check_recipients({1: ["age1" + "q" * 58]})


async def test_a_reason_is_words(desk, database) -> None:
    """Ten characters; nothing is recorded of what was not asked."""
    exports, one, _, chosen = desk
    with pytest.raises(InvalidValue):
        await exports.request(one, chosen, "because")
    assert await steps(database) == []


async def test_a_name_is_a_reading_of_its_own(desk, house, account) -> None:
    """Whoever may read identities reads one pseudonym at a time through the gate; the officer's role may not."""
    exports, one, _, chosen = desk
    scope = await exports._scope(chosen)
    reference = house.references.of(PersonId(scope.patients[0].person_id))
    cell = await account(Role.IDENTITY_CELL, subject="cell")
    released = await house.finder.read(ask(cell, Operation.READ), reference)
    assert released.content.shown[0].record.birth_family == "VANHOUCKE"
    with pytest.raises(Exception, match="may not have"):
        await house.finder.read(ask(one.asker, Operation.READ), reference)

"""The scope on the real gate and a real database: who was seen is who is told, whoever they are now."""

from datetime import timedelta

import pytest

from beffroi.actions.investigate import Investigation
from beffroi.breach.scope import Certainty
from beffroi.errors import Forbidden, InvalidValue, NotFound
from beffroi.model.account import Role
from beffroi.model.disclosure import Door, Field, Operation, Outcome
from beffroi.model.person import Address, HospitalId, PersonId
from beffroi.model.search import Criteria, IdentifierToken
from beffroi.model.selection import Selection
from requests_and_records import ask, record

LOOK = Operation.SCOPE_VIEW


@pytest.fixture
def investigation(database, house, clock) -> Investigation:
    return Investigation(database, house.gate, house.references, house.hospitals, clock)


async def read(house, asker, person: int, *, sent: bool | None = True):
    """One patient read by reference; what became of the answer."""
    released = await house.finder.read(ask(asker, Operation.READ), house.references.of(PersonId(person)))
    if sent is not None:
        house.finder.delivered(released.content.disclosure_id, sent)
        await house.gate._flush()
    return released.content


def people(scope) -> dict[int, str]:
    return {patient.person_id: patient.certainty.value for patient in scope.patients}


async def test_an_accounts_scope_is_whom_it_was_shown(investigation, house, put, account) -> None:
    """Sent, unknown and aborted apart; another account's patients are not in it."""
    one, other = await account(), await account(subject="899700000002")
    numbers = [await put(1, f"{n}", record(f"NOM{n}", "Anne"), explained_h=5) for n in range(4)]
    for number, sent in zip(numbers, (True, None, False), strict=False):
        await read(house, one, number, sent=sent)
    await read(house, other, numbers[3])
    scope = await investigation.scope([Selection(accounts=(one.account_id,))])
    assert people(scope) == {numbers[0]: "sent", numbers[1]: "unknown", numbers[2]: "aborted"}
    (first,) = [p for p in scope.patients if p.person_id == numbers[0]]
    assert first.shown.fields & Field.BIRTH_NAME and not first.shown.fields & Field.PHONE
    assert (first.shown.times, first.hospitals, first.count.doors) == (1, (1,), {Door.FHIR})


async def test_a_patient_is_who_she_is_now(investigation, house, put, account, database) -> None:
    """Read as two persons who are one today: one line. Read as one who are two today: two lines."""
    asker = await account()
    a, b = [await put(1, ipp, record("NOM", "Anne"), explained_h=5) for ipp in "AB"]
    await read(house, asker, a)
    await read(house, asker, b)
    await database.pool.execute("update identities set person_id = $1 where identity_id = $2", a, b)
    move = "insert into moves (identity_id, from_person, to_person, moved_at, cause) values ($1, $2, $3, now(), 'A40')"
    await database.pool.execute(move, b, b, a)
    mine = [Selection(accounts=(asker.account_id,))]
    joined = await investigation.scope(mine)
    assert {p.person_id: p.shown.times for p in joined.patients} == {a: 2}
    await read(house, asker, a)
    await database.pool.execute("update identities set person_id = identity_id where identity_id = $1", b)
    await database.pool.execute(move, b, a, b)
    parted = await investigation.scope(mine)
    assert {p.person_id: p.shown.times for p in parted.patients} == {a: 2, b: 2}
    for number in (a, b):  # and by patient, whatever number she bore when she was read
        hers = await investigation.scope([Selection(people=(number,))])
        assert {p.person_id: p.shown.times for p in hers.patients} == {number: 2}


async def test_every_way_of_selecting(investigation, house, put, account, clock) -> None:
    """Device, network, application, structure, window, query and patient each find the reading, alone."""
    asker = await account()
    number = await put(1, "A", record("NOM", "Anne"), explained_h=5)
    clock.advance(60)
    await read(house, asker, number)
    now, reference = clock.now(), house.references.of(PersonId(number))
    found = [
        Selection(accounts=(asker.account_id,)),
        Selection(devices=(asker.session_key.hex(),)),
        Selection(networks=(asker.network, "192.0.2.200")),
        Selection(applications=(asker.application,)),
        Selection(structures=(1,)),
        Selection(since=now, until=now + timedelta(microseconds=1)),
        Selection(query=(("_id", reference),)),
        Selection(people=(number,)),
        Selection(people=(number,), accounts=(asker.account_id,), since=now),
    ]
    for selection in found:
        assert people(await investigation.scope([selection])) == {number: "sent"}, selection
    not_found = [
        Selection(accounts=(asker.account_id + 1,)),
        Selection(devices=("00" * 32,)),
        Selection(networks=("192.0.2.8",)),
        Selection(applications=("other",)),
        Selection(structures=(2,)),
        Selection(until=now),
        Selection(query=(("_id", "other"),)),
        Selection(people=(number,), until=now),
    ]
    for selection in not_found:
        assert people(await investigation.scope([selection])) == {}, selection
    union = await investigation.scope(found)
    assert [p.shown.times for p in union.patients] == [1] and union.readings_count == 1


async def test_a_look_is_recorded_and_shows_references(investigation, house, put, account, database) -> None:
    """A data protection officer sees opaque references; the look stands in their chain with what it was."""
    asker = await account()
    home = (Address(("1 rue Haute",), "Bollezeele", "59470"),)
    number = await put(1, "A", record("QUESNOY", "Aldegonde", addresses=home), explained_h=5)
    await read(house, asker, number)
    officer = await account(Role.DATA_PROTECTION_OFFICER, subject="dpo")
    released = await investigation.view(ask(officer, LOOK), [f"account={asker.subject}"])
    answer = released.content
    assert [one.reference for one in answer.patients] == [house.references.of(PersonId(number))]
    assert answer.totals.by_hospital == {1: 1} and answer.totals.unreachable == 0
    assert "QUESNOY" not in repr(answer)
    row = await database.pool.fetchrow("select * from disclosures order by disclosure_id desc limit 1")
    assert (row["account_id"], row["operation"], row["outcome"]) == (officer.account_id, LOOK, Outcome.RECORDED)
    assert f"accounts={asker.account_id}" in row["request"] and answer.digest in row["request"]
    assert answer.disclosure_id == row["disclosure_id"]


async def test_what_was_refused_is_told(investigation, house, account) -> None:
    """A reading of nobody stands among what was asked, with its criteria's names and without their values."""
    asker = await account()
    with pytest.raises(NotFound):
        await house.finder.read(ask(asker, Operation.READ), "x" * 26)
    released = await investigation.view(
        ask(await account(Role.DATA_PROTECTION_OFFICER, subject="dpo"), LOOK), [f"account={asker.subject}"]
    )
    (asked,) = released.content.asked
    assert (asked.operation, asked.outcome, asked.criteria, asked.times) == ("read", "none", ("_id",), 1)


async def test_a_sensitive_hospitals_readings_are_its_own(investigation, house, put, account) -> None:
    """Nobody outside learns whom a psychiatric hospital read; its own officer does."""
    asker = await account(hospital=4)
    number = await put(4, "A", record("NOM", "Anne"), explained_h=5)
    await read(house, asker, number)
    stranger = await account(Role.DATA_PROTECTION_OFFICER, hospital=1, subject="dpo-1")
    own = await account(Role.DATA_PROTECTION_OFFICER, hospital=4, subject="dpo-4")
    text = [f"account={asker.subject}"]
    away = (await investigation.view(ask(stranger, LOOK), text)).content
    home = (await investigation.view(ask(own, LOOK), text)).content
    assert (away.patients, away.readings, away.withheld) == ((), 0, True)
    assert home.totals.by_hospital == {4: 1}


async def test_others_may_not_look(investigation, account, database) -> None:
    """A professional's attempt is refused, and stands in the record."""
    with pytest.raises(Forbidden):
        await investigation.view(ask(await account(), LOOK), ["network=192.0.2.7"])
    assert await database.pool.fetchval("select outcome from disclosures") == Outcome.REFUSED


@pytest.mark.parametrize("texts", [[""], ["colour=blue"], ["account=nobody"], ["patient=aaaaaaaaaaaaaaaaaaaaaaaaaa"]])
async def test_a_wrong_selection_is_refused_and_recorded(investigation, account, database, texts) -> None:
    """Everything, an unknown word, account or patient: an error in words, and a row."""
    officer = await account(Role.DATA_PROTECTION_OFFICER, subject="dpo")
    with pytest.raises((InvalidValue, NotFound)):
        await investigation.view(ask(officer, LOOK), texts)
    assert await database.pool.fetchval("select count(*) from disclosures") == 1


async def test_mere_existence_is_told_of_whom_the_number_names(investigation, house, put, account) -> None:
    """Criteria that match a patient under protected access tell that she exists: she is in the scope."""
    asker = await account(Role.WARD_DOCTOR)
    number = await put(1, "A", record("NOM", "Anne", restricted=True), explained_h=5)
    token = IdentifierToken(house.hospitals.by_id(HospitalId(1)).oid, "A")
    await house.finder.search(ask(asker), Criteria(identifiers=(token,)))
    scope = await investigation.scope([Selection(accounts=(asker.account_id,))])
    assert [p.person_id for p in scope.seen] == [number]
    assert scope.patients[0].certainty is Certainty.UNKNOWN
    assert scope.patients[0].shown.fields & Field.EXISTENCE and scope.patients[0].protected

"""What may not be learnt by asking many times: answers that differ only where the asker may know the difference."""

import contextlib
from datetime import date

import msgspec
import pytest

from beffroi.access.fields import IDENTIFIERS, MINIMAL
from beffroi.errors import CeilingReached
from beffroi.model.account import Role
from beffroi.model.disclosure import Advice, Field, Operation, Outcome, Purpose
from beffroi.model.person import OtherIdentifier, Sex
from beffroi.model.search import Criteria, DateRange, IdentifierToken, Text
from beffroi.watch.evidence import DAY_S, HOUR_S, Evidence
from beffroi.watch.norms import NORMS
from requests_and_records import BORN, ask, record

DAY = DateRange(BORN, BORN)
FULL = Criteria(birth_date=DAY, family=Text("Mar"), given=Text("L"))


def numbered(*ipps: str, **narrowing: object) -> Criteria:
    return Criteria(identifiers=tuple(IdentifierToken("", ipp) for ipp in ipps), **narrowing)


async def at_the_ceiling(database, clock, asker) -> None:
    """As if the account had been shown all that its role may have in a day."""
    limit, now_s = NORMS[asker.role].ceiling.patients_24h, int(clock.now().timestamp())
    shown = Evidence(hours={now_s // HOUR_S: limit}, days={now_s // DAY_S: limit}, first_s=now_s)
    evidence = msgspec.json.encode(shown).decode()
    update = "update account_states set evidence = $1::json where account_id = $2"
    await database.pool.execute(update, evidence, asker.account_id)


async def told(database) -> list[list[int]]:
    """The people of each disclosure, in order."""
    found = await database.pool.fetch("select shown from disclosures order by disclosure_id")
    return [[person for person, _, _ in msgspec.json.decode(row["shown"])] for row in found]


async def test_beyond_the_ceiling_nobody_can_be_guessed(house, put, account, database, clock):
    """A stranger who matches and one who does not are answered alike, or each question would tell one bit for ever."""
    await put(1, "A1", record("MARTIN", "Louise"))
    asker = await account()
    await at_the_ceiling(database, clock, asker)
    for criteria in (numbered("A1", family=Text("MAR")), numbered("A1", family=Text("DUR")), numbered("A9"), FULL):
        with pytest.raises(CeilingReached):
            await house.finder.search(ask(asker), criteria)
    with pytest.raises(CeilingReached):
        await house.finder.pix(ask(asker, Operation.PIX_QUERY), house.hospitals.by_id(1).oid, "A9", ())


async def test_beyond_the_ceiling_known_patients_do_not_tell_of_strangers(house, put, account, database, clock):
    """Beside a patient seen before, a stranger's match changes nothing of the answer."""
    await put(1, "A0", record("MARTIN", "Lucie"))
    await put(1, "A1", record("MARTIN", "Louise"))
    await put(1, "A2", record("MARTIN", "Laure"))
    asker = await account()
    await house.finder.search(ask(asker), numbered("A1"))
    await at_the_ceiling(database, clock, asker)
    seen = []
    for others in ((), ("A0",), ("A2",), ("A9",)):
        answer = (await house.finder.search(ask(asker), numbered("A1", *others))).content
        seen.append(([s.own_ipp for s in answer.shown], answer.advice))
    assert seen == [([("A1",)], (Advice.WITHHELD,))] * 4


async def test_the_traits_of_protected_people_cannot_be_guessed(house, put, account):
    """Whoever may not see a protected patient gets one answer for her number, whatever traits they add to it."""
    await put(1, "A1", record("MARTIN", "Louise", restricted=True, sex=Sex.FEMALE))
    nurse = await account(Role.WARD_NURSE)
    guesses = [
        {},
        {"family": Text("MAR")},
        {"family": Text("DUR")},
        {"birth_date": DateRange(date(1900, 1, 1), date(1900, 1, 1))},
        {"sex": Sex.MALE},
        {"telecom": "0612345678"},
        {"telecom": "0699999999"},
        {"address_city": Text("Nowhere")},
    ]
    answers = [(await house.finder.search(ask(nurse), numbered("A1", **guess))).content for guess in guesses]
    assert {(a.outcome, a.shown, a.advice) for a in answers} == {(Outcome.NONE, (), (Advice.RESTRICTED,))}


async def test_what_is_withheld_of_protected_people_is_not_told_by_a_criterion(house, put, account):
    """Those who may see her name and birth date learn neither sex nor telephone from a search that adds them."""
    await put(1, "A1", record("MARTIN", "Louise", restricted=True, sex=Sex.FEMALE), explained_h=2)
    doctor = await account(Role.EMERGENCY_DOCTOR)
    for guess in ({"sex": Sex.MALE}, {"sex": Sex.FEMALE}, {"telecom": "0699999999"}, {"telecom": "0612345678"}):
        answer = (await house.finder.search(ask(doctor), msgspec.structs.replace(FULL, **guess))).content
        assert len(answer.shown) == 1
    assert (await house.finder.search(ask(doctor), numbered("A1", family=Text("DUR")))).content.shown == ()
    by_phone = (await house.finder.search(ask(doctor), Criteria(telecom="0612345678"))).content
    assert (by_phone.shown, Advice.RESTRICTED in by_phone.advice) == ((), False)


async def test_a_sample_does_not_tell_the_sex_of_protected_people(house, put, account):
    """`$match` grades them by what may be shown of them."""
    await put(1, "A1", record("MARTIN", "Louise", restricted=True, sex=Sex.FEMALE))
    nurse = await account(Role.WARD_NURSE)
    sample = Criteria(birth_date=DAY, family=Text("MARTIN"), given=Text("Louise"))
    answers = [
        (await house.finder.match(ask(nurse, Operation.MATCH), msgspec.structs.replace(sample, sex=sex))).content
        for sex in (Sex.MALE, Sex.FEMALE)
    ]
    assert answers[0].advice == answers[1].advice == (Advice.RESTRICTED,)


async def test_protected_people_show_no_birth_order(house, put, account):
    """That she is a twin is neither her name nor her birth date."""
    await put(1, "A1", record("MARTIN", "Louise", restricted=True, birth_order=2))
    (shown,) = (await house.finder.search(ask(await account()), FULL)).content.shown
    assert (shown.record.birth_date, shown.record.birth_order) == (BORN, 0)


async def test_whoever_makes_a_match_uncertain_is_recorded(house, put, account, database):
    """Two numbers with onlyCertainMatches: "none" tells that both exist, so both are told and count."""
    people = [await put(1, "A1", record("MARTIN", "Louise")), await put(1, "A2", record("DURAND", "Anne"))]
    asker = await account()
    match = ask(asker, Operation.MATCH)
    answer = (await house.finder.match(match, numbered("A1", "A2"), only_certain=True)).content
    assert (answer.shown, answer.advice) == ((), ())
    first = (await house.finder.match(match, numbered("A1", "A2"), count=1)).content
    assert [s.grade for s in first.shown] == ["probable"]
    assert await told(database) == [people, people]


async def test_people_too_many_by_their_numbers_are_recorded(house, put, account, database):
    """One number more than a list holds: "too many" tells that every one exists."""
    person = await put(1, "A0", record("MARTIN", "Louise"))
    house.finder._list_max = 1
    other = await put(1, "A1", record("DURAND", "Anne"))
    answer = (await house.finder.search(ask(await account()), numbered("A0", "A1"))).content
    assert answer.outcome is Outcome.TOO_MANY
    assert await told(database) == [[person, other]]


async def test_a_sensitive_hospitals_number_is_not_passed_on_by_another(house, put, account):
    """An identifier of its domain that an ordinary hospital sent with its patient shows inside it alone."""
    sensitive = house.hospitals.by_id(4)
    others = tuple(OtherIdentifier(s, "PSY1", "PN") for s in (sensitive.oid, sensitive.finess, sensitive.namespace))
    kept = OtherIdentifier("1.2.250.1.213.1.4.99", "77", "RRI")
    await put(2, "B1", record("MARTIN", "Louise", others=(*others, kept)))
    outside, inside = await account(), await account(hospital=4, subject="899700000002")
    reference = (await house.finder.search(ask(outside), FULL)).content.shown[0].reference
    shown = [
        (await house.finder.read(ask(who, Operation.READ, MINIMAL | IDENTIFIERS), reference)).content.shown[0]
        for who in (outside, inside)
    ]
    assert [len(one.record.others) for one in shown] == [1, 4]
    assert shown[0].fields & Field.OTHER_IDENTIFIERS


async def test_whoever_is_told_by_no_answer_costs_nothing(house, put, account, database, clock):
    """A resemblance that a match leaves out is neither recorded nor counted."""
    person = await put(1, "A1", record("MARTIN", "Louise"))
    await put(1, "A2", record("MARTINEAU", "Louisette"))
    asker = await account()
    sample = Criteria(birth_date=DAY, family=Text("MARTIN"), given=Text("Louise"))
    answer = (await house.finder.match(ask(asker, Operation.MATCH), sample, only_certain=True)).content
    assert ([s.person_id for s in answer.shown], await told(database)) == ([person], [[person]])
    evidence = await database.pool.fetchval("select evidence from account_states")
    assert msgspec.json.decode(evidence, type=Evidence).hours == {int(clock.now().timestamp()) // HOUR_S: 1}


async def test_refused_emergencies_do_not_fill_the_accounts_row(house, put, account, database):
    """What an account is refused adds nothing to what is remembered of it, however often it asks."""
    await put(1, "A1", record("MARTIN", "Louise"))
    asker = await account()
    reference = (await house.finder.search(ask(asker), FULL)).content.shown[0].reference
    urgent = ask(asker, Operation.EMERGENCY_READ, purpose=Purpose.EMERGENCY, reason="patient inconscient")
    for _ in range(8):
        with contextlib.suppress(CeilingReached):
            await house.finder.read(urgent, reference)
    evidence = await database.pool.fetchval("select evidence from account_states")
    assert len(msgspec.json.decode(evidence, type=Evidence).emergencies) == 5


async def test_no_letter_of_a_protected_name_can_be_confirmed(house, put, account):
    """Beyond the letters that a full search needs, right and wrong ones are answered alike; others are as before."""
    await put(1, "A1", record("MARTIN", "Louise", restricted=True))
    await put(1, "A2", record("MARCHAND", "Louise"))
    nurse = await account(Role.WARD_NURSE)
    asked = [Criteria(birth_date=DAY, family=Text(f), given=Text(g)) for f, g in (("MARTIN", "Louise"), ("MARB", "Lu"))]
    answers = [(await house.finder.search(ask(nurse), criteria)).content for criteria in asked]
    assert {(a.outcome, a.shown, a.advice) for a in answers} == {(Outcome.NONE, (), (Advice.RESTRICTED,))}
    (shown,) = (
        await house.finder.search(ask(nurse), Criteria(birth_date=DAY, family=Text("MARC"), given=Text("L")))
    ).content.shown
    assert shown.own_ipp == ("A2",)

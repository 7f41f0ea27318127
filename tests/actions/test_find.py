"""What a professional finds, and what is recorded of it, on a real database."""

import asyncio
from datetime import date

import msgspec
import pytest

from beffroi.access.fields import CONTACT, IDENTIFIERS, MINIMAL
from beffroi.errors import AccountFrozen, CeilingReached, Forbidden, NotAuthenticated, NotFound, TooBroad, UnknownDomain
from beffroi.model.account import Role
from beffroi.model.audit import AuditSearch
from beffroi.model.disclosure import Advice, Field, Operation, Outcome, Proof, Purpose
from beffroi.model.person import OID_INS_NIR_TEST, IdentityAttribute, IdentityStatus, Ins, Sex
from beffroi.model.search import Criteria, DateRange, IdentifierToken, Text
from beffroi.telemetry.metrics import REJECTED_TOKENS
from requests_and_records import BORN, ask, record

DAY = DateRange(BORN, BORN)
INS = Ins("297022A02077878", OID_INS_NIR_TEST)


def full(family: str = "Mar", given: str = "L") -> Criteria:
    return Criteria(birth_date=DAY, family=Text(family), given=Text(given))


async def rows(database):
    return await database.pool.fetch("select * from disclosures order by disclosure_id")


async def test_a_full_search_shows_a_stranger_with_minimal_fields(house, put, account, database):
    """Birth date, three letters and one letter: the patient appears, without contact data, and it is recorded."""
    person = await put(2, "B1", record("MARTIN", "Louise"))
    answer = (await house.finder.search(ask(await account()), full())).content
    (shown,) = answer.shown
    assert (shown.record.birth_family, shown.record.telecoms, shown.domains) == ("MARTIN", (), ())
    (row,) = await rows(database)
    ((who, fields, identities),) = msgspec.json.decode(row["shown"])
    assert (who, identities) == (person, [person])
    assert fields & int(CONTACT | IDENTIFIERS) == 0
    assert await database.pool.fetchval("select count(*) from seen where person_id = $1", person) == 1


async def test_the_recorded_fields_are_those_sent(house, put, account, database):
    """A patient without a used name is not recorded as having shown one."""
    await put(1, "A1", record("MARTIN", "Louise"))
    answer = (await house.finder.search(ask(await account()), full())).content
    sent = answer.shown[0].fields
    assert not sent & Field.USED_NAME
    assert sent & Field.OWN_IDENTIFIER
    ((_, recorded, _),) = msgspec.json.decode((await rows(database))[0]["shown"])
    # The criteria that matched are told too.
    assert Field(recorded) == sent | Field.BIRTH_NAME | Field.USED_NAME | Field.BIRTH_DATE


async def test_a_short_name_shows_explained_people_only(house, put, account):
    """Two letters show the hospital's own recent patient, no stranger, and what to add."""
    await put(1, "A1", record("MARTIN", "Louise"), explained_h=2)
    await put(2, "B1", record("MARTEL", "Lucie"))
    criteria = Criteria(birth_date=DAY, family=Text("ma"))
    answer = (await house.finder.search(ask(await account()), criteria)).content
    assert [s.record.birth_family for s in answer.shown] == ["MARTIN"]
    assert (answer.advice, answer.missing) == ((Advice.MAY_BE_OTHERS,), ("family:3", "given:1"))


async def test_the_advice_is_the_same_when_there_are_no_others(house, account):
    """That there may be others depends on the question alone, so it tells nothing."""
    answer = (await house.finder.search(ask(await account()), Criteria(birth_date=DAY, family=Text("ma")))).content
    assert (answer.outcome, answer.advice) == (Outcome.NONE, (Advice.MAY_BE_OTHERS,))


async def test_a_birth_date_alone_looks_in_the_own_hospital(house, put, account):
    """Another hospital's recent patient does not appear."""
    await put(1, "A1", record("MARTIN", "Louise"), explained_h=2)
    await put(2, "B1", record("DURAND", "Anne"), explained_h=2)
    answer = (await house.finder.search(ask(await account()), Criteria(birth_date=DAY))).content
    assert [s.record.birth_family for s in answer.shown] == ["MARTIN"]
    assert Advice.OWN_HOSPITAL_ONLY in answer.advice


async def test_a_feed_explains_nothing_to_itself(house, put, account):
    """An account that both feeds and reads cannot explain its own readings."""
    asker = await account()
    await put(1, "A1", record("MARTIN", "Louise"), explained_h=2, fed_by=asker.account_id)
    answer = (await house.finder.search(ask(asker), Criteria(birth_date=DAY))).content
    assert answer.shown == ()


async def test_an_old_event_explains_nothing(house, put, account, clock):
    """Explanations end."""
    await put(1, "A1", record("MARTIN", "Louise"), explained_h=-1)
    assert (await house.finder.search(ask(await account()), Criteria(birth_date=DAY))).content.shown == ()


@pytest.mark.parametrize("letters", ["é", "M%", "_a"])
async def test_wildcards_are_letters_like_others(house, put, account, letters):
    """No character has a meaning in a search."""
    await put(1, "A1", record("MARTIN", "Louise"))
    answer = (await house.finder.search(ask(await account()), full(letters + "xy", "L"))).content
    assert answer.shown == ()


async def test_accents_and_hyphens_do_not_matter_and_exact_is_exact(house, put, account):
    """ "Le Goff-Müller" is found as legoffmuller, and by :exact only as written."""
    await put(1, "A1", record("Le Goff-Müller", "Élise"))
    asker = await account()
    assert (await house.finder.search(ask(asker), full("LEGOFF MULLER", "elise"))).content.shown
    exact = Criteria(birth_date=DAY, family=Text("LE GOFF-MULLER", exact=True), given=Text("E"))
    assert not (await house.finder.search(ask(asker), exact)).content.shown
    exact = Criteria(birth_date=DAY, family=Text("Le Goff-Müller", exact=True), given=Text("E"))
    assert (await house.finder.search(ask(asker), exact)).content.shown


async def test_the_used_name_is_found_like_the_birth_name(house, put, account):
    """RNIV: both names are searched."""
    await put(1, "A1", record("DUBOIS", "Louise", used_family="MARTIN"))
    assert (await house.finder.search(ask(await account()), full())).content.shown


async def test_more_than_twenty_people_show_nobody(house, put, account, database):
    """Too many says so, shows nobody, and is recorded."""
    for number in range(21):
        await put(1, f"A{number}", record("MARTIN", "Louise"))
    answer = (await house.finder.search(ask(await account()), full())).content
    assert (answer.shown, answer.outcome) == ((), Outcome.TOO_MANY)
    assert (await rows(database))[0]["outcome"] == Outcome.TOO_MANY


@pytest.mark.parametrize(
    "criteria",
    [
        Criteria(given=Text("Louise")),
        Criteria(family=Text("M")),
        Criteria(updated_since=date(2026, 1, 1)),
        Criteria(address_city=Text("Lille")),
        Criteria(birth_date=DateRange(date(1980, 1, 1), date(1980, 12, 31))),
    ],
)
async def test_a_sweep_is_refused_and_recorded(house, account, database, criteria):
    """What narrows does not select; the refusal is in the ledger."""
    with pytest.raises(TooBroad):
        await house.finder.search(ask(await account()), criteria)
    assert [row["outcome"] for row in await rows(database)] == [Outcome.TOO_BROAD]


async def test_a_sensitive_hospital_shows_nowhere_else(house, put, account):
    """Its identity neither matches, nor shows, nor is a known domain, outside it; inside, it does."""
    person = await put(1, "A1", record("MARTIN", "Louise"))
    await put(4, "PSY1", record("MARTIN", "Louise", used_family="SECRET"), person=person)
    await put(4, "PSY2", record("MARTINEZ", "Laure"))
    outside, inside = await account(), await account(hospital=4, subject="899700000002")
    seen = (await house.finder.search(ask(outside), full())).content.shown
    assert [s.sources for s in seen] == [(person,)]
    assert not (await house.finder.search(ask(outside), full("SEC", "L"))).content.shown
    assert len((await house.finder.search(ask(inside), full())).content.shown) == 2
    sensitive, ordinary = (house.hospitals.by_id(n).oid for n in (4, 2))
    coordinator = await account(Role.CROSS_REFERENCE_APPLICATION, subject="app")
    with pytest.raises(UnknownDomain):
        await house.finder.pix(ask(coordinator, Operation.PIX_QUERY), sensitive, "PSY1", (ordinary,))
    own = house.hospitals.by_id(1).oid
    (found,) = (await house.finder.pix(ask(coordinator, Operation.PIX_QUERY), own, "A1", ())).content.shown
    assert (found.own_ipp, found.domains, found.fields) == ((), (), Field.REFERENCE)


async def test_searches_that_go_together_stay_apart(house, put, account):
    """Asked at once from every hospital, each is answered as when it is asked alone."""
    for hospital, family in ((1, "MARTIN"), (2, "MARCHAND"), (4, "MARTEL"), (3, "MORIN")):
        await put(hospital, f"I{hospital}", record(family, "Louise"))
    askers = [await account(hospital=hospital, subject=f"89970000001{hospital}") for hospital in (1, 2, 3, 4)]

    async def shown(asker, family):
        found = (await house.finder.search(ask(asker), full(family))).content.shown
        return [(one.sources, one.own_ipp) for one in found]

    asked = [(asker, family) for asker in askers for family in ("MAR", "MOR", "MARC", "NOB")]
    alone = [await shown(*one) for one in asked]
    assert await asyncio.gather(*(shown(*one) for one in asked)) == alone
    assert len({str(one) for one in alone}) > len(askers)


async def test_a_fictitious_identity_stays_in_its_hospital(house, put, account):
    """Nobody elsewhere finds it."""
    await put(2, "B1", record("MARTIN", "Louise", attributes=(IdentityAttribute.FICTITIOUS,)))
    assert not (await house.finder.search(ask(await account()), full())).content.shown
    insider = await account(hospital=2, subject="899700000002")
    assert (await house.finder.search(ask(insider), full())).content.shown


async def test_protected_people_show_name_and_birth_date_to_few(house, put, account, database):
    """An emergency doctor sees name and birth date; a nurse is told that protected access withholds somebody."""
    await put(1, "A1", record("MARTIN", "Louise", restricted=True))
    (shown,) = (await house.finder.search(ask(await account()), full())).content.shown
    assert shown.record.sex.value == "U"
    assert (shown.record.birth_family, shown.own_ipp) == ("MARTIN", ())
    nurse = await account(Role.WARD_NURSE, subject="899700000002")
    answer = (await house.finder.search(ask(nurse), full())).content
    assert (answer.shown, Advice.RESTRICTED in answer.advice) == ((), True)
    ((_, fields, _),) = msgspec.json.decode((await rows(database))[1]["shown"])
    assert fields & Field.EXISTENCE


async def test_contact_is_read_for_one_patient_with_a_purpose(house, put, account):
    """A list never shows phones; one patient's reading does, for care."""
    await put(1, "A1", record("MARTIN", "Louise"))
    asker = await account()
    (shown,) = (await house.finder.search(ask(asker), full())).content.shown
    read = ask(asker, Operation.READ, MINIMAL | CONTACT)
    (one,) = (await house.finder.read(read, shown.reference)).content.shown
    assert {t.value for t in one.record.telecoms} == {"0612345678", "a@example.org"}
    with pytest.raises(Forbidden):
        await house.finder.search(ask(asker, wanted=MINIMAL | CONTACT), full())


async def test_searching_by_phone_tells_the_phone(house, put, account, database):
    """The disclosure says that the phone was told, although the answer shows minimal fields."""
    await put(1, "A1", record("MARTIN", "Louise"), explained_h=1)
    answer = (await house.finder.search(ask(await account()), Criteria(telecom="+33 6 12 34 56 78"))).content
    assert len(answer.shown) == 1
    ((_, fields, _),) = msgspec.json.decode((await rows(database))[0]["shown"])
    assert fields & Field.PHONE
    application = await account(Role.HOSPITAL_APPLICATION, subject="app")
    with pytest.raises(Forbidden):
        await house.finder.search(ask(application), Criteria(telecom="0612345678"))


async def test_an_ins_finds_its_person_for_those_who_may_have_it(house, put, account):
    """A full identifier needs no name, but the right to identifiers."""
    await put(2, "B1", record("MARTIN", "Louise", status=IdentityStatus.QUALIFIED, ins=INS))
    criteria = Criteria(identifiers=(IdentifierToken(INS.oid, INS.value),))
    assert (await house.finder.search(ask(await account()), criteria)).content.shown
    nurse = await account(Role.WARD_NURSE, subject="899700000002")
    with pytest.raises(Forbidden):
        await house.finder.search(ask(nurse), criteria)


async def test_a_proof_is_used_once(house, put, account, database):
    """The second request with the same proof is refused, in the same batch or a later one, and recorded as refused."""
    await put(1, "A1", record("MARTIN", "Louise"))
    request = ask(await account(), proof=Proof(b"0123456789abcdef", 29_000_000))
    assert (await house.finder.search(request, full())).content.shown
    counted = REJECTED_TOKENS.labels("replayed")._value.get()
    with pytest.raises(NotAuthenticated):
        await house.finder.search(request, full())
    assert REJECTED_TOKENS.labels("replayed")._value.get() == counted + 1
    assert [row["outcome"] for row in await rows(database)] == [Outcome.SHOWN, Outcome.REFUSED]


async def test_a_frozen_account_reads_nothing_at_once(house, put, account, database):
    """The gate reads the freeze in its own transaction: no cache stands between."""
    await put(1, "A1", record("MARTIN", "Louise"), explained_h=1)
    asker = await account()
    assert (await house.finder.search(ask(asker), full())).content.shown
    await database.pool.execute("update account_states set frozen = true where account_id = $1", asker.account_id)
    with pytest.raises(AccountFrozen):
        await house.finder.search(ask(asker), full())


async def test_emergency_readings_are_bounded_and_recorded(house, put, account, database):
    """Five in a day, each with its reason in the ledger; the sixth is withheld in words, not as an absence."""
    await put(1, "A1", record("MARTIN", "Louise"))
    asker = await account()
    reference = (await house.finder.search(ask(asker), full())).content.shown[0].reference
    urgent = ask(asker, Operation.EMERGENCY_READ, purpose=Purpose.EMERGENCY, reason="patient inconscient")
    for _ in range(5):
        assert (await house.finder.read(urgent, reference)).content.shown
    with pytest.raises(CeilingReached):
        await house.finder.read(urgent, reference)
    assert (await rows(database))[-2]["reason"] == "patient inconscient"


async def test_a_made_up_reference_is_not_found_and_recorded(house, account, database):
    """Walking references finds nobody and leaves traces."""
    with pytest.raises(NotFound):
        await house.finder.read(ask(await account(), Operation.READ), "a" * 26)
    assert [row["outcome"] for row in await rows(database)] == [Outcome.NONE]


async def test_an_old_reference_leads_to_the_person_of_today(house, put, account, database):
    """After a link, the reference given before still answers, with what replaces it and nothing else."""
    first = await put(1, "A1", record("MARTIN", "Louise"))
    second = await put(2, "B1", record("MARTIN", "Louise"))
    asker = await account()
    old = house.references.of(second)
    await database.pool.execute("update identities set person_id = $1 where identity_id = $2", first, second)
    (shown,) = (await house.finder.read(ask(asker, Operation.READ), old)).content.shown
    assert (shown.reference, shown.active, shown.replaced_by) == (old, False, house.references.of(first))
    assert shown.record.birth_family == ""


async def test_pix_gives_the_other_identifiers_and_never_the_source(house, put, account):
    """Names are not part of the answer."""
    person = await put(1, "A1", record("MARTIN", "Louise", status=IdentityStatus.QUALIFIED, ins=INS))
    await put(2, "B1", record("MARTIN", "Louise"), person=person)
    application = await account(Role.CROSS_REFERENCE_APPLICATION, subject="app")
    one = house.hospitals.by_id(1).oid
    (shown,) = (await house.finder.pix(ask(application, Operation.PIX_QUERY), one, "A1", ())).content.shown
    assert (shown.own_ipp, shown.domains, shown.record.birth_family) == ((), ((2, "B1"),), "")
    plain = await account(Role.HOSPITAL_APPLICATION, subject="app2")
    with pytest.raises(Forbidden):
        await house.finder.pix(ask(plain, Operation.PIX_QUERY), one, "A1", ())
    with pytest.raises(UnknownDomain):
        await house.finder.pix(ask(application, Operation.PIX_QUERY), "9.9.9", "A1", ())
    with pytest.raises(NotFound):
        await house.finder.pix(ask(application, Operation.PIX_QUERY), one, "nobody", ())


async def test_match_grades_and_drops_bystanders(house, put, account):
    """The same names are certain; an unexplained resemblance does not appear; two certain ones are probable."""
    await put(2, "B1", record("MARTIN", "Louise"))
    await put(2, "B2", record("MARTINEAU", "Lucie"))
    await put(2, "B3", record("MARCHAND", "Lea"))
    asker = await account()
    sample = full("MARTIN", "Louise")
    answer = (await house.finder.match(ask(asker, Operation.MATCH), sample)).content
    assert [(s.record.birth_family, s.grade) for s in answer.shown] == [("MARTIN", "certain")]
    await put(3, "C1", record("MARTIN", "Louise"))
    twice = (await house.finder.match(ask(asker, Operation.MATCH), sample)).content
    assert {s.grade for s in twice.shown} == {"probable"}
    assert (await house.finder.match(ask(asker, Operation.MATCH), sample, only_certain=True)).content.shown == ()


async def test_an_auditor_sees_their_structure_without_names_or_values(house, put, account, clock):
    """Who read whom, by reference; another structure's auditor sees nothing of it."""
    await put(1, "A1", record("MARTIN", "Louise"))
    asker = await account()
    reference = (await house.finder.search(ask(asker), full())).content.shown[0].reference
    window = AuditSearch(clock.now().replace(year=2000), clock.now().replace(year=2100))
    own = await account(Role.AUDITOR, subject="aud1")
    entries = (await house.finder.audit(ask(own, Operation.AUDIT_SEARCH), window)).content.entries
    assert [(e.reference, e.subject, set(e.criteria)) for e in entries] == [
        (reference, asker.subject, {"family", "given", "birthdate"})
    ]
    assert "Mar" not in str(entries)
    other = await account(Role.AUDITOR, hospital=2, subject="aud2")
    assert (await house.finder.audit(ask(other, Operation.AUDIT_SEARCH), window)).content.entries == ()


async def test_an_emergency_opens_protected_access_to_exactly_one(house, put, account, database):
    """Whom no ordinary search shows is shown by name and birth date to a clinician who says why; two are not."""
    await put(2, "B1", record("MARTIN", "Louise", restricted=True))
    nurse = await account(Role.WARD_NURSE)
    why = {"purpose": Purpose.EMERGENCY, "reason": "patiente inconsciente"}
    urgent = ask(nurse, Operation.EMERGENCY_READ, **why)
    assert (await house.finder.search(ask(nurse), full())).content.shown == ()
    (shown,) = (await house.finder.search(urgent, full())).content.shown
    assert (shown.record.birth_family, shown.record.birth_date, shown.own_ipp) == ("MARTIN", BORN, ())
    guessed = msgspec.structs.replace(full(), sex=Sex.MALE)
    assert (await house.finder.search(urgent, guessed)).content.shown == (shown,)  # her sex cannot be asked for
    await put(2, "B2", record("MARTINEZ", "Laure"))
    with pytest.raises(TooBroad):
        await house.finder.search(urgent, full())
    with pytest.raises(TooBroad):
        await house.finder.search(urgent, Criteria(birth_date=DAY, family=Text("MA")))
    with pytest.raises(Forbidden):
        await house.finder.search(urgent, msgspec.structs.replace(full(), telecom="0612345678"))
    by_number = Criteria(identifiers=tuple(IdentifierToken("", ipp) for ipp in ("A1", "A2")))
    for ipp in ("A1", "A2"):
        await put(1, ipp, record("DURAND", "Anne"))
    two = (await house.finder.search(urgent, by_number)).content
    assert (two.shown, two.advice) == ((), (Advice.TOO_MANY,))
    told = await database.pool.fetchval("select shown from disclosures order by disclosure_id desc limit 1")
    assert [Field.EXISTENCE in Field(fields) for _, fields, _ in msgspec.json.decode(told)] == [True, True]
    by_operation = await database.pool.fetch("select outcome from disclosures where operation = 7 order by 1")
    assert [row[0] for row in by_operation] == [
        *[Outcome.SHOWN] * 2,
        *[Outcome.TOO_MANY] * 2,
        Outcome.TOO_BROAD,
        Outcome.REFUSED,
    ]

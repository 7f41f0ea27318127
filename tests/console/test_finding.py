"""The professional's journey over HTTP: what is typed, what is found, what is refused, and what is recorded of it."""

import json
from datetime import timedelta

import msgspec
import pytest

from beffroi.model.disclosure import Door, Field, Operation, Outcome, Purpose
from beffroi.model.person import OID_INS_NIR_TEST, Address, IdentityStatus, Ins
from console.asking import find, link_in, path_of, post
from requests_and_records import record

SECRETS = ("MARTIN", "Louise", "1980", "17051980", "mar l")


async def last(served):
    """The newest disclosure."""
    return await served.database.pool.fetchrow("select * from disclosures order by disclosure_id desc limit 1")


async def test_two_fields_find_a_patient(served, louise) -> None:
    """A birth date and letters: a list of one, recorded as a search by the console with what it told."""
    client = await served.signed_in("ward-nurse")
    page = await find(client)
    assert 'MARTIN <span class="given">Louise' in page.text and "17/05/1980" in page.text and "IPP-7" in page.text
    row = await last(served)
    assert (row["door"], row["operation"], row["outcome"]) == (Door.CONSOLE, Operation.SEARCH, Outcome.SHOWN)
    assert [person for person, _, _ in msgspec.json.decode(row["shown"])] == [louise]
    assert json.loads(row["request"])["birthdate"] == "1980-05-17"


async def test_no_identity_stands_in_an_address(served, louise) -> None:
    """Neither addresses, titles nor headers hold a word of what was searched or found."""
    client = await served.signed_in("ward-nurse")
    found = await find(client)
    patient = await client.get(link_in(found))
    for answer in (found, patient):
        title = answer.text.partition("<title>")[2].partition("</title>")[0]
        for text in (str(answer.url), title, str(answer.headers)):
            assert not [secret for secret in SECRETS if secret in text]


async def test_an_address_s_length_tells_no_name_s(served) -> None:
    """A short name and a long one have addresses of one length."""
    client = await served.signed_in("ward-nurse")
    paths = [path_of(await post(client, "/find", born="17051980", name=name)) for name in ("li x", "vandenberghe m")]
    assert len(paths[0]) == len(paths[1])


async def test_reload_and_back_ask_again(served, louise) -> None:
    """Each showing is its own disclosure; the patient counts once."""
    client = await served.signed_in("ward-nurse")
    page = await find(client)
    again = await client.get(str(page.url))
    assert 'MARTIN <span class="given">Louise' in again.text
    assert await served.database.pool.fetchval("select count(*) from disclosures where operation = 1") == 2


@pytest.mark.parametrize(
    ("born", "name", "said"),
    [
        ("", "", "Écrivez une date de naissance ou un nom"),
        ("31/02/1980", "mar", "Ce n&#39;est pas une date de naissance"),
        ("demain", "mar", "Ce n&#39;est pas une date de naissance"),
        ("17/05/2080", "mar", "Ce n&#39;est pas une date de naissance"),
    ],
)
async def test_a_mistake_is_said_beside_its_field(served, born: str, name: str, said: str) -> None:
    """The form comes back with what was typed, the field marked and its mistake tied to it; nobody was asked."""
    client = await served.signed_in("ward-nurse")
    page = await post(client, "/find", born=born, name=name)
    assert page.status_code == 422
    assert said in page.text
    assert 'aria-invalid="true"' in page.text and 'aria-describedby="born-mistake' in page.text
    assert await served.database.pool.fetchval("select count(*) from disclosures where operation = 1") == 0


async def test_too_broad_says_what_to_add(served) -> None:
    """A letter alone is refused with what to add, on the form."""
    client = await served.signed_in("ward-nurse")
    page = await find(client, born="", name="m")
    assert page.status_code == 400
    assert "Cette recherche est trop large" in page.text
    assert (await last(served))["outcome"] == Outcome.TOO_BROAD


async def test_nobody_is_said_with_the_way_on(served, louise) -> None:
    """None found, and how to search otherwise; a compound name can be taken whole."""
    client = await served.signed_in("ward-nurse")
    page = await find(client, name="le goff")
    assert "Aucun patient trouvé" in page.text and "Tout prendre pour le nom" in page.text


async def test_too_many_are_none(served, put) -> None:
    """Beyond the list's length nobody is shown, and the page says what to add."""
    for number in range(25):
        await put(1, f"N-{number}", record("MARTIN", f"L{chr(97 + number)}"), explained_h=5)
    client = await served.signed_in("ward-nurse")
    page = await find(client)
    assert "Trop de patients" in page.text and "<table" not in page.text


async def test_more_needs_a_purpose(served, put) -> None:
    """Contact data and identifiers come one patient at a time, for a purpose that is recorded."""
    ins = Ins("297022A02077878", OID_INS_NIR_TEST)
    home = (Address(("1 rue Haute",), "Bollezeele", "59470"),)
    content = record("QUESNOY", "Aldegonde", status=IdentityStatus.QUALIFIED, ins=ins, addresses=home)
    await put(1, "IPP-8", content, explained_h=5)
    client = await served.signed_in("admission-clerk")
    link = link_in(await find(client, name="que a"))
    page = await client.get(link)
    assert "Bollezeele" not in page.text and "2 97 02" not in page.text
    nothing = await post(client, link, purpose="HOPERAT")
    assert "Bollezeele" not in (await client.get(path_of(nothing))).text
    asked = await post(client, link, contact="1", identifiers="1", purpose="HOPERAT")
    page = await client.get(path_of(asked))
    assert "Bollezeele" in page.text and "06 12 34 56 78" in page.text and "2 97 02 2A 020 778 78" in page.text
    row = await last(served)
    ((_, fields, _),) = msgspec.json.decode(row["shown"])
    assert row["purpose"] == Purpose.ADMISSION
    assert Field.PHONE | Field.INS | Field.ADDRESS in Field(fields)


async def test_what_the_role_may_not_is_refused_in_words(served, louise) -> None:
    """A nurse has no identifiers: the form does not offer them, and a form made up by hand is refused and recorded."""
    client = await served.signed_in("ward-nurse")
    link = link_in(await find(client))
    assert 'name="identifiers"' not in (await client.get(link)).text
    page = await client.get(path_of(await post(client, link, identifiers="1", purpose="TREAT")))
    assert page.status_code == 403
    assert "ne donne pas accès" in page.text
    assert (await last(served))["outcome"] == Outcome.REFUSED


async def test_by_number(served, louise) -> None:
    """The hospital's own number finds its patient."""
    client = await served.signed_in("ward-nurse")
    assert 'MARTIN <span class="given">Louise' in (await find(client, born="", name="", number="IPP-7")).text


async def test_an_emergency_reading_is_shown_once(served, put) -> None:
    """It needs a reason, shows a protected person, and its address reads once: a reload asks again."""
    await put(1, "IPP-9", record("MARTIN", "Louise", restricted=True))
    client = await served.signed_in("ward-nurse")
    found = await find(client)
    assert "Accès protégé" in found.text and "MARTIN" not in found.text
    short = await post(client, "/emergency", born="17051980", name="mar l", reason="vite")
    assert short.status_code == 422 and 'id="reason-mistake"' in short.text
    asked = path_of(
        await post(client, "/emergency", born="17051980", name="mar l", reason="inconsciente, sans papiers")
    )
    page = await client.get(asked)
    assert 'MARTIN <span class="given">Louise' in page.text
    row = await last(served)
    assert (row["operation"], row["reason"]) == (Operation.EMERGENCY_READ, "inconsciente, sans papiers")
    again = await client.get(asked)
    assert again.status_code == 410 and "MARTIN" not in again.text
    served.clock.moved += timedelta(minutes=11)
    await served.database.pool.execute("delete from proofs")  # the worker forgets what is too old to serve
    assert (await client.get(asked)).status_code == 410


async def test_a_ceiling_says_why_and_the_way_on(served, louise, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a ceiling the page says withheld, why, and whom to call; never that there is nobody."""
    from beffroi.actions.disclose.gate import Gate
    from beffroi.errors import CeilingReached

    client = await served.signed_in("ward-nurse")

    async def reached(*_: object, **__: object) -> None:
        raise CeilingReached(what="24 hours", limit=60, instead="Call.")

    monkeypatch.setattr(Gate, "disclose", reached)
    page = await find(client)
    assert page.status_code == 429
    assert "Retenu" in page.text and "03 00 00 00 00" in page.text and "Aucun patient trouvé" not in page.text


async def test_an_answer_s_fate_is_told(served, louise) -> None:
    """What was handed to the browser is called sent."""
    client = await served.signed_in("ward-nurse")
    await find(client)
    for _ in range(100):
        sent = await served.database.pool.fetch("select sent from deliveries")
        if sent:
            break
        import asyncio

        await asyncio.sleep(0.05)
    assert [row["sent"] for row in sent] == [True]

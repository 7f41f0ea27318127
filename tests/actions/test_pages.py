"""Lists in pages, through the real gate: whoever is told to exist is recorded, and a link is nobody else's."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from beffroi.access.pages import CONTINUATION_S, Continuations
from beffroi.model.account import Role
from beffroi.model.disclosure import Field
from beffroi.servers.fhir_api import FhirApi
from beffroi.watch.evidence import HOLD, Evidence
from beffroi.wire.fhir_view import Endpoint
from doubles import FakeClock
from fhir_answers import REGIONAL_OID
from fhir_door import FakeAuthenticator, Told, call
from fhir_rules import violations
from requests_and_records import record

BASE = "http://beffroi.test/fhir"
SEARCH = "/fhir/Patient?family=Mar&given=L&birthdate=1980-05-17"
Asks = Callable[..., Awaitable[Told]]


@pytest.fixture
def asks(house, account) -> Asks:
    """Asks as somebody; all their processes share the key of the links, and a clock."""
    clock = FakeClock()

    async def ask(target: str, body: Any = b"", subject: str = "899700000001", later_s: float = 0, **more: str) -> Told:
        clock.advance(timedelta(seconds=later_s))
        asker = await account(Role.WARD_DOCTOR, subject=subject)
        if key := more.pop("session", ""):
            asker = msgspec.structs.replace(asker, session_key=key.encode() * 32)
        endpoint = Endpoint(BASE, REGIONAL_OID, house.hospitals)
        api = FhirApi(house.finder, FakeAuthenticator(asker), endpoint, clock, pages=Continuations(bytes(32)))
        told = await call(api, "POST" if body else "GET", target, body, **more)
        assert violations(told.json) == []
        return told

    return ask


@pytest.fixture
async def five(put) -> list[int]:
    """Five people who match one search."""
    return [await put(1, f"A{number}", record("MARTIN", f"L{number}"), explained_h=2) for number in range(5)]


def names(told: Told) -> list[str]:
    entries = [e["resource"] for e in told.json.get("entry", []) if e["resource"]["resourceType"] == "Patient"]
    return [patient["name"][0]["given"][0] for patient in entries]


def following(told: Told) -> str:
    urls = [link["url"] for link in told.json["link"] if link["relation"] == "next"]
    return urls[0].removeprefix("http://beffroi.test") if urls else ""


async def test_pages_hold_everybody_once(asks, five) -> None:
    """Page after page shows each of the people once, says how many there are, and ends."""
    told = await asks(f"{SEARCH}&_count=2")
    seen: list[list[str]] = []
    while True:
        assert (told.status, told.json["total"]) == (200, 5)
        seen.append(names(told))
        if not following(told):
            break
        told = await asks(following(told))
    assert [len(page) for page in seen] == [2, 2, 1]
    assert sorted(name for page in seen for name in page) == [f"L{number}" for number in range(5)]


async def test_a_posted_search_has_pages_too(asks, five) -> None:
    """The next page of a posted search is had by GET, and its address holds nothing that was asked."""
    told = await asks(
        "/fhir/Patient/_search",
        b"family=Mar&given=L&birthdate=1980-05-17&_count=3",
        content_type="application/x-www-form-urlencoded",
    )
    assert len(names(told)) == 3
    assert not any(word in following(told) for word in ("Mar", "1980", "family"))
    assert len(names(await asks(following(told)))) == 2


async def test_whoever_is_counted_is_recorded(asks, five, database) -> None:
    """The first page shows two people and tells of five: five are recorded, and all of them count as seen."""
    await asks(f"{SEARCH}&_count=2")
    (row,) = await database.pool.fetch("select shown from disclosures")
    shown = {person: Field(fields) for person, fields, _ in msgspec.json.decode(row["shown"])}
    assert sorted(shown) == five
    assert sum(Field.EXISTENCE in fields for fields in shown.values()) == 3
    assert await database.pool.fetchval("select count(distinct person_id) from seen") == 5


async def test_a_link_is_good_for_its_account_alone(asks, five, database) -> None:
    """Another account, another session, a changed letter and an old link all read the same, and are recorded."""
    page = following(await asks(f"{SEARCH}&_count=2"))
    refused = [
        await asks(page, subject="899700000002"),
        await asks(page, session="k"),
        await asks(page[:-1] + ("A" if page[-1] != "A" else "B")),
        await asks("/fhir/Patient?_page=abc"),
        await asks("/fhir/Patient?_page=%C3%A9"),
        await asks(page, later_s=CONTINUATION_S + 1),
    ]
    assert {told.status for told in refused} == {410}
    issues = [told.json["issue"][0] for told in refused]
    assert all(issue == issues[0] for issue in issues)
    assert await database.pool.fetchval("select count(*) from disclosures where outcome = 5") == len(refused)


async def test_a_link_does_not_outlive_its_account(asks, five, database) -> None:
    """A stopped account is refused at the next page as at any question."""
    page = following(await asks(f"{SEARCH}&_count=2"))
    await database.pool.execute("update account_states set frozen = true")
    told = await asks(page)
    assert (told.status, names(told) if told.status == 200 else []) == (403, [])


async def test_alternatives_find_all_their_people(asks, put) -> None:
    """A comma is "or": the people of each alternative are found, once; a repetition is "and"."""
    await put(1, "A1", record("MARTIN", "Louise"), explained_h=2)
    await put(1, "A2", record("DURAND", "Lucie"), explained_h=2)
    await put(1, "A3", record("MARTIN", "Anne"), explained_h=2)
    born = "birthdate=1980-05-17"
    assert sorted(names(await asks(f"/fhir/Patient?family=Mar,Dur&given=L&{born}"))) == ["Louise", "Lucie"]
    assert sorted(names(await asks(f"/fhir/Patient?family=Mar&given=L,A&{born}"))) == ["Anne", "Louise"]
    assert names(await asks(f"/fhir/Patient?family=Mar&given=L,A&given=Lou&{born}")) == ["Louise"]
    assert names(await asks(f"/fhir/Patient?family=Mar&given=L&{born}&gender=male,female")) == ["Louise"]
    assert names(await asks("/fhir/Patient?identifier=A1,A2&family=Dur")) == ["Lucie"]


async def test_a_held_account_cannot_count(asks, put, database) -> None:
    """None, one and many strangers read the same to a held account: status, words, total and links, in pages or not."""
    await asks(SEARCH)  # makes the account
    for number in range(3):
        await put(2, f"S{number}", record("STRANGER", f"L{number}"))
    await put(2, "T1", record("TELLER", "Lucie"))
    held_s = int(FakeClock().now().timestamp()) - 60
    await database.pool.execute(
        "update account_states set evidence = $1::json",
        msgspec.json.encode(Evidence(held_s=held_s, rung=HOLD)).decode(),
    )
    told = {
        name: [
            await asks(f"/fhir/Patient?family={name}&given=L&birthdate=1980-05-17{more}") for more in ("", "&_count=1")
        ]
        for name in ("STRANGER", "TELLER", "NOBODY")
    }

    def said(one: Told) -> tuple[int, Any]:
        body = one.json
        for value in (body, *(entry["resource"] for entry in body.get("entry", []))):
            value.pop("id", None)
        for entry in body.get("entry", []):
            entry.pop("fullUrl", None)
        return one.status, body

    for number in range(2):
        assert said(told["STRANGER"][number]) == said(told["TELLER"][number]) == said(told["NOBODY"][number])

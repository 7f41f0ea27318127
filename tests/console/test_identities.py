"""The identity cell's journey: its hospital's doubtful identities, one side by side, nothing decided here."""

import re
from html import unescape

from beffroi.actions.find_doubts import DoubtWalk
from beffroi.model.disclosure import Door, Operation
from beffroi.model.person import OID_INS_NIR_TEST, BirthPlace, IdentityAttribute, IdentityStatus, Ins, Sex
from beffroi.store.doubts import DoubtStore
from console.asking import altered, link_in, path_of
from requests_and_records import record

INS = Ins("280055935000112", OID_INS_NIR_TEST)
NEXT = re.compile(r'href="/console(/identities/page/[^"]+)"')


async def walk(served) -> None:
    """The worker's round."""
    await DoubtWalk(DoubtStore(served.database)).round()


async def test_one_ins_two_people_side_by_side(served, put) -> None:
    """What agrees and what contradicts in words, with the INS; recorded as a comparison for identity management."""
    await put(1, "A", record("MARTIN", "Louise", status=IdentityStatus.QUALIFIED, ins=INS))
    await put(2, "B", record("MARTIN", "Louise", status=IdentityStatus.QUALIFIED, ins=INS, sex=Sex.MALE))
    await walk(served)
    cell = await served.signed_in("identity-cell")
    listed = await cell.get("/identities")
    assert "Une INS, deux personnes" in listed.text and "2 80 05" not in listed.text
    pair = await cell.get(link_in(listed))
    assert pair.status_code == 200
    assert pair.text.count("2 80 05 59 350 001 12") == 2
    assert "contradictoire" in pair.text and "identique" in pair.text and "CHU de Valcourt" in pair.text
    assert "A47" in pair.text and "<form" not in pair.text.partition("<main")[2].partition("</main>")[0]
    row = await served.database.pool.fetchrow("select * from disclosures order by disclosure_id desc limit 1")
    assert (row["door"], row["operation"], row["purpose"]) == (Door.CONSOLE, Operation.DOUBTS, "PATADMIN")


async def test_no_identity_stands_in_an_address(served, put) -> None:
    """Neither the addresses nor the titles say who is compared."""
    await put(1, "A", record("MARTIN", "Louise"))
    await put(1, "B", record("MARTIN", "Louise"))
    await walk(served)
    cell = await served.signed_in("identity-cell")
    listed = await cell.get("/identities?kind=here")
    pair = await cell.get(link_in(listed))
    for page in (listed, pair):
        title = page.text.partition("<title>")[2].partition("</title>")[0]
        assert not [word for word in ("MARTIN", "Louise", "1980") if word in f"{page.url} {title} {page.headers}"]


async def test_a_handle_is_of_one_session_one_hospital_and_one_use(served, put) -> None:
    """Another session's, another kind's or a changed one leads to the list and tells nothing."""
    await put(1, "A", record("MARTIN", "Louise"))
    await put(1, "B", record("MARTIN", "Louise"))
    await walk(served)
    cell, other = await served.signed_in("identity-cell"), await served.signed_in("identity-cell")
    link = link_in(await cell.get("/identities?kind=here"))
    before = await served.database.pool.fetchval("select count(*) from disclosures")
    assert path_of(await other.get(link)) == "/identities"
    assert path_of(await cell.get(link.replace("/pair/", "/page/"))) == "/identities"
    assert path_of(await cell.get(altered(link))) == "/identities"
    assert await served.database.pool.fetchval("select count(*) from disclosures") == before


async def test_a_long_list_goes_on(served, put) -> None:
    """Ten lines a page, with the way to the next; how many there are of each kind."""
    for number in range(12):
        await put(1, f"A-{number}", record(f"DARK{chr(65 + number)}", "Jo", attributes=(IdentityAttribute.DOUBTFUL,)))
    await walk(served)
    cell = await served.signed_in("identity-cell")
    first = await cell.get("/identities?kind=flag")
    assert first.text.count("<tr>") == 11 and '<span class="tag">12</span>' in first.text
    found = NEXT.search(first.text)
    assert found
    second = await cell.get(unescape(found[1]))
    assert second.text.count("<tr>") == 3 and not NEXT.search(second.text)
    names = [set(re.findall(r"DARK[A-Z]", page.text)) for page in (first, second)]
    assert len(names[0]) == 10 and len(names[1]) == 2 and not names[0] & names[1]


async def test_more_than_can_be_counted_is_said(served, put) -> None:
    """Beyond a thousand the list says "more than"."""
    one = await put(1, "A", record("MARTIN", "Louise"))
    await served.database.pool.execute(
        "insert into doubts select 1, $1, n, 'near', now() from generate_series(1, 1002) as n", one
    )
    page = await (await served.signed_in("identity-cell")).get("/identities?kind=here")
    assert "plus de 1\u202f000" in page.text


async def test_nothing_found_so_far_and_nothing_at_all_differ(served) -> None:
    """While the first comparison is under way the page says so; afterwards it says when, and that there is nothing."""
    cell = await served.signed_in("identity-cell")
    page = await cell.get("/identities")
    assert "en cours" in page.text and "Rien n&#39;a été trouvé pour l&#39;instant" in page.text
    await walk(served)
    page = await cell.get("/identities?kind=nonsense")
    assert "comparées pour la dernière fois" in page.text and "Rien de cette sorte" in page.text


async def test_what_was_settled_meanwhile_is_said(served, put) -> None:
    """A doubt that left the list is not found, in words."""
    one = await put(1, "A", record("MARTIN", "Louise"))
    two = await put(1, "B", record("MARTIN", "Louise", birth_place=BirthPlace("59009", "Villeneuve")))
    await walk(served)
    cell = await served.signed_in("identity-cell")
    link = link_in(await cell.get("/identities?kind=here"))
    await served.database.pool.execute("insert into links values ($1, $2, false, now())", one, two)
    await walk(served)
    page = await cell.get(link)
    assert page.status_code == 404 and "levé" in page.text and "MARTIN" not in page.text


async def test_a_ceiling_is_said_here_too(served, put, monkeypatch) -> None:
    """What the watch withholds is a page with the way on, never an empty list."""
    from beffroi.actions.disclose.gate import Gate
    from beffroi.errors import CeilingReached

    cell = await served.signed_in("identity-cell")

    async def reached(*_: object, **__: object) -> None:
        raise CeilingReached(what="24 hours", limit=1_200, instead="Call.")

    monkeypatch.setattr(Gate, "disclose_as", reached)
    page = await cell.get("/identities")
    assert page.status_code == 429 and "03 00 00 00 00" in page.text

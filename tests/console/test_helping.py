"""Getting past a hold in a browser: by one's own key, or by a colleague's; and worklists, deposited and run out."""

import time
from datetime import timedelta

from playwright.async_api import BrowserContext

from beffroi.model.disclosure import Door, Operation
from beffroi.servers.console.notices import SAID_S
from console.asking import done_at, find, post
from console.hands import Hands, counted_as, press, read, said_in
from console.virtual_key import code_for, enrolled, with_key
from requests_and_records import record

MINUTE_S = 60


async def hold(served, account: str) -> None:
    """The watch holds this account's new unexplained patients from now on."""
    await served.database.pool.execute(
        """update account_states set rung = 4, evidence = jsonb_build_object('rung', 4, 'held_s', $2::bigint)::json
           where account_id = (select account_id from accounts where subject = $1)""",
        served.staff[account].subject,
        int(served.clock.now().timestamp()),
    )


async def test_past_a_hold_with_one_s_own_key(served, put, browsing: BrowserContext, enters) -> None:
    """A code in person, a key that counts a week later; withheld, said why, a touch, and she is shown: in a minute."""
    await put(2, "B-1", record("QUESTEL", "Zoé"))
    page = await enters(browsing, "ward-nurse")
    await with_key(page, browsing)
    await press(page, "nav a[href$='/keys']")
    await page.fill("#code", await code_for(served, "ward-nurse"))
    await press(page, "form[data-key=create] button")
    assert await said_in(page, "Votre clé est enrôlée. Elle comptera dans sept jours.", "It counts in seven days.")
    assert await page.query_selector("form[data-key=get]") is None
    served.clock.moved += timedelta(days=7, minutes=1)
    await page.goto(f"{served.url}/find")
    assert await said_in(page, "Votre session est terminée", "Your session has ended")
    await press(page, "main a.button")
    await press(page, "button[value=ward-nurse]")
    await hold(served, "ward-nurse")
    hands, began_s = Hands(page), time.monotonic()
    await hands.find("que z")
    assert "QUESTEL" not in await read(page) and await said_in(page, "Retenu", "Withheld")
    hands.begin_again()
    await hands.click("main a[href*='/keys?back=/find/']")
    await hands.click("form[data-key=get] button")
    assert "QUESTEL Zoé" in await read(page)
    assert time.monotonic() - began_s < MINUTE_S
    assert hands.counted == counted_as("Get past a hold, with one's key")
    row = await served.database.pool.fetchrow("select * from disclosures where operation = $1", Operation.STEP_UP)
    assert row["door"] == Door.CONSOLE


async def test_past_a_hold_with_a_colleague(served, put, browsing: BrowserContext, another, enters) -> None:
    """A code, the colleague names the patient and touches a key, and the same search shows her; both chains say so."""
    person = await put(2, "B-1", record("QUESNEL", "Zoé"))
    beside = await another()
    nurse, doctor = Hands(await enters(browsing, "ward-nurse")), Hands(await enters(beside, "ward-doctor"))
    await enrolled(served, doctor.page, beside, "ward-doctor")
    await hold(served, "ward-nurse")
    began_s = time.monotonic()
    await nurse.find("quesn z")
    assert "QUESNEL" not in await read(nurse.page)
    nurse.begin_again()
    await nurse.click("main a[href*='/colleague?back=/find/']")
    await nurse.click("form[action$='/colleague/code'] button")
    await doctor.click("nav a[href$='/colleague']")
    await doctor.click("#code", leads_on=False)
    await doctor.type(await nurse.page.inner_text("p.figure"))
    for text in ("17051980", "quesn z"):
        await doctor.press("Tab")
        await doctor.type(text)
    await doctor.click("form[data-key=get] button")
    assert await said_in(doctor.page, "Confirmé, pour quatre heures", "Confirmed, for four hours")
    await nurse.click("main a.button[href*='/find/']")
    assert "QUESNEL Zoé" in await read(nurse.page)
    assert time.monotonic() - began_s < MINUTE_S
    together = tuple(a + b for a, b in zip(nurse.counted, doctor.counted, strict=True))
    assert together == counted_as("Get past a hold, with a colleague")
    rows = await served.database.pool.fetch(
        "select request::json ->> 'people' as people from disclosures where operation = $1", int(Operation.CONFIRM)
    )
    assert [row["people"] for row in rows] == [str(person)] * 2


async def test_mistakes_between_colleagues_are_said_where_they_are(served, browsing: BrowserContext, enters) -> None:
    """Nobody, half a date, no first name, a code that serves nobody: each at its place, and nobody is read."""
    page = await enters(browsing, "ward-doctor")
    await page.goto(f"{served.url}/colleague")
    assert await page.query_selector("main a[href$='/keys']")  # without a key one is sent to enrol it
    await enrolled(served, page, browsing, "ward-doctor")
    await page.goto(f"{served.url}/colleague")
    for born, name, where in (
        ("", "", "#born1-mistake"),
        ("1980", "mar l", "#born1-mistake"),
        ("17051980", "mar", "#name1-mistake"),
        ("17051980", "mar l", "p.mistake"),
    ):
        for field, text in (("code", "AAAA-AAAA"), ("born1", born), ("name1", name)):
            await page.fill(f"#{field}", text)
        await press(page, "form[data-key=get] button")
        assert await page.query_selector(f"main {where}"), where
        assert await page.input_value("#name1") == name
    assert await served.database.pool.fetchval("select count(*) from disclosures where operation < 8") == 0


async def test_an_emergency_reading_takes_a_colleague_s_word(served) -> None:
    """The code that one shows lets the other agree; nobody agrees with themselves."""
    nurse, doctor = await served.signed_in("ward-nurse"), await served.signed_in("ward-doctor")
    asked = await post(nurse, "/colleague/code", back="/emergency")
    code = asked.text.partition("<code>")[2].partition("</code>")[0]
    assert 'href="/console/emergency"' in asked.text
    assert (await post(nurse, "/colleague/second", code=code)).status_code == 409
    agreed = done_at(await post(doctor, "/colleague/second", code=code), "/colleague")
    assert "Accord donné" in (await doctor.get(agreed)).text
    assert (await post(doctor, "/colleague/second", code=code)).status_code == 409


async def test_a_worklist_explains_until_it_runs_out(served, put) -> None:
    """Deposited by the secretary, it opens a patient to the held nurse, tells nobody who is on it, and expires."""
    await put(2, "B-1", record("QUESTEL", "Zoé"))
    await put(1, "IPP-9", record("QUESTEL", "Zoé"))
    secretary, nurse = await served.signed_in("medical-secretary"), await served.signed_in("ward-nurse")
    await hold(served, "ward-nurse")
    assert "QUESTEL" not in (await find(nurse, name="que z")).text
    done = await post(
        secretary, "/worklists", role="ward_nurse", purpose="consultation", hours="1", patients="IPP-9\r\nIPP-404"
    )
    page = await secretary.get(done_at(done, "/worklists"))
    assert "Déposée : les lectures" in page.text.replace("\xa0", " ")
    assert "consultation" in page.text and "IPP-9" not in page.text and "QUESTEL" not in page.text
    assert "QUESTEL" in (await find(nurse, name="que z")).text
    served.clock.moved += timedelta(minutes=14)
    await secretary.get("/worklists")
    served.clock.moved += timedelta(minutes=14)
    await served.database.pool.execute("update worklists set expires_at = $1", served.clock.now())
    assert "consultation" not in (await secretary.get("/worklists")).text


async def test_a_long_worklist_takes_two_people(served) -> None:
    """Above twenty lines it waits; its depositor cannot approve it, a colleague can, and either cancels it.

    What was done is said to who did it, for a minute.
    """
    secretary, cell = await served.signed_in("medical-secretary"), await served.signed_in("identity-cell")
    lines = "\n".join(f"N-{n}" for n in range(21))
    fields = {"role": "ward_nurse", "purpose": "vaccination", "hours": "24", "patients": lines}
    waits = done_at(await post(secretary, "/worklists", **fields), "/worklists")
    number = await served.database.pool.fetchval("select worklist_id from worklists")
    assert "Approuver" not in (await secretary.get("/worklists")).text
    assert (await post(secretary, f"/worklists/approve/{number}")).status_code == 409
    assert "Approuver" in (await cell.get("/worklists")).text
    approved = done_at(await post(cell, f"/worklists/approve/{number}"), "/worklists")
    cancelled = done_at(await post(cell, f"/worklists/cancel/{number}"), "/worklists")
    for client, path, words in (
        (secretary, waits, "Elle est longue"),
        (cell, approved, "Approuvée"),
        (cell, cancelled, "Annulée"),
    ):
        assert words in (await client.get(path)).text
    for client, path in ((secretary, cancelled), (cell, "/worklists?done=cancelled"), (cell, f"{cancelled}0")):
        assert "Annulée" not in (await client.get(path)).text, "nobody's link says it"
    served.clock.moved += timedelta(seconds=SAID_S + 1)
    assert "Annulée" not in (await cell.get(cancelled)).text
    assert (await post(cell, f"/worklists/cancel/{number}")).status_code == 404


async def test_what_a_worklist_lacks_is_said_beside_its_field(served) -> None:
    """Readers, purpose, hours and numbers, each at its place, with what was typed."""
    secretary = await served.signed_in("medical-secretary")
    page = await post(secretary, "/worklists", role="feed", hours="99", patients="")
    for name in ("purpose", "hours", "patients"):
        assert f'id="{name}-mistake"' in page.text, name
    long = await post(secretary, "/worklists", role="ward_nurse", purpose="x", hours="2", patients="1\n" + "9" * 50)
    assert "La ligne 2" in long.text and "9" * 50 in long.text
    assert await served.database.pool.fetchval("select count(*) from worklists") == 0

"""The duty officer's journey: an account's day, a single name, what is stopped and released with a preview, live news,
the last drill.
"""

import asyncio
import json
import os
import re
import shutil
import time
from datetime import timedelta
from pathlib import Path

import msgspec

from beffroi.model.account import Role
from beffroi.model.disclosure import Door, Field, Operation, Purpose
from beffroi.model.person import HospitalId
from beffroi.model.role_request import Wanted
from beffroi.servers.console import news
from console.asking import find, path_of, post
from console.test_granting import machine

DRILL = Path(__file__).parents[2] / "docs" / "benchmarks" / "drill-500.json"
LINKS = re.compile(r'href="/console(/watch/name/[^"]+)"')
REASON = "lectures inhabituelles cette nuit"


async def number_of(served, account: str) -> int:
    subject = served.staff[account].subject
    number: int = await served.database.pool.fetchval("select account_id from accounts where subject = $1", subject)
    return number


async def test_an_account_s_day_shows_readings_without_names(served, louise) -> None:
    """Its readings, patients as numbers of the page; the look stands in the officer's own chain."""
    nurse, officer = await served.signed_in("ward-nurse"), await served.signed_in("duty-officer")
    await find(nurse)
    number = await number_of(served, "ward-nurse")
    page = await officer.get(f"/watch/account/{number}")
    assert page.status_code == 200
    assert "<b>Infirmier de service · CH de Beaumont</b>" in page.text  # whom to call
    assert "n° 1" in page.text and "nom, prénom, date de naissance" in page.text and "<svg" in page.text
    assert not [secret for secret in ("MARTIN", "Louise", "1980-05-17", "mar l", "IPP-7") if secret in page.text]
    row = await served.database.pool.fetchrow("select * from disclosures where operation = $1", Operation.SCOPE_VIEW)
    assert row["account_id"] == await number_of(served, "duty-officer")
    assert f'"account":"{number}"' in row["request"]


async def test_readings_for_a_sensitive_hospital_are_left_out(served, put) -> None:
    """What the nurse of a psychiatric hospital reads is not shown outside it (law 4)."""
    from requests_and_records import record

    await put(4, "P-1", record("MARTIN", "Louise"), explained_h=5)
    nurse, officer = await served.signed_in("ward-nurse-4"), await served.signed_in("duty-officer")
    assert "P-1" in (await find(nurse)).text
    page = await officer.get(f"/watch/account/{await number_of(served, 'ward-nurse-4')}")
    assert "EPSM" not in page.text and "n° 1" not in page.text
    assert "dont le seul nom est médical" in page.text


async def test_a_role_at_a_sensitive_hospital_is_told_without_its_name(served) -> None:
    """An alarm and an event name the hospital of a role, but not one whose name alone is medical (law 4)."""
    roles, until = machine(served), served.clock.now() + timedelta(days=30)
    account = await roles.account(served.issuer.url, "899700000777")
    for hospital, role in ((2, Role.DUTY_OFFICER), (4, Role.AUDITOR)):
        asked = Wanted(account, HospitalId(hospital), role, until, "contrôle de l'année")
        await roles.agree("operator:bruno", await roles.ask("operator:anne", asked))
    officer = await served.signed_in("duty-officer")
    for path in ("/watch", f"/watch/account/{account}"):
        page = await officer.get(path)
        assert "CHU de Valcourt" in page.text and "EPSM" not in page.text, path


async def test_an_account_that_reads_fast_fills_no_officer_s_chain(served, louise, monkeypatch) -> None:
    """Each news of one account makes a look that is recorded: of several readings in a moment there is one."""
    monkeypatch.setattr(news, "SESSION_S", 0.05)
    nurse, officer = await served.signed_in("ward-nurse"), await served.signed_in("duty-officer")
    await find(nurse)
    told: list[str] = []
    async with officer.stream("GET", f"/watch/news/{await number_of(served, 'ward-nurse')}", timeout=20) as answer:

        async def listen() -> None:
            async for line in answer.aiter_lines():
                told.append(line)

        listening = asyncio.create_task(listen())
        for _ in range(4):
            await find(nurse)
            await asyncio.sleep(0.15)
        listening.cancel()
    assert told.count("event: news") == 1, told


async def test_stopping_says_first_whom_it_touches(served, louise) -> None:
    """The preview, a reason that is demanded, the stop itself, and the account's next request refused."""
    nurse, officer = await served.signed_in("ward-nurse"), await served.signed_in("duty-officer")
    await find(nurse)
    number = await number_of(served, "ward-nurse")
    preview = await officer.get(f"/watch/stop/{number}")
    assert "Personne d&#39;autre n&#39;est refusé" in preview.text and "CH de Beaumont" in preview.text
    without = await post(officer, f"/watch/stop/{number}", reason="")
    assert without.status_code == 422 and 'id="reason-mistake"' in without.text
    assert path_of(await post(officer, f"/watch/stop/{number}", reason=REASON)) == "/watch"
    assert (await nurse.get("/find")).status_code == 403
    room = await officer.get("/watch")
    assert REASON in room.text and "Libérer" in room.text
    again = await post(officer, f"/watch/stop/{number}", reason=REASON)
    assert again.status_code == 403 or "déjà" in again.text
    row = await served.database.pool.fetchrow("select * from disclosures where operation = $1", Operation.CONTAIN)
    assert (row["door"], row["account_id"], row["reason"]) == (Door.CONSOLE, number, REASON)


async def test_an_officer_who_has_left_stops_nobody(served, louise) -> None:
    """The session that they still have is refused what it asks, and the account reads on."""
    nurse, officer = await served.signed_in("ward-nurse"), await served.signed_in("duty-officer")
    await find(nurse)
    page = await officer.get(f"/watch/stop/{await number_of(served, 'ward-nurse')}")
    await served.database.pool.execute(
        """insert into departures (account_id, hospital_id, left_at, said_by)
           select account_id, 1, $2, 'operator:test' from accounts where subject = $1""",
        *(served.staff["duty-officer"].subject, served.clock.now() - timedelta(days=1)),
    )
    assert page.status_code == 200
    served.clock.moved += timedelta(seconds=10)  # what was known of the officer a moment ago is asked again
    refused = await post(officer, f"/watch/stop/{await number_of(served, 'ward-nurse')}", reason=REASON)
    assert refused.status_code == 403
    assert (await nurse.get("/find")).status_code == 200


async def test_a_release_takes_two_people(served, louise) -> None:
    """The first asks, is not the second, and another ends it."""
    nurse = await served.signed_in("ward-nurse")
    first, second = await served.signed_in("duty-officer"), await served.signed_in("duty-officer-2")
    number = await number_of(served, "ward-nurse")
    await post(first, f"/watch/stop/{number}", reason=REASON)
    stop = await served.database.pool.fetchval("select containment_id from containments")
    path = f"/watch/release/{stop}"
    await post(first, path, reason="erreur de ma part")
    assert (await nurse.get("/find")).status_code == 403
    same = await post(first, path, reason="erreur de ma part")
    assert "seconde personne" in same.text
    assert path_of(await post(second, path, reason="vérifié par téléphone")) == "/watch"
    assert (await nurse.get("/find")).status_code == 200


async def test_news_comes_within_a_second(served, louise) -> None:
    """What is stopped elsewhere is told to an open watch room within a second (the quickest of three)."""
    officer, other = await served.signed_in("duty-officer"), await served.signed_in("duty-officer-2")
    accounts = ("ward-nurse", "ward-doctor", "triage-nurse")
    for account in accounts:
        await served.signed_in(account)
    took_s = []
    async with officer.stream("GET", "/watch/news", timeout=20) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        lines = answer.aiter_lines()
        await anext(lines)
        for account in accounts:
            await asyncio.sleep(0.8)
            number = await number_of(served, account)
            began_s = time.monotonic()
            await post(other, f"/watch/stop/{number}", reason=REASON)
            async for line in lines:
                if line == "event: news":
                    break
            took_s.append(time.monotonic() - began_s)
    assert min(took_s) < 1.0, took_s


async def test_a_stream_ends_with_its_session(served) -> None:
    """Signed out in another tab, the open page is told so within a second, and the stream is over."""
    took_s = []
    for _ in range(3):
        officer = await served.signed_in("duty-officer")
        async with officer.stream("GET", "/watch/news", timeout=20) as answer:
            lines = answer.aiter_lines()
            await anext(lines)
            began_s = time.monotonic()
            await post(officer, "/sign-out")
            told = [line async for line in lines]
            assert "event: over" in told
            took_s.append(time.monotonic() - began_s)
    assert min(took_s) < 1.2, took_s  # a second, and what the test's own request took


async def test_a_call_about_an_account(served) -> None:
    """By the identifier that is on their card; an unknown one is said so."""
    officer = await served.signed_in("duty-officer")
    await served.signed_in("ward-nurse")
    found = await post(officer, "/watch", subject=served.staff["ward-nurse"].subject)
    assert path_of(found) == f"/watch/account/{await number_of(served, 'ward-nurse')}"
    assert (await post(officer, "/watch", subject="nobody")).status_code == 404
    for wrong in ("0", "99999999", "x", "1; drop", "9" * 30, "²"):
        assert (await officer.get(f"/watch/account/{wrong}")).status_code == 404


async def test_a_single_name_passes_the_gate(served, louise) -> None:
    """One patient of one reading: her name and birth date, with a reason, as a reading of the officer's own."""
    nurse, officer = await served.signed_in("ward-nurse"), await served.signed_in("duty-officer")
    await find(nurse)
    number = await number_of(served, "ward-nurse")
    day = await officer.get(f"/watch/account/{number}")
    (link,) = LINKS.findall(day.text)
    assert "MARTIN" not in (await officer.get(link)).text
    assert (await post(officer, link, reason="")).status_code == 422
    shown = await officer.get(path_of(await post(officer, link, reason="le service doit la reconnaître")))
    assert 'MARTIN <span class="given">Louise' in shown.text and "17/05/1980" in shown.text
    assert "IPP-7" not in shown.text
    row = await served.database.pool.fetchrow("select * from disclosures order by disclosure_id desc limit 1")
    ((person, fields, _),) = msgspec.json.decode(row["shown"])
    assert (row["operation"], row["purpose"], person) == (Operation.READ, Purpose.AUDIT, louise)
    assert row["account_id"] == await number_of(served, "duty-officer")
    assert row["reason"] == f"account {number}, row {link.split('-')[1]}: le service doit la reconnaître"
    assert not Field(fields) & ~(Field.BIRTH_NAME | Field.USED_NAME | Field.BIRTH_DATE | Field.REFERENCE)


async def test_a_name_is_of_what_the_page_showed(served, put) -> None:
    """No row of another time, place or hidden hospital gives a name, and an address that is none leads nowhere."""
    from requests_and_records import record

    await put(4, "P-1", record("MARTIN", "Louise"), explained_h=5)
    there, officer = await served.signed_in("ward-nurse-4"), await served.signed_in("duty-officer")
    await find(there)
    account = await number_of(served, "ward-nurse-4")
    rows = await served.database.pool.fetch("select running_number from disclosures where account_id = $1", account)
    places = [f"{account}-{row['running_number']}-0" for row in rows]
    for place in (*places, f"{account}-1-7", f"{account}-99-0", "1-2", "a-b-c", "1-2-3-4", "1-2-99999999999"):
        shown = await post(officer, f"/watch/name/{place}", reason=REASON)
        if shown.status_code == 303:
            shown = await officer.get(path_of(shown))
        assert shown.status_code == 404, place
        assert "MARTIN" not in shown.text


async def test_names_have_a_ceiling(served, put) -> None:
    """An officer who takes one name after another is held like anybody else, and goes on stopping accounts."""
    from requests_and_records import record

    for number in range(30):
        name = "DURAND" if number < 15 else "PETIT"
        await put(1, f"N-{number}", record(name, f"L{chr(97 + number % 15)}a"), explained_h=5)
    nurse, officer = await served.signed_in("ward-nurse"), await served.signed_in("duty-officer-2")
    await find(nurse, name="dur l")
    await find(nurse, name="pet l")
    await served.database.pool.execute("update identities set explains_until = null")
    account = await number_of(served, "ward-nurse")
    links = LINKS.findall((await officer.get(f"/watch/account/{account}")).text)
    assert len(set(links)) == 30
    statuses = [(await officer.get(path_of(await post(officer, link, reason=REASON)))).status_code for link in links]
    assert statuses[0] == 200 and statuses[-1] in (401, 403, 429), statuses
    assert (await officer.get(f"/watch/stop/{account}")).status_code == 200


async def test_a_device_is_stopped_with_a_preview(served, louise) -> None:
    """From the account's day to whom it touches, to the stop; then released by one person, with the same preview."""
    nurse, officer = await served.signed_in("ward-nurse"), await served.signed_in("duty-officer")
    await find(nurse)
    number = await number_of(served, "ward-nurse")
    day = await officer.get(f"/watch/account/{number}")
    link = re.search(r'appareil <code>[^<]+</code> <a href="/console(/watch/stop/[^"]+)"', day.text)
    assert link
    preview = await officer.get(link[1])
    assert served.staff["ward-nurse"].subject in preview.text and "CH de Beaumont" in preview.text
    assert path_of(await post(officer, link[1], reason=REASON)) == "/watch"
    assert (await nurse.get("/find")).status_code == 403
    stop = await served.database.pool.fetchval("select containment_id from containments")
    release = await officer.get(f"/watch/release/{stop}")
    assert "Qui cela retient" in release.text and served.staff["ward-nurse"].subject in release.text
    assert path_of(await post(officer, f"/watch/release/{stop}", reason="clé retrouvée")) == "/watch"
    assert (await find(nurse)).status_code == 200


async def test_a_network_takes_two_people(served, louise) -> None:
    """Named by hand, previewed, asked by one and confirmed by another; what is no network is said beside its field."""
    first, second = await served.signed_in("duty-officer"), await served.signed_in("duty-officer-2")
    wrong = await post(first, "/watch/stop", kind="network", target="chez moi")
    assert wrong.status_code == 400 and 'id="target-mistake"' in wrong.text
    assert (await post(first, "/watch/stop", target="192.0.2.7")).status_code == 422
    link = path_of(await post(first, "/watch/stop", kind="network", target="192.0.2.9/28", hours="2"))
    assert "192.0.2.0/28" in (await first.get(link)).text
    assert (await second.get(link)).status_code == 404  # a handle is of one session
    await post(first, link, reason=REASON)
    stop = await served.database.pool.fetchrow("select * from containments")
    assert (stop["in_force_from"], stop["expires_at"] - stop["asked_at"]) == (None, timedelta(hours=2))
    path = f"/watch/confirm/{stop['containment_id']}"
    assert (await post(first, path)).status_code != 303
    assert path_of(await post(second, path)) == "/watch"


async def test_the_readings_that_made_a_verdict_are_named(served, louise) -> None:
    """The page of an account sets apart the rows that its last verdict counted."""
    nurse, officer = await served.signed_in("ward-nurse"), await served.signed_in("duty-officer")
    await find(nurse)
    number, pool = await number_of(served, "ward-nurse"), served.database.pool
    row = await pool.fetchval("select max(running_number) from disclosures where account_id = $1", number)
    told = json.dumps({"rung": "hold", "score_bits": "29.0", "readings": str(row)})
    await pool.execute(VERDICT, number, int(Operation.VERDICT), told)
    page = await officer.get(f"/watch/account/{number}")
    _, _, made = page.text.partition('id="made"')
    assert f'<td class="quiet">{row}</td>' in made.partition('id="rows"')[0]


VERDICT = """insert into disclosures (at, account_id, running_number, role, structure_id, application, session_key,
network, door, operation, outcome, purpose, reason, request_id, request, policy_version, criteria_fields, shown, nonce)
select now(), account_id, running_number + 100, role, structure_id, application, session_key, network, door, $2, 7,
purpose, '', gen_random_uuid(), $3::json, policy_version, 0, '[]', nonce
from disclosures where account_id = $1 order by disclosure_id desc limit 1"""


async def test_a_long_day_stays_a_light_page(served, louise) -> None:
    """A thousand readings make pages below 60 KiB, one behind the other, each row on one of them."""
    nurse, officer = await served.signed_in("ward-nurse"), await served.signed_in("duty-officer")
    await find(nurse)
    number = await number_of(served, "ward-nurse")
    for _ in range(10):
        await served.database.pool.execute(COPIES, number, 10)
    seen: list[str] = []
    path = f"/watch/account/{number}"
    while path:
        page = await officer.get(path)
        assert len(page.content) < 40 * 1024
        seen += re.findall(r'<td class="quiet">(\d+)</td>', page.text)
        more = re.search(r'href="/console(/watch/account/\d+\?before=\d+)"', page.text)
        path = more[1] if more else ""
    assert (
        len(seen)
        == len(set(seen))
        == await served.database.pool.fetchval("select count(*) from disclosures where account_id = $1", number)
    )


COPIES = """insert into disclosures (at, account_id, running_number, role, structure_id, application, session_key,
network, door, operation, outcome, purpose, reason, request_id, request, policy_version, criteria_fields, shown, nonce)
select now(), account_id, running_number + n, role, structure_id, application, session_key, network, door, operation,
outcome, purpose, '', gen_random_uuid(), request, policy_version, criteria_fields, shown, nonce
from (select * from disclosures where account_id = $1 order by disclosure_id desc limit 1) as last,
generate_series(1, $2::int) as n"""


async def test_what_happened_before_the_stream_was_opened_is_told(served, louise) -> None:
    """A page says where it stood: what happened since, or while the stream was broken, comes at once."""
    officer, other = await served.signed_in("duty-officer"), await served.signed_in("duty-officer-2")
    await served.signed_in("ward-nurse")
    page = await officer.get("/watch")
    address = re.search(r'data-news="/console([^"]+)"', page.text)
    assert address
    await post(other, f"/watch/stop/{await number_of(served, 'ward-nurse')}", reason=REASON)
    place = await _first_place(officer, address[1])
    again = await officer.get("/watch")
    assert f"place={place}" in again.text
    assert await _first_place(officer, address[1], {"last-event-id": "elsewhere"}) == place


async def _first_place(client, path: str, headers: dict[str, str] | None = None) -> str:
    async with client.stream("GET", path, headers=headers or {}, timeout=20) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("id: "):
                return line.removeprefix("id: ")
    raise AssertionError("no news")


async def test_an_account_s_page_is_live(served, louise) -> None:
    """What the account reads next is told to its open page; the officer's own looks are not."""
    nurse, officer = await served.signed_in("ward-nurse"), await served.signed_in("duty-officer")
    number = await number_of(served, "ward-nurse")
    page = await officer.get(f"/watch/account/{number}")
    address = re.search(r'data-news="/console([^"]+)"', page.text)
    assert address
    await find(nurse)
    assert await _first_place(officer, address[1])
    own = await officer.get(f"/watch/account/{await number_of(served, 'duty-officer')}")
    assert "data-news" not in own.text


async def test_the_last_drill_is_told_as_two_figures(served) -> None:
    """None until there is one; then the newest file: what thieves were shown, and whom the watch disturbed."""
    officer = await served.signed_in("duty-officer")
    assert "Aucun rapport ici" in (await officer.get("/watch/drill")).text
    folder = served.folder / "drills"
    folder.mkdir()
    (folder / "old.json").write_text("{}")
    os.utime(folder / "old.json", (1, 1))
    shutil.copy(DRILL, folder / "new.json")
    page = await officer.get("/watch/drill")
    report = json.loads(DRILL.read_text())
    aimed = [one for one in report["scenarios"].values() if one.get("aim_p95") is not None]
    assert f'<p class="figure">{max(one["shown_p95"] for one in aimed)}</p>' in page.text
    assert page.text.count("<svg") == 1 and page.text.count("<table") == 2
    assert "26\u202f800" in page.text
    (folder / "new.json").write_text("no report")
    assert (await officer.get("/watch/drill")).status_code == 503

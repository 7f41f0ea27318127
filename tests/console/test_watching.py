"""The duty officer's journey: an account's day, stopping it with a preview, releasing it by two people, live news."""

import asyncio
import time

from beffroi.model.disclosure import Door, Operation
from console.asking import find, path_of, post

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
    assert "nº 1" in page.text and "birthdate" in page.text and "<svg" in page.text
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
    assert "EPSM" not in page.text and "nº 1" not in page.text
    assert "dont le seul nom est médical" in page.text


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

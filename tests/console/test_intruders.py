"""What was tried on the console from outside: planted cookies, other sites' pages, streams without end, two accounts of
one person. What is tried on each form, by each role, is in `test_every_form.py`.
"""

import asyncio
import re
from datetime import timedelta

import pytest

from beffroi.model.account import Role
from beffroi.servers.console import app
from beffroi.servers.console.rooms import rooms_of
from beffroi.servers.console.routes import ROUTES
from beffroi_region.browsing import way_back
from console.asking import find, link_in, path_of, post, token_of
from console.test_rooms import PEOPLE
from console.test_watching import number_of

COOKIE = "beffroi"
ELSEWHERE = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
BESIDE = {"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}


async def test_a_value_of_another_site_s_cookie_is_no_session(served) -> None:
    """A sibling site that plants `a=x beffroi=SESSION` puts nobody into its own session, and takes nobody's away."""
    thief, nurse = await served.signed_in("ward-doctor"), await served.signed_in("ward-nurse")
    own, theirs = f"{COOKIE}={nurse.cookies[COOKIE]}", f"{COOKIE}={thief.cookies[COOKIE]}"
    stranger = await served.stranger()
    for planted in (
        f"a={theirs}",
        f"a=x {theirs}",
        f"a=x, {theirs}",
        f"a=x\t{theirs}",
        f'a="{theirs}"',
        f"$Path={theirs}",
    ):
        assert (await stranger.get("/find", headers={"cookie": planted})).status_code == 401, planted
        both = await stranger.get("/find", headers={"cookie": f"{own}; {planted}; path=/x; c={{}}"})
        assert both.status_code == 200 and "Odile Verhaverbeke" in both.text, planted
    assert (await stranger.get("/find", headers={"cookie": f"{own}; {theirs}"})).status_code == 401


async def test_a_link_ends_nobody_s_session(served) -> None:
    """The way back from the issuer, opened with a made-up code, signs nobody in and nobody out."""
    nurse = await served.signed_in("ward-nurse")
    await nurse.get("/sign-in")
    assert (await nurse.get("/signed-in?code=x&state=y", headers=ELSEWHERE)).status_code == 400
    assert (await nurse.get("/find")).status_code == 200


async def test_what_comes_back_of_another_tab_ends_no_sign_in(served) -> None:
    """Of two sign-ins begun in two tabs the later one goes on, whatever the earlier one or a link brings back."""
    client = await served.stranger()
    earlier, later = [(await client.get("/sign-in")).headers["location"] for _ in range(2)]
    for back in (await way_back(earlier, served.issuer.url, "ward-nurse"), "/signed-in?code=x&state=y"):
        assert (await client.get(back, headers=ELSEWHERE)).status_code == 400
    await client.get(await way_back(later, served.issuer.url, "ward-nurse"))
    assert (await client.get("/find")).status_code == 200


async def test_a_code_serves_once(served) -> None:
    """The address of the way back, opened again in the same browser or in another, gives no second session."""
    client, opened = await served.stranger(), []
    client.event_hooks["request"] = [lambda request: _keep(opened, request)]
    await served.sign_in(client, "ward-nurse")
    for one in (client, await served.stranger()):
        assert (await one.get(opened[-1])).status_code == 400
    assert await served.database.pool.fetchval("select count(*) from console_sessions") == 1


async def _keep(opened: list[str], request) -> None:
    opened.append(str(request.url))


async def test_another_issuer_s_answer_is_refused(served) -> None:
    """A code that says it comes from another issuer, or from none, is not redeemed (RFC 9207)."""
    for iss in ("https://elsewhere.example", ""):
        client, opened = await served.stranger(), []
        client.event_hooks["request"] = [lambda request, kept=opened: _keep(kept, request)]
        await served.sign_in(client, "ward-nurse")
        client.cookies.clear()
        begun = await client.get("/sign-in")
        assert begun.status_code == 303
        changed = re.sub(r"&iss=[^&]*", f"&iss={iss}" if iss else "", opened[1])
        assert changed != opened[1]
        assert (await client.get(changed)).status_code == 400
        assert COOKIE not in client.cookies


async def test_another_name_is_not_answered(served) -> None:
    """A name that somebody lets lead to our address (DNS rebinding) opens nothing, signs nobody in and is not repeated;
    what a proxy's headers say of the name is not asked.
    """
    nurse, own = await served.signed_in("ward-nurse"), served.origin.removeprefix("http://")
    port = own.rpartition(":")[2]
    for host in (
        f"elsewhere.example:{port}",
        f"127.0.0.1:{port}",
        f"{own}, elsewhere.example",
        'x"><script>',
    ):
        for path in ("/", "/find", "/sign-in", "/left"):
            page = await nurse.get(path, headers={"host": host, "x-forwarded-host": own, "forwarded": f"host={own}"})
            assert page.status_code == 421 and "set-cookie" not in page.headers, (host, path)
            assert served.url in page.text and "elsewhere" not in page.text and "Odile" not in page.text
        sent = await nurse.post("/sign-out", headers={"host": host}, data={"form": token_of(await nurse.get("/help"))})
        assert sent.status_code == 421
    forwarded = {"host": "LOCALHOST", "x-forwarded-host": "elsewhere.example"}
    assert path_of(await nurse.get("/", headers=forwarded)) == "/find"


async def test_no_address_leads_away(served) -> None:
    """Wherever a form wants to go back to, its answer leads into the console."""
    nurse = await served.signed_in("ward-nurse")
    for back in (
        "//a.b",
        "/\\a.b",
        "/..//a.b",
        "/../fhir",
        "/%2e%2e/fhir",
        "/.%2e/x",
        "/x\r\nset-cookie: a=b",
        "http://a",
    ):
        led = await nurse.post("/language", data={"language": "fr", "back": back})
        assert path_of(led) == "/" and "a=b" not in str(led.headers)


async def test_another_site_s_page_makes_nobody_look(served, louise) -> None:
    """An image or a link of another site opens no page that is recorded; a link to a room opens it, so do bookmarks."""
    nurse, officer = await served.signed_in("ward-nurse"), await served.signed_in("duty-officer")
    link = link_in(await find(nurse))
    number = await served.database.pool.fetchval("select min(account_id) from disclosures where operation = 1")
    before = await served.database.pool.fetchval("select count(*) from disclosures")
    for headers in (ELSEWHERE, BESIDE, {"sec-purpose": "prefetch;prerender"}):
        for client, path in ((nurse, link), (officer, f"/watch/account/{number}"), (officer, f"/watch/news/{number}")):
            refused = await client.get(path, headers=headers)
            assert refused.status_code in (403, 503) and "MARTIN" not in refused.text
    assert await served.database.pool.fetchval("select count(*) from disclosures") == before
    assert (await nurse.get("/find", headers=ELSEWHERE)).status_code == 200
    assert (await nurse.get("/find", headers=BESIDE)).status_code == 403
    assert (await nurse.get(link, headers={"sec-fetch-site": "none"})).status_code == 200
    assert (await nurse.get("/sign-in", headers=BESIDE)).status_code == 403


@pytest.mark.parametrize("role", PEOPLE)
def test_after_the_issuer_a_room_opens(role: Role) -> None:
    """The first room of a role, where the way back from another site leads, is one that such a way may open."""
    first = rooms_of(role)[0].path
    assert next(route for route in ROUTES if (route.method, route.path) == ("GET", first)).operation is None


async def test_a_session_has_four_streams(served) -> None:
    """However many are asked for in one moment, and twelve of an account: the others have their news."""
    officer = await served.signed_in("duty-officer")
    assert await _open_at_once(officer, 10) == 4
    assert sum([await _open_at_once(await served.signed_in("duty-officer-2"), 1) for _ in range(2)]) == 2


async def _open_at_once(client, count: int) -> int:
    """How many of these streams are kept."""

    async def kept() -> bool:
        async with client.stream("GET", "/watch/news", timeout=20) as answer:
            if answer.status_code != 200:
                return False
            lines = answer.aiter_lines()
            if await anext(lines) != "retry: 1000":
                return False
            await asyncio.sleep(0.3)
            return True

    return sum(await asyncio.gather(*(kept() for _ in range(count))))


async def test_who_reads_slowly_holds_nothing(served) -> None:
    """Pages and streams of which nobody takes more than a byte hold no place of their account, no connection of the
    database, and no stream that has ended.
    """
    officer = await served.signed_in("duty-officer")
    slow = [await _asked(served, officer, path) for path in ("/watch/news",) * 4 + ("/watch",) * 20]
    for reader, _ in slow:
        assert await reader.readexactly(1) == b"H"
    pages = await asyncio.gather(*(officer.get("/watch") for _ in range(12)))
    assert {page.status_code for page in pages} == {200}
    held = "select count(*) from pg_stat_activity where state = 'idle in transaction' and usename = 'beffroi_web'"
    assert await served.database.pool.fetchval(held) == 0
    assert await _open_at_once(officer, 1) == 0
    await officer.post("/sign-out", data={"form": token_of(pages[0])})
    async with asyncio.timeout(5):
        for reader, _ in slow[:4]:
            said = b""
            while b"event: over" not in said:
                said += await reader.read(1_024)
    for _, writer in slow:
        writer.close()


async def _asked(served, client, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection that has asked for a page of that client's session, and has read nothing."""
    return await _begun(served, client, f"GET /console{path}", "\r\n")


async def _begun(served, client, what: str, rest: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection on which a request of that client's session begins. `rest`: after its first headers."""
    host = served.origin.removeprefix("http://")
    reader, writer = await asyncio.open_connection("localhost", int(host.rpartition(":")[2]), limit=1_024)
    cookie = f"{COOKIE}={client.cookies[COOKIE]}"
    writer.write(f"{what} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n{rest}".encode())
    return reader, writer


async def test_an_answer_that_nobody_waits_for_is_not_called_sent(served, louise) -> None:
    """Whoever hangs up before they are answered was shown nobody, as far as we know: it is recorded so."""
    nurse, pool = await served.signed_in("ward-nurse"), served.database.pool
    found = path_of(await post(nurse, "/find", born="17051980", name="mar l"))
    async with pool.acquire() as other, other.transaction():
        await other.execute("lock table seen")
        _, writer = await _asked(served, nurse, found)
        while not await pool.fetchval("select count(*) from pg_locks where not granted"):
            await asyncio.sleep(0.01)
        writer.transport.abort()
        await asyncio.sleep(0.1)
    fate = "select sent from deliveries join disclosures using (disclosure_id) where operation = 1"
    async with asyncio.timeout(5):
        while (sent := await pool.fetchval(fate)) is None:
            await asyncio.sleep(0.05)
    assert sent is False


async def test_a_form_that_does_not_end_is_not_waited_for(served, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some seconds it is answered that it did not come whole."""
    monkeypatch.setattr(app, "FORM_SECONDS_MAX", 0.2)
    nurse = await served.signed_in("ward-nurse")
    headers = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 900\r\n"
    reader, writer = await _begun(served, nurse, "POST /console/find", f"{headers}\r\nname=")
    assert b" 408 " in await asyncio.wait_for(reader.readline(), 4)
    writer.close()


async def test_who_may_no_more_sees_no_room(served) -> None:
    """A role that was taken, an officer who left, a stopped device, a session that its issuer ended, a stopped account
    of the same person: no room opens at the next request, and a stream that is open ends.
    """
    await served.signed_in("ward-nurse")
    for what, (change, back) in CHANGES.items():
        officer = await served.signed_in("duty-officer")
        number = await number_of(served, "duty-officer")
        async with officer.stream("GET", "/watch/news", timeout=20) as answer:
            lines = answer.aiter_lines()
            await anext(lines)
            await served.database.pool.execute(change, number)
            served.clock.moved += timedelta(seconds=4)  # what was known of the officer a moment ago is asked again
            assert "event: over" in [line async for line in lines], what
        for path in ("/watch", "/keys", "/help"):
            page = await officer.get(path)
            assert page.status_code in (401, 403), (what, path)
        if what in ("departed", "device", "other account"):
            assert path_of(await officer.post("/sign-out", data={"form": token_of(page)})) == "/left"
        await served.database.pool.execute(back, number)
        served.clock.moved += timedelta(seconds=4)


async def test_a_stream_ends_with_its_role(served) -> None:
    """An officer who is an auditor from now on has no more news of the watch."""
    officer = await served.signed_in("duty-officer")
    async with officer.stream("GET", "/watch/news", timeout=20) as answer:
        lines = answer.aiter_lines()
        await anext(lines)
        await served.database.pool.execute(
            """with given as (insert into grants (account_id, hospital_id, role, granted_by)
                              values ($1, 1, 'auditor', 'test'))
               update grants set expires_at = now() where account_id = $1 and role = 'duty_officer'""",
            await number_of(served, "duty-officer"),
        )
        served.clock.moved += timedelta(seconds=4)  # what was known of the officer a moment ago is asked again
        async with asyncio.timeout(5):
            assert "event: over" in [line async for line in lines]
    assert (await officer.get("/help")).status_code == 200


_SAME = "(select min(account_id) from accounts where account_id <> $1 and kind = 'person')"
CHANGES = {
    "role": (
        "update grants set expires_at = now() where account_id = $1",
        "update grants set expires_at = null where account_id = $1",
    ),
    "departed": (
        "insert into departures (account_id, hospital_id, left_at, said_by) "
        "values ($1, 1, now() - interval '1 day', 'operator:test')",
        "delete from departures where account_id = $1",
    ),
    "device": (
        "insert into containments (kind, target, spared, reason, asked_by, asked_at, in_force_from) "
        "select 'device', encode(session_key, 'hex'), '{}', 'a stolen badge', 'operator:test', now(), now() "
        "from disclosures where account_id = $1 order by disclosure_id desc limit 1",
        "delete from containments where $1 > 0",
    ),
    "other account": (
        f"with joined as (update accounts set same_as = {_SAME} where account_id = $1) "
        f"update account_states set frozen = true where account_id = {_SAME}",
        "with parted as (update accounts set same_as = null where account_id = $1) "
        "update account_states set frozen = false",
    ),
    "session": (
        "insert into ended_sessions (account_id, session, ended_at, by_whom) "
        "values ($1, '', now() + interval '1 hour', 'test')",
        "delete from ended_sessions where account_id = $1",
    ),
}
"""What is done in the database elsewhere, and undone."""


async def test_two_accounts_of_one_person_are_one_voice(served, louise) -> None:
    """An officer with two accounts releases nobody alone, and gives no list away alone."""
    await served.signed_in("ward-nurse")
    first, second = await served.signed_in("duty-officer"), await served.signed_in("duty-officer-2")
    pool = served.database.pool
    one, two, nurse = [await number_of(served, name) for name in ("duty-officer", "duty-officer-2", "ward-nurse")]
    await pool.execute("update accounts set same_as = $1 where account_id = $2", one, two)
    await post(first, f"/watch/stop/{nurse}", reason="lectures inhabituelles")
    stop = await pool.fetchval("select containment_id from containments")
    await post(first, f"/watch/release/{stop}", reason="erreur de ma part")
    alone = await post(second, f"/watch/release/{stop}", reason="vérifié par téléphone")
    assert "seconde personne" in alone.text
    assert await pool.fetchval("select released_at from containments") is None


async def test_what_deceives_is_not_kept(served) -> None:
    """Characters that turn a line round, have no width or command a terminal never reach what others read."""
    nurse, officer = await served.signed_in("ward-nurse"), await served.signed_in("duty-officer")
    assert nurse
    number = await served.database.pool.fetchval("select max(account_id) from account_states")
    await post(officer, f"/watch/stop/{number}", reason="volé \u202eexpired\u200b \x1b[2J<b>\u2066ok")
    assert await served.database.pool.fetchval("select reason from containments") == "volé expired [2J<b>ok"
    assert "&lt;b&gt;ok" in (await officer.get("/watch")).text

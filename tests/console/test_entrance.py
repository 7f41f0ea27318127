"""Coming in and going out: sessions, their ends, and what strangers and thieves may do with them."""

import re
from datetime import timedelta

import httpx2
import pytest

from beffroi.model.disclosure import Door, Operation
from beffroi.servers.console.app import FORM_BYTES_MAX, QUERY_BYTES_MAX
from beffroi.servers.console.headers import Cookies
from console.asking import altered, find, link_in, path_of, post
from console.conftest import IDLE_S

COOKIE = "beffroi"


async def test_a_sign_in_leads_to_the_first_room(served) -> None:
    """By the issuer's page and back, to the room of the role; the sign-in is a disclosure of the console's door."""
    client = await served.stranger()
    back = await served.sign_in(client, "ward-nurse")
    assert path_of(back) == "/"
    assert path_of(await client.get("/")) == "/find"
    page = await client.get("/find")
    assert "Odile Verhaverbeke" in page.text
    assert "CH de Beaumont" in page.text
    row = await served.database.pool.fetchrow("select door, operation, session_key from disclosures")
    assert (row["door"], row["operation"], len(row["session_key"])) == (Door.CONSOLE, Operation.SIGN_IN, 32)


async def test_no_token_reaches_the_browser(served) -> None:
    """Neither the browser nor the database's rows hold a token that can be read."""
    client = await served.signed_in("ward-nurse")
    sealed = await served.database.pool.fetchval("select sealed from console_sessions")
    assert b"eyJ" not in sealed
    assert "eyJ" not in client.cookies[COOKIE]
    assert "eyJ" not in (await client.get("/find")).text


async def test_cookies_are_for_this_host_alone(served) -> None:
    """Not for scripts, not from other sites; over https with the prefix that pins them to the host."""
    client = await served.stranger()
    back = await served.sign_in(client, "ward-nurse")
    set_cookie = next(c for c in back.headers.get_list("set-cookie") if c.startswith(f"{COOKIE}="))
    assert "HttpOnly" in set_cookie and "SameSite=Lax" in set_cookie and "Path=/" in set_cookie
    name, value = Cookies(secure=True).set(Cookies(secure=True).session, "x")
    assert (name, value) == (b"set-cookie", b"__Host-beffroi=x; Path=/; HttpOnly; SameSite=Lax; Secure")


@pytest.mark.parametrize("scheme", ["https"])
async def test_behind_a_proxy_that_ends_tls(served) -> None:
    """Every answer asks for TLS for a year, and no cookie is given without the mark and the prefix of TLS."""
    client = await served.stranger()
    begun = await client.get("/sign-in")
    style = re.search(r'href="/console(/assets/[^"]+css)"', (await client.get("/")).text)
    assert style and begun.headers["set-cookie"].startswith("__Host-beffroi-sign-in=")
    assert begun.headers["set-cookie"].count("; Secure") == 1
    for answer in (begun, await client.get("/"), await client.get("/nowhere"), await client.get(style[1])):
        assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


async def test_a_session_is_not_fixed(served) -> None:
    """Whoever had a session before has another after signing in, and the one before is over."""
    client = await served.signed_in("ward-nurse")
    before = client.cookies[COOKIE]
    await served.sign_in(client, "ward-doctor")
    assert client.cookies[COOKIE] != before
    thief = await served.stranger()
    thief.cookies.set(COOKIE, before)
    assert (await thief.get("/find")).status_code == 401


async def test_a_session_has_ends_of_its_own(served) -> None:
    """Whatever its issuer still says: at its last moment, and after a quarter of an hour unused."""
    for ended in ("ends_at = now()", f"seen_at = now() - interval '{IDLE_S + 1} s'"):
        client = await served.signed_in("ward-nurse")
        assert (await client.get("/find")).status_code == 200
        await served.database.pool.execute(f"update console_sessions set {ended}")
        assert (await client.get("/find")).status_code == 401, ended


async def test_what_a_page_asks_by_itself_keeps_no_session(served) -> None:
    """News, and a page that renews itself, put off no end; a page that somebody opens does."""
    client = await served.signed_in("duty-officer")
    before = "update console_sessions set seen_at = now() - interval '100 s' returning seen_at"
    seen_at, seen = await served.database.pool.fetchval(before), "select seen_at from console_sessions"
    async with client.stream("GET", "/watch/news") as answer:
        assert await anext(answer.aiter_lines())
        assert (await client.get("/watch", headers={"x-background": "1"})).status_code == 200
    assert await served.database.pool.fetchval(seen) == seen_at
    assert (await client.get("/watch")).status_code == 200
    assert await served.database.pool.fetchval(seen) > seen_at


async def test_what_is_sent_has_limits(served) -> None:
    """An address or a form that is too long: said, and nothing is done."""
    client = await served.signed_in("ward-nurse")
    assert (await client.get("/find?a=" + "x" * QUERY_BYTES_MAX)).status_code == 413
    assert (await post(client, "/find", name="x" * FORM_BYTES_MAX)).status_code == 413


async def test_a_made_up_cookie_is_nobody(served) -> None:
    """A cookie that the server did not give opens nothing."""
    client = await served.stranger()
    for value in ("x", "A" * 43, "Ä", "A" * 9_000):
        client.cookies.set(COOKIE, value.encode("ascii", "ignore").decode())
        assert (await client.get("/find")).status_code == 401


async def test_a_sign_in_begun_elsewhere_is_refused(served) -> None:
    """With another state, code or browser than the one that began, nobody is signed in."""
    for change in ("state", "code", "no cookie", "error", "another's cookie"):
        client, other = await served.stranger(), await served.stranger()
        answers: list[str] = []

        async def keep(request: httpx2.Request, answers: list[str] = answers) -> None:
            answers.append(str(request.url))

        client.event_hooks["request"] = [keep]
        await served.sign_in(client, "ward-nurse")
        back = answers[-1]
        client.cookies.clear()
        await client.get("/sign-in")
        if change == "no cookie":
            client.cookies.clear()
        if change == "another's cookie":
            await other.get("/sign-in")
            client.cookies = other.cookies
        if change == "error":
            back = f"{served.url}/signed-in?error=access_denied&state=x"
        answer = await client.get(back.replace("code=", "code=x") if change == "code" else back)
        assert answer.status_code == 400, change
        assert COOKIE not in client.cookies


async def test_leaving_ends_the_session_everywhere(served) -> None:
    """After leaving, the old cookie opens nothing, and the browser is told to forget what it keeps."""
    client = await served.signed_in("ward-nurse")
    cookie = client.cookies[COOKIE]
    left = await post(client, "/sign-out")
    assert left.headers["clear-site-data"] == '"cache", "storage"'
    client.cookies.set(COOKIE, cookie)
    assert (await client.get("/find")).status_code == 401


async def test_somebody_else_takes_over(served) -> None:
    """Switching ends the session and asks the issuer who is there, afresh."""
    client = await served.signed_in("ward-nurse")
    switched = await post(client, "/switch")
    assert path_of(switched) == "/left?other=1"
    assert "clear-site-data" in switched.headers
    assert (await client.get("/find")).status_code == 401


async def test_a_session_ends_by_itself(served) -> None:
    """After a quarter of an hour without use, and after four hours in any case."""
    for seconds, used in ((901, False), (14_401, True)):
        client = await served.signed_in("ward-nurse")
        elapsed = 0
        while used and elapsed < seconds - 1_000:
            elapsed += 800
            served.clock.moved += timedelta(seconds=800)
            assert (await client.get("/find")).status_code == 200
        served.clock.moved += timedelta(seconds=seconds - elapsed)
        ended = await client.get("/find")
        assert ended.status_code == 401
        assert "Votre session est terminée" in ended.text


async def test_tokens_are_renewed_while_the_issuer_lets(served) -> None:
    """A session outlives its access token; when the issuer has signed the person out, the session ends with it."""
    client = await served.signed_in("ward-nurse")
    served.clock.moved += timedelta(seconds=300)
    assert (await client.get("/find")).status_code == 200
    served.issuer.flow.end_all("ward-nurse")
    served.clock.moved += timedelta(seconds=300)
    assert (await client.get("/find")).status_code == 401
    assert await served.database.pool.fetchval("select count(*) from console_sessions") == 0


async def test_a_stopped_account_sees_nothing_more(served, louise) -> None:
    """From the next request on, every room says that the account is stopped and whom to call; leaving still works."""
    client = await served.signed_in("ward-nurse")
    await served.database.pool.execute("update account_states set frozen = true")
    for path in ("/find", "/help"):
        page = await client.get(path)
        assert page.status_code == 403
        assert "Ce compte est arrêté" in page.text and "03 00 00 00 00" in page.text


async def test_a_handle_is_of_one_session_and_one_use(served, louise) -> None:
    """An address from another's session, or of another kind, leads to nobody and tells nothing."""
    nurse, doctor = await served.signed_in("ward-nurse"), await served.signed_in("ward-doctor")
    link = link_in(await find(nurse))
    before = await served.database.pool.fetchval("select count(*) from disclosures")
    assert path_of(await doctor.get(link)) == "/find"
    assert path_of(await nurse.get(link.replace("/patient/", "/find/"))) == "/find"
    assert path_of(await nurse.get(altered(link))) == "/find"
    assert await served.database.pool.fetchval("select count(*) from disclosures") == before


async def test_every_page_says_what_the_browser_may_do(served, louise) -> None:
    """Nothing foreign, nothing inline, nobody frames it, nothing is kept, no referrer leaves."""
    client = await served.signed_in("ward-nurse")
    page = await find(client)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    assert "require-trusted-types-for 'script'" in policy and "frame-ancestors 'none'" in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cross-origin-opener-policy"] == "same-origin"
    assert page.headers["cross-origin-resource-policy"] == "same-origin"
    assert " style=" not in page.text and "<style" not in page.text and " onclick" not in page.text


async def test_the_language_is_the_browsers_until_it_is_chosen(served) -> None:
    """Accept-Language first; a choice is kept."""
    client = await served.stranger("en")
    assert "Sign in" in (await client.get("/")).text
    chosen = await client.post("/language", data={"language": "fr", "back": "/left"})
    assert path_of(chosen) == "/left"
    assert "Se connecter" in (await client.get("/left")).text
    for back in ("//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example"):
        away = await client.post("/language", data={"language": "en", "back": back})
        assert away.headers["location"].startswith("/console/")
        assert "//" not in away.headers["location"] and "\\" not in away.headers["location"]

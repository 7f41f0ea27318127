"""Sessions bound to a key of their device: what a stolen cookie opens, and what becomes of wrong proofs."""

import asyncio
import re
from datetime import timedelta

import httpx2

from beffroi.actions.device_binding import CHALLENGE_S_MAX, NOTHING, DeviceBinding
from beffroi.model.account import AccountId
from beffroi.servers.console import devices
from beffroi.servers.console.devices import BIND_PATH, REFRESH_PATH
from beffroi.servers.console.headers import Cookies
from beffroi.servers.console.routes import ROUTES
from beffroi.store.sessions import SessionStore, StoredSession
from console.asking import altered, path_of, post
from console.device import Device, bound, challenge_in, offered
from credentials import RSA_2048
from doubles import DEPLOYMENT_NONCE_KEY, FakeClock

COOKIE, BOUND = "beffroi", "beffroi-bound"
OVER = timedelta(seconds=631)
"""Past a bound cookie's end, and the grace of what is on its way."""


async def carrying(served, client: httpx2.AsyncClient, *names: str) -> httpx2.AsyncClient:
    """Somebody else with copies of these cookies."""
    thief = await served.stranger()
    for name in names:
        thief.cookies.set(name, client.cookies[name])
    return thief


async def test_a_stolen_cookie_alone_opens_nothing(served) -> None:
    """Refused in words on every page, and seen by the operator; the browser with the key goes on."""
    nurse = await bound(served, "ward-nurse", Device())
    assert (await nurse.get("/find")).status_code == 200
    thief = await carrying(served, nurse, COOKIE)
    paths = [route.path for route in ROUTES if route.roles is not None and route.method == "GET"]
    answers = await asyncio.gather(*(thief.get(path, timeout=10) for path in paths))
    assert {answer.status_code for answer in answers} == {401}
    refused = answers[0]
    assert "appartient à l&#39;appareil" in refused.text and "Verhaverbeke" not in refused.text
    assert COOKIE in thief.cookies
    assert "appartient" in (await thief.get("/")).text
    other = await bound(served, "ward-doctor", Device())
    for made_up in ("A" * 91, other.cookies[BOUND], thief.cookies[COOKIE]):
        thief.cookies.set(BOUND, made_up)
        refused = await thief.get("/find")
        assert refused.status_code == 401
        assert f"{BOUND}=;" in refused.headers["set-cookie"]  # it goes, so that a browser asks for another
    assert (await nurse.get("/find")).status_code == 200
    page = (await (await served.signed_in("operator")).get("/operate")).text
    assert re.search(r"liées à leur appareil\s: 2\b", page) and re.search(r"vues ailleurs ou sans lui\s: 1\b", page)


async def test_both_cookies_serve_for_minutes(served) -> None:
    """Whoever copies both reads until the second one's end; the browser answers a challenge, and goes on."""
    device = Device()
    nurse = await bound(served, "ward-nurse", device)
    thief = await carrying(served, nurse, COOKIE, BOUND)
    assert (await thief.get("/find")).status_code == 200
    served.clock.moved += OVER
    assert (await thief.get("/find")).status_code == 401
    assert (await device.refresh(nurse)).status_code == 200
    assert (await nurse.get("/find")).status_code == 200
    assert (await thief.get("/find")).status_code == 401


async def test_binding_is_offered_to_whoever_signs_in_and_once(served) -> None:
    """In the answer that signs in, and in no other; one key, however often it is answered, and in time."""
    client, late = await served.stranger(), await served.stranger()
    answer = await served.sign_in(client, "ward-nurse")
    challenge = offered(answer)
    assert "secure-session-registration" not in (await client.get("/find")).headers
    thief = Device()
    for wrong in ("", altered(challenge), "A" * 91, client.cookies[COOKIE]):
        assert (await thief.bind(client, wrong)).status_code == 400
    small = await client.post(BIND_PATH, headers={"secure-session-response": "a.b.c"})
    assert small.status_code == 400 and small.content == b""
    assert (await Device(RSA_2048, "RS256").bind(await served.stranger(), challenge)).status_code == 200
    assert (await thief.bind(client, challenge)).status_code == 400
    kept = await served.database.pool.fetchval("select device_key from console_sessions")
    assert '"d"' not in kept and '"RS256"' in kept
    too_late = offered(await served.sign_in(late, "ward-doctor"))
    served.clock.moved += timedelta(seconds=CHALLENGE_S_MAX + 1)
    assert (await thief.bind(late, too_late)).status_code == 400
    assert (await late.get("/find")).status_code == 200  # not bound: as before


async def test_what_a_bound_session_is_told(served) -> None:
    """Where it holds, by which cookie, where it is refreshed; what was sent before the browser knew is served."""
    client = await served.stranger()
    answer = await Device().bind(client, offered(await served.sign_in(client, "ward-nurse")))
    told = answer.json()
    assert told["refresh_url"] == f"/console{REFRESH_PATH}"
    assert told["credentials"] == [
        {"type": "cookie", "name": BOUND, "attributes": "Path=/; HttpOnly; SameSite=Lax"},
    ]
    assert told["scope"]["include_site"] is False
    assert "HttpOnly; SameSite=Lax; Max-Age=600" in answer.headers["set-cookie"]
    assert answer.headers["cache-control"] == "no-store"
    client.cookies.delete(BOUND)
    assert (await client.get("/find")).status_code == 200  # sent before the browser knew
    served.clock.moved += timedelta(seconds=11)
    assert (await client.get("/find")).status_code == 401


async def test_a_proof_serves_once(served) -> None:
    """Again, late, older than one that was answered, or of another session: a new challenge; by another key: over."""
    device, other = Device(), Device()
    nurse, doctor = await bound(served, "ward-nurse", device), await bound(served, "ward-doctor", other)
    older, newer = await device.challenge(nurse), await device.challenge(nurse)
    assert (await device.ask(nurse, device.proof(newer))).status_code == 200
    for proof in (device.proof(newer), device.proof(older), device.proof("x"), f'"{device.proof(older)}"'):
        again = await device.ask(nurse, proof)
        assert again.status_code == 403
        assert challenge_in(again, device.name) not in (older, newer)
    theirs = await other.challenge(doctor)
    assert (await device.ask(nurse, device.proof(theirs))).status_code == 400
    late = await device.challenge(nurse)
    served.clock.moved += timedelta(seconds=CHALLENGE_S_MAX + 1)
    assert (await device.ask(nurse, device.proof(late))).status_code == 403
    asked = await device.challenge(nurse)
    for proof in (other.proof(asked), device.proof(asked, new=True), "a.b.c"):
        refused = await device.ask(nurse, proof)
        assert refused.status_code == 400 and "set-cookie" not in refused.headers
    both = await asyncio.gather(*(device.ask(nurse, device.proof(asked)) for _ in range(4)))
    assert sorted(answer.status_code for answer in both) == [200, 403, 403, 403]


async def test_a_binding_ends_with_its_session(served) -> None:
    """Signed out, or ended by time: the browser is told to forget it; a made-up name is no session."""
    device = Device()
    nurse = await bound(served, "ward-nurse", device)
    left = await post(nurse, "/sign-out")
    assert '"storage"' in left.headers["clear-site-data"] and not set(nurse.cookies) & {COOKIE, BOUND}
    over = await device.ask(nurse)
    assert over.status_code == 200 and over.json() == {"session_identifier": device.name, "continue": False}
    assert "set-cookie" not in over.headers
    idle = Device()
    doctor = await bound(served, "ward-doctor", idle)
    served.clock.moved += timedelta(seconds=901)
    assert (await idle.ask(doctor)).json()["continue"] is False
    device.name = "A" * 91
    assert (await device.ask(nurse)).json()["continue"] is False


async def test_leaving_needs_no_proof(served) -> None:
    """Whoever cannot prove the device, since the network was away, still leaves; from another site nobody does it."""
    nurse = await bound(served, "ward-nurse", Device())
    browser = await carrying(served, nurse, COOKIE)
    elsewhere = await browser.post("/switch", data={"a": "b"}, headers={"sec-fetch-site": "cross-site"})
    assert elsewhere.status_code == 401
    assert (await nurse.get("/find")).status_code == 200
    assert path_of(await browser.post("/switch", data={"a": "b"})) == "/left?other=1"
    assert (await nurse.get("/find")).status_code == 401


async def test_a_link_of_another_site_leads_on(served) -> None:
    """Browsers ask for no cookie there: our own page leads on at once, and only once."""
    nurse = await bound(served, "ward-nurse", Device())
    browser = await carrying(served, nurse, COOKIE)
    for site, mode, leads in (("cross-site", "navigate", 1), ("same-origin", "navigate", 0), ("cross-site", "cors", 0)):
        page = await browser.get("/help", headers={"sec-fetch-site": site, "sec-fetch-mode": mode})
        assert page.status_code == 401
        assert page.text.count('http-equiv="refresh" content="0; url=/console/help"') == leads


async def test_an_open_stream_lasts_as_long_as_its_cookie(served) -> None:
    """Then it ends without a word, so that the browser opens it again with a newer one; not so when all is over."""
    device = Device()
    officer = await bound(served, "duty-officer", device)
    async with officer.stream("GET", "/watch/news", timeout=20) as answer:
        lines = answer.aiter_lines()
        await anext(lines)
        served.clock.moved += OVER
        assert "event: over" not in [line async for line in lines]
    await device.refresh(officer)
    async with officer.stream("GET", "/watch/news", timeout=20) as answer:
        lines = answer.aiter_lines()
        await anext(lines)
        await post(officer, "/sign-out")
        assert "event: over" in [line async for line in lines]


async def test_where_nothing_is_bound_nothing_is_asked(database) -> None:
    """With `console.bound_cookie_s` 0 nothing is offered, and what was bound before serves without a proof."""
    clock = FakeClock()
    binding = DeviceBinding(SessionStore(database), DEPLOYMENT_NONCE_KEY, clock, cookie_s=0, idle_s=900)
    assert devices.offer(binding.offer(bytes(32))) == ()
    now = clock.now()
    before = StoredSession(AccountId(1), b"", now, now, now, frozen=False, bound_at=now - timedelta(hours=1))
    assert await binding.proved_until(bytes(32), before, NOTHING, now) is None
    assert not binding.is_due(before, None, now)


def test_over_https_the_bound_cookie_is_this_host_s_alone() -> None:
    """It has the prefix and the marks that the browser is told to look for."""
    cookies = Cookies(secure=True)
    assert (cookies.bound, cookies.marks) == ("__Host-beffroi-bound", "Path=/; HttpOnly; SameSite=Lax; Secure")

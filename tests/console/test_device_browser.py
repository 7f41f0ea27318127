"""A session bound to its device in a real Chromium, by a key in software."""

import asyncio
from datetime import datetime, timedelta

from playwright.async_api import Playwright

from console.chromium import BINDING, binding_chromium_path
from console.device import SETTLED

COOKIE, BOUND = "beffroi", "beffroi-bound"
WAIT_S_MAX = 10


async def answered_after(served, before: datetime | None = None) -> datetime:
    """When the newest challenge was made that the browser has answered, once it has answered another."""
    async with asyncio.timeout(WAIT_S_MAX):
        while True:
            at: datetime | None = await served.database.pool.fetchval("select answered_at from console_sessions")
            if at is not None and at != before:
                return at
            await asyncio.sleep(0.05)


async def test_a_session_is_the_browser_s_alone(served, louise, enters, playwright: Playwright) -> None:
    """Bound when another site's sign-in leads back; its cookie comes again by the key, for two tabs, a form and another
    site's link; in another browser the session's cookie opens nothing; leaving ends the binding."""
    path = binding_chromium_path()
    arguments = ["--no-sandbox", f"--enable-features={','.join(BINDING)}"]
    browser = await playwright.chromium.launch(executable_path=path, args=arguments)
    context, thief = await browser.new_context(locale="fr-FR"), await browser.new_context(locale="fr-FR")
    page = await enters(context, "ward-nurse")
    answered = await answered_after(served)
    served.clock.moved += SETTLED

    await context.clear_cookies(name=BOUND)
    second = await context.new_page()
    await asyncio.gather(page.goto(f"{served.url}/find"), second.goto(f"{served.url}/help"))
    assert "Verhaverbeke" in await page.inner_text("header") and "Verhaverbeke" in await second.inner_text("header")
    answered = await answered_after(served, answered)

    await context.clear_cookies(name=BOUND)
    await page.fill("#born", "17051980")
    await page.fill("#name", "mar l")
    await page.press("#name", "Enter")
    await page.wait_for_selector("a.name")
    answered = await answered_after(served, answered)

    await context.clear_cookies(name=BOUND)
    await second.goto(f"{served.issuer.url}/jwks")
    await second.set_content(f'<a href="{served.url}/help">x</a>')
    await second.click("a")
    await second.wait_for_selector("header .who")
    await answered_after(served, answered)

    (cookie,) = [one for one in await context.cookies() if one["name"] == COOKIE]
    await thief.add_cookies([cookie])
    stolen = await thief.new_page()
    answer = await stolen.goto(f"{served.url}/find")
    assert answer is not None and answer.status == 401
    assert "appartient à l'appareil" in await stolen.inner_text("main")

    served.clock.moved += timedelta(seconds=640)  # by the server's clock alone: the browser's cookie is good still
    await page.goto(f"{served.url}/find")
    assert "appartient à l'appareil" in await page.inner_text("main")
    await page.click("main a.second")
    await page.wait_for_selector("#born")

    await page.click("form[action$='/sign-out'] button")
    await page.wait_for_url("**/left")
    assert not {COOKIE, BOUND} & {one["name"] for one in await context.cookies()}
    await browser.close()

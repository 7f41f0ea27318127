"""What holds on every way through the console, in a real browser, in both languages: keys, Back, tabs, sessions' ends,
shared workstations, no scripts. Each person's own journey: `test_people`.
"""

from datetime import timedelta

from playwright.async_api import Browser, BrowserContext, Page

from console.asking import find
from console.hands import press, read, said_in, search
from requests_and_records import record


async def leaks(page: Page) -> list[str]:
    """What of Louise stands where the next user of the workstation finds it."""
    places = [page.url, await page.title(), await page.evaluate("JSON.stringify(history.state) + document.referrer")]
    places += [await page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")]
    return [word for word in ("MARTIN", "Louise", "1980", "mar l") if any(word in place for place in places)]


async def test_finding_a_patient(served, louise, browsing: BrowserContext, enters) -> None:
    """Two fields and one keystroke, without touching the mouse; one patient in full; nothing of her left behind."""
    page = await enters(browsing, "ward-nurse")
    await search(page)
    assert "MARTIN Louise" in await page.inner_text("main")
    assert await leaks(page) == []
    await page.click("a.name")
    await page.wait_for_selector(".identity")
    assert await leaks(page) == []
    language = await page.get_attribute("html", "lang")
    assert language == ("fr" if "fr" in await page.evaluate("navigator.language") else "en")
    said = "Née" if language == "fr" else "Born"
    assert said in await page.inner_text("main") or "Naissance" in await page.inner_text("main")
    await page.go_back()
    assert "MARTIN Louise" in await page.inner_text("main")
    await page.reload()
    assert "MARTIN Louise" in await page.inner_text("main")


async def test_keys(served, louise, browsing: BrowserContext, enters) -> None:
    """ "/" goes to the first field from anywhere, Esc clears it, the skip link comes first."""
    page = await enters(browsing, "ward-nurse")
    await search(page)
    await page.keyboard.press("/")
    assert await page.evaluate("document.activeElement.id") == "born"
    await page.keyboard.press("Escape")
    assert (await page.input_value("#born"), await page.input_value("#name")) == ("", "")
    await page.reload()
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"


async def test_somebody_else_takes_the_workstation(served, louise, browsing: BrowserContext, enters) -> None:
    """After switching, Back shows no patient, neither from memory nor from the server; the next one sees their own."""
    page = await enters(browsing, "ward-nurse")
    await search(page)
    await page.click("form[action$='/switch'] button")
    await page.wait_for_url("**/authorize**")
    await page.click("button[value=ward-doctor]")
    await page.wait_for_url(f"{served.url}/find")
    for _ in range(4):
        await page.go_back()
        await page.wait_for_load_state()
        assert "MARTIN" not in await page.content()
    await page.goto(f"{served.url}/find")
    assert "Benkhedda" in await page.inner_text("header")


async def test_several_tabs(served, louise, browsing: BrowserContext, enters) -> None:
    """Two tabs search different people without confusing each other; leaving in one ends the other."""
    first = await enters(browsing, "ward-nurse")
    second = await browsing.new_page()
    await second.goto(f"{served.url}/find")
    await search(first)
    await search(second, name="xyz q")
    assert "MARTIN" in await first.inner_text("main") and "MARTIN" not in await second.inner_text("main")
    await first.reload()
    assert "MARTIN" in await first.inner_text("main")
    async with second.expect_navigation():
        await second.click("form[action$='/sign-out'] button")
    await first.reload()
    assert "MARTIN" not in await first.content()
    assert await first.query_selector("a[href$='/sign-in']")


async def test_the_screen_empties_when_the_session_ends(served, louise, browsing: BrowserContext, enters) -> None:
    """A page left open says so a minute before, can be kept, and then shows nobody."""
    page = await enters(browsing, "ward-nurse")
    await search(page)
    assert await page.is_hidden("#soon")
    await page.clock.install()
    await page.reload()
    await page.clock.run_for(850_000)
    await page.wait_for_selector("#soon", state="visible")
    await page.clock.run_for(60_000)
    await page.wait_for_function("!document.body.innerText.includes('MARTIN')")


async def test_a_session_ends_at_its_limits(served, louise, browsing: BrowserContext, enters) -> None:
    """After a quarter of an hour unused, and after four hours of use: said in words, and nobody is shown."""
    page = await enters(browsing, "ward-nurse")
    await search(page)
    for step_s, used in ((901, 0), (870, 16)):
        for _ in range(used):
            served.clock.moved += timedelta(seconds=step_s)
            await page.reload()
            assert "MARTIN" in await read(page)
        served.clock.moved += timedelta(seconds=step_s)
        await page.reload()
        assert await said_in(page, "Votre session est terminée", "Your session has ended")
        assert "MARTIN" not in await page.content()
        if not used:
            await press(page, "main a.button")
            await press(page, "button[value=ward-nurse]")
            await search(page)


async def test_without_scripts(served, louise, another) -> None:
    """Everything reads and works with scripts switched off, and what needs them says so."""
    page = await (await another(java_script_enabled=False)).new_page()
    await page.goto(f"{served.url}/sign-in")
    await press(page, "button[value=ward-nurse]")
    await page.fill("#born", "17051980")
    await page.fill("#name", "mar l")
    await page.press("#name", "Enter")
    await page.wait_for_selector("a.name")
    assert "MARTIN Louise" in await read(page)
    await press(page, "a.name")
    await page.check("input[name=contact]")
    await press(page, "main form button")
    assert "06 12 34 56 78" in await read(page)
    await press(page, "nav a[href$='/keys']")
    assert await said_in(page, "Les clés demandent des scripts", "Keys need scripts")
    await press(page, "form[action$='/switch'] button")
    assert await said_in(page, "La session est fermée", "The session is closed")


async def test_a_session_closed_elsewhere_empties_the_watch_room(served, browsing: BrowserContext, enters) -> None:
    """Signed out in another tab, the open watch room is gone by itself."""
    page = await enters(browsing, "duty-officer")
    await page.locator("#news-state[data-on='yes']").wait_for(state="attached")
    second = await browsing.new_page()
    await second.goto(f"{served.url}/help")
    async with second.expect_navigation():
        await second.click("form[action$='/sign-out'] button")
    await page.wait_for_selector("a[href$='/sign-in']", timeout=10_000)


async def test_a_verdict_is_on_the_screen_within_a_second(served, put, chromium: Browser, enters) -> None:
    """From the commit of the watch's verdict to the officer's open page (the quickest of three accounts)."""
    context = await chromium.new_context(locale="fr-FR")
    page = await enters(context, "duty-officer")
    await page.locator("#news-state[data-on='yes']").wait_for(state="attached")
    for number in range(12):
        await put(2, f"B-{number}", record(f"{chr(65 + number)}XYZ", "Zoé"))
    took_s: list[float] = []
    for account in ("ward-nurse", "ward-doctor", "emergency-doctor"):
        subject = served.staff[account].subject
        client = await served.signed_in(account)
        for number in range(12):
            await find(client, name=f"{chr(65 + number)}xyz z")
            at = await served.database.pool.fetchval(VERDICT_AT, subject)
            if at:
                break
        await page.wait_for_selector(f"#rings >> xpath=.. >> text={subject}", timeout=10_000)
        took_s.append((served.clock.now() - at).total_seconds())
    assert min(took_s) < 1.0, took_s
    await context.close()


VERDICT_AT = """select min(at) from disclosures join accounts using (account_id)
where subject = $1 and operation = 9"""

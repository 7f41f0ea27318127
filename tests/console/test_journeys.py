"""Each journey as its person makes it, in a real browser, in both languages: keys, Back, tabs, shared workstations."""

from playwright.async_api import Browser, BrowserContext, Page

from console.asking import find, post
from requests_and_records import record

REASON = "lectures inhabituelles cette nuit"


async def search(page: Page, born: str = "17051980", name: str = "mar l") -> None:
    """As it is typed: the first field has the focus already."""
    await page.keyboard.type(born)
    await page.keyboard.press("Tab")
    await page.keyboard.type(name)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


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


async def test_the_screen_empties_when_the_session_ends(served, louise, chromium: Browser, enters) -> None:
    """A page left open says so a minute before, can be kept, and then shows nobody."""
    context = await chromium.new_context(locale="fr-FR")
    page = await enters(context, "ward-nurse")
    await search(page)
    assert await page.is_hidden("#soon")
    await page.clock.install()
    await page.reload()
    await page.clock.run_for(850_000)
    await page.wait_for_selector("#soon", state="visible")
    await page.clock.run_for(60_000)
    await page.wait_for_function("!document.body.innerText.includes('MARTIN')")
    await context.close()


async def test_without_scripts(served, louise, chromium: Browser) -> None:
    """Everything reads and works with scripts switched off."""
    context = await chromium.new_context(locale="fr-FR", java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{served.url}/sign-in")
    await page.click("button[value=ward-nurse]")
    await page.fill("#born", "17051980")
    await page.fill("#name", "mar l")
    await page.press("#name", "Enter")
    await page.wait_for_selector("a.name")
    assert "MARTIN Louise" in await page.inner_text("main")
    await context.close()


async def test_the_watch_room_is_live(served, louise, browsing: BrowserContext, enters) -> None:
    """What is stopped elsewhere comes to an open watch room by itself; the officer then stops one too."""
    page = await enters(browsing, "duty-officer")
    other = await served.signed_in("duty-officer-2")
    await served.signed_in("ward-nurse")
    await served.signed_in("ward-doctor")
    pool = served.database.pool
    number = await pool.fetchval(
        "select account_id from accounts where subject = $1", served.staff["ward-nurse"].subject
    )
    await page.locator("#news-state[data-on='yes']").wait_for(state="attached")
    await post(other, f"/watch/stop/{number}", reason=REASON)
    await page.wait_for_selector(f"text={REASON}", timeout=10_000)
    await page.fill("#subject", served.staff["ward-doctor"].subject)
    async with page.expect_navigation():
        await page.press("#subject", "Enter")
    async with page.expect_navigation():
        await page.click("a[href*='/watch/stop/']")
    await page.fill("#reason", REASON)
    async with page.expect_navigation():
        await page.click("main form button")
    assert (await page.inner_text("main")).count(REASON) == 2


async def test_a_session_closed_elsewhere_empties_the_watch_room(served, chromium: Browser, enters) -> None:
    """Signed out in another tab, the open watch room is gone by itself."""
    context = await chromium.new_context(locale="fr-FR")
    page = await enters(context, "duty-officer")
    await page.locator("#news-state[data-on='yes']").wait_for(state="attached")
    second = await context.new_page()
    await second.goto(f"{served.url}/help")
    async with second.expect_navigation():
        await second.click("form[action$='/sign-out'] button")
    await page.wait_for_selector("a[href$='/sign-in']", timeout=10_000)
    await context.close()


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

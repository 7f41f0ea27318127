"""Five tasks counted: pages, clicks and keys from the room's first page to the answer, as the explanation says them."""

import re
from pathlib import Path

from playwright.async_api import Browser, Page

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "the-console-counted.md"
ROW = re.compile(r"^\| ([^|]+) \| Beffroi \| (\d+) \| (\d+) \| (\d+) \|", re.MULTILINE)


class Hands:
    """What somebody does on a page, counted: pages that are shown, clicks, keys."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pages, self.clicks, self.keys = 0, 0, 0

    async def type(self, text: str) -> None:
        """Letters and figures."""
        await self.page.keyboard.type(text)
        self.keys += len(text)

    async def press(self, key: str, *, leads_on: bool = False) -> None:
        """One key."""
        self.keys += 1
        if not leads_on:
            await self.page.keyboard.press(key)
            return
        self.pages += 1
        async with self.page.expect_navigation():
            await self.page.keyboard.press(key)

    async def click(self, selector: str, *, leads_on: bool = True) -> None:
        """One click."""
        self.clicks += 1
        if not leads_on:
            await self.page.click(selector)
            return
        self.pages += 1
        async with self.page.expect_navigation():
            await self.page.click(selector)

    @property
    def counted(self) -> tuple[int, int, int]:
        """Pages, clicks, keys."""
        return self.pages, self.clicks, self.keys


async def find(hands: Hands, name: str = "mar l") -> None:
    await hands.type("17051980")
    await hands.press("Tab")
    await hands.type(name)
    await hands.press("Enter", leads_on=True)


async def test_the_five_tasks(served, louise, put, chromium: Browser, enters) -> None:
    """The table of the explanation is what is counted here."""
    from requests_and_records import record

    await put(1, "IPP-10", record("DUPONT", "Anne", restricted=True))
    said = {task.strip(): (int(a), int(b), int(c)) for task, a, b, c in ROW.findall(PAGE.read_text(encoding="utf-8"))}
    counted: dict[str, tuple[int, int, int]] = {}

    nurse = Hands(await enters(await chromium.new_context(locale="fr-FR"), "ward-nurse"))
    await find(nurse)
    assert "MARTIN" in await nurse.page.inner_text("main")
    counted["Find a patient"] = nurse.counted

    held = Hands(await enters(await chromium.new_context(locale="fr-FR"), "ward-doctor"))
    await find(held, "dup a")
    held.pages = held.clicks = held.keys = 0
    await held.click("a[href$='/emergency']")
    await find_in_emergency(held)
    assert "DUPONT" in await held.page.inner_text("main")
    counted["Get past a hold"] = held.counted

    officer = Hands(await enters(await chromium.new_context(locale="fr-FR"), "duty-officer"))
    subject = served.staff["ward-nurse"].subject
    await officer.click("#subject", leads_on=False)
    await officer.type(subject)
    await officer.press("Enter", leads_on=True)
    await officer.click("a[href*='/watch/stop/']")
    await officer.type("compte volé")
    await officer.click("main form button")
    counted["Stop an account"] = officer.counted

    protection = Hands(await enters(await chromium.new_context(locale="fr-FR"), "data-protection-officer"))
    for field, text in (("title", "Compte volé"), ("accounts", subject), ("reason", "signalement")):
        await protection.click(f"#{field}", leads_on=False)
        await protection.type(text)
    await protection.press("Enter", leads_on=True)
    await protection.click("a[href*='/incidents/scope/']")
    assert "1 patient" in await protection.page.inner_text("main")
    counted["Whose data?"] = protection.counted

    clerk = Hands(await enters(await chromium.new_context(locale="fr-FR"), "admission-clerk"))
    await find(clerk)
    await clerk.click("a.name")
    await clerk.click("a[href*='/desk/']")
    await clerk.click("input[value=self]", leads_on=False)
    await clerk.click("input[value=card]", leads_on=False)
    await clerk.click("main form button")
    assert "Agent des admissions" in await clerk.page.inner_text("main")
    counted["Who saw me?"] = clerk.counted
    assert said == counted


async def find_in_emergency(hands: Hands) -> None:
    await hands.type("17051980")
    await hands.press("Tab")
    await hands.type("dup a")
    await hands.click("#reason", leads_on=False)
    await hands.type("inconscient")
    await hands.click("main form button")

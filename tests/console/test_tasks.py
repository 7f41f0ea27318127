"""Five tasks counted: pages, clicks and keys from the room's first page to the answer, as the explanation says them."""

import re
from pathlib import Path

from playwright.async_api import Browser, Page

from console.test_helping import hold
from console.virtual_key import enrolled
from requests_and_records import record

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "the-console-counted.md"
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|", re.MULTILINE)
TASKS = ("Find a patient", "Get past a hold", "Stop an account", "Whose data?", "Who saw me?")
LOOK_S, CLICK_S, KEY_S = 1.35, 1.3, 0.28
"""The keystroke-level model: to look at a page and decide, to point and press, to press a key."""


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


def said() -> list[tuple[str, str, tuple[int, int, int], int]]:
    """The rows of the explanation: task, where, counts, seconds."""
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    return [(task.strip(), where.strip(), (int(a), int(b), int(c)), int(s)) for task, where, a, b, c, s in rows]


def test_seconds_follow_from_the_counts() -> None:
    """The same arithmetic for everybody, and each of the five tasks counted here and elsewhere."""
    rows = said()
    for task, where, (pages, clicks, keys), seconds in rows:
        assert seconds == round(pages * LOOK_S + clicks * CLICK_S + keys * KEY_S), (task, where)
    for task in TASKS:
        places = {where for one, where, _, _ in rows if one.startswith(task)}
        assert "Beffroi" in places and len(places) > 1, task


async def test_the_five_tasks(served, louise, put, chromium: Browser, enters) -> None:
    """The table of the explanation is what is counted here."""
    await put(1, "IPP-10", record("DUPONT", "Anne", restricted=True))
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
    counted["Get past a hold, in an emergency"] = held.counted

    officer = Hands(await enters(await chromium.new_context(locale="fr-FR"), "duty-officer"))
    subject = served.staff["ward-nurse"].subject
    await officer.click("#subject", leads_on=False)
    await officer.type(subject)
    await officer.press("Enter", leads_on=True)
    await officer.click("p.actions a[href*='/watch/stop/']")
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
    counted |= await past_a_hold(served, put, chromium, enters)
    assert {task: counts for task, where, counts, _ in said() if where == "Beffroi"} == counted


async def past_a_hold(served, put, chromium: Browser, enters) -> dict[str, tuple[int, int, int]]:
    """With one's own key, and with a colleague's: what both do is counted together."""
    await put(2, "B-1", record("QUESTEL", "Zoé"))
    await put(2, "B-2", record("QUESNEL", "Zoé"))
    context, beside = [await chromium.new_context(locale="fr-FR") for _ in range(2)]
    own = Hands(await enters(context, "triage-nurse"))
    await enrolled(served, own.page, context, "triage-nurse")
    await hold(served, "triage-nurse")
    await own.page.goto(f"{served.url}/find")
    await find(own, "quest z")
    own.pages = own.clicks = own.keys = 0
    await own.click("main a[href*='/keys?back=']")
    await own.click("form[data-key=get] button")
    assert "QUESTEL" in await own.page.inner_text("main")

    asker = Hands(await enters(await chromium.new_context(locale="fr-FR"), "on-call-doctor"))
    helper = Hands(await enters(beside, "emergency-doctor"))
    await enrolled(served, helper.page, beside, "emergency-doctor")
    await hold(served, "on-call-doctor")
    await helper.page.goto(f"{served.url}/find")
    await find(asker, "quesn z")
    asker.pages = asker.clicks = asker.keys = 0
    await asker.click("main a[href*='/colleague?back=']")
    await asker.click("form[action$='/colleague/code'] button")
    await helper.click("nav a[href$='/colleague']")
    await helper.click("#code", leads_on=False)
    for text in (await asker.page.inner_text("p.figure"), "17051980", "quesn z"):
        await helper.type(text)
        if text != "quesn z":
            await helper.press("Tab")
    await helper.click("form[data-key=get] button")
    await asker.click("main a.button[href*='/find/']")
    assert "QUESNEL" in await asker.page.inner_text("main")
    together = tuple(a + b for a, b in zip(asker.counted, helper.counted, strict=True))
    return {"Get past a hold, with one's key": own.counted, "Get past a hold, with a colleague": together}


async def find_in_emergency(hands: Hands) -> None:
    await hands.type("17051980")
    await hands.press("Tab")
    await hands.type("dup a")
    await hands.click("#reason", leads_on=False)
    await hands.type("inconscient")
    await hands.click("main form button")

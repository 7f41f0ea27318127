"""Five tasks counted: pages, clicks and keys from the room's first page to the answer, as the explanation says them.

Getting past a hold is counted where it is walked (`tests/console/test_helping.py`).
"""

from playwright.async_api import Browser

from console.hands import Hands, counted_as, said
from requests_and_records import record

TASKS = ("Find a patient", "Get past a hold", "Stop an account", "Whose data?", "Who saw me?")
LOOK_S, CLICK_S, KEY_S = 1.35, 1.3, 0.28
"""The keystroke-level model: to look at a page and decide, to point and press, to press a key."""


def test_seconds_follow_from_the_counts() -> None:
    """The same arithmetic for everybody, and each of the five tasks counted here and elsewhere."""
    rows = said()
    for task, where, (pages, clicks, keys), seconds in rows:
        assert seconds == round(pages * LOOK_S + clicks * CLICK_S + keys * KEY_S), (task, where)
    for task in TASKS:
        places = {where for one, where, _, _ in rows if one.startswith(task)}
        assert "Beffroi" in places and len(places) > 1, task


async def test_the_tasks(served, louise, put, chromium: Browser, enters) -> None:
    """The table of the explanation is what is counted here."""
    await put(1, "IPP-10", record("DUPONT", "Anne", restricted=True))

    async def hands(account: str) -> Hands:
        return Hands(await enters(await chromium.new_context(locale="fr-FR"), account))

    nurse = await hands("ward-nurse")
    await nurse.find()
    assert "MARTIN" in await nurse.page.inner_text("main")
    assert nurse.counted == counted_as("Find a patient")

    held = await hands("ward-doctor")
    await held.find("dup a")
    held.begin_again()
    await held.click("a[href$='/emergency']")
    await held.type("17051980")
    await held.press("Tab")
    await held.type("dup a")
    await held.click("#reason", leads_on=False)
    await held.type("inconscient")
    await held.click("main form button")
    assert "DUPONT" in await held.page.inner_text("main")
    assert held.counted == counted_as("Get past a hold, in an emergency")

    officer = await hands("duty-officer")
    subject = served.staff["ward-nurse"].subject
    await officer.click("#subject", leads_on=False)
    await officer.type(subject)
    await officer.press("Enter", leads_on=True)
    await officer.click("p.actions a[href*='/watch/stop/']")
    await officer.type("compte volé")
    await officer.click("main form button")
    assert officer.counted == counted_as("Stop an account")

    protection = await hands("data-protection-officer")
    for field, text in (("title", "Compte volé"), ("accounts", subject), ("reason", "signalement")):
        await protection.click(f"#{field}", leads_on=False)
        await protection.type(text)
    await protection.press("Enter", leads_on=True)
    await protection.click("a[href*='/incidents/scope/']")
    assert "1 patient" in await protection.page.inner_text("main")
    assert protection.counted == counted_as("Whose data?")

    clerk = await hands("admission-clerk")
    await clerk.find()
    await clerk.click("a.name")
    await clerk.click("a[href*='/desk/']")
    await clerk.click("input[value=self]", leads_on=False)
    await clerk.click("input[value=card]", leads_on=False)
    await clerk.click("main form button")
    assert "Agent des admissions" in await clerk.page.inner_text("main")
    assert clerk.counted == counted_as("Who saw me?")

"""What axe cannot see: the keyboard alone reaches everything and is always seen, wider spacing loses no word, a mistake
is told where a screen reader begins.
"""

from playwright.async_api import Browser, Page

from console.filled import people
from console.gallery import find, press

TABS_MAX = 150
FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const style = getComputedStyle(one), box = one.getClientRects()[0];
  const x = box.left + Math.min(box.width / 2, 6), y = box.top + box.height / 2;
  const top = document.elementFromPoint(x, y);
  return {
    name: one.outerHTML.slice(0, 90),
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    seen: top === one || one.contains(top) || (top !== null && top.contains(one)),
  };
}"""
REACHABLE = """() => {
  const all = document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]');
  const shown = [...all].filter((one) => one.checkVisibility() && !one.disabled);
  const groups = new Set();
  return shown.filter((one) => {
    if (one.type !== "radio") return true;
    const first = !groups.has(one.name);
    groups.add(one.name);
    return first;
  }).length;
}"""
SPACED = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
    p { margin-bottom: 2em !important }`);
  document.adoptedStyleSheets = [sheet];
  const clipped = [...document.querySelectorAll("header *, nav *, main *, footer *")].filter((one) =>
    one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 1 && getComputedStyle(one).overflowX !== "visible"
    && !one.closest(".scroll") && !one.matches("input, textarea"));
  const wide = document.documentElement.scrollWidth > document.documentElement.clientWidth;
  document.adoptedStyleSheets = [];
  return clipped.map((one) => one.outerHTML.slice(0, 90)).concat(wide ? ["the page"] : []);
}"""


async def wrong_by_keyboard(page: Page) -> list[str]:
    """What the Tab key does not reach, or reaches unseen (WCAG 2.2, 2.1.1, 2.1.2, 2.4.7, 2.4.11)."""
    await page.evaluate("document.querySelector('.skip').focus()")
    reached, wrong = 1, []
    for _ in range(TABS_MAX):
        await page.keyboard.press("Tab")
        focused = await page.evaluate(FOCUSED)
        if focused is None or 'class="skip"' in focused["name"]:
            break
        reached += 1
        wrong += [f"not outlined: {focused['name']}"] if not focused["outlined"] else []
        wrong += [f"covered: {focused['name']}"] if not focused["seen"] else []
    wanted = await page.evaluate(REACHABLE)
    return wrong + ([f"{reached} of {wanted} reached"] if reached != wanted else [])


async def test_the_keyboard_reaches_everything(served, put, chromium: Browser, enters) -> None:
    """Wider spacing loses no word either: on a list, forms, a mistake, a stranger's page."""
    await people(put)
    context = await chromium.new_context(locale="fr-FR", viewport={"width": 1200, "height": 800})
    page = await enters(context, "admission-clerk")
    wrong: list[str] = []

    async def check(name: str) -> None:
        found = [*await wrong_by_keyboard(page), *(f"clipped: {one}" for one in await page.evaluate(SPACED))]
        wrong.extend(f"{name}: {one}" for one in found)

    await find(page, served.url, "17051980", "que")
    await check("found")
    await press(page, "tbody tr:first-child a.name")
    await check("patient")
    await press(page, "a[href*='/desk/']")
    await check("desk")
    await find(page, served.url, "31/02/1980", "que")
    assert (await page.title()).startswith("Erreur\u00a0: ")
    assert await page.evaluate("document.activeElement.id") == "born"
    await check("mistake")
    await page.goto(f"{served.url}/accessibility")
    await check("accessibility")
    await context.close()
    assert not wrong, "\n".join(wrong)

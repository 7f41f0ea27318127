"""Every page and state in a real browser: accessible, within its size, without a word of a script's complaint.

With BEFFROI_PICTURES=docs/console the pictures are taken too, some dark, printed and 320 pixels wide besides.
"""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Response

from console.gallery import walk
from foreign_node import node_folder

PAGE_BYTES_MAX = 60 * 1024
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
IN_FOUR = {"find", "found", "patient-more", "who-saw", "watch", "account", "incident", "emergency-read", "entrance"} | {
    "identities",
    "identity-pair",
    "drill",
    "colleague-code",
    "worklists",
    "operate",
    "operate-keys",
    "operate-applications",
    "operate-roles",
    "operate-settings",
    "scope",
    "severity-chosen",
    "case-files-asked",
}
"""States of which docs/ keeps the dark, the printed and the narrow picture too."""
PICTURES = os.environ.get("BEFFROI_PICTURES", "")


def axe() -> str:
    """axe-core's source."""
    path = node_folder() / "node_modules" / "axe-core" / "axe.min.js"
    if not path.exists():
        pytest.skip("axe-core is not in BEFFROI_FOREIGN_NODE")
    return path.read_text(encoding="utf-8")


async def violations(page: Page) -> list[str]:
    """What axe finds wrong, with where: everything in light; in dark the contrasts, since only colours change."""
    wrong = []
    for scheme, only in (
        ("light", {"type": "tag", "values": AXE_RULES}),
        ("dark", {"type": "rule", "values": ["color-contrast"]}),
    ):
        await page.emulate_media(color_scheme=scheme)
        asked = {"runOnly": only, "resultTypes": ["violations"]}
        found: dict[str, Any] = await page.evaluate("asked => axe.run(document, asked)", asked)
        wrong += [f"({scheme}) {one['id']}: {one['nodes'][0]['html'][:120]}" for one in found["violations"]]
    await page.emulate_media(color_scheme="light")
    return wrong


async def picture(page: Page, name: str) -> None:
    """The four pictures of a state."""
    folder = Path(PICTURES)
    folder.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=folder / f"{name}.png", full_page=True)
    if name not in IN_FOUR:
        return
    await page.emulate_media(color_scheme="dark")
    await page.screenshot(path=folder / f"{name}-dark.png", full_page=True)
    await page.emulate_media(color_scheme="light", media="print")
    await page.screenshot(path=folder / f"{name}-print.png", full_page=True)
    await page.emulate_media(color_scheme="light", media="screen")
    await page.set_viewport_size({"width": 320, "height": 640})
    await page.screenshot(path=folder / f"{name}-320.png", full_page=True)
    await page.set_viewport_size({"width": 1200, "height": 800})


async def weight_of_files(page: Page, url: str) -> int:
    """Bytes of the style, the script and the mark that every page brings to an empty cache."""
    received: list[Response] = []
    page.on("response", lambda response: received.append(response))
    await page.goto(f"{url}/")
    files = [await response.body() for response in received if "/assets/" in response.url]
    assert len(files) >= 3
    return sum(map(len, files))


async def test_every_page_and_state(served, put, enters, chromium: Browser, locale: str) -> None:
    """No violation by axe in light and dark, no sideways scrolling at 400 %, nothing refused by the policy, 60 KiB."""
    source = axe()
    wrong: list[str] = []
    contexts: list[BrowserContext] = []

    async def new_context() -> BrowserContext:
        context = await chromium.new_context(locale=locale, viewport={"width": 1200, "height": 800})
        context.on("console", lambda message: wrong.append(message.text) if "Refused" in message.text else None)
        context.on("weberror", lambda error: wrong.append(str(error.error)))
        contexts.append(context)
        return context

    files = await weight_of_files(await (await new_context()).new_page(), served.url)
    names = []
    async for name, page in walk(served, put, enters, new_context):
        names.append(name)
        weight = files + len((await page.content()).encode())
        wrong += [f"{name}: {weight} bytes"] if weight > PAGE_BYTES_MAX else []
        await page.evaluate(source)
        wrong += [f"{name}: {one}" for one in await violations(page)]
        await page.set_viewport_size({"width": 320, "height": 640})
        wide = await page.evaluate("document.documentElement.scrollWidth")
        wrong += [f"{name}: {wide} pixels wide at 320"] if wide > 320 else []
        await page.set_viewport_size({"width": 1200, "height": 800})
        if PICTURES and locale == "fr-FR":
            await picture(page, name)
    for context in contexts:
        await context.close()
    assert not wrong, "\n".join(dict.fromkeys(wrong))
    assert len(set(names)) == len(names) > 40

"""Every page and state in a real browser: accessible, within its size, without a word of a script's complaint.

With BEFFROI_PICTURES=docs/console the pictures are taken too: light, dark, printed and 320 pixels wide
(of the rarer states light and narrow).
"""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Response

from console.gallery import walk
from console.pictures import FEW, FOUR, NARROW, WIDE, take
from foreign_node import node_folder

PAGE_BYTES_MAX = 60 * 1024
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CONTRAST = "color-contrast"
PICTURES = os.environ.get("BEFFROI_PICTURES", "")


def axe() -> str:
    """axe-core's source."""
    path = node_folder() / "node_modules" / "axe-core" / "axe.min.js"
    if not path.exists():
        pytest.skip("axe-core is not in BEFFROI_FOREIGN_NODE")
    return path.read_text(encoding="utf-8")


async def violations(page: Page, *, colours: bool) -> list[str]:
    """What axe finds wrong, with where. `colours`: contrasts too, in light and in dark, where nothing else differs."""
    everything = {"type": "tag", "values": AXE_RULES}
    if not colours:
        return await _violations(page, {"runOnly": everything, "rules": {CONTRAST: {"enabled": False}}})
    wrong = await _violations(page, {"runOnly": everything})
    await page.emulate_media(color_scheme="dark")
    wrong += [f"(dark) {one}" for one in await _violations(page, {"runOnly": {"type": "rule", "values": [CONTRAST]}})]
    await page.emulate_media(color_scheme="light")
    return wrong


async def _violations(page: Page, asked: dict[str, Any]) -> list[str]:
    asked["resultTypes"] = ["violations"]
    found: dict[str, Any] = await page.evaluate("asked => axe.run(document, asked)", asked)
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found["violations"]]


async def weight_of_files(page: Page, url: str) -> int:
    """Bytes of the style, the script and the mark that every page brings to an empty cache."""
    received: list[Response] = []
    page.on("response", lambda response: received.append(response))
    await page.goto(f"{url}/")
    files = [await response.body() for response in received if "/assets/" in response.url]
    assert len(files) >= 3
    return sum(map(len, files))


async def test_every_page_and_state(served, put, enters, chromium: Browser, locale: str) -> None:
    """No violation by axe, no sideways scrolling at 400 %, nothing refused by the policy, 60 KiB.

    Contrasts are measured in one language, since colours are the same in the other; the rarer states too, which the
    next test looks at in English.
    """
    await look(served, put, enters, chromium, locale, rarely=locale == "fr-FR")


@pytest.mark.long
async def test_every_rarer_state_in_english(served, put, enters, chromium: Browser) -> None:
    """The same."""
    await look(served, put, enters, chromium, "en-GB", rarely=True)


async def look(served, put, enters, chromium: Browser, locale: str, *, rarely: bool) -> None:
    """Walks through the states and collects what is wrong with them."""
    source = axe()
    wrong: list[str] = []
    contexts: list[BrowserContext] = []

    async def new_context() -> BrowserContext:
        context = await chromium.new_context(locale=locale, viewport=WIDE)
        context.on("console", lambda message: wrong.append(message.text) if "Refused" in message.text else None)
        context.on("weberror", lambda error: wrong.append(str(error.error)))
        contexts.append(context)
        return context

    files = await weight_of_files(await (await new_context()).new_page(), served.url)
    darkroom = await (await new_context()).new_page()
    names, in_french = [], locale == "fr-FR"
    async for name, page, rare in walk(served, put, enters, new_context, rarely=rarely):
        names.append(name)
        weight = files + len((await page.content()).encode())
        wrong += [f"{name}: {weight} bytes"] if weight > PAGE_BYTES_MAX else []
        await page.evaluate(source)
        wrong += [f"{name}: {one}" for one in await violations(page, colours=in_french)]
        await page.set_viewport_size(NARROW)
        wide = await page.evaluate("document.documentElement.scrollWidth")
        wrong += [f"{name}: {wide} pixels wide at 320"] if wide > 320 else []
        await page.set_viewport_size(WIDE)
        if PICTURES and in_french:
            await take(page, name, Path(PICTURES), darkroom, FEW if rare else FOUR)
    for context in contexts:
        await context.close()
    assert not wrong, "\n".join(dict.fromkeys(wrong))
    assert len(set(names)) == len(names) > (100 if rarely else 60)

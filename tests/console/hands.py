"""What somebody does in a browser: what every journey needs, and the same counted, as the explanation tells it."""

import re
from pathlib import Path

from playwright.async_api import Page

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "the-console-counted.md"
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|", re.MULTILINE)


async def press(page: Page, selector: str) -> None:
    """A click that leads to another page."""
    async with page.expect_navigation():
        await page.click(selector)


async def press_twice(page: Page, form: str) -> None:
    """A double click: the form is sent again while the first answer is on its way, which is the one to be shown."""
    twice = "form => { form.requestSubmit(); setTimeout(() => form.requestSubmit(), 8); }"
    async with page.expect_navigation():
        await page.eval_on_selector(form, twice)


async def search(page: Page, born: str = "17051980", name: str = "mar l") -> None:
    """As it is typed: the first field has the focus by itself, a moment after the page has come."""
    await page.wait_for_selector("#born:focus")
    await page.keyboard.type(born)
    await page.keyboard.press("Tab")
    await page.keyboard.type(name)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


async def read(page: Page) -> str:
    """What the page says."""
    return await page.inner_text("main")


async def said_in(page: Page, french: str, english: str) -> bool:
    """Whether the page says it, in its own language."""
    return (french if await page.get_attribute("html", "lang") == "fr" else english) in await read(page)


class Hands:
    """What somebody does on a page, counted: pages that are shown, clicks, keys."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pages, self.clicks, self.keys = 0, 0, 0

    async def type(self, text: str) -> None:
        """Letters and figures, once a field has the focus: a page's first one takes it a moment after the page came."""
        await self.page.wait_for_selector(":is(input, textarea):focus")
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

    async def find(self, name: str = "mar l") -> None:
        """Two fields and Enter."""
        await self.type("17051980")
        await self.press("Tab")
        await self.type(name)
        await self.press("Enter", leads_on=True)

    def begin_again(self) -> None:
        """What follows is counted alone."""
        self.pages = self.clicks = self.keys = 0

    @property
    def counted(self) -> tuple[int, int, int]:
        """Pages, clicks, keys."""
        return self.pages, self.clicks, self.keys


def said() -> list[tuple[str, str, tuple[int, int, int], int]]:
    """The rows of the explanation: task, where, counts, seconds."""
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    return [(task.strip(), where.strip(), (int(a), int(b), int(c)), int(s)) for task, where, a, b, c, s in rows]


def counted_as(task: str) -> tuple[int, int, int]:
    """The counts that the explanation gives for a task here."""
    return next(counts for one, where, counts, _ in said() if (one, where) == (task, "Beffroi"))

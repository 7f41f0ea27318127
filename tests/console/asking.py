"""What a test's client does with the console's pages: form tokens, posts, searches."""

import re
from html import unescape

import httpx2

from beffroi_region.browsing import TOKEN
from beffroi_region.browsing import post as post

LINK = re.compile(r'<a class="name" href="/console([^"]+)"')


def token_of(page: httpx2.Response) -> str:
    """The form token of a page."""
    found = TOKEN.search(page.text)
    assert found, page.text
    return found[1]


def altered(text: str) -> str:
    """The same but for one character in its middle: the last one may be another and mean the same (RFC 4648, 3.5)."""
    middle = len(text) // 2
    return text[:middle] + ("B" if text[middle : middle + 1] == "A" else "A") + text[middle + 1 :]


def path_of(answer: httpx2.Response) -> str:
    """Where a 303 leads, below the console's root."""
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].removeprefix("/console")


def done_at(answer: httpx2.Response, path: str) -> str:
    """The same of what leads back to a page that says what was done."""
    led = path_of(answer)
    assert led.startswith(f"{path}?done="), led
    return led


async def find(client: httpx2.AsyncClient, born: str = "17051980", name: str = "mar l", **more: str) -> httpx2.Response:
    """The answer to a search."""
    return await client.get(path_of(await post(client, "/find", born=born, name=name, **more)))


def link_in(page: httpx2.Response) -> str:
    """The first patient's address in a list."""
    found = LINK.search(page.text)
    assert found, page.text
    return unescape(found[1])

"""The console as it is served: a web process's own code on a socket, the demonstration's issuer, a small region behind.

Browser tests need Debian's chromium (`apt-get install chromium chromium-headless-shell`); elsewhere they are skipped
and say so.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
import pytest_asyncio
from jinja2.bccache import Bucket, BytecodeCache
from playwright.async_api import Browser, BrowserContext, Page, Playwright, async_playwright

from actions.conftest import put as put
from beffroi.app.context import Context
from beffroi.app.web import run_web
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.model.person import Hospital
from beffroi.outbound.signing_key import SigningKey
from beffroi.servers.console import pages
from beffroi.servers.http_server import listen
from beffroi.store.accounts import AccountStore
from beffroi.store.database import Database
from beffroi_region.browsing import browser, sign_in
from beffroi_region.issuer import CONSOLE_CLIENT, DemoIssuer
from beffroi_region.issuer_server import issuer_running
from beffroi_region.professions import roles_of_professions
from beffroi_region.staff import StaffAccount, people
from console.chromium import SHELL, chromium_running
from deployments import configuration, write_configuration
from doubles import HOSPITALS
from requests_and_records import record

in_one_loop = pytest_asyncio.fixture(loop_scope="session")
"""For what a test's page or server is made of: what commands the browser lives in one loop for all tests."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of this folder run where the browser is commanded."""
    for item in items:
        if Path(__file__).parent in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


IDLE_S, SESSION_S = 900, 14_400


class Compiled(BytecodeCache):
    """Templates, compiled once for all consoles of this process."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="session", autouse=True)
def compiled() -> Iterator[None]:
    """Each test serves a console of its own, for which all would be compiled again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "Environment", partial(pages.Environment, bytecode_cache=Compiled()))
        yield


class MovedClock(Clock):
    """The machine's time, moved by as much as a test likes."""

    def __init__(self) -> None:
        self.moved = timedelta()

    def now(self) -> Any:
        return super().now() + self.moved


@dataclass
class Served:
    """A console that answers, and what is behind it. Its clock and its issuer's are one."""

    origin: str
    database: Database
    folder: Path
    issuer: DemoIssuer
    clock: MovedClock
    staff: dict[str, StaffAccount]
    clients: list[httpx2.AsyncClient] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.origin}/console"

    async def stranger(self, language: str = "fr") -> httpx2.AsyncClient:
        """A client that follows nothing by itself."""
        client = browser(self.url, language)
        self.clients.append(client)
        return client

    async def signed_in(self, account: str, language: str = "fr") -> httpx2.AsyncClient:
        """A client with a session of that account, as a browser gets one."""
        client = await self.stranger(language)
        await self.sign_in(client, account)
        return client

    async def sign_in(self, client: httpx2.AsyncClient, account: str) -> httpx2.Response:
        """Goes through the issuer's page; the console's answer to the way back."""
        return await sign_in(client, self.issuer.url, account)


@pytest.fixture
def clock() -> MovedClock:
    """The machine's time: browsers and cookies have no other."""
    return MovedClock()


@pytest.fixture
def scheme() -> str:
    """What browsers speak: http on the loopback, https where a proxy ends TLS before us."""
    return "http"


@in_one_loop
async def database(dsn: str) -> AsyncIterator[Database]:
    """This test's database, as its owner."""
    async with await Database.open(dsn) as opened:
        yield opened


@in_one_loop
async def served(
    dsn_of: Callable[[str], str],
    database: Database,
    clock: MovedClock,
    hospitals: tuple[Hospital, ...],
    deployment: Any,
    tmp_path: Path,
    scheme: str,
) -> AsyncIterator[Served]:
    """The console on a socket of its own."""
    folder = tmp_path / "demo"
    folder.mkdir(mode=0o700)
    key, staff = SigningKey(), people(HOSPITALS)
    with listen("127.0.0.1", 0) as listening:
        origin = f"http://localhost:{listening.getsockname()[1]}"
        public = origin.replace("http:", f"{scheme}:")
        back = (key, f"{public}/console/signed-in")
        async with issuer_running(folder, database, staff, HOSPITALS, clock=clock, console=back) as issuer:
            await _grant(database, staff, issuer.url)
            (tmp_path / "console.key").write_bytes(msgspec.json.encode(key.private_jwk))
            config = load(write_configuration(tmp_path, _configured(dsn_of, public, issuer)), demo=True)
            ready, stopping = asyncio.Event(), asyncio.Event()
            context = Context(config, listening, tmp_path, stopping, ready.set, True, clock)
            serving = asyncio.create_task(run_web(context))
            waiting = asyncio.create_task(ready.wait())
            await asyncio.wait((serving, waiting), return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                await serving
            made = Served(origin, database, tmp_path, issuer, clock, {a.name: a for a in staff})
            try:
                yield made
            finally:
                for client in made.clients:
                    await client.aclose()
                stopping.set()
        await serving  # it ends while the issuer does


def _configured(dsn_of: Callable[[str], str], origin: str, issuer: DemoIssuer) -> str:
    roles = ", ".join(f'"{code}" = "{role.value}"' for code, role in roles_of_professions().items())
    lines = ["[[issuer]]", f'url = "{issuer.url}"', 'audience = ["urn:beffroi:demo"]', f"roles = {{ {roles} }}"]
    lines += ["[console]", f'issuer = "{issuer.url}"', f'client_id = "{CONSOLE_CLIENT}"']
    lines += [
        'drill_report = "drills"',
        'client_key_file = "console.key"',
        f'public_url = "{origin}"',
        'call = "Astreinte, 03 00 00 00 00"',
    ]
    lines += ["[alert_syslog]", 'host = "syslog.test"', 'certificate = "syslog.pem"', 'key = "syslog.key"']
    return configuration(dsn_of, mllp=False, more="\n".join(lines))


async def _grant(database: Database, staff: tuple[StaffAccount, ...], issuer: str) -> None:
    store = AccountStore(database)
    for account in staff:
        if account.needs_grant:
            stored = await store.create_person(issuer, account.subject)
            await store.grant(stored.account_id, account.hospital_id, account.role, "test", None)


@in_one_loop
async def louise(served: Served, put: Callable[..., Awaitable[int]]) -> int:
    """Louise Martin, born on 17 May 1980, whom the first hospital's feed explains."""
    return await put(1, "IPP-7", record("MARTIN", "Louise"), explained_h=5)


@pytest.fixture(scope="session")
def chromium_address() -> Iterator[str]:
    """A real browser, the same for all tests of this process."""
    with chromium_running(SHELL) as address:
        yield address


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    """What commands browsers: a process that costs as much to start as a journey costs to walk."""
    async with async_playwright() as started:
        yield started


@in_one_loop
async def chromium(playwright: Playwright, chromium_address: str) -> AsyncIterator[Browser]:
    """The real browser, for one test: what it opens is gone afterwards."""
    browser = await playwright.chromium.connect_over_cdp(chromium_address)
    yield browser
    for context in browser.contexts[1:]:
        await context.close()
    await browser.close()


@pytest.fixture(params=["fr-FR", "en-GB"])
def locale(request: pytest.FixtureRequest) -> str:
    """Each language in turn."""
    spoken: str = request.param
    return spoken


NewWindow = Callable[..., Awaitable[BrowserContext]]


@pytest.fixture
def another(chromium: Browser, locale: str) -> NewWindow:
    """Opens one more browser in that language, which shares nothing with the others."""

    async def open_one(**options: Any) -> BrowserContext:
        return await chromium.new_context(locale=locale, viewport={"width": 1200, "height": 800}, **options)

    return open_one


@in_one_loop
async def browsing(another: NewWindow) -> BrowserContext:
    """A browser that speaks each language in turn."""
    return await another()


SignIn = Callable[[BrowserContext, str], Awaitable[Page]]


@pytest.fixture
def enters(served: Served) -> SignIn:
    """Signs in with a browser, as a person does; gives the page."""

    async def enter(context: BrowserContext, account: str) -> Page:
        page = await context.new_page()
        await page.goto(f"{served.url}/")
        await page.click("main a.button")
        await page.click(f"button[value={account}]")
        await page.wait_for_url(f"{served.url}/**")
        return page

    return enter

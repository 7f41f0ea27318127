"""The console of a running demonstration, walked by each of its people in a browser: the watch holds by itself, the
worker seals, and a proof is checked offline.

Of what only time does one thing is moved: a key that was enrolled just now is a week old in the database.
"""

import asyncio
import io
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pyrage
from playwright.async_api import BrowserContext, Page

from beffroi.ledger.checkpoint import SigningKey
from beffroi_region.demo.folder import Folder
from beffroi_region.demo.settings import LEDGER_KEY_FILE, browser_url
from console.hands import press, read, said_in, search
from console.virtual_key import with_key

BEFFROI = Path(sys.executable).with_name("beffroi")
LIVE_MS, STRANGERS_MAX = 15_000, 20
STRANGERS = """select min(record ->> 'birth_family') as family, min(record ->> 'birth_given') as given,
min(record ->> 'birth_date') as born from identities group by person_id having bool_and(hospital_id = 2)
and count(*) = 1 and min(length(record ->> 'birth_family')) > 3 order by person_id offset $1 limit $2"""
OWN = """select record ->> 'birth_family' as family, record ->> 'birth_given' as given, record ->> 'birth_date' as born
from identities where hospital_id = 1 and explains_until > now() and not restricted order by identity_id limit 1"""
WEEK_OLD = "update presence_keys set enrolled_at = now() - interval '8 days'"


@dataclass
class Region:
    """A running demonstration, and the browsers that look at it."""

    root: Path
    port: int
    subjects: dict[str, str]
    new_context: Callable[..., Awaitable[BrowserContext]]
    pages: dict[str, Page] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"{browser_url(self.port)}/console"

    async def enter(self, account: str) -> Page:
        """Somebody's first page, in a browser of their own where they have signed in."""
        if account in self.pages:
            await self.pages[account].goto(f"{self.url}/")
            return self.pages[account]
        page = self.pages[account] = await (await self.new_context()).new_page()
        await page.goto(f"{self.url}/sign-in")
        await press(page, f"button[value={account}]")
        return page

    async def ask(self, query: str, *values: object) -> list[asyncpg.Record]:
        """Asks the database, as its owner."""
        settings = tomllib.loads(Folder(self.root).config.read_text(encoding="utf-8"))
        connection = await asyncpg.connect(settings["database"]["owner_url"])
        try:
            found: list[asyncpg.Record] = await connection.fetch(query, *values)
            return found
        finally:
            await connection.close()

    async def at_the_machine(self, *words: str) -> str:
        """What somebody at the machine types, and reads."""
        command = [str(BEFFROI), *words]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return str(done.stdout)

    @property
    def configured(self) -> tuple[str, ...]:
        """The options of a command that reads the demonstration's configuration."""
        return "--demo", "--config", str(Folder(self.root).config)


def typed(person: asyncpg.Record, letters: int = 3) -> tuple[str, str]:
    """What is typed to find somebody."""
    year, month, day = person["born"].split("-")
    return f"{day}{month}{year}", f"{person['family'][:letters]}, {person['given'][:1]}".lower()


async def find(page: Page, region: Region, person: asyncpg.Record, letters: int = 3) -> None:
    """A search from the first page."""
    await page.goto(f"{region.url}/find")
    await search(page, *typed(person, letters))


async def enrol(region: Region, page: Page, account: str) -> None:
    """A key of one's own, with a code that the identity cell hands over, and a week later."""
    cell = await region.enter("identity-cell")
    await cell.goto(f"{region.url}/keys/codes")
    await cell.fill("#subject", region.subjects[account])
    await press(cell, "main form button")
    await with_key(page, page.context)
    await page.goto(f"{region.url}/keys")
    await page.fill("#code", await cell.inner_text("main code"))
    await press(page, "form[data-key=create] button")
    await region.ask(WEEK_OLD)


async def a_clerk_finds_and_prints(region: Region) -> None:
    """One's own hospital's patient, more of her for a purpose, and who saw her."""
    (known,) = await region.ask(OWN)
    page = await region.enter("admission-clerk")
    await search(page, *typed(known))
    await press(page, f"a.name:has-text('{known['family']}') >> nth=0")
    await page.check("input[name=contact]")
    await press(page, "main form button")
    assert await said_in(page, "Coordonnées", "Contact") or await said_in(page, "Aucune coordonnée", "No contact")
    await press(page, "main a[href*='/desk/']")
    for chosen in ("self", "card"):
        await page.check(f"input[value={chosen}]")
    await press(page, "main form button")
    assert await said_in(page, "Agent des admissions", "Admission clerk")
    assert (await page.pdf()).startswith(b"%PDF-")


async def a_professional_is_held_and_gets_past(region: Region, account: str, offset: int) -> Page:
    """Strangers until the watch asks who is there; a touch, and the one who was withheld is shown."""
    page = await region.enter(account)
    await enrol(region, page, account)
    officer = await region.enter("duty-officer")
    await officer.locator("#news-state[data-on='yes']").wait_for(state="attached")
    for stranger in await region.ask(STRANGERS, offset, STRANGERS_MAX):
        await find(page, region, stranger, letters=6)
        if await page.query_selector("main a[href*='/keys?back=']"):
            break
    assert stranger["family"] not in await read(page)
    await officer.wait_for_selector(f"#rings >> xpath=.. >> text={region.subjects[account]}", timeout=LIVE_MS)
    await press(page, "main a[href*='/keys?back=']")
    await press(page, "form[data-key=get] button")
    assert stranger["family"] in await read(page)
    return page


async def officers_stop_and_release(region: Region, thief: Page, subject: str) -> None:
    """From the room to the account's day, one name, the stop with its preview, and two people who release."""
    page, second = await region.enter("duty-officer"), await region.enter("duty-officer-2")
    await press(page, f"section:has(#rings) a:text-is('{subject}') >> nth=0")
    assert await page.locator("section:has(#made) tbody tr").count()
    await press(page, "section:has(#made) a[href*='/watch/name/'] >> nth=0")
    await page.fill("#reason", "est-ce un patient du service ?")
    await press(page, "main form button")
    assert await page.locator("main .identity").count() == 1
    await press(page, "main a[href*='/watch/account/']")
    await press(page, "p.actions a[href*='/watch/stop/']")
    assert await said_in(page, "Qui cela touche", "Whom it touches")
    await page.fill("#reason", "compte volé")
    await press(page, "main form button")
    await thief.reload()
    assert await said_in(thief, "Ce compte est arrêté", "This account is stopped")
    for officer in (page, second):
        await officer.goto(f"{region.url}/watch")
        await press(officer, "a[href*='/watch/release/']")
        await officer.fill("#reason", "vérifié par téléphone")
        await press(officer, "main form:has(#reason) button")
    assert await said_in(second, "Rien n'est arrêté", "Nothing is stopped")


async def a_protection_officer_answers(region: Region, subject: str, folder: Path) -> None:
    """An incident, its count, its report, a proof that is checked offline, and lists by two people."""
    page = await region.enter("data-protection-officer")
    for name, text in (("title", "Compte volé"), ("accounts", subject), ("reason", "signalement")):
        await page.fill(f"#{name}", text)
    await press(page, "main form button")
    number = page.url.rpartition("/")[2]
    await press(page, "main a[href*='/incidents/scope/']")
    assert await page.locator("polyline.grown").count() == 1
    await press(page, "main a[href*='/incidents/files/']")
    assert (await taken(page, "form[action*='/report/'] button")).startswith(b"%PDF-")
    reader = pyrage.x25519.Identity.generate()
    await page.fill("#recipient", str(reader.to_public()))
    proof = folder / f"proof-{number}.json"
    proof.write_bytes(pyrage.decrypt(await taken(page, "form[action*='/proof/'] button"), [reader]))
    key = SigningKey.parse((region.root / LEDGER_KEY_FILE).read_text(encoding="utf-8").strip())
    await region.at_the_machine("verify-scope", str(proof), "--key", key.verifier().text())
    await page.fill("#reason", "à remettre aux hôpitaux")
    await press(page, "form[action*='/lists/'] button")
    (export,) = await region.ask("select max(export_id) as number from scope_exports")
    await region.at_the_machine("export", "approve", str(export["number"]), *region.configured)
    await page.reload()
    with zipfile.ZipFile(io.BytesIO(await taken(page, "form[action*='/write/'] button"))) as archive:
        assert archive.namelist()


async def taken(page: Page, button: str) -> bytes:
    """The file that a form's answer is."""
    async with page.expect_download() as expected:
        await page.click(button)
    return (await (await expected.value).path()).read_bytes()


async def an_identity_cell_compares(region: Region) -> None:
    """What the worker's walk has found in one's own hospital, side by side."""
    page = await region.enter("identity-cell")
    await press(page, "nav.rooms a[href$='/identities']")
    for kind in ("ins", "here", "near", "flag"):
        await page.goto(f"{region.url}/identities?kind={kind}")
        if await page.query_selector("main a.name"):
            await press(page, "main a.name >> nth=0")
            assert await page.locator("table.compared tbody tr").count() > 3
            return


async def an_operator_gives_a_role(region: Region, whom: str) -> None:
    """Asked for with one's key, agreed to at the machine."""
    page = await region.enter("operator")
    assert await page.locator("#feeds").count() == 1
    await enrol(region, page, "operator")
    await page.goto(f"{region.url}/keys")
    await press(page, "form[data-key=get] button")
    await page.goto(f"{region.url}/operate/roles")
    await page.fill("#subject", whom)
    await page.select_option("#role", "auditor")
    await page.select_option("#hospital", "1")
    await page.fill("#reason", "contrôle de l'année")
    await press(page, "main form button")
    (asked,) = await region.ask("select max(request_id) as number from role_requests")
    await region.at_the_machine("account", "agree", str(asked["number"]), *region.configured)
    await page.reload()
    assert whom in await page.inner_text("section:has(#people)")


async def walk(region: Region, account: str, offset: int, folder: Path) -> None:
    """Everybody, one after the other; `account`: who is held and stopped; `offset`: by which strangers."""
    subject = region.subjects[account]
    await a_clerk_finds_and_prints(region)
    thief = await a_professional_is_held_and_gets_past(region, account, offset)
    await officers_stop_and_release(region, thief, subject)
    await a_protection_officer_answers(region, subject, folder)
    await an_identity_cell_compares(region)
    await an_operator_gives_a_role(region, f"8997000{offset:05}")

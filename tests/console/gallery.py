"""Every page of the console and every state of it, one after another in a browser: for axe, for sizes, for pictures."""

import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Page

from beffroi.actions.find_doubts import DoubtWalk
from beffroi.actions.roles import Roles
from beffroi.actions.ways.acting import Acting
from beffroi.model.account import Role
from beffroi.model.disclosure import Operation
from beffroi.model.person import HospitalId
from beffroi.model.role_request import Wanted
from beffroi.store.doubts import DoubtStore
from console import rarer
from console.device import Device, bound
from console.filled import enrolled, noted, people, trusted
from console.hands import press, press_twice
from requests_and_records import record

DRILL = Path(__file__).parents[2] / "docs" / "benchmarks" / "drill-500.json"
REASON = "lectures inhabituelles cette nuit"
VERDICT = (
    '{"rung": "hold", "score_bits": "29.0", "limit_bits": "28.0", "unexplained": "8", "observed": "9", '
    '"usual_percent": "6.0", "patterns": "haste:4.2", "others_bits": "0.0", "readings": "3,4"}'
)
Enter = Callable[[BrowserContext, str], Awaitable[Page]]
State = tuple[str, Page, bool]
"""A name, the page that shows it, and whether it is one of the rarer."""


async def find(page: Page, url: str, born: str, name: str) -> None:
    """Two fields and Enter."""
    await page.goto(f"{url}/find")
    await page.fill("#born", born)
    await page.fill("#name", name)
    async with page.expect_navigation():
        await page.press("#name", "Enter")


async def professional(page: Page, url: str) -> AsyncIterator[str]:
    """A clerk's pages."""
    await page.goto(f"{url}/find")
    yield "find"
    await find(page, url, "31/02/1980", "que")
    yield "find-mistake"
    await find(page, url, "17051980", "que")
    yield "found"
    await press(page, "tbody tr:first-child a.name")
    yield "patient"
    for field in ("contact", "identifiers"):
        await page.check(f"input[name={field}]")
    await press(page, "main form button")
    yield "patient-more"
    await press(page, "a[href*='/desk/']")
    yield "desk-check"
    await page.check("input[value=self]")
    await page.check("input[value=passport]")
    await press(page, "main form button")
    yield "who-saw"
    await page.goto(f"{url}/desk")
    yield "desk"
    await find(page, url, "17051980", "xyz q")
    yield "found-nobody"
    await find(page, url, "17051980", "dur l")
    yield "found-too-many"
    await find(page, url, "", "q")
    yield "found-too-broad"
    await page.goto(f"{url}/keys")
    yield "keys"
    await page.goto(f"{url}/colleague")
    yield "colleague"
    await press(page, "form[action$='/colleague/code'] button")
    yield "colleague-code"
    await page.goto(f"{url}/help")
    yield "help"
    await page.goto(f"{url}/watch")
    yield "no-entry"


async def clinician(page: Page, url: str) -> AsyncIterator[str]:
    """A doctor's emergency."""
    await find(page, url, "17051980", "mar l")
    yield "found-protected"
    await page.goto(f"{url}/emergency")
    yield "emergency"
    await page.fill("#born", "17051980")
    await page.fill("#name", "mar l")
    await page.fill("#reason", "inconsciente, sans papiers")
    await press(page, "main form button")
    yield "emergency-read"
    await page.reload()
    yield "emergency-again"
    await find(page, url, "17051980", "que")


async def secretary(page: Page, url: str) -> AsyncIterator[str]:
    """Worklists: none, a mistake, one that serves and one that waits."""
    await page.goto(f"{url}/worklists")
    yield "worklists-none"
    await page.fill("#patients", "9" * 60)
    await press(page, "main form button")
    yield "worklists-mistakes"
    for purpose, count in (("consultation de lundi", 3), ("centre de vaccination, samedi", 25)):
        await page.goto(f"{url}/worklists")
        await page.fill("#purpose", purpose)
        await page.fill("#patients", "\n".join(f"N-{n}" for n in range(count)))
        await press(page, "main form.narrow button")
    yield "worklists"


async def held(page: Page, url: str, database: Any, account: int) -> AsyncIterator[str]:
    """What is withheld, with the ways on."""
    state = "update account_states set evidence = $2::json where account_id = $1"
    await database.pool.execute(state, account, f'{{"rung": 4, "held_s": {int(time.time())}}}')
    await find(page, url, "17051980", "mor z")
    yield "found-withheld"
    await database.pool.execute(state, account, "{}")


async def quiet(page: Page, url: str) -> AsyncIterator[str]:
    """The watch room before anything has happened."""
    await page.goto(f"{url}/watch")
    yield "watch-quiet"
    await page.goto(f"{url}/watch/drill")
    yield "drill-none"


async def officer(page: Page, served: Any, account: int) -> AsyncIterator[str]:
    """The duty officer's pages, empty and not."""
    url, database = served.url, served.database
    (served.folder / "drills").mkdir()
    shutil.copy(DRILL, served.folder / "drills")
    await page.goto(f"{url}/watch/drill")
    yield "drill"
    await database.pool.execute("update account_states set rung = 4, structure_id = 1 where account_id = $1", account)
    last = await database.pool.fetchval(
        "select max(running_number) from disclosures where account_id = $1 and shown::text <> '[]'", account
    )
    await database.pool.execute(
        """insert into disclosures (at, account_id, running_number, role, structure_id, application, session_key,
           network, door, operation, outcome, purpose, reason, request_id, request, policy_version, criteria_fields,
           shown, nonce)
           select now(), account_id, 900, role, structure_id, application, session_key, network, door, $2, 7, purpose,
           '', gen_random_uuid(), $3::json, policy_version, 0, '[]', nonce
           from disclosures where account_id = $1 order by disclosure_id desc limit 1""",
        account, int(Operation.VERDICT), VERDICT.replace('"3,4"', f'"{last}"'),
    )  # fmt: skip
    await page.goto(f"{url}/watch/account/{account}")
    yield "account"
    await press(page, "main a[href*='/watch/name/']")
    yield "name"
    await page.fill("#reason", "est-ce un patient du service ?")
    await press(page, "main form button")
    yield "named"
    await page.goto(f"{url}/watch/stop")
    yield "stop-choose"
    await page.select_option("#kind", "network")
    await page.fill("#target", "127.0.0.1")
    await press(page, "main form button")
    yield "stop-network"
    await page.fill("#reason", REASON)
    await press(page, "main form button")
    await page.goto(f"{url}/watch/free/{account}")
    yield "free"
    await page.goto(f"{url}/keys/codes")
    yield "key-codes"
    await page.goto(f"{url}/watch/stop/{account}")
    yield "stop"
    await page.fill("#reason", REASON)
    await press(page, "main form button")
    yield "watch"
    await press(page, "a[href*='/watch/release/']")
    yield "release"


async def protection(page: Page, url: str, subject: str) -> AsyncIterator[str]:
    """The data protection officer's pages."""
    await page.goto(f"{url}/incidents")
    yield "incidents-none"
    await press(page, "main form button")
    yield "incidents-mistakes"
    await page.fill("#title", "Un compte lit la nuit")
    await page.fill("#accounts", subject)
    await page.fill("#reason", "signalé par l'astreinte")
    await press_twice(page, "main form")
    await page.fill("#aware", "2026-11-24T09:00")
    await page.fill("#reason-confirmed", "lectures sans explication")
    await press(page, "form:has(#reason-confirmed) button")
    yield "incident"
    await press(page, "main a[href*='text=facts']")
    yield "register-text"
    await page.fill("#content", "Un compte a lu la nuit.\n" * 20)
    await page.fill("#reason", "constaté")
    await press(page, "main form button")
    await press(page, "main a[href*='?entry=']")
    yield "incident-entry"
    await press(page, "main .actions a")
    await press(page, "a[href*='/incidents/scope/']")
    yield "scope"
    await page.go_back()
    await press(page, "a[href*='/incidents/severity/']")
    yield "severity"
    await page.click("#malice summary")
    await page.check("#malice input[value='0.0']")
    await page.fill("#reason-malice", "erreur")
    await page.evaluate("document.querySelector('#reason-malice').minLength = 0")
    await press(page, "#malice button")
    yield "severity-mistake"
    await page.fill("#reason-malice", "une erreur de saisie du titulaire")
    await press(page, "#malice button")
    yield "severity-chosen"
    await press(page, "main .actions a[href*='/incidents/']")
    await press(page, "main a[href*='/incidents/files/']")
    yield "case-files"
    await page.fill("#reason", "à remettre aux hôpitaux")
    await press(page, "form[action*='/incidents/lists/'] button")
    yield "case-files-asked"
    await page.goto(f"{url}/incidents")
    yield "incidents"


async def operating(page: Page, served: Any) -> AsyncIterator[str]:
    """The operator's pages; a role waits that was asked for at the machine."""
    url, clock = served.url, served.clock
    await page.goto(f"{url}/operate")
    yield "operate-no-worker"
    await noted(served)
    await page.goto(f"{url}/operate")
    yield "operate"
    clock.moved += timedelta(minutes=5)
    await page.goto(f"{url}/operate")
    yield "operate-overdue"
    clock.moved -= timedelta(minutes=5)
    for name, filled in (("keys", trusted), ("applications", enrolled)):
        await page.goto(f"{url}/operate/{name}")
        yield f"operate-{name}-none"
        await filled(served)
        await page.goto(f"{url}/operate/{name}")
        yield f"operate-{name}"
    await page.goto(f"{url}/operate/roles")
    await press(page, "main form button")
    yield "operate-roles-mistake"
    roles = Roles(served.database, Acting(served.database, clock), clock)
    account = await roles.account(served.issuer.url, "899700000777")
    wanted = Wanted(account, HospitalId(2), Role.AUDITOR, clock.now() + timedelta(days=300), "contrôle de l'année")
    number = await roles.ask("operator:anne", wanted)
    await page.goto(f"{url}/operate/roles")
    yield "operate-roles"
    await page.goto(f"{url}/operate/roles/{number}")
    yield "operate-role"
    async for name, _ in rarer.of_an_operator(page, served, number):
        yield name
    await page.goto(f"{url}/operate/settings")
    yield "operate-settings"
    await page.fill("#q", "jeton")
    await press(page, "main form button")
    yield "operate-settings-found"
    await page.goto(f"{url}/operate/settings/console")
    yield "operate-settings-table"
    await page.goto(f"{url}/operate/settings/hospital")
    yield "operate-settings-several"


async def cell(page: Page, url: str, database: Any) -> AsyncIterator[str]:
    """The identity cell's pages, before and after the worker's walk."""
    await page.goto(f"{url}/identities")
    yield "identities-none"
    await DoubtWalk(DoubtStore(database)).round()
    await page.goto(f"{url}/identities?kind=near")
    yield "identities"
    await press(page, "main a.name")
    yield "identity-pair-near"
    await page.goto(f"{url}/identities?kind=ins")
    await press(page, "main a.name")
    yield "identity-pair"
    await page.goto(f"{url}/identities?kind=flag")
    yield "identities-flagged"
    await press(page, "main a.name")
    yield "identity-alone"


async def outside(page: Page, served: Any) -> AsyncIterator[str]:
    """A stranger's pages."""
    url = served.url
    await page.goto(f"{url}/")
    yield "entrance"
    await page.goto(f"{url}/left")
    yield "left"
    await page.goto(f"{url}/accessibility")
    yield "accessibility"
    await page.goto(f"{url}/signed-in")
    yield "sign-in-failed"
    await page.goto(f"{url}/nowhere")
    yield "nowhere"


async def elsewhere(page: Page, served: Any) -> AsyncIterator[str]:
    """A bound session's cookie in a browser that has not its device's key."""
    client = await bound(served, "ward-nurse", Device())
    await page.context.add_cookies([{"name": "beffroi", "value": client.cookies["beffroi"], "url": served.origin}])
    await page.goto(f"{served.url}/find")
    yield "unproved"


async def walk(
    served: Any,
    put: Callable[..., Awaitable[int]],
    enters: Enter,
    new_context: Callable[[], Awaitable[BrowserContext]],
    *,
    rarely: bool = True,
) -> AsyncIterator[State]:
    """Every state by its name, with the page that shows it; a browser of its own for each person. `rarely`: the rarer
    states too.
    """
    await people(put)
    await put(1, "IPP-30", record("LEFEBVRE", "Nadège", telecoms=()), explained_h=5)
    await put(2, "V-30", record("NOLLET", "Iris"))
    contexts: dict[str, BrowserContext] = {}

    async def enter(account: str) -> Page:
        if account in contexts:
            return contexts[account].pages[0]
        contexts[account] = await new_context()
        return await enters(contexts[account], account)

    for stranger in (outside, elsewhere):
        page = await (await new_context()).new_page()
        async for name in stranger(page, served):
            yield name, page, False
    for part in (professionals, officers, others, ends):
        async for state in part(served, enter, rarely):
            yield state


Entering = Callable[[str], Awaitable[Page]]


async def named(states: AsyncIterator[str], page: Page) -> AsyncIterator[State]:
    """The states of one page."""
    async for name in states:
        yield name, page, False


async def when(wanted: bool, states: AsyncIterator[rarer.State]) -> AsyncIterator[State]:
    """The rarer states, or none."""
    if wanted:
        async for name, page in states:
            yield name, page, True


async def professionals(served: Any, enter: Entering, rarely: bool) -> AsyncIterator[State]:
    """A clerk, a doctor, a nurse with a key, a secretary; and the doctor whom the watch holds."""
    clerk, doctor, nurse = await enter("admission-clerk"), await enter("ward-doctor"), await enter("triage-nurse")
    office, account = await enter("medical-secretary"), await rarer.account_of(served, "ward-doctor")
    for states in (
        named(quiet(await enter("duty-officer"), served.url), await enter("duty-officer")),
        named(professional(clerk, served.url), clerk),
        when(rarely, rarer.of_a_professional(clerk, served)),
        named(clinician(doctor, served.url), doctor),
        when(rarely, rarer.of_a_clinician(doctor, served)),
        when(rarely, rarer.with_a_key(nurse, served)),
        named(secretary(office, served.url), office),
        named(held(doctor, served.url, served.database, account), doctor),
    ):
        async for state in states:
            yield state


async def officers(served: Any, enter: Entering, rarely: bool) -> AsyncIterator[State]:
    """Those who watch, and those who answer for it."""
    watching, second = await enter("duty-officer"), await enter("duty-officer-2")
    protecting, account = await enter("data-protection-officer"), await rarer.account_of(served, "ward-doctor")
    subject = served.staff["ward-doctor"].subject
    for states in (
        named(officer(watching, served, account), watching),
        when(rarely, rarer.of_an_officer(watching, second, served)),
        named(protection(protecting, served.url, subject), protecting),
        when(rarely, rarer.of_protection(protecting, served)),
    ):
        async for state in states:
            yield state


async def others(served: Any, enter: Entering, rarely: bool) -> AsyncIterator[State]:
    """The identity cell and the operator."""
    doubting, clerk, operator = await enter("identity-cell"), await enter("admission-clerk"), await enter("operator")
    for states in (
        named(cell(doubting, served.url, served.database), doubting),
        when(rarely, rarer.with_a_second(doubting, clerk, served)),
        named(operating(operator, served), operator),
    ):
        async for state in states:
            yield state


async def ends(served: Any, enter: Entering, rarely: bool) -> AsyncIterator[State]:
    """What somebody sees whose account was stopped, and whose session is over."""
    doctor, clerk = await enter("ward-doctor"), await enter("admission-clerk")
    await doctor.goto(f"{served.url}/find")
    yield "stopped", doctor, False
    served.clock.moved += timedelta(seconds=901)
    await clerk.goto(f"{served.url}/help")
    yield "session-ended", clerk, True

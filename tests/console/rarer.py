"""The console's rarer states, for the gallery: mistakes, ends, what waits for a second person, what is empty."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from playwright.async_api import Page

from console.asking import post
from console.hands import press
from console.virtual_key import code_for, touch_key, with_key

State = tuple[str, Page]
"""A name, and the page that shows it."""
REASON = "rappelé au numéro de son service"
SHOWN = """dialog => {
  const copy = dialog.cloneNode(true);
  copy.hidden = false;
  dialog.replaceWith(copy);
}"""
"""The script hides its own again each second, until a minute is left."""
EVIDENCE = "update account_states set evidence = $2::json where account_id = $1"


async def send_as_it_is(page: Page, form: str = "main form") -> None:
    """Sends a form whose browser would first ask for what is missing: the server says it too."""
    await page.eval_on_selector(form, "form => { form.noValidate = true; }")
    await press(page, f"{form} button >> nth=0")


async def account_of(served: Any, name: str) -> int:
    """The number of somebody's account."""
    subject = served.staff[name].subject
    number: int = await served.database.pool.fetchval("select account_id from accounts where subject = $1", subject)
    return number


async def of_a_professional(page: Page, served: Any) -> AsyncIterator[State]:
    """A clerk: nothing more known, nobody here, a check that was not made, a form of another session, a shut gate."""
    url, pool = served.url, served.database.pool
    await page.goto(f"{url}/find")
    await page.fill("#born", "01011990")
    await press(page, "main form button >> nth=0")
    yield "found-nobody-here", page
    await page.goto(f"{url}/find")
    await page.fill("#born", "17051980")
    await page.fill("#name", "lef n")
    await press(page, "main form button >> nth=0")
    found = page.url
    await press(page, "a.name")
    for field in ("contact", "identifiers"):
        await page.check(f"input[name={field}]")
    await press(page, "main form button")
    yield "patient-nothing-more", page
    await press(page, "main a[href*='/desk/']")
    await send_as_it_is(page)
    yield "desk-check-mistake", page
    await pool.execute("alter table seen rename to seen_elsewhere")
    await page.goto(found)
    yield "not-available", page
    await pool.execute("alter table seen_elsewhere rename to seen")
    await page.goto(f"{url}/find")
    await page.eval_on_selector("main input[name=form]", "field => { field.value = 'x'; }")
    await press(page, "main form button >> nth=0")
    yield "out-of-date", page
    await page.goto(f"{url}/help")
    await page.eval_on_selector("#soon", SHOWN)
    yield "session-ends-soon", page


async def of_a_clinician(page: Page, served: Any) -> AsyncIterator[State]:
    """A doctor: protected access once she is open, an emergency without a reason, about nobody, a proof asked for."""
    url, pool = served.url, served.database.pool
    await page.goto(f"{url}/find")
    await page.fill("#born", "17051980")
    await page.fill("#name", "lef n")
    await press(page, "main form button >> nth=0")
    await press(page, "a.name")
    await pool.execute("update identities set restricted = true where ipp = 'IPP-30'")
    await page.reload()
    yield "patient-protected", page
    await press(page, "main a[href*='/emergency/']")
    yield "emergency-of-her", page
    await page.goto(f"{url}/emergency")
    await page.fill("#born", "17051980")
    await page.fill("#reason", "vite")
    await send_as_it_is(page)
    yield "emergency-mistakes", page
    await page.fill("#name", "xyz q")
    await page.fill("#reason", "inconsciente, sans papiers")
    await press(page, "main form button")
    yield "emergency-nobody", page
    account = await account_of(served, "ward-doctor")
    await pool.execute(EVIDENCE, account, f'{{"rung": 2, "asked_s": {int(served.clock.now().timestamp())}}}')
    await page.goto(f"{url}/find")
    await page.fill("#born", "17051980")
    await page.fill("#name", "nol i")
    await press(page, "main form button >> nth=0")
    yield "proof-asked", page
    await pool.execute(EVIDENCE, account, "{}")


async def with_a_key(page: Page, served: Any) -> AsyncIterator[State]:
    """A key: a wrong code, enrolled, counting; a colleague's form with one, its mistakes and its ends."""
    url = served.url
    await with_key(page, page.context)
    await page.goto(f"{url}/keys")
    await page.fill("#code", "AAAA-BBBB-CCCC-DDDD")
    await press(page, "form[data-key=create] button")
    yield "keys-mistake", page
    await page.fill("#code", await code_for(served, "triage-nurse"))
    await press(page, "form[data-key=create] button")
    yield "keys-enrolled", page
    await served.database.pool.execute("update presence_keys set enrolled_at = now() - interval '8 days'")
    await page.goto(f"{url}/keys")
    await press(page, "form[data-key=get] button")
    yield "keys-proved", page
    await page.goto(f"{url}/colleague")
    await page.fill("#code", "AAAA-AAAA")
    await page.fill("#born1", "1980")
    await page.click("summary")
    await page.fill("#born2", "17051980")
    await page.fill("#name2", "mar")
    await press(page, "form[data-key=get] button")
    yield "colleague-mistakes", page
    for name, value in (("born1", "17051980"), ("name1", "morv z"), ("born2", ""), ("name2", "")):
        await page.fill(f"#{name}", value)
    await page.fill("#code", await _shown_by_a_nurse(served))
    await press(page, "form[data-key=get] button")
    yield "colleague-vouched", page
    await page.fill("#second-code", await _shown_by_a_nurse(served))
    await press(page, "form[action$='/colleague/second'] button")
    yield "colleague-seconded", page


async def _shown_by_a_nurse(served: Any) -> str:
    """A code that a colleague asked for."""
    asked = await post(await served.signed_in("ward-nurse"), "/colleague/code")
    return asked.text.partition("<code>")[2].partition("</code>")[0]


async def of_an_officer(page: Page, second: Page, served: Any) -> AsyncIterator[State]:
    """The watch room: held, unknown, an empty day, a long one, mistakes, what waits for a second person."""
    url, pool = served.url, served.database.pool
    clerk, doctor = await account_of(served, "admission-clerk"), await account_of(served, "ward-doctor")
    await pool.execute("update account_states set rung = 4, structure_id = 1 where account_id = $1", clerk)
    await page.goto(f"{url}/watch")
    yield "watch-held", page
    await pool.execute("update account_states set rung = 0 where account_id = $1", clerk)
    await page.fill("#subject", "899700000000")
    await press(page, "main form button")
    yield "watch-unknown", page
    await page.goto(f"{url}/watch/account/{await account_of(served, 'regional-coordinator')}")
    yield "account-empty", page
    await page.goto(f"{url}/watch/account/{clerk}")
    await press(page, "section:has(#places) a[href*='/watch/stop/'] >> nth=0")
    await send_as_it_is(page)
    yield "stop-device-mistake", page
    await pool.execute(COPIES, clerk)
    await page.goto(f"{url}/watch/account/{clerk}")
    yield "account-long", page
    await page.goto(f"{url}/watch/account/{doctor}")
    yield "account-stopped", page
    await press(page, "main a[href*='/watch/name/'] >> nth=-1")
    await send_as_it_is(page)
    yield "name-mistake", page
    await page.fill("#reason", REASON)
    await press(page, "main form button")
    yield "named-protected", page
    await page.goto(f"{url}/watch/stop")
    await page.fill("#target", "x y")
    await press(page, "main form button")
    yield "stop-choose-mistake", page
    await page.goto(f"{url}/watch/free/{clerk}")
    await send_as_it_is(page)
    yield "free-mistake", page
    await page.goto(f"{url}/watch")
    await press(page, "tr:has-text('ANS-DEMO-0002') a[href*='/watch/release/']")
    await send_as_it_is(page, "main form")
    yield "release-mistake", page
    await page.fill("#reason", REASON)
    await press(page, "main form button")
    yield "watch-release-asked", page
    await press(page, "tr:has-text('ANS-DEMO-0002') a[href*='/watch/release/']")
    yield "release-asked", page
    await second.goto(f"{url}/watch")
    await press(second, "tr:has-text('127.0.0.1') a[href*='/watch/release/']")
    yield "release-waits", second
    await page.goto(f"{url}/keys/codes")
    await page.fill("#subject", "nobody")
    await press(page, "main form button")
    yield "key-codes-mistake", page
    await page.fill("#subject", served.staff["admission-clerk"].subject)
    await press(page, "main form button")
    yield "key-codes-handed", page


COPIES = """insert into disclosures (at, account_id, running_number, role, structure_id, application, session_key,
network, door, operation, outcome, purpose, reason, request_id, request, policy_version, criteria_fields, shown, nonce)
select at - n * interval '7 minutes', account_id, 1000 + n, role, structure_id, application, session_key, network,
door, operation, outcome, purpose, '', gen_random_uuid(), request, policy_version, criteria_fields, shown, nonce
from (select * from disclosures where account_id = $1 and operation = 1 order by disclosure_id desc limit 1) as last,
generate_series(1, 60) as n"""


async def of_protection(page: Page, served: Any) -> AsyncIterator[State]:
    """Incidents: only suspected, closed too early, late, closed; nobody seen; files refused, approved, written."""
    url, pool = served.url, served.database.pool
    aware_before = (served.clock.now() - timedelta(days=5)).strftime("%Y-%m-%dT%H:%M")
    for title, aware, account in (
        ("Une clé trouvée", "", "duty-officer-2"),
        ("Un accès ancien", aware_before, "admission-clerk"),
    ):
        await page.goto(f"{url}/incidents")
        await page.fill("#title", title)
        await page.fill("#accounts", served.staff[account].subject)
        if aware:
            await page.fill("#aware", aware)
        await page.fill("#reason", "signalé par l'astreinte")
        await press(page, "main form button")
        if not aware:
            yield "incident-suspected", page
            await press(page, "a[href*='/incidents/scope/']")
            yield "scope-nobody", page
    yield "incident-late", page
    late = page.url
    await page.goto(f"{url}/incidents")
    yield "incidents-late", page
    await page.goto(late)
    await page.fill("#reason-closed", "rien de plus")
    await press(page, "form:has(#reason-closed) button")
    yield "incident-mistakes", page
    for name, text in (("facts", "Un compte a lu la nuit."), ("effects", "Aucun constaté."), ("measures", "Arrêté.")):
        await page.goto(late.replace("/incidents/", "/incidents/register/") + f"?text={name}")
        await page.fill("#content", text)
        await page.fill("#reason", "au registre")
        await press(page, "main form button")
    await page.goto(late)
    for state in ("notified", "closed"):
        await page.fill(f"#reason-{state}", "dépôt fait")
        await press(page, f"form:has(#reason-{state}) button")
    yield "incident-closed", page
    await press(page, "main a[href*='/incidents/files/']")
    await page.fill("#recipient", "age1x")
    await press(page, "form[action*='/proof/'] button")
    yield "case-files-mistake", page
    for _ in range(4):
        await page.fill("#reason", "à remettre aux hôpitaux")
        await press(page, "form[action*='/lists/'] button")
    await pool.execute(DECIDED, await account_of(served, "duty-officer"))
    await page.reload()
    yield "case-files-decided", page


DECIDED = """with numbered as (select export_id, row_number() over (order by export_id desc) as n from scope_exports)
update scope_exports x set
    approved_by = case when n in (2, 3) then $1::bigint end, approved_at = case when n in (2, 3) then now() end,
    ended_at = case when n in (3, 4) then now() end, refused = (n = 4),
    requested_by = case when n = 1 then $1 else requested_by end
from numbered where numbered.export_id = x.export_id and n <= 4"""
"""One that a colleague asked for, one approved, one written, one refused."""


async def with_a_second(page: Page, clerk: Page, served: Any) -> AsyncIterator[State]:
    """What the identity cell approves; and a patient's list while an investigation is under way."""
    await page.goto(f"{served.url}/worklists")
    yield "worklists-to-approve", page
    await page.goto(f"{served.url}/identities?kind=here")
    yield "identities-here", page
    await press(page, "main a.name")
    yield "identity-pair-here", page
    await clerk.goto(f"{served.url}/find")
    await clerk.fill("#born", "17051980")
    await clerk.fill("#name", "que a")
    await press(clerk, "main form button >> nth=0")
    await press(clerk, "a.name >> nth=0")
    await press(clerk, "main a[href*='/desk/']")
    for chosen in ("guardian", "permit"):
        await clerk.check(f"input[value={chosen}]")
    await press(clerk, "main form button")
    yield "who-saw-delayed", clerk


async def of_an_operator(page: Page, served: Any, number: int) -> AsyncIterator[State]:
    """A role that was asked for in the console, one just asked for, and an agreement without a touch of the key."""
    await page.goto(f"{served.url}/operate/roles/{number}")
    await press(page, "form:has(input[value=agree]) button")
    yield "operate-role-mistake", page
    await served.database.pool.execute("update role_requests set at_machine = false")
    await page.goto(f"{served.url}/operate/roles/{number}")
    yield "operate-role-here", page
    await touch_key(served, "operator")
    await page.goto(f"{served.url}/operate/roles")
    await page.fill("#subject", served.staff["ward-nurse"].subject)
    await page.select_option("#role", "auditor")
    await page.select_option("#hospital", "2")
    await page.fill("#reason", "contrôle de l'année")
    await press(page, "main form button")
    yield "operate-roles-asked", page

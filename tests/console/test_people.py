"""Each person's journey as they make it, in a real browser, in both languages (docs/reference/console-journeys.md).

Getting past a hold and helping a colleague: `test_helping`. Against a server of its own: `tests/acceptance`.
"""

import io
import zipfile
from datetime import datetime, timedelta

from playwright.async_api import BrowserContext, Page

from beffroi.actions.find_doubts import DoubtWalk
from beffroi.actions.roles import Roles
from beffroi.actions.ways.acting import Acting
from beffroi.model.account import Role
from beffroi.model.disclosure import Operation, Purpose
from beffroi.model.person import HospitalId
from beffroi.model.role_request import Wanted
from beffroi.store.accounts import AccountStore
from beffroi.store.doubts import DoubtStore
from console.asking import find, post
from console.filled import people
from console.hands import press, read, said_in, search
from console.test_helping import hold
from console.virtual_key import enrolled
from requests_and_records import record

LIVE_MS = 10_000
WHY = "lectures inhabituelles cette nuit"


async def last(served, operation: Operation):
    """The newest disclosure of a kind."""
    return await served.database.pool.fetchrow(
        "select * from disclosures where operation = $1 order by disclosure_id desc limit 1", int(operation)
    )


async def fill(page: Page, **fields: str) -> None:
    """Types into fields by their names."""
    for name, text in fields.items():
        await page.fill(f"#{name}", text)


async def test_a_professional_asks_for_more_of_a_patient(served, put, browsing: BrowserContext, enters) -> None:
    """A mistake is said at its field; too many, nobody and too broad say what to do; one patient, and more of her."""
    await people(put)
    page = await enters(browsing, "admission-clerk")
    await search(page, "31/02/1980", "que a")
    assert await page.get_attribute("#born", "aria-invalid") == "true"
    assert "born-mistake" in (await page.get_attribute("#born", "aria-describedby") or "")
    for born, name, french, english in (
        ("17051980", "dur l", "Trop de patients", "Too many patients"),
        ("17051980", "xyz q", "Aucun patient trouvé", "Nobody found"),
        ("", "q", "trop large", "too broad"),
        ("17051980", "que a", "QUESNOY Aldegonde", "QUESNOY Aldegonde"),
    ):
        await page.goto(f"{served.url}/find")
        await search(page, born, name)
        assert await said_in(page, french, english), (name, await read(page))
    await press(page, "a.name:has-text('QUESNOY')")
    assert "06 12 34 56 78" not in await read(page)
    for name in ("contact", "identifiers"):
        await page.check(f"input[name={name}]")
    await page.select_option("#purpose", "HOPERAT")
    await press(page, "main form button")
    shown = await read(page)
    assert "06 12 34 56 78" in shown and "Bollezeele" in shown and "2 97 02" in shown
    assert (await last(served, Operation.READ))["purpose"] == Purpose.ADMISSION


async def test_an_emergency_reading_rings(served, put, browsing: BrowserContext, another, enters) -> None:
    """Withheld, read with a reason, shown once; an open watch room has heard of it by itself."""
    await put(1, "IPP-10", record("DUPONT", "Anne", restricted=True))
    officer = await enters(await another(), "duty-officer")
    await officer.locator("#news-state[data-on='yes']").wait_for(state="attached")
    page = await enters(browsing, "ward-doctor")
    await search(page, name="dup a")
    assert await said_in(page, "Accès protégé", "Protected access") and "DUPONT" not in await read(page)
    await press(page, "main a[href$='/emergency']")
    await fill(page, born="17051980", name="dup a", reason="inconsciente, sans papiers")
    await press(page, "main form button")
    assert "DUPONT Anne" in await read(page)
    await page.reload()
    assert "DUPONT" not in await read(page)
    assert await said_in(page, "Déjà montrée une fois", "Shown once already")
    subject = served.staff["ward-doctor"].subject
    await officer.wait_for_selector(f"#rings >> xpath=.. >> text={subject}", timeout=LIVE_MS)
    assert await said_in(officer, "Lecture en urgence", "Emergency reading")


async def test_a_duty_officer_stops_and_releases(served, put, browsing: BrowserContext, another, enters) -> None:
    """A verdict comes to the open room; its readings, one name, the stop with its preview; two people release."""
    for number in range(6):
        await put(2, f"B-{number}", record(f"{chr(65 + number)}XYZ", "Zoé"))
    page, second = await enters(browsing, "duty-officer"), await enters(await another(), "duty-officer-2")
    for room in (page, second):
        await room.locator("#news-state[data-on='yes']").wait_for(state="attached")
    thief, subject = await served.signed_in("ward-nurse"), served.staff["ward-nurse"].subject
    for number in range(6):
        await find(thief, name=f"{chr(65 + number)}xyz z")
    await page.wait_for_selector(f"#rings >> xpath=.. >> text={subject}", timeout=LIVE_MS)
    await press(page, f"section:has(#rings) a:text-is('{subject}')")
    assert await page.locator("section:has(#made) tbody tr").count() == 6
    assert await page.locator("svg.chart path.odd[d*='M']").count() and "XYZ" not in await read(page)
    await press(page, "section:has(#made) a[href*='/watch/name/'] >> nth=0")
    await fill(page, reason="est-ce un patient du service ?")
    await press(page, "main form button")
    assert (await read(page)).count("XYZ Zoé") == 1 and "17/05/1980" in await read(page)
    await press(page, "main a[href*='/watch/account/']")
    await press(page, "p.actions a[href*='/watch/stop/']")
    assert await said_in(page, "Qui cela touche", "Whom it touches") and "CH de Beaumont" in await read(page)
    await fill(page, reason=WHY)
    await press(page, "main form button")
    assert (await thief.get("/find")).status_code == 403
    await second.wait_for_selector(f"#stopped >> xpath=.. >> text={WHY}", timeout=LIVE_MS)
    for officer, done in ((page, False), (second, True)):
        await press(officer, "a[href*='/watch/release/']")
        assert await said_in(officer, "Qui cela retient", "Whom it holds back")
        await fill(officer, reason="vérifié par téléphone")
        await press(officer, "main form:has(#reason) button")
        assert await said_in(officer, "Rien n'est arrêté", "Nothing is stopped") == done
    assert (await thief.get("/find")).status_code == 200


async def test_a_duty_officer_lets_a_held_account_read(served, browsing: BrowserContext, enters) -> None:
    """What is held comes to the open room, and is let go with a preview and a reason; the last drill is near."""
    page = await enters(browsing, "duty-officer")
    assert await said_in(page, "Aucun compte n'est retenu", "No account is held")
    await page.locator("#news-state[data-on='yes']").wait_for(state="attached")
    await served.signed_in("ward-doctor")
    await hold(served, "ward-doctor")
    await page.wait_for_selector("section:has(#held) a[href*='/watch/free/']", timeout=LIVE_MS)
    await press(page, "section:has(#held) a[href*='/watch/free/']")
    assert await said_in(page, "Qui cela touche", "Whom it touches")
    await fill(page, reason="rappelé au numéro de son service")
    await press(page, "main form button")
    assert await said_in(page, "Aucun compte n'est retenu", "No account is held")
    await press(page, "main a[href$='/watch/drill']")
    assert await said_in(page, "Aucun rapport ici", "No report is here")


async def test_a_data_protection_officer_follows_an_incident(
    served, louise, put, browsing: BrowserContext, another, enters
) -> None:
    """Opened with its 72 hours, counted, growing by itself, its report taken away, its lists by two people."""
    nurse = await served.signed_in("ward-nurse")
    await find(nurse)
    page = await enters(browsing, "data-protection-officer")
    assert await said_in(page, "Aucun incident", "No incident")
    aware = (datetime.now() - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")  # noqa: DTZ005 - as a browser's field
    await fill(page, title="Compte volé", accounts=served.staff["ward-nurse"].subject, aware=aware, reason=WHY)
    await press(page, "main form button")
    assert await said_in(page, "pour notifier", "left to notify")
    await press(page, "main a[href*='/incidents/scope/']")
    assert await said_in(page, "1 patient", "1 patient") and "CH de Beaumont" in await read(page)
    assert await page.locator("polyline.grown").count() == 1 and await page.locator("#fields").count() == 1
    await page.locator("#news-state[data-on='yes']").wait_for(state="attached")
    await put(1, "IPP-8", record("MARTIN", "Lucie"), explained_h=5)
    await find(nurse, name="mar lu")
    await page.wait_for_selector("h2:text-is('2 patients')", timeout=LIVE_MS)
    await press(page, "main a[href*='/incidents/files/']")
    assert (await taken(page, "form[action*='/report/'] button")).startswith(b"%PDF-")
    await fill(page, reason="à remettre aux hôpitaux")
    await press(page, "form[action*='/lists/'] button")
    assert await said_in(page, "attend une seconde personne", "waits for a second person")
    assert await page.query_selector("form[action*='/approve/']") is None
    other = await second_protection_officer(served, await another(), enters)
    await other.goto(page.url)
    await press(other, "form[action*='/approve/'] button")
    await page.reload()
    assert await said_in(page, "approuvée par", "approved by")
    with zipfile.ZipFile(io.BytesIO(await taken(page, "form[action*='/write/'] button"))) as archive:
        assert archive.namelist()
    written = "select count(*) from disclosures where operation = $1 and request::json ->> 'step' = 'written'"
    assert await served.database.pool.fetchval(written, int(Operation.EXPORT)) == 1


async def second_protection_officer(served, context: BrowserContext, enters) -> Page:
    """A colleague who is given the role."""
    store, account = AccountStore(served.database), served.staff["ward-doctor"]
    stored = await store.create_person(served.issuer.url, account.subject)
    await store.grant(stored.account_id, HospitalId(1), Role.DATA_PROTECTION_OFFICER, "test", None)
    return await enters(context, account.name)


async def taken(page: Page, button: str) -> bytes:
    """The file that a form's answer is."""
    async with page.expect_download() as expected:
        await page.click(button)
    path = await (await expected.value).path()
    return path.read_bytes()


async def test_a_desk_prints_who_saw_a_patient(served, louise, browsing: BrowserContext, enters) -> None:
    """After a check, on paper without buttons; what an open incident is about waits, and the paper says so."""
    nurse = await served.signed_in("ward-nurse")
    await find(nurse)
    page = await enters(browsing, "admission-clerk")
    await search(page)
    await press(page, "a.name")
    await press(page, "main a[href*='/desk/']")
    for chosen in ("self", "card"):
        await page.check(f"input[value={chosen}]")
    await press(page, "main form button")
    nurse_told = ("Infirmier de service", "Ward nurse")
    assert await said_in(page, *nurse_told) and "MARTIN" not in await read(page)
    await page.emulate_media(media="print")
    assert await page.is_visible(".only-print") and not await page.is_visible(".top")
    assert not await page.locator("main .actions >> visible=true").count()
    assert (await page.pdf()).startswith(b"%PDF-")
    await page.emulate_media(media="screen")
    protection = await served.signed_in("data-protection-officer")
    about = served.staff["ward-nurse"].subject
    await post(protection, "/incidents", title="Compte volé", accounts=about, reason="signalement")
    await page.reload()
    assert await said_in(page, "enquête en cours", "an investigation that is under way")
    assert not await said_in(page, *nurse_told)


async def test_an_identity_cell_compares_side_by_side(served, put, browsing: BrowserContext, enters) -> None:
    """One INS of two people first; trait by trait, what agrees and what contradicts; nothing is decided here."""
    await people(put)
    await DoubtWalk(DoubtStore(served.database)).round()
    page = await enters(browsing, "identity-cell")
    await press(page, "nav.rooms a[href$='/identities']")
    assert await said_in(page, "Une INS, deux personnes", "One INS, two people")
    await press(page, "main a.name")
    assert (await read(page)).count("2 97 02 2A 020 778 78") == 2
    assert await page.locator(".tag.bad").count() and await page.locator(".tag.good").count()
    assert await said_in(page, "contradictoire", "contradicts") and not await page.query_selector("main form")
    await press(page, "main p.actions a")
    assert await page.locator("nav.tabs a[aria-current]").count() == 1


async def test_an_operator_gives_a_role_with_a_second_person(served, browsing: BrowserContext, enters) -> None:
    """Asked here with the key and agreed to at the machine, then the other way round; nothing is configured here."""
    page = await enters(browsing, "operator")
    assert await said_in(page, "Les flux des hôpitaux", "The hospitals' feeds")
    await enrolled(served, page, browsing, "operator")
    await proved(served, page)
    await page.goto(f"{served.url}/operate/roles")
    await fill(page, subject="899700000777", reason="contrôle de l'année")
    await page.select_option("#role", "auditor")
    await page.select_option("#hospital", "1")
    await press(page, "main form button")
    assert await said_in(page, "Il faut maintenant l'accord de quelqu'un", "It waits for somebody")
    machine = Roles(served.database, Acting(served.database, served.clock), served.clock)
    await machine.agree("operator:bruno", 1)
    await page.reload()
    assert await said_in(page, "exploitant bruno", "operator bruno")
    account = await machine.account(served.issuer.url, served.staff["ward-nurse"].subject)
    until = served.clock.now() + timedelta(days=2)
    number = await machine.ask("operator:anne", Wanted(account, HospitalId(1), Role.DUTY_OFFICER, until, "astreinte"))
    await page.goto(f"{served.url}/operate/roles/{number}")
    await press(page, "form:has(input[value=agree]) button")
    assert await said_in(page, "Le rôle est donné", "The role is given")
    nurse = await served.signed_in("ward-nurse")
    assert (await nurse.get("/watch")).status_code == 200
    await page.goto(f"{served.url}/operate/settings")
    assert not await page.query_selector("main form[method=post]")


async def proved(served, page: Page) -> None:
    """A touch of the key: this session's user is there."""
    await page.goto(f"{served.url}/keys")
    await press(page, "form[data-key=get] button")

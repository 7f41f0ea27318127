"""Getting past a hold with a security key: a code in person, enrolment, a proof, in a browser with a virtual key."""

from playwright.async_api import Browser

from beffroi.model.disclosure import Door, Operation
from console.asking import post
from console.virtual_key import code_for, with_key


async def test_a_key_is_enrolled_in_person_and_proves_who_is_there(served, chromium: Browser, enters) -> None:
    """The identity cell hands a code; the owner enrols; after seven days a touch is a step-up in its chain."""
    context = await chromium.new_context(locale="fr-FR")
    page = await enters(context, "ward-nurse")
    await with_key(page, context)
    code = await code_for(served, "ward-nurse")
    assert len(code) == 19
    await page.goto(f"{served.url}/keys")
    await page.fill("#code", code)
    async with page.expect_navigation():
        await page.click("form[data-key=create] button")
    assert "Votre clé est enrôlée" in await page.inner_text("main")
    assert await page.query_selector("form[data-key=get]") is None  # it counts in seven days
    await served.database.pool.execute("update presence_keys set enrolled_at = now() - interval '8 days'")
    await page.goto(f"{served.url}/keys")
    async with page.expect_navigation():
        await page.click("form[data-key=get] button")
    assert "C'est bien vous" in await page.inner_text("main")
    row = await served.database.pool.fetchrow("select * from disclosures where operation = $1", Operation.STEP_UP)
    assert row["door"] == Door.CONSOLE
    await context.close()


async def test_a_wrong_code_enrols_nothing(served, chromium: Browser, enters) -> None:
    """Said beside its field; nobody hands a code to themselves."""
    context = await chromium.new_context(locale="fr-FR")
    page = await enters(context, "ward-nurse")
    await with_key(page, context)
    await page.goto(f"{served.url}/keys")
    await page.fill("#code", "AAAA-BBBB-CCCC-DDDD")
    async with page.expect_navigation():
        await page.click("form[data-key=create] button")
    assert "ne vaut pas" in await page.inner_text("#code-mistake")
    await context.close()
    cell = await served.signed_in("identity-cell")
    own = await post(cell, "/keys/codes", subject=served.staff["identity-cell"].subject)
    assert "nul ne s&#39;accorde" in own.text


async def test_a_long_text_with_lines_is_taken_whole(served) -> None:
    """Forms take long texts and line ends: the register of incidents needs them."""
    officer = await served.signed_in("data-protection-officer")
    long = "Une ligne\r\nune autre " + "x" * 3_000
    page = await post(officer, "/incidents", title="x", reason=long)
    assert page.status_code == 422 and "x" * 3_000 in page.text

"""What security keys refuse, in a browser with a virtual key; enrolling and proving is walked in `test_helping`."""

from playwright.async_api import BrowserContext

from console.asking import post
from console.hands import press, said_in
from console.virtual_key import with_key


async def test_a_wrong_code_enrols_nothing(served, browsing: BrowserContext, enters) -> None:
    """Said beside its field; nobody hands a code to themselves."""
    page = await enters(browsing, "ward-nurse")
    await with_key(page, browsing)
    await page.goto(f"{served.url}/keys")
    await page.fill("#code", "AAAA-BBBB-CCCC-DDDD")
    await press(page, "form[data-key=create] button")
    assert await page.get_attribute("#code", "aria-describedby") == "code-mistake code-hint"
    assert await said_in(page, "ne vaut pas", "does not serve")
    cell = await served.signed_in("identity-cell")
    own = await post(cell, "/keys/codes", subject=served.staff["identity-cell"].subject)
    assert "nul ne s&#39;accorde" in own.text


async def test_a_long_text_with_lines_is_taken_whole(served) -> None:
    """Forms take long texts and line ends: the register of incidents needs them."""
    officer = await served.signed_in("data-protection-officer")
    long = "Une ligne\r\nune autre " + "x" * 3_000
    page = await post(officer, "/incidents", title="x", reason=long)
    assert page.status_code == 422 and "x" * 3_000 in page.text

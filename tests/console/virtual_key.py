"""A security key for the browser of a test: plugged in, enrolled with a code that the identity cell hands over."""

from typing import Any

from playwright.async_api import BrowserContext, Page

from console.asking import post


async def with_key(page: Page, context: BrowserContext) -> None:
    """A security key that is plugged in, whose user types the PIN."""
    session = await context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "usb", "hasUserVerification": True, "isUserVerified": True}
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": options | {"automaticPresenceSimulation": True}})


async def code_for(served: Any, account: str) -> str:
    """An enrolment code, handed over in person."""
    cell = await served.signed_in("identity-cell")
    handed = await post(cell, "/keys/codes", subject=served.staff[account].subject)
    return handed.text.partition("<code>")[2].partition("</code>")[0]


async def enrolled(served: Any, page: Page, context: BrowserContext, account: str) -> None:
    """A key of this account, enrolled eight days ago: it counts."""
    await with_key(page, context)
    await page.goto(f"{served.url}/keys")
    await page.fill("#code", await code_for(served, account))
    async with page.expect_navigation():
        await page.click("form[data-key=create] button")
    await served.database.pool.execute("update presence_keys set enrolled_at = now() - interval '8 days'")


async def touch_key(served: Any, account: str) -> None:
    """As if the operator had just touched their key, in the session that they have."""
    await served.database.pool.execute(
        """update account_states s set evidence = json_build_object(
               'proved_s', extract(epoch from now())::bigint,
               'proved_key', (select left(encode(session_key, 'hex'), 8) from disclosures d
                              where d.account_id = s.account_id order by disclosure_id desc limit 1))
           from accounts a where a.account_id = s.account_id and a.subject = $1""",
        served.staff[account].subject,
    )

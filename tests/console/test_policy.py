"""What the browser itself refuses our pages, and what it keeps of them: tried in one, not read off a header."""

from playwright.async_api import BrowserContext

TRIED = """async () => {
  const refused = (work) => { try { work(); return "taken"; } catch (error) { return error.name; } };
  const violated = new Promise((told) => addEventListener("securitypolicyviolation", (one) => {
    if (one.effectiveDirective === "img-src") told(one.effectiveDirective);
  }));
  const image = new Image();
  image.src = "http://127.0.0.1:9/x.png";
  const worker = await navigator.serviceWorker.register(document.scripts[0].src).then(() => "taken", (e) => e.name);
  return {
    worker,
    html: refused(() => { document.body.innerHTML = "<b>x</b>"; }),
    script: refused(() => { document.createElement("script").text = "1"; }),
    policy: refused(() => { trustedTypes.createPolicy("own", {createHTML: (text) => text}); }),
    foreign: await violated,
    isolated: crossOriginIsolated,
    opener: window.opener === null,
    kept: Object.keys(localStorage).length + Object.keys(sessionStorage).length,
    cookies: document.cookie,
  };
}"""


async def test_the_browser_holds_us_to_our_policy(served, louise, browsing: BrowserContext, enters) -> None:
    """Trusted Types, no code made from texts, nothing foreign, no worker, isolated from its opener, nothing kept."""
    page = await enters(browsing, "ward-nurse")
    assert await page.evaluate(TRIED) == {
        "worker": "TypeError",
        "html": "TypeError",
        "script": "TypeError",
        "policy": "TypeError",
        "foreign": "img-src",
        "isolated": True,
        "opener": True,
        "kept": 0,
        "cookies": "",
    }


async def test_nobody_frames_a_page(served, browsing: BrowserContext, enters) -> None:
    """Another site that puts the console into a frame gets an empty one."""
    page = await enters(browsing, "ward-nurse")
    await page.goto(f"{served.issuer.url}/jwks")
    async with page.expect_event("framenavigated", lambda frame: frame.parent_frame is not None) as framed:
        await page.set_content(f'<iframe src="{served.url}/find"></iframe>')
    assert (await framed.value).url == "chrome-error://chromewebdata/"

"""What somebody does on the console's pages by an HTTP client: signs in at the demonstration's issuer, sends forms."""

import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

import httpx2

from beffroi.outbound.fetching import SECONDS_MAX, authorities, client_for

TOKEN: Final = re.compile(r'name="form" value="([^"]+)"')
"""The form token of a page."""


def browser(url: str, language: str = "fr") -> httpx2.AsyncClient:
    """Somebody's, who has the console at `url` and follows nothing by themselves; no proxy stands between."""
    headers = {"accept-language": language}
    return httpx2.AsyncClient(base_url=url, headers=headers, verify=authorities(), trust_env=False)


async def sign_in(client: httpx2.AsyncClient, issuer_url: str, account: str) -> httpx2.Response:
    """Goes through the issuer's page; the console's answer to the way back. `client`: its base is the console."""
    begun = await client.get("/sign-in")
    return await client.get(await way_back(begun.headers["location"], issuer_url, account))


async def way_back(begun: str, issuer_url: str, account: str) -> str:
    """Where the issuer's page leads once somebody has chosen an account on it. `begun`: where a sign-in led."""
    reference = parse_qs(urlsplit(begun).query)["request_uri"][0]
    async with client_for(issuer_url, SECONDS_MAX) as other:
        chosen = await other.post(f"{issuer_url}/authorize", data={"request_uri": reference, "account": account})
    return chosen.headers["location"]


async def post(client: httpx2.AsyncClient, path: str, **fields: str) -> httpx2.Response:
    """A form of this session, sent as its own page sends it."""
    token = TOKEN.search((await client.get("/help")).text)
    headers = {"sec-fetch-site": "same-origin"}
    return await client.post(path, data={"form": token[1] if token else "", **fields}, headers=headers)

"""A browser with a key in its device, as Chromium 150 was seen to use it: bare headers, no key in a refresh's proof."""

import re
from datetime import timedelta

import httpx2
from joserfc.jwk import ECKey, Key

from beffroi.servers.console.devices import BIND_PATH, REFRESH_PATH
from console.conftest import Served
from credentials import public, sign

OFFER = re.compile(r'\(ES256 RS256\);path="/console/device";challenge="([^"]+)"')
SETTLED = timedelta(seconds=11)
CHALLENGE = re.compile(r'"([^"]+)";id="([^"]+)"')


class Device:
    """One session's key."""

    def __init__(self, key: Key | None = None, alg: str = "ES256") -> None:
        self.key = key or ECKey.generate_key("P-256")
        self.alg = alg
        self.name = ""

    def proof(self, challenge: str, *, new: bool = False) -> str:
        """What it answers; `new`: with the key in it."""
        header = {"alg": self.alg, "typ": "dbsc+jwt"} | ({"jwk": public(self.key)} if new else {})
        return sign(header, {"jti": challenge}, self.key)

    async def bind(self, client: httpx2.AsyncClient, challenge: str) -> httpx2.Response:
        """Binds a session, and remembers what it is called."""
        headers = {"secure-session-response": self.proof(challenge, new=True)}
        answer = await client.post(BIND_PATH, headers=headers)
        if answer.status_code == 200:
            self.name = answer.json()["session_identifier"]
        return answer

    async def ask(self, client: httpx2.AsyncClient, proof: str = "") -> httpx2.Response:
        """A refresh, with a proof or for a challenge."""
        more = {"secure-session-response": proof} if proof else {}
        return await client.post(REFRESH_PATH, headers={"sec-secure-session-id": self.name, **more})

    async def challenge(self, client: httpx2.AsyncClient) -> str:
        """What must be answered at the next refresh."""
        answer = await self.ask(client)
        assert answer.status_code == 403
        return challenge_in(answer, self.name)

    async def refresh(self, client: httpx2.AsyncClient) -> httpx2.Response:
        """A whole refresh."""
        return await self.ask(client, self.proof(await self.challenge(client)))


def challenge_in(answer: httpx2.Response, name: str) -> str:
    """The challenge of a 403, which must be for that session."""
    found = CHALLENGE.fullmatch(answer.headers["secure-session-challenge"])
    assert found and found[2] == name
    return found[1]


def offered(answer: httpx2.Response) -> str:
    """The challenge that the answer to a sign-in offers."""
    found = OFFER.fullmatch(answer.headers["secure-session-registration"])
    assert found
    return found[1]


async def bound(served: Served, account: str, device: Device) -> httpx2.AsyncClient:
    """A client with a session that is bound to a device, some time ago."""
    client = await served.stranger()
    answer = await device.bind(client, offered(await served.sign_in(client, account)))
    assert answer.status_code == 200
    served.clock.moved += SETTLED
    return client

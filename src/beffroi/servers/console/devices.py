"""What the browser asks for by itself, without a page: to bind a session to a key of its device, and cookies that prove
it.

Chromium sends no cookies with a binding that another site's sign-in page began, no Origin and no Sec-Fetch-Site: who
asks stands in what it signs. A refusal with a 4xx other than 403 makes it forget the binding, as `continue` does.

Source: W3C Device Bound Session Credentials (draft of February 2026), "Formats"; RFC 9651.
"""

from typing import Final

import msgspec

from beffroi.access.device_proof import ALGORITHMS, Fault, NotProved, sf_string
from beffroi.actions.device_binding import ChallengeDue, Shown
from beffroi.servers.console.assets import FOLDER
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import ROOT, Header, Page, Visit

BIND_PATH: Final = "/device"
REFRESH_PATH: Final = f"{BIND_PATH}/refresh"
_RESPONSE: Final = "secure-session-response"
_NAME: Final = "sec-secure-session-id"
_SKIPPED: Final = "secure-session-skipped"
_JSON: Final = "application/json"
_SCOPE: Final = {
    "include_site": False,
    "scope_specification": [
        {"type": "exclude", "domain": "*", "path": "/"},
        {"type": "include", "domain": "*", "path": ROOT},
        {"type": "exclude", "domain": "*", "path": f"{ROOT}{FOLDER.rstrip('/')}"},
        {"type": "exclude", "domain": "*", "path": f"{ROOT}{BIND_PATH}"},
    ],
}
"""The pages; the last rule that names an address counts. Our files need no session, and the next one's binding not this
one's."""


def offer(challenge: str) -> tuple[Header, ...]:
    """What the answer that signs in says besides, for browsers that can."""
    if not challenge:
        return ()
    offered = f'({" ".join(ALGORITHMS)});path="{ROOT}{BIND_PATH}";challenge="{challenge}"'
    return ((b"secure-session-registration", offered.encode("ascii")),)


def shown(desk: Desk, visit: Visit) -> Shown:
    """What the browser shows of its device with this visit."""
    return Shown(visit.cookies.get(desk.cookies.bound, ""), _SKIPPED in visit.headers)


async def bind(desk: Desk, visit: Visit) -> Page:
    """The session whose challenge is answered has a key from now on."""
    try:
        bound = await desk.devices.bind(visit.headers.get(_RESPONSE, ""))
    except NotProved:
        return Page(status=400, media_type=_JSON)
    told = {
        "session_identifier": bound.name,
        "refresh_url": f"{ROOT}{REFRESH_PATH}",
        "scope": _SCOPE,
        "credentials": [{"type": "cookie", "name": desk.cookies.bound, "attributes": desk.cookies.marks}],
    }
    return Page(msgspec.json.encode(told), headers=(_cookie(desk, bound.cookie),), media_type=_JSON)


async def refresh(desk: Desk, visit: Visit) -> Page:
    """A new cookie for an answered challenge; else a challenge, or the word that it does not go on."""
    name = sf_string(visit.headers.get(_NAME, ""))
    try:
        cookie = await desk.devices.refresh(name, visit.headers.get(_RESPONSE, ""))
    except ChallengeDue as due:
        challenge = f'"{due.challenge}";id="{name}"'
        return Page(status=403, headers=((b"secure-session-challenge", challenge.encode("ascii")),), media_type=_JSON)
    except NotProved as refused:
        over = msgspec.json.encode({"session_identifier": name, "continue": False})
        return Page(over, 200 if refused.fault is Fault.SESSION else 400, media_type=_JSON)
    return Page(headers=(_cookie(desk, cookie),), media_type=_JSON)


def _cookie(desk: Desk, value: str) -> Header:
    return desk.cookies.set(desk.cookies.bound, value, desk.devices.cookie_s)

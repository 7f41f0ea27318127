"""A way to every page of the console, as somebody who may open it: what is measured, and what tests pin.

A way is known by its route's path. Where a page needs something first (a search, an incident, a stop), the way makes it
as a person would; what cannot be made by a page is in the database already (patients, doubts).
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from typing import Any, Final

import httpx2

from beffroi.errors import OperatorError
from beffroi.model.account import Role
from beffroi.servers.console.routes import HANDLE, ROUTES
from beffroi.store.database import Database
from beffroi_region.browsing import browser, post, sign_in
from beffroi_region.issuer import DemoIssuer
from beffroi_region.staff import account_name

NO_PAGES: Final = frozenset({"/sign-in", "/signed-in", "/stay"})
"""Addresses that answer a browser and show nothing."""
PAGES: Final = tuple(
    route.path for route in ROUTES if route.method == "GET" and not route.background and route.path not in NO_PAGES
)
ONCE: Final = frozenset({f"/emergency/read/{HANDLE}"})
"""Pages with a ceiling that nobody measures through: asked once."""
FLAGGED: Final = 25
_FLAG: Final = """insert into doubts (hospital_id, kind, identity_id, found_at)
                  select hospital_id, 'flag', identity_id, now() from identities where hospital_id = 1 limit $1
                  on conflict do nothing"""
_REASON: Final = "pour la mesure des pages"
Way = Callable[[int], Awaitable[tuple[Role | None, str]]]
"""Whose page, and its path, in a round. None: a stranger's."""
Patient = tuple[str, str]
"""A birth date and a name as they are typed."""


@dataclass
class Visitors:
    """People who are signed in, by role."""

    url: str
    issuer: DemoIssuer
    clients: dict[Role, httpx2.AsyncClient] = field(default_factory=dict)

    async def of(self, role: Role) -> httpx2.AsyncClient:
        """The browser of somebody in that role."""
        if role not in self.clients:
            client = browser(self.url)
            await sign_in(client, self.issuer.url, account_name(role))
            self.clients[role] = client
        return self.clients[role]

    async def post(self, role: Role, path: str, **fields: str) -> str:
        """A form, sent as its page sends it; the path to which it leads."""
        answer = await post(await self.of(role), path, **fields)
        if answer.status_code != 303:
            raise OperatorError(f"{path} answered {answer.status_code}: this run measures nothing.")
        return answer.headers["location"].removeprefix("/console")

    async def link(self, role: Role, path: str, leading_to: str) -> str:
        """Where a page's first link of a kind leads; empty when it has none."""
        page = (await (await self.of(role)).get(path)).text
        found = re.search(rf'href="/console({leading_to}[^"]+)"', page)
        return unescape(found[1]) if found else ""

    async def close(self) -> None:
        """Everybody goes."""
        for client in self.clients.values():
            await client.aclose()


async def flag(database: Database) -> None:
    """Doubtful identities of the identity cell's hospital, so that its list has pages."""
    await database.pool.execute(_FLAG, FLAGGED)


async def ways(visitors: Visitors, database: Database, patients: Sequence[Patient]) -> dict[str, Way]:
    """A way to each page. Doubts of the identity cell, where there are any, have theirs."""
    found = {path: _fixed(role, path) for path, role in _without_handle()}
    found |= _about_patients(visitors, patients)
    found |= await _about_accounts(visitors, database, found[f"/find/{HANDLE}"])
    found |= await _about_incidents(visitors, database)
    found |= await _of_operator(visitors, database)
    found |= await _of_cell(visitors)
    return {path: found[path] for path in PAGES if path in found}


def _fixed(role: Role | None, path: str) -> Way:
    async def way(_: int) -> tuple[Role | None, str]:
        return role, path

    return way


def _without_handle() -> list[tuple[str, Role | None]]:
    """Every page that needs nothing first, as somebody who may open it."""
    order = list(Role)
    pages = [route for route in ROUTES if route.path in PAGES and HANDLE not in route.path and route.method == "GET"]
    return [(route.path, min(route.roles, key=order.index) if route.roles else None) for route in pages]


def _about_patients(visitors: Visitors, patients: Sequence[Patient]) -> dict[str, Way]:
    """Another patient each round."""
    clerk, doctor = Role.ADMISSION_CLERK, Role.WARD_DOCTOR

    async def listed(role: Role, n: int) -> str:
        born, name = patients[n % len(patients)]
        return await visitors.post(role, "/find", born=born, name=name)

    async def one(role: Role, n: int) -> str:
        link = await visitors.link(role, await listed(role, n), "/patient/")
        if not link:
            raise OperatorError("A patient who was asked for is not found: this run measures nothing.")
        return link

    async def found(n: int) -> tuple[Role | None, str]:
        return clerk, await listed(clerk, n)

    async def patient(n: int) -> tuple[Role | None, str]:
        path = await one(clerk, n)
        return clerk, await visitors.post(clerk, path, contact="1", identifiers="1", purpose="HOPERAT")

    async def desk(n: int) -> tuple[Role | None, str]:
        return clerk, (await one(clerk, n)).replace("/patient/", "/desk/")

    async def told(n: int) -> tuple[Role | None, str]:
        return clerk, await visitors.post(clerk, (await desk(n))[1], document="passport", person="self")

    async def emergency(n: int) -> tuple[Role | None, str]:
        return doctor, (await one(doctor, n)).replace("/patient/", "/emergency/")

    async def read(n: int) -> tuple[Role | None, str]:
        return doctor, await visitors.post(doctor, (await emergency(n))[1], reason=_REASON)

    return {
        f"/find/{HANDLE}": found,
        f"/patient/{HANDLE}": patient,
        f"/desk/{HANDLE}": desk,
        f"/desk/told/{HANDLE}": told,
        f"/emergency/{HANDLE}": emergency,
        f"/emergency/read/{HANDLE}": read,
    }


async def _about_accounts(visitors: Visitors, database: Database, found: Way) -> dict[str, Way]:
    """The clerk of the pages above as the duty officer looks at them; a network that is to be stopped."""
    officer = Role.DUTY_OFFICER
    clerk = await visitors.of(Role.ADMISSION_CLERK)
    await clerk.get((await found(0))[1])
    number = await _account(visitors, database, Role.ADMISSION_CLERK)
    asked = await visitors.post(officer, "/watch/stop", kind="network", target="203.0.113.7", hours="1")
    await visitors.post(officer, asked, reason=_REASON)
    stop = await database.pool.fetchval("select max(containment_id) from containments")
    name = await visitors.link(officer, f"/watch/account/{number}", "/watch/name/")

    async def named(_: int) -> tuple[Role | None, str]:
        return officer, await visitors.post(officer, name, reason=_REASON)

    return {
        f"/watch/account/{HANDLE}": _fixed(officer, f"/watch/account/{number}"),
        f"/watch/name/{HANDLE}": _fixed(officer, name),
        f"/watch/named/{HANDLE}": named,
        f"/watch/stop/{HANDLE}": _fixed(officer, f"/watch/stop/{number}"),
        f"/watch/release/{HANDLE}": _fixed(officer, f"/watch/release/{stop}"),
        f"/watch/free/{HANDLE}": _fixed(officer, f"/watch/free/{number}"),
    }


async def _about_incidents(visitors: Visitors, database: Database) -> dict[str, Way]:
    """An incident about the clerk."""
    officer = Role.DATA_PROTECTION_OFFICER
    number = await _account(visitors, database, Role.ADMISSION_CLERK)
    subject = await database.pool.fetchval("select subject from accounts where account_id = $1", number)
    opened = await visitors.post(officer, "/incidents", title="Compte volé", accounts=subject, reason=_REASON)
    one = opened.rpartition("/")[2]
    rooms = {room: f"/incidents/{room}/{one}" for room in ("scope", "severity", "register", "files")}
    rooms["entry"] = f"/incidents/entry/{one}?entry=0"
    return {f"/incidents/{HANDLE}": _fixed(officer, opened)} | {
        f"/incidents/{room}/{HANDLE}": _fixed(officer, path) for room, path in rooms.items()
    }


async def _of_operator(visitors: Visitors, database: Database) -> dict[str, Way]:
    """A table of the configuration, and a role that was asked for at the machine."""
    operator = Role.OPERATOR
    number = await _account(visitors, database, operator)
    until = timedelta(days=300)
    asked = await database.pool.fetchval(
        """insert into role_requests (account_id, hospital_id, role, until, reason, asked_by, asked_at, at_machine)
           values ($1, 1, 'auditor', now() + $2, $3, 'operator:bench', now(), true) returning request_id""",
        number, until, _REASON,
    )  # fmt: skip
    return {
        f"/operate/roles/{HANDLE}": _fixed(operator, f"/operate/roles/{asked}"),
        f"/operate/settings/{HANDLE}": _fixed(operator, "/operate/settings/console"),
    }


async def _of_cell(visitors: Visitors) -> dict[str, Way]:
    """One doubt, and the page behind the first, where there are as many."""
    cell, lists = Role.IDENTITY_CELL, [f"/identities?kind={kind}" for kind in ("ins", "here", "near", "flag")]
    found: dict[str, Way] = {}
    for kind in ("pair", "page"):
        links = [link for path in lists if (link := await visitors.link(cell, path, f"/identities/{kind}/"))]
        if links:
            found[f"/identities/{kind}/{HANDLE}"] = _fixed(cell, links[0])
    return found


async def _account(visitors: Visitors, database: Database, role: Role) -> Any:
    """The number of the account of whoever is signed in in that role."""
    await visitors.of(role)
    subject = next(one.subject for one in visitors.issuer.staff if one.name == account_name(role))
    return await database.pool.fetchval(
        "select account_id from accounts where issuer = $1 and subject = $2", visitors.issuer.url, subject
    )

"""Every address of the console in one table: its method, who may use it, and what it does. Nothing is reached
otherwise.

`roles` None: strangers too. A POST always carries the session's form token, but where `roles` is None; where the
browser asks by itself (`bodiless`) there is not even a form.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from beffroi.access.policy import RIGHTS
from beffroi.errors import MethodNotAllowed, NotFound, Words
from beffroi.model.account import Role
from beffroi.model.disclosure import Operation
from beffroi.servers.console import (
    case_downloads,
    configuring,
    devices,
    drilling,
    emergency,
    entrance,
    finding,
    granting,
    helping,
    identities,
    incidents,
    keys,
    listing,
    operating,
    patient_desk,
    registering,
    stopping,
    trusting,
    watching,
    weighing,
)
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import Page, Visit
from beffroi.servers.console.rooms import Room

Handler = Callable[[Desk, Visit], Awaitable[Page]]
HANDLE = "{handle}"
EVERYBODY = frozenset(Role)
GRANTING = frozenset(role for role, rights in RIGHTS.items() if Operation.KEY in rights.operations)
URGENT = frozenset(role for role, rights in RIGHTS.items() if rights.emergency)


@dataclass(frozen=True, slots=True)
class Route:
    """One address and method. `operation`: what is asked of the gate there, None when nothing is.

    `background`: a page asks by itself, so the session is not in use. `bodiless`: the browser asks by itself; what it
    says is in its headers, and it proves it there.
    """

    method: str
    path: str
    roles: frozenset[Role] | None
    handler: Handler
    operation: Operation | None = None
    background: bool = False
    bodiless: bool = False


ROUTES = (
    Route("GET", "/", None, entrance.start),
    Route("GET", "/sign-in", None, entrance.sign_in),
    Route("GET", "/signed-in", None, entrance.signed_in),
    Route("GET", "/left", None, entrance.left),
    Route("GET", "/accessibility", None, entrance.accessibility),
    Route("POST", "/language", None, entrance.language),
    Route("POST", devices.BIND_PATH, None, devices.bind, bodiless=True),
    Route("POST", devices.REFRESH_PATH, None, devices.refresh, bodiless=True),
    Route("POST", "/sign-out", EVERYBODY, entrance.sign_out),
    Route("POST", "/switch", EVERYBODY, entrance.switch),
    Route("GET", "/stay", EVERYBODY, entrance.stay),
    Route("GET", "/help", EVERYBODY, entrance.help_page),
    Route("GET", "/find", Room.FIND.roles, finding.form),
    Route("POST", "/find", Room.FIND.roles, finding.search),
    Route("GET", f"/find/{HANDLE}", Room.FIND.roles, finding.found, Operation.SEARCH),
    Route("GET", f"/patient/{HANDLE}", Room.FIND.roles, finding.patient, Operation.READ),
    Route("POST", f"/patient/{HANDLE}", Room.FIND.roles, finding.more),
    Route("GET", "/emergency", URGENT, emergency.form),
    Route("POST", "/emergency", URGENT, emergency.ask),
    Route("GET", f"/emergency/{HANDLE}", URGENT, emergency.form),
    Route("POST", f"/emergency/{HANDLE}", URGENT, emergency.ask),
    Route("GET", f"/emergency/read/{HANDLE}", URGENT, emergency.read, Operation.EMERGENCY_READ),
    Route("GET", "/colleague", Room.COLLEAGUE.roles, helping.room),
    Route("POST", "/colleague/code", Room.COLLEAGUE.roles, helping.code),
    Route("POST", "/colleague/vouch", Room.COLLEAGUE.roles, helping.vouch),
    Route("POST", "/colleague/second", Room.COLLEAGUE.roles, helping.second),
    Route("GET", "/worklists", Room.WORKLISTS.roles, listing.room),
    Route("POST", "/worklists", Room.WORKLISTS.roles, listing.deposit),
    Route("POST", f"/worklists/approve/{HANDLE}", Room.WORKLISTS.roles, listing.approve),
    Route("POST", f"/worklists/cancel/{HANDLE}", Room.WORKLISTS.roles, listing.cancel),
    Route("GET", "/desk", Room.DESK.roles, patient_desk.start),
    Route("GET", f"/desk/{HANDLE}", Room.DESK.roles, patient_desk.form),
    Route("POST", f"/desk/{HANDLE}", Room.DESK.roles, patient_desk.ask),
    Route("GET", f"/desk/told/{HANDLE}", Room.DESK.roles, patient_desk.told, Operation.PATIENT_ACCESS),
    Route("GET", "/identities", Room.IDENTITIES.roles, identities.room, Operation.DOUBTS),
    Route("GET", f"/identities/page/{HANDLE}", Room.IDENTITIES.roles, identities.more, Operation.DOUBTS),
    Route("GET", f"/identities/pair/{HANDLE}", Room.IDENTITIES.roles, identities.pair, Operation.DOUBTS),
    Route("GET", "/incidents", Room.INCIDENTS.roles, incidents.register),
    Route("POST", "/incidents", Room.INCIDENTS.roles, incidents.open_one),
    Route("GET", f"/incidents/{HANDLE}", Room.INCIDENTS.roles, incidents.incident),
    Route("POST", f"/incidents/{HANDLE}", Room.INCIDENTS.roles, incidents.change),
    Route("GET", f"/incidents/scope/{HANDLE}", Room.INCIDENTS.roles, incidents.scope, Operation.SCOPE_VIEW),
    Route("GET", f"/incidents/news/{HANDLE}", Room.INCIDENTS.roles, incidents.scope_news, background=True),
    Route("GET", f"/incidents/register/{HANDLE}", Room.INCIDENTS.roles, registering.text),
    Route("POST", f"/incidents/register/{HANDLE}", Room.INCIDENTS.roles, registering.keep),
    Route("GET", f"/incidents/entry/{HANDLE}", Room.INCIDENTS.roles, registering.entry),
    Route("GET", f"/incidents/severity/{HANDLE}", Room.INCIDENTS.roles, weighing.room, Operation.SCOPE_VIEW),
    Route("POST", f"/incidents/severity/{HANDLE}", Room.INCIDENTS.roles, weighing.choose, Operation.SCOPE_VIEW),
    Route("GET", f"/incidents/files/{HANDLE}", Room.INCIDENTS.roles, case_downloads.room),
    Route("POST", f"/incidents/report/{HANDLE}", Room.INCIDENTS.roles, case_downloads.report, Operation.EXPORT),
    Route("POST", f"/incidents/proof/{HANDLE}", Room.INCIDENTS.roles, case_downloads.proof, Operation.EXPORT),
    Route("POST", f"/incidents/lists/{HANDLE}", Room.INCIDENTS.roles, case_downloads.ask_lists, Operation.EXPORT),
    Route("POST", f"/incidents/approve/{HANDLE}", Room.INCIDENTS.roles, case_downloads.approve_lists, Operation.EXPORT),
    Route("POST", f"/incidents/refuse/{HANDLE}", Room.INCIDENTS.roles, case_downloads.refuse_lists, Operation.EXPORT),
    Route("POST", f"/incidents/write/{HANDLE}", Room.INCIDENTS.roles, case_downloads.write_lists, Operation.EXPORT),
    Route("GET", "/operate", Room.OPERATE.roles, operating.room),
    Route("GET", "/operate/keys", Room.OPERATE.roles, trusting.keys),
    Route("GET", "/operate/applications", Room.OPERATE.roles, trusting.applications),
    Route("GET", "/operate/roles", Room.OPERATE.roles, granting.room),
    Route("POST", "/operate/roles", Room.OPERATE.roles, granting.ask),
    Route("GET", f"/operate/roles/{HANDLE}", Room.OPERATE.roles, granting.request),
    Route("POST", f"/operate/roles/{HANDLE}", Room.OPERATE.roles, granting.decide),
    Route("GET", "/operate/settings", Room.OPERATE.roles, configuring.room),
    Route("GET", f"/operate/settings/{HANDLE}", Room.OPERATE.roles, configuring.part),
    Route("GET", "/watch", Room.WATCH.roles, watching.room),
    Route("POST", "/watch", Room.WATCH.roles, watching.look_up),
    Route("GET", "/watch/news", Room.WATCH.roles, watching.news, background=True),
    Route("GET", f"/watch/news/{HANDLE}", Room.WATCH.roles, watching.account_news, background=True),
    Route("GET", f"/watch/account/{HANDLE}", Room.WATCH.roles, watching.account, Operation.SCOPE_VIEW),
    Route("GET", f"/watch/name/{HANDLE}", Room.WATCH.roles, watching.name_form),
    Route("POST", f"/watch/name/{HANDLE}", Room.WATCH.roles, watching.name),
    Route("GET", f"/watch/named/{HANDLE}", Room.WATCH.roles, watching.named, Operation.READ),
    Route("GET", "/watch/stop", Room.WATCH.roles, stopping.choose),
    Route("POST", "/watch/stop", Room.WATCH.roles, stopping.chosen),
    Route("GET", f"/watch/stop/{HANDLE}", Room.WATCH.roles, stopping.stop_form),
    Route("POST", f"/watch/stop/{HANDLE}", Room.WATCH.roles, stopping.stop),
    Route("GET", f"/watch/release/{HANDLE}", Room.WATCH.roles, stopping.release_form),
    Route("POST", f"/watch/release/{HANDLE}", Room.WATCH.roles, stopping.release),
    Route("POST", f"/watch/confirm/{HANDLE}", Room.WATCH.roles, stopping.confirm),
    Route("GET", f"/watch/free/{HANDLE}", Room.WATCH.roles, stopping.free_form),
    Route("POST", f"/watch/free/{HANDLE}", Room.WATCH.roles, stopping.free),
    Route("GET", "/watch/drill", Room.WATCH.roles, drilling.room),
    Route("GET", "/keys", Room.KEYS.roles, keys.room),
    Route("POST", "/keys/enrol", Room.KEYS.roles, keys.enrol),
    Route("POST", "/keys/prove", Room.KEYS.roles, keys.prove),
    Route("POST", "/keys/revoke", Room.KEYS.roles, keys.revoke),
    Route("GET", "/keys/codes", GRANTING, keys.codes),
    Route("POST", "/keys/codes", GRANTING, keys.hand_over),
)


class Router:
    """Finds the route of a method and path."""

    def __init__(self, routes: tuple[Route, ...] = ROUTES) -> None:
        self._routes: dict[str, dict[str, Route]] = {}
        for route in routes:
            self._routes.setdefault(route.path, {})[route.method] = route

    def find(self, method: str, path: str) -> tuple[Route, str]:
        """The route and the handle in the path; raises `NotFound` or `MethodNotAllowed`.

        >>> Router().find("GET", "/patient/abc")[1]
        'abc'
        """
        methods, handle = self._routes.get(path), ""
        if methods is None:
            head, _, handle = path.rpartition("/")
            methods = self._routes.get(f"{head}/{HANDLE}") if handle else None
        if methods is None:
            raise NotFound(what=Words("This page", "Cette page"))
        route = methods.get(method)
        if route is None:
            raise MethodNotAllowed(allowed=", ".join(sorted(methods)))
        return route, handle

"""Every address of the FHIR API in one table: from it come the router, the CapabilityStatement and the description.

Who may use an address is not written here but follows from the rights of the operation (`access.policy`).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from beffroi.access.policy import RIGHTS
from beffroi.errors import MethodNotAllowed, NotFound, Words
from beffroi.model.account import Role
from beffroi.model.disclosure import Operation
from beffroi.servers import account_handlers as account
from beffroi.servers import duty_handlers as duty
from beffroi.servers import incident_handlers as incidents
from beffroi.servers.authentication import Authenticated
from beffroi.servers.exchange import FHIR_JSON, FORM, XML_BODIES, Reply, Request
from beffroi.servers.fhir_feed import feed_delete, feed_update
from beffroi.servers.fhir_handlers import (
    Desk,
    audit,
    match,
    pix_by_get,
    pix_by_post,
    read,
    scope,
    search_by_get,
    search_by_post,
)

Handler = Callable[[Desk, Authenticated, Request], Awaitable[Reply]]
_PIX = "/Patient/$ihe-pix"
RESOURCE_BODIES = (FHIR_JSON, "application/json", *sorted(XML_BODIES))
_PARAMETER = "{reference}"


@dataclass(frozen=True, slots=True)
class Route:
    """One address and method. `interaction` is FHIR's name for it, `bodies` the media types that it reads.

    `operation` is None for the feed, which asks nothing. `transaction` is IHE's name, which is also IUA's scope.
    """

    method: str
    path: str
    resource: str
    interaction: str
    operation: Operation | None
    handler: Handler
    bodies: tuple[str, ...] = ()
    transaction: str = ""

    @property
    def letters(self) -> str:
        """What it does, in SMART's letters (create, read, update, delete, search)."""
        return {"read": "r", "update": "cu", "delete": "d"}.get(self.interaction, "s")

    @property
    def roles(self) -> frozenset[Role]:
        """The roles that may ask at all, the gate deciding on each question besides; none for the feed, which is given
        to applications one by one (`may_feed`)."""
        return frozenset(role for role, rights in RIGHTS.items() if self.operation in rights.operations)


ROUTES = (
    Route("GET", "/Patient", "Patient", "search-type", Operation.SEARCH, search_by_get, (), "ITI-78"),
    Route("POST", "/Patient/_search", "Patient", "search-type", Operation.SEARCH, search_by_post, (FORM,), "ITI-78"),
    Route("POST", "/Patient/$match", "Patient", "match", Operation.MATCH, match, RESOURCE_BODIES, "ITI-119"),
    Route("GET", _PIX, "Patient", "ihe-pix", Operation.PIX_QUERY, pix_by_get, (), "ITI-83"),
    Route(
        "POST", "/Patient/$ihe-pix", "Patient", "ihe-pix", Operation.PIX_QUERY, pix_by_post, RESOURCE_BODIES, "ITI-83"
    ),
    Route("GET", f"/Patient/{_PARAMETER}", "Patient", "read", Operation.READ, read, (), "ITI-78"),
    Route("GET", "/AuditEvent", "AuditEvent", "search-type", Operation.AUDIT_SEARCH, audit, (), "ITI-81"),
    Route(
        "POST",
        "/AuditEvent/$beffroi-scope",
        "AuditEvent",
        "beffroi-scope",
        Operation.SCOPE_VIEW,
        scope,
        RESOURCE_BODIES,
    ),
)
"""`metadata` is not here: it is the one address without a question and without a caller."""

FEED_ROUTES = (
    Route("PUT", "/Patient", "Patient", "update", None, feed_update, RESOURCE_BODIES, "ITI-104"),
    Route("DELETE", "/Patient", "Patient", "delete", None, feed_delete, (), "ITI-104"),
)
"""Served where hospitals may feed over FHIR (setting `web.feed`)."""

METADATA = "/metadata"
BESIDE = ("/account/", "/duty/", "/incidents", "/exports")
"""Where addresses begin that are no resources."""
_BODY = ("application/json",)

ACCOUNT_ROUTES = (
    Route("GET", "/account/keys", "", "keys", Operation.STEP_UP, account.keys),
    Route("POST", "/account/keys/challenge", "", "enrolment", Operation.STEP_UP, account.enrolment, _BODY),
    Route("POST", "/account/keys", "", "enrol", Operation.STEP_UP, account.enrol, _BODY),
    Route("POST", "/account/keys/revoke", "", "revoke", Operation.STEP_UP, account.revoke, _BODY),
    Route("POST", "/account/key-codes", "", "grant", Operation.KEY, account.grant, _BODY),
    Route("POST", "/account/proof/challenge", "", "challenge", Operation.STEP_UP, account.challenge, _BODY),
    Route("POST", "/account/proof", "", "prove", Operation.STEP_UP, account.prove, _BODY),
    Route("POST", "/account/colleague-codes", "", "code", Operation.CONFIRM, account.colleague_code, _BODY),
    Route("POST", "/account/confirmations", "", "confirm", Operation.CONFIRM, account.confirm, _BODY),
    Route("POST", "/account/emergency-seconds", "", "second", Operation.CONFIRM, account.second, _BODY),
    Route("GET", "/account/worklists", "", "worklists", Operation.WORKLIST, account.worklists),
    Route("POST", "/account/worklists", "", "deposit", Operation.WORKLIST, account.deposit, _BODY),
    Route("POST", "/account/worklists/approve", "", "approve", Operation.WORKLIST, account.approve, _BODY),
    Route("POST", "/account/worklists/cancel", "", "cancel", Operation.WORKLIST, account.cancel, _BODY),
    Route("GET", "/account/crises", "", "crises", Operation.RELEASE, account.crises),
    Route("POST", "/account/crises", "", "declare", Operation.RELEASE, account.declare, _BODY),
    Route("POST", "/account/crises/confirm", "", "confirm", Operation.RELEASE, account.confirm_crisis, _BODY),
    Route("POST", "/account/crises/end", "", "end", Operation.RELEASE, account.end_crisis, _BODY),
    Route("GET", "/account/digest", "", "digest", Operation.NOT_ME, account.digest),
    Route("POST", "/account/not-me", "", "not-me", Operation.NOT_ME, account.not_me, _BODY),
    Route("POST", "/account/releases", "", "release", Operation.RELEASE, account.release, _BODY),
    Route("GET", "/duty/alarms", "", "alarms", Operation.RELEASE, duty.alarms),
    Route("GET", "/duty/containments", "", "containments", Operation.RELEASE, duty.containments),
    Route("POST", "/duty/containments/preview", "", "preview", Operation.RELEASE, duty.preview, _BODY),
    Route("POST", "/duty/containments", "", "contain", Operation.RELEASE, duty.contain, _BODY),
    Route("POST", "/duty/containments/confirm", "", "confirm", Operation.RELEASE, duty.confirm, _BODY),
    Route("POST", "/duty/containments/release", "", "release", Operation.RELEASE, duty.release, _BODY),
)
"""The ways on of an account and the duty officer's desk, beside the resources, in plain JSON: their addresses begin at
the root of the server."""

_LOOK, _TAKE = Operation.SCOPE_VIEW, Operation.EXPORT
INCIDENT_ROUTES = (
    Route("GET", "/incidents", "", "register", _LOOK, incidents.register),
    Route("POST", "/incidents", "", "open", _LOOK, incidents.open_one, _BODY),
    Route("GET", f"/incidents/{_PARAMETER}", "", "show", _LOOK, incidents.show),
    Route("POST", "/incidents/state", "", "move", _LOOK, incidents.move, _BODY),
    Route("POST", "/incidents/note", "", "note", _LOOK, incidents.note, _BODY),
    Route("POST", "/incidents/selections", "", "select", _LOOK, incidents.select, _BODY),
    Route("POST", "/incidents/texts", "", "tell", _LOOK, incidents.tell, _BODY),
    Route("POST", "/incidents/scope", "", "scope", _LOOK, incidents.scope, _BODY),
    Route("POST", "/incidents/severity", "", "weigh", _TAKE, incidents.severity, _BODY),
    Route("POST", "/incidents/report", "", "report", _TAKE, incidents.report, _BODY),
    Route("POST", "/incidents/proof", "", "prove", _TAKE, incidents.proof, _BODY),
    Route("GET", "/exports", "", "exports", _TAKE, incidents.exports),
    Route("POST", "/exports", "", "ask", _TAKE, incidents.request_export, _BODY),
    Route("POST", "/exports/approve", "", "approve", _TAKE, incidents.approve_export, _BODY),
    Route("POST", "/exports/refuse", "", "refuse", _TAKE, incidents.refuse_export, _BODY),
    Route("POST", "/exports/write", "", "write", _TAKE, incidents.write_export, _BODY),
)
"""Incidents, their scope, reports and proofs, and whole lists by two people; in plain JSON too."""

PLAIN_ROUTES = ACCOUNT_ROUTES + INCIDENT_ROUTES


class Router:
    """Finds the route of a method and path."""

    def __init__(self, routes: tuple[Route, ...] = ROUTES) -> None:
        self._fixed: dict[str, dict[str, Route]] = {}
        self._open: dict[str, dict[str, Route]] = {}
        for route in routes:
            table = self._open if route.path.endswith(_PARAMETER) else self._fixed
            table.setdefault(route.path.removesuffix(_PARAMETER), {})[route.method] = route

    def find(self, method: str, path: str) -> tuple[Route, str]:
        """The route and the path's parameter; raises `NotFound` or `MethodNotAllowed`.

        >>> Router().find("GET", "/Patient/abc")[1]
        'abc'
        """
        reference = ""
        methods = self._fixed.get(path)
        if methods is None:
            head, slash, reference = path.rpartition("/")
            methods = None if reference.startswith(("$", "_")) else self._open.get(head + slash)
        if methods is None:
            raise NotFound(what=Words("This address", "Cette adresse"))
        route = methods.get(method)
        if route is None:
            raise MethodNotAllowed(allowed=", ".join(sorted(methods)))
        return route, reference

    def allowed(self, path: str) -> str:
        """The methods of a path, for OPTIONS; raises `NotFound`."""
        try:
            self.find("", path)
        except MethodNotAllowed as error:
            return str(error.parameters["allowed"])
        raise AssertionError("no route has an empty method")

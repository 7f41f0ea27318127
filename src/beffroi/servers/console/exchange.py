"""One visit of a page and what is sent back, apart from the server that carries them."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from beffroi.actions.browser_sessions import Session
from beffroi.errors import NotFound, Words
from beffroi.model.disclosure import DisclosureId, Outcome
from beffroi.servers.exchange import Headers, number_in

ROOT = "/console"
FORM_TOKEN = "form"  # noqa: S105 - the name of a field
FORM_NUMBER = "once"
Header = tuple[bytes, bytes]
_OWN_PATH = re.compile(r"/(?:[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*(?:\?[A-Za-z0-9_=&-]*)?)?")
"""No dot, per cent, backslash or empty part: nothing that a browser would resolve to another place."""


@dataclass(slots=True)
class Visit:
    """What came. `path` is below `ROOT`; `handle` is the path's parameter; `form` holds a POST's fields.

    `network` is the client's address. `session` is None for a stranger.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Headers
    cookies: Mapping[str, str]
    network: str
    request_id: UUID
    language: str
    form: Mapping[str, str] = field(default_factory=dict)
    handle: str = ""
    session: Session | None = None

    @property
    def visitor(self) -> Session:
        """Whose visit it is, behind a route that lets nobody else in."""
        if self.session is None:
            raise LookupError("this route lets strangers in")
        return self.session


@dataclass(frozen=True, slots=True)
class Page:
    """What goes. `disclosure_id`: told of its fate once the body was handed over. `stream`: what follows the body, as
    it happens; then nobody waits for an end."""

    body: bytes = b""
    status: int = 200
    headers: tuple[Header, ...] = ()
    disclosure_id: DisclosureId | None = None
    outcome: Outcome = Outcome.NONE
    media_type: str = "text/html; charset=utf-8"
    stream: AsyncIterator[bytes] | None = None


def see_other(path: str, *headers: Header) -> Page:
    """Go on to another page of the console, by GET (RFC 9110 section 15.4.4)."""
    return Page(b"", 303, ((b"location", (ROOT + path).encode("ascii")), *headers))


def number_of(visit: Visit, what: Words) -> int:
    """The number in the address. Raises `NotFound` of `what` for anything else."""
    number = number_in(visit.handle)
    if number is None:
        raise NotFound(what=what)
    return number


def own_path(text: str) -> str:
    r"""A path below the console's root that a form or an address names to go back to; "/" for anything else.

    >>> own_path("/find/QV8K"), own_path("/identities?kind=ins"), own_path("//elsewhere.example"), own_path("/x\\y")
    ('/find/QV8K', '/identities?kind=ins', '/', '/')
    >>> own_path("/../fhir/Patient"), own_path("/%2e%2e/fhir"), own_path("/x\r\ny")
    ('/', '/', '/')
    """
    return text if _OWN_PATH.fullmatch(text) else "/"

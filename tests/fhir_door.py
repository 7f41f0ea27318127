"""The FHIR door without sockets: a finder and an authenticator that do as they are told, and a call that is ASGI."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import msgspec

from beffroi.actions.asking import Ask
from beffroi.actions.pages import Page
from beffroi.errors import CallerError, NotAuthenticated
from beffroi.model.account import AccountId, AccountKind, Asker, Role
from beffroi.model.audit import AuditAnswer, AuditSearch
from beffroi.model.disclosure import Answer, DisclosureId, Proof, Released
from beffroi.model.person import HospitalId
from beffroi.model.search import Criteria
from beffroi.servers.authentication import Authenticated
from beffroi.servers.fhir_api import FhirApi
from beffroi.wire.fhir_xml_input import from_xml
from doubles import FakeClock
from fhir_answers import ENDPOINT, released, shown

NURSE = Asker(
    account_id=AccountId(7),
    kind=AccountKind.PERSON,
    subject="899700366240",
    role=Role.WARD_NURSE,
    structure=HospitalId(1),
    application="dpi-beaumont",
    session_key=bytes(32),
    network="192.0.2.7",
)
NONCE = "nonce-of-the-window-xx"


@dataclass
class FakeFinder:
    """Remembers what it was asked; answers with `answer`, or raises it."""

    answer: Released[Answer] | Exception = field(default_factory=lambda: released(shown()))
    audit_page: Released[AuditAnswer] = field(default_factory=lambda: Released.seal(AuditAnswer(DisclosureId(502))))
    following: int = 0
    asks: list[Ask] = field(default_factory=list)
    questions: list[Any] = field(default_factory=list)
    deliveries: list[tuple[int, bool]] = field(default_factory=list)

    def _answered(self, ask: Ask, *question: Any) -> Released[Answer]:
        self.asks.append(ask)
        self.questions.append(question)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def page(self, ask: Ask, criteria: Criteria) -> Page:
        return Page(self._answered(ask, criteria), following=self.following)

    async def read(self, ask: Ask, reference: str) -> Released[Answer]:
        return self._answered(ask, reference)

    async def match(self, ask: Ask, sample: Criteria, only_certain: bool, count: int) -> Released[Answer]:
        return self._answered(ask, sample, only_certain, count)

    async def pix(self, ask: Ask, system: str, value: str, targets: tuple[str, ...]) -> Released[Answer]:
        return self._answered(ask, system, value, targets)

    async def audit(self, ask: Ask, search: AuditSearch) -> Released[AuditAnswer]:
        self.asks.append(ask)
        self.questions.append((search,))
        return self.audit_page

    async def refuse(self, ask: Ask, error: CallerError) -> object:
        raise error

    def delivered(self, disclosure_id: DisclosureId, sent: bool) -> None:
        self.deliveries.append((disclosure_id, sent))


@dataclass
class FakeAuthenticator:
    """Admits `asker` with any Authorization header, nobody without one; remembers what was to be proven."""

    asker: Asker = NURSE
    proof: Proof | None = None
    seen: list[tuple[str, str, str]] = field(default_factory=list)

    @asynccontextmanager
    async def admit(self, method: str, url: str, headers: Any, peer: str) -> AsyncIterator[Authenticated]:
        self.seen.append((method, url, peer))
        if "authorization" not in headers:
            raise NotAuthenticated("", "send an access token", fr="envoyez un jeton d'accès")
        yield Authenticated(self.asker, self.proof)

    def nonce(self) -> str:
        return NONCE

    def challenges(self, error: NotAuthenticated) -> tuple[tuple[str, str], ...]:
        return (("www-authenticate", 'DPoP realm="beffroi"'), ("dpop-nonce", NONCE))


@dataclass(frozen=True)
class Told:
    """What a client receives."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The resource, whichever format it came in."""
        if self.headers["content-type"].startswith("application/fhir+xml"):
            return from_xml(self.body)
        found: dict[str, Any] = msgspec.json.decode(self.body)
        return found

    @property
    def text(self) -> str:
        """The first issue's words."""
        return str(self.json["issue"][0]["details"]["text"])


def door(finder: FakeFinder | None = None, authenticator: FakeAuthenticator | None = None) -> FhirApi:
    return FhirApi(finder or FakeFinder(), authenticator or FakeAuthenticator(), ENDPOINT, FakeClock())


async def call(
    api: FhirApi,
    method: str,
    target: str,
    body: bytes | dict[str, Any] = b"",
    *,
    gone: bool = False,
    broken: Callable[[], None] | None = None,
    **headers: str,
) -> Told:
    """One request. `target` is a path with its query; header names have _ for -. `gone`: the client left meanwhile."""
    path, _, query = target.partition("?")
    said = {"authorization": "DPoP token", "accept": "application/fhir+json"} | headers
    if isinstance(body, dict):
        body = msgspec.json.encode(body)
        said.setdefault("content_type", "application/fhir+json")
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": quote(path, safe="/$").encode(),
        "query_string": query.encode(),
        "headers": [(n.replace("_", "-").encode(), v.encode()) for n, v in said.items() if v],
        "client": ("192.0.2.7", 40_000),
    }
    arriving = [{"type": "http.request", "body": body, "more_body": False}]
    if gone:
        arriving.append({"type": "http.disconnect"})
    sent: list[Any] = []

    async def receive() -> Any:
        if not arriving:
            await asyncio.get_running_loop().create_future()
        return arriving.pop(0)

    async def send(message: Any) -> None:
        if broken:
            broken()
        sent.append(message)

    await api(scope, receive, send)
    if not sent:
        return Told(0, {}, b"")
    answered = {n.decode(): v.decode() for n, v in sent[0]["headers"]}
    return Told(sent[0]["status"], answered, sent[1]["body"])

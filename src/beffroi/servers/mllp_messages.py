"""What is done with one HL7 v2 message: fed to the register, asked of the finder, or refused in words.

Feed messages are acknowledged only when they are durable. Questions pass the gate as those of any door. Of a message
that is neither, only the header is ever read, and nothing is kept.
"""

import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from types import MappingProxyType
from typing import Protocol
from uuid import UUID

from beffroi.access.fields import MINIMAL
from beffroi.access.pages import Continuations
from beffroi.access.remembered import Remembered
from beffroi.access.stops import refusal
from beffroi.actions.asking import Ask
from beffroi.actions.connections import Caller
from beffroi.actions.pages import Page
from beffroi.actions.register import FeedSource
from beffroi.clock import Clock
from beffroi.errors import (
    AccountFrozen,
    BeffroiError,
    CallerError,
    Forbidden,
    Unavailable,
    UnknownAccount,
    UnknownDomain,
    UnsupportedMessage,
    Words,
)
from beffroi.model.account import AccountId, AccountKind, Asker
from beffroi.model.containment import Stop
from beffroi.model.disclosure import Answer, DisclosureId, Door, Operation, Outcome, Purpose, Released
from beffroi.model.feed import FeedEvent, FeedKind, FeedOutcome
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import HospitalId
from beffroi.model.search import Criteria
from beffroi.servers.admission import Admission
from beffroi.servers.pdq_pages import SECRET_BYTES, PdqPages
from beffroi.telemetry import Event, Facts, log, log_failure
from beffroi.telemetry.metrics import count_dropped, count_feed, count_request, result_of
from beffroi.wire.hl7 import Header, Message, parse
from beffroi.wire.hl7_answer import View, pdq_response, pix_response, query_refusal
from beffroi.wire.hl7_query import PDQ, Query, cancelled_tag, opened, read_pdq, read_pix, refuse_unsupported
from beffroi.wire.hl7_reply import Notice, Severity, Stamp, acknowledge, acknowledge_with, refuse
from beffroi.wire.pam import Reading, read

LOOPBACK = "loopback:"
CONTROL_ID_CHARACTERS = 20
"""Characters of our MSH-10: v2.5 allows no more."""
SESSIONS_REMEMBERED_MAX = 10_000
"""Sessions (a certificate and an account) whose sign-in was recorded by this process."""

_NO_WINDOWS: Mapping[str, int] = MappingProxyType({})
_OPERATOR = Words("the operator of this server", "l'exploitant de ce serveur")
_UNREGISTERED = Words(
    "neither its certificate nor, on this machine, its sending facility (MSH-4) is registered",
    "ni son certificat ni, sur cette machine, son établissement émetteur (MSH-4) n'est enregistré",
)
_CANCELLED = Words(
    "Cancelled: the continuations of this query lead no further.",
    "Annulée : les pointeurs de suite de cette requête ne mènent plus nulle part.",
)
_TO_OPERATOR = Words("Ask the operator of this server.", "Adressez-vous à l'exploitant de ce serveur.")
_PLACES = {
    FeedKind.MERGE: "MRG^1^1",
    FeedKind.CHANGE_IDENTIFIER: "MRG^1^1",
    FeedKind.LINK: "PID^2^3",
    FeedKind.UNLINK: "PID^2^3",
}


class Feeding(Protocol):
    """What takes the feed: the registrar."""

    async def apply(self, event: FeedEvent, source: FeedSource) -> FeedOutcome:
        """The event's outcome, durable. Calls that begin in order for one patient apply in that order."""

    async def beat(self, source: FeedSource) -> None:
        """A sign of life without an event."""


class Asking(Protocol):
    """What answers questions: the finder."""

    hospitals: Hospitals

    async def page(self, ask: Ask, criteria: Criteria) -> Page:
        """PDQ."""

    async def pix(self, ask: Ask, system: str, value: str, targets: tuple[str, ...]) -> Released[Answer]:
        """PIX."""

    async def refuse(self, ask: Ask, error: CallerError) -> object:
        """Records a refusal, then raises it."""

    async def signed_in(self, asker: Asker, door: Door, request_id: UUID) -> None:
        """Records a sign-in."""

    def knows_domain(self, oid: str, asker: Asker) -> bool:
        """Whether an authority may be known to the asker."""

    def delivered(self, disclosure_id: DisclosureId, sent: bool) -> None:
        """The fate of an answer."""


FindCaller = Callable[[str], Awaitable[Caller | None]]
Closing = Callable[[AccountId, str, bytes], Stop | None]
"""The containment that names an account, an application or a session key (actions.stop_watch)."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection. `thumbprint`: SHA-256 of its certificate; None on a plain connection.

    `callers`: whom its messages came from, as account, application and session key.
    """

    network: str
    thumbprint: bytes | None = None
    callers: set[tuple[AccountId, str, bytes]] = field(default_factory=set, compare=False)

    def credential(self, header: Header) -> str:
        """What the registers know it by: its certificate, or on the loopback the facility that the message names."""
        return f"x5t:{self.thumbprint.hex()}" if self.thumbprint else LOOPBACK + header.facility_name

    def session_key(self, header: Header) -> bytes:
        """32 bytes that name this way in: the certificate's thumbprint, or a digest of the facility."""
        return self.thumbprint or sha256(self.credential(header).encode()).digest()


@dataclass(frozen=True, slots=True)
class Reply:
    """The bytes of a reply, and the disclosure whose fate its delivery decides."""

    content: bytes
    disclosure_id: DisclosureId | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """What is left to do for a message. `alone`: only when all that came before on its connection is done."""

    run: Callable[[], Awaitable[Reply]]
    alone: bool = True


class Messages:
    """One process's way with messages. `windows`: a hospital's own seconds by event, for how long they explain."""

    def __init__(
        self,
        registrar: Feeding,
        finder: Asking,
        caller: FindCaller,
        clock: Clock,
        regional_oid: str,
        windows: Mapping[HospitalId, Mapping[str, int]] = MappingProxyType({}),
        admission: Admission | None = None,
        closing: Closing = lambda *_: None,
        pages: Continuations | None = None,
    ) -> None:
        self.finder = finder
        self._caller = caller
        self._registrar = registrar
        self._clock = clock
        self._regional_oid = regional_oid
        self._windows = windows
        self._admission = admission or Admission()
        self._closing = closing
        self._pages = PdqPages(pages or Continuations(clock.token_bytes(SECRET_BYTES)))
        self._sessions = Remembered[tuple[AccountId, bytes], bool](SESSIONS_REMEMBERED_MAX)

    async def prepare(self, content: bytes, peer: Peer) -> Work:
        """Reads a message and finds out who sent it. Never raises: what is wrong with it becomes its reply."""
        header = None
        try:
            message = parse(content)
            header = message.header
            caller = await self._caller(peer.credential(header))
            if caller is None:
                raise UnknownAccount("MSH^1^4", why=_UNREGISTERED, whom=_OPERATOR)
            self._check_stopped(caller, peer, header)
            header.check()
            return self._work(message, caller, peer)
        except BeffroiError as error:
            return ready(self._refused(header, error))
        except Exception as failure:
            return ready(self._failed(header, failure))

    def _check_stopped(self, caller: Caller, peer: Peer, header: Header) -> None:
        """Raises when the application is stopped, or its certificate: then it neither asks nor feeds."""
        if caller.frozen:
            raise AccountFrozen("MSH^1^4")
        named = (caller.account_id, caller.subject, peer.session_key(header))
        stop = self._closing(*named)
        if stop is not None:
            raise refusal(stop)
        peer.callers.add(named)

    def refuse_frame(self, head: bytes, error: CallerError) -> Reply | None:
        """The reply to a frame that was broken, None when not even its header can be read: nobody could match it."""
        try:
            header = parse(head.partition(b"\r")[0]).header
        except CallerError:
            return None
        return self._refused(header, error) if header.control_id else None

    def _stamp(self) -> Stamp:
        return Stamp(self._clock.uuid().hex[:CONTROL_ID_CHARACTERS], self._clock.now())

    def _work(self, message: Message, caller: Caller, peer: Peer) -> Work:
        header = message.header
        if header.type in ("ADT", "NMD") and not caller.may_feed:
            what = Words("feeding", "l'alimentation")
            raise Forbidden("MSH^1^4", role=caller.role, what=what, instead=_TO_OPERATOR)
        if header.type == "NMD" and header.event == "N02":
            return Work(partial(self._beat, header, caller))
        if header.type == "ADT":
            reading = read(message, caller.hospital, self._windows.get(caller.hospital.hospital_id, _NO_WINDOWS))
            return Work(partial(self._feed, header, reading, caller), alone=len(reading.events) > 1)
        if header.type == "QBP":
            refuse_unsupported(header)
            return Work(partial(self._ask, message, opened(message), caller, peer))
        if header.type == "QCN" and header.event == "J01":
            self._pages.cancel(caller.account_id, cancelled_tag(message))
            said = _CANCELLED.french if header.speaks == "fr" else _CANCELLED.english
            notice = Notice("MSH^1^9", "0", Severity.INFORMATION, said)
            return ready(Reply(acknowledge_with(header, self._stamp(), [notice])))
        raise UnsupportedMessage("MSH^1^9", what=header.kind)

    async def _beat(self, header: Header, caller: Caller) -> Reply:
        """A heartbeat (HL7 v2.5 section 14.3.2): while it comes, the silence of the feed is nobody's arrival."""
        try:
            await self._registrar.beat(FeedSource(caller.account_id, caller.hospital.hospital_id))
        except BeffroiError as error:
            return self._refused(header, error, caller)
        return Reply(acknowledge(header, self._stamp(), ()))

    async def _feed(self, header: Header, reading: Reading, caller: Caller) -> Reply:
        source = FeedSource(caller.account_id, caller.hospital.hospital_id)
        try:
            for event in reading.events:
                outcome = await self._apply(event, source)
        except BeffroiError as error:
            return self._refused(header, error, caller)
        except Exception as failure:
            return self._failed(header, failure)
        count_feed(outcome)
        count_dropped(reading.forbidden_count, reading.movement_count)
        return Reply(acknowledge(header, self._stamp(), reading.remarks))

    async def _apply(self, event: FeedEvent, source: FeedSource) -> FeedOutcome:
        try:
            return await self._registrar.apply(event, source)
        except CallerError as error:
            error.location = error.location or ("MRG^1^1" if event.bearer else _PLACES.get(event.kind, "PID^1^3"))
            raise

    async def _ask(self, message: Message, query: Query, caller: Caller, peer: Peer) -> Reply:
        """The answer to a query. Questions of one account wait for each other beyond a few at once."""
        started_s = time.perf_counter()
        ask = self._asked(query, caller, peer)
        ending: Outcome | BaseException
        try:
            async with self._turn(caller.account_id):
                await self._sign_in(ask)
                query = await self._understood(message, query, ask, caller)
                page = await self._page(query, ask)
            reply = self._rendered(query, page, caller, ask)
            ending = page.released.content.outcome
        except BeffroiError as error:
            error.location = error.location or "QPD^1^3"
            errors = [error, *self._also_unknown(error, query, ask.asker)]
            reply, ending = Reply(query_refusal(query, errors, self._stamp())), error
        except Exception as failure:
            log_failure(Event.REQUEST_FAILED, failure, door=Door.HL7V2, operation=ask.operation)
            reply, ending = Reply(query_refusal(query, [_unavailable()], self._stamp())), failure
        count_request(Door.HL7V2, ask.operation, result_of(ending), time.perf_counter() - started_s)
        return reply

    async def _understood(self, message: Message, query: Query, ask: Ask, caller: Caller) -> Query:
        """The query with its meaning. What cannot be read, or may not be asked at all, is recorded, then raised."""
        try:
            if not caller.may_query:
                what = Words("queries", "l'interrogation")
                raise Forbidden("MSH^1^4", role=caller.role, what=what, instead=_TO_OPERATOR)
            reader = read_pdq if ask.operation is Operation.PDQ_QUERY else read_pix
            query = reader(message, self.finder.hospitals, self._regional_oid)
            return self._pages.continued(query, ask.asker, self._clock.now().timestamp())
        except CallerError as error:
            await self.finder.refuse(ask, error)
            raise

    async def _page(self, query: Query, ask: Ask) -> Page:
        if query.source is None:
            return await self.finder.page(ask, query.criteria)
        return Page(await self.finder.pix(ask, query.source.system, query.source.value, query.targets))

    def _rendered(self, query: Query, page: Page, caller: Caller, ask: Ask) -> Reply:
        view = View(caller.hospital.hospital_id, self.finder.hospitals, self._regional_oid)
        disclosure_id = page.released.content.disclosure_id
        if query.source is not None:
            return Reply(pix_response(query, page.released, view, self._stamp()), disclosure_id)
        more = self._pages.more(query, page, ask.asker, self._clock.now().timestamp())
        return Reply(pdq_response(query, page.released, view, self._stamp(), more), disclosure_id)

    def _also_unknown(self, error: BeffroiError, query: Query, asker: Asker) -> list[BeffroiError]:
        """The domains asked for that are not known either: each has an error of its own (standards 3.6)."""
        field, _, told = error.location.rpartition("^")
        if not isinstance(error, UnknownDomain) or field not in ("QPD^1^4", "QPD^1^8"):
            return []
        domains = query.targets if query.source is not None else query.criteria.domains
        return [
            UnknownDomain(str(error.parameters["what"]), error.status, f"{field}^{number}")
            for number, oid in enumerate(domains, start=1)
            if str(number) != told and not self.finder.knows_domain(oid, asker)
        ]

    def _asked(self, query: Query, caller: Caller, peer: Peer) -> Ask:
        asker = Asker(
            account_id=caller.account_id,
            kind=AccountKind.APPLICATION,
            subject=caller.subject,
            role=caller.role,
            structure=caller.hospital.hospital_id,
            application=caller.subject,
            session_key=peer.session_key(query.header),
            network=peer.network,
        )
        operation = Operation.PDQ_QUERY if query.header.event == PDQ else Operation.PIX_QUERY
        purpose = Purpose.IDENTITY_MANAGEMENT
        return Ask(asker, Door.HL7V2, operation, self._clock.uuid(), MINIMAL, purpose)

    async def _sign_in(self, ask: Ask) -> None:
        session = (ask.asker.account_id, ask.asker.session_key)
        if self._sessions.get(session):
            return
        self._sessions.put(session, True)
        try:
            await self.finder.signed_in(ask.asker, Door.HL7V2, ask.request_id)
        except BaseException:
            self._sessions.forget(session)
            raise

    @contextlib.asynccontextmanager
    async def _turn(self, account_id: AccountId) -> AsyncIterator[None]:
        await self._admission.enter(account_id)
        try:
            yield
        finally:
            self._admission.leave(account_id)

    def _refused(self, header: Header | None, error: BeffroiError, caller: Caller | None = None) -> Reply:
        if header is not None and header.type == "QBP":
            count_request(Door.HL7V2, None, result_of(error), 0.0)
        else:
            count_feed(None, error.hl7_code)
        facts: Facts = {"code": error.hl7_code, "error": type(error)}
        if header is not None:
            facts["trigger"] = header.event
        if caller is not None:
            facts |= {"hospital": caller.hospital.hospital_id, "account": caller.account_id}
        log(Event.MESSAGE_REJECTED, **facts)
        return Reply(refuse(header, self._stamp(), [error]))

    def _failed(self, header: Header | None, failure: Exception) -> Reply:
        """A fault of ours: told without its words."""
        log_failure(Event.FEED_FAILED, failure)
        count_feed(None, Unavailable.hl7_code)
        return Reply(refuse(header, self._stamp(), [_unavailable()]))


def _unavailable() -> Unavailable:
    return Unavailable(what=Words("The register of identities", "Le registre des identités"))


def ready(reply: Reply) -> Work:
    """Work that is done: its reply only waits for its turn."""

    async def run() -> Reply:
        return reply

    return Work(run, alone=False)

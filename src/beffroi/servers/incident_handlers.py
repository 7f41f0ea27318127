"""Incidents, their scope, reports and proofs, and whole lists for hospitals: plain JSON in, plain JSON out.

Files are base64 in JSON. No answer holds a name; each is an event in the asker's chain before it leaves.
"""

from base64 import b64encode

import msgspec

from beffroi.actions.asking import Ask
from beffroi.actions.case_room import CaseRoom, Instant, Opening, ProofWanted
from beffroi.breach.incident import Account33, State
from beffroi.breach.severity import Factor
from beffroi.errors import NotFound, Unavailable, Words
from beffroi.model.disclosure import Operation
from beffroi.model.scope import ScopeAnswer
from beffroi.servers.account_handlers import body_as, plain
from beffroi.servers.authentication import Authenticated
from beffroi.servers.exchange import Reply, Request, number_in
from beffroi.servers.fhir_ask import audit_ask_of
from beffroi.servers.fhir_handlers import Desk


class _One(msgspec.Struct, forbid_unknown_fields=True):
    incident: int


class _Move(msgspec.Struct, forbid_unknown_fields=True):
    incident: int
    state: State
    reason: str
    aware_at: Instant | None = None


class _Note(msgspec.Struct, forbid_unknown_fields=True):
    incident: int
    text: str


class _Select(msgspec.Struct, forbid_unknown_fields=True):
    incident: int
    selections: tuple[str, ...]
    reason: str
    suspicious_at: Instant | None = None


class _Tell(msgspec.Struct, forbid_unknown_fields=True):
    incident: int
    reason: str
    facts: str = ""
    effects: str = ""
    measures: str = ""


class _Weigh(msgspec.Struct, forbid_unknown_fields=True):
    incident: int
    factor: Factor | None = None
    value: float = 0.0
    reason: str = ""
    keep: bool = False


class _Report(msgspec.Struct, forbid_unknown_fields=True):
    incident: int
    languages: tuple[str, ...] = ()
    initial: bool = False


class _Request(msgspec.Struct, forbid_unknown_fields=True):
    incident: int
    reason: str


class _Export(msgspec.Struct, forbid_unknown_fields=True):
    export: int


class _Refusal(msgspec.Struct, forbid_unknown_fields=True):
    export: int
    reason: str


async def register(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """Every incident with its clock."""
    released = await _room(desk).register(_look(who, request))
    return plain({"incidents": released.content})


async def show(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """One incident with its clock and its history."""
    number = number_in(request.reference)
    if number is None:
        raise NotFound(what=Words("The incident", "L'incident"))
    return plain((await _room(desk).standing(_look(who, request), number)).content)


async def open_one(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """A new incident, of selections or of alarms, with the windows that are proposed."""
    asked = body_as(request, Opening)
    return plain(await _room(desk).open(_look(who, request), asked))


async def move(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """Another state."""
    asked = body_as(request, _Move)
    room, ask = _room(desk), _look(who, request)
    await room.move(ask, asked.incident, asked.state, asked.reason, asked.aware_at)
    return plain({"state": asked.state})


async def note(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """A note in the history."""
    asked = body_as(request, _Note)
    await _room(desk).note(_look(who, request), asked.incident, asked.text)
    return plain({"noted": True})


async def select(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """What it is about."""
    asked = body_as(request, _Select)
    room, ask = _room(desk), _look(who, request)
    return plain(await room.select(ask, asked.incident, asked.selections, asked.reason, asked.suspicious_at))


async def tell(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """The texts of the register (article 33(5)); what is empty stays as it was."""
    asked = body_as(request, _Tell)
    account = Account33(asked.facts, asked.effects, asked.measures)
    await _room(desk).tell(_look(who, request), asked.incident, account, asked.reason)
    return plain({"told": True})


async def scope(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """Whose data were seen."""
    asked = body_as(request, _One)
    released = await _room(desk).scope(_look(who, request), asked.incident)
    answer: ScopeAnswer = released.content
    return plain(answer, answer.disclosure_id)


async def severity(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """ENISA's factors: proposed, chosen otherwise, or kept."""
    asked = body_as(request, _Weigh)
    room, ask = _room(desk), _take(who, request)
    return plain(await room.severity(ask, asked.incident, asked.factor, asked.value, asked.reason, keep=asked.keep))


async def report(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """The files of a report."""
    asked = body_as(request, _Report)
    room, ask = _room(desk), _take(who, request)
    released = await room.report(ask, asked.incident, asked.languages, complementary=not asked.initial)
    return plain({"files": {name: _base64(content) for name, content in released.content.items()}})


async def proof(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """A scope's proof, encrypted to its reader."""
    asked = body_as(request, ProofWanted)
    released = await _room(desk).proof(_take(who, request), asked)
    return plain({"file": _base64(released.content)})


async def exports(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """Requests of whole lists."""
    return plain({"exports": (await _room(desk).exports(_take(who, request))).content})


async def request_export(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """Asks for the lists of an incident."""
    asked = body_as(request, _Request)
    return plain({"export": await _room(desk).request_export(_take(who, request), asked.incident, asked.reason)})


async def approve_export(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """The second person."""
    asked = body_as(request, _Export)
    return plain(await _room(desk).approve_export(_take(who, request), asked.export))


async def refuse_export(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """Stops it."""
    asked = body_as(request, _Refusal)
    await _room(desk).refuse_export(_take(who, request), asked.export, asked.reason)
    return plain({"refused": True})


async def write_export(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """The lists, once: each encrypted to its hospital's data protection officer."""
    asked = body_as(request, _Export)
    made, left_out = await _room(desk).write_export(_take(who, request), asked.export)
    lists = {str(hospital): _base64(content) for hospital, content in made.items()}
    return plain({"lists": lists, "without_key": left_out})


def _look(who: Authenticated, request: Request) -> Ask:
    return audit_ask_of(who, request, Operation.SCOPE_VIEW)


def _take(who: Authenticated, request: Request) -> Ask:
    return audit_ask_of(who, request, Operation.EXPORT)


def _base64(content: bytes) -> str:
    return b64encode(content).decode("ascii")


def _room(desk: Desk) -> CaseRoom:
    if desk.cases is None:
        raise Unavailable(what=Words("This address", "Cette adresse"))
    return desk.cases

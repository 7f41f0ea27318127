"""The ways on of an account as addresses of the API: plain JSON in, plain JSON out, for hospital software and pages.

Nothing here shows a patient; whoever names one reads her through the gate.
"""

from datetime import date
from typing import Any, TypeVar

import msgspec

from beffroi.actions.ways.acting import Act
from beffroi.actions.ways.colleagues import Named
from beffroi.actions.ways.ways_on import WaysOn
from beffroi.actions.ways.worklists import Deposit
from beffroi.errors import Malformed, Unavailable, Words
from beffroi.model.account import AccountId, Role
from beffroi.model.disclosure import DisclosureId, Door
from beffroi.model.search import IdentifierToken
from beffroi.servers.authentication import Authenticated
from beffroi.servers.exchange import Reply, Request
from beffroi.servers.fhir_handlers import Desk

T = TypeVar("T")
_encode = msgspec.json.Encoder().encode


class _Enrol(msgspec.Struct, forbid_unknown_fields=True):
    code: str
    credential: dict[str, Any]


class _Prove(msgspec.Struct, forbid_unknown_fields=True):
    credential: dict[str, Any]


class _Key(msgspec.Struct, forbid_unknown_fields=True):
    key: str


class _Grant(msgspec.Struct, forbid_unknown_fields=True):
    subject: str


class _Release(msgspec.Struct, forbid_unknown_fields=True):
    account: int
    reason: str


class _Patient(msgspec.Struct, forbid_unknown_fields=True):
    reference: str = ""
    birthdate: date | None = None
    family: str = ""
    given: str = ""


class _Confirm(msgspec.Struct, forbid_unknown_fields=True):
    code: str
    patients: list[_Patient]


class _Second(msgspec.Struct, forbid_unknown_fields=True):
    code: str


class _Identifier(msgspec.Struct, forbid_unknown_fields=True):
    value: str
    system: str = ""


class _Deposit(msgspec.Struct, forbid_unknown_fields=True):
    role: Role
    purpose: str
    patients: list[_Identifier]
    hours: int = 24


class _List(msgspec.Struct, forbid_unknown_fields=True):
    worklist: int


async def colleague_code(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """A code to show to a colleague."""
    return plain(await ways_of(desk).colleagues.code(act_of(who, request)))


async def confirm(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """Vouches for patients to a colleague, who showed a code."""
    asked = body_as(request, _Confirm)
    patients = [Named(one.reference, one.birthdate, one.family, one.given) for one in asked.patients]
    ways = ways_of(desk).colleagues
    code = await ways.checked(act_of(who, request), asked.code, len(patients))
    request.asked = True  # from here on the gate records, and has burnt the proof
    return plain({"confirmed": await ways.confirm(act_of(who, request), code, patients)})


async def second(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """Agrees to a colleague's next emergency reading."""
    await ways_of(desk).colleagues.second(act_of(who, request), body_as(request, _Second).code)
    return plain({"seconded": True})


async def worklists(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """The lists of the asker's hospital; never who is on them."""
    act = act_of(who, request)
    return await _seen(desk, act, {"worklists": await ways_of(desk).worklists.listed(act)})


async def deposit(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """Deposits a list."""
    asked = body_as(request, _Deposit)
    patients = tuple(IdentifierToken(one.system.removeprefix("urn:oid:"), one.value) for one in asked.patients)
    made = Deposit(asked.role, asked.purpose, asked.hours, patients)
    return plain(await ways_of(desk).worklists.deposit(act_of(who, request), made))


async def approve(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """The second person of a long list."""
    return plain(await ways_of(desk).worklists.approve(act_of(who, request), body_as(request, _List).worklist))


async def cancel(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """A list explains nothing any more."""
    await ways_of(desk).worklists.cancel(act_of(who, request), body_as(request, _List).worklist)
    return plain({"cancelled": True})


class _Declared(msgspec.Struct, forbid_unknown_fields=True):
    reason: str
    hours: int
    hospital: int | None = None


class _Crisis(msgspec.Struct, forbid_unknown_fields=True):
    crisis: int


async def crises(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """Declared crises that have not ended."""
    return await _seen(desk, act_of(who, request), {"crises": await ways_of(desk).crises.listed()})


async def declare(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """Declares a crisis, which waits for its second person."""
    asked = body_as(request, _Declared)
    return plain(await ways_of(desk).crises.declare(act_of(who, request), asked.hospital, asked.reason, asked.hours))


async def confirm_crisis(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """The second person."""
    await ways_of(desk).crises.confirm(act_of(who, request), body_as(request, _Crisis).crisis)
    return plain({"confirmed": True})


async def end_crisis(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """Over."""
    await ways_of(desk).crises.end(act_of(who, request), body_as(request, _Crisis).crisis)
    return plain({"ended": True})


async def digest(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """What was done under the asker's accounts in the last week; no patient is named."""
    act = act_of(who, request)
    return await _seen(desk, act, await ways_of(desk).digests.of(act))


async def not_me(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """Stops the asker's accounts at once."""
    act = act_of(who, request)
    await ways_of(desk).acting.spend(act)
    return plain({"stopped": await ways_of(desk).digests.not_me(act)})


async def keys(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """The asker's own keys."""
    act = act_of(who, request)
    return await _seen(desk, act, {"keys": await ways_of(desk).keys.listed(act.asker.account_id)})


async def enrolment(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """What a browser needs to make a key."""
    act = act_of(who, request)
    return await _seen(desk, act, {"publicKey": await ways_of(desk).keys.enrolment(act)})


async def enrol(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """Enrols a key, with a code that was handed over in person."""
    asked = body_as(request, _Enrol)
    return plain(await ways_of(desk).keys.enrol(act_of(who, request), asked.code, asked.credential))


async def revoke(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """Revokes one of the asker's own keys."""
    await ways_of(desk).keys.revoke(act_of(who, request), body_as(request, _Key).key)
    return plain({"revoked": True})


async def grant(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """A code for somebody who stands there."""
    return plain(await ways_of(desk).keys.grant(act_of(who, request), body_as(request, _Grant).subject))


async def challenge(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """What a browser needs to have a key touched."""
    act = act_of(who, request)
    return await _seen(desk, act, {"publicKey": await ways_of(desk).keys.challenge(act)})


async def prove(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """The step-up."""
    at = await ways_of(desk).keys.prove(act_of(who, request), body_as(request, _Prove).credential)
    return plain({"proved_at": at})


async def release(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """A duty officer lets a held account read again."""
    asked = body_as(request, _Release)
    return plain(await ways_of(desk).releasing.release(act_of(who, request), AccountId(asked.account), asked.reason))


def act_of(who: Authenticated, request: Request) -> Act:
    """The request as something that is done."""
    return Act(who.asker, Door.FHIR, request.request_id, who.proof)


def body_as(request: Request, kind: type[T]) -> T:
    """A JSON body. Raises Malformed, with the place alone."""
    try:
        return msgspec.json.decode(request.body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        where = str(error).partition(" - ")[2] or "JSON"  # the place alone: the message may hold a value
        raise Malformed(what=Words("The body", "Le corps"), why=where) from None


async def _seen(desk: Desk, act: Act, content: object) -> Reply:
    """What takes no lock of its account, once: the proof is burnt last, because a refusal's record burns it too."""
    await ways_of(desk).acting.spend(act)
    return plain(content)


def plain(content: object, disclosure_id: DisclosureId | None = None) -> Reply:
    """Plain JSON. `disclosure_id`: of what it shows."""
    return Reply(200, _encode(content), disclosure_id=disclosure_id, plain=True)


def ways_of(desk: Desk) -> WaysOn:
    """The ways on of this process. Raises Unavailable where it has none."""
    if desk.ways is None:
        raise Unavailable(what=Words("This address", "Cette adresse"))
    return desk.ways

"""The ways on of an account as addresses of the API: plain JSON in, plain JSON out, for hospital software and pages.

Nothing here shows a patient; whoever names one reads her through the gate.
"""

from typing import Any, TypeVar

import msgspec

from beffroi.actions.ways.acting import Act
from beffroi.actions.ways.ways_on import WaysOn
from beffroi.errors import Malformed, Unavailable, Words
from beffroi.model.account import AccountId
from beffroi.model.disclosure import Door
from beffroi.servers.authentication import Authenticated
from beffroi.servers.exchange import Reply, Request
from beffroi.servers.fhir_handlers import Desk

T = TypeVar("T")
CODE_CHARACTERS_MAX = 40
SUBJECT_CHARACTERS_MAX = 255
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


async def keys(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """The asker's own keys."""
    return _told({"keys": await _ways(desk).keys.listed(act_of(who, request).asker.account_id)})


async def enrolment(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """What a browser needs to make a key."""
    return _told({"publicKey": await _ways(desk).keys.enrolment(act_of(who, request))})


async def enrol(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """Enrols a key, with a code that was handed over in person."""
    asked = _body(request, _Enrol)
    return _told(await _ways(desk).keys.enrol(act_of(who, request), asked.code, asked.credential))


async def revoke(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """Revokes one of the asker's own keys."""
    await _ways(desk).keys.revoke(act_of(who, request), _body(request, _Key).key)
    return _told({"revoked": True})


async def grant(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """A code for somebody who stands there."""
    return _told(await _ways(desk).keys.grant(act_of(who, request), _body(request, _Grant).subject))


async def challenge(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """What a browser needs to have a key touched."""
    return _told({"publicKey": await _ways(desk).keys.challenge(act_of(who, request))})


async def prove(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """The step-up."""
    at = await _ways(desk).keys.prove(act_of(who, request), _body(request, _Prove).credential)
    return _told({"proved_at": at})


async def release(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """A duty officer lets a held account read again."""
    asked = _body(request, _Release)
    return _told(await _ways(desk).releasing.release(act_of(who, request), AccountId(asked.account), asked.reason))


def act_of(who: Authenticated, request: Request) -> Act:
    """The request as something that is done."""
    return Act(who.asker, Door.FHIR, request.request_id, who.proof)


def _body(request: Request, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(request.body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        where = str(error).partition(" - ")[2] or "JSON"  # the place alone: the message may hold a value
        raise Malformed(what=Words("The body", "Le corps"), why=where) from None


def _told(content: object) -> Reply:
    return Reply(200, _encode(content), plain=True)


def _ways(desk: Desk) -> WaysOn:
    if desk.ways is None:
        raise Unavailable(what=Words("This address", "Cette adresse"))
    return desk.ways

"""The duty officer's desk as addresses of the API: plain JSON, beside the console and the command line."""

import msgspec

from beffroi.actions.contain import HOURS_DEFAULT
from beffroi.actions.ways.acting import Act
from beffroi.actions.ways.duty import DutyDesk, Target
from beffroi.model.containment import ContainmentKind
from beffroi.servers.account_handlers import act_of, body_as, plain, ways_of
from beffroi.servers.authentication import Authenticated
from beffroi.servers.exchange import Reply, Request
from beffroi.servers.fhir_handlers import Desk


class _Target(msgspec.Struct, forbid_unknown_fields=True):
    kind: ContainmentKind
    target: str


class _Order(_Target, forbid_unknown_fields=True):
    reason: str
    hours: int = HOURS_DEFAULT


class _Named(msgspec.Struct, forbid_unknown_fields=True):
    containment: int


class _Release(_Named, forbid_unknown_fields=True):
    reason: str


async def alarms(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """What rings, and whom the watch holds, with the reasons."""
    duty, _ = await _admitted(desk, who, request)
    return plain(await duty.alarms())


async def containments(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """What is stopped."""
    duty, _ = await _admitted(desk, who, request)
    return plain({"containments": await duty.containments()})


async def preview(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """Whom a stop would touch."""
    asked = body_as(request, _Target)
    duty, _ = await _admitted(desk, who, request)
    found = await duty.preview(Target(asked.kind, asked.target))
    counts = {name: getattr(found, name) for name in ("sessions_count", "requests_hour", "requests_day")}
    return plain(msgspec.to_builtins(found) | counts)


async def contain(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """Stops an account, a device or an application; asks to stop a network or a structure."""
    asked = body_as(request, _Order)
    duty, act = await _admitted(desk, who, request)
    return plain(await duty.contain(act, Target(asked.kind, asked.target), asked.reason, asked.hours))


async def confirm(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """The second person of a network or a structure."""
    asked = body_as(request, _Named)
    duty, act = await _admitted(desk, who, request)
    return plain(await duty.confirm(act, asked.containment))


async def release(desk: Desk, who: Authenticated, request: Request) -> Reply:
    """Ends a containment, or asks to; an account's takes two people."""
    asked = body_as(request, _Release)
    duty, act = await _admitted(desk, who, request)
    return plain(await duty.release(act, asked.containment, asked.reason))


async def _admitted(desk: Desk, who: Authenticated, request: Request) -> tuple[DutyDesk, Act]:
    duty, act = ways_of(desk).duty, act_of(who, request)
    await duty.admit(act)
    request.asked = True  # the proof is burnt: a refusal of what follows must not burn it again
    return duty, act

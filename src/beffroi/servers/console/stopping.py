"""Stopping an account, a device, an application, a network or a hospital's name, and letting go: each with a preview of
whom it touches, and a reason.

An account is named by its number in the address, anything else by a sealed handle.
"""

from typing import Any, Final

import msgspec

from beffroi.actions.contain import (
    CONFIRM_WITHIN,
    HOURS_DEFAULT,
    HOURS_MAX,
    REASON_CHARACTERS_MAX,
    REASON_CHARACTERS_MIN,
    Order,
)
from beffroi.errors import CallerError, ContainmentRefused, InvalidValue, Missing, NotFound, WayRefused, Words
from beffroi.model.account import AccountId
from beffroi.model.containment import WIDE, Containment, ContainmentId, ContainmentKind, Preview
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import Page, Visit, number_of, see_other
from beffroi.servers.console.happened import KINDS
from beffroi.servers.console.keys import act_of
from beffroi.servers.console.rooms import Room
from beffroi.servers.exchange import number_in
from beffroi.watch.explain import spoken

STOP = Words("Stop", "Arrêter")
RELEASE = Words("Release", "Libérer")
PAGE = Words("This page", "Cette page")
ACCOUNTS_SHOWN_MAX: Final = 20
OTHERS = tuple((kind.value, words) for kind, words in KINDS.items() if kind is not ContainmentKind.ACCOUNT)
_PURPOSE = "stop"


class Target(msgspec.Struct, omit_defaults=True):
    """What is to be stopped: what a handle holds."""

    kind: ContainmentKind
    target: str
    hours: int = HOURS_DEFAULT


_decode = msgspec.json.Decoder(Target).decode
_encode = msgspec.json.Encoder().encode


def handle_of(desk: Desk, visit: Visit, target: Target) -> str:
    """What stands for it in this session's addresses."""
    return desk.sessions.handle(visit.visitor, _PURPOSE, _encode(target))


async def choose(desk: Desk, visit: Visit) -> Page:
    """What else than an account."""
    return _choose(desk, visit, {})


async def chosen(desk: Desk, visit: Visit) -> Page:
    """The address of its preview."""
    form = visit.form
    kind, hours = form.get("kind", ""), number_in(form.get("hours", str(HOURS_DEFAULT)))
    if kind not in set(ContainmentKind) or hours is None:
        return _choose(desk, visit, {"kind": desk.pages.speaker(visit).say("Choose one.", "Choisissez.")}, 422)
    of_hospital = kind == ContainmentKind.STRUCTURE
    target = Target(ContainmentKind(kind), form.get("hospital" if of_hospital else "target", "").strip(), hours)
    try:
        await desk.containing.preview(target.kind, target.target)
    except CallerError as error:
        return _choose(desk, visit, {"target": error.text(visit.language)}, error.http_status)
    return see_other(f"/watch/stop/{handle_of(desk, visit, target)}")


def _choose(desk: Desk, visit: Visit, mistakes: dict[str, str], status: int = 200) -> Page:
    return desk.pages.render(
        visit,
        "stop_choose.html",
        STOP,
        Room.WATCH,
        status=status,
        kinds=OTHERS,
        hospitals=[(str(h.hospital_id), Words(h.name, h.name)) for h in desk.hospitals],
        said={name: visit.form.get(name, "") for name in ("kind", "target", "hospital")},
        hours=HOURS_DEFAULT,
        hours_max=HOURS_MAX,
        mistakes=mistakes,
    )


async def stop_form(desk: Desk, visit: Visit) -> Page:
    """Whom stopping it touches, before it is done."""
    return await _stop_page(desk, visit, _target(desk, visit), "", {})


async def stop(desk: Desk, visit: Visit) -> Page:
    """Stops it, with a reason; what reaches people who did nothing waits for a second person."""
    target, reason = _target(desk, visit), visit.form.get("reason", "").strip()
    try:
        order = Order(target.kind, target.target, reason, await _admitted(desk, visit), target.hours)
        await desk.containing.contain(order)
    except (Missing, InvalidValue):
        return await _stop_page(desk, visit, target, reason, {"reason": _say_why(desk, visit)}, 422)
    except ContainmentRefused as refused:
        mistakes = {"": refused.text(visit.language)}
        return await _stop_page(desk, visit, target, reason, mistakes, refused.http_status)
    return see_other("/watch")


async def _stop_page(
    desk: Desk, visit: Visit, target: Target, reason: str, mistakes: dict[str, str], status: int = 200
) -> Page:
    preview = await desk.containing.preview(target.kind, target.target)
    return desk.pages.render(
        visit,
        "stop.html",
        STOP,
        Room.WATCH,
        status=status,
        name=await _name(desk, target.kind, preview.target),
        kind=target.kind,
        kinds=KINDS,
        hours=target.hours if target.kind in WIDE else 0,
        **_previewed(preview),
        reason=reason,
        mistakes=mistakes,
        handle=visit.handle,
        reason_max=REASON_CHARACTERS_MAX,
    )


def _previewed(preview: Preview) -> dict[str, Any]:
    shown = preview.accounts[:ACCOUNTS_SHOWN_MAX]
    return {"preview": preview, "touched": shown, "more": len(preview.accounts) - len(shown)}


async def _name(desk: Desk, kind: ContainmentKind, target: str) -> str:
    """What people call it."""
    if kind is ContainmentKind.ACCOUNT:
        found = await desk.watch.account(int(target))
        return found.name or found.subject
    if kind is ContainmentKind.STRUCTURE:
        return next((h.name for h in desk.hospitals if str(h.hospital_id) == target), target)
    return target


def _target(desk: Desk, visit: Visit) -> Target:
    """What the address stands for. Raises `NotFound`."""
    if visit.handle.isdigit():
        return Target(ContainmentKind.ACCOUNT, str(number_of(visit, PAGE)))
    raw = desk.sessions.opened(visit.visitor, _PURPOSE, visit.handle)
    if raw is None:
        raise NotFound(what=PAGE)
    return _decode(raw)


async def release_form(desk: Desk, visit: Visit) -> Page:
    """What is to be released, what was said of it, and who reads again."""
    return await _release_page(desk, visit, await _containment(desk, visit), "", {})


async def release(desk: Desk, visit: Visit) -> Page:
    """Releases, or says so as the first of two people; a request that waits is withdrawn."""
    found = await _containment(desk, visit)
    reason = visit.form.get("reason", "").strip()
    try:
        await desk.containing.release(found.containment_id, await _admitted(desk, visit), reason)
    except (Missing, InvalidValue):
        return await _release_page(desk, visit, found, reason, {"reason": _say_why(desk, visit)}, 422)
    except ContainmentRefused as refused:
        mistakes = {"": refused.text(visit.language)}
        return await _release_page(desk, visit, found, reason, mistakes, refused.http_status)
    return see_other("/watch")


async def confirm(desk: Desk, visit: Visit) -> Page:
    """As the second person: a network's or a hospital's containment is in force."""
    found = await _containment(desk, visit)
    try:
        await desk.containing.confirm(found.containment_id, await _admitted(desk, visit))
    except ContainmentRefused as refused:
        return await _release_page(desk, visit, found, "", {"": refused.text(visit.language)}, refused.http_status)
    return see_other("/watch")


async def _release_page(
    desk: Desk, visit: Visit, found: Containment, reason: str, mistakes: dict[str, str], status: int = 200
) -> Page:
    preview, asked_at = await desk.containing.preview(found.kind, found.target), found.release_asked_at
    return desk.pages.render(
        visit,
        "release.html",
        RELEASE,
        Room.WATCH,
        status=status,
        one=found,
        names=await desk.watch.names_of([found.asked_by, found.release_asked_by]),
        name=await _name(desk, found.kind, found.target),
        kinds=KINDS,
        **_previewed(preview),
        reason=reason,
        mistakes=mistakes,
        own=act_of(visit).by,
        waits=found.in_force_from is None,
        asked=asked_at is not None and desk.clock.now() - asked_at <= CONFIRM_WITHIN,
        reason_max=REASON_CHARACTERS_MAX,
    )


async def _containment(desk: Desk, visit: Visit) -> Containment:
    return await desk.containing.open_one(ContainmentId(number_of(visit, PAGE)))


def _say_why(desk: Desk, visit: Visit) -> str:
    return desk.pages.speaker(visit).say(
        f"Say why, in {REASON_CHARACTERS_MIN} to {REASON_CHARACTERS_MAX} characters.",
        f"Dites pourquoi, en {REASON_CHARACTERS_MIN} à {REASON_CHARACTERS_MAX} caractères.",
    )


async def _admitted(desk: Desk, visit: Visit) -> str:
    """Who acts, as containments name people, once nothing refuses them: an officer who is stopped stops nobody."""
    act = act_of(visit)
    await desk.ways.duty.admit(act)
    return act.by


async def free_form(desk: Desk, visit: Visit) -> Page:
    """Before a held account reads again."""
    return await _free(desk, visit, {})


async def free(desk: Desk, visit: Visit) -> Page:
    """The watch's hold is lifted; from the third time in a month by two people."""
    try:
        done = await desk.ways.releasing.release(
            act_of(visit), AccountId(number_of(visit, PAGE)), visit.form.get("reason", "")
        )
    except Missing:
        return await _free(desk, visit, {"reason": _say_why(desk, visit)}, 422)
    except WayRefused as refused:
        return await _free(desk, visit, {"": refused.text(visit.language)}, refused.http_status)
    return await _free(desk, visit, {}, waits=True) if done.waits else see_other("/watch")


async def _free(desk: Desk, visit: Visit, mistakes: dict[str, str], status: int = 200, *, waits: bool = False) -> Page:
    number = number_of(visit, PAGE)
    return desk.pages.render(
        visit,
        "free.html",
        RELEASE,
        Room.WATCH,
        status=status,
        account=await desk.watch.account(number),
        why=next((one.particulars for one in await desk.watch.held() if one.account_id == number), {}),
        spoken=spoken,
        preview=await desk.containing.preview(ContainmentKind.ACCOUNT, str(number)),
        mistakes=mistakes,
        waits=waits,
    )

"""The duty officer's watch room: what rings now and what is stopped, one account's day, stopping and releasing."""

from typing import Any

from beffroi.actions.asking import Ask
from beffroi.actions.contain import REASON_CHARACTERS_MAX, REASON_CHARACTERS_MIN, Order
from beffroi.actions.ways.acting import Act
from beffroi.errors import ContainmentRefused, InvalidValue, Missing, NotFound, WayRefused, Words
from beffroi.model.account import AccountId
from beffroi.model.alert import AlertKind, Severity
from beffroi.model.containment import Containment, ContainmentId, ContainmentKind
from beffroi.model.disclosure import Door, Field, Operation, Purpose, Released
from beffroi.model.watch_room import AccountDay
from beffroi.servers.console.charts import Chart, day_chart
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import Page, Visit, see_other
from beffroi.servers.console.rooms import Room
from beffroi.servers.console.speaking import DOORS, OPERATIONS, OUTCOMES, PURPOSES, Speaker
from beffroi.watch.explain import spoken

TITLE = Words("Watch room", "Salle de veille")
ACCOUNT = Words("An account's day", "La journée d'un compte")
STOP = Words("Stop an account", "Arrêter un compte")
RELEASE = Words("Release", "Libérer")
NUMBER_DIGITS_MAX = 9

ALERTS = {
    AlertKind.VERDICT: Words("The watch changed its rung", "La veille a changé son palier"),
    AlertKind.EMERGENCY: Words("Emergency reading", "Lecture en urgence"),
    AlertKind.CONTAINED: Words("Stopped", "Arrêté"),
    AlertKind.CONTAINMENT_ASKED: Words("To be stopped: a second person is needed", "Arrêt à confirmer à deux"),
    AlertKind.RELEASE_ASKED: Words("To be released: a second person is needed", "Libération à confirmer à deux"),
    AlertKind.RELEASED: Words("Released", "Libéré"),
    AlertKind.NOT_ME: Words("Its owner says: it was not me", "Son titulaire dit : ce n'était pas moi"),
    AlertKind.SIGNAL: Words("Signal of another system", "Signal d'un autre système"),
    AlertKind.TEST: Words("Test of the alerts", "Essai des alertes"),
}
KINDS = {
    ContainmentKind.ACCOUNT: Words("account", "compte"),
    ContainmentKind.DEVICE: Words("device", "appareil"),
    ContainmentKind.APPLICATION: Words("application", "logiciel"),
    ContainmentKind.NETWORK: Words("network", "réseau"),
    ContainmentKind.STRUCTURE: Words("hospital", "hôpital"),
}


async def room(desk: Desk, visit: Visit) -> Page:
    """What rings now, and what is stopped at this moment."""
    return await _room(desk, visit, "", 200)


async def _room(desk: Desk, visit: Visit, subject: str, status: int) -> Page:
    now = desk.clock.now()
    ringing = await desk.watch.ringing()
    listed = await desk.containing.listed()
    stops = [one for one in listed if one.in_force(now) or (one.released_at is None and one.in_force_from is None)]
    return desk.pages.render(
        visit,
        "watch.html",
        TITLE,
        Room.WATCH,
        status=status,
        subject=subject,
        ringing=ringing,
        alerts=ALERTS,
        kinds=KINDS,
        severe=Severity.CRITICAL,
        stops=stops,
        reasons=_reasons(desk, visit, ringing),
        held=await desk.watch.held(),
        spoken=spoken,
        hospitals={h.hospital_id: h.name for h in desk.hospitals},
    )


def _reasons(desk: Desk, visit: Visit, ringing: Any) -> dict[int, str]:
    """Why each rings, in words."""
    speaker = desk.pages.speaker(visit)
    return {one.alert_id: _reason(one.particulars, speaker) for one in ringing}


def _reason(particulars: dict[str, str], speaker: Speaker) -> str:
    names = {
        "why": speaker.say("why", "pourquoi"),
        "rung": speaker.say("rung", "palier"),
        "by": speaker.say("by", "par"),
        "until": speaker.say("until", "jusqu'à"),
        "role": speaker.say("role", "rôle"),
    }
    told = [f"{name} {speaker.acting(particulars[key])}" for key, name in names.items() if particulars.get(key)]
    return ", ".join(told)


async def news(desk: Desk, visit: Visit) -> Page:
    """What happens from now on."""
    return Page(media_type="text/event-stream", stream=desk.news.stream(visit.visitor))


async def look_up(desk: Desk, visit: Visit) -> Page:
    """An account by what its issuer calls it, when somebody rings about it."""
    subject = visit.form.get("subject", "").strip()
    found = await desk.watch.named(subject) if subject else None
    if found is None:
        return await _room(desk, visit, subject, 404)
    return see_other(f"/watch/account/{found.account_id}")


async def account(desk: Desk, visit: Visit) -> Page:
    """One account's last 24 hours: a picture, and the readings behind it."""
    asker = visit.visitor.asker
    ask = Ask(asker, Door.CONSOLE, Operation.SCOPE_VIEW, visit.request_id, Field(0), Purpose.AUDIT)
    released = await desk.watch.day(ask, _number(visit))
    return _day_page(desk, visit, released)


def _day_page(desk: Desk, visit: Visit, released: Released[AccountDay]) -> Page:
    day, speaker = released.content, desk.pages.speaker(visit)
    return desk.pages.render(
        visit,
        "account.html",
        ACCOUNT,
        Room.WATCH,
        day=day,
        chart=_chart(day, speaker),
        entries=tuple(reversed(day.entries)),
        operations=OPERATIONS,
        outcomes=OUTCOMES,
        doors=DOORS,
        purposes=PURPOSES,
        spoken=spoken,
        verdict=Operation.VERDICT,
        hospitals={h.hospital_id: h.name for h in desk.hospitals},
        disclosure_id=day.disclosure_id,
    )


def _chart(day: AccountDay, speaker: Speaker) -> Chart:
    readings = [(e.at, len(e.patients), min(e.unexplained_count, len(e.patients))) for e in day.entries if e.patients]
    happened = [(e.at, speaker.words(OPERATIONS[e.operation])) for e in day.entries if e.operation >= Operation.VERDICT]
    return day_chart(day.since, day.until, readings, happened)


async def stop_form(desk: Desk, visit: Visit) -> Page:
    """Whom stopping an account touches, before it is done."""
    return await _stop_page(desk, visit, "", {})


async def stop(desk: Desk, visit: Visit) -> Page:
    """Stops an account, with a reason."""
    reason = visit.form.get("reason", "").strip()
    order = Order(ContainmentKind.ACCOUNT, str(_number(visit)), reason, _by(visit))
    try:
        await desk.containing.contain(order)
    except (Missing, InvalidValue):
        return await _stop_page(desk, visit, reason, {"reason": _say_why(desk, visit)}, 422)
    except ContainmentRefused as refused:
        return await _stop_page(desk, visit, reason, {"": refused.text(visit.language)}, refused.http_status)
    return see_other("/watch")


async def _stop_page(desk: Desk, visit: Visit, reason: str, mistakes: dict[str, str], status: int = 200) -> Page:
    number = _number(visit)
    watched = await desk.watch.account(number)
    preview = await desk.containing.preview(ContainmentKind.ACCOUNT, str(number))
    return desk.pages.render(
        visit,
        "stop.html",
        STOP,
        Room.WATCH,
        status=status,
        account=watched,
        preview=preview,
        reason=reason,
        mistakes=mistakes,
        reason_min=REASON_CHARACTERS_MIN,
        reason_max=REASON_CHARACTERS_MAX,
    )


async def release_form(desk: Desk, visit: Visit) -> Page:
    """What is to be released, and what was said of it."""
    return _release_page(desk, visit, await _containment(desk, visit), "", {})


async def release(desk: Desk, visit: Visit) -> Page:
    """Releases, or says so as the first of two people; a request that waits is withdrawn."""
    found = await _containment(desk, visit)
    reason = visit.form.get("reason", "").strip()
    try:
        await desk.containing.release(found.containment_id, _by(visit), reason)
    except (Missing, InvalidValue):
        return _release_page(desk, visit, found, reason, {"reason": _say_why(desk, visit)}, 422)
    except ContainmentRefused as refused:
        return _release_page(desk, visit, found, reason, {"": refused.text(visit.language)}, refused.http_status)
    return see_other("/watch")


async def confirm(desk: Desk, visit: Visit) -> Page:
    """As the second person: a network's or a hospital's containment is in force."""
    found = await _containment(desk, visit)
    try:
        await desk.containing.confirm(found.containment_id, _by(visit))
    except ContainmentRefused as refused:
        return _release_page(desk, visit, found, "", {"": refused.text(visit.language)}, refused.http_status)
    return see_other("/watch")


def _release_page(
    desk: Desk, visit: Visit, found: Containment, reason: str, mistakes: dict[str, str], status: int = 200
) -> Page:
    return desk.pages.render(
        visit,
        "release.html",
        RELEASE,
        Room.WATCH,
        status=status,
        one=found,
        kinds=KINDS,
        reason=reason,
        mistakes=mistakes,
        own=_by(visit),
        waits=found.in_force_from is None,
        reason_min=REASON_CHARACTERS_MIN,
        reason_max=REASON_CHARACTERS_MAX,
    )


async def _containment(desk: Desk, visit: Visit) -> Containment:
    number = ContainmentId(_number(visit))
    found = next((one for one in await desk.containing.listed() if one.containment_id == number), None)
    if found is None:
        raise NotFound(what=Words("What was stopped", "Cet arrêt"))
    return found


def _say_why(desk: Desk, visit: Visit) -> str:
    return desk.pages.speaker(visit).say(
        f"Say why, in {REASON_CHARACTERS_MIN} to {REASON_CHARACTERS_MAX} characters.",
        f"Dites pourquoi, en {REASON_CHARACTERS_MIN} à {REASON_CHARACTERS_MAX} caractères.",
    )


def _by(visit: Visit) -> str:
    """Who acts, as containments name people."""
    return f"account:{visit.visitor.asker.account_id}"


def _number(visit: Visit) -> int:
    """The number in the address. Raises `NotFound` for anything else."""
    text = visit.handle
    if not text.isascii() or not text.isdigit() or len(text) > NUMBER_DIGITS_MAX:
        raise NotFound(what=Words("This page", "Cette page"))
    return int(text)


async def free_form(desk: Desk, visit: Visit) -> Page:
    """Before a held account reads again."""
    return await _free(desk, visit, {})


async def free(desk: Desk, visit: Visit) -> Page:
    """The watch's hold is lifted; from the third time in a month by two people."""
    act = Act(visit.visitor.asker, Door.CONSOLE, visit.request_id)
    try:
        done = await desk.ways.releasing.release(act, AccountId(_number(visit)), visit.form.get("reason", ""))
    except (Missing, WayRefused) as refused:
        return await _free(desk, visit, {"": refused.text(visit.language)}, refused.http_status)
    return await _free(desk, visit, {}, waits=True) if done.waits else see_other("/watch")


async def _free(desk: Desk, visit: Visit, mistakes: dict[str, str], status: int = 200, *, waits: bool = False) -> Page:
    watched = await desk.watch.account(_number(visit))
    return desk.pages.render(
        visit, "free.html", RELEASE, Room.WATCH, status=status, account=watched, mistakes=mistakes, waits=waits
    )

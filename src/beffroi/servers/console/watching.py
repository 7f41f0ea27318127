"""The duty officer's watch room: what rings now, what is held and stopped, one account's day, one patient's name."""

from collections.abc import Mapping
from itertools import accumulate
from typing import Final

import msgspec

from beffroi.access.fields import NAME
from beffroi.actions.asking import Ask
from beffroi.actions.contain import REASON_CHARACTERS_MAX, REASON_CHARACTERS_MIN
from beffroi.errors import NotFound, Words
from beffroi.model.account import Role
from beffroi.model.alert import AlertKind, Severity
from beffroi.model.containment import LISTED_MAX as STOPS_MAX
from beffroi.model.containment import Containment, ContainmentKind
from beffroi.model.disclosure import Door, Field, Operation, Purpose, Released
from beffroi.model.watch_room import LISTED_MAX, AccountDay, DayEntry
from beffroi.servers.console.charts import Chart, day_chart
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import Page, Visit, number_of, see_other
from beffroi.servers.console.happened import KINDS, acting_in
from beffroi.servers.console.happened import told as told_of
from beffroi.servers.console.news import OWN_LEAST_S, Mark
from beffroi.servers.console.paging import cut
from beffroi.servers.console.patients import told
from beffroi.servers.console.rooms import Room
from beffroi.servers.console.speaking import DOORS, OPERATIONS, OUTCOMES, PURPOSES, ROLES, Speaker
from beffroi.servers.console.stopping import PAGE, Target, handle_of
from beffroi.servers.exchange import number_in
from beffroi.watch.explain import spoken

TITLE = Words("Watch room", "Salle de veille")
ACCOUNT = Words("An account's day", "La journée d'un compte")
NAMED = Words("One patient's name", "Le nom d'un patient")
ROWS_MAX: Final = 10
"""Rows of each of the room's three lists on one page."""
ENTRIES_MAX: Final = 24
"""Rows of a day on one page, so that it stays light; the others are behind it."""
PATIENTS_MAX: Final = 100
"""Patients of those rows: a page of long lists ends earlier, with a whole row."""
MADE_MAX: Final = 10
"""Readings shown of those that made a verdict, and patients of each: the latest; the day has them all."""
MARKS_MAX: Final = 20
"""Events that the picture of a day marks: the latest."""
_PURPOSE: Final = "name"

ALERTS = {
    AlertKind.VERDICT: Words("The watch reacts", "La veille réagit"),
    AlertKind.EMERGENCY: Words("Emergency reading", "Lecture en urgence"),
    AlertKind.DEPARTED: Words("Somebody who has left asks", "Quelqu'un qui est parti interroge"),
    AlertKind.CONTAINED: Words("Stopped", "Arrêté"),
    AlertKind.CONTAINMENT_ASKED: Words("To be stopped: a second person is needed", "Arrêt à confirmer à deux"),
    AlertKind.RELEASE_ASKED: Words("To be released: a second person is needed", "Libération à confirmer à deux"),
    AlertKind.RELEASED: Words("Released", "Libéré"),
    AlertKind.NOT_ME: Words("Its owner says: it was not me", "Son titulaire dit : ce n'était pas moi"),
    AlertKind.SIGNAL: Words("Signal of another system", "Signal d'un autre système"),
    AlertKind.ROLE_GIVEN: Words("A role was given", "Un rôle a été donné"),
    AlertKind.TEST: Words("Test of the alerts", "Essai des alertes"),
}


class Wanted(msgspec.Struct):
    """One patient of one row of an account's day, and why her name is needed."""

    place: str
    reason: str


_decode = msgspec.json.Decoder(Wanted).decode
_encode = msgspec.json.Encoder().encode


async def room(desk: Desk, visit: Visit) -> Page:
    """What rings now, and what is stopped at this moment."""
    return await _room(desk, visit, "", 200)


async def _room(desk: Desk, visit: Visit, subject: str, status: int) -> Page:
    now, place = desk.clock.now(), await desk.news.place()
    ringing = cut(await desk.watch.ringing(), visit.query, "ringing", ROWS_MAX)
    listed = await desk.containing.listed()
    in_force = [one for one in listed if one.in_force(now) or (one.released_at is None and one.in_force_from is None)]
    stops = cut(in_force, visit.query, "stops", ROWS_MAX)
    acting = [who for one in stops.rows for who in _who(one)]
    acting += [who for one in ringing.rows for who in acting_in(one.particulars)]
    names, speaker = await desk.watch.names_of(acting), desk.pages.speaker(visit)
    told_of_hospitals = _visible(desk, visit)
    return desk.pages.render(
        visit,
        "watch.html",
        TITLE,
        Room.WATCH,
        status=status,
        subject=subject,
        place_of_news=place,
        ringing=ringing,
        alerts=ALERTS,
        kinds=KINDS,
        severe=Severity.CRITICAL,
        stops=stops,
        names=names,
        reasons={one.alert_id: told_of(speaker, one.particulars, names, told_of_hospitals) for one in ringing.rows},
        held=cut(await desk.watch.held(), visit.query, "held", ROWS_MAX),
        listed_max=LISTED_MAX,
        stops_max=STOPS_MAX,
        spoken=spoken,
        hospitals={h.hospital_id: h.name for h in desk.hospitals},
    )


def _visible(desk: Desk, visit: Visit) -> dict[int, str]:
    """The names of the hospitals that this officer may be told of beside somebody's readings (law 4)."""
    hidden = desk.hospitals.hidden_from(visit.visitor.asker.structure)
    return {h.hospital_id: h.name for h in desk.hospitals if h.hospital_id not in hidden}


def _who(one: Containment) -> tuple[str | None, ...]:
    """Everybody whom a containment names."""
    target = f"account:{one.target}" if one.kind is ContainmentKind.ACCOUNT else None
    return target, one.asked_by, one.confirmed_by, one.release_asked_by


async def news(desk: Desk, visit: Visit) -> Page:
    """What happens from now on."""
    return news_since(desk, visit, None)


async def account_news(desk: Desk, visit: Visit) -> Page:
    """What one account does from now on."""
    return news_since(desk, visit, _own(desk, number_of(visit, PAGE)))


def news_since(desk: Desk, visit: Visit, own: Mark | None, least_s: float = OWN_LEAST_S) -> Page:
    """What happened since the page was rendered, and happens from now on; of its own, so many seconds apart."""
    place = visit.headers.get("last-event-id") or visit.query.get("place", "")
    return Page(media_type="text/event-stream", stream=desk.news.stream(visit.visitor, place, own, least_s))


def _own(desk: Desk, account: int) -> Mark:
    return lambda: desk.watch.chains([account])


async def look_up(desk: Desk, visit: Visit) -> Page:
    """An account by what its issuer calls it, when somebody rings about it."""
    subject = visit.form.get("subject", "").strip()
    found = await desk.watch.named(subject) if subject else None
    if found is None:
        return await _room(desk, visit, subject, 404)
    return see_other(f"/watch/account/{found.account_id}")


async def account(desk: Desk, visit: Visit) -> Page:
    """One account's last 24 hours: a picture, and the readings behind it."""
    asker, number = visit.visitor.asker, number_of(visit, PAGE)
    own = number == asker.account_id  # who looks at their own day would have news of every look
    place = "" if own else await desk.news.place(_own(desk, number))
    ask = Ask(asker, Door.CONSOLE, Operation.SCOPE_VIEW, visit.request_id, Field(0), Purpose.AUDIT)
    return await _day_page(desk, visit, await desk.watch.day(ask, number), place)


async def _day_page(desk: Desk, visit: Visit, released: Released[AccountDay], place: str) -> Page:
    day, speaker = released.content, desk.pages.speaker(visit)
    before = visit.query.get("before", "")
    entries, more = _listed(day.entries, number_in(before) or 0)
    names = await desk.watch.names_of([who for one in entries for who in acting_in(one.particulars)])
    hospitals = _visible(desk, visit)
    return desk.pages.render(
        visit,
        "account.html",
        ACCOUNT,
        Room.WATCH,
        day=day,
        place_of_news=place,
        chart=_chart(day, speaker),
        entries=entries,
        made=tuple(reversed(day.made))[:MADE_MAX],
        made_max=MADE_MAX,
        patients_max=PATIENTS_MAX,
        earlier=entries[-1].number if more else 0,
        places=[(one, handle_of(desk, visit, Target(one.kind, one.target))) for one in day.places],
        kinds=KINDS,
        operations=OPERATIONS,
        outcomes=OUTCOMES,
        doors=DOORS,
        purposes=PURPOSES,
        spoken=spoken,
        verdict=Operation.VERDICT,
        said={one.number: told_of(speaker, one.particulars, names, hospitals) for one in entries},
        acts_as=_acts_as(day, hospitals, speaker),
        hospitals=hospitals,
        disclosure_id=day.disclosure_id,
    )


def _acts_as(day: AccountDay, hospitals: Mapping[int, str], speaker: Speaker) -> str:
    """In which role, and of which hospital, the account acted last: whom to call."""
    for one in reversed(day.entries):
        if one.role in set(Role) and one.structure in hospitals:
            return f"{speaker.words(ROLES[Role(one.role)])} · {hospitals[one.structure]}"
    return ""


def _listed(entries: tuple[DayEntry, ...], before: int) -> tuple[tuple[DayEntry, ...], bool]:
    """The latest rows first, those before a number when there is one; and whether there are earlier ones."""
    earlier = [one for one in reversed(entries) if not before or one.number < before]
    sums = accumulate(len(one.patients) for one in earlier[:ENTRIES_MAX])
    rows = max(1, sum(patients <= PATIENTS_MAX for patients in sums))
    return tuple(earlier[:rows]), len(earlier) > rows


def _chart(day: AccountDay, speaker: Speaker) -> Chart:
    readings = [(e.at, len(e.patients), min(e.unexplained_count, len(e.patients))) for e in day.entries if e.patients]
    happened = [(e.at, speaker.words(OPERATIONS[e.operation])) for e in day.entries if e.operation >= Operation.VERDICT]
    return day_chart(day.since, day.until, readings, happened[-MARKS_MAX:])


async def name_form(desk: Desk, visit: Visit) -> Page:
    """Before one patient's name is told: why it is needed."""
    _, number, _ = _place(visit.handle)
    return _name_page(desk, visit, number, "", {})


async def name(desk: Desk, visit: Visit) -> Page:
    """The address of one patient's name."""
    _, number, _ = _place(visit.handle)
    reason = visit.form.get("reason", "").strip()
    if not REASON_CHARACTERS_MIN <= len(reason) <= REASON_CHARACTERS_MAX:
        mistake = desk.pages.speaker(visit).say("Say why, in a few words.", "Dites pourquoi, en quelques mots.")
        return _name_page(desk, visit, number, reason, {"reason": mistake}, 422)
    wanted = Wanted(visit.handle, reason)
    return see_other(f"/watch/named/{desk.sessions.handle(visit.visitor, _PURPOSE, _encode(wanted))}")


def _name_page(desk: Desk, visit: Visit, number: int, reason: str, mistakes: dict[str, str], status: int = 200) -> Page:
    return desk.pages.render(
        visit,
        "name.html",
        NAMED,
        Room.WATCH,
        status=status,
        handle=visit.handle,
        account=_place(visit.handle)[0],
        number=number,
        reason=reason,
        reason_max=REASON_CHARACTERS_MAX,
        mistakes=mistakes,
    )


async def named(desk: Desk, visit: Visit) -> Page:
    """Her name and birth date: a reading of the officer's own, which counts like any other."""
    raw = desk.sessions.opened(visit.visitor, _PURPOSE, visit.handle)
    if raw is None:
        return see_other("/watch")
    wanted, asker = _decode(raw), visit.visitor.asker
    of_account, number, at = _place(wanted.place)
    reference = await desk.watch.reference(asker, of_account, number, at)
    reason = f"account {of_account}, row {number}: {wanted.reason}"
    ask = Ask(asker, Door.CONSOLE, Operation.READ, visit.request_id, NAME, Purpose.AUDIT, reason)
    released = await desk.finder.read(ask, reference)
    answer = told(released, desk.pages.speaker(visit), desk.hospitals)
    return desk.pages.render(
        visit,
        "named.html",
        NAMED,
        Room.WATCH,
        told=answer,
        person=answer.people[0] if answer.people else None,
        account=of_account,
        disclosure_id=released.content.disclosure_id,
        outcome=released.content.outcome,
    )


def _place(text: str) -> tuple[int, int, int]:
    """An account, a row of its chain and a place in that row, as an address writes them. Raises `NotFound`.

    >>> _place("12-345-0")
    (12, 345, 0)
    """
    numbers = [number for part in text.split("-") if (number := number_in(part)) is not None]
    if len(numbers) != 3 or text.count("-") != 2:
        raise NotFound(what=Words("This reading", "Cette lecture"))
    return numbers[0], numbers[1], numbers[2]

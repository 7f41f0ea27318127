"""Accounts and roles: who has which, until when, by which two people; asking for one, and agreeing as the second."""

from datetime import date, datetime, time, timedelta

from beffroi.actions.contain import REASON_CHARACTERS_MAX
from beffroi.actions.roles import DAYS_MAX, MAY_BE_GIVEN
from beffroi.errors import InvalidValue, Missing, NotFound, WayRefused, Words
from beffroi.model.account import Role
from beffroi.model.person import HospitalId
from beffroi.model.role_request import Wanted
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import Page, Visit, number_of
from beffroi.servers.console.keys import act_of
from beffroi.servers.console.notices import done, just_done
from beffroi.servers.console.paging import cut
from beffroi.servers.console.rooms import Room
from beffroi.servers.console.speaking import ROLES
from beffroi.servers.exchange import number_in

TITLE = Words("Accounts and roles", "Comptes et rôles")
ONE = Words("A role that was asked for", "Un rôle demandé")
ENDS_SOON = timedelta(days=30)
ROWS_MAX = 12
"""Rows of each of the page's lists."""
_FIELDS = ("subject", "hospital", "role", "until", "reason")


async def room(desk: Desk, visit: Visit) -> Page:
    """Who has which role, and what waits."""
    return await _room(desk, visit, {})


async def _room(desk: Desk, visit: Visit, mistakes: dict[str, str], status: int = 200) -> Page:
    now = desk.clock.now()
    given = sorted(await desk.operations.given_roles(), key=lambda one: (one.until is not None, one.until or now))
    return desk.pages.render(
        visit,
        "roles.html",
        TITLE,
        Room.OPERATE,
        status=status,
        waiting=cut(await desk.roles.waiting(), visit.query, "waiting", ROWS_MAX),
        roles=ROLES,
        names={role.value: words for role, words in ROLES.items()},
        people=cut([one for one in given if one.kind == "person"], visit.query, "people", ROWS_MAX),
        soon=now + ENDS_SOON,
        choices=[(role.value, ROLES[role]) for role in Role if role in MAY_BE_GIVEN],
        hospitals=[(str(h.hospital_id), Words(h.name, h.name)) for h in desk.hospitals],
        said={name: visit.form.get(name, "") for name in _FIELDS},
        last=(now + timedelta(days=DAYS_MAX - 1)).date().isoformat(),
        mistakes=mistakes,
        done=just_done(desk, visit),
        reason_max=REASON_CHARACTERS_MAX,
    )


async def ask(desk: Desk, visit: Visit) -> Page:
    """A role is asked for: it waits for somebody at the machine."""
    form, act, speaker = visit.form, act_of(visit), desk.pages.speaker(visit)
    subject, until = form.get("subject", "").strip(), _evening(desk, form.get("until", ""))
    role, hospital = form.get("role", ""), number_in(form.get("hospital", ""))
    if not subject:
        return await _room(desk, visit, {"subject": speaker.say("Who?", "Qui ?")}, 422)
    if until is None:
        return await _room(desk, visit, {"until": speaker.say("Until which day?", "Jusqu'à quel jour ?")}, 422)
    if role not in set(Role) or hospital is None:
        return await _room(desk, visit, {"role": speaker.say("Which role, and where?", "Quel rôle, et où ?")}, 422)
    try:
        account = await desk.roles.colleague(act, subject)
        wanted = Wanted(account, HospitalId(hospital), Role(role), until, form.get("reason", "").strip())
        await desk.roles.ask(act, wanted)
    except (Missing, InvalidValue, WayRefused, NotFound) as error:
        field = "reason" if isinstance(error, Missing) else "until" if isinstance(error, InvalidValue) else ""
        return await _room(desk, visit, {field: error.text(visit.language)}, error.http_status)
    return done(desk, visit, "/operate/roles", "asked")


async def request(desk: Desk, visit: Visit) -> Page:
    """One request, before it is agreed to or withdrawn."""
    return await _request(desk, visit, "")


async def _request(desk: Desk, visit: Visit, mistake: str, status: int = 200) -> Page:
    one = await desk.roles.one(_number(visit))
    return desk.pages.render(
        visit, "role_request.html", ONE, Room.OPERATE, status=status, one=one, roles=ROLES, mistake=mistake
    )


async def decide(desk: Desk, visit: Visit) -> Page:
    """As the second person, or withdrawing it."""
    number, what = _number(visit), visit.form.get("what", "")
    try:
        if what == "agree":
            await desk.roles.agree(act_of(visit), number)
        elif what == "withdraw":
            await desk.roles.withdraw(act_of(visit), number)
        else:
            return await _request(desk, visit, "")
    except WayRefused as error:
        return await _request(desk, visit, error.text(visit.language), error.http_status)
    return done(desk, visit, "/operate/roles", what)


def _evening(desk: Desk, text: str) -> datetime | None:
    """The end of a day, in the region's time; None for no day."""
    try:
        return datetime.combine(date.fromisoformat(text), time.max, desk.pages.place.zone)
    except ValueError:
        return None


def _number(visit: Visit) -> int:
    return number_of(visit, Words("The request", "La demande"))

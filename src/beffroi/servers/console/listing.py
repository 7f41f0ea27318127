"""Worklists: patients deposited beforehand, so that a colleague's readings of them are explained.

The page says how many lines a list has, for whom and until when; never who is on it, nor who of them is known here.
"""

from datetime import datetime
from typing import Final

from beffroi.actions.ways.worklists import ALONE_MAX, HOURS_MAX, LINES_MAX, PURPOSE_CHARACTERS_MAX, READERS, Deposit
from beffroi.errors import CallerError, NotFound, Words
from beffroi.model.account import Role
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import Page, Visit, number_of
from beffroi.servers.console.finding import tokens_of
from beffroi.servers.console.keys import act_of
from beffroi.servers.console.notices import done, just_done
from beffroi.servers.console.paging import cut
from beffroi.servers.console.rooms import Room
from beffroi.servers.console.speaking import ROLES
from beffroi.servers.console.stopping import PAGE
from beffroi.servers.exchange import number_in

TITLE = Words("Worklists", "Listes de travail")
HOURS_DEFAULT: Final = 24
ROWS_MAX: Final = 15
"""Lists on one page. A form that comes back with what was typed comes without them: it may be long itself."""
NUMBER_CHARACTERS_MAX: Final = 40
"""Characters of one patient's number on its line."""


async def room(desk: Desk, visit: Visit) -> Page:
    """The hospital's lists, and the form of a new one."""
    return await _room(desk, visit, {})


async def _room(desk: Desk, visit: Visit, mistakes: dict[str, str], status: int = 200) -> Page:
    listed = [] if mistakes.keys() - {""} else await desk.ways.worklists.listed(act_of(visit))
    names = ("role", "purpose", "hours", "patients")
    return desk.pages.render(
        visit,
        "worklists.html",
        TITLE,
        Room.WORKLISTS,
        status=status,
        listed=cut([(one, datetime.fromisoformat(one.expires_at)) for one in listed], visit.query, rows_max=ROWS_MAX),
        roles=ROLES,
        readers=[(role.value, ROLES[role]) for role in Role if role in READERS],
        said={name: visit.form.get(name, "") for name in names} if mistakes else dict.fromkeys(names, ""),
        hours=HOURS_DEFAULT,
        hours_max=HOURS_MAX,
        alone_max=ALONE_MAX,
        purpose_max=PURPOSE_CHARACTERS_MAX,
        done=just_done(desk, visit),
        mistakes=mistakes,
    )


async def deposit(desk: Desk, visit: Visit) -> Page:
    """A new list of this hospital."""
    form, say = visit.form, desk.pages.speaker(visit).say
    lines = [line for text in form.get("patients", "").splitlines() if (line := "".join(text.split()))]
    mistakes: dict[str, str] = {}
    hours = number_in(form.get("hours", "")) or 0
    if form.get("role", "") not in READERS:
        mistakes["role"] = say("Choose who reads them.", "Choisissez qui les lira.")
    if not form.get("purpose", "").strip():
        mistakes["purpose"] = say("Say what for.", "Dites pour quel objet.")
    if not 1 <= hours <= HOURS_MAX:
        mistakes["hours"] = say(f"1 to {HOURS_MAX}.", f"De 1 à {HOURS_MAX}.")
    long = next((n for n, line in enumerate(lines, 1) if len(line) > NUMBER_CHARACTERS_MAX), 0)
    if long or not 1 <= len(lines) <= LINES_MAX:
        mistakes["patients"] = (
            say(f"Line {long} is no number.", f"La ligne {long} n'est pas un numéro.")
            if long
            else say(f"One number a line, 1 to {LINES_MAX} lines.", f"Un numéro par ligne, de 1 à {LINES_MAX} lignes.")
        )
    if mistakes:
        return await _room(desk, visit, mistakes, 422)
    tokens = tuple(token for line in lines for token in tokens_of(line))
    asked = Deposit(Role(form["role"]), form["purpose"], hours, tokens, len(lines))
    try:
        made = await desk.ways.worklists.deposit(act_of(visit), asked)
    except CallerError as error:
        return await _room(desk, visit, {"": error.text(visit.language)}, error.http_status)
    return done(desk, visit, "/worklists", "deposited" if made.ready else "waits")


async def approve(desk: Desk, visit: Visit) -> Page:
    """As the second person."""
    return await _changed(desk, visit, "approved")


async def cancel(desk: Desk, visit: Visit) -> Page:
    """It explains nothing any more."""
    return await _changed(desk, visit, "cancelled")


async def _changed(desk: Desk, visit: Visit, what: str) -> Page:
    number, ways = number_of(visit, PAGE), desk.ways.worklists
    try:
        if what == "approved":
            await ways.approve(act_of(visit), number)
        else:
            await ways.cancel(act_of(visit), number)
    except NotFound:
        raise
    except CallerError as error:
        return await _room(desk, visit, {"": error.text(visit.language)}, error.http_status)
    return done(desk, visit, "/worklists", what)

"""Between colleagues: a code that the held one shows, patients whom the other vouches for with a touch of their key, an
emergency reading that they agree to.

The code stands on one page only, and is spoken or shown; the patients are named by who vouches, never by who asks.
"""

from typing import Final

from beffroi.actions.ways.colleagues import Named
from beffroi.errors import CallerError, Words
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import Page, Visit, own_path
from beffroi.servers.console.keys import act_of, credential_of, proof_options
from beffroi.servers.console.notices import done, just_done
from beffroi.servers.console.rooms import Room
from beffroi.servers.console.typed import NotADate, birth_date, names

TITLE = Words("Between colleagues", "Entre collègues")
ROWS: Final = 5
"""Patients that one form names."""


async def room(desk: Desk, visit: Visit) -> Page:
    """To ask a colleague, and to help one."""
    return await _room(desk, visit, {})


async def _room(desk: Desk, visit: Visit, mistakes: dict[str, str], status: int = 200, code: object = None) -> Page:
    form = visit.form
    return desk.pages.render(
        visit,
        "colleague.html",
        TITLE,
        Room.COLLEAGUE,
        status=status,
        code=code,
        proof=await proof_options(desk, act_of(visit)),
        rows=[(n, form.get(f"born{n}", ""), form.get(f"name{n}", "")) for n in range(1, ROWS + 1)],
        said=form.get("code", ""),
        back=own_path(visit.query.get("back", "") or form.get("back", "")),
        done=just_done(desk, visit),
        mistakes=mistakes,
    )


async def code(desk: Desk, visit: Visit) -> Page:
    """A code to show to a colleague: it stands in no address, and a reload makes another."""
    try:
        made = await desk.ways.colleagues.code(act_of(visit))
    except CallerError as error:
        return await _room(desk, visit, {"": error.text(visit.language)}, error.http_status)
    return await _room(desk, visit, {}, code=made)


async def vouch(desk: Desk, visit: Visit) -> Page:
    """The colleague's part: the patients, and the touch of their key, in one form."""
    patients, mistakes = _patients(desk, visit)
    if mistakes:
        return await _room(desk, visit, mistakes, 422)
    act = act_of(visit)
    try:
        await desk.ways.keys.prove(act, credential_of(visit))
        await desk.ways.colleagues.confirm(act, visit.form.get("code", ""), patients)
    except CallerError as error:
        return await _room(desk, visit, {"vouch": error.text(visit.language)}, error.http_status)
    return done(desk, visit, "/colleague", "vouched")


async def second(desk: Desk, visit: Visit) -> Page:
    """Agrees to one emergency reading."""
    try:
        await desk.ways.colleagues.second(act_of(visit), visit.form.get("code", ""))
    except CallerError as error:
        return await _room(desk, visit, {"second": error.text(visit.language)}, error.http_status)
    return done(desk, visit, "/colleague", "seconded")


def _patients(desk: Desk, visit: Visit) -> tuple[list[Named], dict[str, str]]:
    """Whom the form names, row by row; or what is wrong, by field."""
    say, today = desk.pages.speaker(visit).say, desk.clock.now().astimezone(desk.pages.place.zone).date()
    found: list[Named] = []
    mistakes: dict[str, str] = {}
    for n in range(1, ROWS + 1):
        born, name = (visit.form.get(f"{field}{n}", "").strip() for field in ("born", "name"))
        if not born and not name:
            continue
        try:
            day = birth_date(born, today)
        except NotADate:
            day = None
        family, given = names(name)
        if day is None or day.first != day.last:
            mistakes[f"born{n}"] = say("Write the whole birth date.", "Écrivez la date de naissance complète.")
        elif family is None or given is None:
            mistakes[f"name{n}"] = say("Write the name and the first name.", "Écrivez le nom et le prénom.")
        else:
            found.append(Named(born=day.first, family=family.value, given=given.value))
    if not found and not mistakes:
        mistakes["born1"] = say("Name a patient.", "Nommez un patient.")
    return found, mistakes

"""The data protection officer's room: the register, each incident's clock, what it is about, whose data, its
history.
"""

import csv
import io
from datetime import datetime

from beffroi.actions.asking import Ask
from beffroi.actions.incidents import Incidents, proposed_selections
from beffroi.breach.incident import (
    FOLLOWING,
    REASON_CHARACTERS_MIN,
    STATE_WORDS,
    TITLE_CHARACTERS_MAX,
    Account33,
    State,
)
from beffroi.breach.severity import LEVEL_WORDS
from beffroi.errors import CallerError, NotFound, Words
from beffroi.model.disclosure import Door, Field, Operation, Purpose
from beffroi.model.person import HospitalId
from beffroi.model.scope import ScopeAnswer
from beffroi.model.selection import described
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import Page, Visit, see_other
from beffroi.servers.console.rooms import Room
from beffroi.servers.console.speaking import FIELDS

TITLE = Words("Incidents", "Incidents")
ONE = Words("Incident", "Incident")
SCOPE = Words("Whose data were seen", "De qui les données ont été vues")
NUMBER_DIGITS_MAX = 9
KINDS = {
    "opened": Words("opened", "ouvert"),
    "state": Words("state", "état"),
    "aware": Words("aware since", "connaissance depuis"),
    "note": Words("note", "note"),
    "selections": Words("what it is about", "ce dont il s'agit"),
    "told": Words("register", "registre"),
    "severity": Words("severity", "gravité"),
    "report": Words("report", "rapport"),
}
"""What is done to an incident, in its history."""
_FIELD_WORDS = {str(field.name).lower(): words for field, words in FIELDS.items()}


async def register(desk: Desk, visit: Visit) -> Page:
    """Every incident with its clock, and the form that opens one."""
    return await _register(desk, visit, {})


async def _register(desk: Desk, visit: Visit, mistakes: dict[str, str], status: int = 200) -> Page:
    return desk.pages.render(
        visit,
        "incidents.html",
        TITLE,
        Room.INCIDENTS,
        status=status,
        listed=list(reversed(await _incidents(desk, visit).listed())),
        states=STATE_WORDS,
        mistakes=mistakes,
        said={name: visit.form.get(name, "") for name in ("title", "accounts", "aware", "reason")},
        title_max=TITLE_CHARACTERS_MAX,
    )


async def open_one(desk: Desk, visit: Visit) -> Page:
    """A new incident about some accounts; the window is proposed by their chains."""
    incidents, speaker = _incidents(desk, visit), desk.pages.speaker(visit)
    subjects = visit.form.get("accounts", "").replace(",", " ").split()
    mistakes: dict[str, str] = {}
    aware_at = _moment(desk, visit.form.get("aware", ""))
    if visit.form.get("aware", "") and aware_at is None:
        mistakes["aware"] = speaker.say("Write a date and an hour.", "Écrivez une date et une heure.")
    for name in ("title", "reason"):
        if len(visit.form.get(name, "").strip()) < REASON_CHARACTERS_MIN:
            mistakes[name] = speaker.say("Say it in words.", "Dites-le avec des mots.")
    if not subjects:
        mistakes["accounts"] = speaker.say("Which accounts?", "Quels comptes ?")
    if mistakes:
        return await _register(desk, visit, mistakes, 422)
    try:
        texts = [f"account={subject}" for subject in subjects]
        selections, _ = await proposed_selections(incidents, desk.investigation, texts)
        number = await incidents.open(visit.form["title"], selections, visit.form["reason"], aware_at)
    except CallerError as error:
        return await _register(desk, visit, {"accounts": error.text(visit.language)}, error.http_status)
    return see_other(f"/incidents/{number}")


async def incident(desk: Desk, visit: Visit) -> Page:
    """One incident as it stands."""
    return await _incident(desk, visit, {})


async def _incident(desk: Desk, visit: Visit, mistakes: dict[str, str], status: int = 200) -> Page:
    standing = await _incidents(desk, visit).standing(_number(visit))
    found = standing.incident
    return desk.pages.render(
        visit,
        "incident.html",
        ONE,
        Room.INCIDENTS,
        status=status,
        one=found,
        clock=standing.clock,
        entries=tuple(reversed(standing.entries)),
        states=STATE_WORDS,
        following=sorted(FOLLOWING[found.state]),
        about=described(found.selections),
        levels=LEVEL_WORDS,
        kinds=KINDS,
        mistakes=mistakes,
    )


async def change(desk: Desk, visit: Visit) -> Page:
    """A state, a note, or what the register lacks: each with its reason, in the history."""
    incidents, number = _incidents(desk, visit), _number(visit)
    form, reason = visit.form, visit.form.get("reason", "").strip()
    what = form.get("what", "")
    try:
        if what == "note":
            await incidents.note(number, reason)
        elif what == "told":
            told = Account33(*(form.get(name, "") for name in ("facts", "effects", "measures")))
            await incidents.tell(number, told, reason)
        elif what in set(State):
            await incidents.move(number, State(what), reason, _moment(desk, form.get("aware", "")))
    except NotFound:
        raise
    except CallerError as error:
        return await _incident(desk, visit, {what: error.text(visit.language)}, 422)
    return see_other(f"/incidents/{number}")


async def scope(desk: Desk, visit: Visit) -> Page:
    """Whose data, at this moment: counts per hospital and field. The look is recorded."""
    answer, number = await _scope(desk, visit)
    return desk.pages.render(
        visit,
        "scope.html",
        SCOPE,
        Room.INCIDENTS,
        number=number,
        scope=answer,
        archived=desk.archived,
        hospitals={h.hospital_id: h.name for h in desk.hospitals},
        fields=_FIELD_WORDS,
        disclosure_id=answer.disclosure_id,
    )


async def scope_file(desk: Desk, visit: Visit) -> Page:
    """The same as a file for the case: opaque references and what was seen of each, as CSV. The look is recorded."""
    answer, number = await _scope(desk, visit)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(("reference", "certainty", "fields", "times", "first", "last", "hospitals"))
    names = {h.hospital_id: h.finess for h in desk.hospitals}
    for one in answer.patients:
        hospitals = " ".join(names.get(HospitalId(known), "") for known in one.hospitals)
        first, last = (at.isoformat() if at else "" for at in (one.first_at, one.last_at))
        writer.writerow((one.reference, one.certainty, " ".join(one.fields), one.times, first, last, hospitals))
    name = f'attachment; filename="incident-{number}.csv"'.encode()
    return Page(
        text.getvalue().encode(),
        headers=((b"content-disposition", name),),
        disclosure_id=answer.disclosure_id,
        media_type="text/csv; charset=utf-8",
    )


async def _scope(desk: Desk, visit: Visit) -> tuple[ScopeAnswer, int]:
    number = _number(visit)
    standing = await _incidents(desk, visit).standing(number)
    asker = visit.visitor.asker
    reason = f"incident {number}"
    ask = Ask(asker, Door.CONSOLE, Operation.SCOPE_VIEW, visit.request_id, Field(0), Purpose.AUDIT, reason)
    released = await desk.investigation.view_selections(ask, standing.incident.selections)
    return released.content, number


def _incidents(desk: Desk, visit: Visit) -> Incidents:
    return desk.incidents(visit.visitor.asker.account_id)


def _moment(desk: Desk, text: str) -> datetime | None:
    """A date and hour as a browser's field writes them, in the region's time."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=desk.pages.place.zone)
    except ValueError:
        return None


def _number(visit: Visit) -> int:
    text = visit.handle
    if not text.isascii() or not text.isdigit() or len(text) > NUMBER_DIGITS_MAX:
        raise NotFound(what=Words("The incident", "L'incident"))
    return int(text)

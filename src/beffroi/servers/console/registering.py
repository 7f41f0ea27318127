"""What article 33(5) wants of an incident, a text a page, since each may be long; one entry of its history, whole."""

from typing import Final

from beffroi.actions.incidents import mark_of
from beffroi.breach.incident import TEXT_CHARACTERS_MAX, Account33
from beffroi.errors import CallerError, NotFound, Words
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import Page, Visit, number_of, see_other
from beffroi.servers.console.incidents import INCIDENT, KINDS, REGISTER, ask_of, happened
from beffroi.servers.console.pages import brief
from beffroi.servers.console.rooms import Room
from beffroi.servers.exchange import number_in

TITLE = Words("Register", "Registre")
ENTRY = Words("History", "Historique")
PARTICULAR_CHARACTERS_MAX: Final = 2_000
PARTICULARS_MAX: Final = 6


async def text(desk: Desk, visit: Visit) -> Page:
    """One of the three texts, to be read and changed."""
    return await _text(desk, visit, visit.query.get("text", ""), None, {})


async def keep(desk: Desk, visit: Visit) -> Page:
    """The text as it is now, with the reason, in the history."""
    number, form = number_of(visit, INCIDENT), visit.form
    name, content = form.get("text", ""), form.get("content", "")
    if name not in REGISTER:
        return see_other(f"/incidents/register/{number}")
    told, reason = Account33(**{name: content}), form.get("reason", "").strip()
    seen = {name: form["seen"]} if "seen" in form else {}
    try:
        await desk.cases.tell(ask_of(visit), number, told, reason, seen)
    except NotFound:
        raise
    except CallerError as error:
        return await _text(desk, visit, name, content, {"reason": error.text(visit.language)}, 422)
    return see_other(f"/incidents/{number}")


async def _text(
    desk: Desk, visit: Visit, name: str, content: str | None, mistakes: dict[str, str], status: int = 200
) -> Page:
    incident = (await desk.cases.standing(ask_of(visit), number_of(visit, INCIDENT))).content.incident
    chosen = name if name in REGISTER else next(iter(REGISTER))
    kept = getattr(incident.told, chosen)
    return desk.pages.render(
        visit,
        "register_text.html",
        TITLE,
        Room.INCIDENTS,
        status=status,
        one=incident,
        texts=REGISTER,
        text=chosen,
        text_max=TEXT_CHARACTERS_MAX,
        content=kept if content is None else content,
        seen=mark_of(kept),
        said=visit.form.get("reason", ""),
        mistakes=mistakes,
    )


async def entry(desk: Desk, visit: Visit) -> Page:
    """One entry of the history, whole. Raises `NotFound`."""
    number, place = number_of(visit, INCIDENT), number_in(visit.query.get("entry", ""))
    entries = (await desk.cases.standing(ask_of(visit), number)).content.entries
    if place is None or place >= len(entries):
        raise NotFound(what=Words("The entry", "L'entrée"))
    told = list(happened(desk.pages.speaker(visit), entries[place].particulars))
    parts = [(label, brief(text, PARTICULAR_CHARACTERS_MAX)) for label, text in told[:PARTICULARS_MAX]]
    return desk.pages.render(
        visit,
        "incident_entry.html",
        ENTRY,
        Room.INCIDENTS,
        number=number,
        entry=entries[place],
        kinds=KINDS,
        parts=parts,
        short=parts != told,
    )

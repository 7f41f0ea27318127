"""The data protection officer's room: the register, each incident's clock, what it is about, whose data, its history.

What is done is `actions.case_room`'s, the same desk as behind the API: each look and each step stands in the officer's
chain.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any, Final

import msgspec

from beffroi.actions.asking import Ask
from beffroi.actions.case_room import Opening
from beffroi.breach.incident import (
    FOLLOWING,
    REASON_CHARACTERS_MIN,
    STATE_WORDS,
    TITLE_CHARACTERS_MAX,
    State,
)
from beffroi.breach.report import histogram
from beffroi.breach.severity import LEVEL_WORDS
from beffroi.errors import CallerError, NotFound, Words
from beffroi.model.disclosure import Door, Field, Operation, Purpose
from beffroi.model.selection import Selection, written
from beffroi.servers.console.charts import growth_chart
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import Page, Visit, number_of, see_other
from beffroi.servers.console.news import Mark
from beffroi.servers.console.pages import brief
from beffroi.servers.console.paging import cut
from beffroi.servers.console.rooms import Room
from beffroi.servers.console.speaking import FIELDS, Speaker
from beffroi.servers.console.watching import news_since

TITLE = Words("Incidents", "Incidents")
ONE = Words("Incident", "Incident")
SCOPE = Words("Whose data were seen", "De qui les données ont été vues")
INCIDENT = Words("The incident", "L'incident")
LIVE_LEAST_S: Final = 30.0
"""Seconds between two counts of a page that stays open: each is recorded, and reads the whole scope."""
HOSPITALS_MAX: Final = 60
"""Hospitals of a scope on its page, those with most patients first: each has its own numbers in the report."""
ENTRIES_MAX: Final = 15
"""Entries of a history on one page."""
SELECTIONS_MAX: Final = 6
"""Selections of an incident on its page."""
VALUES_MAX: Final = 8
"""Values of one part of a selection on a page."""
WRITTEN_CHARACTERS_MAX: Final = 2_000
"""Of the selections as they can be changed on the page; longer ones are written anew, or at the machine."""
REGISTER: Final = {
    "facts": Words("Facts", "Faits"),
    "effects": Words("Effects", "Effets"),
    "measures": Words("Measures", "Mesures"),
}
"""The three texts that article 33(5) wants."""
_PURPOSE = "scope news"
MOVES: Final = {
    State.SUSPECTED: (
        Words("Suspect it again", "Le soupçonner à nouveau"),
        Words("It is looked into again.", "Il est examiné à nouveau."),
    ),
    State.CONFIRMED: (
        Words("Confirm the incident", "Confirmer l'incident"),
        Words(
            "Personal data were seen. The 72 hours run.",
            "Des données personnelles ont été vues. Les 72 heures courent.",
        ),
    ),
    State.NOTIFIED: (
        Words("Enter the notification", "Consigner la notification"),
        Words(
            "Beffroi sends nothing to the authority: notify on its own form first, then say so here.",
            "Beffroi n'envoie rien à l'autorité : notifiez d'abord sur son formulaire, puis dites-le ici.",
        ),
    ),
    State.CLOSED: (
        Words("Close the incident", "Clore l'incident"),
        Words(
            "Once facts, effects and measures are written. It can be opened again.",
            "Une fois écrits les faits, les effets et les mesures. Il peut être rouvert.",
        ),
    ),
    State.DISMISSED: (
        Words("Dismiss the incident", "Écarter l'incident"),
        Words(
            "It was no breach: nobody is notified. It can be suspected again.",
            "Ce n'était pas une violation : rien n'est notifié. Il peut être soupçonné à nouveau.",
        ),
    ),
}
"""What may be done to an incident: the words of the button, and what it means."""
REOPEN: Final = (
    Words("Open it again", "Rouvrir l'incident"),
    Words("It can be changed again.", "Il peut à nouveau être modifié."),
)
"""The same of one that is closed."""
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
_TOLD = {
    "from": Words("before:", "avant :"),
    "state": Words("now:", "désormais :"),
    "aware": Words("aware since", "connaissance depuis le"),
    "facts": Words("facts:", "faits :"),
    "effects": Words("effects:", "effets :"),
    "measures": Words("measures:", "mesures :"),
    "about": Words("about:", "à propos de :"),
    "severity": Words("severity:", "gravité :"),
    "digest": Words("digest:", "empreinte :"),
}
"""What is said of a step, by its name in the history."""
_FIELD_WORDS = {str(field.name).lower(): words for field, words in FIELDS.items()}
_decode = msgspec.json.Decoder(tuple[int, ...]).decode
_encode = msgspec.json.Encoder().encode


def ask_of(visit: Visit, operation: Operation = Operation.SCOPE_VIEW) -> Ask:
    """The visit as a question to the desk of incidents."""
    return Ask(visit.visitor.asker, Door.CONSOLE, operation, visit.request_id, Field(0), Purpose.AUDIT)


async def register(desk: Desk, visit: Visit) -> Page:
    """Every incident with its clock, and the form that opens one."""
    return await _register(desk, visit, {})


async def _register(desk: Desk, visit: Visit, mistakes: dict[str, str], status: int = 200) -> Page:
    lines = (await desk.cases.register(ask_of(visit))).content
    return desk.pages.render(
        visit,
        "incidents.html",
        TITLE,
        Room.INCIDENTS,
        status=status,
        listed=cut([(one.incident, one.clock) for one in reversed(lines)], visit.query),
        states=STATE_WORDS,
        mistakes=mistakes,
        said={name: visit.form.get(name, "") for name in ("title", "accounts", "aware", "reason")},
        title_max=TITLE_CHARACTERS_MAX,
    )


async def open_one(desk: Desk, visit: Visit) -> Page:
    """A new incident about some accounts; the window is proposed by their chains."""
    speaker = desk.pages.speaker(visit)
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
    selections = tuple(f"account={subject}" for subject in subjects)
    opening = Opening(visit.form["title"], visit.form["reason"], selections, aware_at=aware_at)
    try:
        opened = await desk.cases.open(ask_of(visit), opening)
    except CallerError as error:
        return await _register(desk, visit, {"accounts": error.text(visit.language)}, error.http_status)
    return see_other(f"/incidents/{opened.incident}")


async def incident(desk: Desk, visit: Visit) -> Page:
    """One incident as it stands."""
    return await _incident(desk, visit, {})


async def _incident(desk: Desk, visit: Visit, mistakes: dict[str, str], status: int = 200) -> Page:
    standing = (await desk.cases.standing(ask_of(visit), number_of(visit, INCIDENT))).content
    found = standing.incident
    return desk.pages.render(
        visit,
        "incident.html",
        ONE,
        Room.INCIDENTS,
        status=status,
        one=found,
        clock=standing.clock,
        entries=cut(list(enumerate(standing.entries))[::-1], visit.query, rows_max=ENTRIES_MAX),
        texts=REGISTER,
        selections_max=SELECTIONS_MAX,
        states=STATE_WORDS,
        following=[
            (state, *(REOPEN if found.state is State.CLOSED else MOVES[state]))
            for state in State
            if state in FOLLOWING[found.state]
        ],
        about=await about(desk, visit, found.selections),
        levels=LEVEL_WORDS,
        kinds=KINDS,
        happened=lambda told: [f"{label} {text}".strip() for label, text in happened(desk.pages.speaker(visit), told)],
        said=visit.form.get("selections", _written(found.selections)),
        mistakes=mistakes,
    )


def _written(selections: tuple[Selection, ...]) -> str:
    """The selections as they are to be changed; empty when one of them cannot be written, or all are too long."""
    lines = [written(one) for one in selections]
    text = "\n".join(lines)
    return text if all(lines) and len(text) <= WRITTEN_CHARACTERS_MAX else ""


def happened(speaker: Speaker, told: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What a step of an incident says besides its kind, in words, each with its label."""
    for name, value in told.items():
        text = speaker.words(STATE_WORDS[State(value)]) if value in set(State) else value
        if name == "aware":
            text = speaker.moment(datetime.fromisoformat(value))
        yield speaker.words(_TOLD[name]) if name in _TOLD else "", text


async def about(desk: Desk, visit: Visit, selections: tuple[Selection, ...]) -> list[list[tuple[str, str]]]:
    """What an incident is about, in words: for each selection its parts, all of which hold; of long ones the
    beginning.
    """
    speaker = desk.pages.speaker(visit)
    accounts = (number for one in selections for number in one.accounts[:VALUES_MAX])
    names = await desk.watch.names_of(f"account:{number}" for number in accounts)
    hospitals = {h.hospital_id: h.name for h in desk.hospitals}
    return [_parts(one, speaker, names, hospitals) for one in selections]


def _parts(one: Selection, speaker: Speaker, names: dict[int, str], hospitals: Any) -> list[tuple[str, str]]:
    say = speaker.say

    def some(values: Iterable[str], count: int) -> str:
        more = count - VALUES_MAX
        rest = [say(f"and {more} others", f"et {more} autres")] if more > 0 else []
        return ", ".join([*(brief(value) for value in islice(values, VALUES_MAX)), *rest])

    accounts, structures = one.accounts, one.structures
    found = [
        (say("Accounts", "Comptes"), some((names.get(n, str(n)) for n in accounts), len(accounts))),
        (say("Devices", "Appareils"), some((device[:16] for device in one.devices), len(one.devices))),
        (say("Networks", "Réseaux"), some(one.networks, len(one.networks))),
        (say("Applications", "Logiciels"), some(one.applications, len(one.applications))),
        (say("Hospitals", "Hôpitaux"), some((hospitals.get(n, str(n)) for n in structures), len(structures))),
        (say("Patients", "Patients"), speaker.count(len(one.people)) if one.people else ""),
        (say("Asked by", "Demandé par"), speaker.criteria(tuple(name for name, _ in one.query))),
        (say("Since", "Depuis"), speaker.moment(one.since) if one.since else ""),
        (say("Until", "Jusqu'à"), speaker.moment(one.until) if one.until else ""),
    ]
    return [(label, text) for label, text in found if text]


async def change(desk: Desk, visit: Visit) -> Page:
    """A state, a note, a wider selection, or what the register lacks: each with its reason, in the history."""
    number, what = number_of(visit, INCIDENT), visit.form.get("what", "")
    try:
        await _changed(desk, visit, number, what, visit.form.get("reason", "").strip())
    except NotFound as error:
        if what != "select":
            raise
        return await _incident(desk, visit, {what: error.text(visit.language)}, 422)
    except CallerError as error:
        return await _incident(desk, visit, {what: error.text(visit.language)}, 422)
    return see_other(f"/incidents/{number}")


async def _changed(desk: Desk, visit: Visit, number: int, what: str, reason: str) -> None:
    form, ask = visit.form, ask_of(visit)
    if what == "note":
        await desk.cases.note(ask, number, reason)
    elif what == "select":
        texts = [line for line in form.get("selections", "").splitlines() if line.strip()]
        await desk.cases.select(ask, number, texts, reason, None)
    elif what in set(State):
        await desk.cases.move(ask, number, State(what), reason, _moment(desk, form.get("aware", "")))


async def scope(desk: Desk, visit: Visit) -> Page:
    """Whose data, at this moment, and as they grew: counts per hospital and field. The look is recorded."""
    number, asker = number_of(visit, INCIDENT), visit.visitor.asker
    accounts: set[int] = set()
    place = ""

    async def before(concerned: frozenset[int]) -> None:
        nonlocal place
        accounts.update(concerned - {asker.account_id})
        place = await desk.news.place(_own(desk, accounts)) if accounts else ""

    answer = (await desk.cases.scope(ask_of(visit), number, before)).content
    firsts = [one.first_at for one in answer.patients if one.first_at and one.certainty != "aborted"]
    bins, _ = histogram(firsts)
    return desk.pages.render(
        visit,
        "scope.html",
        SCOPE,
        Room.INCIDENTS,
        number=number,
        scope=answer,
        place_of_news=place,
        watched=desk.sessions.handle(visit.visitor, _PURPOSE, _encode(sorted(accounts))),
        most=sorted(answer.totals.by_hospital.items(), key=lambda one: -one[1])[:HOSPITALS_MAX],
        growth=growth_chart([(one.at, one.patients) for one in bins]),
        hospitals={h.hospital_id: h.name for h in desk.hospitals},
        fields=_FIELD_WORDS,
        disclosure_id=answer.disclosure_id,
    )


async def scope_news(desk: Desk, visit: Visit) -> Page:
    """What the accounts of an incident do from now on."""
    raw = desk.sessions.opened(visit.visitor, _PURPOSE, visit.handle)
    if raw is None:
        raise NotFound(what=Words("The incident", "L'incident"))
    return news_since(desk, visit, _own(desk, set(_decode(raw))), LIVE_LEAST_S)


def _own(desk: Desk, accounts: set[int]) -> Mark:
    return lambda: desk.watch.chains(sorted(accounts))


def _moment(desk: Desk, text: str) -> datetime | None:
    """A date and hour as a browser's field writes them, in the region's time."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=desk.pages.place.zone)
    except ValueError:
        return None


def taking(visit: Visit) -> Ask:
    """As `ask_of`, for what leaves as a file."""
    return replace(ask_of(visit), operation=Operation.EXPORT)

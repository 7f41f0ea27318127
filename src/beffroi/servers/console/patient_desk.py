"""The desk: "who saw my identity", told to a patient whose identity was checked, on paper."""

from typing import Final

import msgspec

from beffroi.actions.asking import Ask
from beffroi.errors import Words
from beffroi.model.disclosure import Door, Field, Operation, Purpose
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import Page, Visit, see_other
from beffroi.servers.console.finding import Wanted, handle_of, wanted_of
from beffroi.servers.console.rooms import Room
from beffroi.servers.console.speaking import DOORS, OPERATIONS, PURPOSES, ROLES

TITLE = Words("Who saw a patient", "Qui a vu un patient")
DOCUMENTS = {
    "card": Words("identity card", "carte d'identité"),
    "passport": Words("passport", "passeport"),
    "permit": Words("residence permit", "titre de séjour"),
    "app": Words("national health identity app", "appli carte Vitale"),
}
PERSONS = {
    "self": Words("the patient", "le patient"),
    "parent": Words("a parent of the minor patient", "un parent du patient mineur"),
    "guardian": Words("the patient's guardian", "le tuteur du patient"),
}
SIGHTS_MAX: Final = 40
"""Times on one page; the next page is asked of the gate like the first."""
_PURPOSE = "told"


class Checked(msgspec.Struct, omit_defaults=True):
    """A telling as its form had it. `before`: only what was disclosed before this number; 0 is everything."""

    reference: str
    document: str
    person: str
    before: int = 0


_decode = msgspec.json.Decoder(Checked).decode
_encode = msgspec.json.Encoder().encode


async def start(desk: Desk, visit: Visit) -> Page:
    """How it goes."""
    return desk.pages.render(visit, "desk.html", TITLE, Room.DESK)


async def form(desk: Desk, visit: Visit) -> Page:
    """What was checked, before anything is told."""
    return see_other("/desk") if wanted_of(desk, visit) is None else _form(desk, visit, {})


async def ask(desk: Desk, visit: Visit) -> Page:
    """The check, then the address of what is told."""
    wanted = wanted_of(desk, visit)
    if wanted is None:
        return see_other("/desk")
    document, person = visit.form.get("document", ""), visit.form.get("person", "")
    if document not in DOCUMENTS or person not in PERSONS:
        mistake = desk.pages.speaker(visit).say("Say what was checked.", "Dites ce qui a été vérifié.")
        return _form(desk, visit, {"document": mistake}, 422)
    checked = Checked(wanted.reference, document, person)
    return see_other(f"/desk/told/{_handle_of(desk, visit, checked)}")


def _handle_of(desk: Desk, visit: Visit, checked: Checked) -> str:
    return desk.sessions.handle(visit.visitor, _PURPOSE, _encode(checked))


async def told(desk: Desk, visit: Visit) -> Page:
    """Who saw her, when, which data, from where; to be printed."""
    raw = desk.sessions.opened(visit.visitor, _PURPOSE, visit.handle)
    if raw is None:
        return see_other("/desk")
    checked = _decode(raw)
    reason = f"identity checked: {DOCUMENTS[checked.document].english}; asked by {PERSONS[checked.person].english}"
    asking = Ask(
        visit.visitor.asker,
        Door.CONSOLE,
        Operation.PATIENT_ACCESS,
        visit.request_id,
        Field.REFERENCE,
        Purpose.PATIENT_REQUEST,
        reason,
    )
    released = await desk.patient_access.who_saw(asking, checked.reference)
    answer = released.content
    rest = [one for one in answer.sights if not checked.before or one.disclosure_id < checked.before]
    shown = rest[:SIGHTS_MAX]
    following = Checked(checked.reference, checked.document, checked.person, shown[-1].disclosure_id if shown else 0)
    return desk.pages.render(
        visit,
        "who_saw.html",
        TITLE,
        Room.DESK,
        answer=answer,
        sights=shown,
        first=len(answer.sights) - len(rest) + 1,
        following=_handle_of(desk, visit, following) if len(rest) > SIGHTS_MAX else "",
        document=DOCUMENTS[checked.document],
        person=PERSONS[checked.person],
        patient=handle_of(desk, visit, Wanted(answer.reference)),
        roles=ROLES,
        doors=DOORS,
        operations=OPERATIONS,
        purposes=PURPOSES,
        hospitals={h.hospital_id: h.name for h in desk.hospitals},
        disclosure_id=answer.disclosure_id,
    )


def _form(desk: Desk, visit: Visit, mistakes: dict[str, str], status: int = 200) -> Page:
    return desk.pages.render(
        visit,
        "desk_check.html",
        TITLE,
        Room.DESK,
        status=status,
        handle=visit.handle,
        documents=list(DOCUMENTS.items()),
        persons=list(PERSONS.items()),
        mistakes=mistakes,
    )

"""Finding a patient and reading one: two fields, a list, one person, more of her for a purpose.

A search is a POST that answers with an address holding a sealed handle in place of what was typed: no name in an
address, a title or a history, and reload, Back and other tabs do what people expect. What the handle's page shows was
asked of the gate by that very request.
"""

from datetime import date
from typing import Any

import msgspec

from beffroi.access.fields import FIELDS_OF_SET, MINIMAL, FieldSet
from beffroi.access.policy import RIGHTS
from beffroi.actions.asking import Ask
from beffroi.errors import TooBroad, Words
from beffroi.model.disclosure import Door, Operation, Purpose
from beffroi.model.person import INS_OIDS, Sex
from beffroi.model.search import Criteria, DateRange, IdentifierToken
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import Page, Visit, see_other
from beffroi.servers.console.paging import cut
from beffroi.servers.console.patients import told
from beffroi.servers.console.rooms import Room
from beffroi.servers.console.speaking import PURPOSES, SEXES
from beffroi.servers.console.typed import NotADate, birth_date, names

TITLE = Words("Find a patient", "Trouver un patient")
PATIENT = Words("Patient", "Patient")
INS_LENGTH = 15
_SEARCH, _PATIENT = "search", "patient"


class Asked(msgspec.Struct, omit_defaults=True):
    """A search as its form had it: what its handle holds."""

    born: str = ""
    name: str = ""
    sex: str = ""
    number: str = ""


class Wanted(msgspec.Struct, omit_defaults=True):
    """One patient, which of her fields, and why: what a patient's handle holds."""

    reference: str
    fields: str = ""
    purpose: str = ""


_decode_asked = msgspec.json.Decoder(Asked).decode
_decode_wanted = msgspec.json.Decoder(Wanted).decode
_encode = msgspec.json.Encoder().encode


async def form(desk: Desk, visit: Visit) -> Page:
    """The two fields."""
    return _page(desk, visit, Asked(), {})


async def search(desk: Desk, visit: Visit) -> Page:
    """What was typed, checked; then the address of its answer."""
    asked = Asked(*(visit.form.get(name, "").strip() for name in ("born", "name", "sex", "number")))
    _, mistakes = criteria_of(desk, visit, asked)
    if mistakes:
        return _page(desk, visit, asked, mistakes, status=422)
    return see_other(f"/find/{desk.sessions.handle(visit.visitor, _SEARCH, _encode(asked))}")


async def found(desk: Desk, visit: Visit) -> Page:
    """The people who match, through the gate."""
    raw = desk.sessions.opened(visit.visitor, _SEARCH, visit.handle)
    if raw is None:
        return see_other("/find")
    asked = _decode_asked(raw)
    criteria, mistakes = criteria_of(desk, visit, asked)
    if criteria is None:
        return _page(desk, visit, asked, mistakes, status=422)
    purpose = _purpose_of_number(visit) if criteria.identifiers else Purpose.TREATMENT
    ask = Ask(visit.visitor.asker, Door.CONSOLE, Operation.SEARCH, visit.request_id, purpose=purpose)
    try:
        released = await desk.finder.search(ask, criteria)
    except TooBroad as error:
        return _page(desk, visit, asked, {"": error.text(visit.language)}, status=error.http_status)
    answer = told(released, desk.pages.speaker(visit), desk.hospitals)
    handles = {p.reference: handle_of(desk, visit, Wanted(p.replaced_by or p.reference)) for p in answer.people}
    return _page(
        desk,
        visit,
        asked,
        {},
        told=answer,
        listed=cut(answer.people, visit.query),
        handles=handles,
        criteria=criteria,
        disclosure_id=released.content.disclosure_id,
        outcome=released.content.outcome,
    )


async def patient(desk: Desk, visit: Visit) -> Page:
    """One patient: the minimal fields, and more of her when the handle says which and why."""
    wanted = wanted_of(desk, visit)
    if wanted is None:
        return see_other("/find")
    fields, purpose = MINIMAL, Purpose.TREATMENT
    for name in wanted.fields.split():
        fields |= FIELDS_OF_SET[FieldSet(name)]
    if wanted.purpose:
        purpose = Purpose(wanted.purpose)
    ask = Ask(visit.visitor.asker, Door.CONSOLE, Operation.READ, visit.request_id, wanted=fields, purpose=purpose)
    released = await desk.finder.read(ask, wanted.reference)
    answer = told(released, desk.pages.speaker(visit), desk.hospitals)
    if answer.people and answer.people[0].replaced_by:
        return see_other(f"/patient/{handle_of(desk, visit, Wanted(answer.people[0].replaced_by))}")
    rights = RIGHTS[visit.visitor.asker.role]
    return desk.pages.render(
        visit,
        "patient.html",
        PATIENT,
        Room.FIND,
        status=200 if answer.people else 403,
        told=answer,
        person=answer.people[0] if answer.people else None,
        handle=visit.handle,
        extra=[name.value for name in rights.extra],
        purposes=[(p.value, PURPOSES[p]) for p in Purpose if p in rights.purposes],
        chosen=wanted,
        may_emergency=rights.emergency,
        may_desk=Operation.PATIENT_ACCESS in rights.operations,
        mistakes={},
        disclosure_id=released.content.disclosure_id,
        outcome=released.content.outcome,
    )


async def more(desk: Desk, visit: Visit) -> Page:
    """More of one patient, for a purpose: the address of that reading."""
    wanted = wanted_of(desk, visit)
    if wanted is None:
        return see_other("/find")
    chosen = [name.value for name in FieldSet if visit.form.get(name.value) and name is not FieldSet.MINIMAL]
    purpose = visit.form.get("purpose", "")
    if not chosen or purpose not in set(Purpose):
        return see_other(f"/patient/{handle_of(desk, visit, Wanted(wanted.reference))}")
    more_wanted = Wanted(wanted.reference, " ".join(chosen), purpose)
    return see_other(f"/patient/{handle_of(desk, visit, more_wanted)}")


def handle_of(desk: Desk, visit: Visit, wanted: Wanted) -> str:
    """The text that stands for one patient in this session's addresses."""
    return desk.sessions.handle(visit.visitor, _PATIENT, _encode(wanted))


def wanted_of(desk: Desk, visit: Visit, handle: str = "") -> Wanted | None:
    """The patient whom a handle of this session stands for."""
    raw = desk.sessions.opened(visit.visitor, _PATIENT, handle or visit.handle)
    return None if raw is None else _decode_wanted(raw)


def criteria_of(desk: Desk, visit: Visit, asked: Asked) -> tuple[Criteria | None, dict[str, str]]:
    """What to search for; or, by field, what is wrong with what was typed."""
    say = desk.pages.speaker(visit).say
    mistakes: dict[str, str] = {}
    born: DateRange | None = None
    try:
        born = birth_date(asked.born, _today(desk))
    except NotADate:
        mistakes["born"] = say(
            "This is no birth date. Write the day, the month and the year: 12/03/1985.",
            "Ce n'est pas une date de naissance. Écrivez le jour, le mois et l'année : 12/03/1985.",
        )
    family, given = names(asked.name)
    tokens = tokens_of(asked.number)
    if not any((asked.born, asked.name, asked.number)):
        mistakes["born"] = say("Write a birth date or a name.", "Écrivez une date de naissance ou un nom.")
    if mistakes:
        return None, mistakes
    if tokens:
        return Criteria(identifiers=tokens), {}
    sex = Sex(asked.sex) if asked.sex in set(Sex) else None
    return Criteria(family=family, given=given, birth_date=born, sex=sex), {}


def tokens_of(text: str) -> tuple[IdentifierToken, ...]:
    """A hospital's own number, or a national identifier by its form, whichever authority gave it."""
    number = "".join(text.split())
    if not number:
        return ()
    if len(number) == INS_LENGTH and number[:1].isdigit() and number[-2:].isdigit():
        return tuple(IdentifierToken(oid, number) for oid in sorted(INS_OIDS))
    return (IdentifierToken("", number),)


def _purpose_of_number(visit: Visit) -> Purpose:
    """Searching by a national identifier needs a purpose: the first that the role may state."""
    allowed = RIGHTS[visit.visitor.asker.role].purposes
    return next((purpose for purpose in Purpose if purpose in allowed), Purpose.TREATMENT)


def _today(desk: Desk) -> date:
    return desk.clock.now().astimezone(desk.pages.place.zone).date()


def _page(desk: Desk, visit: Visit, asked: Asked, mistakes: dict[str, str], status: int = 200, **values: Any) -> Page:
    rights = RIGHTS[visit.visitor.asker.role]
    shown = {"told": None, "listed": None, "handles": {}, "criteria": None} | values
    return desk.pages.render(
        visit,
        "find.html",
        TITLE,
        Room.FIND,
        status=status,
        asked=asked,
        mistakes=mistakes,
        sexes=[(sex.value, SEXES[sex]) for sex in Sex],
        may_number=FieldSet.IDENTIFIERS in rights.extra,
        may_emergency=rights.emergency,
        other_split=_other_split(asked),
        handle=visit.handle,
        **shown,
    )


def _other_split(asked: Asked) -> str:
    """When the last word was taken for a given name and nobody was found: the whole taken for a family name."""
    family, given = names(asked.name)
    if family is None or given is None or "," in asked.name:
        return ""
    return f"{family.value} {given.value},"

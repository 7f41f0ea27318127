"""The identity cell's room: its hospital's doubtful identities, a list of each kind, and one doubt side by side.

Deciding on duplicates has its place in the navigation and is not built: what is decided is sent by the hospital's own
software (docs/how-to/identity-cell.md), and a doubt that is settled leaves the list by itself.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from beffroi.actions.asking import Ask
from beffroi.actions.doubts import BEGINNING
from beffroi.errors import Words
from beffroi.identity.comparison import STRICT, Agreement, Compared, Obstacle, Remark, Trait, compared, obstacles
from beffroi.model.disclosure import Door, Field, Operation, Purpose, Shown
from beffroi.model.doubt import COUNTED_MAX, Doubt, DoubtAnswer, DoubtKind, DoubtPlace
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import Page, Visit, see_other
from beffroi.servers.console.patients import Person, limits_of, person_of
from beffroi.servers.console.rooms import Room
from beffroi.servers.console.speaking import Speaker

TITLE = Words("Doubtful identities", "Identités douteuses")
ONE = Words("Side by side", "Côte à côte")
KINDS = {
    DoubtKind.SAME_INS: Words("One INS, two people", "Une INS, deux personnes"),
    DoubtKind.SAME_HOSPITAL: Words("Twice in this hospital", "Deux fois dans cet hôpital"),
    DoubtKind.NOT_JOINED: Words("Almost the same elsewhere", "Presque la même ailleurs"),
    DoubtKind.FLAGGED: Words("Flagged by this hospital", "Signalées par cet hôpital"),
}
TRAITS = {
    Trait.FAMILY: Words("Birth name", "Nom de naissance"),
    Trait.GIVEN: Words("First names", "Prénoms"),
    Trait.BORN: Words("Birth date", "Date de naissance"),
    Trait.SEX: Words("Sex", "Sexe"),
    Trait.PLACE: Words("Birth place", "Lieu de naissance"),
    Trait.INS: Words("INS", "INS"),
}
AGREEMENTS = {
    Agreement.SAME: Words("the same", "identique"),
    Agreement.CLOSE: Words("close", "proche"),
    Agreement.DIFFERENT: Words("contradicts", "contradictoire"),
    Agreement.UNKNOWN: Words("not said", "non renseigné"),
}
REMARKS = {
    Remark.NONE: Words("", ""),
    Remark.MORE_NAMES: Words("one has more first names", "l'une a plus de prénoms"),
    Remark.NAME_IN_USE: Words("the birth name of one is the other's name in use", "nom de naissance et nom utilisé"),
    Remark.EXCHANGED: Words("day and month exchanged", "jour et mois inversés"),
    Remark.NAMES_EXCHANGED: Words("name and first name exchanged", "nom et prénom inversés"),
}
OBSTACLES = {
    Obstacle.NOT_CHECKED: Words(
        "at least one was not checked against an identity document", "l'une au moins n'est pas validée par un document"
    ),
    Obstacle.IN_DOUBT: Words("its hospital flags one of them", "l'une est signalée par son hôpital"),
    Obstacle.TRAITS: Words("strict traits differ", "des traits stricts diffèrent"),
    Obstacle.INCOMPLETE: Words("a strict trait is missing", "un trait strict manque"),
    Obstacle.OTHER_INS: Words("two different INS", "deux INS différentes"),
}
_LIST, _PAIR = "doubts", "doubt"


class Listed(msgspec.Struct, array_like=True):
    """Which page of which list: what its handle holds."""

    kind: DoubtKind
    after: DoubtPlace = BEGINNING


class Pair(msgspec.Struct, array_like=True):
    """Which doubt."""

    kind: DoubtKind
    place: DoubtPlace


@dataclass(frozen=True, slots=True)
class Side:
    """An identity as the page shows it."""

    person: Person
    protected: bool


@dataclass(frozen=True, slots=True)
class Laid:
    """A doubt as the page shows it. `link`: its own page's handle."""

    own: Side | None
    other: Side | None
    alone: bool
    traits: tuple[Compared, ...]
    obstacles: tuple[Obstacle, ...]
    link: str


_decode_list = msgspec.json.Decoder(Listed).decode
_decode_pair = msgspec.json.Decoder(Pair).decode
_encode = msgspec.json.Encoder().encode


async def room(desk: Desk, visit: Visit) -> Page:
    """The first page of a list; by itself the one of the gravest kind."""
    wanted = visit.query.get("kind", "")
    return await _list(desk, visit, Listed(DoubtKind(wanted) if wanted in set(DoubtKind) else DoubtKind.SAME_INS))


async def more(desk: Desk, visit: Visit) -> Page:
    """The page behind one."""
    raw = desk.sessions.opened(visit.visitor, _LIST, visit.handle)
    return see_other("/identities") if raw is None else await _list(desk, visit, _decode_list(raw))


async def _list(desk: Desk, visit: Visit, wanted: Listed) -> Page:
    released = await desk.doubts.listed(_ask(visit), wanted.kind, wanted.after)
    answer, speaker = released.content, desk.pages.speaker(visit)
    following = None
    if answer.following is not None:
        following = desk.sessions.handle(visit.visitor, _LIST, _encode(Listed(wanted.kind, answer.following)))
    return _render(
        desk,
        visit,
        "identities.html",
        TITLE,
        answer,
        kind=wanted.kind,
        kinds=KINDS,
        counts={kind: _count(answer, kind, speaker) for kind in DoubtKind},
        first=wanted.after == BEGINNING,
        following=following,
    )


async def pair(desk: Desk, visit: Visit) -> Page:
    """One doubt, trait by trait."""
    raw = desk.sessions.opened(visit.visitor, _PAIR, visit.handle)
    if raw is None:
        return see_other("/identities")
    wanted = _decode_pair(raw)
    released = await desk.doubts.one(_ask(visit), wanted.kind, wanted.place)
    return _render(
        desk, visit, "identity_pair.html", ONE, released.content, kind=wanted.kind, kinds=KINDS, obstacles=OBSTACLES
    )


def _ask(visit: Visit) -> Ask:
    asker = visit.visitor.asker
    purpose = Purpose.IDENTITY_MANAGEMENT
    return Ask(asker, Door.CONSOLE, Operation.DOUBTS, visit.request_id, purpose=purpose)


def _render(desk: Desk, visit: Visit, template: str, title: Words, answer: DoubtAnswer, **values: Any) -> Page:
    speaker = desk.pages.speaker(visit)
    return desk.pages.render(
        visit,
        template,
        title,
        Room.IDENTITIES,
        answer=answer,
        doubts=[_laid(desk, visit, one, answer) for one in answer.doubts],
        limits=limits_of(answer.advice, speaker),
        traits=TRAITS,
        agreements=AGREEMENTS,
        remarks=REMARKS,
        disclosure_id=answer.disclosure_id,
        **values,
    )


def _laid(desk: Desk, visit: Visit, one: Doubt, answer: DoubtAnswer) -> Laid:
    own, other = _side(desk, visit, one.own, answer), _side(desk, visit, one.other, answer)
    traits: tuple[Compared, ...] = ()
    stands: tuple[Obstacle, ...] = ()
    if one.own is not None and one.other is not None:
        protected = not one.own.fields & one.other.fields & Field.SEX
        wanted = STRICT[:3] if protected else tuple(Trait) if one.own.fields & one.other.fields & Field.INS else STRICT
        traits = compared(one.own.record, one.other.record, wanted)
        stands = () if protected else obstacles(one.own.record, one.other.record)
    link = desk.sessions.handle(visit.visitor, _PAIR, _encode(Pair(one.kind, one.place)))
    return Laid(own, other, not one.place.other_id, traits, stands, link)


def _side(desk: Desk, visit: Visit, shown: Shown | None, answer: DoubtAnswer) -> Side | None:
    if shown is None:
        return None
    person = person_of(shown, desk.pages.speaker(visit), desk.hospitals, answer.at)
    return Side(person, not shown.fields & Field.SEX)


def _count(answer: DoubtAnswer, kind: DoubtKind, speaker: Speaker) -> str:
    count = answer.counts.get(kind, 0)
    if count > COUNTED_MAX:
        return speaker.say(f"more than {speaker.count(COUNTED_MAX)}", f"plus de {speaker.count(COUNTED_MAX)}")
    return speaker.count(count)

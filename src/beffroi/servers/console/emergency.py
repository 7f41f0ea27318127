"""An emergency reading: one person, the minimal fields, a reason in words. It rings, and it is shown once.

Its address serves one request only: the handle's number is burnt in the gate's own transaction, so that a reload or
Back asks again instead of reading again.
"""

from hashlib import sha256

import msgspec

from beffroi.access.policy import REASON_LENGTH_MIN
from beffroi.access.rejection import STEP_UP
from beffroi.actions.asking import Ask
from beffroi.errors import NotAuthenticated, NotFound, TooBroad, Words
from beffroi.model.disclosure import Door, Operation, Proof, Purpose
from beffroi.model.person import Sex
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import Page, Visit, see_other
from beffroi.servers.console.finding import Asked, criteria_of, wanted_of
from beffroi.servers.console.patients import told
from beffroi.servers.console.rooms import Room
from beffroi.servers.console.speaking import SEXES

TITLE = Words("Emergency reading", "Lecture en urgence")
REASON_LENGTH_MAX = 500
HANDLE_S_MAX = 600
"""Seconds for which the address of an emergency reading serves: well within the time for which proofs are
remembered.
"""
_PURPOSE = "emergency"
_PROOF_BYTES = 16
SECONDS_PER_MINUTE = 60


class Urgent(msgspec.Struct, omit_defaults=True):
    """An emergency reading as its form had it. `reference` when it is of a patient found before."""

    reason: str
    number: str
    made_s: int
    reference: str = ""
    asked: Asked = msgspec.field(default_factory=Asked)


_decode = msgspec.json.Decoder(Urgent).decode
_encode = msgspec.json.Encoder().encode


async def form(desk: Desk, visit: Visit) -> Page:
    """What is needed: who, and why. A handle in the address names a patient found before."""
    return _page(desk, visit, Asked(), "", {})


async def ask(desk: Desk, visit: Visit) -> Page:
    """What was typed, checked; then the address that reads once."""
    reason = visit.form.get("reason", "").strip()
    asked = Asked(*(visit.form.get(name, "").strip() for name in ("born", "name", "sex")))
    say = desk.pages.speaker(visit).say
    mistakes: dict[str, str] = {}
    reference = ""
    if visit.handle:
        wanted = wanted_of(desk, visit)
        if wanted is None:
            return see_other("/emergency")
        reference = wanted.reference
    else:
        _, mistakes = criteria_of(desk, visit, asked)
    if not REASON_LENGTH_MIN <= len(reason) <= REASON_LENGTH_MAX:
        mistakes["reason"] = say(
            f"Say why in a few words: {REASON_LENGTH_MIN} to {REASON_LENGTH_MAX} characters, nothing medical.",
            f"Dites pourquoi en quelques mots : {REASON_LENGTH_MIN} à {REASON_LENGTH_MAX} caractères, rien de médical.",
        )
    if mistakes:
        return _page(desk, visit, asked, reason, mistakes, status=422)
    urgent = Urgent(reason, str(desk.clock.uuid()), int(desk.clock.now().timestamp()), reference, asked)
    return see_other(f"/emergency/read/{desk.sessions.handle(visit.visitor, _PURPOSE, _encode(urgent))}")


async def read(desk: Desk, visit: Visit) -> Page:
    """The reading, once."""
    raw = desk.sessions.opened(visit.visitor, _PURPOSE, visit.handle)
    if raw is None:
        return see_other("/emergency")
    urgent = _decode(raw)
    if desk.clock.now().timestamp() - urgent.made_s > HANDLE_S_MAX:
        return _shown_before(desk, visit)
    proof = Proof(sha256(urgent.number.encode()).digest()[:_PROOF_BYTES], urgent.made_s // SECONDS_PER_MINUTE)
    asking = Ask(
        visit.visitor.asker,
        Door.CONSOLE,
        Operation.EMERGENCY_READ,
        visit.request_id,
        purpose=Purpose.EMERGENCY,
        reason=urgent.reason,
        proof=proof,
    )
    try:
        if urgent.reference:
            released = await desk.finder.read(asking, urgent.reference)
        else:
            criteria, mistakes = criteria_of(desk, visit, urgent.asked)
            if criteria is None:
                return _page(desk, visit, urgent.asked, urgent.reason, mistakes, status=422)
            released = await desk.finder.search(asking, criteria)
    except NotAuthenticated as error:
        if error.error == STEP_UP:
            raise
        return _shown_before(desk, visit)
    except (TooBroad, NotFound) as error:
        mistakes = {"": error.text(visit.language)}
        return _page(desk, visit, urgent.asked, urgent.reason, mistakes, status=error.http_status)
    answer = told(released, desk.pages.speaker(visit), desk.hospitals)
    return desk.pages.render(
        visit,
        "emergency_read.html",
        TITLE,
        Room.FIND,
        told=answer,
        reason=urgent.reason,
        disclosure_id=released.content.disclosure_id,
        outcome=released.content.outcome,
    )


def _shown_before(desk: Desk, visit: Visit) -> Page:
    return desk.pages.render(visit, "emergency_gone.html", TITLE, Room.FIND, status=410)


def _page(desk: Desk, visit: Visit, asked: Asked, reason: str, mistakes: dict[str, str], status: int = 200) -> Page:
    return desk.pages.render(
        visit,
        "emergency.html",
        TITLE,
        Room.FIND,
        status=status,
        asked=asked,
        reason=reason,
        mistakes=mistakes,
        known=bool(visit.handle),
        handle=visit.handle,
        sexes=[(sex.value, SEXES[sex]) for sex in Sex],
        reason_min=REASON_LENGTH_MIN,
        reason_max=REASON_LENGTH_MAX,
    )

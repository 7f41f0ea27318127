"""Security keys: enrolling one with a code handed over in person, proving who is there, handing a code to somebody.

The browser's ceremony runs in our script between a page that holds the options and a form that posts the answer, so
that the form's token, the session and every refusal are as everywhere else. Source: WebAuthn level 3, sections 5.1.3,
5.1.4 and 5.1.8 (JSON forms).
"""

from typing import Any

import msgspec

from beffroi.access.policy import RIGHTS
from beffroi.actions.ways.acting import Act
from beffroi.errors import CallerError, InvalidValue, WayRefused, Words
from beffroi.model.disclosure import Door, Operation
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import Page, Visit, own_path, see_other
from beffroi.servers.console.notices import done, just_done
from beffroi.servers.console.rooms import Room

TITLE = Words("My key", "Ma clé")
CODES = Words("Hand over a code", "Remettre un code")
CREDENTIAL_CHARACTERS_MAX = 8_192
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


async def room(desk: Desk, visit: Visit) -> Page:
    """One's own keys, and what can be done with them."""
    return await _room(desk, visit, {})


async def _room(desk: Desk, visit: Visit, mistakes: dict[str, str], status: int = 200) -> Page:
    ring = await desk.ways.keys.ring(act_of(visit))
    return desk.pages.render(
        visit,
        "keys.html",
        TITLE,
        Room.KEYS,
        status=status,
        keys=ring.keys,
        proof=_encode(ring.proof).decode() if ring.proof else "",
        back=own_path(visit.query.get("back", "") or visit.form.get("back", "")),
        enrolment=_encode(ring.enrolment).decode(),
        mistakes=mistakes,
        done=just_done(desk, visit),
        may_grant=Operation.KEY in RIGHTS[visit.visitor.asker.role].operations,
    )


async def proof_options(desk: Desk, act: Act) -> str:
    """What the browser needs to have a key touched; empty when none of theirs counts."""
    try:
        return _encode(await desk.ways.keys.challenge(act)).decode()
    except WayRefused:
        return ""


async def enrol(desk: Desk, visit: Visit) -> Page:
    """A new key, with the code."""
    try:
        await desk.ways.keys.enrol(act_of(visit), visit.form.get("code", ""), credential_of(visit))
    except CallerError as error:
        return await _room(desk, visit, {"code": error.text(visit.language)}, error.http_status)
    return done(desk, visit, "/keys", "enrolled")


async def prove(desk: Desk, visit: Visit) -> Page:
    """The step-up; then back to what was withheld for want of it, which is asked again."""
    try:
        await desk.ways.keys.prove(act_of(visit), credential_of(visit))
    except CallerError as error:
        return await _room(desk, visit, {"proof": error.text(visit.language)}, error.http_status)
    back = own_path(visit.form.get("back", ""))
    return done(desk, visit, "/keys", "proved") if back == "/" else see_other(back)


async def revoke(desk: Desk, visit: Visit) -> Page:
    """A key that was lost."""
    await desk.ways.keys.revoke(act_of(visit), visit.form.get("key", ""))
    return done(desk, visit, "/keys", "revoked")


async def codes(desk: Desk, visit: Visit) -> Page:
    """The form that hands a code to somebody who stands there."""
    return _codes(desk, visit, {})


async def hand_over(desk: Desk, visit: Visit) -> Page:
    """The code, shown once: it stands in no address, and a reload makes another."""
    subject = visit.form.get("subject", "").strip()
    try:
        code = await desk.ways.keys.grant(act_of(visit), subject)
    except CallerError as error:
        return _codes(desk, visit, {"subject": error.text(visit.language)}, status=error.http_status)
    return _codes(desk, visit, {}, code=code)


def _codes(desk: Desk, visit: Visit, mistakes: dict[str, str], code: object = None, status: int = 200) -> Page:
    return desk.pages.render(
        visit,
        "key_codes.html",
        CODES,
        Room.KEYS,
        status=status,
        subject=visit.form.get("subject", ""),
        mistakes=mistakes,
        code=code,
    )


def act_of(visit: Visit) -> Act:
    """The visit as something that is done."""
    return Act(visit.visitor.asker, Door.CONSOLE, visit.request_id)


def credential_of(visit: Visit) -> dict[str, Any]:
    """The browser's answer. Raises InvalidValue when there is none."""
    raw = visit.form.get("credential", "")
    try:
        if not 0 < len(raw) <= CREDENTIAL_CHARACTERS_MAX:
            raise ValueError("no answer")
        return _decode(raw)
    except (ValueError, RecursionError):
        what = Words("The key's answer", "La réponse de la clé")
        why = Words("the browser gave none", "le navigateur n'en a pas donné")
        raise InvalidValue(what=what, why=why) from None

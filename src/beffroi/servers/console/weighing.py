"""How grave an incident is, factor by factor: what the program proposes and why, what the officer chose, what follows.

Nothing is weighed here: `breach.severity` proposes and counts, `actions.incidents` keeps a choice with its reason.
"""

from contextlib import suppress
from dataclasses import dataclass

from beffroi.breach.incident import State
from beffroi.breach.report_words import FACTOR_WORDS
from beffroi.breach.severity import (
    CNIL_GRAVITY,
    LEVEL_WORDS,
    REASON_LENGTH_MAX,
    REASON_LENGTH_MIN,
    Choice,
    Factor,
    people_are_told,
)
from beffroi.breach.severity_words import FACTOR_ASKS, meaning_of, scale_of
from beffroi.errors import CallerError, NotFound, Words
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import Page, Visit, number_of, see_other
from beffroi.servers.console.incidents import INCIDENT, ask_of
from beffroi.servers.console.rooms import Room

TITLE = Words("How grave", "Quelle gravité")
KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Weighed:
    """One factor as the page shows it: what holds, what the program proposes, what may be chosen."""

    factor: Factor
    now: Choice
    proposed: Choice
    means: Words
    scale: tuple[tuple[float, Words], ...]


async def room(desk: Desk, visit: Visit) -> Page:
    """The severity as it stands. A look at the scope, recorded."""
    return await _room(desk, visit, {})


async def choose(desk: Desk, visit: Visit) -> Page:
    """One factor chosen otherwise, with its reason; or all kept as proposed."""
    form, number = visit.form, number_of(visit, INCIDENT)
    what, value, reason = form.get("what", ""), 0.0, form.get("reason", "").strip()
    with suppress(ValueError):
        value = float(form.get("value", ""))
    if what != KEEP and what not in set(Factor):
        return see_other(f"/incidents/severity/{number}")
    factor = None if what == KEEP else Factor(what)
    try:
        await desk.cases.severity(ask_of(visit), number, factor, value, reason, keep=factor is None)
    except NotFound:
        raise
    except CallerError as error:
        mistakes = {"" if factor is None else what: error.text(visit.language)}
        return await _room(desk, visit, mistakes, error.http_status)
    return see_other(f"/incidents/severity/{number}" + (f"#{factor}" if factor else ""))


async def _room(desk: Desk, visit: Visit, mistakes: dict[str, str], status: int = 200) -> Page:
    number = number_of(visit, INCIDENT)
    weighing = (await desk.cases.weighing(ask_of(visit), number)).content
    incident, now = weighing.standing.incident, weighing.now
    return desk.pages.render(
        visit,
        "severity.html",
        TITLE,
        Room.INCIDENTS,
        status=status,
        number=number,
        title_of=incident.title,
        clock=weighing.standing.clock,
        notified=incident.state in (State.NOTIFIED, State.CLOSED),
        open=incident.state is not State.CLOSED,
        kept=weighing.kept,
        look=weighing.look,
        severity=now,
        context=now.value(Factor.DPC),
        ease=now.value(Factor.EI),
        factors=[_weighed(held, offered) for held, offered in zip(now.choices, weighing.proposed.choices, strict=True)],
        levels=LEVEL_WORDS,
        gravity=CNIL_GRAVITY,
        inform=people_are_told(now.level),
        names=FACTOR_WORDS,
        asks=FACTOR_ASKS,
        reason_min=REASON_LENGTH_MIN,
        reason_max=REASON_LENGTH_MAX,
        said=visit.form.get("reason", ""),
        mistakes=mistakes,
        disclosure_id=weighing.look,
    )


def _weighed(now: Choice, proposed: Choice) -> Weighed:
    return Weighed(now.factor, now, proposed, meaning_of(now.factor, now.value), scale_of(now.factor))

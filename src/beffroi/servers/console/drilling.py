"""The last exercise: what thieves were shown, and whom the watch disturbed. Two figures, each with its chart."""

from beffroi.errors import Words
from beffroi.model.drill import DrillReport, Played
from beffroi.servers.console.bars import Bars, bars
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import Page, Visit
from beffroi.servers.console.rooms import Room
from beffroi.servers.console.speaking import Speaker

TITLE = Words("The last drill", "Le dernier exercice")
YEAR = "plain"
"""The season of plain work, by which the watch is judged."""


async def room(desk: Desk, visit: Visit) -> Page:
    """The report that was put where the configuration says."""
    report = await desk.drills.last()
    speaker = desk.pages.speaker(visit)
    aimed = [one for one in report.thieves if one.aim_p95 is not None] if report else []
    return desk.pages.render(
        visit,
        "drill.html",
        TITLE,
        Room.WATCH,
        report=report,
        worst=max(aimed, key=lambda one: one.shown_p95 or 0, default=None),
        missed=sum(one.aim_met is False for one in aimed),
        aimed=len(aimed),
        after=sum(one.answers_after_verdict or 0 for one in report.thieves) if report else 0,
        year=report.seasons.get(YEAR) if report else None,
        titled=lambda one: _title(one, speaker),
        chart=_chart(report, speaker) if report else None,
    )


def _title(one: Played, speaker: Speaker) -> str:
    return speaker.say(one.title, one.title_fr)


def _chart(report: DrillReport, speaker: Speaker) -> Bars:
    known = [
        (speaker.say(one.title, one.title_fr), one.patients_per_account, "known") for one in report.known_incidents
    ]
    return bars([*known, *((_title(one, speaker), one.shown_p95 or 0, _kind(one)) for one in report.thieves)])


def _kind(one: Played) -> str:
    return "odd" if one.aim_met is False else "seen"

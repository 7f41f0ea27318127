"""The configuration in force, read-only: what was changed from the default, a table a page, and a search over all of
it. No secret is among it (config.listing).
"""

import unicodedata
from dataclasses import dataclass
from typing import Final

from beffroi.errors import NotFound, Words
from beffroi.model.configuration import Line, Part
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import Page, Visit
from beffroi.servers.console.paging import cut
from beffroi.servers.console.rooms import Room
from beffroi.servers.console.speaking import Speaker

TITLE = Words("Configuration in force", "Configuration en vigueur")
ASKED_CHARACTERS_MAX: Final = 60
LINES_MAX: Final = 20
"""Settings of a page of findings: with the longest values and meanings it stays under 60 KiB."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the file in the list of all: of how many, and what was changed in them."""

    handle: str
    name: str
    count: int
    settings: int
    changed: int


async def room(desk: Desk, visit: Visit) -> Page:
    """What was changed, and the tables; or what a search finds."""
    asked = visit.query.get("q", "").strip()[:ASKED_CHARACTERS_MAX]
    speaker, every = desk.pages.speaker(visit), desk.settings.lines
    lines = [one for one in every if (speaks_of(one, asked, speaker) if asked else one.changed)]
    return desk.pages.render(
        visit,
        "settings.html",
        TITLE,
        Room.OPERATE,
        asked=asked,
        asked_max=ASKED_CHARACTERS_MAX,
        lines=cut(lines, visit.query, rows_max=LINES_MAX),
        tables=_tables(desk.settings.parts),
        absent=desk.settings.absent,
    )


async def part(desk: Desk, visit: Visit) -> Page:
    """One table; where there are several of its name, which of them. Raises `NotFound`."""
    parts = desk.settings.parts
    several = [one for one in parts if one.table == visit.handle]
    one = next((one for one in parts if one.handle == visit.handle), None)
    if one is None and not several:
        raise NotFound(what=Words("This table", "Cette table"))
    beside = [other for other in parts if one is not None and other.table == one.table]
    return desk.pages.render(
        visit,
        "settings_part.html",
        TITLE,
        Room.OPERATE,
        table=visit.handle,
        part=one,
        several=cut(several, visit.query),
        back=f"/operate/settings/{one.table}" if one is not None and len(beside) > 1 else "/operate/settings",
    )


def speaks_of(line: Line, asked: str, speaker: Speaker) -> bool:
    """Whether every word that was asked stands in the setting's name, value or meaning.

    >>> from zoneinfo import ZoneInfo
    >>> one = Line("console.idle_s", "900", "900", Words("Seconds without use.", "Secondes sans usage."), Words("", ""))
    >>> speaker = Speaker("fr", ZoneInfo("UTC"))
    >>> speaks_of(one, "SECONDES idle", speaker), speaks_of(one, "minutes", speaker)
    (True, False)
    """
    text = _plain(f"{line.name} {line.value} {speaker.words(line.meaning)} {speaker.words(line.gains)}")
    return all(word in text for word in _plain(asked).split())


def _plain(text: str) -> str:
    """Without accents and capitals, as people type in a hurry."""
    return "".join(one for one in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(one))


def _tables(parts: tuple[Part, ...]) -> list[Table]:
    found = []
    for name in dict.fromkeys(part.table for part in parts):
        same = [part for part in parts if part.table == name]
        lines = [line for part in same for line in part.lines]
        handle = same[0].handle if len(same) == 1 else name
        found.append(Table(handle, name, len(same), len(lines), sum(line.changed for line in lines)))
    return found

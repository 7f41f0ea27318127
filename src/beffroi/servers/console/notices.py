"""What somebody has just done, said on the page to which it leads. It stands in that page's address sealed for their
session, so that nobody's link says "done" of what was not done, and it is said for a minute.
"""

from typing import Final

from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import Page, Visit, see_other

SAID_S: Final = 60
"""Seconds for which it is said: a page that is opened again later says how things stand, not what was done."""


def done(desk: Desk, visit: Visit, path: str, what: str) -> Page:
    """On to a page of the console, which says what was done."""
    content = f"{int(desk.clock.now().timestamp())} {what}".encode()
    return see_other(f"{path}?done={desk.sessions.handle(visit.visitor, _of(path), content)}")


def just_done(desk: Desk, visit: Visit) -> str:
    """What was done that led here; empty for anything else that the address says."""
    raw = desk.sessions.opened(visit.visitor, _of(visit.path), visit.query.get("done", ""))
    if raw is None:
        return ""
    at_s, _, what = raw.decode().partition(" ")
    return what if desk.clock.now().timestamp() - int(at_s) < SAID_S else ""


def _of(path: str) -> str:
    return f"done at {path}"

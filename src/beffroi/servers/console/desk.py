"""What every handler of the console works with."""

from dataclasses import dataclass
from typing import Protocol

from beffroi.actions.asking import Ask
from beffroi.actions.browser_sessions import BrowserSessions
from beffroi.actions.contain import Containing
from beffroi.actions.watch_room import WatchRoom
from beffroi.clock import Clock
from beffroi.model.disclosure import Answer, DisclosureId, Released
from beffroi.model.hospitals import Hospitals
from beffroi.model.search import Criteria
from beffroi.servers.console.headers import Cookies
from beffroi.servers.console.news import News
from beffroi.servers.console.pages import Pages


class Finds(Protocol):
    """The finder as the console uses it (actions.find.Finder)."""

    async def search(self, ask: Ask, criteria: Criteria) -> Released[Answer]: ...

    async def read(self, ask: Ask, reference: str) -> Released[Answer]: ...

    def delivered(self, disclosure_id: DisclosureId, sent: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """The finder, the sessions and the pages of one deployment."""

    finder: Finds
    sessions: BrowserSessions
    pages: Pages
    hospitals: Hospitals
    cookies: Cookies
    clock: Clock
    watch: WatchRoom
    containing: Containing
    news: News

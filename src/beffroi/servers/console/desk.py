"""What every handler of the console works with."""

from dataclasses import dataclass
from typing import Protocol

from beffroi.actions.asking import Ask
from beffroi.actions.browser_sessions import BrowserSessions
from beffroi.actions.case_room import CaseRoom
from beffroi.actions.contain import Containing
from beffroi.actions.device_binding import DeviceBinding
from beffroi.actions.doubts import DoubtfulIdentities
from beffroi.actions.drill_report import DrillReports
from beffroi.actions.operations_room import OperationsRoom
from beffroi.actions.patient_access import PatientAccessDesk
from beffroi.actions.roles import Roles
from beffroi.actions.sent_forms import SentForms
from beffroi.actions.trust_room import TrustRoom
from beffroi.actions.watch_room import WatchRoom
from beffroi.actions.ways.ways_on import WaysOn
from beffroi.clock import Clock
from beffroi.model.configuration import Listing
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
    """What there is of one deployment."""

    finder: Finds
    sessions: BrowserSessions
    devices: DeviceBinding
    pages: Pages
    hospitals: Hospitals
    cookies: Cookies
    clock: Clock
    watch: WatchRoom
    containing: Containing
    news: News
    patient_access: PatientAccessDesk
    doubts: DoubtfulIdentities
    cases: CaseRoom
    operations: OperationsRoom
    roles: Roles
    trust: TrustRoom
    ways: WaysOn
    drills: DrillReports
    sent: SentForms
    settings: Listing

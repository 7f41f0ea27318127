"""What is done about incidents by people who are signed in, by whatever door: each step recorded, then taken.

The record (SCOPE_VIEW, or EXPORT for what leaves as files) burns the request's proof and refuses whoever may not; what
cannot be done is recorded as refused. Whoever asks is told nothing of a hospital whose name alone is medical, but their
own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Annotated, TypeVar

import msgspec

from beffroi.actions.asking import Ask
from beffroi.actions.case_files import LANGUAGES, case_files
from beffroi.actions.case_report import CaseFile, CaseReports, Weighing
from beffroi.actions.house import House
from beffroi.actions.incidents import NOTHING_SEEN, Incidents, Standing, proposed_selections
from beffroi.actions.proving import Prover
from beffroi.actions.scope_export import ScopeExports
from beffroi.breach.incident import Account33, Clock72, State, Window
from beffroi.breach.severity import Factor, Severity
from beffroi.clock import Clock
from beffroi.errors import CallerError, InvalidValue, NotFound, Words
from beffroi.model.disclosure import Field, Operation, Outcome, Question, Released
from beffroi.model.scope import ScopeAnswer
from beffroi.outbound.encrypting import encrypted
from beffroi.outbound.typesetting import pdf_apart
from beffroi.store.cases import Incident
from beffroi.store.database import Database
from beffroi.store.exports import Export

T = TypeVar("T")
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time that says its zone."""


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new incident: about selections as a scope's are written, and the accounts of these verdicts of the watch.

    A selection by account without a time has its window proposed: `suspicious_at` says from when, without an alarm.
    """

    title: str
    reason: str
    selections: tuple[str, ...] = ()
    alarms: tuple[int, ...] = ()
    aware_at: Instant | None = None
    suspicious_at: Instant | None = None


class Opened(msgspec.Struct, frozen=True):
    """The number of an incident, and the windows that were proposed for it."""

    incident: int
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the register."""

    incident: Incident
    clock: Clock72 | None


@dataclass(frozen=True, slots=True)
class ExportLine:
    """One request of whole lists, and who asked and approved."""

    export: Export
    requester: str
    approver: str


class ProofWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A proof of one selection, for who has these keys (age). `open_range`: every leaf of its time is opened."""

    selection: str
    recipients: tuple[str, ...]
    open_range: bool = False


class CaseRoom:
    """The desk of incidents. `region` is its name; `officer_keys` are age recipients by hospital."""

    def __init__(
        self,
        database: Database,
        house: House,
        clock: Clock,
        region: str,
        prover: Prover,
        officer_keys: Mapping[int, Sequence[str]],
    ) -> None:
        self._house = house
        self._investigation = investigation = house.investigation
        self._of = partial(Incidents, database, clock)
        self._reports: Callable[[Incidents], CaseReports] = lambda incidents: CaseReports(
            database, house, investigation, incidents, clock, region
        )
        self._exports = ScopeExports(database, house, investigation, clock)
        self._prover = prover
        self._officer_keys = officer_keys

    async def register(self, ask: Ask) -> Released[tuple[Line, ...]]:
        """Every incident with its clock, oldest first."""
        lines = tuple(Line(*one) for one in await self._incidents(ask).listed())
        return await self._released(ask, {"step": "register", "incidents": str(len(lines))}, lines)

    async def standing(self, ask: Ask, number: int) -> Released[Standing]:
        """One incident with its clock and history. Raises `NotFound`."""
        standing = await self._or_refused(ask, self._incidents(ask).standing(number))
        return await self._released(ask, {"step": "show", "incident": str(number)}, standing)

    async def open(self, ask: Ask, opening: Opening) -> Opened:
        """A new incident."""
        await self._released(ask, {"step": "open"}, None)
        incidents = self._incidents(ask)
        alarms = await incidents.of_alarms(opening.alarms) if opening.alarms else []
        texts = (*opening.selections, *alarms)
        chosen, windows = await proposed_selections(incidents, self._investigation, texts, opening.suspicious_at)
        number = await incidents.open(opening.title, chosen, opening.reason, opening.aware_at)
        return Opened(number, tuple(windows))

    async def move(self, ask: Ask, number: int, state: State, reason: str, aware_at: datetime | None) -> None:
        """Enters a state."""
        await self._released(ask, {"step": state.value, "incident": str(number)}, None)
        await self._incidents(ask).move(number, state, reason, aware_at)

    async def note(self, ask: Ask, number: int, text: str) -> None:
        """Adds to the history."""
        await self._released(ask, {"step": "note", "incident": str(number)}, None)
        await self._incidents(ask).note(number, text)

    async def select(
        self, ask: Ask, number: int, texts: Sequence[str], reason: str, suspicious_at: datetime | None
    ) -> Opened:
        """What it is about, from now on."""
        await self._released(ask, {"step": "select", "incident": str(number)}, None)
        incidents = self._incidents(ask)
        chosen, windows = await proposed_selections(incidents, self._investigation, texts, suspicious_at)
        await incidents.select(number, chosen, reason)
        return Opened(number, tuple(windows))

    async def tell(
        self, ask: Ask, number: int, told: Account33, reason: str, seen: Mapping[str, str] = NOTHING_SEEN
    ) -> None:
        """Facts, effects, measures (article 33(5)); `seen` as in `Incidents.tell`."""
        await self._released(ask, {"step": "tell", "incident": str(number)}, None)
        await self._incidents(ask).tell(number, told, reason, seen)

    async def scope(
        self, ask: Ask, number: int, before: Callable[[frozenset[int]], Awaitable[None]] | None = None
    ) -> Released[ScopeAnswer]:
        """Whose data were seen, of one incident: at this moment, and of this asker's sight.

        `before`: told of which accounts it is, before anything is counted, for who waits for what they do next.
        """
        standing = await self._or_refused(ask, self._incidents(ask).standing(number))
        ask = replace(ask, reason=f"incident {number}")
        if before is not None:
            await before(frozenset(account for one in standing.incident.selections for account in one.accounts))
        return await self._investigation.view_selections(ask, standing.incident.selections)

    async def weighing(self, ask: Ask, number: int) -> Released[Weighing]:
        """How grave it is, with what is proposed and what was chosen. A look at the scope. Raises `NotFound`."""
        await self._check_files(ask)
        hidden = self._investigation.hidden_from(ask)
        look = _look_of(ask, number)
        weighed = self._reports(self._incidents(ask)).weighed(look, number, hidden, {"step": "severity"})
        return await self._or_refused(look, weighed)

    async def severity(
        self, ask: Ask, number: int, factor: Factor | None, value: float, reason: str, *, keep: bool
    ) -> Severity:
        """As it is proposed or kept; with a factor chosen otherwise, or kept as proposed. A look at the scope."""
        incidents = self._incidents(ask)
        now = (await self.weighing(ask, number)).content.now
        if factor is not None:
            return await incidents.choose(number, now, factor, value, reason, ask.asker.subject)
        return await incidents.weigh(number, now, reason or "as proposed") if keep else now

    async def report(
        self, ask: Ask, number: int, languages: Sequence[str], *, complementary: bool
    ) -> Released[dict[str, bytes]]:
        """The files of a report by name, as `beffroi incident report` writes them. Raises `InvalidValue`."""
        if not set(languages) <= set(LANGUAGES):
            await self._house.gate.refuse(
                _bare(ask), InvalidValue("languages", what="languages", why=Words("fr or en", "fr ou en"))
            )
        await self._check_files(ask)
        incidents = self._incidents(ask)
        gathered = await self._gathered(ask, incidents, number, "report")
        made = await asyncio.to_thread(
            case_files, gathered, languages or LANGUAGES, complementary=complementary, typeset=pdf_apart
        )
        report = gathered.content.report
        await incidents.reported(number, {"look": str(report.look), "digest": report.digest})
        said = {"step": "report", "incident": str(number), "look": str(report.look), "digest": report.digest}
        return await self._released(replace(ask, proof=None, operation=Operation.EXPORT), said, made)

    async def proof(self, ask: Ask, wanted: ProofWanted) -> Released[bytes]:
        """A proof, encrypted to its reader. Raises `InvalidValue` when it would open what its asker may not know."""
        await self._check_files(ask)
        return await self._or_refused(ask, self._proof(ask, wanted))

    async def proof_of_incident(
        self, ask: Ask, number: int, place: int, recipients: tuple[str, ...]
    ) -> Released[bytes]:
        """The same of one of an incident's selections, by its place. Raises `NotFound` too."""
        await self._check_files(ask)
        standing = await self._or_refused(ask, self._incidents(ask).standing(number))
        selections = standing.incident.selections
        if not 0 <= place < len(selections):
            await self._house.gate.refuse(_bare(ask), NotFound(what=Words("The selection", "La sélection")))
        proved = self._investigation.proved_to_officer(
            ask, selections[place], self._prover, recipients, everything=False
        )
        return await self._or_refused(ask, proved)

    async def exports(self, ask: Ask) -> Released[tuple[ExportLine, ...]]:
        """Every request of whole lists, and where it stands."""
        lines = tuple(ExportLine(*one) for one in await self._exports.listed())
        return await self._released(ask, {"step": "exports"}, lines)

    async def leaving(self, ask: Ask, number: int) -> Released[tuple[Incident, tuple[ExportLine, ...]]]:
        """One incident, and the requests of its lists, the latest first. Raises `NotFound`."""
        standing = await self._or_refused(ask, self._incidents(ask).standing(number))
        lines = tuple(ExportLine(*one) for one in await self._exports.listed() if one[0].incident_id == number)
        return await self._released(ask, {"step": "exports", "incident": str(number)}, (standing.incident, lines[::-1]))

    async def request_export(self, ask: Ask, number: int, reason: str) -> int:
        """Asks for the lists of an incident; somebody else approves within a day."""
        await self._check_files(ask)
        standing = await self._or_refused(ask, self._incidents(ask).standing(number))
        return await self._or_refused(ask, self._exports.request(ask, standing.incident.selections, reason, number))

    async def approve_export(self, ask: Ask, export: int) -> Export:
        """Somebody else says yes."""
        await self._check_files(ask)
        return await self._or_refused(ask, self._exports.approve(ask, export))

    async def refuse_export(self, ask: Ask, export: int, reason: str) -> None:
        """Nothing more comes of it."""
        await self._check_files(ask)
        await self._or_refused(ask, self._exports.refuse(ask, export, reason))

    async def write_export(self, ask: Ask, export: int) -> tuple[dict[int, bytes], tuple[int, ...]]:
        """The lists by hospital, each encrypted to its data protection officer; and the hospitals that have no key."""
        await self._check_files(ask)
        await self._or_refused(ask, self._exports.check(ask, export))
        ask = replace(ask, proof=None)  # which has served: a refusal from here on is recorded without it
        released = await self._or_refused(ask, self._exports.write(ask, export))
        made = encrypted(released, self._officer_keys)
        return made, tuple(sorted(set(released.content.contents) - set(made)))

    def _incidents(self, ask: Ask) -> Incidents:
        return self._of(ask.asker.account_id)

    async def _check_files(self, ask: Ask) -> None:
        """Raises (and records) for whoever may not take files away."""
        taking = replace(ask, operation=Operation.EXPORT)
        await taking.permit(self._house.gate, _bare(taking))

    async def _gathered(self, ask: Ask, incidents: Incidents, number: int, step: str) -> Released[CaseFile]:
        hidden = self._investigation.hidden_from(ask)
        look = _look_of(ask, number)
        return await self._or_refused(look, self._reports(incidents).gather(look, number, hidden, {"step": step}))

    async def _proof(self, ask: Ask, wanted: ProofWanted) -> Released[bytes]:
        (selection,) = await self._investigation.selections([wanted.selection])
        return await self._investigation.proved_to_officer(
            ask, selection, self._prover, wanted.recipients, everything=wanted.open_range
        )

    async def _or_refused(self, ask: Ask, doing: Awaitable[T]) -> T:
        """What is done, or its refusal, which is recorded once."""
        try:
            return await doing
        except CallerError as error:
            if error.recorded:
                raise
            await self._house.gate.refuse(_bare(ask), error)

    async def _released(self, ask: Ask, said: Mapping[str, str], content: T) -> Released[T]:
        """Content, once it stands in the record that its asker looked."""
        question = ask.question(dict(said), Field(0), wanted=Field(0))
        permit = await ask.permit(self._house.gate, question)
        return await self._house.gate.disclose_as(question, permit, (), lambda _: content, Outcome.RECORDED)


def _look_of(ask: Ask, number: int) -> Ask:
    """The same, as a look at the scope of that incident."""
    return replace(ask, operation=Operation.SCOPE_VIEW, reason=f"incident {number}")


def _bare(ask: Ask) -> Question:
    return ask.question({}, Field(0), wanted=Field(0))

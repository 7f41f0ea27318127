"""An incident's whole file: its scope, where each number comes from, other servers' logs, its severity and timeline.

To make it is a look at the scope, recorded like any other (SCOPE_VIEW) before anything of it leaves; so what is written
from it is `Released`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import TypeVar

import msgspec

from beffroi.access.policy import Permit
from beffroi.actions.asking import Ask
from beffroi.actions.availability import looking_up
from beffroi.actions.foreign_scope import NOBODY_HIDDEN, foreign_scope_beside
from beffroi.actions.house import House
from beffroi.actions.incidents import Incidents, Standing
from beffroi.actions.investigate import Investigation
from beffroi.breach.foreign import ForeignScope
from beffroi.breach.incident import NOTIFY_WITHIN, Sign, State
from beffroi.breach.report import (
    AccountCount,
    ForeignCount,
    HospitalCount,
    Moment,
    Report,
    categories_of,
    histogram,
    hospital_counts,
    patient_line,
    seen_of,
)
from beffroi.breach.scope import Scope, certainty, totals, without
from beffroi.breach.severity import Severity, holding, proposal
from beffroi.breach.trace import Row, TracedTally, by_patient
from beffroi.clock import Clock
from beffroi.model.disclosure import Answer, DisclosureId, Field, Operation, Outcome, Released
from beffroi.model.foreign import Certainty as ForeignCertainty
from beffroi.model.person import HospitalId, PersonId
from beffroi.model.selection import described
from beffroi.store.cases import CaseStore
from beffroi.store.database import Database
from beffroi.store.foreign import ForeignLogStore
from beffroi.store.scope import scope_snapshot
from beffroi.store.tracing import TracingStore

_SIGNS = {
    Operation.VERDICT: "verdict",
    Operation.CONTAIN: "contain",
    Operation.RELEASE: "release",
    Operation.STEP_UP: "step_up",
    Operation.NOT_ME: "not_me",
}
_ENTRIES = frozenset({"opened", "state", "aware", "selections", "severity"})
Line = Mapping[str, object]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CaseFile:
    """What a report is written from. Lines are of the lists: patients (all, and each hospital's), disclosures."""

    report: Report
    patients: tuple[Line, ...]
    by_hospital: dict[int, tuple[Line, ...]]
    disclosures: tuple[Line, ...]
    foreign: ForeignScope


@dataclass(frozen=True, slots=True)
class Weighing:
    """How grave an incident is: as it is proposed now, and as it stands. `look`: the disclosure that this is."""

    standing: Standing
    proposed: Severity
    now: Severity
    look: DisclosureId

    @property
    def kept(self) -> bool:
        """Whether somebody has kept a severity, or chosen a factor."""
        return self.standing.incident.severity is not None


class CaseReports:
    """Makes case files."""

    def __init__(
        self,
        database: Database,
        house: House,
        investigation: Investigation,
        incidents: Incidents,
        clock: Clock,
        region: str,
    ) -> None:
        self._database = database
        self._house = house
        self._investigation = investigation
        self._incidents = incidents
        self._clock = clock
        self._region = region

    async def gather(
        self, ask: Ask, number: int, hidden: frozenset[int] = NOBODY_HIDDEN, criteria: Mapping[str, str] | None = None
    ) -> Released[CaseFile]:
        """The file of one incident. `hidden`: hospitals of which this asker may not know who is known there;
        `criteria`: what is recorded besides. Raises `NotFound`; `InvalidValue` when it says nothing about whose
        readings."""
        standing = await self._incidents.standing(number)
        with looking_up():
            made = await self._made(ask, standing, hidden)
        report = made.report
        counts = {"patients": str(report.totals.patients), "readings": str(report.readings), "digest": report.digest}
        return await self._looked(ask, standing, {**(criteria or {}), **counts}, lambda answer: _looked(made, answer))

    async def weighed(
        self, ask: Ask, number: int, hidden: frozenset[int] = NOBODY_HIDDEN, criteria: Mapping[str, str] | None = None
    ) -> Released[Weighing]:
        """How grave an incident is. A look at its scope, without its lists; otherwise as `gather`."""
        standing = await self._incidents.standing(number)
        with looking_up():
            selections = standing.incident.selections
            scope = await self._investigation.scope(selections, hidden)
            foreign = await self._foreign_count(await foreign_scope_beside(self._database, selections, hidden))
        proposed = proposal(seen_of(scope, self._concerned(scope, hidden), foreign))
        made = Weighing(standing, proposed, holding(standing.incident.severity, proposed), DisclosureId(0))
        counts = {"patients": str(proposed.people), "readings": str(scope.readings_count)}
        return await self._looked(
            ask, standing, {**(criteria or {}), **counts}, lambda answer: replace(made, look=answer.disclosure_id)
        )

    async def _looked(
        self, ask: Ask, standing: Standing, criteria: Mapping[str, str], shape: Callable[[Answer], T]
    ) -> Released[T]:
        """What a look at an incident's scope gives, once it is recorded."""
        incident = standing.incident
        criteria = {**described(incident.selections), "incident": str(incident.incident_id), **criteria}
        question = ask.question(criteria, Field(0), wanted=Field(0))
        permit = Permit(Field.REFERENCE, Field.REFERENCE)
        return await self._house.gate.disclose_as(question, permit, (), shape, Outcome.RECORDED)

    def _concerned(self, scope: Scope, hidden: frozenset[int]) -> tuple[HospitalCount, ...]:
        return hospital_counts(scope, tuple(one for one in self._house.hospitals if one.hospital_id not in hidden))

    async def _made(self, ask: Ask, standing: Standing, hidden: frozenset[int]) -> CaseFile:
        incident = standing.incident
        selections = incident.selections
        tally = TracedTally(counted=set())
        scope = await self._investigation.scope(selections, hidden, tally)
        traces, rows = await self._traced(tally, scope)
        foreign = await foreign_scope_beside(self._database, selections, hidden)
        foreign_count = await self._foreign_count(foreign)
        hospitals = self._concerned(scope, hidden)
        severity = holding(incident.severity, proposal(seen_of(scope, hospitals, foreign_count)))
        references = {p.person_id: self._house.references.of(PersonId(p.person_id)) for p in scope.patients}
        firsts = [p.shown.first_at for p in scope.seen if p.shown.first_at]
        bins, width = histogram(firsts)
        lasts = [p.shown.last_at for p in scope.seen if p.shown.last_at]
        tree_size, note = await TracingStore(self._database).checkpoint()
        report = Report(
            incident_id=incident.incident_id,
            title=incident.title,
            state=incident.state,
            made_at=self._clock.now(),
            made_by=ask.asker.subject,
            region=self._region,
            opened_at=incident.opened_at,
            aware_at=incident.aware_at,
            clock=standing.clock,
            told=incident.told,
            selections=tuple(described(selections).values()),
            totals=without(totals(scope), hidden),
            readings=scope.readings_count,
            traced=len(tally.readings),
            erased=scope.erased,
            categories=categories_of(scope.seen),
            hospitals=hospitals,
            accounts=await self._accounts(tally, rows, traces),
            severity=severity,
            severity_kept=incident.severity is not None,
            first_at=min(firsts, default=None),
            last_at=max(lasts, default=None),
            bins=bins,
            bin_s=int(width.total_seconds()),
            timeline=await self._timeline(standing, min(firsts, default=None), max(lasts, default=None)),
            foreign=foreign_count,
            digest=sha256("\n".join(sorted(references.values())).encode()).hexdigest(),
            checkpoint=note,
            tree_size=tree_size,
        )
        return self._file(report, scope, references, traces, rows, tally, foreign)

    def _file(
        self,
        report: Report,
        scope: Scope,
        references: Mapping[int, str],
        traces: Mapping[int, Sequence[int]],
        rows: Mapping[int, Row],
        tally: TracedTally,
        foreign: ForeignScope,
    ) -> CaseFile:
        ordered = sorted(scope.patients, key=lambda one: references[one.person_id])

        def lines(hospital: int | None) -> tuple[Line, ...]:
            hidden = self._house.hospitals.hidden_from(None if hospital is None else HospitalId(hospital))
            return tuple(
                {**patient_line(one, references[one.person_id], hidden), "disclosures": _joined(traces[one.person_id])}
                for one in ordered
                if hospital is None or hospital in one.hospitals
            )

        concerned = {one.hospital_id: lines(one.hospital_id) for one in report.hospitals}
        disclosures = tuple(_disclosure_line(number, tally, rows) for number in sorted(tally.readings))
        return CaseFile(report, lines(None), concerned, disclosures, foreign)

    async def _traced(self, tally: TracedTally, scope: Scope) -> tuple[dict[int, list[int]], dict[int, Row]]:
        async with scope_snapshot(self._database) as snapshot:
            belongings = await snapshot.belongings(tally.identities())
        traces = by_patient(tally, belongings, [one.person_id for one in scope.patients])
        return traces, await TracingStore(self._database).rows(tally.readings)

    async def _foreign_count(self, foreign: ForeignScope) -> ForeignCount:
        logs = [f"{one.server} ({one.format})" for one in await ForeignLogStore(self._database).listed()]
        return ForeignCount(
            tuple(dict.fromkeys(logs)),
            foreign.fact_count,
            len(foreign.of(ForeignCertainty.SHOWN_FIELDS_KNOWN)),
            len(foreign.of(ForeignCertainty.SHOWN_FIELDS_UNKNOWN)),
            len(foreign.of(ForeignCertainty.PERHAPS_SHOWN)),
            foreign.unknown_count,
            foreign.beyond_identity_count,
        )

    async def _accounts(
        self, tally: TracedTally, rows: Mapping[int, Row], traces: Mapping[int, Sequence[int]]
    ) -> tuple[AccountCount, ...]:
        numbers = sorted({reading.account_id for reading in tally.readings.values()})
        names = await self._incidents.account_names(numbers)
        found = []
        for account in numbers:
            own = {n for n, reading in tally.readings.items() if reading.account_id == account}
            placed = [rows[n] for n in own if n in rows]
            trees = [row.tree_index for row in placed if row.tree_index is not None]
            runs = [row.running_number for row in placed]
            patients = sum(not own.isdisjoint(trace) for trace in traces.values())
            found.append(
                AccountCount(
                    account,
                    names.get(account, ""),
                    len(own),
                    patients,
                    *(min(runs, default=0), max(runs, default=0)),
                    *(min(trees, default=None), max(trees, default=None)),
                    len(own) - len(trees),
                )
            )
        return tuple(found)

    async def _timeline(
        self, standing: Standing, first_at: datetime | None, last_at: datetime | None
    ) -> tuple[Moment, ...]:
        incident = standing.incident
        accounts = sorted({number for one in incident.selections for number in one.accounts})
        signs = await CaseStore(self._database).signs(accounts) if accounts else []
        since = min((one.since for one in incident.selections if one.since), default=None)
        found = [_sign(one) for one in signs if one.operation in _SIGNS and (since is None or one.at >= since)]
        found += [Moment(at, kind) for at, kind in ((first_at, "first_seen"), (last_at, "last_seen")) if at]
        for entry in standing.entries:
            if entry.kind in _ENTRIES:
                state = entry.particulars.get("state")
                entered = State(state) if state else None
                found.append(Moment(entry.at, entry.kind, entry.reason, entry.by, state=entered))
        if incident.aware_at is not None:
            found.append(Moment(incident.aware_at, "aware"))
            found.append(Moment(incident.aware_at + NOTIFY_WITHIN, "due"))
        return tuple(sorted(found, key=lambda one: one.at))


def _sign(sign: Sign) -> Moment:
    return Moment(sign.at, _SIGNS[sign.operation], reference=sign.disclosure_id)


def _looked(made: CaseFile, answer: Answer) -> CaseFile:
    """The file with the number of the look that released it."""
    report = msgspec.structs.replace(made.report, look=answer.disclosure_id)
    return CaseFile(report, made.patients, made.by_hospital, made.disclosures, made.foreign)


def _disclosure_line(number: int, tally: TracedTally, rows: Mapping[int, Row]) -> Line:
    reading, row = tally.readings[number], rows.get(number)
    return {
        "disclosure": number,
        "at": reading.at.isoformat(),
        "account": reading.account_id,
        "running_number": row.running_number if row else "",
        "tree_index": "" if row is None or row.tree_index is None else row.tree_index,
        "operation": reading.operation,
        "outcome": reading.outcome,
        "fate": certainty(reading.sent).value,
        "people": len(reading.shown),
    }


def _joined(numbers: Sequence[int]) -> str:
    return " ".join(str(number) for number in numbers)

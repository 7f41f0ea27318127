"""One question judged under its account's lock: the proof, the freeze, the watch, and what is left to show.

Nothing here waits: between the gate's statements there is pure code alone.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import msgspec

from beffroi.access.fields import CONTACT
from beffroi.access.policy import Permit
from beffroi.access.rejection import Reason, Rejected
from beffroi.access.stops import Stops
from beffroi.access.stops import refusal as stop_refusal
from beffroi.actions.disclose.presentation import Presenter
from beffroi.actions.disclose.twice import registered_twice
from beffroi.actions.disclose.withheld import advice, refusal
from beffroi.actions.places import Places
from beffroi.errors import AccountFrozen, BeffroiError, Departed, NotAuthenticated
from beffroi.model.account import Asker, Role
from beffroi.model.disclosure import Advice, Answer, Finding, Outcome, Question, Shown
from beffroi.model.person import HospitalId, PersonId
from beffroi.store.disclosures import DisclosureRow, Looked, Looks
from beffroi.watch import patterns
from beffroi.watch.channels import key_of, network_of
from beffroi.watch.circumstances import Cause, Circumstances, Fate, Row, Verdict
from beffroi.watch.evidence import NO_RUNG, OLD_S, Evidence, Rung
from beffroi.watch.federated import neighbourhood
from beffroi.watch.norms import Norm
from beffroi.watch.verdict import judge

_OVER_FR = "cette session a pris fin ; identifiez-vous à nouveau"

Findings = tuple[Finding, ...]
Finish = Callable[[Findings], tuple[Findings, tuple[Advice, ...]]]
"""What the answer makes of the findings that may be shown, with its advice. Never sees those that are withheld."""


class Surroundings(Protocol):
    """What a verdict depends on beside the account and the question; read without a lock, a second old at most."""

    @property
    def places(self) -> Places: ...

    def norm(self, role: Role, hospital: HospitalId) -> Norm: ...

    def feed_silent(self, hospital: HospitalId) -> bool: ...

    def crowded(self, hospital: HospitalId) -> bool: ...

    def suspicion(self, asker: Asker, neighbourhood: str) -> int: ...

    def crisis(self, hospital: HospitalId) -> bool: ...

    def is_canary(self, person: int) -> bool: ...


@dataclass(slots=True)
class Entry:
    """One question waiting for its transaction. `refusal`: it was refused before, and only needs recording."""

    question: Question
    permit: Permit
    findings: Findings
    outcome: Outcome
    done: asyncio.Future[Answer]
    advice: tuple[Advice, ...] = ()
    missing: tuple[str, ...] = ()
    refusal: BeffroiError | None = None
    finish: Finish | None = None


@dataclass(slots=True)
class Account:
    """An account while its entries are judged, under its lock. `touched`: its evidence is to be written."""

    running_number: int
    evidence: Evidence
    frozen: bool
    touched: bool = False


@dataclass(slots=True)
class Judged:
    """What an entry comes to, before the commit makes it true. `verdict` is None where the watch was not asked.

    `before`: the rung on which the account stood.
    """

    entry: Entry
    key: tuple[int, int] = (0, 0)
    shown: tuple[Shown, ...] = ()
    outcome: Outcome = Outcome.NONE
    advice: tuple[Advice, ...] = ()
    error: BeffroiError | None = None
    verdict: Verdict | None = None
    circumstances: Circumstances | None = None
    before: Rung = NO_RUNG


@dataclass(slots=True)
class State:
    """The transaction's view of the world, changed as entries are judged in their order."""

    now: datetime
    accounts: dict[int, Account]
    looked: Looked
    stops: Stops
    rows: list[DisclosureRow] = field(default_factory=list)


def holder_of(asker: Asker) -> int:
    """The account in whose row the asker's evidence stands."""
    return asker.holder or asker.account_id


class Judging:
    """Judges entries; what it holds belongs to the process."""

    def __init__(self, presenter: Presenter, surroundings: Surroundings) -> None:
        self._presenter = presenter
        self._surroundings = surroundings

    def looks(self, entries: list[Entry], accounts: dict[int, Account]) -> Looks:
        """What is to be looked up for these entries once their accounts are locked."""
        looks = Looks([], [], [], [])
        pending_of: set[int] = set()
        for entry in entries:
            question, asker = entry.question, entry.question.asker
            if question.proof is not None:
                looks.proofs.append((question.proof.minute, question.proof.digest))
            for finding in entry.findings:
                looks.sights.extend((finding.person_id, number) for number in (asker.account_id, *asker.others))
                if not finding.explained:
                    looks.worklists.append((finding.person_id, asker.structure, asker.role.value, asker.account_id))
            holder = accounts.get(holder_of(asker))
            if holder is not None and holder.evidence.pending and holder_of(asker) not in pending_of:
                pending_of.add(holder_of(asker))
                people = {one.person for one in holder.evidence.pending}
                looks.pending.extend((person, asker.structure, asker.account_id) for person in people)
        return looks

    def judged(self, entry: Entry, account: Account, holder: Account, state: State) -> Judged:
        """What becomes of one entry; `holder` is the account with the person's evidence."""
        question = entry.question
        if question.proof is not None:
            if question.proof.digest not in state.looked.fresh:
                replayed = Rejected(Reason.PROOF_USED)
                return Judged(entry, outcome=Outcome.REFUSED, error=replayed)
            state.looked.fresh.discard(question.proof.digest)
        if account.frozen or holder.frozen:
            return Judged(entry, outcome=Outcome.REFUSED, error=AccountFrozen())
        if question.asker.departed:
            return Judged(entry, outcome=Outcome.REFUSED, error=Departed())
        if state.stops.is_over(question.asker):
            over = NotAuthenticated("invalid_token", "this session was ended; sign in again", fr=_OVER_FR)
            return Judged(entry, outcome=Outcome.REFUSED, error=over)
        stop = state.stops.against(question.asker, question.operation)
        if stop is not None:
            return Judged(entry, outcome=Outcome.REFUSED, error=stop_refusal(stop))
        if entry.refusal is not None and entry.outcome is not Outcome.NONE:
            return Judged(entry, outcome=entry.outcome, error=entry.refusal)
        before = holder.evidence.rung
        found = self._watched(entry, account, holder, state)
        found.before = before
        if entry.refusal is not None and found.error is None:  # "not found" is an answer: the watch comes first
            found.outcome, found.error = entry.outcome, entry.refusal
        return found

    def _watched(self, entry: Entry, account: Account, holder: Account, state: State) -> Judged:
        question, findings = entry.question, entry.findings
        asked = self._circumstances(question, account, state)
        confirmed = _confirmed(holder.evidence, state)
        verdict = judge(holder.evidence, asked, self._rows(findings, question.asker, state), confirmed)
        if verdict.cause not in _MASKS and not verdict.shown_count:
            holder.evidence, holder.touched = verdict.evidence, True
            error = refusal(verdict.cause, verdict.limit)
            return Judged(entry, outcome=Outcome.REFUSED, error=error, verdict=verdict, circumstances=asked)
        fates = dict(zip((f.person_id for f in findings), verdict.fates, strict=True))
        allowed = tuple(f for f in findings if fates[f.person_id] is not Fate.WITHHELD)
        said = entry.advice
        if entry.finish is not None:
            before, (allowed, more) = allowed, entry.finish(allowed)
            said = (*more, *said)
            if len(allowed) < len(before) and not verdict.risen and verdict.shown_count == len(findings):
                # Whoever is neither shown nor told of was no reading: only the others enter the evidence.
                verdict = judge(holder.evidence, asked, self._rows(allowed, question.asker, state), confirmed)
        holder.evidence, holder.touched = verdict.evidence, True
        laid_out = tuple(_each_identity(allowed)) if question.apart else allowed
        shown = tuple(s for f in laid_out if (s := self._show(f, entry, fates)) is not None)
        if len(shown) < len(laid_out) and len(shown) < sum(not f.kept_back for f in laid_out):
            said = (*said, Advice.RESTRICTED)
        entry.findings = allowed
        said = (*said, *advice(verdict.cause))
        outcome = Outcome.SHOWN if shown else Outcome.TOO_MANY if Advice.TOO_MANY in said else entry.outcome
        return Judged(entry, shown=shown, outcome=outcome, advice=said, verdict=verdict, circumstances=asked)

    def _show(self, finding: Finding, entry: Entry, fates: Mapping[PersonId, Fate]) -> Shown | None:
        permit = entry.permit
        if fates[finding.person_id] is Fate.MASKED:
            permit = Permit(permit.fields & ~CONTACT, permit.restricted & ~CONTACT)
        return self._presenter.show(finding, entry.question, permit)

    def _circumstances(self, question: Question, account: Account, state: State) -> Circumstances:
        asker, about = question.asker, self._surroundings
        kind, position = patterns.probe(question.criteria)
        return Circumstances(
            now_s=int(state.now.timestamp()),
            role=asker.role,
            operation=question.operation,
            norm=about.norm(asker.role, asker.structure),
            running_number=account.running_number + 1,
            key=key_of(asker.session_key),
            network=network_of(asker.network),
            kind=kind,
            position=position,
            specified=question.specified,
            one_person=question.one_person,
            contact=bool((question.wanted | question.criteria_fields) & CONTACT),
            seconded=question.seconded > 0,
            feed_silent=about.feed_silent(asker.structure),
            suspicion=about.suspicion(asker, neighbourhood(kind, position)),
            crowded=about.crowded(asker.structure),
            crisis=about.crisis(asker.structure),
            proved_s=asker.proved_at_s,
            place=about.places.of(asker.network),
            home=about.places.home(asker.structure),
        )

    def _rows(self, findings: Findings, asker: Asker, state: State) -> tuple[Row, ...]:
        twice = registered_twice(findings) if len(findings) > 1 else {}
        return tuple([self._row(finding, asker, state, twice.get(finding.person_id, 0)) for finding in findings])

    def _row(self, finding: Finding, asker: Asker, state: State, twice: int) -> Row:
        person = finding.person_id
        explained = finding.explained or (person, asker.account_id) in state.looked.worklisted
        return Row(person, _age_s(person, asker, state), explained, self._surroundings.is_canary(person), twice)


def _each_identity(findings: Findings) -> Iterator[Finding]:
    """The same people, each identity by itself."""
    for finding in findings:
        for identity in finding.identities:
            yield msgspec.structs.replace(finding, identities=(identity,))


_MASKS = frozenset({Cause.NONE, Cause.MASKED, Cause.CONTACTS})
"""Causes that withhold nobody."""


def _age_s(person: int, asker: Asker, state: State) -> int | None:
    """Seconds since this person was shown her last, under any of their accounts; None when never."""
    seen = state.looked.seen
    last = seen.get((person, asker.account_id))
    for other in asker.others:
        at = seen.get((person, other))
        if at is not None and (last is None or at > last):
            last = at
    if last is None:
        return None
    if last.year == 1:  # PostgreSQL's -infinity: a row of an older release
        return OLD_S
    return max(0, int((state.now - last).total_seconds()))


def _confirmed(evidence: Evidence, state: State) -> frozenset[int]:
    if not evidence.pending:
        return frozenset()
    people = {person for person, _ in state.looked.confirmed}
    return frozenset(one.person for one in evidence.pending if one.person in people)

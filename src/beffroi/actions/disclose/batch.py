"""One transaction of the gate: lock the accounts, look, judge, write, commit (group commit).

Order matters: the locks come first and the look second, in two statements, because one statement would look with a
snapshot older than its locks. Committed means disclosed: a crash after the commit loses answers, never disclosures.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from beffroi.access.policy import VERSION, Permit
from beffroi.access.stops import Stops, refusal
from beffroi.actions.disclose.bell import ring
from beffroi.actions.disclose.presentation import Presenter
from beffroi.clock import Clock
from beffroi.errors import AccountFrozen, BeffroiError, CeilingReached, NotAuthenticated, UnknownAccount, Words
from beffroi.model.disclosure import (
    Advice,
    Answer,
    DisclosureId,
    Field,
    Finding,
    Operation,
    Outcome,
    Question,
    Shown,
)
from beffroi.store.disclosures import AccountRow, Delivery, DisclosureRow, DisclosureStore
from beffroi.watch.evidence import Evidence
from beffroi.watch.verdict import CEILING_NAMES_FR, judge

_decode_evidence = msgspec.json.Decoder(Evidence).decode
_NONCE_BYTES = 16
_REMOVED = Words("it was removed", "il a été supprimé")
_OPERATOR = Words("the operator", "l'exploitant")
_WAY_ON = Words(
    "One patient of your own hospital at a time stays readable. For more, call the duty officer.",
    "Un patient à la fois de votre hôpital reste lisible. Au-delà, appelez la personne d'astreinte.",
)

Findings = tuple[Finding, ...]
Finish = Callable[[Findings], tuple[Findings, tuple[Advice, ...]]]
"""What the answer makes of the findings that may be shown, with its advice. Never sees those beyond a ceiling."""


@dataclass(slots=True)
class Entry:
    """One question waiting for its transaction. `refusal`: it was refused before, and only needs recording."""

    question: Question
    permit: Permit
    findings: tuple[Finding, ...]
    outcome: Outcome
    done: asyncio.Future[Answer]
    advice: tuple[Advice, ...] = ()
    missing: tuple[str, ...] = ()
    refusal: BeffroiError | None = None
    finish: Finish | None = None


@dataclass(slots=True)
class _Account:
    """An account while its entries are judged, under its lock."""

    running_number: int
    evidence: Evidence
    frozen: bool


@dataclass(slots=True)
class _Judged:
    """What an entry comes to, before the commit makes it true."""

    entry: Entry
    key: tuple[int, int] = (0, 0)
    shown: tuple[Shown, ...] = ()
    outcome: Outcome = Outcome.NONE
    advice: tuple[Advice, ...] = ()
    error: BeffroiError | None = None


@dataclass(slots=True)
class _State:
    """The transaction's view of the world, changed as entries are judged in their order."""

    now: datetime
    accounts: dict[int, _Account]
    fresh_proofs: set[bytes]
    seen: set[tuple[int, int]]
    stops: Stops
    rows: list[DisclosureRow] = field(default_factory=list)


class Batch:
    """Judges and writes entries; `settle` gives each waiting caller its answer or its error."""

    def __init__(self, store: DisclosureStore, presenter: Presenter, clock: Clock) -> None:
        self._store = store
        self._presenter = presenter
        self._clock = clock

    async def commit(self, entries: list[Entry], deliveries: list[Delivery]) -> None:
        """One transaction for all entries. Raises when it did not commit; then nobody was answered."""
        async with self._store.pool.acquire() as connection, connection.transaction():
            accounts = sorted({entry.question.asker.account_id for entry in entries})
            locked = await self._store.lock(connection, accounts)
            fresh, seen = await self._store.burn_and_look(connection, _proofs(entries), _pairs(entries))
            now = self._clock.now()
            stops = Stops(await self._store.stops(connection, now))
            state = _State(now, _accounts(locked), fresh, seen, stops)
            judged = [self._judge(entry, state) for entry in entries]
            states = [
                (number, account.running_number, msgspec.json.encode(account.evidence).decode())
                for number, account in state.accounts.items()
            ]
            numbers = await self._store.write(connection, state.rows, states, deliveries)
        # Committed: a crash from here on loses answers only.
        for one in judged:
            if one.key in numbers:
                ring(one.entry.question, one.outcome, one.error, numbers[one.key])
            _settle(one, numbers, state.now)

    def _judge(self, entry: Entry, state: _State) -> _Judged:
        question = entry.question
        account = state.accounts.get(question.asker.account_id)
        if account is None:
            return _Judged(entry, error=UnknownAccount(why=_REMOVED, whom=_OPERATOR))
        judged = self._verdict(entry, account, state)
        account.running_number += 1
        judged.key = (question.asker.account_id, account.running_number)
        people = _recorded(judged.shown, entry, judged.error)
        state.rows.append(self._row(question, judged, people, state.now))
        state.seen.update((person, question.asker.account_id) for person, _, _ in people)
        return judged

    def _verdict(self, entry: Entry, account: _Account, state: _State) -> _Judged:
        question = entry.question
        if question.proof is not None:
            if question.proof.digest not in state.fresh_proofs:
                replayed = NotAuthenticated(
                    "invalid_dpop_proof", "this proof was used before", fr="cette preuve a déjà servi"
                )
                return _Judged(entry, outcome=Outcome.REFUSED, error=replayed)
            state.fresh_proofs.discard(question.proof.digest)
        if account.frozen:
            return _Judged(entry, outcome=Outcome.REFUSED, error=AccountFrozen())
        stop = state.stops.against(question.asker, question.operation)
        if stop is not None:
            return _Judged(entry, outcome=Outcome.REFUSED, error=refusal(stop))
        if entry.refusal is not None and entry.outcome is not Outcome.NONE:
            return _Judged(entry, outcome=entry.outcome, error=entry.refusal)
        judged = self._watched(entry, account, state)
        if entry.refusal is not None and judged.error is None:  # "not found" is an answer: the watch comes first
            return _Judged(entry, outcome=entry.outcome, error=entry.refusal)
        return judged

    def _watched(self, entry: Entry, account: _Account, state: _State) -> _Judged:
        question, findings = entry.question, entry.findings
        now_s = int(state.now.timestamp())
        new = tuple((f.person_id, question.asker.account_id) not in state.seen for f in findings)
        verdict = judge(account.evidence, question.asker.role, question.operation, findings, new, now_s)
        if verdict.ceiling and not verdict.shown_count:
            what = Words(verdict.ceiling, CEILING_NAMES_FR[verdict.ceiling])
            reached = CeilingReached(what=what, limit=verdict.limit, instead=_WAY_ON)
            return _Judged(entry, outcome=Outcome.REFUSED, error=reached)
        allowed, advice = findings, entry.advice
        if verdict.ceiling:
            allowed = tuple(f for f, may in zip(findings, verdict.shown, strict=True) if may)
        if entry.finish is not None:
            allowed, more = entry.finish(allowed)
            advice = (*more, *advice)
        new_count = sum((f.person_id, question.asker.account_id) not in state.seen for f in allowed)
        emergency = question.operation is Operation.EMERGENCY_READ and bool(findings)
        if new_count or emergency:
            account.evidence = account.evidence.after(now_s, new_count, emergency)
        shown = tuple(s for f in allowed if (s := self._presenter.show(f, question, entry.permit)) is not None)
        if len(shown) < len(allowed) and len(shown) < sum(not f.kept_back for f in allowed):
            advice = (*advice, Advice.RESTRICTED)
        if verdict.ceiling:
            advice = (*advice, Advice.WITHHELD)
        entry.findings = allowed
        outcome = Outcome.SHOWN if shown else Outcome.TOO_MANY if Advice.TOO_MANY in advice else entry.outcome
        return _Judged(entry, shown=shown, outcome=outcome, advice=advice)

    def _row(
        self, question: Question, judged: _Judged, people: tuple[tuple[int, int, tuple[int, ...]], ...], now: datetime
    ) -> DisclosureRow:
        asker = question.asker
        return DisclosureRow(
            at=now,
            account_id=asker.account_id,
            running_number=judged.key[1],
            role=asker.role.value,
            structure_id=asker.structure,
            application=asker.application,
            session_key=asker.session_key,
            network=asker.network,
            door=int(question.door),
            operation=int(question.operation),
            outcome=int(judged.outcome),
            purpose=question.purpose.value,
            reason=question.reason,
            request_id=question.request_id,
            request=msgspec.json.encode(question.criteria).decode(),
            policy_version=VERSION,
            criteria_fields=int(question.criteria_fields),
            shown=msgspec.json.encode(people).decode(),
            nonce=self._clock.token_bytes(_NONCE_BYTES),
            people=tuple(person for person, _, _ in people),
        )


def _proofs(entries: list[Entry]) -> list[tuple[int, bytes]]:
    return [(e.question.proof.minute, e.question.proof.digest) for e in entries if e.question.proof is not None]


def _pairs(entries: list[Entry]) -> list[tuple[int, int]]:
    return [(finding.person_id, e.question.asker.account_id) for e in entries for finding in e.findings]


def _accounts(locked: dict[int, AccountRow]) -> dict[int, _Account]:
    return {
        number: _Account(row.running_number, _decode_evidence(row.evidence), row.frozen)
        for number, row in locked.items()
    }


def _recorded(
    shown: tuple[Shown, ...], entry: Entry, error: BeffroiError | None
) -> tuple[tuple[int, int, tuple[int, ...]], ...]:
    """(person, fields, identities) of everybody of whom the answer tells something, even mere existence."""
    if error is not None:
        return ()
    told = int(entry.question.criteria_fields)
    by_person = {s.person_id: s for s in shown}
    recorded: list[tuple[int, int, tuple[int, ...]]] = []
    for finding in entry.findings:
        one = by_person.get(finding.person_id)
        if one is None:
            recorded.append((finding.person_id, int(Field.EXISTENCE) | told, ()))
        else:
            recorded.append((finding.person_id, int(one.fields) | told, one.sources))
    return tuple(recorded)


def _settle(judged: _Judged, numbers: dict[tuple[int, int], int], at: datetime) -> None:
    done = judged.entry.done
    if done.done():  # the caller gave up waiting: the disclosure stands, the answer is lost
        return
    if judged.error is not None:
        done.set_exception(judged.error)
        return
    done.set_result(
        Answer(
            disclosure_id=DisclosureId(numbers[judged.key]),
            outcome=judged.outcome,
            shown=judged.shown,
            advice=judged.advice,
            missing=judged.entry.missing,
            at=at,
        )
    )

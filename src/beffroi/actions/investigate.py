"""Whose data were seen: the scope of one selection or of several together, looked at through the gate.

A look is itself a fact: which selections, how many patients, and a digest of the list stand in the looker's own chain
before the list leaves. Patients are opaque references; a name is another question, one patient at a time.

Law 4: readings made for a hospital whose name alone is medical are left out of everybody else's scope.
"""

from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256
from typing import Protocol

import msgspec

from beffroi.access.policy import Permit
from beffroi.access.reference import References
from beffroi.actions.asking import Ask
from beffroi.actions.availability import looking_up
from beffroi.actions.disclose.gate import Gate
from beffroi.actions.foreign_scope import NOBODY_HIDDEN, foreign_answer, foreign_scope_beside
from beffroi.actions.proving import Prover, order_of
from beffroi.breach.scope import Patient, Scope, Tally, asked_words, field_names, scope_of, totals, without
from beffroi.clock import Clock
from beffroi.errors import CallerError, InvalidValue, Missing, NotFound, Words
from beffroi.model.disclosure import Answer, DisclosureId, Door, Field, Outcome, Question, Released
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import PersonId
from beffroi.model.scope import ScopeAnswer, ScopeAsked, ScopeForeign, ScopePatient
from beffroi.model.selection import Draft, Selection, described, parse, within_limits
from beffroi.store.database import Database
from beffroi.store.scope import ScopeSnapshot, Wanted, scope_snapshot

_SELECTION = Words("The selection", "La sélection")
_TOO_WIDE = Words(
    "say of which accounts, devices, networks, applications, hospitals, patients or times, a thousand at most",
    "dites quels comptes, appareils, réseaux, logiciels, hôpitaux, patients ou dates, mille au plus",
)
_RECIPIENTS = Words("A recipient (age1...)", "Un destinataire (age1...)")
RECIPIENTS_LENGTH_MAX = 500
"""Characters of the recipients' public keys in the record."""
Chosen = Callable[[], Awaitable[Sequence[Selection]]]


class Archive(Protocol):
    """What was moved out of the online database (store.archive)."""

    async def count(self, snapshot: ScopeSnapshot, wanted: Sequence[Wanted], tally: Tally) -> None: ...


class Investigation:
    """The scopes of one deployment. Without an archive everything is in the online database."""

    def __init__(
        self,
        database: Database,
        gate: Gate,
        references: References,
        hospitals: Hospitals,
        clock: Clock,
        archive: Archive | None = None,
    ) -> None:
        self._database = database
        self._gate = gate
        self._references = references
        self._hospitals = hospitals
        self._clock = clock
        self._archive = archive

    async def view(self, ask: Ask, texts: Sequence[str]) -> Released[ScopeAnswer]:
        """A scope as its asker may see it: selections as `model.selection.parse` reads them."""
        question = ask.question({}, Field(0), wanted=Field(0))
        permit = await ask.permit(self._gate, question)
        return await self._view(question, permit, lambda: self.selections(texts), self.hidden_from(ask))

    async def view_selections(self, ask: Ask, selections: Sequence[Selection]) -> Released[ScopeAnswer]:
        """The same of selections that were read before: an incident's."""
        question = ask.question({}, Field(0), wanted=Field(0))
        permit = await ask.permit(self._gate, question)

        async def chosen() -> Sequence[Selection]:
            return selections

        return await self._view(question, permit, chosen, self.hidden_from(ask))

    async def view_of_operator(self, ask: Ask, texts: Sequence[str]) -> Released[ScopeAnswer]:
        """The same for whoever runs the machine, who may read the database anyway: recorded all the same."""
        question = ask.question({}, Field(0), wanted=Field(0))
        return await self._view(
            question, Permit(Field.REFERENCE, Field.REFERENCE), lambda: self.selections(texts), NOBODY_HIDDEN
        )

    async def _view(
        self, question: Question, permit: Permit, chosen: Chosen, hidden: frozenset[int]
    ) -> Released[ScopeAnswer]:
        try:
            with looking_up():
                scope = await self.scope(await chosen(), hidden)
                foreign = await foreign_scope_beside(self._database, scope.selections, hidden)
        except CallerError as error:
            await self._gate.refuse(question, error)  # asked wrongly, recorded all the same
        answer = self._answer(scope, hidden, foreign_answer(foreign, self._references))
        criteria = {
            **described(scope.selections),
            "patients": str(answer.totals.patients),
            "readings": str(scope.readings_count),
            "digest": answer.digest,
            **({"foreign": str(foreign.fact_count)} if foreign.fact_count else {}),
        }
        question = msgspec.structs.replace(question, criteria=criteria)
        return await self._gate.disclose_as(
            question, permit, (), lambda released: _dated(answer, released), Outcome.RECORDED
        )

    async def proved(
        self, ask: Ask, selection: Selection, prover: Prover, recipients: Sequence[str], *, everything: bool
    ) -> Released[bytes]:
        """The proof of one selection as a file, encrypted to these recipients (age), or in clear when there are none.

        What leaves is recorded first: the selection, the kind and the SHA-256 of the file, and who can open it.
        """
        return await self._proved(ask, selection, prover, recipients, NOBODY_HIDDEN, everything=everything)

    async def proved_to_officer(
        self, ask: Ask, selection: Selection, prover: Prover, recipients: Sequence[str], *, everything: bool
    ) -> Released[bytes]:
        """The same for who may not know everything; always encrypted. Raises `Missing` without a recipient."""
        if not recipients:
            raise Missing(what=_RECIPIENTS)
        return await self._proved(ask, selection, prover, recipients, self.hidden_from(ask), everything=everything)

    async def _proved(
        self,
        ask: Ask,
        selection: Selection,
        prover: Prover,
        recipients: Sequence[str],
        hidden: frozenset[int],
        *,
        everything: bool,
    ) -> Released[bytes]:
        async with scope_snapshot(self._database) as snapshot:
            (wanted,) = await snapshot.wanted((selection,), hidden)
        made = await prover(order_of(selection, wanted.whom, recipients, everything=everything))
        criteria = {
            **described((selection,)),
            "file": sha256(made.content).hexdigest(),
            "kind": made.kind,
            "openings": str(made.openings),
            "recipients": ",".join(recipients)[:RECIPIENTS_LENGTH_MAX] or "none",
        }
        question = ask.question(criteria, Field(0), wanted=Field(0))
        permit = Permit(Field(0), Field(0))
        return await self._gate.disclose_as(question, permit, (), lambda _: made.content, Outcome.RECORDED)

    async def selections(self, texts: Sequence[str]) -> tuple[Selection, ...]:
        """Selections from their texts; raises `CallerError` for what cannot be read or found."""
        if not texts:
            raise Missing(what=_SELECTION)
        drafts = [_parsed(text) for text in texts]
        async with scope_snapshot(self._database) as snapshot:
            named = await snapshot.accounts_named({name for draft in drafts for name in draft.subjects})
            return tuple([await self._resolved(draft, named, snapshot) for draft in drafts])

    async def scope(
        self, selections: Sequence[Selection], hidden: frozenset[int] = NOBODY_HIDDEN, tally: Tally | None = None
    ) -> Scope:
        """The scope itself, which nobody has released: for what passes the gate in a way of its own. `tally`: an empty
        one that is to be filled, for whoever wants to see more of it.

        Raises `InvalidValue` when a selection would select everything, or is too long.
        """
        chosen = tuple(selections)
        if not within_limits(chosen):
            raise InvalidValue(what=_SELECTION, why=_TOO_WIDE)
        if tally is None:
            tally = Tally.of(len(chosen) + any(one.people for one in chosen))
        async with scope_snapshot(self._database) as snapshot:
            wanted = await snapshot.wanted(chosen, hidden)
            await snapshot.count(wanted, tally)
            if self._archive is not None:
                await self._archive.count(snapshot, wanted, tally)
            belongings = await snapshot.belongings(tally.identities())
            everybody = {now.person_id for now in belongings.values()}
            situations = await snapshot.situations(everybody | {person for person, _ in tally.seen})
            erased = await snapshot.erased(chosen)
        return scope_of(chosen, tally, belongings, situations, self._clock.now().date(), erased)

    async def _resolved(self, draft: Draft, named: dict[str, list[int]], snapshot: ScopeSnapshot) -> Selection:
        accounts = list(draft.selection.accounts)
        for subject in draft.subjects:
            if subject not in named:
                raise NotFound(what=Words("An account of the selection", "Un compte de la sélection"))
            accounts += named[subject]
        founders = [self._references.person(reference) or PersonId(0) for reference in draft.references]
        now = await snapshot.belongings(founders)
        if not all(founder in now for founder in founders):
            raise NotFound(what=Words("A patient of the selection", "Un patient de la sélection"))
        people = dict.fromkeys(now[founder].person_id for founder in founders)
        return msgspec.structs.replace(draft.selection, accounts=tuple(accounts), people=tuple(people))

    def hidden_from(self, ask: Ask) -> frozenset[int]:
        """The hospitals of which this asker may not know who is known there."""
        return self._hospitals.hidden_from(ask.asker.structure)

    def _answer(self, scope: Scope, hidden: frozenset[int], foreign: ScopeForeign | None) -> ScopeAnswer:
        patients = tuple(self._patient(one, hidden) for one in scope.patients)
        counts = totals(scope)
        asked = tuple(
            ScopeAsked(*asked_words(way), way.criteria, span.times, span.first_at, span.last_at)
            for way, span in scope.asked
        )
        return ScopeAnswer(
            disclosure_id=DisclosureId(0),
            totals=without(counts, hidden),
            patients=patients,
            asked=asked,
            readings=scope.readings_count,
            at=self._clock.now(),
            digest=sha256("\n".join(sorted(one.reference for one in patients)).encode()).hexdigest(),
            withheld=bool(hidden),
            erased=scope.erased,
            foreign=foreign,
        )

    def _patient(self, one: Patient, hidden: frozenset[int]) -> ScopePatient:
        count, shown = one.count, one.shown
        return ScopePatient(
            reference=self._references.of(PersonId(one.person_id)),
            certainty=one.certainty.value,
            fields=field_names(shown.fields),
            times=shown.times,
            first_at=shown.first_at,
            last_at=shown.last_at,
            sent_times=count.sent.times,
            unknown_times=count.unknown.times,
            aborted_times=count.aborted.times,
            doors=tuple(sorted(Door(door) for door in count.doors)),
            accounts=tuple(sorted(count.accounts)),
            structures=tuple(sorted(count.structures)),
            hospitals=tuple(hospital for hospital in one.hospitals if hospital not in hidden),
            minor=one.minor,
            deceased=one.deceased,
            protected=one.protected,
            reachable=one.reachable,
        )


_FORM = (
    "account=SUBJECT account-number=7 device=HEX network=192.0.2.7 application=NAME hospital=1 patient=REFERENCE "
    "query=NAME:VALUE since=2026-11-01 until=2026-11-08T09:00"
)


def _parsed(text: str) -> Draft:
    try:
        return parse(text)
    except ValueError as error:
        why = Words(f"the word {error.args[0]}. Write {_FORM}", f"le mot {error.args[0]}. Écrivez {_FORM}")
        raise InvalidValue(what=_SELECTION, why=why) from None


def _dated(answer: ScopeAnswer, released: Answer) -> ScopeAnswer:
    """The answer with the number of the look that released it."""
    return msgspec.structs.replace(
        answer, disclosure_id=released.disclosure_id, at=released.at if released.at else answer.at
    )

"""A whole list leaves for hospitals: asked by one, approved by another, written once, each part for one hospital alone.

Every step stands in its author's chain (EXPORT) in the transaction that takes it; the writing is a look besides
(SCOPE_VIEW), through the gate. The list has the hospital's own numbers of its patients and no name: its own software
knows those. It is encrypted before it touches a disk (outbound.encrypting takes nothing else than what is released).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from beffroi.access.policy import Permit
from beffroi.actions.asking import Ask
from beffroi.actions.availability import looking_up
from beffroi.actions.events import Locked
from beffroi.actions.house import House
from beffroi.actions.investigate import Investigation
from beffroi.actions.tables import csv_table
from beffroi.actions.ways.acting import Act, Acting
from beffroi.breach.report import patient_line
from beffroi.breach.scope import Scope, totals
from beffroi.clock import Clock
from beffroi.errors import InvalidValue, NotFound, Words
from beffroi.model.account import AccountId
from beffroi.model.account_event import AccountEvent
from beffroi.model.disclosure import Door, Field, Operation, Outcome, Released
from beffroi.model.hospital_list import HospitalLists
from beffroi.model.person import PersonId
from beffroi.model.selection import Selection, described
from beffroi.store.database import Database
from beffroi.store.exports import Export, ExportStore

GOOD_FOR = timedelta(hours=24)
"""From the request to the approval, and from the approval to the writing: what nobody did in a day is asked again."""
REASON_CHARACTERS_MIN, REASON_CHARACTERS_MAX = 10, 2_000
COLUMNS = (
    *("ipp", "patient", "certainty", "fields", "times", "first_at", "last_at"),
    *("minor", "deceased", "protected", "reachable"),
)
_EXPORT = Words("The export", "L'export")


class ScopeExports:
    """The way of a whole list. Each call acts for the asker of its `ask`."""

    def __init__(self, database: Database, house: House, investigation: Investigation, clock: Clock) -> None:
        self._store = ExportStore(database)
        self._acting = Acting(database, clock)
        self._house = house
        self._investigation = investigation
        self._clock = clock

    async def request(
        self, ask: Ask, selections: Sequence[Selection], reason: str, incident_id: int | None = None
    ) -> int:
        """Asks for the lists of a scope; the number to be approved by somebody else. Raises `InvalidValue`."""
        if not REASON_CHARACTERS_MIN <= len(reason.strip()) <= REASON_CHARACTERS_MAX:
            why = Words(f"{REASON_CHARACTERS_MIN} characters at least", f"{REASON_CHARACTERS_MIN} caractères au moins")
            raise InvalidValue(what=Words("The reason", "La raison"), why=why)
        chosen = tuple(selections)
        scope = await self._scope(chosen)
        found = (self._digest(scope), totals(scope).patients)
        async with self._acting.doing(_act(ask), Operation.EXPORT) as locked:
            number = await self._store.request(
                locked.connection, incident_id, chosen, reason.strip(), found, ask.asker.account_id, self._clock.now()
            )
            said = described(chosen) | {"patients": str(found[1]), "digest": found[0]}
            await self._record(locked, ask, number, "requested", said, reason)
        return number

    async def approve(self, ask: Ask, number: int) -> Export:
        """Somebody else than who asked says yes, within a day. Raises `NotFound` or `InvalidValue`."""
        async with self._acting.doing(_act(ask), Operation.EXPORT) as locked:
            export = await self._waiting(locked, number)
            if export.approved_by is not None:
                raise _cannot("it is approved already", "il est déjà approuvé")
            requester = await self._acting.person(AccountId(export.requested_by), locked.connection)
            if requester is None or requester.holder == _act(ask).holder:
                raise _cannot("who asks does not approve: two people", "qui demande n'approuve pas : deux personnes")
            if self._clock.now() - export.requested_at > GOOD_FOR:
                raise _cannot("it was asked more than a day ago: ask again", "demandé il y a plus d'un jour")
            await self._store.approve(locked.connection, number, ask.asker.account_id, self._clock.now())
            said = {"patients": str(export.patients), "digest": export.digest}
            await self._record(locked, ask, number, "approved", said, export.reason)
        return export

    async def refuse(self, ask: Ask, number: int, reason: str) -> None:
        """Anybody of the desk may stop it, who asked too."""
        async with self._acting.doing(_act(ask), Operation.EXPORT) as locked:
            await self._waiting(locked, number)
            await self._store.end(locked.connection, number, self._clock.now(), refused=True)
            await self._record(locked, ask, number, "refused", {}, reason)

    async def check(self, ask: Ask, number: int) -> Export:
        """The export, if it may be written now; whatever comes then, the proof of its asker has served."""
        async with self._acting.doing(_act(ask), Operation.EXPORT) as locked:
            return await self._approved(locked, number)

    async def write(self, ask: Ask, number: int) -> Released[HospitalLists]:
        """The lists, released once: recorded as written first, so that a failure costs a new request and no trace.

        Raises `InvalidValue` when it was not approved, too long ago, or when the scope is another by now.
        """
        export = await self.check(ask, number)
        ask = replace(ask, proof=None)  # which has served
        scope = await self._scope(export.selections)  # it may take minutes: not under a lock
        if self._digest(scope) != export.digest:
            raise _cannot("the scope is another by now: ask again", "le périmètre a changé : redemandez")
        lists = await self._lists(scope)
        async with self._acting.doing(_act(ask), Operation.EXPORT) as locked:
            await self._approved(locked, number)
            said = {str(hospital): sha256(content).hexdigest() for hospital, content in lists.items()}
            await self._store.end(locked.connection, number, self._clock.now(), refused=False)
            await self._record(locked, ask, number, "written", said, export.reason)
        return await self._release(ask, export, lists)

    async def _release(self, ask: Ask, export: Export, lists: dict[int, bytes]) -> Released[HospitalLists]:
        criteria = described(export.selections) | {"export": str(export.export_id), "digest": export.digest}
        question = ask.question(criteria, Field(0), wanted=Field(0))
        permit = Permit(Field.REFERENCE | Field.OWN_IDENTIFIER, Field.REFERENCE | Field.OWN_IDENTIFIER)
        return await self._house.gate.disclose_as(
            question,
            permit,
            (),
            lambda answer: HospitalLists(export.export_id, answer.disclosure_id, lists),
            Outcome.RECORDED,
        )

    async def listed(self) -> list[tuple[Export, str, str]]:
        """Every request, with who asked and who approved."""
        return await self._store.listed()

    async def _scope(self, selections: Sequence[Selection]) -> Scope:
        with looking_up():
            return await self._investigation.scope(selections)

    async def _lists(self, scope: Scope) -> dict[int, bytes]:
        seen = {one.person_id: one for one in scope.seen}
        hospitals = sorted({hospital for one in seen.values() for hospital in one.hospitals})
        found: dict[int, bytes] = {}
        for hospital in hospitals:
            people = [number for number, one in seen.items() if hospital in one.hospitals]
            ipps = await self._store.own_numbers(hospital, people)
            lines = [
                {**patient_line(seen[number], self._house.references.of(PersonId(number)), frozenset()), "ipp": ipp}
                for number in people
                for ipp in ipps.get(number, [""])
            ]
            found[hospital] = csv_table(COLUMNS, lines)
        return found

    def _digest(self, scope: Scope) -> str:
        references = sorted(self._house.references.of(PersonId(one.person_id)) for one in scope.patients)
        return sha256("\n".join(references).encode()).hexdigest()

    async def _waiting(self, locked: Locked, number: int) -> Export:
        export = await self._store.lock(locked.connection, number)
        if export is None:
            raise NotFound(what=_EXPORT)
        if export.ended_at is not None:
            raise _cannot("it was written or refused", "il a été écrit ou refusé")
        return export

    async def _approved(self, locked: Locked, number: int) -> Export:
        export = await self._waiting(locked, number)
        if export.approved_by is None or export.approved_at is None:
            raise _cannot("nobody has approved it", "personne ne l'a approuvé")
        if self._clock.now() - export.approved_at > GOOD_FOR:
            raise _cannot("it was approved more than a day ago: ask again", "approuvé il y a plus d'un jour")
        return export

    async def _record(
        self, locked: Locked, ask: Ask, number: int, step: str, said: Mapping[str, str], reason: str
    ) -> None:
        particulars = {"export": str(number), "step": step, **said}
        event = AccountEvent(
            ask.asker.account_id,
            Operation.EXPORT,
            reason,
            particulars,
            asker=ask.asker,
            door=Door.EXPORT,
            request_id=ask.request_id,
        )
        await locked.record(event)


def _act(ask: Ask) -> Act:
    return Act(ask.asker, Door.EXPORT, ask.request_id, ask.proof)


def expires(export: Export) -> datetime:
    """Until when the next step may be taken."""
    return (export.approved_at or export.requested_at) + GOOD_FOR


def _cannot(english: str, french: str) -> InvalidValue:
    return InvalidValue(what=_EXPORT, why=Words(english, french))

"""The duty officer lets a held account read again: with a reason, and from the third time in a month by two people.

It ends what statistics began; what a person stopped is ended by `actions.contain`.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from beffroi.actions.alerts import Alerts
from beffroi.actions.contain import REASON_CHARACTERS_MAX, REASON_CHARACTERS_MIN
from beffroi.actions.events import Locked
from beffroi.actions.ways.acting import Act, Acting
from beffroi.actions.ways.persons import are_one
from beffroi.clock import Clock
from beffroi.errors import Missing, NotFound, WayRefused, Words
from beffroi.model.account import AccountId
from beffroi.model.account_event import AccountEvent
from beffroi.model.alert import Alert, AlertKind, Severity
from beffroi.model.disclosure import Operation
from beffroi.store.database import Database
from beffroi.store.releases import ReleaseStore
from beffroi.telemetry import Event, log
from beffroi.watch.evidence import NO_RUNG
from beffroi.watch.releasing import released, takes_two, what_it_was

CONFIRM_WITHIN: Final = timedelta(hours=1)
_NOT_HELD = Words("the watch holds nothing of this account", "la veille ne retient rien de ce compte")
_NOTHING = Words("There is nothing to do.", "Il n'y a rien à faire.")
_OWN = Words("nobody releases their own account", "nul ne libère son propre compte")
_ANOTHER = Words("Another duty officer does it.", "Une autre personne d'astreinte le fait.")
_TWICE = Words(
    "it was released twice in 30 days: a second person is needed",
    "il a été libéré deux fois en 30 jours : il faut une seconde personne",
)


@dataclass(frozen=True, slots=True)
class Release:
    """What a release came to. `waits`: for a second person, within an hour."""

    account_id: AccountId
    waits: bool


class Releasing:
    """Releases of held accounts."""

    def __init__(self, database: Database, acting: Acting, clock: Clock) -> None:
        self._acting = acting
        self._store = ReleaseStore()
        self._alerts = Alerts(database, clock)
        self._clock = clock

    async def release(self, act: Act, account_id: AccountId, reason: str) -> Release:
        """By a duty officer who signed in. Raises Missing, NotFound or WayRefused."""
        person = await self._acting.person(account_id)
        if person is None:
            raise NotFound(what=Words("Account", "Compte"))
        if person.holder == act.holder:
            raise WayRefused(why=_OWN, instead=_ANOTHER)
        async with self._acting.doing(act, Operation.RELEASE, [account_id, AccountId(person.holder)]) as locked:
            return await self._release(locked, account_id, AccountId(person.holder), act.by, reason)

    async def release_as_operator(self, account_id: AccountId, by: str, reason: str) -> Release:
        """The same at the machine itself."""
        person = await self._acting.person(account_id)
        if person is None:
            raise NotFound(what=Words("Account", "Compte"))
        async with self._acting.events.locking([account_id, AccountId(person.holder)]) as locked:
            return await self._release(locked, account_id, AccountId(person.holder), by, reason)

    async def _release(self, locked: Locked, account_id: AccountId, holder: AccountId, by: str, reason: str) -> Release:
        if not REASON_CHARACTERS_MIN <= len(reason.strip()) <= REASON_CHARACTERS_MAX:
            raise Missing("reason", what=Words(f"A reason of {REASON_CHARACTERS_MIN} characters", "Une raison"))
        now = self._clock.now()
        now_s, connection = int(now.timestamp()), locked.connection
        evidence = locked.evidence(holder)
        if evidence.rung == NO_RUNG and not evidence.held_s and not evidence.asked_s:
            raise WayRefused(why=_NOT_HELD, instead=_NOTHING)
        told = {"by": by} | what_it_was(evidence)
        if takes_two(evidence, now_s):
            waiting = await self._store.waiting(connection, holder, now - CONFIRM_WITHIN)
            if waiting is None:
                await self._store.add(connection, holder, reason, by, now, done=False)
                await self._ring(locked, AlertKind.RELEASE_ASKED, account_id, by)
                log(Event.RELEASE_ASKED, account=account_id)
                return Release(account_id, waits=True)
            if await are_one(self._acting.presence, connection, waiting.asked_by, by):
                raise WayRefused(why=_TWICE, instead=_ANOTHER)
            await self._store.finish(connection, waiting.release_id, by, now)
            told |= {"by": waiting.asked_by, "confirmed_by": by}
            reason = f"{waiting.reason} / {reason}"
        else:
            await self._store.add(connection, holder, reason, by, now, done=True)
        await locked.keep(holder, released(evidence, now_s))
        await locked.record(AccountEvent(account_id, Operation.RELEASE, reason, told))
        await self._acting.signals.rung_changed(connection, account_id, evidence.rung, NO_RUNG, "released")
        await self._ring(locked, AlertKind.RELEASED, account_id, by)
        log(Event.HOLD_RELEASED, account=account_id)
        return Release(account_id, waits=False)

    async def _ring(self, locked: Locked, kind: AlertKind, account_id: AccountId, by: str) -> None:
        told = {"by": by, "kind": "hold"}
        await self._alerts.ring(locked.connection, Alert(kind, Severity.WARNING, account_id, "hold", told))

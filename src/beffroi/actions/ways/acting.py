"""Something that a signed-in person does without reading a patient: one transaction under the accounts' locks.

What holds for a question holds here: a stopped account does nothing, a containment refuses, a proof serves once.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from beffroi.access.rejection import Reason, Rejected
from beffroi.access.stops import Stops
from beffroi.access.stops import refusal as stop_refusal
from beffroi.actions.events import Events, Locked
from beffroi.actions.signals import Signals
from beffroi.clock import Clock
from beffroi.errors import AccountFrozen, Departed, NotAuthenticated
from beffroi.model.account import AccountId, Asker
from beffroi.model.account_event import AccountEvent
from beffroi.model.disclosure import Door, Operation, Proof
from beffroi.store.containments import ContainmentStore
from beffroi.store.database import Database
from beffroi.store.events import Connection
from beffroi.store.presence import PersonRow, PresenceStore
from beffroi.store.signals import SignalStore
from beffroi.watch.channels import key_of

FRESH_S: Final = 300
"""Seconds for which a proof of presence serves, in the session that made it, where one is asked for at once."""


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something, by which door; `proof` as in a question."""

    asker: Asker
    door: Door
    request_id: UUID
    proof: Proof | None = None

    @property
    def by(self) -> str:
        """Who acts, as events name people."""
        return f"account:{self.asker.account_id}"

    @property
    def holder(self) -> AccountId:
        """The account in whose row the person's evidence stands."""
        return self.asker.holder or self.asker.account_id

    def event(self, operation: Operation, reason: str, particulars: dict[str, str]) -> AccountEvent:
        """An event of the actor's own chain."""
        asker = self.asker
        return AccountEvent(asker.account_id, operation, reason, particulars, asker, self.door, self.request_id)


def proved_just_now(locked: Locked, act: Act, now_s: int) -> bool:
    """Whether the actor has proved with a key, in this session and lately, who is there."""
    own = locked.evidence(act.holder)
    return own.proved_s > now_s - FRESH_S and own.proved_key == key_of(act.asker.session_key)


class Acting:
    """Opens such transactions."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.events = Events(database, clock)
        self.presence = PresenceStore(database)
        self.signals = Signals(SignalStore(database), clock)
        self._containments = ContainmentStore(database)
        self._clock = clock

    @asynccontextmanager
    async def doing(self, act: Act, operation: Operation, others: Iterable[AccountId] = ()) -> AsyncIterator[Locked]:
        """One transaction; `others` are locked too. Raises what refuses the actor, and then nothing happened."""
        stop = Stops(await self._containments.all_in_force(self._clock.now())).against(act.asker, operation)
        if stop is not None:
            raise stop_refusal(stop)
        own = (act.asker.account_id, act.holder)
        async with self.events.locking([*own, *others]) as locked:
            if any(locked.is_frozen(one) for one in own):
                raise AccountFrozen()
            if act.asker.departed:
                raise Departed()
            if Stops((), await self.presence.ended(locked.connection, act.asker.account_id)).is_over(act.asker):
                why, french = "this session was ended; sign in again", "cette session a été close ; reconnectez-vous"
                raise NotAuthenticated("invalid_token", why, fr=french)
            await self.spend(act, locked.connection)
            yield locked

    async def spend(self, act: Act, connection: Connection | None = None) -> None:
        """Burns the act's proof, by itself where it takes no lock. Raises NotAuthenticated for one that has served."""
        proof = act.proof
        if proof is not None and not await self.presence.burn(proof.minute, proof.digest, connection):
            raise Rejected(Reason.PROOF_USED)

    async def person(self, account_id: AccountId, connection: Connection | None = None) -> PersonRow | None:
        """Whose an account is; None when there is no such account."""
        return (await self.presence.people([account_id], connection)).get(account_id)

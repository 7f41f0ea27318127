"""What is no question stands in the account's own chain too: a containment, a release, a proof of presence, a grant.

    async with events.locking([account]) as locked:
        ...                       # what must be true together with the event, on locked.connection
        await locked.record(AccountEvent(account, Operation.CONTAIN, reason, {"by": who}))

The block is one transaction under the accounts' locks, which the gate takes too: what the gate commits before it stands
before the event in the chain, what it commits after it knows of it.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec

from beffroi.access.policy import VERSION
from beffroi.clock import Clock
from beffroi.ledger.leaf import NONCE_BYTES
from beffroi.model.account import AccountId
from beffroi.model.account_event import AccountEvent
from beffroi.model.disclosure import DisclosureId, Operation, Outcome
from beffroi.store.database import Database
from beffroi.store.events import Connection, EventRow, EventStore, LockedAccounts
from beffroi.watch.evidence import Evidence

_decode_evidence = msgspec.json.Decoder(Evidence).decode


class Locked:
    """A transaction under the locks of some accounts. What is written on `connection` commits with the events."""

    def __init__(self, locked: LockedAccounts, clock: Clock) -> None:
        self._locked = locked
        self._clock = clock

    @property
    def connection(self) -> Connection:
        """The transaction's connection, for the store of whoever writes something together with the events."""
        return self._locked.connection

    def knows(self, account_id: AccountId) -> bool:
        """Whether there is such an account, and it is among the locked ones."""
        return account_id in self._locked.frozen

    def is_frozen(self, account_id: AccountId) -> bool:
        """Whether the account was stopped when it was locked; False for one that is not there."""
        return self._locked.frozen.get(account_id, False)

    async def set_frozen(self, account_id: AccountId, frozen: bool) -> bool:
        """Stops an account, or lets it read again; False when it was so already. `actions.contain` records it."""
        return await self._locked.set_frozen(account_id, frozen)

    def evidence(self, account_id: AccountId) -> Evidence:
        """A copy of what the watch remembers of a locked account."""
        return _decode_evidence(self._locked.evidence[account_id])

    async def keep(self, account_id: AccountId, evidence: Evidence) -> None:
        """What the watch is to remember of a locked account."""
        await self._locked.set_evidence(account_id, msgspec.json.encode(evidence).decode(), evidence.rung)

    async def record(self, *events: AccountEvent) -> list[DisclosureId]:
        """Adds events behind their accounts' chains, in order. Raises ValueError for a question, or another account."""
        if any(event.operation < Operation.VERDICT for event in events):
            raise ValueError("a question is the gate's")
        if not all(self.knows(event.account_id) for event in events):
            raise ValueError("the account is not locked")
        if not events:
            return []
        rows = [self._row(event) for event in events]
        written = await self._locked.write(rows, self._clock.now(), int(Outcome.RECORDED), VERSION)
        return [DisclosureId(number) for number in written]

    def _row(self, event: AccountEvent) -> EventRow:
        asker = event.asker
        return EventRow(
            event.account_id,
            asker.role.value if asker else None,
            asker.structure if asker else None,
            asker.application if asker else None,
            asker.session_key if asker else None,
            asker.network if asker else None,
            int(event.door),
            int(event.operation),
            event.purpose.value,
            event.reason,
            event.request_id or self._clock.uuid(),
            msgspec.json.encode(event.particulars).decode(),
            self._clock.token_bytes(NONCE_BYTES),
        )


class Events:
    """The way to accounts' chains for everything that is not a question."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._store = EventStore(database)
        self._clock = clock

    @asynccontextmanager
    async def locking(self, accounts: Sequence[AccountId]) -> AsyncIterator[Locked]:
        """One transaction under these accounts' locks. Nothing of the block happened if it raises."""
        async with self._store.locking(sorted(set(accounts))) as locked:
            yield Locked(locked, self._clock)

    async def record(self, event: AccountEvent) -> DisclosureId:
        """One event alone, durable when this returns. Raises LookupError when there is no such account."""
        async with self.locking([event.account_id]) as locked:
            if not locked.knows(event.account_id):
                raise LookupError("there is no such account")
            return (await locked.record(event))[0]

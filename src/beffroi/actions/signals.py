"""What others are told of an account: queued in the transaction that stops, suspects, releases or proves."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from beffroi.actions.rounds import Rounds
from beffroi.clock import Clock
from beffroi.model.containment import Containment, ContainmentKind
from beffroi.model.job import Job
from beffroi.model.signal import (
    RiskLevel,
    Signal,
    assurance_level_change,
    credential_change,
    opaque,
    risk_level_change,
    session_revoked,
    subject_of,
)
from beffroi.store.database import Database
from beffroi.store.events import Connection
from beffroi.store.signals import SignalStore
from beffroi.telemetry import Event
from beffroi.watch.evidence import ASK, HOLD, Rung

ROUND_S: Final = 3_600.0
KEPT: Final = timedelta(days=8)
"""For how long an identifier is remembered, and the end of a session: longer than any of its tokens is believed."""
DELIVERED_KEPT: Final = timedelta(days=30)
_LEVELS: Final = "NIST-AAL"
_HIGHEST: Final = "nist-aal3"


class Signals:
    """Queues events of Shared Signals. Whether anybody listens, the configuration of the transmitter decides."""

    def __init__(self, store: SignalStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def contained(self, connection: Connection, made: Containment, accounts: Sequence[int]) -> None:
        """The sessions that a containment ends: an account's, a device's for each of its users, an application's.

        A network or a structure says nothing to others: who is there did nothing.
        """
        at_s = int(self._clock.now().timestamp())
        if made.kind is ContainmentKind.APPLICATION:
            subject = {"format": "complex", "application": opaque(made.target)}
            await self._queue(connection, session_revoked(subject, at_s))
            return
        if made.kind not in (ContainmentKind.ACCOUNT, ContainmentKind.DEVICE):
            return
        for account in await self._store.accounts(connection, accounts):
            user = subject_of(account.issuer, account.subject)
            if made.kind is ContainmentKind.DEVICE:
                user = {"format": "complex", "user": user, "device": opaque(made.target)}
            await self._queue(connection, session_revoked(user, at_s))

    async def credential_changed(
        self, connection: Connection, account: int, credential_type: str, change_type: str
    ) -> None:
        """A key of an account was enrolled or revoked: `fido2-roaming`, `x509`...; `create`, `revoke`."""
        at_s = int(self._clock.now().timestamp())
        for one in await self._store.accounts(connection, [account]):
            subject = subject_of(one.issuer, one.subject)
            await self._queue(connection, credential_change(subject, at_s, credential_type, change_type))

    async def presence_proved(self, connection: Connection, account: int) -> None:
        """Somebody proved who is there with a key that cannot be phished: the third level of NIST SP 800-63B."""
        at_s = int(self._clock.now().timestamp())
        for one in await self._store.accounts(connection, [account]):
            subject = subject_of(one.issuer, one.subject)
            await self._queue(connection, assurance_level_change(subject, at_s, _LEVELS, _HIGHEST, rises=True))

    async def rung_changed(self, connection: Connection, account: int, before: Rung, after: Rung, reason: str) -> None:
        """The watch put an account on another rung, or a person took it off. Silent while the risk is the same."""
        was, now = risk_of(before), risk_of(after)
        if was is now:
            return
        at_s = int(self._clock.now().timestamp())
        for one in await self._store.accounts(connection, [account]):
            subject = subject_of(one.issuer, one.subject)
            await self._queue(connection, risk_level_change(subject, at_s, now, was, reason))

    async def _queue(self, connection: Connection, signal: Signal) -> None:
        await self._store.queue(connection, signal, self._clock.now())


def risk_of(rung: Rung) -> RiskLevel:
    """What a rung says to others. A warning is for the duty officer alone.

    >>> risk_of(HOLD), risk_of(ASK), risk_of(Rung(1))
    (<RiskLevel.HIGH: 'HIGH'>, <RiskLevel.MEDIUM: 'MEDIUM'>, <RiskLevel.LOW: 'LOW'>)
    """
    if rung >= HOLD:
        return RiskLevel.HIGH
    return RiskLevel.MEDIUM if rung >= ASK else RiskLevel.LOW


class Forgetting:
    """Deletes what has served its time: identifiers that were heard, names and ends of sessions, delivered events."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._store = SignalStore(database)
        self._clock = clock

    async def run(self, rounds: Rounds) -> None:
        """Rounds until it is stopped."""
        await rounds.repeat(Job.FORGETTING, self.round, ROUND_S, Event.SIGNALLING_FAILED)

    async def round(self) -> int:
        """How many rows went."""
        now = self._clock.now()
        return await self._store.forget(now - KEPT, now - DELIVERED_KEPT)

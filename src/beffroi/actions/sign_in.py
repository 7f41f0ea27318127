"""From a verified token to one asker: the account, its grants and its role, and a record of each new session.

Accounts and grants are remembered for a few seconds only, so that what an operator takes away is gone before they have
put the telephone down. A freeze needs no waiting at all: the gate reads the account's status in its own transaction.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, NewType

import msgspec

from beffroi.access.professional import Claimed, capacity
from beffroi.access.remembered import Remembered
from beffroi.access.stops import stop_reaches
from beffroi.access.verified import Verified
from beffroi.actions.availability import ACCOUNTS, looking_up
from beffroi.actions.turns import Turns
from beffroi.clock import Clock
from beffroi.errors import UnknownAccount, Words
from beffroi.model.account import AccountKind, Asker
from beffroi.model.containment import Stop
from beffroi.model.disclosure import Operation
from beffroi.model.hospitals import Hospitals
from beffroi.store.accounts import AccountStore, StoredAccount
from beffroi.telemetry import Event, log

ASKER_S: Final = 3.0
"""Seconds during which an account and its grants are not read again."""
ASKERS_REMEMBERED_MAX: Final = 20_000  # about 1 KB each
SESSIONS_REMEMBERED_MAX: Final = 100_000  # about 200 bytes each; one that was forgotten is recorded once more
_OPERATOR: Final = Words("the operator of this server", "l'exploitant de ce serveur")
_NOT_REGISTERED: Final = Words(
    "this application is not in the configuration", "cette application n'est pas dans la configuration"
)
_OTHER_KIND: Final = Words(
    "its token is a person's and its account an application's, or the reverse",
    "son jeton est celui d'une personne et son compte celui d'une application, ou l'inverse",
)

Session = NewType("Session", tuple[object, ...])
RecordSignIn = Callable[[Asker], Awaitable[None]]
"""Records one sign-in as a disclosure, durably, before the session's first request goes on; raises when it may not."""


@dataclass(frozen=True, slots=True)
class _Known:
    """An asker who was looked up, with no network yet. `until_s`: look again then."""

    asker: Asker
    until_s: float


async def nothing_recorded(_asker: Asker) -> None:
    """For a process without a gate: tests, and the bare variant of the benchmarks."""


class SignIn:
    """The way from tokens to askers in one process."""

    def __init__(
        self, accounts: AccountStore, hospitals: Hospitals, clock: Clock, record: RecordSignIn = nothing_recorded
    ) -> None:
        self._accounts = accounts
        self._hospitals = hospitals
        self._clock = clock
        self._record = record
        self._known = Remembered[bytes, _Known](ASKERS_REMEMBERED_MAX)
        self._sessions = Remembered[Session, bool](SESSIONS_REMEMBERED_MAX)
        self._being_recorded = Turns[Session]()

    def known(self, verified: Verified, network: str, now_s: float) -> Asker | None:
        """The asker, if that token was looked up within the last seconds."""
        known = self._known.get(verified.digest)
        if known is None or now_s >= known.until_s:
            return None
        if known.asker.network == network:
            return known.asker
        return msgspec.structs.replace(known.asker, network=network)

    async def asker(self, verified: Verified, network: str) -> Asker:
        """Who asks, once their session is recorded. A person of a known hospital and role has an account made.

        Raises UnknownAccount, Unavailable, or whatever recording the sign-in raises.
        """
        who, issuer = verified.who, verified.issuer
        with looking_up(ACCOUNTS):
            account = await self._accounts.find(who.issuer, who.subject)
            _check_kind(who, account)
            grants = account.grants if account else ()
            chosen = capacity(who, grants, issuer.roles, self._hospitals, self._clock.now())
            if account is None:
                account = await self._accounts.create_person(who.issuer, who.subject)
        asker = Asker(
            account_id=account.account_id,
            kind=who.kind,
            subject=who.subject,
            role=chosen.role,
            structure=chosen.structure,
            application=who.application,
            session_key=verified.session_key,
            network=network,
            authenticated_at_s=who.authenticated_at_s,
            scopes=who.scopes,
            proved_at_s=_proved_at_s(verified, int(self._clock.now().timestamp())),
            holder=account.holder,
            others=account.others,
            issued_at_s=who.issued_at_s,
            session_id=who.session_id,
            departed=account.has_left(chosen.structure, self._clock.now()),
        )
        await self._record_once(asker, who)
        self._known.put(verified.digest, _Known(asker, self._clock.now().timestamp() + ASKER_S))
        return asker

    def forget(self) -> None:
        """Everything is looked up again at its next use."""
        self._known.clear()

    def forget_stopped(self, stop: Stop) -> None:
        """Whoever a containment concerns is looked up again at their next request."""
        self._known.forget_where(lambda known: stop_reaches(stop, known.asker, Operation.SEARCH))

    async def _record_once(self, asker: Asker, who: Claimed) -> None:
        """Records a session that this process has not seen, once however many requests bring it at the same time."""
        session = _session(asker)
        if self._sessions.get(session):
            return
        async with self._being_recorded.of(session):
            if self._sessions.get(session):
                return
            await self._record(asker)
            if who.names:  # so that its issuer can end it by them
                await self._accounts.remember_names(who.issuer, who.names, asker.account_id, self._clock.now())
            self._sessions.put(session, True)
            log(Event.SIGNED_IN, account=asker.account_id, hospital=asker.structure, role=asker.role, kind=asker.kind)


def _proved_at_s(verified: Verified, now_s: int) -> int:
    """When the token's user proved who is there by a means that cannot be phished; 0 when by another."""
    who, issuer = verified.who, verified.issuer
    proves = who.acr in issuer.proving_acr_values and who.authenticated_at_s <= now_s + issuer.skew_s
    return who.authenticated_at_s if proves else 0


def _session(asker: Asker) -> Session:
    """A new key, a new authentication, another role or another application is a new session."""
    return Session(
        (
            asker.account_id,
            asker.session_key,
            asker.authenticated_at_s,
            asker.structure,
            asker.role,
            asker.application,
        )
    )


def _check_kind(who: Claimed, account: StoredAccount | None) -> None:
    """Applications are registered beforehand; people are not, and neither passes for the other."""
    if account is None and who.kind is AccountKind.APPLICATION:
        raise UnknownAccount(why=_NOT_REGISTERED, whom=_OPERATOR)
    if account is not None and account.kind is not who.kind:
        raise UnknownAccount(why=_OTHER_KIND, whom=_OPERATOR)

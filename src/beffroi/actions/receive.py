"""Signals from others: from a configured transmitter, and the logout of an issuer. They close sessions and freeze.

Nothing that comes in releases, gives a right or changes anything else (a transmitter that is taken over can make people
sign in again, and stop accounts; a person releases). Each token counts once.

Source: SSF 1.0, CAEP 1.0 section 3, RISC 1.0 section 2; OpenID Connect Back-Channel Logout 1.0 section 2.7.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from beffroi.access.sets import NotBelieved, Read, SetFault, believed_logout, believed_set, read
from beffroi.actions.alerts import Alerts
from beffroi.actions.contain import Containing, Order
from beffroi.actions.events import Events
from beffroi.clock import Clock
from beffroi.errors import BeffroiError, ContainmentRefused
from beffroi.model.account import AccountId
from beffroi.model.account_event import AccountEvent
from beffroi.model.alert import PARTICULAR_CHARACTERS_MAX, Alert, AlertKind, Severity
from beffroi.model.containment import ContainmentKind
from beffroi.model.disclosure import Door, Operation
from beffroi.model.signal import RiskLevel, SignalType
from beffroi.outbound.issuer_keys import IssuerKeys
from beffroi.store.database import Database
from beffroi.store.signals import SignalStore
from beffroi.telemetry import Event, log

_FREEZE: Final = frozenset(
    {SignalType.ACCOUNT_DISABLED.value, SignalType.ACCOUNT_PURGED.value, SignalType.CREDENTIAL_COMPROMISED.value}
)
_CLOSE: Final = frozenset(
    {
        SignalType.SESSION_REVOKED.value,
        SignalType.CREDENTIAL_CHANGE.value,
        SignalType.ASSURANCE_LEVEL_CHANGE.value,
        SignalType.DEVICE_COMPLIANCE_CHANGE.value,
        SignalType.RISK_LEVEL_CHANGE.value,
        SignalType.CREDENTIAL_CHANGE_REQUIRED.value,
        SignalType.SESSIONS_REVOKED.value,
    }
)
_WHY: Final = "signal of another system: {}"


@dataclass(frozen=True, slots=True)
class Trusted:
    """A transmitter that is believed.

    `audience`: what it calls us. `accounts_of`: the issuer whose accounts it names.
    """

    keys: IssuerKeys
    audience: str
    accounts_of: str


class Receiving:
    """What is done about signals that come in."""

    def __init__(
        self, database: Database, trusted: Sequence[Trusted], issuers: Sequence[IssuerKeys], clock: Clock
    ) -> None:
        self._store = SignalStore(database)
        self._containing = Containing(database, clock)
        self._events = Events(database, clock)
        self._alerts = Alerts(database, clock)
        self._trusted = {one.keys.issuer.issuer: one for one in trusted}
        self._issuers = {keys.issuer.issuer: keys for keys in issuers}
        self._clock = clock

    async def event(self, token: bytes) -> None:
        """A SET of a configured transmitter. Raises NotBelieved; what it asks for that is not known does nothing."""
        found = read(token)
        trusted = self._trusted.get(found.issuer)
        if trusted is None:
            raise NotBelieved(SetFault.INVALID_ISSUER)
        claims = await self._believed(found, trusted)
        if await self._store.heard(found.issuer, claims["jti"]):
            return
        ((kind, properties),) = claims["events"].items()
        properties = properties if isinstance(properties, dict) else {}
        subject = claims.get("sub_id") or properties.get("subject") or {}
        by = f"issuer:{found.issuer}"
        for account in await self._accounts(trusted, subject):
            if kind in _FREEZE:
                await self._freeze(account, kind.rpartition("/")[2], by)
            elif kind in _CLOSE and _lowers(kind, properties):
                until = _moment(properties.get("event_timestamp"), claims["iat"], self._clock.now())
                await self._end(account, _session_of(subject), until, by, kind.rpartition("/")[2])
        await self._store.receive(found.issuer, claims["jti"], self._clock.now())

    async def logout(self, token: bytes) -> None:
        """A logout token of an issuer whose tokens are accepted here: its session ends, or all of its subject's.

        Raises NotBelieved.
        """
        found = read(token)
        keys = self._issuers.get(found.issuer)
        if keys is None:
            raise NotBelieved(SetFault.INVALID_ISSUER)
        now = self._clock.now()
        trust = await self._trust(keys, found)
        audiences = keys.issuer.audiences
        subject, session, jti = believed_logout(found, trust, found.issuer, audiences, now.timestamp())
        if await self._store.heard(found.issuer, jti):
            return
        accounts = await self._store.accounts_named(found.issuer, subject, session)
        until = _moment(None, found.claims["iat"], now)
        for account in accounts:
            await self._end(AccountId(account), session, until, f"issuer:{found.issuer}", "logout")
        await self._store.receive(found.issuer, jti, now)

    async def _believed(self, found: Read, trusted: Trusted) -> dict[str, Any]:
        keys = await self._trust(trusted.keys, found)
        now_s = self._clock.now().timestamp()
        return believed_set(found, keys, found.issuer, trusted.audience, now_s)

    async def _trust(self, keys: IssuerKeys, found: Read) -> Any:
        """Its keys, fetched again when it names one that is not known."""
        now_s = self._clock.now().timestamp()
        trust = keys.trust(now_s)
        if trust is None or (found.key_name, found.algorithm) not in trust.keys:
            await keys.look_for_key(found.key_name, found.algorithm)
            trust = keys.trust(self._clock.now().timestamp())
        if trust is None:
            raise NotBelieved(SetFault.INVALID_KEY)
        return trust.keys

    async def _accounts(self, trusted: Trusted, subject: Any) -> list[AccountId]:
        """The accounts that a subject names: by issuer and subject, alone or as the user of a complex subject."""
        if not isinstance(subject, dict):
            return []
        if subject.get("format") == "complex":
            subject = subject.get("user") or {}
        name, issuer = subject.get("sub"), subject.get("iss")
        if subject.get("format") != "iss_sub" or not isinstance(name, str) or issuer != trusted.accounts_of:
            return []
        return [AccountId(number) for number in await self._store.accounts_named(trusted.accounts_of, name)]

    async def _freeze(self, account: AccountId, kind: str, by: str) -> None:
        order = Order(ContainmentKind.ACCOUNT, str(account), _WHY.format(kind), by, door=Door.NOTIFICATION)
        try:
            await self._containing.contain(order)
        except ContainmentRefused:  # stopped already
            return
        except BeffroiError as error:
            log(Event.SIGNAL_REFUSED, error=type(error))

    async def _end(self, account: AccountId, session: str, until: datetime, by: str, kind: str) -> None:
        """Ends a session, or all of an account's, with its event and its alert."""
        particulars = {"kind": "session", "by": by, "why": kind, "until": until.isoformat()}
        async with self._events.locking([account]) as locked:
            await self._store.end_session(locked.connection, account, session, until, by)
            event = AccountEvent(account, Operation.CONTAIN, _WHY.format(kind), particulars, door=Door.NOTIFICATION)
            await locked.record(event)
            told = {name: value[:PARTICULAR_CHARACTERS_MAX] for name, value in particulars.items()}
            if kind != "logout":  # that somebody leaves is no alarm
                alert = Alert(AlertKind.SIGNAL, Severity.NOTICE, account, kind, told)
                await self._alerts.ring(locked.connection, alert)
        log(Event.SESSIONS_ENDED, account=account)


def _lowers(kind: str, properties: dict[str, Any]) -> bool:
    """Whether an event takes trust away. What raises it, or makes a credential, changes nothing here."""
    if kind == SignalType.CREDENTIAL_CHANGE.value:
        return properties.get("change_type") in ("revoke", "delete", "update")
    if kind == SignalType.ASSURANCE_LEVEL_CHANGE.value:
        return properties.get("change_direction") == "decrease"
    if kind == SignalType.DEVICE_COMPLIANCE_CHANGE.value:
        return properties.get("current_status") == "not-compliant"
    if kind == SignalType.RISK_LEVEL_CHANGE.value:
        return properties.get("current_level") == RiskLevel.HIGH
    return True


def _session_of(subject: dict[str, Any]) -> str:
    """The session that a complex subject names; empty for all of the account's."""
    session = subject.get("session") if subject.get("format") == "complex" else None
    found = session.get("id") if isinstance(session, dict) else None
    return found if isinstance(found, str) else ""


def _moment(stated: object, issued_s: float, now: datetime) -> datetime:
    """When it happened, never later than now: what is issued afterwards counts."""
    at_s = stated if isinstance(stated, int | float) and not isinstance(stated, bool) else issued_s
    return datetime.fromtimestamp(min(max(float(at_s), 0.0), now.timestamp()), UTC)

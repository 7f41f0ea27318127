"""Stopping by hand, or by certainty: one account, one device, one application; a network or a structure by two people.

A containment is one transaction: its row, an event behind the chain of each account that it touched in the last day
(under the account's lock, so that its readings before and after are told apart), and what is told to others. It is
effective in the next transaction of the gate of every process, and for an account exactly (decision 0033).

Whoever stops gives a reason. A release needs a reason too; that of an account needs a second person, and so does
stopping a network or a structure at all. Nobody is the second person of what they asked for themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from beffroi.access.stops import covered, overlapping, target_of
from beffroi.access.two_people import SAME_PERSON, objection
from beffroi.actions.alerts import Alerts
from beffroi.actions.events import Events, Locked
from beffroi.actions.signals import Signals
from beffroi.actions.ways.persons import are_one
from beffroi.clock import Clock
from beffroi.errors import ContainmentRefused, InvalidValue, Missing, NotFound, Words
from beffroi.model.account import AccountId
from beffroi.model.account_event import AccountEvent
from beffroi.model.alert import PARTICULAR_CHARACTERS_MAX, Alert, AlertKind, Severity
from beffroi.model.containment import WIDE, Containment, ContainmentId, ContainmentKind, Preview
from beffroi.model.disclosure import Door, Operation
from beffroi.store.containments import ContainmentStore
from beffroi.store.database import Database
from beffroi.store.presence import PresenceStore
from beffroi.store.signals import SignalStore
from beffroi.telemetry import Event, log

REASON_CHARACTERS_MIN: Final = 5
REASON_CHARACTERS_MAX: Final = 500
HOURS_DEFAULT: Final = 4
HOURS_MAX: Final = 24
"""Hours of a network's or a structure's containment; a longer one is decided again."""
CONFIRM_WITHIN: Final = timedelta(hours=1)
"""For how long a second person may confirm; afterwards the situation is another."""
EVENTS_MAX: Final = 2_000
"""Accounts whose chain tells of one containment: the busiest. Some 200 ms of one transaction, in which they wait."""

_EXISTS = Words("this is stopped already, or waits for its second person", "c'est déjà arrêté, ou en attente")
_NOT_OPEN = Words("Such a containment", "Un tel arrêt")
_NOT_WAITING = Words("it does not wait for a second person", "il n'attend pas de seconde personne")
_NOT_YET = Words("it is not in force yet", "il n'est pas encore en vigueur")
_OWN = Words(
    "a hospital has declared these addresses its own: stop the account or the device",
    "un hôpital a déclaré ces adresses siennes : arrêtez le compte ou l'appareil",
)


@dataclass(frozen=True, slots=True)
class Order:
    """What to stop, why, and who says so. `by` as in `Containment`; `hours` counts for a network and a structure.

    `disowned`: its owner says that it was not them, which stands in the chain before the containment.
    """

    kind: ContainmentKind
    target: str
    reason: str
    by: str
    hours: int = HOURS_DEFAULT
    door: Door = Door.CONSOLE
    disowned: bool = False


class Containing:
    """The duty officer's desk, wherever it stands: command line, console, signals."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._store = ContainmentStore(database)
        self._presence = PresenceStore(database)
        self._events = Events(database, clock)
        self._alerts = Alerts(database, clock)
        self._signals = Signals(SignalStore(database), clock)
        self._clock = clock

    async def listed(self) -> list[Containment]:
        """Containments, those not released first."""
        return await self._store.listed()

    async def open_one(self, containment_id: ContainmentId) -> Containment:
        """One that was not released. Raises `NotFound`."""
        found = await self._store.known(containment_id)
        if found is None:
            raise NotFound(what=_NOT_OPEN)
        return found

    async def preview(self, kind: ContainmentKind, target: str) -> Preview:
        """Whom it would touch, by the last day. Raises InvalidValue, NotFound or ContainmentRefused."""
        target = target_of(kind, target)
        hospitals = await self._store.hospitals()
        names = {number: name for number, name, _ in hospitals}
        own = [network for _, _, networks in hospitals for network in networks]
        if kind is ContainmentKind.STRUCTURE and int(target) not in names:
            raise NotFound(what=Words("Hospital", "Hôpital"))
        spared = _spared(kind, target, own)
        touched = await self._store.touched(kind, target, spared, self._clock.now())
        if kind is ContainmentKind.ACCOUNT and not touched:
            raise NotFound(what=Words("Account", "Compte"))
        return Preview(
            kind,
            target,
            touched,
            hospitals=tuple(names[n] for n in sorted({n for one in touched for n in one.hospitals}) if n in names),
            feeds=tuple(names[n] for n in await self._feeds(kind, target)),
            spared=spared,
        )

    async def contain(self, order: Order) -> Containment:
        """In force when this returns, but for a network or a structure: those wait for `confirm`.

        Raises Missing or InvalidValue, NotFound, or ContainmentRefused when the same is stopped already.
        """
        _check_reason(order.reason)
        if not 1 <= order.hours <= HOURS_MAX:
            raise InvalidValue(what="hours", why=Words(f"1 to {HOURS_MAX}", f"1 à {HOURS_MAX}"))
        preview = await self.preview(order.kind, order.target)
        wide = order.kind in WIDE
        now = self._clock.now()
        async with self._events.locking([] if wide else _accounts(preview)) as locked:
            until = now + timedelta(hours=order.hours) if wide else None
            stop = (order.kind, preview.target, preview.spared)
            times = (now, None if wide else now, until)
            made = await self._store.insert(locked.connection, stop, order.reason, order.by, times, CONFIRM_WITHIN)
            if made is None:
                raise ContainmentRefused(why=_EXISTS)
            if wide:
                await self._ring(locked, made, AlertKind.CONTAINMENT_ASKED, made.asked_by)
            else:
                if order.disowned:
                    await _record(
                        locked, Operation.NOT_ME, order.reason, {"by": order.by}, _accounts(preview), order.door
                    )
                    await self._ring(locked, made, AlertKind.NOT_ME, made.asked_by)
                await self._begin(locked, made, preview, order.door)
        _log(made, Event.CONTAINED if made.in_force_from else Event.CONTAINMENT_ASKED)
        return made

    async def confirm(self, containment_id: ContainmentId, by: str, door: Door = Door.CONSOLE) -> Containment:
        """The second person of a network or a structure: in force from now on, for as long as was asked."""
        asked = await self._waiting(containment_id)
        preview = await self.preview(asked.kind, asked.target)
        async with self._events.locking(_accounts(preview)) as locked:
            found = await self._open(locked, containment_id)
            now = self._clock.now()
            if found.in_force_from is not None:
                raise ContainmentRefused(why=_NOT_WAITING)
            refused = objection(
                await are_one(self._presence, locked.connection, found.asked_by, by),
                now - found.asked_at,
                CONFIRM_WITHIN,
            )
            if refused is not None:
                raise ContainmentRefused(why=refused)
            until = now + (found.expires_at - found.asked_at) if found.expires_at else None
            made = await self._store.confirm(locked.connection, containment_id, by, now, until)
            await self._begin(locked, made, preview, door)
        _log(made, Event.CONTAINED)
        return made

    async def release(
        self, containment_id: ContainmentId, by: str, reason: str, door: Door = Door.CONSOLE
    ) -> Containment:
        """Ends it; that of an account once a second person says so too, within an hour. A mere request is withdrawn."""
        _check_reason(reason)
        known = await self.open_one(containment_id)
        preview = await self.preview(known.kind, known.target)
        async with self._events.locking(_accounts(preview)) as locked:
            found = await self._open(locked, containment_id)
            now = self._clock.now()
            if await self._needs_another(locked, found, by, now):
                ended = await self._store.ask_release(locked.connection, containment_id, by, now, reason)
                await self._ring(locked, ended, AlertKind.RELEASE_ASKED, by)
            else:
                both = f"{found.release_reason} / {reason}" if found.release_reason else reason
                ended = await self._store.release(locked.connection, containment_id, by, now, both)
                if found.in_force_from is not None:
                    await self._end(locked, ended, preview, door)
        _log(ended, Event.RELEASED if ended.released_at else Event.RELEASE_ASKED)
        return ended

    async def open_of(self, kind: ContainmentKind, target: str) -> Containment:
        """What is stopped, or asked for, of a target. Raises NotFound."""
        target = target_of(kind, target)
        found = await self._store.known_of(kind, target)
        if found is None:
            raise NotFound(what=_NOT_OPEN)
        return found

    async def _begin(self, locked: Locked, made: Containment, preview: Preview, door: Door) -> None:
        if made.kind is ContainmentKind.ACCOUNT:
            await locked.set_frozen(AccountId(int(made.target)), True)
        particulars = _particulars(made) | {"by": made.asked_by}
        if made.confirmed_by:
            particulars["confirmed_by"] = made.confirmed_by
        await _record(locked, Operation.CONTAIN, made.reason, particulars, _accounts(preview), door)
        await self._ring(locked, made, AlertKind.CONTAINED, made.asked_by)
        await self._signals.contained(locked.connection, made, _accounts(preview))

    async def _end(self, locked: Locked, ended: Containment, preview: Preview, door: Door) -> None:
        if ended.kind is ContainmentKind.ACCOUNT:
            await locked.set_frozen(AccountId(int(ended.target)), False)
        particulars = _particulars(ended) | {"by": ended.release_asked_by or ended.released_by or ""}
        if ended.release_asked_by and ended.released_by:
            particulars["confirmed_by"] = ended.released_by
        await _record(locked, Operation.RELEASE, ended.release_reason or "", particulars, _accounts(preview), door)
        await self._ring(locked, ended, AlertKind.RELEASED, ended.released_by or "")

    async def _ring(self, locked: Locked, one: Containment, kind: AlertKind, by: str) -> None:
        """Tells the duty officer, in the same transaction. Each containment is a topic of its own."""
        account = int(one.target) if one.kind is ContainmentKind.ACCOUNT else None
        severity = Severity.CRITICAL if kind is AlertKind.CONTAINED else Severity.WARNING
        told = {name: value[:PARTICULAR_CHARACTERS_MAX] for name, value in _particulars(one).items()}
        particulars = told | {"by": by[:PARTICULAR_CHARACTERS_MAX]}
        topic = f"containment {one.containment_id}"
        await self._alerts.ring(locked.connection, Alert(kind, severity, account, topic, particulars))

    async def _feeds(self, kind: ContainmentKind, target: str) -> list[int]:
        """The hospitals whose feed would stop with an account, or with an application's own account."""
        if kind is ContainmentKind.ACCOUNT:
            return await self._store.feeds_of([int(target)])
        if kind is ContainmentKind.APPLICATION:
            return await self._store.feeds_of(await self._store.accounts_of_application(target))
        return []

    async def _needs_another(self, locked: Locked, found: Containment, by: str, now: datetime) -> bool:
        """Whether an account's release still waits for a second person. Raises ContainmentRefused to the first."""
        if found.kind is not ContainmentKind.ACCOUNT:
            return False
        if found.release_asked_at is None or now - found.release_asked_at > CONFIRM_WITHIN:
            return True
        if await are_one(self._presence, locked.connection, found.release_asked_by or "", by):
            raise ContainmentRefused(why=SAME_PERSON)
        return False

    async def _waiting(self, containment_id: ContainmentId) -> Containment:
        known = await self.open_one(containment_id)
        if known.in_force_from is not None:
            raise ContainmentRefused(why=_NOT_WAITING)
        return known

    async def _open(self, locked: Locked, containment_id: ContainmentId) -> Containment:
        found = await self._store.open_one(locked.connection, containment_id)
        if found is None:
            raise NotFound(what=_NOT_OPEN)
        return found


def _check_reason(reason: str) -> None:
    if not REASON_CHARACTERS_MIN <= len(reason.strip()) <= REASON_CHARACTERS_MAX:
        what = Words(f"A reason of {REASON_CHARACTERS_MIN} to {REASON_CHARACTERS_MAX} characters", "Une raison")
        raise Missing("reason", what=what)


def _spared(kind: ContainmentKind, target: str, own: Sequence[str]) -> tuple[str, ...]:
    """The hospitals' own networks within its reach. Raises ContainmentRefused when nothing else is."""
    if kind is ContainmentKind.NETWORK:
        if covered(target, own):
            raise ContainmentRefused(why=_OWN)
        return overlapping(target, own)
    return tuple(own) if kind is ContainmentKind.STRUCTURE else ()


def _accounts(preview: Preview) -> list[AccountId]:
    return [AccountId(one.account_id) for one in preview.accounts[:EVENTS_MAX]]


def _particulars(one: Containment) -> dict[str, str]:
    found = {"containment": str(one.containment_id), "kind": one.kind.value, "target": one.target}
    return found | ({"until": one.expires_at.isoformat()} if one.expires_at else {})


async def _record(
    locked: Locked,
    operation: Operation,
    reason: str,
    particulars: dict[str, str],
    accounts: Sequence[AccountId],
    door: Door,
) -> None:
    known = [account for account in accounts if locked.knows(account)]
    await locked.record(*(AccountEvent(a, operation, reason, particulars, door=door) for a in known))


def _log(one: Containment, event: Event) -> None:
    log(event, kind=one.kind, number=one.containment_id)


def until_words(until: datetime | None) -> Words:
    """Until when, for people."""
    if until is None:
        return Words("until it is released", "jusqu'à sa libération")
    moment = until.strftime("%Y-%m-%d %H:%M UTC")
    return Words(f"until {moment}", f"jusqu'au {moment}")

"""Roles by two people: asked for by one, agreed to by another, one of the two at the machine; each ends by itself.

A stolen login alone can give nobody a right, and neither can a server that was taken over (decision 0066): what is
asked for in the console is agreed to at the machine; what is asked for at the machine, by a signed-in operator who
touches their key, or there by another login. Nobody asks or agrees for themselves. Taking away is for one person, at
the machine. Every step that changes a right stands in the chain of the account that has it, and rings.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from beffroi.access.professional import GRANTED_ROLES, MAPPABLE_ROLES
from beffroi.access.two_people import objection
from beffroi.actions.alerts import Alerts
from beffroi.actions.contain import REASON_CHARACTERS_MAX, REASON_CHARACTERS_MIN
from beffroi.actions.events import Locked
from beffroi.actions.ways.acting import Act, Acting, proved_just_now
from beffroi.actions.ways.persons import are_one
from beffroi.clock import Clock
from beffroi.errors import InvalidValue, Missing, NotFound, WayRefused, Words
from beffroi.model.account import AccountId, Role
from beffroi.model.account_event import AccountEvent
from beffroi.model.alert import PARTICULAR_CHARACTERS_MAX, Alert, AlertKind, Severity
from beffroi.model.disclosure import Operation
from beffroi.model.person import HospitalId
from beffroi.model.role_request import RoleRequest, Wanted
from beffroi.store.accounts import AccountStore
from beffroi.store.database import Database
from beffroi.store.identities import load_hospitals
from beffroi.store.roles import RoleStore
from beffroi.telemetry import Event, log

AGREE_WITHIN: Final = timedelta(days=1)
DAYS_MAX: Final = 366
"""Days that a role may last: a year, and then two people look at it again."""
MAY_BE_GIVEN: Final = GRANTED_ROLES | MAPPABLE_ROLES

_REQUEST = Words("The request", "La demande")
_ROLE = Words("This role of this account there", "Ce rôle de ce compte à cet endroit")
_SOFTWARE = Words(
    "it is an application's role: it comes from the configuration",
    "c'est le rôle d'une application : il vient de la configuration",
)
_OWN = Words("nobody asks for a role, or agrees to one, for themselves", "nul ne demande ni n'approuve pour soi-même")
_ANOTHER = Words(
    "Another operator does it, under a login of their own.",
    "Une autre personne de l'exploitation le fait, sous sa propre session.",
)
_AT_THE_MACHINE = Words("it was asked for by a server", "elle a été faite par un serveur")
_THERE = Words(
    "Somebody agrees at the machine: beffroi account agree.",
    "L'accord se donne sur la machine : beffroi account agree.",
)
_PROVE = Words(
    "a proof of presence with your key is needed, now", "il faut prouver votre présence avec votre clé, maintenant"
)
_TOUCH = Words(
    "Touch your key, then come back within five minutes.", "Touchez votre clé, puis revenez sous cinq minutes."
)
_AGAIN = Words("Ask again.", "Redemandez.")


class Roles:
    """The roles of one deployment. `Act`: a signed-in operator; a text: whoever is at the machine, under the owner."""

    def __init__(self, database: Database, acting: Acting, clock: Clock) -> None:
        self._database = database
        self._accounts = AccountStore(database)
        self._store = RoleStore(database)
        self._acting = acting
        self._alerts = Alerts(database, clock)
        self._clock = clock

    async def waiting(self) -> list[RoleRequest]:
        """What waits for its second person."""
        return await self._store.listed(self._clock.now() - AGREE_WITHIN)

    async def one(self, number: int) -> RoleRequest:
        """One of them. Raises NotFound once it waits no more."""
        found = await self._store.one(number, self._clock.now() - AGREE_WITHIN)
        if found is None:
            raise NotFound(what=_REQUEST)
        return found

    async def account(self, issuer: str, subject: str) -> AccountId:
        """Whose role it is to be: the account is made here, or when its person first signs in."""
        known = await self._accounts.find(issuer, subject) or await self._accounts.create_person(issuer, subject)
        return known.account_id

    async def colleague(self, act: Act, subject: str) -> AccountId:
        """The same, by the operator's own issuer. Raises WayRefused: who may not ask makes no account either."""
        async with self._acting.doing(act, Operation.GRANT) as locked:
            self._check_presence(locked, act)
        return await self.account(await self._acting.presence.issuer_of(act.asker.account_id) or "", subject)

    async def ask(self, by: Act | str, wanted: Wanted) -> int:
        """A new request. Raises Missing, InvalidValue, or WayRefused."""
        await self._check(wanted)
        async with self._doing(by, wanted.account_id) as locked:
            at_machine, now = isinstance(by, str), self._clock.now()
            number = await self._store.ask(locked.connection, wanted, _name(by), now, at_machine=at_machine)
            if not isinstance(by, str):
                told = {"what": "role asked", "for": f"account:{wanted.account_id}", "request": str(number)}
                await locked.record(by.event(Operation.GRANT, wanted.reason, told | _told(wanted)))
        log(Event.ROLE_ASKED, account=wanted.account_id, hospital=wanted.hospital_id, role=wanted.role)
        return number

    async def agree(self, by: Act | str, number: int) -> RoleRequest:
        """As the second person: in force within seconds in every process. Raises NotFound or WayRefused."""
        request = await self.one(number)
        wanted = request.wanted
        if not isinstance(by, str) and not request.at_machine:
            raise WayRefused(why=_AT_THE_MACHINE, instead=_THERE)
        async with self._doing(by, wanted.account_id) as locked:
            same = await are_one(self._acting.presence, locked.connection, request.asked_by, _name(by))
            refused = objection(same, self._clock.now() - request.asked_at, AGREE_WITHIN)
            if refused is not None:
                raise WayRefused(why=refused, instead=_ANOTHER)
            if isinstance(by, str):
                given = await self._store.give(locked.connection, request, by, self._clock.now())
            else:
                given = await self._store.agree(locked.connection, number, by.asker.account_id)
            if not given:
                raise NotFound(what=_REQUEST)
            told = {"what": "role given", "by": request.asked_by, "confirmed_by": _name(by)} | _told(wanted)
            await locked.record(AccountEvent(wanted.account_id, Operation.GRANT, wanted.reason, told))
            await self._ring(locked, wanted, _name(by))
        log(Event.ACCOUNT_GRANTED, account=wanted.account_id, hospital=wanted.hospital_id, role=wanted.role)
        return request

    async def withdraw(self, by: Act | str, number: int) -> None:
        """Anybody of the desk may stop it, who asked too. Raises NotFound."""
        request = await self.one(number)
        async with self._doing(by, request.wanted.account_id, giving=False) as locked:
            if not await self._store.withdraw(locked.connection, number, _name(by), self._clock.now()):
                raise NotFound(what=_REQUEST)
        log(Event.ROLE_WITHDRAWN, account=request.wanted.account_id, role=request.wanted.role)

    async def take(self, by: str, account_id: AccountId, hospital: HospitalId, role: Role, reason: str) -> None:
        """Takes a role away, within seconds in every process; at the machine. Raises Missing or NotFound."""
        _check_reason(reason)
        async with self._acting.events.locking([account_id]) as locked:
            if not await self._accounts.revoke(account_id, hospital, role, locked.connection):
                raise NotFound(what=_ROLE)
            told = {"what": "role taken", "by": by, "role": role.value, "hospital": str(hospital)}
            await locked.record(AccountEvent(account_id, Operation.GRANT, reason, told))
        log(Event.ACCOUNT_REVOKED, account=account_id, hospital=hospital, role=role)

    async def _check(self, wanted: Wanted) -> None:
        _check_reason(wanted.reason)
        if wanted.role not in MAY_BE_GIVEN:
            raise InvalidValue("role", what=Words("The role", "Le rôle"), why=_SOFTWARE)
        if not timedelta(0) < wanted.until - self._clock.now() <= timedelta(days=DAYS_MAX):
            why = Words(f"a day within {DAYS_MAX} days", f"un jour d'ici {DAYS_MAX} jours")
            raise InvalidValue("until", what=Words("Its end", "Sa fin"), why=why)
        if wanted.hospital_id not in {hospital.hospital_id for hospital in await load_hospitals(self._database)}:
            raise NotFound(what=Words("Hospital", "Hôpital"))

    @asynccontextmanager
    async def _doing(self, by: Act | str, account_id: AccountId, *, giving: bool = True) -> AsyncIterator[Locked]:
        """One transaction; who signed in and gives proves who is there, and does it for somebody else."""
        if isinstance(by, str):
            async with self._acting.events.locking([account_id]) as locked:
                yield locked
            return
        person = await self._acting.person(account_id) if giving else None
        if person is not None and person.holder == by.holder:
            raise WayRefused(why=_OWN, instead=_ANOTHER)
        async with self._acting.doing(by, Operation.GRANT, [account_id]) as locked:
            if giving:
                self._check_presence(locked, by)
            yield locked

    def _check_presence(self, locked: Locked, act: Act) -> None:
        if not proved_just_now(locked, act, int(self._clock.now().timestamp())):
            raise WayRefused(why=_PROVE, instead=_TOUCH)

    async def _ring(self, locked: Locked, wanted: Wanted, by: str) -> None:
        told = {"by": by[:PARTICULAR_CHARACTERS_MAX], "role": wanted.role.value, "hospital": str(wanted.hospital_id)}
        told |= {"until": wanted.until.isoformat()}
        alert = Alert(AlertKind.ROLE_GIVEN, Severity.WARNING, wanted.account_id, wanted.role.value, told)
        await self._alerts.ring(locked.connection, alert)


def _name(by: Act | str) -> str:
    return by if isinstance(by, str) else by.by


def _told(wanted: Wanted) -> dict[str, str]:
    return {
        "role": wanted.role.value,
        "hospital": str(wanted.hospital_id),
        "until": wanted.until.isoformat(),
    }


def _check_reason(reason: str) -> None:
    if not REASON_CHARACTERS_MIN <= len(reason.strip()) <= REASON_CHARACTERS_MAX:
        least = REASON_CHARACTERS_MIN
        raise Missing("reason", what=Words(f"A reason of {least} characters", f"Une raison de {least} caractères"))

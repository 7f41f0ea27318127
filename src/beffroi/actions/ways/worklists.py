"""Worklists: patients whom somebody deposits beforehand, so that others' readings of them are explained.

What comes back never says who of them is known here: a list tells its depositor nothing (law 3). It explains to others
than its depositor and its approver, whichever account of theirs they use, and only while neither is stopped.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from beffroi.access.policy import RIGHTS
from beffroi.access.professional import APPLICATION_ROLES
from beffroi.actions.availability import looking_up
from beffroi.actions.lookup import Lookup
from beffroi.actions.ways.acting import Act, Acting
from beffroi.clock import Clock
from beffroi.errors import InvalidValue, NotFound, WayRefused, Words
from beffroi.model.account import AccountId, AccountKind, Role
from beffroi.model.disclosure import Operation
from beffroi.model.search import IdentifierToken
from beffroi.store.database import Database
from beffroi.store.worklists import WorklistRow, WorklistStore
from beffroi.telemetry import Event, log

ALONE_MAX: Final = 20
"""Lines that one person may deposit; a longer list takes a second person."""
LINES_MAX: Final = 1_000
"""Lines: a vaccination centre's day has 600."""
OPEN_MAX: Final = 20
"""Lists of one account that have not run out."""
HOURS_MAX: Final = 72
PURPOSE_CHARACTERS_MAX: Final = 200
_LOOKED_UP_AT_ONCE: Final = 50

READERS: Final = frozenset(
    role for role, rights in RIGHTS.items() if Operation.READ in rights.operations and role not in APPLICATION_ROLES
)
_LIST = Words("Worklist", "Liste de travail")
_SECOND = Words("it takes another person of this hospital", "il faut une autre personne de cet hôpital")
_OTHER = Words("Another colleague can do it.", "Un autre collègue peut le faire.")
_READY = Words("this list serves already", "cette liste est déjà en vigueur")
_NOTHING = Words("There is nothing to do.", "Il n'y a rien à faire.")
_MANY = Words(f"{OPEN_MAX} lists of this account are open", f"{OPEN_MAX} listes de ce compte sont ouvertes")
_CANCEL = Words("Cancel one, or wait until one has run out.", "Annulez-en une, ou attendez qu'une expire.")


@dataclass(frozen=True, slots=True)
class Deposit:
    """A list as it is deposited. `patients`: references (system empty), IPPs or INS by their OID.

    `named`: how many they are, where one may bear several of these (0: as many).
    """

    role: Role
    purpose: str
    hours: int
    patients: tuple[IdentifierToken, ...]
    named: int = 0

    @property
    def lines(self) -> int:
        """How many patients it names, known here or not."""
        return self.named or len(self.patients)


@dataclass(frozen=True, slots=True)
class Worklist:
    """A list as people see it: never who is on it."""

    worklist: int
    role: str
    purpose: str
    lines: int
    ready: bool
    own: bool
    expires_at: str


class Worklists:
    """The worklists of a deployment."""

    def __init__(self, database: Database, acting: Acting, lookup: Lookup, clock: Clock) -> None:
        self._acting = acting
        self._store = WorklistStore(database)
        self._lookup = lookup
        self._clock = clock

    async def deposit(self, act: Act, asked: Deposit) -> Worklist:
        """A new list of the asker's hospital; it serves at once up to 20 lines. Raises InvalidValue or WayRefused."""
        _check(asked)
        people: set[int] = set()
        with looking_up():
            for at in range(0, len(asked.patients), _LOOKED_UP_AT_ONCE):
                found = await self._lookup.by_identifiers(asked.patients[at : at + _LOOKED_UP_AT_ONCE], act.asker)
                people.update(finding.person_id for finding in found)
        now, lines = self._clock.now(), asked.lines
        until, ready = now + timedelta(hours=asked.hours), lines <= ALONE_MAX
        asker = act.asker
        async with self._acting.doing(act, Operation.WORKLIST) as locked:
            if await self._store.open_of(locked.connection, asker.account_id, now) >= OPEN_MAX:
                raise WayRefused(why=_MANY, instead=_CANCEL)
            whose = (asker.structure, asked.role.value, asker.account_id)
            span, purpose = (now, until), asked.purpose.strip()
            number = await self._store.deposit(
                locked.connection, whose, span, purpose, lines, sorted(people), ready=ready
            )
            told = {"what": "deposited", "worklist": str(number), "lines": str(lines), "role": asked.role.value}
            told |= {"until": until.isoformat(), "people": ",".join(map(str, sorted(people)))}
            await locked.record(act.event(Operation.WORKLIST, purpose, told))
        log(Event.WORKLIST_DEPOSITED, account=asker.account_id, hospital=asker.structure, count=lines)
        return Worklist(number, asked.role.value, purpose, lines, ready, own=True, expires_at=until.isoformat())

    async def listed(self, act: Act) -> list[Worklist]:
        """The lists of the asker's hospital."""
        rows = await self._store.listed(act.asker.structure, self._clock.now())
        return [_seen(row, act) for row in rows]

    async def approve(self, act: Act, number: int) -> Worklist:
        """As the second person. Raises NotFound or WayRefused."""
        async with self._acting.doing(act, Operation.WORKLIST) as locked:
            row = await self._store.one(locked.connection, number, act.asker.structure, self._clock.now())
            if row is None:
                raise NotFound(what=_LIST)
            if row.ready:
                raise WayRefused(why=_READY, instead=_NOTHING)
            depositor = await self._acting.person(AccountId(row.deposited_by), locked.connection)
            if act.asker.kind is not AccountKind.PERSON or depositor is None or depositor.holder == act.holder:
                raise WayRefused(why=_SECOND, instead=_OTHER)
            await self._store.approve(locked.connection, number, act.asker.account_id)
            told = {"what": "approved", "worklist": str(number), "lines": str(row.lines)}
            await locked.record(act.event(Operation.WORKLIST, row.purpose, told))
        return Worklist(
            number, row.role, row.purpose, row.lines, True, own=False, expires_at=row.expires_at.isoformat()
        )

    async def cancel(self, act: Act, number: int) -> None:
        """Whoever may deposit may cancel, their hospital's. Raises NotFound."""
        async with self._acting.doing(act, Operation.WORKLIST) as locked:
            now = self._clock.now()
            row = await self._store.one(locked.connection, number, act.asker.structure, now)
            if row is None:
                raise NotFound(what=_LIST)
            await self._store.cancel(locked.connection, number, now)
            told = {"what": "cancelled", "worklist": str(number)}
            await locked.record(act.event(Operation.WORKLIST, row.purpose, told))


def _check(asked: Deposit) -> None:
    if asked.role not in READERS:
        raise InvalidValue("role", what="role", why=Words("nobody reads in this role", "personne ne lit dans ce rôle"))
    if not 1 <= asked.hours <= HOURS_MAX:
        raise InvalidValue("hours", what="hours", why=Words(f"1 to {HOURS_MAX}", f"1 à {HOURS_MAX}"))
    if not 1 <= asked.lines <= LINES_MAX:
        raise InvalidValue("patients", what="patients", why=Words(f"1 to {LINES_MAX}", f"1 à {LINES_MAX}"))
    if not 0 < len(asked.purpose.strip()) <= PURPOSE_CHARACTERS_MAX or not asked.purpose.isprintable():
        why = Words(f"1 to {PURPOSE_CHARACTERS_MAX} characters", f"1 à {PURPOSE_CHARACTERS_MAX} caractères")
        raise InvalidValue("purpose", what="purpose", why=why)


def _seen(row: WorklistRow, act: Act) -> Worklist:
    own = row.deposited_by == act.asker.account_id
    until = row.expires_at.isoformat()
    return Worklist(row.worklist_id, row.role, row.purpose, row.lines, row.ready, own, until)

"""A declared crisis (plan blanc): for some hours, by two duty officers, more emergency readings with a colleague each.

Nothing else changes: an emergency reading stays one person, the minimal fields, a reason, and it rings.
"""

from datetime import timedelta
from typing import Final

from beffroi.actions.alerts import Alerts
from beffroi.actions.contain import REASON_CHARACTERS_MAX, REASON_CHARACTERS_MIN
from beffroi.actions.ways.acting import Act, Acting
from beffroi.clock import Clock
from beffroi.errors import InvalidValue, Missing, NotFound, WayRefused, Words
from beffroi.model.account import AccountId
from beffroi.model.alert import Alert, AlertKind, Severity
from beffroi.model.disclosure import Operation
from beffroi.store.crises import Crisis, CrisisStore
from beffroi.store.database import Database
from beffroi.telemetry import Event, log

HOURS_MAX: Final = 24
CONFIRM_WITHIN: Final = timedelta(hours=1)
_CRISIS = Words("Crisis", "Crise")
_SECOND = Words("a second person is needed, within the hour", "il faut une seconde personne, dans l'heure")
_OTHER = Words("Another duty officer confirms.", "Une autre personne d'astreinte confirme.")


class Crises:
    """Declared crises."""

    def __init__(self, database: Database, acting: Acting, clock: Clock) -> None:
        self._acting = acting
        self._store = CrisisStore(database)
        self._alerts = Alerts(database, clock)
        self._clock = clock

    async def listed(self) -> list[Crisis]:
        """Those that have not ended."""
        return await self._store.listed(self._clock.now())

    async def declare(self, act: Act, hospital: int | None, reason: str, hours: int) -> Crisis:
        """Waits for the second person. `hospital`: None for the region. Raises Missing or InvalidValue."""
        if not REASON_CHARACTERS_MIN <= len(reason.strip()) <= REASON_CHARACTERS_MAX:
            raise Missing("reason", what=Words(f"A reason of {REASON_CHARACTERS_MIN} characters", "Une raison"))
        if not 1 <= hours <= HOURS_MAX:
            raise InvalidValue("hours", what="hours", why=Words(f"1 to {HOURS_MAX}", f"1 à {HOURS_MAX}"))
        now = self._clock.now()
        async with self._acting.doing(act, Operation.RELEASE) as locked:
            span = (now, now + timedelta(hours=hours))
            made = await self._store.declare(locked.connection, hospital, reason, act.by, span)
            await locked.record(act.event(Operation.GRANT, reason, _told(made, "declared")))
        return made

    async def confirm(self, act: Act, number: int) -> None:
        """The second person: in force in every process within a second. Raises NotFound or WayRefused."""
        async with self._acting.doing(act, Operation.RELEASE) as locked:
            now = self._clock.now()
            found = await self._store.one(locked.connection, number, now)
            if found is None:
                raise NotFound(what=_CRISIS)
            first = AccountId(int(found.declared_by.rpartition(":")[2]))
            person = await self._acting.person(first, locked.connection)
            same = person is None or person.holder == act.holder
            if same or found.in_force_from is not None or now - found.declared_at > CONFIRM_WITHIN:
                raise WayRefused(why=_SECOND, instead=_OTHER)
            await self._store.confirm(locked.connection, number, act.by, now)
            await locked.record(act.event(Operation.GRANT, found.reason, _told(found, "confirmed")))
            told = {"kind": "crisis", "by": act.by, "until": found.expires_at.isoformat()}
            alert = Alert(AlertKind.EMERGENCY, Severity.CRITICAL, None, f"crisis {number}", told)
            await self._alerts.ring(locked.connection, alert)
        log(Event.CRISIS, number=number)

    async def end(self, act: Act, number: int) -> None:
        """Over, by one person. Raises NotFound."""
        async with self._acting.doing(act, Operation.RELEASE) as locked:
            now = self._clock.now()
            found = await self._store.one(locked.connection, number, now)
            if found is None:
                raise NotFound(what=_CRISIS)
            await self._store.finish(locked.connection, number, act.by, now)
            await locked.record(act.event(Operation.GRANT, found.reason, _told(found, "ended")))


def _told(crisis: Crisis, what: str) -> dict[str, str]:
    where = "region" if crisis.hospital is None else str(crisis.hospital)
    return {"what": f"crisis {what}", "crisis": str(crisis.crisis), "where": where}

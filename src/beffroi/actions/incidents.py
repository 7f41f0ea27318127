"""What is done to an incident: each change with who made it and why, in the same transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import Final

import msgspec

from beffroi.actions.investigate import Investigation
from beffroi.breach.incident import (
    REASON_CHARACTERS_MIN,
    TEXT_CHARACTERS_MAX,
    TITLE_CHARACTERS_MAX,
    Account33,
    Clock72,
    State,
    Window,
    clock72,
    proposed_window,
    refusal,
)
from beffroi.breach.severity import REASON_LENGTH_MAX, REASON_LENGTH_MIN, Factor, Severity, chosen, holding
from beffroi.clock import Clock
from beffroi.errors import InvalidValue, NotFound, Words
from beffroi.model.account import AccountId
from beffroi.model.selection import Selection, described
from beffroi.store.cases import CaseStore, Entry, Incident
from beffroi.store.database import Database

AHEAD = timedelta(minutes=5)
"""By how much an awareness may lie in the future: two clocks."""
NOTHING_SEEN: Final[Mapping[str, str]] = MappingProxyType({})
_MARK_CHARACTERS: Final = 16
_CHANGED: Final = Words(
    "somebody changed it while you wrote; theirs is in the history, and to keep yours again replaces it",
    "quelqu'un l'a changé pendant que vous écriviez ; le sien est dans l'historique, enregistrer encore le remplace",
)
Change = Callable[[Incident], tuple[Incident, dict[str, str]]]
"""An incident as it becomes, of what it is under its lock; and what the history says of that besides the reason."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An incident as somebody looks at it: its clock when awareness is known, and its history."""

    incident: Incident
    clock: Clock72 | None
    entries: tuple[Entry, ...]


class Incidents:
    """The register of incidents of one deployment. `by` is the account of whoever acts."""

    def __init__(self, database: Database, clock: Clock, by: AccountId) -> None:
        self._store = CaseStore(database)
        self._clock = clock
        self._by = by

    async def open(
        self, title: str, selections: Sequence[Selection], reason: str, aware_at: datetime | None = None
    ) -> int:
        """A new incident, confirmed when awareness is said, else suspected. Raises `InvalidValue`."""
        _checked("title", title, TITLE_CHARACTERS_MAX)
        _checked("reason", reason, TEXT_CHARACTERS_MAX)
        now = self._clock.now()
        self._check_aware(aware_at, now)
        state = State.SUSPECTED if aware_at is None else State.CONFIRMED
        return await self._store.open(title.strip(), now, aware_at, state, selections, self._by, reason.strip())

    async def listed(self) -> list[tuple[Incident, Clock72 | None]]:
        """The register, each with its clock while it runs."""
        return [(one, self._running(one)) for one in await self._store.listed()]

    async def standing(self, number: int) -> Standing:
        """One incident with its clock and history. Raises `NotFound`."""
        incident = await self._store.find(number)
        if incident is None:
            raise _unknown()
        return Standing(incident, self._running(incident), tuple(await self._store.entries(number)))

    async def note(self, number: int, text: str) -> None:
        """Adds a note to the history."""
        _checked("note", text, TEXT_CHARACTERS_MAX)
        await self._change(number, "note", text, lambda one: (one, {}))

    async def aware(self, number: int, at: datetime, reason: str) -> None:
        """Since when the controller is aware. It may be corrected; each time with its reason."""
        self._check_aware(at, self._clock.now())
        await self._change(number, "aware", reason, lambda one: (replace(one, aware_at=at), {"aware": at.isoformat()}))

    async def move(self, number: int, state: State, reason: str, aware_at: datetime | None = None) -> None:
        """Enters a state. Raises `InvalidValue` with what is missing when it may not be entered now."""
        self._check_aware(aware_at, self._clock.now())

        def moved(one: Incident) -> tuple[Incident, dict[str, str]]:
            aware = aware_at or one.aware_at
            why_not = refusal(one.state, state, reason, one.told, aware)
            if why_not:
                raise InvalidValue(what=Words("The state", "L'état"), why=why_not)
            said = {"from": one.state.value, "state": state.value}
            said |= {"aware": aware_at.isoformat()} if aware_at else {}
            return replace(one, state=state, aware_at=aware), said

        await self._change(number, "state", reason, moved)

    async def select(self, number: int, selections: Sequence[Selection], reason: str) -> None:
        """Which readings it is about: replaces what was said before, which stays in the history."""
        about = tuple(selections)
        await self._change(number, "selections", reason, lambda one: (replace(one, selections=about), described(about)))

    async def tell(self, number: int, told: Account33, reason: str, seen: Mapping[str, str] = NOTHING_SEEN) -> None:
        """Facts, effects, measures (article 33(5)): what is empty stays as it was.

        `seen`: the marks (`mark_of`) of the texts that their writer had before them, by name; one that somebody has
        changed meanwhile is not replaced unseen. Raises `InvalidValue`.
        """
        for name in ("facts", "effects", "measures"):
            if len(getattr(told, name)) > TEXT_CHARACTERS_MAX:
                raise _too_long(name, TEXT_CHARACTERS_MAX)

        said = {name: getattr(told, name) for name in ("facts", "effects", "measures") if getattr(told, name)}

        def changed(one: Incident) -> tuple[Incident, dict[str, str]]:
            before = one.told
            if any(mark_of(getattr(before, name)) != mark for name, mark in seen.items()):
                raise InvalidValue(what=Words("The text", "Le texte"), why=_CHANGED)
            now_told = Account33(
                told.facts.strip() or before.facts,
                told.effects.strip() or before.effects,
                told.measures.strip() or before.measures,
            )
            return replace(one, told=now_told), said

        await self._change(number, "told", reason, changed)

    async def weigh(self, number: int, counted: Severity, reason: str) -> Severity:
        """Keeps a severity as it was counted, but for what somebody has chosen meanwhile; as it holds now."""
        weighed = await self._change(
            number, "severity", reason, lambda one: _weighed(one, holding(one.severity, counted))
        )
        return weighed.severity or counted

    async def choose(
        self, number: int, counted: Severity, factor: Factor, value: float, reason: str, who: str
    ) -> Severity:
        """One factor chosen otherwise than it was counted, or than before; as it holds now. Raises `InvalidValue`."""
        if not REASON_LENGTH_MIN <= len(reason.strip()) <= REASON_LENGTH_MAX:
            least, most = REASON_LENGTH_MIN, REASON_LENGTH_MAX
            why = Words(f"{least} to {most} characters are needed", f"il faut de {least} à {most} caractères")
            raise InvalidValue(what=Words("The reason", "La raison"), why=why)

        def changed(one: Incident) -> tuple[Incident, dict[str, str]]:
            return _weighed(one, chosen(holding(one.severity, counted), factor, value, reason, who))

        try:
            weighed = await self._change(number, "severity", reason, changed)
        except ValueError as error:
            raise InvalidValue(what=factor.value, why=str(error)) from None
        return weighed.severity or counted

    async def reported(self, number: int, particulars: dict[str, str]) -> None:
        """A report left: which, and its digest."""
        await self._change(number, "report", "report", lambda one: (one, particulars))

    async def window(self, accounts: Sequence[int], suspicious_at: datetime | None = None) -> Window:
        """The window proposed for some accounts' scope: the widest of theirs."""
        windows = [proposed_window(await self._store.signs([account]), suspicious_at) for account in accounts]
        if not windows:
            raise InvalidValue(what=Words("The accounts", "Les comptes"), why=Words("none", "aucun"))
        since = None if any(one.since is None for one in windows) else min(w.since for w in windows if w.since)
        until = None if any(one.until is None for one in windows) else max(w.until for w in windows if w.until)
        first = windows[0]
        numbers = tuple(number for one in windows for number in one.disclosures)
        return Window(since, until, first.because, first.because_fr, numbers)

    async def of_alarms(self, disclosures: Sequence[int]) -> list[str]:
        """Selections of the accounts that these verdicts of the watch are about. Raises `NotFound`."""
        found = await self._store.alarms(disclosures)
        if set(found) != set(disclosures):
            raise NotFound(what=Words("An alarm", "Une alarme"))
        return [f"account-number={account}" for account in dict.fromkeys(found.values())]

    async def account_names(self, accounts: Sequence[int]) -> dict[int, str]:
        """What issuers call these accounts."""
        return await self._store.account_names(accounts)

    def _running(self, incident: Incident) -> Clock72 | None:
        if incident.aware_at is None or incident.state is State.DISMISSED:
            return None
        return clock72(incident.aware_at, self._clock.now())

    async def _change(self, number: int, kind: str, reason: str, change: Change) -> Incident:
        _checked("reason", reason, TEXT_CHARACTERS_MAX)
        async with self._store.locking(number) as locked:
            if locked is None:
                raise _unknown()
            now = self._clock.now()
            before = locked.incident
            after, said = change(before)
            if before.state is State.CLOSED and after.state is State.CLOSED and kind not in ("note", "report"):
                why = Words("it is closed: open it again first", "il est clos : rouvrez-le d'abord")
                raise InvalidValue(what=Words("The incident", "L'incident"), why=why)
            await locked.change(after, now)
            await locked.enter(now, self._by, kind, reason.strip(), said)
            return after

    def _check_aware(self, aware_at: datetime | None, now: datetime) -> None:
        if aware_at is not None and aware_at > now + AHEAD:
            why = Words("it lies in the future", "elle est dans l'avenir")
            raise InvalidValue(what=Words("The time of awareness", "L'heure de la connaissance"), why=why)


async def proposed_selections(
    incidents: Incidents,
    investigation: Investigation,
    texts: Sequence[str],
    suspicious_at: datetime | None = None,
) -> tuple[tuple[Selection, ...], list[Window]]:
    """Selections from their texts; one by accounts that says no time has the window proposed for them."""
    found: list[Selection] = []
    windows: list[Window] = []
    for one in await investigation.selections(texts):
        if one.accounts and one.since is None and one.until is None:
            window = await incidents.window(one.accounts, suspicious_at)
            windows.append(window)
            found.append(msgspec.structs.replace(one, since=window.since, until=window.until))
        else:
            found.append(one)
    return tuple(found), windows


def mark_of(text: str) -> str:
    """By which a text is known to be the same, or another.

    >>> mark_of("a log-in was stolen") == mark_of("a log-in was stolen "), len(mark_of(""))
    (False, 16)
    """
    return sha256(text.encode()).hexdigest()[:_MARK_CHARACTERS]


def _weighed(one: Incident, severity: Severity) -> tuple[Incident, dict[str, str]]:
    said = {choice.factor.value: str(choice.value) for choice in severity.choices} | {"score": str(severity.score)}
    return replace(one, severity=severity), said


def _checked(name: str, text: str, characters_max: int) -> None:
    if len(text) > characters_max:
        raise _too_long(name, characters_max)
    if len(text.strip()) < REASON_CHARACTERS_MIN:
        raise InvalidValue(what=name, why=Words("say it in words", "dites-le avec des mots"))


def _too_long(name: str, characters_max: int) -> InvalidValue:
    why = Words(f"at most {characters_max} characters", f"{characters_max} caractères au plus")
    return InvalidValue(what=name, why=why)


def _unknown() -> NotFound:
    return NotFound(what=Words("The incident", "L'incident"))

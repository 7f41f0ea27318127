"""The watch room: what rings now, and one account's day with the readings that made it.

Looking at an account's day is a look at whose data were seen, so it stands in the looker's own chain like any scope
(SCOPE_VIEW) and patients are numbers of the page. Readings for a hospital whose name alone is medical are left out of
everybody else's view (law 4).
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

import msgspec

from beffroi.access.reference import References
from beffroi.actions.asking import Ask
from beffroi.actions.availability import ACCOUNTS, looking_up
from beffroi.actions.disclose.gate import Gate
from beffroi.clock import Clock
from beffroi.errors import NotFound, Words
from beffroi.model.account import Asker
from beffroi.model.containment import ContainmentKind
from beffroi.model.disclosure import (
    Answer,
    DisclosureId,
    Door,
    Field,
    Operation,
    Outcome,
    Purpose,
    Released,
)
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import PersonId
from beffroi.model.watch_room import AccountDay, DayEntry, DayPatient, DayPlace, Held, Ringing, WatchedAccount
from beffroi.store.database import Database, Row
from beffroi.store.watch_room import WatchRoomStore

RINGS_FOR: Final = timedelta(hours=48)
"""For how long an alert is on the page."""
DAY: Final = timedelta(hours=24)
ROWS_MAX: Final = 1_000
"""Rows of one day on a page; a robot makes more, and the page says so."""
PLACES_MAX: Final = 12
"""Devices, networks and applications of one day on a page."""
_DEVICE_CHARACTERS: Final = 8

_decode_shown = msgspec.json.Decoder(list[tuple[int, int, list[int]]]).decode
_decode_request = msgspec.json.Decoder(dict[str, str]).decode


class WatchRoom:
    """The duty officer's view of one deployment. It decides nothing; `actions.contain` does."""

    def __init__(
        self, database: Database, gate: Gate, references: References, hospitals: Hospitals, clock: Clock
    ) -> None:
        self._store = WatchRoomStore(database)
        self._gate = gate
        self._references = references
        self._hospitals = hospitals
        self._clock = clock

    async def ringing(self) -> list[Ringing]:
        """What rang in the last two days, the latest first."""
        with looking_up(ACCOUNTS):
            return await self._store.ringing(self._clock.now() - RINGS_FOR)

    async def held(self) -> list[Held]:
        """The accounts that the watch holds now, with what made each verdict."""
        with looking_up(ACCOUNTS):
            return await self._store.held()

    async def mark(self) -> str:
        """A text that is another once something has rung, was stopped or was released."""
        with looking_up(ACCOUNTS):
            return await self._store.mark()

    async def account(self, number: int) -> WatchedAccount:
        """An account by its number. Raises `NotFound`."""
        with looking_up(ACCOUNTS):
            found = await self._store.account(number)
        if found is None:
            raise NotFound(what=Words("Account", "Compte"))
        return found

    async def names_of(self, acting: Iterable[str | None]) -> dict[int, str]:
        """What people call the accounts among those who acted (`account:NUMBER`)."""
        numbers = {int(who) for by in acting if by for kind, _, who in [by.partition(":")] if kind == "account"}
        if not numbers:
            return {}
        with looking_up(ACCOUNTS):
            return await self._store.names_of(sorted(numbers))

    async def named(self, subject: str) -> WatchedAccount | None:
        """The account that an issuer calls so: of several issuers' the oldest; None when there is none."""
        with looking_up(ACCOUNTS):
            return await self._store.named(subject)

    async def chains(self, accounts: Sequence[int]) -> str:
        """A text that is another once one of these accounts has done something, or is held, stopped or released."""
        with looking_up(ACCOUNTS):
            return await self._store.chains(accounts)

    async def reference(self, asker: Asker, account: int, number: int, place: int) -> str:
        """The patient whom a row of an account's day showed at that place, by an opaque reference that tells nothing.

        Raises `NotFound`.
        """
        with looking_up():
            since = self._clock.now() - DAY
            hidden = list(self._hospitals.hidden_from(asker.structure))
            found = await self._store.shown_by(account, number, since, hidden)
        shown = _decode_shown(found) if found else []
        if not 0 <= place < len(shown):
            raise NotFound(what=Words("This reading", "Cette lecture"))
        return self._references.of(PersonId(shown[place][0]))

    async def day(self, ask: Ask, number: int) -> Released[AccountDay]:
        """The account's last 24 hours. Raises `NotFound`, `Forbidden`."""
        question = ask.question({"account": str(number)}, Field(0), wanted=Field(0))
        permit = await ask.permit(self._gate, question)
        account = await self.account(number)
        until = self._clock.now()
        hidden = list(self._hospitals.hidden_from(ask.asker.structure))
        with looking_up():
            rows = await self._store.day(number, (until - DAY, until), ROWS_MAX + 1, hidden)
            shown = {row["disclosure_id"]: _decode_shown(row["shown"]) for row in rows[:ROWS_MAX]}
            pairs = [(disclosure, person) for disclosure, people in shown.items() for person, _, _ in people]
            first = await self._store.first_sights(number, pairs) if pairs else set()
        entries = self._entries(rows[:ROWS_MAX], shown, first)
        people = {patient.number for entry in entries for patient in entry.patients}
        day = AccountDay(
            DisclosureId(0),
            account,
            until - DAY,
            until,
            entries,
            len(people),
            len(first),
            len(rows) > ROWS_MAX,
            bool(hidden),
            _made(entries),
            _places(rows[:ROWS_MAX]),
        )
        question = msgspec.structs.replace(question, criteria=question.criteria | {"patients": str(len(people))})
        return await self._gate.disclose_as(question, permit, (), lambda one: _dated(day, one), Outcome.RECORDED)

    def _entries(
        self, rows: list[Row], shown: dict[int, list[tuple[int, int, list[int]]]], first: set[tuple[int, int]]
    ) -> tuple[DayEntry, ...]:
        numbers: dict[int, int] = {}
        entries = []
        for row in reversed(rows):
            patients = []
            for person, fields, _ in shown[row["disclosure_id"]]:
                number = numbers.setdefault(person, len(numbers) + 1)
                new = (row["disclosure_id"], person) in first
                patients.append(DayPatient(number, Field(fields), new))
            entries.append(_entry(row, tuple(patients)))
        return tuple(entries)


def _entry(row: Row, patients: tuple[DayPatient, ...]) -> DayEntry:
    operation, request = Operation(row["operation"]), _decode_request(row["request"])
    is_event = operation >= Operation.VERDICT
    return DayEntry(
        disclosure_id=DisclosureId(row["disclosure_id"]),
        number=row["running_number"],
        at=row["at"],
        operation=operation,
        outcome=Outcome(row["outcome"]),
        purpose=Purpose(row["purpose"]),
        door=Door(row["door"]),
        role=row["role"] or "",
        structure=row["structure_id"] or 0,
        application=row["application"] or "",
        network=row["network"] or "",
        device=(row["session_key"] or b"").hex()[:_DEVICE_CHARACTERS],
        reason=row["reason"],
        criteria=() if is_event else tuple(request),
        patients=patients,
        particulars=request if is_event else {},
        unexplained_count=row["new_unexplained"],
    )


def _made(entries: Sequence[DayEntry]) -> tuple[DayEntry, ...]:
    """The rows that the latest verdict names."""
    verdicts = [one for one in entries if one.operation is Operation.VERDICT]
    named = verdicts[-1].particulars.get("readings", "").split(",") if verdicts else []
    return tuple(one for one in entries if str(one.number) in named)


def _places(rows: Sequence[Row]) -> tuple[DayPlace, ...]:
    """What the account came from, the latest first."""
    found: dict[DayPlace, None] = {}
    for row in rows:
        device, network, application = row["session_key"], row["network"], row["application"]
        for kind, target in (
            (ContainmentKind.DEVICE, device.hex() if device else ""),
            (ContainmentKind.NETWORK, network),
            (ContainmentKind.APPLICATION, application),
        ):
            if target and row["operation"] < Operation.VERDICT:
                found.setdefault(DayPlace(kind, target))
    return tuple(found)[:PLACES_MAX]


def _dated(day: AccountDay, released: Answer) -> AccountDay:
    return msgspec.structs.replace(day, disclosure_id=released.disclosure_id)

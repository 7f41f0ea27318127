"""One transaction of the gate: lock the accounts, look, judge, write, commit (group commit).

Order matters: the locks come first and the look second, in two statements, because one statement would look with a
snapshot older than its locks. Committed means disclosed: a crash after the commit loses answers, never disclosures.
"""

from datetime import datetime

import msgspec

from beffroi.access.stops import Stops
from beffroi.actions.disclose.bell import alerts_of, ring
from beffroi.actions.disclose.judging import Account, Entry, Judged, Judging, State, holder_of
from beffroi.actions.disclose.rows import disclosure_row, recorded, verdict_row
from beffroi.actions.signals import Signals
from beffroi.clock import Clock
from beffroi.errors import UnknownAccount, Words
from beffroi.model.disclosure import Answer, DisclosureId
from beffroi.store.disclosures import AccountRow, Delivery, DisclosureStore
from beffroi.store.disclosures import State as StateRow
from beffroi.watch.channels import prefix_of
from beffroi.watch.evidence import RUNG_NAMES, Evidence
from beffroi.watch.federated import neighbourhood
from beffroi.watch.observation import strongest

_decode_evidence = msgspec.json.Decoder(Evidence).decode
_REMOVED = Words("it was removed", "il a été supprimé")
_OPERATOR = Words("the operator", "l'exploitant")


class Batch:
    """Judges and writes entries; `settle` gives each waiting caller its answer or its error."""

    def __init__(self, store: DisclosureStore, judging: Judging, clock: Clock) -> None:
        self._store = store
        self._judging = judging
        self._clock = clock
        self._signals = Signals(store.signals, clock)

    async def commit(self, entries: list[Entry], deliveries: list[Delivery]) -> None:
        """One transaction for all entries. Raises when it did not commit; then nobody was answered."""
        async with self._store.pool.acquire() as connection, connection.transaction():
            locked = await self._store.lock(connection, _accounts_of(entries))
            now = self._clock.now()
            accounts = {number: _account(row) for number, row in locked.items()}
            looks = self._judging.looks(entries, accounts)
            looked = await self._store.burn_and_look(connection, looks, now, list(accounts))
            state = State(now, accounts, looked, Stops(looked.stops, looked.ended))
            judged = [self._judge(entry, state) for entry in entries]
            numbers = await self._store.write(connection, state.rows, _states(judged, state), deliveries)
            alerts = [alert for one in judged if one.key in numbers for alert in alerts_of(one, numbers[one.key])]
            if alerts:
                await self._store.alerts.ring(connection, alerts, now)
            for one in judged:
                if one.key in numbers and one.verdict is not None and one.verdict.risen:
                    rung, reason = one.verdict.rung, f"watch: {RUNG_NAMES[one.verdict.rung]}"
                    await self._signals.rung_changed(connection, one.key[0], one.before, rung, reason)
        # Committed: a crash from here on loses answers only.
        for one in judged:
            if one.key in numbers:
                ring(one, numbers[one.key])
            _settle(one, numbers, state)

    def _judge(self, entry: Entry, state: State) -> Judged:
        asker = entry.question.asker
        account, holder = state.accounts.get(asker.account_id), state.accounts.get(holder_of(asker))
        if account is None or holder is None:
            return Judged(entry, error=UnknownAccount(why=_REMOVED, whom=_OPERATOR))
        judged = self._judging.judged(entry, account, holder, state)
        account.running_number += 1
        judged.key = (asker.account_id, account.running_number)
        people = recorded(judged.shown, entry, judged.error)
        state.rows.append(disclosure_row(judged, people, state, self._clock))
        state.looked.seen.update({(person, asker.account_id): state.now for person, _, _ in people})
        if judged.verdict is not None and judged.verdict.risen:
            account.running_number += 1
            state.rows.append(verdict_row(judged, account.running_number, state, self._clock))
        return judged


def _accounts_of(entries: list[Entry]) -> list[int]:
    """The accounts to lock, in the order of their numbers: those who ask, and those that hold their evidence."""
    found = {entry.question.asker.account_id for entry in entries}
    return sorted(found | {holder_of(entry.question.asker) for entry in entries})


def _account(row: AccountRow) -> Account:
    return Account(row.running_number, _decode_evidence(row.evidence), row.frozen)


def _states(judged: list[Judged], state: State) -> list[StateRow]:
    """What of the locked rows has changed; by which channels they asked stands with the evidence."""
    last = {holder_of(one.entry.question.asker): one for one in judged if one.circumstances is not None}
    return [_state(number, account, last.get(number), state.now) for number, account in state.accounts.items()]


def _state(number: int, account: Account, last: Judged | None, now: datetime) -> StateRow:
    if not account.touched or last is None or last.circumstances is None:
        return (number, account.running_number, None, None, None, None, None, None, None, None)
    evidence, asked, asker = account.evidence, last.circumstances, last.entry.question.asker
    return (
        number,
        account.running_number,
        msgspec.json.encode(evidence).decode(),
        evidence.rung,
        asker.structure,
        strongest(evidence).score,
        asked.key,
        prefix_of(asker.network),
        neighbourhood(asked.kind, asked.position) or None,
        now,
    )


def _settle(judged: Judged, numbers: dict[tuple[int, int], int], state: State) -> None:
    done = judged.entry.done
    if done.done():  # the caller gave up waiting: the disclosure stands, the answer is lost
        return
    if judged.error is not None:
        judged.error.recorded = True
        done.set_exception(judged.error)
        return
    done.set_result(
        Answer(
            disclosure_id=DisclosureId(numbers[judged.key]),
            outcome=judged.outcome,
            shown=judged.shown,
            advice=judged.advice,
            missing=judged.entry.missing,
            at=state.now,
        )
    )

"""Telling consumers of changes of cross-reference (IHE ITI-10): queued, in order, until each is acknowledged.

A notification is an answer that nobody asked for: it passes the gate under the consumer's own account, is recorded and
counts like a query, and holds what a query would be told. It is what stands at the moment of sending, so that a queue
holds a patient once, however often she changes, and whoever was away misses no last word.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Final

import msgspec

from beffroi.access.fields import NOTHING
from beffroi.actions.asking import Ask
from beffroi.actions.availability import looking_up
from beffroi.actions.cross_reference_changes import Interest, wanted
from beffroi.actions.house import House
from beffroi.actions.rounds import COUNT_EVERY, Every, Rounds, retry_pause
from beffroi.clock import Clock
from beffroi.errors import AccountFrozen, BeffroiError, CallerError, Forbidden
from beffroi.identity.blocking import Block, Plan
from beffroi.model.account import AccountId, AccountKind, Asker, Role
from beffroi.model.disclosure import Advice, Answer, Door, Field, Finding, Operation, Purpose, Released
from beffroi.model.hospitals import Hospitals
from beffroi.model.job import Job
from beffroi.model.person import INS_OIDS, HospitalId
from beffroi.outbound.mllp import Listener, MllpLine, NoAcknowledgement, connected
from beffroi.store.notifications import ConsumerAccounts, ConsumerPlace, NotificationStore, Wanted
from beffroi.telemetry import Event, log, log_failure
from beffroi.telemetry.metrics import count_notification, show_notifications
from beffroi.wire.hl7_answer import View
from beffroi.wire.hl7_notification import Acknowledged, Addressee, acknowledged, notification
from beffroi.wire.hl7_reply import Stamp

ROUND_S: Final = 1.0
CHANGES_AT_ONCE: Final = 5_000
NOTIFICATIONS_AT_ONCE: Final = 200
WITHHELD_MAX: Final = 3
"""Refusals of the gate in one round, after which the account, and not a patient, is what it refuses."""
REFUSALS_MAX: Final = 3
"""Times that a consumer may answer AE to one patient's message before it is given up."""
RETRY_FIRST: Final = timedelta(seconds=5)
RETRY_LAST: Final = timedelta(minutes=10)
CONTROL_ID_CHARACTERS: Final = 20
_WANTED: Final = Field.OWN_IDENTIFIER | Field.OTHER_IDENTIFIERS | Field.INS
_LATER: Final = frozenset({Advice.WITHHELD, Advice.HELD, Advice.PROVE, Advice.PENDING, Advice.FEED_SILENT})
"""Advice with which an empty answer is not the last word: she is told of when it no longer holds."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """Somebody who is told. `issuer` and `subject` name its account; `domains` are the OIDs that it asked for."""

    name: str
    issuer: str
    subject: str
    hospital: HospitalId
    domains: tuple[str, ...]
    addressee: Addressee
    listener: Listener

    def interest(self, hospitals: Hospitals) -> Interest:
        """Whose changes concern it."""
        visible = frozenset(h.hospital_id for h in hospitals) - hospitals.hidden_from(self.hospital)
        asked = frozenset(h.hospital_id for h in hospitals if h.oid in self.domains)
        return Interest(
            self.hospital, (asked & visible) | {self.hospital}, visible, not INS_OIDS.isdisjoint(self.domains)
        )

    def asker(self, account: AccountId) -> Asker:
        """Its account, as the gate knows it."""
        return Asker(
            account_id=account,
            kind=AccountKind.APPLICATION,
            subject=self.subject,
            role=Role.CROSS_REFERENCE_APPLICATION,
            structure=self.hospital,
            application=self.subject,
            session_key=sha256(f"notification:{self.name}".encode()).digest(),
            network=self.listener.host,
        )


class _Later(Exception):
    """Nothing may be told now; why."""


class Notifier:
    """Tells the configured consumers, one worker at a time, each at its own pace."""

    def __init__(
        self,
        store: NotificationStore,
        accounts: ConsumerAccounts,
        house: House,
        consumers: Sequence[Consumer],
        regional_oid: str,
        clock: Clock,
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._house = house
        self._lookup = house.lookup
        self._consumers = {one.name: one for one in consumers}
        self._regional_oid = regional_oid
        self._clock = clock
        self._counting = Every(COUNT_EVERY)
        self._waiting = 0

    async def know(self) -> None:
        """Makes the consumers known: a new one is told of what changes from now on."""
        await self._store.know(list(self._consumers))

    async def run(self, rounds: Rounds) -> None:
        """Rounds until it is stopped."""
        await rounds.repeat(Job.NOTIFYING, self.round, ROUND_S, Event.NOTIFYING_FAILED, waiting=lambda: self._waiting)

    async def round(self) -> int | None:
        """Queues what changed, then tells every consumer; how many notifications were accepted. None while another
        worker does."""
        async with self._store.alone() as connection:
            if connection is None:
                return None
            final = await self._store.final()
            places = await self._store.places(list(self._consumers))
            for place in places:
                await self._queue(place, final)
            told = sum(await asyncio.gather(*(self._tell(place) for place in places)))
        if self._counting.due(self._clock.now()):
            standing = await self._store.standing(list(self._consumers))
            self._waiting = sum(one.waiting for one in standing)
            show_notifications(self._waiting, sum(one.dead for one in standing))
        return told

    async def _queue(self, place: ConsumerPlace, final: tuple[int, int]) -> None:
        """The patients concerned by what became final, chunk by chunk."""
        consumer = self._consumers[place.consumer]
        while True:
            events = await self._store.events(place.feed_event, final[0], CHANGES_AT_ONCE)
            moves = await self._store.moves(place.move, final[1], CHANGES_AT_ONCE)
            if not events and not moves:
                return
            account, interest = await self._account(consumer), consumer.interest(self._house.hospitals)
            place = ConsumerPlace(
                place.consumer,
                events[-1].number if events else place.feed_event,
                moves[-1].number if moves else place.move,
            )
            await self._store.queue(place, wanted(events, moves, interest, account), self._clock.now())

    async def _account(self, consumer: Consumer) -> AccountId | None:
        return await self._accounts.find(consumer.issuer, consumer.subject, consumer.hospital, self._clock.now())

    async def _tell(self, place: ConsumerPlace) -> int:
        """Those who wait, over one connection; the first that fails holds the rest back until the next try."""
        consumer = self._consumers[place.consumer]
        due = await self._store.due(consumer.name, self._clock.now(), NOTIFICATIONS_AT_ONCE)
        if not due:
            return 0
        accepted = 0
        try:
            account = await self._account(consumer)
            if account is None:
                raise _Later("NoRight")
            async with connected(consumer.listener) as line:
                withheld = 0
                for one in due:
                    try:
                        accepted += await self._told(consumer, account, one, line)
                    except CallerError as refusal:
                        withheld += 1
                        await self._withhold(consumer, one, refusal, withheld)
        except Exception as failure:  # whatever a foreign listener does; and a fault of ours stays this consumer's
            if not isinstance(failure, _Later | BeffroiError | OSError):
                log_failure(Event.NOTIFYING_FAILED, failure)
            await self._put_off(place, failure)
        else:
            await self._store.resumed(consumer.name)
        return accepted

    async def _withhold(self, consumer: Consumer, one: Wanted, refusal: CallerError, count: int) -> None:
        """The gate refused one patient: she is tried later, the others are told. Raises when it refuses everybody."""
        if isinstance(refusal, AccountFrozen | Forbidden) or count >= WITHHELD_MAX:
            raise refusal
        again_at = self._clock.now() + RETRY_LAST
        await self._store.withheld(consumer.name, one.person, again_at, type(refusal).__name__)

    async def _told(self, consumer: Consumer, account: AccountId, one: Wanted, line: MllpLine) -> bool:
        """Whether the consumer accepted one notification; True only for one that was sent."""
        released = await self._released(consumer, account, one)
        if released is None:
            await self._store.told(consumer.name, one.person)
            return False
        stamp = Stamp(self._clock.uuid().hex[:CONTROL_ID_CHARACTERS], self._clock.now())
        view = View(consumer.hospital, self._house.hospitals, self._regional_oid)
        message = notification(released, consumer.addressee, view, consumer.domains, stamp)
        answer = acknowledged(await line.exchange(message))  # until it is acknowledged, its fate is unknown
        if answer.control_id != stamp.control_id:
            raise NoAcknowledgement
        self._house.gate.delivered(released.content.disclosure_id, sent=True)
        return await self._noted(consumer, one, answer)

    async def _noted(self, consumer: Consumer, one: Wanted, answer: Acknowledged) -> bool:
        now = self._clock.now()
        count_notification(accepted=answer.accepted)
        if answer.accepted:
            await self._store.told(consumer.name, one.person)
            return True
        log(Event.NOTIFICATION_REFUSED, code=answer.code, attempt=one.attempts + 1)
        if not answer.at_fault:  # AR: not for what this message says; nothing else would be taken either
            raise _Later("Rejected")
        given_up = one.attempts + 1 >= REFUSALS_MAX
        again_at = None if given_up else now + retry_pause(one.attempts, RETRY_FIRST, RETRY_LAST)
        await self._store.failed(consumer.name, one.person, again_at, now, answer.code)
        return False

    async def _put_off(self, place: ConsumerPlace, failure: Exception) -> None:
        now = self._clock.now()
        name = str(failure) if isinstance(failure, _Later) else type(failure).__name__
        await self._store.put_off(place.consumer, now + retry_pause(place.attempts, RETRY_FIRST, RETRY_LAST), name)
        count_notification(accepted=False)
        log(Event.NOTIFICATION_NOT_SENT, attempt=place.attempts + 1)

    async def _released(self, consumer: Consumer, account: AccountId, one: Wanted) -> Released[Answer] | None:
        """What the gate lets out; None when there is nothing to tell, which discloses nothing."""
        asker = consumer.asker(account)
        found = await self._found(consumer, asker, one)
        if found is None:
            return None
        ask = Ask(
            asker,
            Door.NOTIFICATION,
            Operation.PIX_QUERY,
            self._clock.uuid(),
            _WANTED,
            Purpose.IDENTITY_MANAGEMENT,
        )
        criteria = {"notification": consumer.name, "targetSystem": ",".join(consumer.domains)}
        question = ask.question(criteria, NOTHING, consumer.domains, specified=True)
        permit = await ask.permit(self._house.gate, question)
        released = await self._house.gate.disclose(question, permit, (found,))
        if released.content.shown:
            return released
        self._house.gate.delivered(released.content.disclosure_id, sent=False)
        if _LATER.isdisjoint(released.content.advice):
            return None  # protected access: whoever needs her asks
        raise _Later("Withheld")

    async def _found(self, consumer: Consumer, asker: Asker, one: Wanted) -> Finding | None:
        """The patient as she is today, if the consumer's own hospital knows her and her identifiers are any news."""
        reference = self._house.references.of(one.person)
        with looking_up():
            findings = await self._lookup.people(Plan(Block.REFERENCE, reference=reference), asker)
        if not findings:
            return None
        (finding,) = findings
        if all(identity.hospital_id != consumer.hospital for identity in finding.identities):
            return None
        if _identifiers_count(finding, consumer.domains, self._house.hospitals) < (1 if one.alone else 2):
            return None
        return msgspec.structs.replace(finding, explained=finding.explained or not one.own)


def _identifiers_count(finding: Finding, domains: tuple[str, ...], hospitals: Hospitals) -> int:
    numbers = sum(hospitals.by_id(identity.hospital_id).oid in domains for identity in finding.identities)
    ins = {identity.record.ins.value for identity in finding.identities if identity.record.ins}
    return numbers + (len(ins) if not INS_OIDS.isdisjoint(domains) else 0)

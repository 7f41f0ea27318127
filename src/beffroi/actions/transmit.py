"""The transmitter of Shared Signals: streams, their queues, push with retries, poll with acknowledgements.

Receivers are registered in the configuration; each has one stream. An event is signed when it leaves, under an
identifier that stays, so that who hears it twice knows it.

Source: SSF 1.0 sections 6 to 8; RFC 8935 (push), RFC 8936 (poll).
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from beffroi.access.sets import Signer
from beffroi.actions.rounds import Rounds, retry_pause
from beffroi.clock import Clock
from beffroi.errors import InvalidValue, NotFound, TooManyInFlight, Words
from beffroi.model.job import Job
from beffroi.model.signal import SENT, Signal, SignalType, opaque
from beffroi.store.database import Database
from beffroi.store.signals import DueSignal, SignalStore
from beffroi.telemetry import Event, log

ROUND_S: Final = 1.0
PUSH: Final = "urn:ietf:rfc:8935"
POLL: Final = "urn:ietf:rfc:8936"
EVENTS_AT_ONCE_MAX: Final = 100
RETRY_FIRST: Final = timedelta(seconds=2)
RETRY_LAST: Final = timedelta(minutes=30)
GIVE_UP_AFTER: Final = timedelta(days=7)
VERIFY_EVERY: Final = timedelta(seconds=10)
"""Between two verifications of one stream that its receiver may ask for."""
STATE_CHARACTERS_MAX: Final = 1_024
_STATUSES: Final = frozenset({"enabled", "paused", "disabled"})
_STREAM = Words("Stream", "Flux")


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody who listens. `stream` names its stream; `token_sha256` is of the bearer token by which it manages and
    polls; `url` and `authorization` are for push, empty for poll."""

    stream: str
    audience: str
    token_sha256: bytes
    events: frozenset[SignalType]
    url: str = ""
    authorization: str = ""

    @property
    def method(self) -> str:
        """How events reach it."""
        return PUSH if self.url else POLL


Push = Callable[[Receiver, str], Awaitable[str]]
"""Posts a token; gives the receiver's error code, empty when it was taken. Raises when the receiver is away."""


class Transmitter:
    """What a receiver may ask, and what is pushed to it."""

    def __init__(
        self, database: Database, issuer: str, signer: Signer, receivers: Sequence[Receiver], clock: Clock
    ) -> None:
        self._store = SignalStore(database)
        self._receivers = {receiver.stream: receiver for receiver in receivers}
        self._signer = signer
        self._clock = clock
        self.issuer = issuer

    async def start(self) -> None:
        """Makes new streams known."""
        await self._store.know_streams(list(self._receivers))

    def public_set(self) -> dict[str, Any]:
        """The keys that sign."""
        return self._signer.public_set()

    def known(self, token: str) -> Receiver | None:
        """The receiver of a bearer token; None for any other."""
        digest, found = sha256(token.encode()).digest(), None
        for receiver in self._receivers.values():
            if hmac.compare_digest(receiver.token_sha256, digest):
                found = receiver
        return found

    def stream_of(self, receiver: Receiver, stream: str) -> Receiver:
        """The receiver, if that is its stream. Raises NotFound."""
        if receiver.stream != stream:
            raise NotFound(what=_STREAM)
        return receiver

    async def status(self, receiver: Receiver) -> dict[str, str]:
        """The stream's status."""
        status, reason, _ = await self._store.status(receiver.stream)
        return {"stream_id": receiver.stream, "status": status} | ({"reason": reason} if reason else {})

    async def set_status(self, receiver: Receiver, status: object, reason: object) -> dict[str, str]:
        """What its receiver wants: `enabled`, `paused` (events are held) or `disabled` (they are not)."""
        if not isinstance(status, str) or status not in _STATUSES or not isinstance(reason, str):
            raise InvalidValue("status", what="status", why=Words("enabled, paused or disabled", "valeur inconnue"))
        await self._store.set_status(receiver.stream, status, reason[:STATE_CHARACTERS_MAX], self._clock.now())
        log(Event.STREAM_CHANGED, status=sorted(_STATUSES).index(status))
        return await self.status(receiver)

    async def verify(self, receiver: Receiver, state: object) -> None:
        """Queues a verification event that repeats `state`. Raises TooManyInFlight when one was just asked for."""
        if state is not None and not (isinstance(state, str) and len(state) <= STATE_CHARACTERS_MAX):
            raise InvalidValue("state", what="state", why=Words("a text", "un texte"))
        now = self._clock.now()
        _, _, verified_at = await self._store.status(receiver.stream)
        if verified_at is not None and now - verified_at < VERIFY_EVERY:
            raise TooManyInFlight(limit=1)
        await self._store.verified(receiver.stream, now)
        said = {} if state is None else {"state": state}
        signal = Signal(SignalType.VERIFICATION, opaque(receiver.stream), said)
        await self._store.queue_alone(signal, now, receiver.stream)

    async def poll(
        self, receiver: Receiver, acknowledged: Sequence[str], refused: dict[str, str], count_max: int
    ) -> tuple[dict[str, str], bool]:
        """Tokens by identifier, and whether more wait. What is acknowledged is not told again; what is refused (by
        identifier: error code) neither, and is logged."""
        now = self._clock.now()
        if acknowledged:
            await self._store.delivered(receiver.stream, acknowledged, now)
        for jti, code in refused.items():
            await self._store.failed(receiver.stream, jti, code[:64], None, now)
            log(Event.SIGNAL_REFUSED, count=1)
        due = await self._due(receiver, min(count_max, EVENTS_AT_ONCE_MAX) + 1)
        told = due[: min(count_max, EVENTS_AT_ONCE_MAX)]
        return {one.jti: self._signed(one, receiver) for one in told}, len(due) > len(told)

    async def run(self, rounds: Rounds, push: Push) -> None:
        """Pushes until it is stopped, one worker at a time."""
        await rounds.repeat(Job.PUSHING, lambda: self.round(push), ROUND_S, Event.SIGNALLING_FAILED)

    async def round(self, push: Push) -> int | None:
        """One look at every push stream; how many events were taken. None while another worker pushes."""
        async with self._store.alone() as connection:
            if connection is None:
                return None
            await self.start()
            pushed = (self._push(one, push) for one in self._receivers.values() if one.method == PUSH)
            return sum(await asyncio.gather(*pushed))

    async def _push(self, receiver: Receiver, push: Push) -> int:
        """In order; the first that fails holds the rest back until its next try."""
        taken_count = 0
        for one in await self._due(receiver, EVENTS_AT_ONCE_MAX):
            now = self._clock.now()
            try:
                code = await push(receiver, self._signed(one, receiver))
            except Exception as failure:  # whatever a foreign server does
                pause = retry_pause(one.attempts, RETRY_FIRST, RETRY_LAST)
                given_up = now - one.at > GIVE_UP_AFTER
                again_at = None if given_up else now + pause
                await self._store.failed(one.stream, one.jti, type(failure).__name__, again_at, now)
                log(Event.SIGNAL_NOT_DELIVERED, number=one.signal_id, attempt=one.attempts + 1, error=type(failure))
                return taken_count
            if code:  # it will say so each time (RFC 8935 section 2.3): somebody must look
                await self._store.failed(one.stream, one.jti, code[:64], None, now)
                log(Event.SIGNAL_REFUSED, number=one.signal_id)
                continue
            await self._store.delivered(one.stream, [one.jti], now)
            taken_count += 1
        return taken_count

    async def _due(self, receiver: Receiver, count_max: int) -> list[DueSignal]:
        """What waits for a stream and was asked for; what was not is passed over."""
        now = self._clock.now()
        due = await self._store.due(receiver.stream, list(self._receivers), now, count_max)
        unwanted = [one.jti for one in due if one.signal.type in SENT and one.signal.type not in receiver.events]
        if unwanted:
            await self._store.delivered(receiver.stream, unwanted, now)
        return [one for one in due if one.jti not in unwanted]

    def _signed(self, due: DueSignal, receiver: Receiver) -> str:
        return self._signer.signed(
            {
                "iss": self.issuer,
                "aud": receiver.audience,
                "iat": int(due.at.timestamp()),
                "jti": due.jti,
                "txn": str(due.signal_id),
                "sub_id": due.signal.subject,
                "events": {due.signal.type.value: due.signal.properties},
            }
        )

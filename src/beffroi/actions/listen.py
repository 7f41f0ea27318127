"""Polling transmitters that do not post: what waits there is taken, done, and acknowledged once it is done.

Source: RFC 8936 section 2.4.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from beffroi.access.sets import NotBelieved
from beffroi.actions.receive import Receiving
from beffroi.actions.rounds import Rounds
from beffroi.model.job import Job
from beffroi.outbound.set_delivery import Polled
from beffroi.telemetry import Event, log

ROUND_S: Final = 5.0
EVENTS_AT_ONCE: Final = 50
FAILURE_PAUSE_S: Final = 30.0

Poll = Callable[[str, str, list[str], dict[str, str], int], Awaitable[Polled]]


@dataclass(slots=True)
class Source:
    """A transmitter to poll. What was done, and what was refused, is said with the next poll."""

    url: str
    authorization: str
    done: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


class Listener:
    """Polls until it is stopped."""

    def __init__(self, receiving: Receiving, sources: list[Source], poll: Poll) -> None:
        self._receiving = receiving
        self._sources = sources
        self._poll = poll

    async def run(self, rounds: Rounds) -> None:
        """Rounds until it is stopped; a transmitter that is away is left alone for a moment."""
        polled, failed = Job.POLLING, Event.SIGNALLING_FAILED
        await rounds.repeat(polled, self._poll_all, ROUND_S, failed, failed_pause_s=FAILURE_PAUSE_S)

    async def _poll_all(self) -> int:
        """Every transmitter until it has nothing more; how many events that were."""
        heard = 0
        for source in self._sources:
            more = True
            while more:
                more = await self.round(source)
                heard += len(source.done) + len(source.refused)
        return heard

    async def round(self, source: Source) -> bool:
        """One poll; whether more wait."""
        found = await self._poll(source.url, source.authorization, source.done, source.refused, EVENTS_AT_ONCE)
        source.done, source.refused = [], {}
        for jti, token in found.sets.items():
            try:
                await self._receiving.event(token.encode())
                source.done.append(jti)
            except NotBelieved as refused:
                source.refused[jti] = refused.fault.value
                log(Event.SIGNAL_REFUSED, count=1)
        return found.moreAvailable or bool(source.done)

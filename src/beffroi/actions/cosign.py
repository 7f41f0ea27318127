"""Cosigning: each new checkpoint goes to every witness, with the proof that it continues what that one saw.

Nobody waits for a witness: sealing goes on, and a checkpoint is published a minute later with the cosignatures that it
has. What a witness holds against us, and can show under our own signature, stops sealing: see docs/reference/ledger.md.

Source: C2SP tlog-witness (the client's side).
"""

import asyncio
import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Final

from beffroi.actions.rounds import Round, Rounds
from beffroi.clock import Clock
from beffroi.errors import Words
from beffroi.ledger.checkpoint import Checkpoint, VerifierKey, opened
from beffroi.ledger.cosignature import CosignerKey, cosigned
from beffroi.ledger.epoch import epoch_origin
from beffroi.ledger.proofs import Range, consistency_ranges, places, proof, range_hash
from beffroi.ledger.witness import Submission, hash_of
from beffroi.model.job import Job
from beffroi.outbound.fetching import FetchFailed
from beffroi.outbound.witnesses import WitnessAnswer, WitnessLine
from beffroi.store.cosigning import CosigningStore, Newest, StoredState
from beffroi.telemetry import Event, log

LOOK_S = 0.3
"""Seconds between two looks for a new checkpoint: sealing makes one as often."""
FAILED_S = 5.0
"""Seconds until it is tried again after a fault of ours: a database that restarts."""
AWAY_S_MAX = 30.0
"""Seconds until a witness that is away is asked again; the first time one."""
TRIES_MAX = 4
"""Submissions of one checkpoint in a row: with the size that a witness told, after a statement, and one more."""
_SIZE = re.compile(r"(0|[1-9][0-9]{0,18})\n", re.ASCII)


class WitnessState(Enum):
    """How an exchange ended."""

    COSIGNED = "cosigned"
    AWAY = "away"
    UNKNOWN_LOG = "unknown_log"
    KEY_REFUSED = "key_refused"
    REFUSED = "refused"
    AHEAD = "ahead"
    CONTRADICTS = "contradicts"


SAID: Final = {
    WitnessState.AWAY: Words("does not answer", "ne répond pas"),
    WitnessState.UNKNOWN_LOG: Words("does not know this ledger", "ne connaît pas ce registre"),
    WitnessState.KEY_REFUSED: Words("does not know the ledger's key", "ne connaît pas la clé du registre"),
    WitnessState.REFUSED: Words("does not cosign, and does not prove why", "ne cosigne pas, sans preuve à l'appui"),
    WitnessState.AHEAD: Words(
        "says that it saw a later checkpoint, and does not prove it",
        "dit avoir vu un point de contrôle postérieur, sans preuve à l'appui",
    ),
    WitnessState.CONTRADICTS: Words(
        "holds a checkpoint of ours that this ledger does not continue: nothing is sealed",
        "garde un point de contrôle signé par nous que ce registre ne continue pas : plus rien n'est scellé",
    ),
}
"""What a witness does that does not cosign."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness as configured: its key and its address."""

    key: CosignerKey
    url: str


class Cosigner:
    """The exchange with one witness."""

    def __init__(
        self, store: CosigningStore, witness: Witness, origin: str, keys: Sequence[VerifierKey], clock: Clock
    ) -> None:
        self._store = store
        self._witness = witness
        self._line = WitnessLine(witness.url)
        self._origin = origin
        self._keys = tuple(keys)
        self._clock = clock
        self._known: tuple[int, int] | None = None
        self._state: WitnessState | None = None
        self._pause_s = LOOK_S
        self.asked = asyncio.Event()
        """Set once the witness has answered, or has not, for the first time."""

    async def run(self, rounds: Rounds) -> None:
        """Submits each new checkpoint until it is stopped. What fails is logged once, and tried again."""
        job, name = Job.COSIGNING, self._witness.key.name
        try:
            await rounds.repeat(job, self._once, LOOK_S, Event.WITNESS_AWAY, about=name, failed_pause_s=FAILED_S)
        finally:
            await self._line.close()

    async def _once(self) -> Round:
        """One exchange; the longer a witness stays away, the longer it is left alone."""
        try:
            state = await self.exchange()
        finally:
            self.asked.set()
        if state in (None, WitnessState.COSIGNED):
            self._pause_s = LOOK_S
            return Round(int(state is WitnessState.COSIGNED))
        self._pause_s = min(max(1.0, self._pause_s * 2), AWAY_S_MAX)
        return Round(pause_s=self._pause_s, failure=state.value if state else "")

    async def exchange(self) -> WitnessState | None:
        """Submits the last checkpoint; None when there is none, or none that is new. The first one goes in any case:
        a database that was brought back to yesterday knows nothing new.
        """
        newest = await self._store.newest(self._witness.key.name)
        if newest is None or self._known == (newest.epoch, newest.size):
            return None
        old = self._known[1] if self._known and self._known[0] == newest.epoch else newest.cosigned
        try:
            state, size = await self._submit(newest, old)
        except FetchFailed:
            state, size = WitnessState.AWAY, old
        if state is WitnessState.COSIGNED:
            self._known = (newest.epoch, newest.size)
        await self._remember(state, size)
        return state

    async def _submit(self, newest: Newest, old: int) -> tuple[WitnessState, int]:
        """Until the witness cosigns or says something that does not change; and the size that it saw last."""
        told_gaps = False
        for _ in range(TRIES_MAX):
            answer = await self._line.submit(await self._submission(newest, min(old, newest.size)))
            size = int(found[1]) if answer.status == 409 and (found := _SIZE.fullmatch(answer.text)) else None
            if answer.status == 200:
                return await self._take(newest, answer), newest.size
            if size is not None and size != old and size <= newest.size:
                old = size
            elif answer.status == 404 and newest.epoch > 1 and not told_gaps:
                told_gaps = True
                for statement in await self._store.statements():
                    await self._line.submit_gap(statement)
            elif answer.status in (409, 422):
                return await self._examine(newest, ahead=size is not None and size > newest.size), size or old
            else:
                return _by_status(answer.status), old
        return WitnessState.REFUSED, old

    async def _submission(self, newest: Newest, old: int) -> str:
        hashes: list[bytes] = []
        if 0 < old < newest.size:
            ranges = consistency_ranges(old, newest.size)
            hashes = proof(ranges, await self._store.tiles(places(ranges)))
        return Submission(old, tuple(hashes), newest.note).text()

    async def _take(self, newest: Newest, answer: WitnessAnswer) -> WitnessState:
        """Verifies and keeps the cosignature."""
        key = self._witness.key
        try:
            (found,) = cosigned(newest.note + answer.text, [key])
        except ValueError:  # not a signature line, or not of this witness
            return WitnessState.REFUSED
        at = datetime.fromtimestamp(min(found.at_s, 2**32), UTC)
        await self._store.add_cosignature(newest.size, key.name, found.line, at)
        return WitnessState.COSIGNED

    async def _examine(self, newest: Newest, *, ahead: bool) -> WitnessState:
        """What the witness holds against us. Only a checkpoint under our own signature counts as proof."""
        origin = epoch_origin(self._origin, newest.epoch)
        weaker = WitnessState.AHEAD if ahead else WitnessState.REFUSED
        note = await self._line.checkpoint(hash_of(origin))
        try:
            theirs = opened(note or "", self._keys)
        except ValueError:
            return weaker
        if theirs.origin != origin or await self._is_ours(theirs):
            return weaker
        name = self._witness.key.name
        await self._store.add_contradiction(newest.epoch, name, theirs.size, note or "", self._clock.now())
        return WitnessState.CONTRADICTS

    async def _is_ours(self, theirs: Checkpoint) -> bool:
        """Whether the tree as it is now continues a checkpoint: another worker may have added to it meanwhile."""
        latest = await self._store.newest(self._witness.key.name)
        if latest is None or theirs.size > latest.size:
            return False
        whole: Range = (0, theirs.size)
        try:
            return range_hash(whole, await self._store.tiles(places([whole]))) == theirs.root
        except ValueError:
            return False

    async def _remember(self, state: WitnessState, size: int) -> None:
        if state is not self._state:
            number = {WitnessState.COSIGNED: Event.COSIGNED, WitnessState.CONTRADICTS: Event.WITNESS_CONTRADICTS}
            log(number.get(state, Event.WITNESS_AWAY), reason=state)
            self._state = state
        await self._store.put_state(StoredState(self._witness.key.name, state.value, size, self._clock.now()))


def _by_status(status: int) -> WitnessState:
    known = {404: WitnessState.UNKNOWN_LOG, 403: WitnessState.KEY_REFUSED, 400: WitnessState.REFUSED}
    return known.get(status, WitnessState.AWAY)


class Cosigning:
    """All witnesses of a ledger, each at its own pace."""

    def __init__(self, cosigners: Sequence[Cosigner]) -> None:
        self._cosigners = tuple(cosigners)

    async def run(self, rounds: Rounds) -> None:
        """Until they are stopped."""
        await asyncio.gather(*(one.run(rounds) for one in self._cosigners))

    async def first_words(self, seconds: float) -> None:
        """Waits until every witness was asked once, but no longer than some seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                for one in self._cosigners:
                    await one.asked.wait()

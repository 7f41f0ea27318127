"""A witness: it cosigns a log's checkpoint when that continues what it cosigned before, and remembers it first.

One submission at a time: looking at the last size and writing the new one are one step. What could not be written is
not answered, and the file, not the memory, says then how things stand.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from beffroi.clock import Clock
from beffroi.ledger.checkpoint import ED25519, Checkpoint, VerifierKey, signed_text
from beffroi.ledger.cosignature import CosigningKey
from beffroi.ledger.epoch import Gap, epoch_origin
from beffroi.ledger.note import key_id, split
from beffroi.ledger.witness import SIZE_TYPE, Ruling, Seen, Submission, hash_of, judge, judge_gap
from beffroi.store.witness_state import WitnessFile, WitnessRecord
from beffroi.telemetry import Event, log

TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer."""

    status: int
    content: str
    media_type: str = TEXT


class WitnessDesk:
    """Takes submissions of the logs that it knows."""

    def __init__(
        self, file: WitnessFile, key: CosigningKey, logs: Mapping[str, Sequence[VerifierKey]], clock: Clock
    ) -> None:
        self._file = file
        self._key = key
        self._logs = logs
        self._clock = clock
        self._turn = asyncio.Lock()
        self._doubtful = False
        self._take(file.record)

    async def add_checkpoint(self, body: bytes) -> Reply:
        """POST add-checkpoint: the cosignature, or why there is none. Raises OSError when it could not be kept."""
        try:
            submission = Submission.parse(body)
            async with self._turn:
                await self._settle()
                ruling = judge(submission, self._origins, self._seen)
                return _refused(ruling) if ruling.checkpoint is None else await self._cosign(submission, ruling)
        except ValueError:
            return Reply(400, "not a submission of C2SP tlog-witness\n")

    async def add_gap(self, body: bytes) -> Reply:
        """POST add-gap: takes a log's statement of what it lost, so that its next epoch may be cosigned."""
        try:
            note = body.decode()
            async with self._turn:
                await self._settle()
                ruling = judge_gap(note, self._logs, self._gaps, self._seen)
                if ruling.gap is None:
                    return _refused(ruling)
                if ruling.body:
                    origin = epoch_origin(ruling.gap.origin, ruling.gap.epoch)
                    await self._keep(msgspec.structs.replace(self._record, gaps={**self._record.gaps, origin: note}))
                    log(Event.WITNESS_GAP, number=ruling.gap.epoch, count=ruling.gap.lost_count)
                return Reply(200, "")
        except ValueError:
            return Reply(400, "not a statement of a gap\n")

    def checkpoint(self, origin_hash: str) -> str | None:
        """The last cosigned checkpoint of the origin with this SHA-256 (hexadecimal); None when there is none."""
        return self._by_hash(origin_hash, self._record.checkpoints)

    def gap(self, origin_hash: str) -> str | None:
        """The statement with which the epoch of this origin began; None when there is none."""
        return self._by_hash(origin_hash, self._record.gaps)

    @staticmethod
    def _by_hash(origin_hash: str, notes: Mapping[str, str]) -> str | None:
        return next((note for origin, note in notes.items() if hash_of(origin) == origin_hash), None)

    async def _cosign(self, submission: Submission, ruling: Ruling) -> Reply:
        """Remembers, then signs. The log's own signatures are kept beside: they are what proves a fork."""
        assert ruling.checkpoint is not None
        line = self._key.signature_line(ruling.body, int(self._clock.now().timestamp()))
        _, signatures = split(submission.note)
        keys = self._origins[ruling.checkpoint.origin]
        known = {(key.name, key_id(key.name, ED25519, key.public_key)) for key in keys}
        theirs = "".join(one.line for one in signatures if (one.name, one.key_id) in known)
        note = signed_text(ruling.body, ()) + theirs + line
        checkpoints = {**self._record.checkpoints, ruling.checkpoint.origin: note}
        await self._keep(msgspec.structs.replace(self._record, checkpoints=checkpoints))
        return Reply(200, line)

    async def _keep(self, record: WitnessRecord) -> None:
        self._doubtful = True
        await asyncio.to_thread(self._file.put, record)
        self._doubtful = False
        self._take(record)

    async def _settle(self) -> None:
        """After a write that failed: what the file holds, whichever of the two that is."""
        if self._doubtful:
            self._take(await asyncio.to_thread(self._file.load))
            self._doubtful = False

    def _take(self, record: WitnessRecord) -> None:
        self._record = record
        self._gaps = {origin: Gap.parse(split(note)[0]) for origin, note in record.gaps.items()}
        seen = {origin: Seen(gap.kept_size, gap.kept_root) for origin, gap in self._gaps.items()}
        for origin, note in record.checkpoints.items():
            checkpoint = Checkpoint.parse(split(note)[0])
            seen[origin] = Seen(checkpoint.size, checkpoint.root)
        self._seen = seen
        later = {origin: self._logs[gap.origin] for origin, gap in self._gaps.items() if gap.origin in self._logs}
        ended = {epoch_origin(gap.origin, gap.epoch - 1) for gap in self._gaps.values()}
        self._origins = {origin: keys for origin, keys in {**self._logs, **later}.items() if origin not in ended}


def _refused(ruling: Ruling) -> Reply:
    if ruling.status != 200:
        log(Event.WITNESS_REFUSED, code=str(ruling.status))
    return Reply(ruling.status, ruling.said, SIZE_TYPE if ruling.status == 409 else TEXT)

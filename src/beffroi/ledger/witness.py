"""A witness's judgement: whether the checkpoint that a log submits continues what the witness saw of it. Pure.

Source: C2SP tlog-witness (add-checkpoint). The statement of a gap (add-gap) is ours: docs/reference/ledger.md.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from beffroi.ledger.checkpoint import KEY_BYTES, Checkpoint, VerifierKey, opened, opened_text
from beffroi.ledger.epoch import Gap, epoch_origin
from beffroi.ledger.merkle import EMPTY_ROOT
from beffroi.ledger.note import NOTE_BYTES_MAX, decoded, encoded, split
from beffroi.ledger.proofs import PROOF_HASHES_MAX, is_consistent

SUBMISSION_BYTES_MAX = NOTE_BYTES_MAX + 64 * 64
"""A checkpoint and its proof."""
SIZE_TYPE = "text/x.tlog.size"
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})", re.ASCII)

Logs = Mapping[str, Sequence[VerifierKey]]
"""The keys of each log, by the origin of its first epoch."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What a log sends: the size that it believes the witness has seen, a proof, and its checkpoint."""

    old_size: int
    proof: tuple[bytes, ...]
    note: str

    def text(self) -> str:
        """The body of the request."""
        return f"old {self.old_size}\n" + "".join(f"{encoded(one)}\n" for one in self.proof) + f"\n{self.note}"

    @classmethod
    def parse(cls, body: bytes) -> "Submission":
        """What a request says. Raises ValueError when it is malformed."""
        text = body.decode()
        head, blank, note = text.partition("\n\n")
        old, *hashes = head.split("\n")
        found = _OLD.fullmatch(old)
        if not blank or found is None or len(hashes) > PROOF_HASHES_MAX:
            raise ValueError("not a submission")
        proof = tuple(decoded(line) for line in hashes)
        if any(len(one) != KEY_BYTES for one in proof):
            raise ValueError("a hash of the proof has 32 bytes")
        return cls(int(found[1]), proof, note)


@dataclass(frozen=True, slots=True)
class Seen:
    """The largest tree of a log that a witness has cosigned, or from which an epoch starts. Nothing: size 0."""

    size: int = 0
    root: bytes = EMPTY_ROOT


@dataclass(frozen=True, slots=True)
class Ruling:
    """An HTTP status and what is said with it; at 200 there is a checkpoint (or a gap) to remember."""

    status: int
    said: str = ""
    checkpoint: Checkpoint | None = None
    body: str = ""
    gap: Gap | None = None


def judge(submission: Submission, origins: Logs, seen: Mapping[str, Seen]) -> Ruling:
    """Whether a submission is cosigned. `origins`: every origin that is known, epochs among them, with its keys.

    Raises ValueError when the checkpoint is malformed.
    """
    body, _ = split(submission.note)
    claimed = Checkpoint.parse(body)
    keys = origins.get(claimed.origin)
    if keys is None:
        return Ruling(404, "unknown log\n")
    try:
        checkpoint = opened(submission.note, keys)
    except ValueError:
        return Ruling(403, "no signature by a key of this log, or a wrong one\n")
    last = seen.get(checkpoint.origin, Seen())
    if submission.old_size > checkpoint.size:
        return Ruling(400, "the old size is above the checkpoint's\n")
    if submission.old_size != last.size:
        return Ruling(409, f"{last.size}\n")
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        return Ruling(422, "the empty tree has another root\n")
    if not is_consistent(last.size, last.root, checkpoint.size, checkpoint.root, submission.proof):
        return Ruling(422, "the proof does not show that this tree continues the one before\n")
    return Ruling(200, checkpoint=checkpoint, body=body)


def judge_gap(note: str, logs: Logs, gaps: Mapping[str, Gap], seen: Mapping[str, Seen]) -> Ruling:
    """Whether the statement of a gap is taken: signed by the log, and naming the very tree that this witness saw last.

    `gaps`: the statements taken so far, by the origin of the epoch that each began. Raises ValueError when malformed.
    """
    body, _ = split(note)
    gap = Gap.parse(body)
    keys = logs.get(gap.origin)
    if keys is None:
        return Ruling(404, "unknown log\n")
    try:
        opened_text(note, keys)
    except ValueError:
        return Ruling(403, "no signature by a key of this log, or a wrong one\n")
    begun = gaps.get(epoch_origin(gap.origin, gap.epoch))
    if begun is not None:
        return Ruling(200, gap=begun) if begun == gap else Ruling(422, "this epoch began with another statement\n")
    if gap.epoch > 2 and epoch_origin(gap.origin, gap.epoch - 1) not in gaps:
        return Ruling(404, "the epoch before is unknown\n")
    last = seen.get(epoch_origin(gap.origin, gap.epoch - 1), Seen())
    if last.size and (last.size, last.root) not in gap.known:
        return Ruling(409, f"{last.size}\n")
    return Ruling(200, body=body, gap=gap)


def hash_of(origin: str) -> str:
    """How the address of a log's checkpoint names it.

    >>> hash_of("ledger.example")[:16]
    '09a63042e6566b03'
    """
    return sha256(origin.encode()).hexdigest()

"""A gap: what a restore lost, said in a signed note that is itself a leaf of the tree that goes on.

A log that lost leaves cannot go on under its name: its next checkpoint would contradict one that it has signed. So it
goes on as another one, its next epoch, whose tree keeps what is left and whose next leaf commits to the statement.

Source: docs/reference/ledger.md, "A gap"; C2SP signed-note.
"""

import re
from dataclasses import dataclass
from hashlib import sha256

from beffroi.ledger.checkpoint import KEY_BYTES, SIZE_MAX
from beffroi.ledger.note import decoded, encoded

FORMAT = "beffroi-gap/1"
NEVER = "never"
KNOWN_MAX = 32
"""Trees that a statement names: every witness's last one, and those that people kept."""
_LINES = 8
"""Of a statement that names no tree beside the one that was kept, with the empty text after the last line end."""
_TREE = re.compile(r"(kept|known) (0|[1-9][0-9]{0,18}) (\S+)", re.ASCII)
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z|never", re.ASCII)
_REASON = re.compile(r"[^\x00-\x1f]{1,500}")

Tree = tuple[int, bytes]
"""Size and root."""


def epoch_origin(origin: str, epoch: int) -> str:
    """The origin line of an epoch's checkpoints: of the first one the ledger's own name.

    >>> epoch_origin("ledger.example", 1), epoch_origin("ledger.example", 3)
    ('ledger.example', 'ledger.example/epoch/3')
    """
    return origin if epoch == 1 else f"{origin}/epoch/{epoch}"


@dataclass(frozen=True, slots=True)
class Gap:
    """From `epoch` on the tree has the first `kept_size` leaves of the one before, then this statement, then others.

    `known`: trees (size, root) that the epoch before is known to have signed, the largest last. One that is not the
    beginning of what was kept shows a loss, or a fork. `since`: when the last tree that is left was signed, and
    `declared` the statement's time, as leaves write times: what was disclosed between the two may be lost.
    """

    epoch: int
    origin: str
    kept_size: int
    kept_root: bytes
    known: tuple[Tree, ...]
    since: str
    declared: str
    reason: str

    @property
    def lost_count(self) -> int:
        """How many leaves beyond those that were kept are known to have been signed."""
        return max(0, max((size for size, _ in self.known), default=0) - self.kept_size)

    def body(self) -> str:
        """The lines that are signed."""
        known = "".join(f"known {size} {encoded(root)}\n" for size, root in self.known)
        return (
            f"{FORMAT}\n{epoch_origin(self.origin, self.epoch)}\n{epoch_origin(self.origin, self.epoch - 1)}\n"
            f"kept {self.kept_size} {encoded(self.kept_root)}\n{known}{self.since}\n{self.declared}\n{self.reason}\n"
        )

    def entry(self) -> bytes:
        """The statement's own leaf: it is public, so it commits without a nonce."""
        return sha256(self.body().encode()).digest()

    def stand_in(self, account: int, number: int) -> bytes:
        """The leaf in the place of an account's disclosure that was taken away before it was sealed."""
        return sha256(f"{self.body()}missing {account} {number}\n".encode()).digest()

    @classmethod
    def parse(cls, body: str) -> "Gap":
        """What a statement says. Raises ValueError when it is none, or contradicts itself."""
        lines = body.split("\n")
        if not _LINES <= len(lines) <= _LINES + KNOWN_MAX or lines[0] != FORMAT or lines[-1]:
            raise ValueError("not a statement of a gap")
        origin, epoch = _epoch_of(lines[1])
        kept, known = _tree(lines[3], "kept"), tuple(_tree(line, "known") for line in lines[4:-4])
        since, declared, reason = lines[-4:-1]
        if epoch < 2 or lines[2] != epoch_origin(origin, epoch - 1) or list(known) != sorted(set(known)):
            raise ValueError("the statement contradicts itself")
        if not _TIME.fullmatch(since) or not _TIME.fullmatch(declared) or not is_reason(reason):
            raise ValueError("the statement has no times or no reason")
        return cls(epoch, origin, *kept, known, since, declared, reason)


def is_reason(text: str) -> bool:
    """Whether a statement may give this reason: one line of 1 to 500 characters.

    >>> is_reason("restored after a broken disk"), is_reason(""), is_reason("two\\nlines")
    (True, False, False)
    """
    return _REASON.fullmatch(text) is not None


def _epoch_of(origin: str) -> tuple[str, int]:
    name, found, number = origin.rpartition("/epoch/")
    if not found or not re.fullmatch(r"[1-9][0-9]{0,8}", number, re.ASCII):
        return origin, 1
    return name, int(number)


def _tree(line: str, which: str) -> Tree:
    found = _TREE.fullmatch(line)
    if found is None or found[1] != which:
        raise ValueError("the statement names no tree")
    size, root = int(found[2]), decoded(found[3])
    if size > SIZE_MAX or len(root) != KEY_BYTES:
        raise ValueError("the statement names no tree")
    return size, root

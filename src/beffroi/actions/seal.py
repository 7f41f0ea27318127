"""Sealing: each disclosure becomes a leaf of the tree, and the tree's new root is signed, within a second.

Numbers of disclosures are not in the order of their commits. So a round takes only disclosures of transactions below
the oldest one still open, and of an account only those whose predecessor is sealed: an account's disclosures are
numbered under its lock, but the transaction that wrote the later number may have begun before the other's.

A disclosure's number is drawn after its transaction's (the gate locks an account first). So once every transaction has
ended that had begun when a mark was set, what is below the mark is final, and the next rounds look above it only.

One transaction a round: leaves, tiles, checkpoint and state are all there, or none is. Nothing is signed over a tree
that does not extend the last one.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

import msgspec

from beffroi.actions.rounds import Round, RoundFailed, Rounds
from beffroi.clock import Clock
from beffroi.errors import Words
from beffroi.ledger.checkpoint import Checkpoint, SigningKey, signed
from beffroi.ledger.epoch import epoch_origin
from beffroi.ledger.leaf import NO_LEAF, Facts, Sight, canonical, commitment
from beffroi.ledger.merkle import HASH_BYTES, Frontier, edge_places, grow
from beffroi.model.job import Job
from beffroi.store.database import Row
from beffroi.store.ledger import Connection, Leaf, LedgerStore, Mark, Standing
from beffroi.telemetry import Event, log, log_failure
from beffroi.telemetry.metrics import count_sealed

LEAVES_PER_ROUND_MAX = 5_000
"""Leaves of one checkpoint: some 0.3 s of work, so a round by itself never makes one a second late."""
NUMBERS_PER_ROUND_MAX = 50_000
"""Disclosures looked through in a round: 50 ms, however many wait for a transaction that is left open for hours."""
ROUND_S = 0.3
"""Seconds between two looks. A disclosure beside which another is being written waits for two: less than a second."""

_criteria = msgspec.json.Decoder(dict[str, str]).decode
_shown = msgspec.json.Decoder(tuple[Sight, ...]).decode


class Refusal(Enum):
    """Why nothing is sealed any more until somebody has looked: see docs/how-to/audit-the-ledger.md."""

    OTHER_CLUSTER = Words(
        "the database was restored into another cluster", "la base a été restaurée dans une autre grappe"
    )
    TRANSACTIONS_RESTARTED = Words(
        "transaction numbers are below those that were seen before",
        "les numéros de transaction sont en dessous de ceux déjà vus",
    )
    NOT_EXTENDED = Words(
        "leaves, tiles and the last checkpoint do not agree",
        "les feuilles, les tuiles et le dernier point de contrôle ne concordent pas",
    )
    CONTRADICTED = Words(
        "a witness holds a checkpoint of ours that this ledger does not continue: it was rolled back or forked",
        "un témoin garde un point de contrôle signé par nous que ce registre ne continue pas : ramené en arrière ou "
        "dédoublé",
    )
    MISSING_DISCLOSURE = Words(
        "a disclosure was taken away before it was sealed", "une divulgation a été retirée avant d'être scellée"
    )


class SealingRefused(RoundFailed):
    """The ledger is not what was sealed: sealing on would cover it up."""

    def __init__(self, refusal: Refusal, account: int = 0) -> None:
        super().__init__(refusal.name.lower(), refusal.value.english)
        self.refusal = refusal
        self.account = account


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a round did. `more`: another is due at once. `elsewhere`: another process is sealing."""

    leaves: int = 0
    more: bool = False
    elsewhere: bool = False


@dataclass(slots=True)
class Chains:
    """The end of each account's chain within a round; held accounts wait for a predecessor. Pure."""

    ends: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    held: dict[int, int] = field(default_factory=dict)

    def add(self, row: Row) -> Leaf | None:
        """The row's leaf, or None when its account's disclosure before it is not sealed."""
        account, number = row["account_id"], row["running_number"]
        end = self.ends.get(account)
        previous = NO_LEAF if number == 1 else row["previous_leaf"]
        if end is not None and end[0] == number - 1:
            previous = end[1]
        if account in self.held or previous is None:
            self.held.setdefault(account, row["disclosure_id"])
            return None
        commitment = leaf_of(row, previous)
        self.ends[account] = (number, commitment)
        return Leaf(commitment, row["disclosure_id"], account, number)


def leaf_of(row: Any, previous: bytes) -> bytes:
    """The commitment to a row of disclosures."""
    return commitment(row["nonce"], canonical(facts_of(row), previous))


def facts_of(row: Any) -> Facts:
    """What a leaf commits to of a row of disclosures."""
    return Facts(
        disclosure_id=row["disclosure_id"],
        at=row["at"],
        account_id=row["account_id"],
        running_number=row["running_number"],
        role=row["role"],
        structure_id=row["structure_id"],
        application=row["application"],
        session_key=row["session_key"],
        network=row["network"],
        door=row["door"],
        operation=row["operation"],
        outcome=row["outcome"],
        purpose=row["purpose"],
        reason=row["reason"],
        request_id=row["request_id"],
        criteria=_criteria(row["request"]),
        policy_version=row["policy_version"],
        criteria_fields=row["criteria_fields"],
        shown=_shown(row["shown"]),
    )


class Sealer:
    """Seals until it is stopped. Any number of them may run: one at a time does the work."""

    def __init__(self, store: LedgerStore, origin: str, keys: Sequence[SigningKey], clock: Clock) -> None:
        self._store = store
        self._origin = origin
        self._keys = tuple(keys)
        self._clock = clock

    async def run(self, rounds: Rounds) -> None:
        """Rounds until it is stopped."""
        await rounds.repeat(Job.SEALING, self._once, ROUND_S, _log_failed)

    async def _once(self) -> Round | None:
        sealed = await self.round()
        return None if sealed.elsewhere else Round(sealed.leaves, pause_s=0 if sealed.more else None)

    async def round(self) -> Sealed:
        """One round, in one transaction. Raises SealingRefused when the ledger is not what was sealed."""
        started_s = time.perf_counter()
        async with self._store.transaction() as connection:
            standing = await self._store.standing(connection)
            if standing is None:
                return Sealed(elsewhere=True)
            check(standing)
            if standing.last_disclosure <= standing.settled_below:
                return Sealed()
            last = min(standing.last_disclosure, standing.settled_below + NUMBERS_PER_ROUND_MAX)
            rows = await self._store.unsealed(connection, standing, last, LEAVES_PER_ROUND_MAX)
            chains = Chains()
            leaves = [leaf for row in rows if (leaf := chains.add(row)) is not None]
            if leaves:
                await self._extend(connection, standing, leaves)
            full = len(rows) == LEAVES_PER_ROUND_MAX
            reach = rows[-1]["disclosure_id"] if full else last
            await self._settle(connection, standing, reach, chains.held)
        # Committed: the checkpoint is published from here on, never before.
        if leaves:
            count_sealed(len(leaves), time.perf_counter() - started_s)
        return Sealed(len(leaves), bool(leaves) and (full or last < standing.last_disclosure))

    async def _extend(self, connection: Connection, standing: Standing, leaves: Sequence[Leaf]) -> None:
        """Leaves, tiles and the checkpoint over them."""
        origin = epoch_origin(self._origin, standing.epoch)
        await extend(self._store, connection, standing, leaves, Signing(origin, self._keys, self._clock.now()))

    async def _settle(self, connection: Connection, standing: Standing, reach: int, held: dict[int, int]) -> None:
        """Moves the state on, when it moves. Raises SealingRefused for a held account whose predecessor cannot come."""
        settled, mark = standing.settled_below, standing.mark
        final = mark is not None and standing.oldest_open > mark.transaction
        if mark is not None and final:
            for account, disclosure in held.items():
                if disclosure <= mark.disclosure:
                    raise SealingRefused(Refusal.MISSING_DISCLOSURE, account)
            settled = max(settled, min(mark.disclosure, reach))
        renewed = mark is None or (final and settled == mark.disclosure and settled < standing.last_disclosure)
        if settled != standing.settled_below or renewed:
            new: Mark | int = standing.last_disclosure if mark is None or renewed else mark
            await self._store.put_state(connection, standing.system_identifier, settled, new)


@dataclass(frozen=True, slots=True)
class Signing:
    """Under which origin, with which keys and when a checkpoint is signed."""

    origin: str
    keys: Sequence[SigningKey]
    at: datetime


async def extend(
    store: LedgerStore, connection: Connection, standing: Standing, leaves: Sequence[Leaf], signing: Signing
) -> Checkpoint:
    """Leaves, tiles and the checkpoint over them. Raises SealingRefused when what is there is not what was signed."""
    frontier = await _frontier(store, connection, standing)
    grown, tiles = grow(frontier, [leaf.commitment for leaf in leaves])
    checkpoint = Checkpoint(signing.origin, grown.size, grown.root())
    await store.add_leaves(connection, frontier.size, leaves)
    written = [(tile.level, tile.index, b"".join(tile.hashes)) for tile in tiles]
    if not await store.put_tiles(connection, written):
        raise SealingRefused(Refusal.NOT_EXTENDED)
    note, number = signed(checkpoint, signing.keys), standing.checkpoints_count + 1
    await store.add_checkpoint(connection, checkpoint, note, signing.at, number)
    return checkpoint


async def _frontier(store: LedgerStore, connection: Connection, standing: Standing) -> Frontier:
    """The tree's right edge, as stored; its root must be the one that was signed last."""
    if standing.tree_size == 0:
        return Frontier()
    places = edge_places(standing.tree_size)
    found = await store.edge(connection, [(level, index) for level, index, width in places if width])
    edge = [found.get((level, index), b"") if width else b"" for level, index, width in places]
    frontier = Frontier(standing.tree_size, tuple(map(_hashes, edge)))
    widths = [width for _, _, width in places]
    if [len(hashes) for hashes in frontier.edge] != widths or frontier.root() != standing.root:
        raise SealingRefused(Refusal.NOT_EXTENDED)
    return frontier


def check(standing: Standing) -> None:
    """Raises SealingRefused when the database is not the one that was sealed, or has lost some of it. Pure."""
    if standing.known_system is not None and standing.known_system != standing.system_identifier:
        raise SealingRefused(Refusal.OTHER_CLUSTER)
    if standing.mark is not None and standing.ended_below <= standing.mark.transaction:
        raise SealingRefused(Refusal.TRANSACTIONS_RESTARTED)
    if standing.contradicted:
        raise SealingRefused(Refusal.CONTRADICTED)
    if standing.leaves_count != standing.tree_size:
        raise SealingRefused(Refusal.NOT_EXTENDED)


def _hashes(stored: bytes) -> tuple[bytes, ...]:
    return tuple(stored[i : i + HASH_BYTES] for i in range(0, len(stored), HASH_BYTES))


def _log_failed(failure: Exception) -> None:
    if not isinstance(failure, SealingRefused):
        log_failure(Event.SEALING_FAILED, failure)
        return
    facts: dict[str, Any] = {"account": failure.account} if failure.account else {}
    log(Event.SEALING_REFUSED, reason=failure.refusal, **facts)

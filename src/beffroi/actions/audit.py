"""The audit: the ledger counted again from its leaves, and compared with what is published and with the disclosures.

Every leaf is opened with its disclosure and its nonce, every tile and every checkpoint computed again. What differs is
named: the disclosure, leaf, tile or checkpoint, and the account whose chain is broken.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any

from beffroi.actions.audit_archive import ArchiveAudit, ArchiveFault
from beffroi.actions.recount import Columns, Tree, recommitted
from beffroi.clock import Clock
from beffroi.errors import Words
from beffroi.ledger.checkpoint import Checkpoint, VerifierKey, opened
from beffroi.ledger.merkle import leaf_hash
from beffroi.store.archive_place import ArchivePlace
from beffroi.store.database import Database, Row
from beffroi.store.ledger_audit import AuditSnapshot, snapshot

FINDINGS_MAX = 200
"""Lines. More are counted: who finds so many does not need the next one to act."""
SEALED_WITHIN = timedelta(seconds=60)
"""A disclosure is sealed within a second; after a minute something is wrong."""
_NO_LEAF = bytes(32)


class Fault(Enum):
    """What may be wrong, in words. The numbers are ours: of disclosures, leaves, tiles, trees and accounts."""

    LEAF_MISSING = Words("leaf {0} is missing", "la feuille {0} manque")
    LEAF_CHANGED = Words(
        "leaf {0} (disclosure {1}) is not what its tile holds: the leaf was changed",
        "la feuille {0} (divulgation {1}) n'est pas celle de sa tuile : la feuille a été modifiée",
    )
    DISCLOSURE_MISSING = Words(
        "disclosure {1} of leaf {0} is not there: it was deleted, or the leaf was added",
        "la divulgation {1} de la feuille {0} n'existe pas : supprimée, ou feuille ajoutée",
    )
    DISCLOSURE_CHANGED = Words(
        "disclosure {1} is not what leaf {0} commits to: the disclosure was changed",
        "la divulgation {1} n'est pas celle de la feuille {0} : la divulgation a été modifiée",
    )
    CHAIN_BROKEN = Words(
        "leaf {0}: disclosure {1} of account {2} is its number {3}, and number {4} is due: one is missing, added or "
        "out of order",
        "feuille {0} : la divulgation {1} du compte {2} porte le numéro {3}, le {4} était attendu : il en manque une, "
        "ou une est ajoutée ou déplacée",
    )
    NEVER_SEALED = Words(
        "disclosure {0} has no leaf: it was added behind the ledger's back, or nothing is being sealed",
        "la divulgation {0} n'a pas de feuille : ajoutée à l'insu du registre, ou plus rien n'est scellé",
    )
    TILE_MISSING = Words("tile {0}/{1} is missing", "la tuile {0}/{1} manque")
    TILE_CHANGED = Words("tile {0}/{1} is not that of the leaves", "la tuile {0}/{1} n'est pas celle des feuilles")
    TILES_ADDED = Words("{0} tiles belong to no leaf", "{0} tuiles n'appartiennent à aucune feuille")
    CHECKPOINT_FORGED = Words(
        "the checkpoint of {0} leaves is signed by no known key, or was changed",
        "le point de contrôle de {0} feuilles n'est signé d'aucune clé connue, ou a été modifié",
    )
    CHECKPOINT_OTHER = Words(
        "the checkpoint of {0} leaves was signed for another tree: leaves before it were changed, added or reordered",
        "le point de contrôle de {0} feuilles a été signé pour un autre arbre : des feuilles ont été modifiées, "
        "ajoutées ou déplacées",
    )
    CHECKPOINT_BEYOND = Words(
        "the checkpoint of {0} leaves covers more than the {1} that are there: leaves were removed",
        "le point de contrôle de {0} feuilles en couvre plus que les {1} présentes : des feuilles ont été retirées",
    )
    NOT_COVERED = Words(
        "{0} leaves are behind the last checkpoint: a checkpoint was removed, or leaves were added",
        "{0} feuilles sont après le dernier point de contrôle : il en manque un, ou des feuilles ont été ajoutées",
    )
    KEPT_OTHER = Words(
        "a checkpoint that you kept, of {0} leaves, is not of this ledger's tree: the ledger was forked or rolled back",
        "un point de contrôle que vous gardez, de {0} feuilles, n'est pas de cet arbre : registre dédoublé ou ramené "
        "en arrière",
    )
    OTHER_CLUSTER = Words(
        "this database was restored into another cluster: nothing is sealed until that is settled",
        "cette base a été restaurée dans une autre grappe : rien n'est scellé d'ici là",
    )


@dataclass(frozen=True, slots=True)
class Found:
    """One fault and its numbers."""

    fault: Fault | ArchiveFault
    numbers: tuple[int, ...] = ()

    def words(self) -> Words:
        """Said in both languages."""
        said: Words = self.fault.value
        return Words(said.english.format(*self.numbers), said.french.format(*self.numbers))


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit counted, and the first faults of `faults_count`. `waiting`: disclosures without a leaf yet."""

    leaves_count: int
    checkpoints_count: int
    waiting_count: int
    faults_count: int
    found: tuple[Found, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.faults_count == 0


@dataclass(slots=True)
class _Report:
    found: list[Found] = field(default_factory=list)
    count: int = 0

    def add(self, fault: Fault | ArchiveFault, *numbers: int) -> None:
        self.count += 1
        if len(self.found) < FINDINGS_MAX:
            self.found.append(Found(fault, numbers))


async def audit(
    database: Database,
    keys: Sequence[VerifierKey],
    origin: str,
    clock: Clock,
    kept: Sequence[Checkpoint] = (),
    place: ArchivePlace | None = None,
) -> Audited:
    """Everything compared with everything. `kept`: checkpoints that somebody fetched earlier; this must be their tree.
    `place`: where the archive's files lie.

    `database` is opened under the sealer's role with AUDIT_SETTINGS; nothing is written.
    """
    async with snapshot(database) as reading:
        return await _Audit(reading, keys, origin, kept, ArchiveAudit(place, keys, origin)).run(clock)


class _Audit:
    """One audit, from the first leaf to the last."""

    def __init__(
        self,
        reading: AuditSnapshot,
        keys: Sequence[VerifierKey],
        origin: str,
        kept: Sequence[Checkpoint],
        archive: ArchiveAudit,
    ) -> None:
        self._reading = reading
        self._archive = archive
        self._keys = tuple(keys)
        self._origin = origin
        self._report = _Report()
        self._tree = Tree()
        self._ends: dict[int, tuple[int, *tuple[bytes, ...]]] = {}
        self._kept = sorted(kept, key=lambda checkpoint: checkpoint.size)
        self._unfilled: list[tuple[int, int, bytes]] = []
        self._covered = 0

    async def run(self, clock: Clock) -> Audited:
        """The whole audit."""
        counts = await self._reading.begin()
        if counts["known_system"] is not None and counts["known_system"] != counts["system_identifier"]:
            self._report.add(Fault.OTHER_CLUSTER)
        segments = await self._reading.segments()
        roots = await self._reading.roots(self._archive.sizes(segments))
        await asyncio.to_thread(self._archive.check, segments, roots)
        await self._leaves()
        self._archive.end()
        for fault, numbers in self._archive.found:
            self._report.add(fault, *numbers)
        await self._partial_tiles(counts["tiles_count"])
        now = clock.now()
        limits = (now - SEALED_WITHIN, now + SEALED_WITHIN)
        for number in await self._reading.forgotten(counts["settled_below"], *limits, FINDINGS_MAX):
            self._report.add(Fault.NEVER_SEALED, number)
        return Audited(
            self._tree.size,
            counts["checkpoints_count"],
            await self._reading.waiting(),
            self._report.count,
            tuple(self._report.found),
        )

    async def _leaves(self) -> None:
        """The leaves in their order, and at each size that was signed, its checkpoint."""
        checkpoints = self._reading.checkpoints()
        due = await _next(checkpoints)
        pending: list[tuple[int, int, bytes]] = []
        expected = 0
        async for row in self._reading.leaves():
            while expected < row["tree_index"] and row["tree_index"] - expected <= FINDINGS_MAX:
                self._report.add(Fault.LEAF_MISSING, expected)
                expected += 1
            expected = row["tree_index"] + 1
            self._leaf(row)
            pending.append((row["tree_index"], row["leaf_of"], leaf_hash(row["commitment"])))
            for level, index, hashes in self._tree.add(row["commitment"]):
                await self._tile(level, index, hashes, pending)
                pending = [] if level == 0 else pending
            while due is not None and due["tree_size"] <= self._tree.size:
                self._checkpoint(due)
                due = await _next(checkpoints)
            self._check_kept()
        self._unfilled = pending
        while due is not None:
            self._report.add(Fault.CHECKPOINT_BEYOND, due["tree_size"], self._tree.size)
            self._covered = due["tree_size"]
            due = await _next(checkpoints)
        if self._covered < self._tree.size:
            self._report.add(Fault.NOT_COVERED, self._tree.size - self._covered)
        for checkpoint in self._kept:
            self._report.add(Fault.KEPT_OTHER, checkpoint.size)

    def _leaf(self, row: Row) -> None:
        """One leaf and its disclosure, behind its account's leaf before it."""
        index, disclosure = row["tree_index"], row["leaf_of"]
        facts: Columns = self._archive.at(index) if row["disclosure_id"] is None else row
        if facts is None and self._archive.is_closed(index):
            self._ends[row["of_account"]] = (row["its_number"], row["commitment"])
            return
        if facts is None:
            self._report.add(Fault.DISCLOSURE_MISSING, index, disclosure)
            return
        account, number = facts["account_id"], facts["running_number"]
        last, *ends = self._ends.get(account, (0, _NO_LEAF))
        computed = [leaf for previous in ends if (leaf := recommitted(facts, previous)) is not None]
        if number != last + 1:
            self._report.add(Fault.CHAIN_BROKEN, index, disclosure, account, number, last + 1)
        elif row["commitment"] not in computed:
            self._report.add(Fault.DISCLOSURE_CHANGED, index, disclosure)
            # Either of the two was changed: the next one may stand behind either, and is not to blame.
            self._ends[account] = (number, row["commitment"], *computed[:1])
            return
        self._ends[account] = (number, row["commitment"])

    async def _tile(self, level: int, index: int, hashes: bytes, leaves: list[tuple[int, int, bytes]]) -> None:
        """One tile as published; of level 0, the leaves that differ from it are named."""
        published = await self._reading.tile(level, index)
        if published == hashes:
            return
        self._report.add(Fault.TILE_MISSING if published is None else Fault.TILE_CHANGED, level, index)
        if level or published is None:
            return
        for place, (leaf, disclosure, hashed) in enumerate(leaves):
            if published[place * 32 : place * 32 + 32] != hashed:
                self._report.add(Fault.LEAF_CHANGED, leaf, disclosure)

    async def _partial_tiles(self, stored_count: int) -> None:
        for level, index, hashes in self._tree.partial():
            await self._tile(level, index, hashes, self._unfilled)
        if stored_count > self._tree.tiles_count():
            self._report.add(Fault.TILES_ADDED, stored_count - self._tree.tiles_count())

    def _checkpoint(self, row: Row) -> None:
        """One checkpoint: its row says what its note says, a known key signed it, and the tree has this root."""
        size = row["tree_size"]
        self._covered = size
        try:
            checkpoint = opened(row["note"], self._keys)
        except ValueError:
            self._report.add(Fault.CHECKPOINT_FORGED, size)
            return
        if (checkpoint.origin, checkpoint.size, checkpoint.root) != (self._origin, size, row["root"]):
            self._report.add(Fault.CHECKPOINT_FORGED, size)
        elif size != self._tree.size or checkpoint.root != self._tree.root():
            self._report.add(Fault.CHECKPOINT_OTHER, size)

    def _check_kept(self) -> None:
        """Those kept checkpoints whose size is reached; those that agree are taken off the list."""
        while self._kept and self._kept[0].size <= self._tree.size:
            checkpoint = self._kept.pop(0)
            if (checkpoint.origin, checkpoint.root) != (self._origin, self._tree.root()):
                self._report.add(Fault.KEPT_OTHER, checkpoint.size)


async def _next(rows: AsyncIterator[Any]) -> Any:
    return await anext(rows, None)

"""The audit: the ledger counted again from its leaves, and compared with what is published and with the disclosures.

Every leaf is opened with its disclosure and its nonce, every tile and every checkpoint computed again. What differs is
named: the disclosure, leaf, tile, checkpoint or cosignature, and the account whose chain is broken. What retention
erased is counted, and what restores lost is told as the ledger itself tells it.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from beffroi.actions.audit_archive import ArchiveAudit
from beffroi.actions.audit_notes import Notes
from beffroi.actions.findings import FINDINGS_MAX, Audited, Fault, Report
from beffroi.actions.recount import Columns, Tree, recommitted
from beffroi.clock import Clock
from beffroi.ledger.checkpoint import Checkpoint, VerifierKey
from beffroi.ledger.cosignature import CosignerKey
from beffroi.ledger.merkle import leaf_hash
from beffroi.store.archive_place import ArchivePlace
from beffroi.store.database import Database, Row
from beffroi.store.ledger_audit import AuditSnapshot, snapshot

SEALED_WITHIN = timedelta(seconds=60)
"""A disclosure is sealed within a second; after a minute something is wrong."""
ERASED_AFTER = timedelta(days=399)
"""What is erased is older than 400 days (the database's own function); a day for clocks and for the order of leaves."""
_NO_LEAF = bytes(32)


async def audit(
    database: Database,
    keys: Sequence[VerifierKey],
    origin: str,
    clock: Clock,
    kept: Sequence[Checkpoint] = (),
    place: ArchivePlace | None = None,
    witnesses: Sequence[CosignerKey] = (),
) -> Audited:
    """Everything compared with everything. `kept`: checkpoints that somebody has elsewhere; this must be their tree.
    `place`: where the archive's files lie. `witnesses`: whose cosignatures are verified.

    `database` is opened under the sealer's role with AUDIT_SETTINGS; nothing is written.
    """
    report = Report()
    notes = Notes(report, origin, keys, witnesses, kept)
    archive = ArchiveAudit(place, keys, origin, erased_before=clock.now() - ERASED_AFTER)
    async with snapshot(database) as reading:
        return await _Audit(reading, report, notes, archive, clock.now()).run()


class _Audit:
    """One audit, from the first leaf to the last."""

    def __init__(
        self, reading: AuditSnapshot, report: Report, notes: Notes, archive: ArchiveAudit, now: datetime
    ) -> None:
        self._reading = reading
        self._archive = archive
        self._report = report
        self._notes = notes
        self._now = now
        self._tree = Tree()
        self._ends: dict[int, tuple[int, *tuple[bytes, ...]]] = {}
        self._unfilled: list[tuple[int, int, bytes]] = []
        self._erased_count = 0
        self._missing_count = 0
        self._latest_at = datetime.min.replace(tzinfo=UTC)

    async def run(self) -> Audited:
        """The whole audit."""
        counts = await self._reading.begin()
        if counts["known_system"] is not None and counts["known_system"] != counts["system_identifier"]:
            self._report.add(Fault.OTHER_CLUSTER)
        await self._notes.read(self._reading.epochs(), self._reading.checkpoints(), self._reading.cosignatures())
        segments = await self._reading.segments()
        roots = await self._reading.roots(self._archive.sizes(segments))
        await asyncio.to_thread(self._archive.check, segments, roots)
        await self._leaves()
        await self._notes.end(self._tree)
        self._archive.end()
        for fault, numbers in self._archive.found:
            self._report.add(fault, *numbers)
        await self._partial_tiles(counts["tiles_count"])
        limits = (self._now - SEALED_WITHIN, self._now + SEALED_WITHIN)
        for number in await self._reading.forgotten(counts["settled_below"], *limits, FINDINGS_MAX):
            self._report.add(Fault.NEVER_SEALED, number)
        return Audited(
            self._tree.size,
            counts["checkpoints_count"],
            await self._reading.waiting(),
            self._report.count,
            tuple(self._report.found),
            self._erased_count,
            self._notes.cosignatures_count,
            tuple(self._notes.gaps),
            self._notes.kept_lost_count,
            self._missing_count,
        )

    async def _leaves(self) -> None:
        """The leaves in their order, and at each size that was signed, its checkpoint."""
        pending: list[tuple[int, int, bytes]] = []
        expected = 0
        async for row in self._reading.leaves():
            while expected < row["tree_index"] and row["tree_index"] - expected <= FINDINGS_MAX:
                self._report.add(Fault.LEAF_MISSING, expected)
                expected += 1
            expected = row["tree_index"] + 1
            self._leaf(row)
            pending.append((row["tree_index"], row["leaf_of"] or 0, leaf_hash(row["commitment"])))
            for level, index, hashes in self._tree.add(row["commitment"]):
                await self._tile(level, index, hashes, pending)
                pending = [] if level == 0 else pending
            await self._notes.reached(self._tree)
        self._unfilled = pending

    def _leaf(self, row: Row) -> None:
        """One leaf and its disclosure, behind its account's leaf before it."""
        index, disclosure, account = row["tree_index"], row["leaf_of"], row["leaf_account"]
        facts: Columns = self._archive.at(index)  # which is asked of every leaf: a segment may be leaving
        facts = row if row["disclosure_id"] is not None else facts
        if disclosure is None and account is not None:
            self._stands_in(row)
        elif disclosure is None:
            self._notes.gap(row, self._tree)
        elif facts is not None:
            self._opened(row, facts)
        elif account is not None and (row["erased_at"] is not None or self._archive.is_erasing(index)):
            self._erased(row)
        elif self._archive.is_closed(index):
            self._ends[account] = (row["leaf_number"], row["commitment"])
        else:
            self._report.add(Fault.DISCLOSURE_MISSING, index, disclosure)
            if account is not None:
                self._ends[account] = (row["leaf_number"], row["commitment"])

    def _stands_in(self, row: Row) -> None:
        """A leaf in the place of a disclosure that was taken away unsealed: its account goes on behind it."""
        account, number = row["leaf_account"], row["leaf_number"]
        last = self._ends.get(account, (0,))[0]
        if self._notes.stands_in(row) and number != last + 1:
            self._report.add(Fault.CHAIN_BROKEN, row["tree_index"], 0, account, number, last + 1)
        self._missing_count += 1
        self._ends[account] = (number, row["commitment"])

    def _opened(self, row: Row, facts: Columns) -> None:
        """A leaf whose disclosure is there, online or archived."""
        index, disclosure = row["tree_index"], row["leaf_of"]
        account, number = facts["account_id"], facts["running_number"]
        self._latest_at = max(self._latest_at, facts["at"])
        if row["erased_at"] is not None:
            self._report.add(Fault.NOT_ERASED, index, disclosure)
        if row["leaf_account"] is not None and (row["leaf_account"], row["leaf_number"]) != (account, number):
            self._report.add(Fault.LEAF_MISLABELLED, index, disclosure)
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

    def _erased(self, row: Row) -> None:
        """A leaf whose disclosure and nonce are gone: it keeps its place in its account's chain, and must be old."""
        index, disclosure = row["tree_index"], row["leaf_of"]
        account, number = row["leaf_account"], row["leaf_number"]
        self._erased_count += 1
        last = self._ends.get(account, (0,))[0]
        if number != last + 1:
            self._report.add(Fault.CHAIN_BROKEN, index, disclosure, account, number, last + 1)
        # Younger than what was sealed before it, and than what a witness had seen without it.
        seen_at = datetime.fromtimestamp(self._notes.cosigned_s, UTC)
        if max(self._latest_at, seen_at) > self._now - ERASED_AFTER:
            self._report.add(Fault.ERASED_EARLY, index, disclosure)
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

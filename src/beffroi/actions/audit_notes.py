"""The signed part of an audit: checkpoints, cosignatures, statements of gaps, and what people kept outside."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from beffroi.actions.findings import Fault, Report
from beffroi.actions.recount import Tree, gap_entry
from beffroi.ledger.checkpoint import Checkpoint, VerifierKey, opened, opened_text
from beffroi.ledger.cosignature import CosignerKey
from beffroi.ledger.epoch import Gap, epoch_origin
from beffroi.ledger.note import signature, split
from beffroi.store.database import Row


class Notes:
    """What is signed, compared with the tree while that grows."""

    def __init__(
        self,
        report: Report,
        origin: str,
        keys: Sequence[VerifierKey],
        witnesses: Sequence[CosignerKey],
        kept: Sequence[Checkpoint],
    ) -> None:
        self._report = report
        self._origin = origin
        self._keys = tuple(keys)
        self._witnesses = {key.name: key for key in witnesses}
        self._kept = sorted(kept, key=lambda checkpoint: checkpoint.size)
        self._epochs: dict[int, Row] = {}
        self._numbers: dict[str, int] = {}
        self._number = 0
        self.covered = 0
        self.cosigned_s = 0
        self.cosignatures_count = 0
        self.kept_lost_count = 0
        self.gaps: list[Gap] = []

    async def read(
        self, epochs: AsyncIterator[Row], checkpoints: AsyncIterator[Row], cosignatures: AsyncIterator[Row]
    ) -> None:
        """Takes the rows of all three; the last two are read as the tree grows."""
        async for row in epochs:
            self._epochs[row["tree_index"]] = row
        self._checkpoints, self._cosignatures = checkpoints, cosignatures
        self._due = await _next(checkpoints)
        self._line = await _next(cosignatures)

    def gap(self, row: Row, tree: Tree) -> None:
        """A leaf that is no disclosure's: the statement of a gap, over the tree before it."""
        index = row["tree_index"]
        epoch = self._epochs.pop(index, None)
        try:
            body = opened_text(epoch["statement"] if epoch else "", self._keys)
            gap = Gap.parse(body)
        except ValueError:
            self._report.add(Fault.GAP_FORGED, index)
            return
        told = (gap.epoch, gap.origin, gap.kept_size, gap.kept_root, gap_entry(body))
        is_so = (len(self.gaps) + 2, self._origin, index, tree.root(), row["commitment"])
        if told != is_so or epoch is None or epoch["epoch"] != gap.epoch:
            self._report.add(Fault.GAP_FORGED, index)
        self.gaps.append(gap)

    def stands_in(self, row: Row) -> bool:
        """Whether a leaf stands in for a disclosure of an account, under the last statement."""
        missing = (row["leaf_account"], row["leaf_number"])
        stands = bool(self.gaps) and row["commitment"] == gap_entry(self.gaps[-1].body(), missing)
        if not stands:
            self._report.add(Fault.GAP_FORGED, row["tree_index"])
        return stands

    async def reached(self, tree: Tree) -> None:
        """The tree has grown to this size: the checkpoints and kept checkpoints of it."""
        while self._due is not None and self._due["tree_size"] <= tree.size:
            await self._checkpoint(self._due, tree)
            self._due = await _next(self._checkpoints)
        while self._kept and self._kept[0].size <= tree.size:
            self._check_kept(self._kept.pop(0), tree.root())

    async def end(self, tree: Tree) -> None:
        """Whatever the tree did not reach."""
        while self._due is not None:
            self._report.add(Fault.CHECKPOINT_BEYOND, self._due["tree_size"], tree.size)
            self.covered = self._due["tree_size"]
            await self._cosigned(self._due["tree_size"], "")
            self._due = await _next(self._checkpoints)
        await self._cosigned(2**63, "")
        if self.covered < tree.size:
            self._report.add(Fault.NOT_COVERED, tree.size - self.covered)
        for checkpoint in self._kept:
            self._check_kept(checkpoint, None)
        for epoch in self._epochs.values():
            self._report.add(Fault.GAP_MISSING, epoch["epoch"])

    async def _checkpoint(self, row: Row, tree: Tree) -> None:
        """One checkpoint: its row says what its note says, a known key signed it, and the tree has this root."""
        size = row["tree_size"]
        self.covered = size
        if row["number"] is not None:
            if row["number"] != self._number + 1:
                self._report.add(Fault.CHECKPOINT_MISSING, size, row["number"], self._number + 1)
            self._number = row["number"]
        await self._cosigned(size, row["note"])
        try:
            checkpoint = opened(row["note"], self._keys)
        except ValueError:
            self._report.add(Fault.CHECKPOINT_FORGED, size)
            return
        if (checkpoint.origin, checkpoint.size, checkpoint.root) != (self._today(), size, row["root"]):
            self._report.add(Fault.CHECKPOINT_FORGED, size)
        elif size != tree.size or checkpoint.root != tree.root():
            self._report.add(Fault.CHECKPOINT_OTHER, size)

    def _today(self) -> str:
        return epoch_origin(self._origin, len(self.gaps) + 1)

    async def _cosigned(self, size: int, note: str) -> None:
        """The cosignatures of a checkpoint; those before it, of sizes that were never signed, belong to none."""
        while self._line is not None and self._line["tree_size"] <= size:
            row, name = self._line, self._line["witness"]
            self.cosignatures_count += 1
            if row["tree_size"] != size:
                self._report.add(Fault.COSIGNATURE_ADDED, row["tree_size"], name=name)
            elif not self._is_word(row, note):
                self._report.add(Fault.COSIGNATURE_CHANGED, size, name=name)
            due = self._numbers.get(name, 0) + 1
            if row["number"] != due:
                self._report.add(Fault.COSIGNATURE_MISSING, row["tree_size"], row["number"], due, name=name)
            self._numbers[name] = row["number"]
            self._line = await _next(self._cosignatures)

    def _is_word(self, row: Row, note: str) -> bool:
        """Whether a line is what its witness signed. Of a witness who is unknown here: whether it says so itself."""
        try:
            body, _ = split(note)
            found = signature(row["line"].removesuffix("\n"))
        except ValueError:
            return False
        key = self._witnesses.get(row["witness"])
        if found.line != row["line"] or found.name != row["witness"] or key is None:
            return bool(found.line == row["line"] and found.name == row["witness"])
        at_s = key.cosigned_s(body, found)
        if at_s is None or at_s != int(row["cosigned_at"].timestamp()):
            return False
        self.cosigned_s = max(self.cosigned_s, at_s)
        return True

    def _check_kept(self, checkpoint: Checkpoint, root: bytes | None) -> None:
        """A checkpoint that was kept outside: of this tree, or of leaves that a gap says are lost."""
        if root is not None and (checkpoint.origin, checkpoint.root) == (self._today(), root):
            return
        for gap in self.gaps:
            beyond = gap.kept_size < checkpoint.size <= max((size for size, _ in gap.known), default=0)
            if checkpoint.origin == epoch_origin(self._origin, gap.epoch - 1) and (
                beyond or (checkpoint.size, checkpoint.root) in gap.known
            ):
                self.kept_lost_count += 1
                return
        self._report.add(Fault.KEPT_OTHER, checkpoint.size)


async def _next(rows: AsyncIterator[Any]) -> Any:
    return await anext(rows, None)

"""The archive's part of an audit: manifests, their chain and their files; and what the files hold, leaf by leaf.

A file that is not what its manifest says is named and not opened; the leaves of such a segment are counted as not
examined, so that one changed byte is one finding and not a million. What a manifest says stands on its signature, on
the manifest before and on the database's own copy; what the files say of a disclosure stands on its leaf. The fate of
an answer (`sent`) is in no leaf: it stands on the file's hash in the signed manifest alone.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from beffroi.errors import Words
from beffroi.ledger.checkpoint import VerifierKey
from beffroi.ledger.manifest import NONE_BEFORE, Manifest, manifest_hash, opened_manifest
from beffroi.store.archive_moves import ArchivedSegment
from beffroi.store.archive_place import ArchivePlace, digest_of, is_file_of
from beffroi.store.selecting import instant

MANIFEST_BYTES_MAX = 65_536


class ArchiveFault(Enum):
    """What may be wrong with the archive. The numbers are ours: of segments, leaves and disclosures."""

    NOT_REACHED = Words(
        "{0} segments were archived, and their files were not given to this audit",
        "{0} segments sont archivés, et leurs fichiers n'ont pas été donnés à cet audit",
    )
    MANIFEST_FORGED = Words(
        "the manifest of segment {0} is signed by no known key, or was changed",
        "le manifeste du segment {0} n'est signé d'aucune clé connue, ou a été modifié",
    )
    SEGMENT_MISPLACED = Words(
        "segment {0} does not follow the one before: a segment was removed, added or exchanged",
        "le segment {0} ne suit pas le précédent : un segment a été retiré, ajouté ou échangé",
    )
    CHECKPOINT_OTHER = Words(
        "segment {0} was archived under a checkpoint that is not this ledger's",
        "le segment {0} a été archivé sous un point de contrôle qui n'est pas de ce registre",
    )
    MANIFEST_CHANGED = Words(
        "the manifest of segment {0} that lies beside its files is missing or was changed",
        "le manifeste du segment {0} qui est avec ses fichiers manque ou a été modifié",
    )
    FILE_CHANGED = Words(
        "a file of segment {0} is missing or was changed: its {1} leaves are not opened",
        "un fichier du segment {0} manque ou a été modifié : ses {1} feuilles ne sont pas ouvertes",
    )
    ORDERS_DIFFER = Words(
        "the two orders of segment {0} differ in {1} rows", "les deux ordres du segment {0} diffèrent de {1} lignes"
    )
    ROWS_ADDED = Words(
        "segment {0} holds {1} disclosures that no leaf of its range is of",
        "le segment {0} contient {1} divulgations dont aucune feuille de son intervalle n'est la feuille",
    )
    STILL_THERE = Words(
        "segment {0} is marked as erased, and {1} of its files are still there",
        "le segment {0} est marqué comme effacé, et {1} de ses fichiers sont encore là",
    )
    ERASED_EARLY = Words(
        "segment {0} is marked as erased, and what it held was too young for that",
        "le segment {0} est marqué comme effacé, et ce qu'il contenait était trop récent pour cela",
    )
    FILES_ADDED = Words(
        "{0} files beside the archive's belong to no segment",
        "{0} fichiers à côté de ceux de l'archive n'appartiennent à aucun segment",
    )


@dataclass(slots=True)
class ArchiveAudit:
    """One audit of an archive. `compare`: whether the two orders of a segment are compared row by row.
    `erased_before`: nothing that was recorded later may be erased.
    """

    place: ArchivePlace | None
    keys: Sequence[VerifierKey]
    origin: str
    compare: bool = True
    erased_before: datetime | None = None
    found: list[tuple[ArchiveFault, tuple[int, ...]]] = field(default_factory=list)
    _opened: dict[int, Manifest] = field(default_factory=dict)
    _closed: list[tuple[int, int]] = field(default_factory=list)
    _erasing: list[tuple[int, int]] = field(default_factory=list)
    _rows: Iterator[dict[str, Any]] | None = None
    _next: dict[str, Any] | None = None
    _used: dict[int, int] = field(default_factory=dict)

    @staticmethod
    def sizes(segments: Sequence[ArchivedSegment]) -> list[int]:
        """The sizes of the trees under which segments say that they were archived."""
        found = []
        for one in segments:
            with contextlib.suppress(ValueError):
                found.append(Manifest.of_note(one.manifest).checkpoint.size)
        return found

    def check(self, segments: Sequence[ArchivedSegment], roots: dict[int, bytes]) -> None:
        """Manifests, chain and files of all segments. Blocks."""
        self._erasing = [(one.first, one.end) for one in segments if one.is_erasing]
        if self.place is None:
            self._closed = [(one.first, one.end) for one in segments if one.erased_at is None]
            if self._closed:
                self._add(ArchiveFault.NOT_REACHED, len(self._closed))
            return
        previous, first, names, there = NONE_BEFORE, 0, set[str](), self.place.names()
        for number, one in enumerate(segments):
            manifest = self._manifest(one)
            if one.erased_at is not None:
                self._gone(manifest, one, names, there)
            elif manifest is None or not self._whole(manifest, one, names):
                self._closed.append((one.first, one.end))
            else:
                self._opened[number] = manifest
            if manifest is not None:
                stands = (manifest.number, manifest.first, manifest.end) == (number, one.first, one.end)
                if not stands or one.number != number or manifest.previous != previous or one.first != first:
                    self._add(ArchiveFault.SEGMENT_MISPLACED, number)
                if roots.get(manifest.checkpoint.size) != manifest.checkpoint.root:
                    self._add(ArchiveFault.CHECKPOINT_OTHER, number)
            previous, first = manifest_hash(one.manifest), one.end
        left = f"{len(segments):06d}-"  # what a killed mover left is taken away by the next one
        more = {name for name in there - names if not name.startswith(left)}
        if more:
            self._add(ArchiveFault.FILES_ADDED, len(more))

    def _add(self, fault: ArchiveFault, *numbers: int) -> None:
        self.found.append((fault, numbers))

    def _manifest(self, one: ArchivedSegment) -> Manifest | None:
        try:
            manifest = opened_manifest(one.manifest, self.keys)
        except ValueError:
            manifest = None
        if manifest is None or manifest.origin != self.origin:
            self._add(ArchiveFault.MANIFEST_FORGED, one.number)
            return None
        return manifest

    def _whole(self, manifest: Manifest, one: ArchivedSegment, names: set[str]) -> bool:
        """Whether the files are what the manifest says."""
        assert self.place is not None
        self._beside(one, names)
        names |= {file.name for file in manifest.files}
        whole = all(_is(self.place, file.name, (file.size_bytes, file.sha256)) for file in manifest.files)
        if not whole:
            self._add(ArchiveFault.FILE_CHANGED, one.number, one.end - one.first)
            return False
        if self.compare:
            from beffroi.store.archive_files import Segment  # DuckDB: for an audit that has an archive

            differing = Segment(self.place, manifest).differences()
            if differing:
                self._add(ArchiveFault.ORDERS_DIFFER, one.number, differing)
        return True

    def _beside(self, one: ArchivedSegment, names: set[str]) -> None:
        """The manifest that lies beside the files is the database's."""
        assert self.place is not None
        beside = f"{one.number:06d}-manifest-{manifest_hash(one.manifest).hex()[:16]}.txt"
        names.add(beside)
        if _text(self.place, beside) != one.manifest.encode():
            self._add(ArchiveFault.MANIFEST_CHANGED, one.number)

    def _gone(self, manifest: Manifest | None, one: ArchivedSegment, names: set[str], there: set[str]) -> None:
        """An erased segment: its manifest is still there, its files are not, and by what was signed it was old."""
        self._beside(one, names)
        left = {name for name in there if is_file_of(one.number, name)}
        names |= left
        if left and not one.is_erasing:
            self._add(ArchiveFault.STILL_THERE, one.number, len(left))
        limit = self.erased_before
        if manifest is not None and limit is not None and instant(manifest.last_us) > limit:
            self._add(ArchiveFault.ERASED_EARLY, one.number)

    def _all_rows(self) -> Iterator[dict[str, Any]]:
        from beffroi.store.archive_files import DisclosureColumns, Segment

        for number, manifest in self._opened.items():
            assert self.place is not None
            self._used[number] = 0
            for row in Segment(self.place, manifest).rows_by_leaf():
                yield {"tree_index": row["tree_index"], "columns": DisclosureColumns(row), "segment": number}

    def at(self, index: int) -> Any:
        """The archived disclosure of a leaf; None when there is none. Asked in the order of the leaves."""
        if self._rows is None:
            self._rows = self._all_rows()
            self._next = next(self._rows, None)
        while self._next is not None and self._next["tree_index"] < index:
            self._next = next(self._rows, None)
        found = self._next
        if found is None or found["tree_index"] != index:
            return None
        self._used[found["segment"]] += 1
        self._next = next(self._rows, None)
        return found["columns"]

    def is_closed(self, index: int) -> bool:
        """Whether a leaf is of a segment that could not be opened, which was said once."""
        return any(first <= index < end for first, end in self._closed)

    def is_erasing(self, index: int) -> bool:
        """Whether a leaf is of a segment that was noted as erased, and its own mark may come a little later."""
        return any(first <= index < end for first, end in self._erasing)

    def end(self) -> None:
        """After the last leaf: rows that no leaf asked for."""
        if self._rows is not None:
            for _ in self._rows:
                continue
        for number, manifest in self._opened.items():
            more = manifest.files[0].rows - self._used.get(number, 0)
            if more:
                self._add(ArchiveFault.ROWS_ADDED, number, more)


def _is(place: ArchivePlace, name: str, expected: tuple[int, bytes]) -> bool:
    try:
        return digest_of(place, name) == expected
    except OSError:
        return False


def _text(place: ArchivePlace, name: str) -> bytes | None:
    try:
        with place.reading(name) as file:
            content: bytes = file.read(MANIFEST_BYTES_MAX)
            return content
    except OSError:
        return None

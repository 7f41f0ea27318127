"""What an audit may find, in words, and what it counted. Pure."""

from dataclasses import dataclass, field
from enum import Enum

from beffroi.actions.audit_archive import ArchiveFault
from beffroi.errors import Words
from beffroi.ledger.epoch import Gap

FINDINGS_MAX = 200
"""Lines. More are counted: who finds so many does not need the next one to act."""


class Fault(Enum):
    """What may be wrong, in words. The numbers are ours: of disclosures, leaves, tiles, trees and accounts; a name is a
    witness's.
    """

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
    LEAF_MISLABELLED = Words(
        "leaf {0} (disclosure {1}) bears another account or running number than its disclosure",
        "la feuille {0} (divulgation {1}) porte un autre compte ou numéro que sa divulgation",
    )
    NOT_ERASED = Words(
        "disclosure {1} of leaf {0} is said to be erased, and is there",
        "la divulgation {1} de la feuille {0} est dite effacée, et elle est là",
    )
    ERASED_EARLY = Words(
        "disclosure {1} of leaf {0} is said to be erased, and is too young for that: it was taken away",
        "la divulgation {1} de la feuille {0} est dite effacée, et elle est trop récente : elle a été retirée",
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
    CHECKPOINT_MISSING = Words(
        "the checkpoint of {0} leaves is number {1}, and number {2} is due: one was taken away or added",
        "le point de contrôle de {0} feuilles porte le numéro {1}, le {2} était attendu : il en manque un, ou un est "
        "ajouté",
    )
    COSIGNATURE_CHANGED = Words(
        "the cosignature of {0} leaves by {name} was changed",
        "la cosignature de {0} feuilles par {name} a été modifiée",
    )
    COSIGNATURE_MISSING = Words(
        "the cosignature of {0} leaves by {name} is its number {1}, and number {2} is due: one was taken away or added",
        "la cosignature de {0} feuilles par {name} porte le numéro {1}, le {2} était attendu : il en manque une, ou "
        "une est ajoutée",
    )
    COSIGNATURE_ADDED = Words(
        "the cosignature of {0} leaves by {name} belongs to no checkpoint",
        "la cosignature de {0} feuilles par {name} n'appartient à aucun point de contrôle",
    )
    GAP_FORGED = Words(
        "leaf {0} is no disclosure's, and no statement of a gap that a known key signed explains it",
        "la feuille {0} n'est celle d'aucune divulgation, et aucune déclaration signée d'une clé connue ne l'explique",
    )
    GAP_MISSING = Words(
        "the statement with which epoch {0} began has no leaf",
        "la déclaration qui ouvre l'époque {0} n'a pas de feuille",
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
    name: str = ""

    def words(self) -> Words:
        """Said in both languages."""
        said: Words = self.fault.value
        return Words(
            said.english.format(*self.numbers, name=self.name), said.french.format(*self.numbers, name=self.name)
        )


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit counted, and the first faults of `faults_count`. `waiting`: disclosures without a leaf yet.

    `gaps`: what restores lost, as the ledger itself says it; `kept_lost_count`: kept checkpoints of such lost leaves;
    `missing_count`: leaves that stand in for disclosures that were taken away before they were sealed.
    """

    leaves_count: int
    checkpoints_count: int
    waiting_count: int
    faults_count: int
    found: tuple[Found, ...]
    erased_count: int = 0
    cosignatures_count: int = 0
    gaps: tuple[Gap, ...] = ()
    kept_lost_count: int = 0
    missing_count: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.faults_count == 0


@dataclass(slots=True)
class Report:
    """The faults of one audit as they are found."""

    found: list[Found] = field(default_factory=list)
    count: int = 0

    def add(self, fault: Fault | ArchiveFault, *numbers: int, name: str = "") -> None:
        """One more."""
        self.count += 1
        if len(self.found) < FINDINGS_MAX:
            self.found.append(Found(fault, numbers, name))

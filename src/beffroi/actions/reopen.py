"""Reopening: the way on for a ledger whose database was restored, that hides nothing of what was lost.

When sealed leaves are lost, the ledger goes on as its next epoch, whose first leaf is a signed statement of the gap.
When disclosures were taken away before they were sealed, leaves behind it stand in for them, so their accounts go on.
When all that anybody is known to have seen is still there (a planned move into another cluster), it goes on as it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from beffroi.actions.cosign import Witness
from beffroi.actions.seal import SealingRefused, Signing, check, extend
from beffroi.clock import Clock
from beffroi.errors import OperatorError, Words
from beffroi.ledger.checkpoint import Checkpoint, SigningKey, VerifierKey, opened, signed_text
from beffroi.ledger.epoch import KNOWN_MAX, NEVER, Gap, Tree, epoch_origin
from beffroi.ledger.leaf import written
from beffroi.ledger.merkle import EMPTY_ROOT
from beffroi.ledger.proofs import Range, places, range_hash
from beffroi.ledger.witness import hash_of
from beffroi.outbound.fetching import FetchFailed
from beffroi.outbound.witnesses import WitnessLine
from beffroi.store.cosigning import CosigningStore
from beffroi.store.database import Database
from beffroi.store.epochs import EpochStore
from beffroi.store.ledger import Leaf, Standing

MISSING_MAX = 10_000
"""Disclosures that were taken away before they were sealed: more is no mistake of a moment."""


class Ending(Enum):
    """How it ended."""

    MOVED = "moved"
    NEW_EPOCH = "new_epoch"


@dataclass(frozen=True, slots=True)
class Reopened:
    """The epoch that goes on; its statement when it is a new one. `missing`: disclosures that leaves stand in for."""

    ending: Ending
    epoch: int
    size: int
    gap: Gap | None = None
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of the ledger outside its database: checkpoints under our own keys, and witnesses that are away."""

    checkpoints: tuple[Checkpoint, ...]
    away: tuple[str, ...] = ()


async def gather(witnesses: Sequence[Witness], origin: str, epoch: int, keys: Sequence[VerifierKey]) -> Evidence:
    """What each witness cosigned last of this epoch. A word without our own signature counts as none."""
    found: list[Checkpoint] = []
    away: list[str] = []
    name = epoch_origin(origin, epoch)
    for witness in witnesses:
        line = WitnessLine(witness.url)
        try:
            note = await line.checkpoint(hash_of(name))
        except FetchFailed:
            away.append(witness.key.name)
            continue
        finally:
            await line.close()
        if note is not None:
            try:
                checkpoint = opened(note, keys)
            except ValueError:
                away.append(witness.key.name)
                continue
            found += [checkpoint] if checkpoint.origin == name else []
    return Evidence(tuple(found), tuple(away))


class Reopening:
    """One ledger, by who may begin an epoch: the owner of its database and the holder of its key."""

    def __init__(
        self,
        database: Database,
        origin: str,
        keys: Sequence[SigningKey],
        verifiers: Sequence[VerifierKey],
        witnesses: Sequence[Witness],
        clock: Clock,
    ) -> None:
        self._store = EpochStore(database)
        self._tiles = CosigningStore(database)
        self._origin = origin
        self._keys = tuple(keys)
        self._verifiers = tuple(verifiers)
        self._witnesses = tuple(witnesses)
        self._clock = clock

    async def run(
        self, reason: str, kept: Sequence[Checkpoint], *, nothing_lost: bool = False, without_witnesses: bool = False
    ) -> Reopened:
        """Reopens. `kept`: checkpoints that people kept. Raises OperatorError when that would be wrong.

        `nothing_lost`: a move, which the evidence must confirm. `without_witnesses`: some of them are away for good.
        """
        epoch = (await self._store.look()).epoch
        evidence = await gather(self._witnesses, self._origin, epoch, self._verifiers)
        if evidence.away and not without_witnesses:
            names = ", ".join(evidence.away)
            raise OperatorError(
                f"Not asked, because away: {names}. What they saw must be named: try again, or --without-witnesses.",
                f"Témoins injoignables : {names}. Ce qu'ils ont vu doit être nommé : réessayez, ou "
                "--without-witnesses.",
            )
        held = [opened(note, self._verifiers) for note in await self._store.held_against(epoch)]
        name = epoch_origin(self._origin, epoch)
        known = sorted({(c.size, c.root) for c in (*evidence.checkpoints, *held, *kept) if c.origin == name})
        if len(known) > KNOWN_MAX:
            raise OperatorError(f"At most {KNOWN_MAX} checkpoints.", f"Au plus {KNOWN_MAX} points de contrôle.")
        async with self._store.transaction() as connection:
            standing = await self._store.standing_alone(connection)
            if standing.epoch != epoch:
                raise OperatorError("Somebody reopened it meanwhile.", "Quelqu'un l'a rouvert entre-temps.")
            trouble = _trouble(standing)
            foreign = [tree for tree in known if not await self._holds(standing, tree)]
            missing = await self._store.missing(connection, standing, MISSING_MAX + 1)
            if len(missing) > MISSING_MAX:
                raise OperatorError(
                    f"More than {MISSING_MAX} disclosures were taken away before they were sealed.",
                    f"Plus de {MISSING_MAX} divulgations ont été retirées avant d'être scellées.",
                )
            if nothing_lost:
                _confirm_move(standing, known, foreign)
                await self._store.anchor(connection, standing)
                return Reopened(Ending.MOVED, standing.epoch, standing.tree_size)
            if trouble is None and not foreign and not missing:
                raise OperatorError(
                    "Nothing is wrong with this ledger that a new epoch would mend.",
                    "Rien dans ce registre ne demande une nouvelle époque.",
                )
            gap = self._gap(standing, known, reason)
            signing = Signing(epoch_origin(self._origin, gap.epoch), self._keys, self._clock.now())
            stand_ins = [Leaf(gap.stand_in(*one), None, *one) for one in missing]
            try:
                await extend(self._store, connection, standing, [Leaf(gap.entry()), *stand_ins], signing)
            except SealingRefused:
                raise _unsound() from None
            statement = signed_text(gap.body(), self._keys)
            await self._store.add_epoch(connection, gap.epoch, gap.kept_size, statement, signing.at)
            await self._store.anchor(connection, standing)
        return Reopened(Ending.NEW_EPOCH, gap.epoch, gap.kept_size + 1 + len(missing), gap, len(missing))

    def _gap(self, standing: Standing, known: Sequence[Tree], reason: str) -> Gap:
        since = NEVER if standing.signed_at is None else written(standing.signed_at)
        root = standing.root or EMPTY_ROOT
        own = [(standing.tree_size, root)] if standing.tree_size else []
        trees = tuple(sorted({*known, *own}))
        declared = written(self._clock.now())
        return Gap(standing.epoch + 1, self._origin, standing.tree_size, root, trees, since, declared, reason)

    async def _holds(self, standing: Standing, tree: Tree) -> bool:
        """Whether a signed tree is the beginning of the one that is there."""
        size, root = tree
        whole: Range = (0, size)
        if size > standing.tree_size:
            return False
        try:
            return range_hash(whole, await self._tiles.tiles(places([whole]))) == root
        except ValueError:
            return False


def _trouble(standing: Standing) -> Words | None:
    """Why sealing refuses; None when it does not. Raises OperatorError for what a new epoch would only cover up."""
    if standing.leaves_count != standing.tree_size:
        raise _unsound()
    try:
        check(standing)
    except SealingRefused as refused:
        return refused.refusal.value
    return None


def _unsound() -> OperatorError:
    return OperatorError(
        "Leaves, tiles and the last checkpoint do not agree: `beffroi audit` says where. Restore a sound backup first.",
        "Feuilles, tuiles et dernier point de contrôle ne concordent pas : `beffroi audit` dit où. Restaurez d'abord "
        "une sauvegarde saine.",
    )


def _confirm_move(standing: Standing, known: Sequence[Tree], foreign: Sequence[Tree]) -> None:
    if foreign:
        raise OperatorError(
            f"Something is lost: a checkpoint of {foreign[-1][0]} leaves was signed, and these "
            f"{standing.tree_size} leaves do not continue it.",
            f"Il manque quelque chose : un point de contrôle de {foreign[-1][0]} feuilles a été signé, que ces "
            f"{standing.tree_size} feuilles ne continuent pas.",
        )
    if standing.tree_size and (standing.tree_size, standing.root) not in known:
        raise OperatorError(
            f"Nobody outside confirms the last checkpoint, of {standing.tree_size} leaves: name a kept one "
            "(--checkpoint), or leave --nothing-lost out.",
            f"Personne au-dehors ne confirme le dernier point de contrôle, de {standing.tree_size} feuilles : "
            "indiquez-en un gardé (--checkpoint), ou retirez --nothing-lost.",
        )

"""A scope that can be proved: its leaves opened, in a file that anybody with the public keys can check offline.

Two kinds. For one account: its unbroken chain of running numbers, from the one before the window (or its first) to the
one after it, to the leaf that closed the account, or to its last one. For anything else within a time: the contiguous
range of leaves of that time, each of which an auditor can open. The bytes are in docs/reference/scope-proof.md; what a
file may hold, and who may have it, in docs/decisions/0042.
"""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import msgspec
from pyrage import RecipientError, encrypt, x25519

from beffroi.actions.seal import facts_of
from beffroi.breach.scope import Whom
from beffroi.errors import InvalidValue, NotFound, Words
from beffroi.ledger.checkpoint import Checkpoint
from beffroi.ledger.leaf import NO_LEAF, canonical
from beffroi.ledger.note import split
from beffroi.ledger.proofs import Range, inclusion_ranges, places, proof, range_hash
from beffroi.model.selection import Selection
from beffroi.store.openings import Openings

FORMAT = "beffroi-scope-proof/1"
ACCOUNT_CHAIN, LEAF_RANGE = "account-chain", "leaf-range"
RANGE_LEAVES_MAX = 1_000_000
"""Leaves of a range: 45 MB of commitments. A longer time is proved in parts."""

_WINDOW = Words("A proof's time (since and until)", "La période d'une preuve (since et until)")
_TOO_LONG = Words(f"more than {RANGE_LEAVES_MAX:,} leaves", f"plus de {RANGE_LEAVES_MAX:,} feuilles")
_NEEDED = Words("only one account's chain can be proved without", "seule la chaîne d'un compte se prouve sans elle")
_RECIPIENT = Words("The recipient", "Le destinataire")
_NO_KEY = Words("it is no public key of age (age1...)", "ce n'est pas une clé publique age (age1...)")
_PROOF = Words("The proof", "La preuve")
_HIDDEN = Words(
    "it would open readings for a hospital whose name alone is medical: ask the operator",
    "elle ouvrirait des lectures pour un établissement dont le seul nom est médical : demandez à l'exploitant",
)
_NOTHING = Words("A sealed disclosure of this selection", "Une divulgation scellée de cette sélection")


class Opening(msgspec.Struct, frozen=True, omit_defaults=True):
    """One leaf, opened. `path`: base64 hashes that lead to the root (not within a range, which leads there itself)."""

    index: int
    nonce: str
    canonical: str
    selected: bool = True
    path: tuple[str, ...] = ()


class Proof(msgspec.Struct, frozen=True, omit_defaults=True):
    """The file. `commitments` of `first` to before `end`, between `left` and `right`; only of a range."""

    format: str
    kind: str
    selection: Selection
    checkpoint: str
    openings: tuple[Opening, ...]
    identities: tuple[int, ...] = ()
    first: int = 0
    end: int = 0
    commitments: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    right: tuple[str, ...] = ()


async def prove(
    reading: Openings, note: str, selection: Selection, whom: Whom, *, open_everything: bool = False
) -> Proof:
    """The proof of a selection's scope under a checkpoint. `open_everything`: of a range, also what is not selected.

    Raises `InvalidValue` for a range without a time or too long, and when it would open what is hidden from `whom`;
    `NotFound` when there is nothing to prove.
    """
    tree = Checkpoint.parse(split(note)[0])
    if of_one_account(selection):
        return await _chain(reading, note, tree, selection, whom)
    return await _range(reading, note, tree, selection, whom, open_everything)


def of_one_account(selection: Selection) -> bool:
    """Whether it is about one account and a time alone, so that a chain can prove it.

    >>> of_one_account(Selection(accounts=(7,))), of_one_account(Selection(accounts=(7,), networks=("192.0.2.7",)))
    (True, False)
    """
    return len(selection.accounts) == 1 and selection == Selection(
        accounts=selection.accounts, since=selection.since, until=selection.until
    )


async def _chain(reading: Openings, note: str, tree: Checkpoint, selection: Selection, whom: Whom) -> Proof:
    rows = [r for r in await reading.rows(Selection(accounts=selection.accounts)) if r["tree_index"] < tree.size]
    inside = [n for n, row in enumerate(rows) if _within(row, selection)]
    if not inside:
        raise NotFound(what=_NOTHING)
    first, end = max(0, inside[0] - 1), min(len(rows), inside[-1] + 2)
    chosen = rows[first:end]
    _check_hidden(chosen, whom)
    before = await reading.previous(chosen)
    ranges = {row["tree_index"]: inclusion_ranges(row["tree_index"], tree.size) for row in chosen}
    tiles = await reading.tiles(places({one for found in ranges.values() for one in found}))
    opened = [_opening(row, before, _within(row, selection), proof(ranges[row["tree_index"]], tiles)) for row in chosen]
    return Proof(FORMAT, ACCOUNT_CHAIN, selection, note, tuple(opened))


async def _range(
    reading: Openings, note: str, tree: Checkpoint, selection: Selection, whom: Whom, everything: bool
) -> Proof:
    since, until = selection.since, selection.until
    if since is None or until is None:
        raise InvalidValue(what=_WINDOW, why=_NEEDED)
    extent = await reading.extent(since, until)
    if extent is None or extent[0] >= tree.size:
        raise NotFound(what=_NOTHING)
    first, end = extent[0], min(extent[1], tree.size)
    if end - first > RANGE_LEAVES_MAX:
        raise InvalidValue(what=_WINDOW, why=_TOO_LONG)
    rows = [r for r in await reading.rows(Selection(since=since, until=until)) if r["tree_index"] < tree.size]
    asked = {row["tree_index"] for row in await reading.rows(msgspec.structs.replace(selection, people=()))}
    chosen = [row for row in rows if everything or (row["tree_index"] in asked and _hears(row, whom))]
    _check_hidden(chosen, whom)
    before = await reading.previous(chosen)
    around = ([(0, first)] if first else [], [(end, tree.size)] if end < tree.size else [])
    subtrees: list[list[Range]] = [[part for one in side for part in complete(*one)] for side in around]
    tiles = await reading.tiles(places([part for side in subtrees for part in side]))
    left, right = (tuple(_text(range_hash(part, tiles)) for part in side) for side in subtrees)
    return Proof(
        FORMAT,
        LEAF_RANGE,
        selection,
        note,
        tuple(_opening(row, before, row["tree_index"] in asked and _hears(row, whom), ()) for row in chosen),
        tuple(sorted(whom.identities or ())),
        first,
        end,
        tuple(_text(one) for one in await reading.commitments(first, end)),
        left,
        right,
    )


def encrypted(content: bytes, recipients: Sequence[str]) -> bytes:
    """The file for its recipients alone (age, X25519); unchanged when there are none. Raises `InvalidValue`."""
    if not recipients:
        return content
    try:
        keys = [x25519.Recipient.from_str(one) for one in recipients]
    except RecipientError:
        raise InvalidValue(what=_RECIPIENT, why=_NO_KEY) from None
    return bytes(encrypt(content, keys))


def complete(start: int, end: int) -> list[Range]:
    """The complete subtrees of a range, from left to right.

    >>> complete(0, 5), complete(5, 9)
    ([(0, 4), (4, 5)], [(5, 6), (6, 8), (8, 9)])
    """
    found: list[Range] = []
    while start < end:
        size = 1 << ((end - start).bit_length() - 1)
        if start:
            size = min(size, start & -start)
        found.append((start, start + size))
        start += size
    return found


def _check_hidden(rows: Sequence[Any], whom: Whom) -> None:
    """An opened leaf tells for which hospital it was read: that cannot be left out of it (law 4)."""
    if any(row["structure_id"] in whom.hidden for row in rows):
        raise InvalidValue(what=_PROOF, why=_HIDDEN)


def _within(row: Any, selection: Selection) -> bool:
    return (selection.since is None or row["at"] >= selection.since) and (
        selection.until is None or row["at"] < selection.until
    )


def _hears(row: Any, whom: Whom) -> bool:
    if whom.identities is None:
        return True
    return any(whom.heard(person, sources) for person, _, sources in facts_of(row).shown)


def _opening(row: Any, before: dict[tuple[int, int], bytes], selected: bool, path: Sequence[bytes]) -> Opening:
    number = row["running_number"]
    previous = NO_LEAF if number == 1 else before[row["account_id"], number - 1]
    text = canonical(facts_of(row), previous).decode()
    return Opening(row["tree_index"], row["nonce"].hex(), text, selected, tuple(_text(one) for one in path))


def _text(content: bytes) -> str:
    return b64encode(content).decode("ascii")

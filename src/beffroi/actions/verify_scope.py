"""A scope's proof checked offline: from the file and public keys alone, by arithmetic of its own (as the audit's is).

It shares with the program that made the file SHA-256, JSON and the check of an Ed25519 signature; leaves, paths, roots
and the selection are computed again from docs/reference/scope-proof.md.
"""

import json
from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from beffroi.errors import Words
from beffroi.ledger.checkpoint import VerifierKey, opened
from beffroi.ledger.cosignature import CosignerKey, cosigned

FILE_BYTES_MAX = 2 << 30
_CONTAIN = 10
_ITEMS = 21


@dataclass(slots=True)
class Checked:
    """What a file proves. `wrong` is empty when it proves what it says; `complete` when nothing can be left out.

    `people` are the numbers that patients bear in the disclosures; `notes` say what kind of proof it is and its limits.
    """

    kind: str = ""
    leaves: int = 0
    selected: int = 0
    people: set[int] = field(default_factory=set)
    witnesses: int = 0
    complete: bool = False
    wrong: list[Words] = field(default_factory=list)
    notes: list[Words] = field(default_factory=list)

    def fault(self, english: str, french: str) -> None:
        """Notes something wrong."""
        self.wrong.append(Words(english, french))


class _NotAProof(Exception):
    """The file cannot be read as one."""


def verify(content: bytes, keys: Sequence[VerifierKey], witnesses: Sequence[CosignerKey] = ()) -> Checked:
    """Checks a file. Never raises for what it holds: everything wrong is said."""
    checked = Checked()
    try:
        _verify(content, keys, witnesses, checked)
    except (_NotAProof, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        checked.fault(
            "this is no proof of a scope, or it was changed", "ce n'est pas une preuve, ou elle a été modifiée"
        )
    if checked.wrong:
        checked.complete = False
    return checked


def _verify(content: bytes, keys: Sequence[VerifierKey], witnesses: Sequence[CosignerKey], checked: Checked) -> None:
    file = json.loads(content)
    if file["format"] != "beffroi-scope-proof/1" or set(file) - _NAMES:
        raise _NotAProof
    try:
        tree = opened(file["checkpoint"], keys)
        checked.witnesses = len(cosigned(file["checkpoint"], witnesses))
    except ValueError:
        checked.fault(
            "the checkpoint is signed by no key that you gave, or was changed",
            "le point de contrôle n'est signé d'aucune des clés données, ou a été modifié",
        )
        return
    checked.kind = file["kind"]
    leaves = [_Leaf(one) for one in file["openings"]]
    _count(leaves, file, checked)
    if file["kind"] == "account-chain":
        _chain(leaves, file, tree.size, tree.root, checked)
    elif file["kind"] == "leaf-range":
        _range(leaves, file, tree.size, tree.root, checked)
    else:
        raise _NotAProof


_NAMES = {*("format", "kind", "selection", "checkpoint", "openings", "identities")}
_NAMES |= {*("first", "end", "commitments", "left", "right")}


class _Leaf:
    """One opening, read: its commitment is computed and never believed."""

    def __init__(self, one: dict[str, Any]) -> None:
        if set(one) - {"index", "nonce", "canonical", "selected", "path"}:
            raise _NotAProof
        nonce = bytes.fromhex(one["nonce"])
        if len(nonce) != 16 or one["nonce"] != nonce.hex():
            raise _NotAProof
        self.index = int(one["index"])
        self.selected = one.get("selected", True) is True
        self.path = [_hash(text) for text in one.get("path", ())]
        self.facts: list[Any] = json.loads(one["canonical"])
        if len(self.facts) != _ITEMS or self.facts[0] != "beffroi-disclosure/1":
            raise _NotAProof
        self.commitment = sha256(nonce + one["canonical"].encode()).digest()
        self.at = datetime.fromisoformat(self.facts[2])
        self.account, self.number, self.previous = self.facts[3], self.facts[4], bytes.fromhex(self.facts[5])


def _count(leaves: list[_Leaf], file: dict[str, Any], checked: Checked) -> None:
    """What was selected is what the selection says, of every leaf that is opened."""
    identities = frozenset(file.get("identities", ()))
    for leaf in leaves:
        if _matches(leaf, file["selection"], identities) != leaf.selected:
            checked.fault(
                f"leaf {leaf.index} does not belong where the file puts it",
                f"la feuille {leaf.index} n'est pas à sa place dans le fichier",
            )
        if leaf.selected:
            checked.selected += 1
            checked.people |= {
                person
                for person, _, sources in leaf.facts[20]
                if not identities or identities & {*(sources or [person])}
            }
    checked.leaves = len(leaves)


def _matches(leaf: _Leaf, selection: dict[str, Any], identities: frozenset[int]) -> bool:
    facts = leaf.facts
    named = {
        "accounts": facts[3],
        "structures": facts[7],
        "applications": facts[8],
        "devices": facts[9],
        "networks": facts[10],
    }
    if set(selection) - {*named, "query", "since", "until", "people"}:
        raise _NotAProof
    if any(name in selection and value not in selection[name] for name, value in named.items()):
        return False
    asked = [list(pair) for pair in facts[17]]
    if not all(list(pair) in asked for pair in selection.get("query", ())):
        return False
    if "since" in selection and leaf.at < datetime.fromisoformat(selection["since"]):
        return False
    if "until" in selection and leaf.at >= datetime.fromisoformat(selection["until"]):
        return False
    return "people" not in selection or any(identities & {*(sources or [person])} for person, _, sources in facts[20])


def _chain(leaves: list[_Leaf], file: dict[str, Any], size: int, root: bytes, checked: Checked) -> None:
    """One account, number by number, each behind the leaf before and in the tree."""
    (account,) = file["selection"]["accounts"]
    for place, leaf in enumerate(leaves):
        before = leaves[place - 1] if place else None
        follows = before is None or (
            leaf.number == before.number + 1 and leaf.previous == before.commitment and leaf.index > before.index
        )
        if leaf.account != account or not follows or (leaf.number == 1 and leaf.previous != bytes(32)):
            checked.fault(
                f"leaf {leaf.index} does not follow the account's leaf before it",
                f"la feuille {leaf.index} ne suit pas la précédente du compte",
            )
        if not 0 <= leaf.index < size or _root(leaf.index, size, _leaf_hash(leaf.commitment), leaf.path) != root:
            checked.fault(f"leaf {leaf.index} is not in the tree", f"la feuille {leaf.index} n'est pas dans l'arbre")
    if not leaves:
        raise _NotAProof
    first, last, window = leaves[0], leaves[-1], file["selection"]
    begins = first.number == 1 or ("since" in window and first.at < datetime.fromisoformat(window["since"]))
    closed = last.facts[12] == _CONTAIN
    passed = "until" in window and last.at >= datetime.fromisoformat(window["until"])
    checked.complete = begins and (closed or passed)
    numbers = f"{first.number} - {last.number}"
    checked.notes.append(
        Words(
            f"the chain of account {account}, numbers {numbers}: none can be left out between the first and the last",
            f"la chaîne du compte {account}, numéros {numbers} : rien ne peut y manquer entre le premier et le dernier",
        )
    )
    if not begins:
        checked.notes.append(_BEGINNING)
    checked.notes.append(_ending(closed, passed))


_BEGINNING = Words("it does not begin before the window", "elle ne commence pas avant la période")


def _ending(closed: bool, passed: bool) -> Words:
    if closed:
        return Words("the last leaf closes the account", "la dernière feuille clôt le compte")
    if passed:
        return Words("the last leaf is after the window", "la dernière feuille est après la période")
    return Words(
        "no leaf closes the account: complete up to the last number only, whatever the account did later",
        "aucune feuille ne clôt le compte : complet jusqu'au dernier numéro seulement, quoi qu'il ait fait ensuite",
    )


def _range(leaves: list[_Leaf], file: dict[str, Any], size: int, root: bytes, checked: Checked) -> None:
    """Every leaf of a contiguous range is in the tree; those that are opened are what they say."""
    first, end = file.get("first", 0), file.get("end", 0)
    entries = [_hash(text) for text in file.get("commitments", ())]
    if not 0 <= first < end <= size or len(entries) != end - first:
        raise _NotAProof
    sides = [[_hash(text) for text in file.get(side, ())] for side in ("left", "right")]
    if _root_of_range(first, end, size, entries, sides) != root:
        checked.fault("the range is not of this tree", "l'intervalle n'est pas de cet arbre")
    opened_at: set[int] = set()
    for leaf in leaves:
        inside = first <= leaf.index < end and leaf.index not in opened_at
        if not inside or entries[leaf.index - first] != leaf.commitment:
            checked.fault(
                f"leaf {leaf.index} is not the one of the range",
                f"la feuille {leaf.index} n'est pas celle de l'intervalle",
            )
        opened_at.add(leaf.index)
    shut = (end - first) - len(opened_at)
    checked.complete = shut == 0
    checked.notes.append(
        Words(
            f"leaves {first} to {end - 1}, {shut} of them not opened: complete once an auditor has opened those too",
            f"feuilles {first} à {end - 1}, dont {shut} non ouvertes : complet quand un auditeur les aura ouvertes",
        )
    )


def _leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\0" + entry).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def _root(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """The root to which a path leads, from the definition of the tree hash (RFC 9162, section 2.1.1)."""
    if size == 1:
        if path:
            raise _NotAProof
        return leaf
    if not path:
        raise _NotAProof
    half = 1 << ((size - 1).bit_length() - 1)
    if index < half:
        return _node(_root(index, half, leaf, path[:-1]), path[-1])
    return _node(path[-1], _root(index - half, size - half, leaf, path[:-1]))


def _root_of_range(first: int, end: int, size: int, entries: list[bytes], sides: list[list[bytes]]) -> bytes:
    """The root over complete subtrees before a range, its leaves, and complete subtrees behind it."""
    stack: list[tuple[int, bytes]] = []
    left, right = list(_sizes(0, first)), list(_sizes(end, size))
    if [len(left), len(right)] != [len(side) for side in sides]:
        raise _NotAProof
    parts = [*zip(left, sides[0], strict=True), *((1, _leaf_hash(entry)) for entry in entries)]
    for width, node in (*parts, *zip(right, sides[1], strict=True)):
        while stack and stack[-1][0] == width:
            node, width = _node(stack.pop()[1], node), width * 2
        stack.append((width, node))
    found = stack.pop()[1]
    while stack:
        found = _node(stack.pop()[1], found)
    return found


def _sizes(start: int, end: int) -> Iterator[int]:
    """The widths of the complete subtrees of a range."""
    while start < end:
        width = 1
        while start % (width * 2) == 0 and start + width * 2 <= end:
            width *= 2
        yield width
        start += width


def _hash(text: str) -> bytes:
    content = b64decode(text, validate=True)
    if len(content) != 32:
        raise _NotAProof
    return content

"""The auditor's own arithmetic: a disclosure's bytes and the tree, written again from docs/reference/ledger.md. Pure.

It shares with sealing SHA-256 and the two hashes of RFC 6962, and nothing else: a mistake made twice in the same way
would not be found.
"""

import json
from datetime import UTC
from hashlib import sha256
from typing import Any

from beffroi.ledger.merkle import leaf_hash, node_hash

_TILE_BYTES = 256 * 32
_NONCE_BYTES = 16
_COLUMNS_1 = ("role", "structure_id", "application")
_COLUMNS_2 = ("network", "door", "operation", "outcome", "purpose", "reason")

Columns = Any
"""Something that gives a column of `disclosures` by its name."""


def recommitted(row: Columns, previous: bytes) -> bytes | None:
    """The commitment that a row of disclosures should have behind a leaf; None when it can have none at all."""
    try:
        if len(row["nonce"]) != _NONCE_BYTES:
            return None
        items = [
            "beffroi-disclosure/1",
            row["disclosure_id"],
            row["at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            row["account_id"],
            row["running_number"],
            previous.hex(),
            *(row[name] for name in _COLUMNS_1),
            row["session_key"].hex(),
            *(row[name] for name in _COLUMNS_2),
            str(row["request_id"]),
            sorted(json.loads(row["request"]).items()),
            row["policy_version"],
            row["criteria_fields"],
            json.loads(row["shown"]),
        ]
        text = json.dumps(items, ensure_ascii=False, separators=(",", ":"))
    except (ValueError, TypeError, AttributeError):
        return None
    return sha256(row["nonce"] + text.encode()).digest()


def gap_entry(statement: str, missing: tuple[int, int] | None = None) -> bytes:
    """The leaf of a statement: what it says, without its signatures; or that of the account and number it stands for.

    >>> gap_entry("a\\n").hex()[:16]
    '87428fc522803d31'
    """
    text = statement if missing is None else f"{statement}missing {missing[0]} {missing[1]}\n"
    return sha256(text.encode()).digest()


class Tree:
    """A tree that grows leaf by leaf: a stack of complete subtrees, and the tiles that they fill."""

    def __init__(self) -> None:
        self.size = 0
        self._stack: list[tuple[int, bytes]] = []
        self._rows: list[bytearray] = []
        self._filled: list[int] = []

    def add(self, entry: bytes) -> list[tuple[int, int, bytes]]:
        """Adds a leaf; the tiles that became full by it: level, index, hashes."""
        full: list[tuple[int, int, bytes]] = []
        height, node = 0, leaf_hash(entry)
        self._put(0, node, full)
        while self._stack and self._stack[-1][0] == height:
            height, node = height + 1, node_hash(self._stack.pop()[1], node)
            if height % 8 == 0:
                self._put(height // 8, node, full)
        self._stack.append((height, node))
        self.size += 1
        return full

    def _put(self, level: int, node: bytes, full: list[tuple[int, int, bytes]]) -> None:
        if level == len(self._rows):
            self._rows.append(bytearray())
            self._filled.append(0)
        row = self._rows[level]
        row += node
        if len(row) == _TILE_BYTES:
            full.append((level, self._filled[level], bytes(row)))
            self._filled[level] += 1
            row.clear()

    def partial(self) -> list[tuple[int, int, bytes]]:
        """The tiles that are not full yet: level, index, hashes."""
        rows = enumerate(zip(self._filled, self._rows, strict=True))
        return [(level, index, bytes(row)) for level, (index, row) in rows if row]

    def tiles_count(self) -> int:
        """How many tiles there are, full or not."""
        return sum(self._filled) + len(self.partial())

    def root(self) -> bytes:
        """The tree hash.

        >>> Tree().root() == sha256(b"").digest()
        True
        """
        found: bytes | None = None
        for _, node in reversed(self._stack):
            found = node if found is None else node_hash(node, found)
        return sha256(b"").digest() if found is None else found

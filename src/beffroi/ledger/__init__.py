"""Floor 1: what was shown, provably. A disclosure's commitment, the Merkle tree over them, its tiles, its signed root.

`leaf` makes the commitment, `merkle` grows the tree, `tiles` names and packs what is published of it, and `checkpoint`
signs and verifies its root. docs/reference/ledger.md specifies the bytes.
"""

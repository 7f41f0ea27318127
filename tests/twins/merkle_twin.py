"""The Merkle tree hash as RFC 6962 section 2.1 writes it, recursively: the oracle for the incremental one."""

from hashlib import sha256


def tree_hash(entries: list[bytes]) -> bytes:
    """MTH(D[n])."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\0" + entries[0]).digest()
    split = 1
    while split * 2 < len(entries):
        split *= 2
    return sha256(b"\1" + tree_hash(entries[:split]) + tree_hash(entries[split:])).digest()

"""Codes that one person hands to another, by mouth or on a slip: short, without look-alikes, for one use.

The database holds their digests alone.
"""

from hashlib import sha256
from typing import Final

from beffroi.clock import Clock

LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U."""
COLLEAGUE_CHARACTERS: Final = 8
"""40 bits for ten minutes, shown to somebody who stands there."""
ENROL_CHARACTERS: Final = 16
"""80 bits for a day."""
_SAME: Final = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})


def new_code(clock: Clock, characters: int) -> str:
    """A random code, in groups of four."""
    text = "".join(LETTERS[byte % 32] for byte in clock.token_bytes(characters))
    return "-".join(text[at : at + 4] for at in range(0, characters, 4))


def digest_of(code: str) -> bytes:
    """What is kept of a code, as people type it.

    >>> digest_of("ab1o-cd") == digest_of("ABI0CD")
    True
    """
    return sha256(b"beffroi code" + code.strip().upper().translate(_SAME).encode()).digest()

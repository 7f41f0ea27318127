"""What the database could not answer becomes one refusal in words: nothing was released (law 6)."""

from collections.abc import Iterator
from contextlib import contextmanager

from beffroi.errors import Unavailable, Words
from beffroi.store.database import DATABASE_FAULTS

IDENTITIES = Words("The register of identities", "Le registre des identités")
ACCOUNTS = Words("The register of accounts", "Le registre des comptes")


@contextmanager
def looking_up(register: Words = IDENTITIES) -> Iterator[None]:
    """Raises `Unavailable`, naming the register, for whatever the database or the way to it does wrong inside."""
    try:
        yield
    except DATABASE_FAULTS as fault:
        raise Unavailable(what=register) from fault

"""A look-up that the database could not answer becomes one refusal in words: nothing was released (law 6)."""

from collections.abc import Iterator
from contextlib import contextmanager

from beffroi.errors import Unavailable, Words
from beffroi.store.database import DATABASE_FAULTS

_IDENTITIES = Words("The register of identities", "Le registre des identités")


@contextmanager
def looking_up() -> Iterator[None]:
    """Raises `Unavailable` for whatever the database or the way to it does wrong inside."""
    try:
        yield
    except DATABASE_FAULTS as fault:
        raise Unavailable(what=_IDENTITIES) from fault

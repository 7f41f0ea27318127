"""One at a time for each key, whoever else wants the same waits: what many ask for in one moment is done once."""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class _Turn:
    __slots__ = ("lock", "people")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.people = 0


class Turns(Generic[K]):
    """The turns of one process. A key is known while somebody is at it or waits: a lock that was just left seems free
    before the next one has woken up, and is not to be replaced then.
    """

    def __init__(self) -> None:
        self._turns: dict[K, _Turn] = {}

    def __len__(self) -> int:
        return len(self._turns)

    @asynccontextmanager
    async def of(self, key: K) -> AsyncIterator[None]:
        """The block runs when it is its turn."""
        turn = self._turns.setdefault(key, _Turn())
        turn.people += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.people -= 1
            if not turn.people:
                del self._turns[key]

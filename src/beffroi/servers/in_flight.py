"""How many requests of each account are under way in this process, so that a robot cannot slow everybody else.

With slow commits, a robot spread over the processes took the others' places in every transaction; four at once bound it
(architecture, what a prototype measured).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from beffroi.errors import TooManyInFlight
from beffroi.model.account import AccountId

IN_FLIGHT_PER_ACCOUNT_MAX = 4
"""Requests of one account at once, in one process."""


class InFlight:
    """The count of one process, whatever the door."""

    def __init__(self, limit: int = IN_FLIGHT_PER_ACCOUNT_MAX) -> None:
        self._limit = limit
        self._counts: dict[AccountId, int] = {}

    @contextmanager
    def one_more(self, account_id: AccountId) -> Iterator[None]:
        """Holds a place while a request is under way; raises `TooManyInFlight` when the account has none left."""
        count = self._counts.get(account_id, 0)
        if count >= self._limit:
            raise TooManyInFlight(limit=self._limit)
        self._counts[account_id] = count + 1
        try:
            yield
        finally:
            left = self._counts[account_id] - 1
            if left:
                self._counts[account_id] = left
            else:
                del self._counts[account_id]

"""Places for the requests of each account, so that a robot, or a thief in a hurry, cannot slow everybody else.

With slow commits a robot spread over the processes took the others' places in every transaction; four at once bound it
(architecture, what a prototype measured). A few more wait their turn, because a hurried person's screen also asks for
several things at once; beyond that, the account is told.
"""

import asyncio
from collections import deque
from collections.abc import Hashable
from typing import Final

from beffroi.errors import TooManyInFlight

RUNNING_MAX: Final = 4
"""Requests of one account at once, in one process."""
WAITING_MAX: Final = 16
"""Requests of one account that wait for a place: what one screen asks for at once, twice over."""


class _Account:
    __slots__ = ("running", "waiting")

    def __init__(self) -> None:
        self.running = 0
        self.waiting: deque[asyncio.Future[None]] = deque()


class Admission:
    """The places of one process, whatever the door. Accounts are told apart by any key; only busy ones are kept."""

    def __init__(self, running_max: int = RUNNING_MAX, waiting_max: int = WAITING_MAX) -> None:
        self._running_max = running_max
        self._waiting_max = waiting_max
        self._accounts: dict[Hashable, _Account] = {}

    async def enter(self, key: Hashable) -> None:
        """Takes a place, after those who came before. Raises TooManyInFlight when too many wait already."""
        account = self._accounts.get(key)
        if account is None:
            account = self._accounts[key] = _Account()
        if account.running < self._running_max:
            account.running += 1
            return
        if len(account.waiting) >= self._waiting_max:
            raise TooManyInFlight(limit=self._running_max + self._waiting_max)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        account.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the place was handed over while its taker went away
                self.leave(key)
            raise

    def leave(self, key: Hashable) -> None:
        """Gives the place to whoever waits longest, or back."""
        account = self._accounts[key]
        while account.waiting:
            turn = account.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        account.running -= 1
        if not account.running:
            del self._accounts[key]

    def __len__(self) -> int:
        return len(self._accounts)

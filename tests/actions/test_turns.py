"""Turns: one at a time for each key, also while somebody leaves, fails or gives up waiting."""

import asyncio

import pytest

from beffroi.actions.turns import Turns


class Desk:
    """Where one at a time is served; how many were there at most."""

    def __init__(self) -> None:
        self.turns = Turns[str]()
        self.there = self.most = 0

    async def visit(self, key: str, *, times: int = 1) -> None:
        """Comes again at once, as often as that."""
        for _ in range(times):
            async with self.turns.of(key):
                self.there += 1
                self.most = max(self.most, self.there)
                await asyncio.sleep(0)
                self.there -= 1


async def test_who_comes_as_another_leaves_waits() -> None:
    """Whoever comes in the moment between one's leaving and the next one's waking does not go past."""
    desk = Desk()
    await asyncio.gather(*(desk.visit("a", times=3) for _ in range(5)))
    assert desk.most == 1 and len(desk.turns) == 0


async def test_keys_do_not_wait_for_one_another() -> None:
    """Two keys are two turns."""
    desk = Desk()
    await asyncio.gather(desk.visit("a"), desk.visit("b"))
    assert desk.most == 2


async def test_a_turn_that_ends_badly_is_over() -> None:
    """Who fails, and who gives up waiting, hold nobody up and leave nothing behind."""
    desk = Desk()
    async with desk.turns.of("a"):
        waiting = asyncio.create_task(desk.visit("a"))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert len(desk.turns) == 1
    with pytest.raises(ValueError, match="failed"):
        async with desk.turns.of("a"):
            raise ValueError("failed")
    await desk.visit("a")
    assert desk.most == 1 and len(desk.turns) == 0

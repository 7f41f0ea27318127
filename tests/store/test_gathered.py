"""Questions that go together: each gets its own answer, and nobody waits for company or pays for another's mistake."""

import asyncio
from collections.abc import Sequence

import asyncpg
import pytest

from beffroi.store.gathered import TOGETHER_MAX, Gathered

WRONG, SHORT = -1, -2


class Statements:
    """Doubles numbers, once each statement is let go, and remembers which came together."""

    def __init__(self) -> None:
        self.together: list[list[int]] = []
        self.go = asyncio.Event()
        self.broken = False

    async def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.together.append(list(numbers))
        await self.go.wait()
        if self.broken:
            raise OSError("gone")
        if SHORT in numbers:
            return [2 * number for number in numbers[1:]]
        if WRONG in numbers:
            raise asyncpg.DataError("wrong")
        return [2 * number for number in numbers]


async def _under_way(gathered: "Gathered[int, int]", numbers: Sequence[int]) -> "list[asyncio.Task[int]]":
    """The first of them is asked alone, the others wait."""
    first = asyncio.create_task(gathered.ask(numbers[0]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    others = [asyncio.create_task(gathered.ask(number)) for number in numbers[1:]]
    await asyncio.sleep(0)
    return [first, *others]


async def test_whoever_comes_meanwhile_goes_together() -> None:
    """The first is asked at once; all who come until it is answered share the next statements, so many at most."""
    statements = Statements()
    asking = await _under_way(Gathered(statements), range(2 + TOGETHER_MAX))
    statements.go.set()
    assert await asyncio.gather(*asking) == [2 * number for number in range(2 + TOGETHER_MAX)]
    assert statements.together == [[0], list(range(1, 1 + TOGETHER_MAX)), [1 + TOGETHER_MAX]]


async def test_a_value_that_is_refused_is_its_giver_s_affair() -> None:
    """Those who shared its statement are answered all the same."""
    statements = Statements()
    asking = await _under_way(Gathered(statements), [1, 2, WRONG, 3])
    statements.go.set()
    told = await asyncio.gather(*asking, return_exceptions=True)
    assert (told[0], told[1], told[3]) == (2, 4, 6)
    assert isinstance(told[2], asyncpg.DataError)


async def test_what_breaks_is_told_to_everybody_and_forgotten() -> None:
    """A lost server is told to all who waited, by one try each, and the next question is asked anew."""
    statements = Statements()
    gathered = Gathered(statements)
    asking = await _under_way(gathered, [1, 2, 3])
    statements.broken = True
    statements.go.set()
    told = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(one) for one in told] == [OSError, OSError, OSError]
    assert statements.together == [[1], [2, 3]]
    statements.broken = False
    assert await gathered.ask(4) == 8


async def test_whoever_gives_up_takes_nothing_from_the_others() -> None:
    """Of three, one is cancelled while the statement runs and one while it waits; the third is answered."""
    statements = Statements()
    asking = await _under_way(Gathered(statements), [1, 2, 3])
    asking[0].cancel()
    asking[1].cancel()
    await asyncio.sleep(0)
    statements.go.set()
    assert await asking[2] == 6
    with pytest.raises(asyncio.CancelledError):
        await asking[0]


async def test_nobody_waits_for_an_answer_that_is_missing() -> None:
    """A statement that gives fewer answers than it was asked answers nobody: whose is missing cannot be told."""
    statements = Statements()
    asking = await _under_way(Gathered(statements), [1, 2, SHORT])
    statements.go.set()
    told = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(one) for one in told] == [int, ValueError, ValueError]

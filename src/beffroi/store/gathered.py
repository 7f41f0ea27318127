"""Questions of several callers in one statement: those asked while a statement is under way share the next one.

As the gate does with commits, and for a like reason: most of what a short look-up costs is the way to the server and
back. Nobody waits for company: a question that comes alone is asked at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, TypeVar

from beffroi.store.database import VALUE_FAULTS, Row

Q = TypeVar("Q")
A = TypeVar("A")

TOGETHER_MAX = 32
"""Questions in one statement. Beyond it the first would wait longer for the last than a statement saves."""


class Gathered(Generic[Q, A]):
    """Asks by `statement`, which gives the answers of some questions in their order; one statement at a time."""

    def __init__(self, statement: Callable[[Sequence[Q]], Awaitable[Sequence[A]]]) -> None:
        self._statement = statement
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def ask(self, question: Q) -> A:
        """The answer to one question. Raises what the statement raises."""
        done: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, done))
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_waiting())
        return await done

    async def _ask_waiting(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting[:TOGETHER_MAX], self._waiting[TOGETHER_MAX:]
                await self._settle(asked)
        finally:
            self._asking = None

    async def _settle(self, asked: list[tuple[Q, "asyncio.Future[A]"]]) -> None:
        """One statement; if it fails for a value and several share it, each alone: only the guilty one fails."""
        try:
            answers = await self._statement([question for question, _ in asked])
            answered = list(zip(asked, answers, strict=True))
        except Exception as failure:  # whatever it is, it is told to those who asked
            if len(asked) > 1 and isinstance(failure, VALUE_FAULTS):
                for one in asked:
                    await self._settle([one])
                return
            for _, done in asked:
                if not done.done():
                    done.set_exception(failure)
            return
        for (_, done), answer in answered:
            if not done.done():  # whoever gave up is told nothing
                done.set_result(answer)


def numbered(rows: Iterable[Row], count: int) -> list[list[Row]]:
    """The rows of each of `count` questions: their column `number` says whose they are, from 1."""
    found: list[list[Row]] = [[] for _ in range(count)]
    for row in rows:
        found[row["number"] - 1].append(row)
    return found

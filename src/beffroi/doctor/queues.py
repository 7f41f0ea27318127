"""Queues to others, as the worker's role sees them: a finding for each."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

from beffroi.config.settings import Config
from beffroi.doctor.finding import Finding, error
from beffroi.errors import OperatorError, Words
from beffroi.store.database import DATABASE_FAULTS, Database

T = TypeVar("T")


async def each_queue(
    check: str, config: Config, look: Callable[[Database], Awaitable[Sequence[T]]], said: Callable[[T], Finding]
) -> AsyncIterator[Finding]:
    """What is said of each; or the one error, in words, that prevents looking."""
    try:
        async with await Database.open(config.dsn("worker"), size=1) as database:
            standing = await look(database)
    except OperatorError as failure:
        yield error(check, Words(failure.text("en"), failure.text("fr")))
        return
    except DATABASE_FAULTS:
        return  # said among the databases
    for one in standing:
        yield said(one)

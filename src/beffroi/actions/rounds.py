"""What the worker does again and again: a round, a pause, no failure that ends it, and how long what failed waits."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta

from beffroi.telemetry import Event, log_failure


async def repeat(once: Callable[[], Awaitable[object]], stopping: asyncio.Event, pause_s: float, failed: Event) -> None:
    """Rounds until `stopping` is set, `pause_s` seconds apart. One that fails is logged as `failed`, and the next one
    tries again: a database that restarts must not end the worker."""
    while not stopping.is_set():
        try:
            await once()
        except Exception as failure:
            log_failure(failed, failure)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), pause_s)


def retry_pause(attempts: int, first: timedelta, last: timedelta) -> timedelta:
    """How long what failed `attempts` times before waits for its next try: `first`, doubled each time, `last` at most.

    >>> [retry_pause(n, timedelta(seconds=5), timedelta(minutes=1)).seconds for n in (0, 1, 3, 4, 1_000)]
    [5, 10, 40, 60, 60]
    """
    doubled: timedelta = first * 2 ** min(attempts, 16)
    return min(doubled, last)

"""What the worker does again and again: a round, a pause, and no failure that ends it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

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

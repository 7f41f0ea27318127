"""Whether whoever asked has left, so that an answer that nobody takes is not called sent."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


async def is_gone(receive: Receive) -> bool:
    """True when the client is known to have left, so that an answer that nobody takes is not called sent.

    The server swallows what is sent to nobody, so the only sign is `http.disconnect`. Asking for it must not wait: the
    coroutine is started, and closed where it would wait. The message before it is what is left of the request.
    """
    for _ in range(2):
        asking = receive()
        step = getattr(asking, "send", None)
        if step is None:
            return False
        try:
            step(None)
        except StopIteration as done:
            if done.value["type"] == "http.disconnect":
                return True
            continue
        asking.close()  # type: ignore[attr-defined]
        return False
    return False

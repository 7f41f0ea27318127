"""What the console does for one request, counted in its own process: its time, and the database's statements by name.

Counted are the named statements (store/queries) that a request's own code sends, and the gate's, which its writer sends
for it. What a process looks up by itself, each second, is not a page's.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Final

import asyncpg

from beffroi.servers.console.app import Console
from beffroi.store.database import load_queries

GATE: Final = frozenset(
    {"disclosures.lock_accounts", "disclosures.burn_proofs_and_look", "disclosures.write_disclosures"}
)
"""The gate's three statements: all of law 1 costs a page no more."""
_METHODS: Final = ("fetch", "fetchrow", "fetchval", "execute", "executemany")
_asking: ContextVar[bool] = ContextVar("asking", default=False)


def _named() -> dict[str, str]:
    """The name of each statement, by its text."""
    folder = resources.files("beffroi.store") / "queries"
    stores = sorted(file.name.removesuffix(".sql") for file in folder.iterdir() if file.name.endswith(".sql"))
    return {text: f"{store}.{name}" for store in stores for name, text in load_queries(store).items()}


@dataclass
class Meter:
    """What was done for the request that is under way, or was the last."""

    took_ms: list[float] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Times every answer of the console and notes its statements, in this process, until the block ends."""
        names, answer = _named(), Console.__call__
        before = {method: getattr(asyncpg.Connection, method) for method in _METHODS}

        async def timed(console: Console, *asgi: Any) -> None:
            began_s, token = time.perf_counter(), _asking.set(True)
            try:
                await answer(console, *asgi)
            finally:
                _asking.reset(token)
            self.took_ms.append((time.perf_counter() - began_s) * 1000)

        setattr(Console, "__call__", timed)  # noqa: B010 - mypy takes no assignment to a method
        for method, sends in before.items():
            setattr(asyncpg.Connection, method, self._noting(sends, names))
        try:
            yield
        finally:
            setattr(Console, "__call__", answer)  # noqa: B010
            for method, sends in before.items():
                setattr(asyncpg.Connection, method, sends)

    def forget(self) -> None:
        """Before the next request."""
        self.took_ms.clear()
        self.asked.clear()

    def _noting(self, sends: Callable[..., Any], names: dict[str, str]) -> Callable[..., Any]:
        def noted(connection: Any, query: str, *arguments: Any, **more: Any) -> Any:
            name = names.get(query)
            if name is not None and (_asking.get() or name in GATE):
                self.asked.append(name)
            return sends(connection, query, *arguments, **more)

        return noted

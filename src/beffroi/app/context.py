"""What every child process is given: its configuration, its socket, when to stop, and how to say that it is ready."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from beffroi.clock import Clock
from beffroi.config.settings import Config
from beffroi.store.database import Database


@dataclass(frozen=True, slots=True)
class Context:
    """`listening` is bound and inherited. `folder` is the supervisor's own; `ready` is called once, when it serves."""

    config: Config
    listening: socket.socket
    folder: Path
    stopping: asyncio.Event
    ready: Callable[[], None]
    demo: bool
    clock: Clock

    async def database(self, role: str, size: int | None = None) -> Database:
        """A pool under one role ("web", "feed", "worker", "sealer"). Raises OperatorError when it cannot be reached."""
        return await Database.open(
            self.config.dsn(role),
            size=size or self.config.database.pool_size,
            application_name=f"beffroi {role}",
        )

"""What a command does under the owner's role, at the machine itself."""

import asyncio
import getpass
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar

from beffroi.config.settings import Config
from beffroi.store.database import Database

T = TypeVar("T")


def as_owner(config: Config, do: Callable[[Database], Awaitable[T]]) -> T:
    """What comes of it; the database is closed whatever happens."""

    async def run() -> T:
        async with await Database.open(config.dsn("owner"), size=2) as database:
            return await do(database)

    return asyncio.run(run())


def officer() -> str:
    """Who acts: whoever logged in to this machine, before any sudo."""
    return f"operator:{login()}"


def login() -> str:
    """The name of that login."""
    return os.environ.get("SUDO_USER") or getpass.getuser()

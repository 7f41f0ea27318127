"""A test's database as one of our roles sees it."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from beffroi.store.database import Database

CONNECTIONS = 3


def opened_as(role: str, **settings: str) -> Any:
    """A fixture: this test's database under that role, with those settings of its connections."""

    @pytest.fixture
    async def opened(dsn_of: Callable[[str], str]) -> AsyncIterator[Database]:
        async with await Database.open(dsn_of(role), size=CONNECTIONS, **settings) as one:
            yield one

    return opened

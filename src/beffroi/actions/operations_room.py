"""The operator's room: how a deployment stands. It decides nothing and shows nobody."""

from beffroi.actions.availability import ACCOUNTS, looking_up
from beffroi.clock import Clock
from beffroi.model.operations import Deployment, GivenRole
from beffroi.store.database import Database
from beffroi.store.operations import OperationsStore


class OperationsRoom:
    """The view of one deployment."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._store = OperationsStore(database)
        self._clock = clock

    async def deployment(self) -> Deployment:
        """As it stands now. Raises Unavailable."""
        with looking_up(ACCOUNTS):
            return await self._store.deployment(self._clock.now())

    async def given_roles(self) -> tuple[GivenRole, ...]:
        """Who has which role. Raises Unavailable."""
        with looking_up(ACCOUNTS):
            return await self._store.given_roles(self._clock.now())

"""What the operator's room reads."""

from datetime import datetime

import msgspec

from beffroi.model.operations import Application, Deployment, Disk, FeedState, GivenRole, Storage, StoredTable
from beffroi.store.database import Database, load_queries

ROLES_MAX = 500
APPLICATIONS_MAX = 500
TABLES_MAX = 8


class OperationsStore:
    """The statements of the operator's room. It changes nothing and reads nobody."""

    def __init__(self, database: Database) -> None:
        self._readers = database.readers
        self._sql = load_queries("operations")

    async def deployment(self, now: datetime) -> Deployment:
        """Everything at once."""
        feeds = await self._readers.fetch(self._sql["feeds"])
        (state,) = await self._readers.fetch(self._sql["deployment_state"], now)
        return Deployment(
            tuple(FeedState(row["name"], row["last_message_at"], row["message_count"]) for row in feeds),
            state["tree_size"],
            state["sealed_at"],
            state["database_bytes"],
            state["identities"],
            state["disclosures"],
            state["sessions"],
            state["bound"],
            state["unproved"],
        )

    async def given_roles(self, now: datetime) -> tuple[GivenRole, ...]:
        """Roles given by name, or by the configuration, that have not ended."""
        rows = await self._readers.fetch(self._sql["given_roles"], now, ROLES_MAX)
        return tuple(GivenRole(*row) for row in rows)

    async def applications(self, now: datetime) -> tuple[Application, ...]:
        """The register's applications, those first that are stopped or held."""
        rows = await self._readers.fetch(self._sql["applications"], now, APPLICATIONS_MAX)
        return tuple(msgspec.convert(dict(row), Application) for row in rows)

    async def storage(self, disks: tuple[Disk, ...]) -> Storage:
        """What lies where; `disks` as the machine tells them."""
        tables = await self._readers.fetch(self._sql["stored"], TABLES_MAX)
        (archived,) = await self._readers.fetch(self._sql["archived"])
        kept = tuple(StoredTable(*row) for row in tables)
        return Storage(kept, archived["segments"], archived["disclosures"], disks)

"""What the operator's room reads."""

from datetime import datetime

from beffroi.model.operations import Deployment, FeedState, GivenRole, WitnessWord
from beffroi.store.database import Database, load_queries

ROLES_MAX = 500


class OperationsStore:
    """The statements of the operator's room. It changes nothing and reads nobody."""

    def __init__(self, database: Database) -> None:
        self._readers = database.readers
        self._sql = load_queries("operations")

    async def deployment(self, now: datetime) -> Deployment:
        """Everything at once."""
        feeds = await self._readers.fetch(self._sql["feeds"])
        roles = await self._readers.fetch(self._sql["given_roles"], now, ROLES_MAX)
        words = await self._readers.fetch(self._sql["witness_words"])
        (state,) = await self._readers.fetch(self._sql["deployment_state"], now)
        return Deployment(
            tuple(FeedState(row["name"], row["last_message_at"], row["message_count"]) for row in feeds),
            tuple(
                GivenRole(
                    row["subject"],
                    row["display_name"],
                    row["kind"],
                    row["role"],
                    row["hospital"],
                    row["granted_by"],
                    row["granted_at"],
                    row["expires_at"],
                )
                for row in roles
            ),
            tuple(WitnessWord(row["witness"], row["state"], row["tree_size"], row["at"]) for row in words),
            state["tree_size"],
            state["sealed_at"],
            state["database_bytes"],
            state["identities"],
            state["disclosures"],
            state["sessions"],
        )

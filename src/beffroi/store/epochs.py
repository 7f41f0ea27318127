"""A new epoch of the ledger, or the same one in another cluster: written under the owner's role, by an operator."""

from datetime import datetime

from beffroi.store.database import Database, load_queries
from beffroi.store.ledger import ADVISORY_LOCK, Connection, LedgerStore, Standing


class EpochStore(LedgerStore):
    """The statements of reopening, beside those of sealing."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._own = load_queries("epochs")

    async def standing_alone(self, connection: Connection) -> Standing:
        """Where sealing stands, once nobody seals any more until this transaction ends."""
        await connection.execute(self._own["lock"], ADVISORY_LOCK)
        return await self._standing(connection)

    async def held_against(self, epoch: int) -> list[str]:
        """Checkpoints of ours that witnesses hold against an epoch."""
        return [row[0] for row in await self._pool.fetch(self._own["held_against"], epoch)]

    async def missing(self, connection: Connection, standing: Standing, rows_max: int) -> list[tuple[int, int]]:
        """Accounts and running numbers of disclosures that were taken away before they were sealed."""
        rows = await connection.fetch(self._own["missing"], standing.settled_below, rows_max)
        return [(row[0], row[1]) for row in rows]

    async def add_epoch(
        self, connection: Connection, epoch: int, tree_index: int, statement: str, at: datetime
    ) -> None:
        """Begins an epoch with its statement."""
        await connection.execute(self._own["add_epoch"], epoch, tree_index, statement, at)

    async def anchor(self, connection: Connection, standing: Standing) -> None:
        """From here on sealing belongs to this cluster, and what is there is final."""
        await connection.execute(self._own["anchor"], standing.system_identifier, standing.last_disclosure)

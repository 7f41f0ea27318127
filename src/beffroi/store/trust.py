"""Who signs the ledger and since when, and what its witnesses said last."""

from beffroi.model.trust import LedgerKey, WitnessWord
from beffroi.store.database import Database, load_queries


class TrustStore:
    """The statements of the page of keys and witnesses, under the role that answers questions."""

    def __init__(self, database: Database) -> None:
        self._readers = database.readers
        self._sql = load_queries("trust")

    async def signing_keys(self) -> tuple[LedgerKey, ...]:
        """The keys below the last checkpoint."""
        return tuple(LedgerKey(*row) for row in await self._readers.fetch(self._sql["signing_keys"]))

    async def witness_words(self) -> tuple[WitnessWord, ...]:
        """Each witness that was ever asked."""
        return tuple(WitnessWord(*row) for row in await self._readers.fetch(self._sql["witness_words"]))

"""Where disclosures stand in their accounts' chains and in the sealed tree, for a report's appendix."""

from collections.abc import Collection

from beffroi.breach.trace import Row
from beffroi.store.database import Database, load_queries
from beffroi.store.foreign import within_reach

NUMBERS_AT_ONCE = 10_000


class TracingStore:
    """Reads only."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("tracing")

    async def rows(self, disclosures: Collection[int]) -> dict[int, Row]:
        """Of each disclosure that is in the database or sealed: account, running number, tree index."""
        ordered = sorted(disclosures)
        found: dict[int, Row] = {}
        for at in range(0, len(ordered), NUMBERS_AT_ONCE):
            with within_reach():
                rows = await self._pool.fetch(self._sql["rows"], ordered[at : at + NUMBERS_AT_ONCE])
            found |= {row[0]: Row(row[0], row[1], row[2], row[3]) for row in rows}
        return found

    async def checkpoint(self) -> tuple[int, str]:
        """The last signed checkpoint: its size and its note; 0 and nothing when nothing was sealed."""
        with within_reach():
            row = await self._pool.fetchrow(self._sql["last_checkpoint"])
        return (0, "") if row is None else (row[0], row[1])

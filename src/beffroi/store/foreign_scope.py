"""What a selection finds in the logs of other servers, and by which identifiers our patients may stand there."""

from collections.abc import AsyncIterator, Sequence

import msgspec

from beffroi.breach.foreign import ForeignSelection, ForeignSight
from beffroi.model.foreign import Certainty
from beffroi.store.database import Database, load_queries
from beffroi.store.foreign import within_reach

ROWS_AT_ONCE = 2_000
_criteria = msgspec.json.Decoder(dict[str, str]).decode


class ForeignScopeStore:
    """Reads only."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("foreign")

    async def sights(self, selection: ForeignSelection) -> AsyncIterator[ForeignSight]:
        """The selection's facts, one for each patient named, in the order of logs and lines."""
        people = selection.people_ipps
        arguments = (
            *(selection.actors, selection.networks, selection.applications, selection.since, selection.until),
            selection.servers,
            None if people is None else [hospital for hospital, _ in people],
            None if people is None else [ipp for _, ipp in people],
            list(selection.people_ins),
        )
        with within_reach():
            async with self._pool.acquire() as connection, connection.transaction(readonly=True):
                async for row in connection.cursor(self._sql["facts"], *arguments, prefetch=ROWS_AT_ONCE):
                    yield ForeignSight(
                        row["log_id"],
                        row["line_number"],
                        row["server"],
                        row["at"],
                        Certainty(row["certainty"]),
                        row["fields"],
                        row["beyond_identity"],
                        tuple(sorted(_criteria(row["criteria"]))),
                        row["system"] or "",
                        row["value"] or "",
                        row["person_id"],
                        row["hospital_id"],
                    )

    async def identifiers_of(self, people: Sequence[int]) -> tuple[tuple[tuple[int, str], ...], tuple[str, ...]]:
        """The (hospital, IPP) and the "INS|OID" of patients."""
        with within_reach():
            rows = await self._pool.fetch(self._sql["identifiers_of_people"], list(people))
        return tuple((row[0], row[1]) for row in rows), tuple(row[2] for row in rows if row[2])

    async def subjects_of(self, accounts: Sequence[int]) -> tuple[str, ...]:
        """What issuers call these accounts; of applications, their names too."""
        with within_reach():
            rows = await self._pool.fetch(self._sql["subjects"], list(accounts))
        return tuple(dict.fromkeys(text for row in rows for text in row if text))

    async def networks_of(self, selection: ForeignSelection) -> tuple[str, ...]:
        """From where the selection's actors signed in."""
        with within_reach():
            rows = await self._pool.fetch(
                self._sql["networks_of"], list(selection.actors or ()), selection.since, selection.until
            )
        return tuple(row[0] for row in rows)

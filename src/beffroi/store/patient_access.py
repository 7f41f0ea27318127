"""What was disclosed of one person, under every number that she has borne."""

from collections.abc import Sequence

from beffroi.store.database import Database, Row, load_queries


class PatientAccessStore:
    """The statements of "who saw my identity". It changes nothing."""

    def __init__(self, database: Database) -> None:
        self._readers = database.readers
        self._sql = load_queries("patient_access")

    async def identities(self, person: int) -> set[int]:
        """The identities that are hers now."""
        return {row["identity_id"] for row in await self._readers.fetch(self._sql["identities_of"], person)}

    async def sights(self, person: int, hidden: Sequence[int], rows_max: int) -> list[Row]:
        """Disclosures of anybody who bore one of her numbers, the latest first: the caller keeps what was hers."""
        numbers = [row["number"] for row in await self._readers.fetch(self._sql["former_numbers"], person)]
        return await self._readers.fetch(self._sql["sights"], numbers, list(hidden), rows_max)

    async def under_investigation(self) -> set[int]:
        """The accounts that open incidents are about."""
        return {row["account_id"] for row in await self._readers.fetch(self._sql["under_investigation"])}

"""What was disclosed of one person, under every number that she has borne."""

from collections.abc import Sequence

from beffroi.store.archive import Archive
from beffroi.store.audit_rows import AuditRow
from beffroi.store.database import Database, load_queries


class PatientAccessStore:
    """The statements of "who saw my identity". It changes nothing."""

    def __init__(self, database: Database, archive: Archive | None = None) -> None:
        self._readers = database.readers
        self._pool = database.pool
        self._archive = archive
        self._sql = load_queries("patient_access")

    async def identities(self, person: int) -> set[int]:
        """The identities that are hers now."""
        return {row["identity_id"] for row in await self._readers.fetch(self._sql["identities_of"], person)}

    async def sights(self, person: int, hidden: Sequence[int], rows_max: int) -> list[AuditRow]:
        """Disclosures of anybody who bore one of her numbers, archived or not, the latest first: the caller keeps what
        was hers."""
        numbers = [row["number"] for row in await self._readers.fetch(self._sql["former_numbers"], person)]
        hot: list[AuditRow] = list(await self._readers.fetch(self._sql["sights"], numbers, list(hidden), rows_max))
        return hot if self._archive is None else await self._archive.sights(self._pool, numbers, hidden, rows_max, hot)

    async def under_investigation(self) -> set[int]:
        """The accounts that open incidents are about."""
        return {row["account_id"] for row in await self._readers.fetch(self._sql["under_investigation"])}

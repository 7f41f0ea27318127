"""Doubtful identities: the walk that finds them, and each hospital's list. Nothing here shows anybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from beffroi.model.doubt import COUNTED_MAX, DoubtKind, DoubtPlace
from beffroi.model.person import HospitalId, IdentityId, PersonId
from beffroi.store.database import Database, Row, load_queries


@dataclass(frozen=True, slots=True)
class DoubtRow:
    """A doubt and who its identities are now. `people`: one, or two where another identity is part of it."""

    place: DoubtPlace
    found_at: datetime
    people: tuple[PersonId, ...]


class DoubtStore:
    """The statements about doubts."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._readers = database.readers
        self._sql = load_queries("doubts")

    async def page(self, hospital: HospitalId, kind: DoubtKind, after: DoubtPlace, rows_max: int) -> list[DoubtRow]:
        """The doubts of one kind behind a place."""
        rows = await self._readers.fetch(self._sql["page_of_doubts"], hospital, kind.value, *after, rows_max)
        return [_row(row) for row in rows]

    async def one(self, hospital: HospitalId, kind: DoubtKind, place: DoubtPlace) -> DoubtRow | None:
        """One doubt of a hospital; None when it is settled meanwhile, or another's."""
        rows = await self._readers.fetch(self._sql["one_doubt"], hospital, kind.value, *place)
        return _row(rows[0]) if rows else None

    async def counted(self, hospital: HospitalId) -> tuple[dict[DoubtKind, int], datetime | None]:
        """How many of each kind, up to `COUNTED_MAX` and one; when everybody was last looked at."""
        kinds = [kind.value for kind in DoubtKind]
        rows: Sequence[Row] = await self._readers.fetch(self._sql["count_doubts"], hospital, kinds, COUNTED_MAX + 1)
        return {DoubtKind(row["kind"]): row["count"] for row in rows}, rows[0]["looked_at"]

    async def find(self, rows_max: int) -> int | None:
        """The worker's: looks at the next identities, then begins anew; how many, None when another worker is at it."""
        found: int | None = await self._pool.fetchval(self._sql["find_doubts"], rows_max)
        return found


def _row(row: Row) -> DoubtRow:
    people = (row["person_id"], row["other_person"])
    place = DoubtPlace(IdentityId(row["identity_id"]), IdentityId(row["other_id"]))
    return DoubtRow(place, row["found_at"], tuple(PersonId(one) for one in people if one is not None))

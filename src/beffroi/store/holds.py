"""Legal holds, under the owner's role: what must not be erased, whatever its age."""

from dataclasses import dataclass
from datetime import datetime

from beffroi.store.database import Database, load_queries


@dataclass(frozen=True, slots=True)
class Hold:
    """What is held: every disclosure that agrees with all that is said. `people`: numbers of one patient."""

    account: int | None = None
    people: tuple[int, ...] | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlacedHold:
    """A hold as it stands. `patient`: whether it is about one."""

    number: int
    account: int | None
    patient: bool
    from_at: datetime | None
    until_at: datetime | None
    reason: str
    placed_at: datetime
    placed_by: str
    lifted_at: datetime | None
    lifted_by: str | None


class HoldStore:
    """The statements about holds."""

    def __init__(self, database: Database) -> None:
        self._pool = database.pool
        self._sql = load_queries("holds")

    async def place(self, hold: Hold, reason: str, at: datetime, by: str) -> int:
        """Places a hold; its number."""
        number: int = await self._pool.fetchval(
            self._sql["place"], hold.account, hold.people, hold.from_at, hold.until_at, reason, at, by
        )
        return number

    async def is_account(self, number: int) -> bool:
        """Whether an account has that number."""
        known: bool = await self._pool.fetchval(self._sql["is_account"], number)
        return known

    async def lift(self, number: int, at: datetime, by: str) -> bool:
        """Lifts a hold; False when there is none to lift."""
        return await self._pool.fetchval(self._sql["lift"], number, at, by) is not None

    async def listed(self) -> list[PlacedHold]:
        """Every hold, the lifted ones too."""
        return [PlacedHold(*row) for row in await self._pool.fetch(self._sql["holds"])]

    async def numbers_of(self, person: int) -> tuple[int, ...]:
        """Every number under which a person was ever shown, as far as is known; herself at least."""
        return tuple(await self._pool.fetchval(self._sql["numbers_of"], person))

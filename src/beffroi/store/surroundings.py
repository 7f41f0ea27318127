"""What the watch knows beside the account: read without locks, by every process, each second."""

from dataclasses import dataclass
from datetime import datetime

from beffroi.store.database import Database, load_queries


@dataclass(frozen=True, slots=True)
class Seldom:
    """What changes seldom and is read seldom. `release`: the signed text of the last norms and its signature."""

    staff: dict[int, int]
    canaries: frozenset[int]
    release: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Often:
    """What may change from one second to the next. `suspicions` by kind and key, `heard` and `held` by hospital;
    `crises`: hospitals with a declared crisis (None: all)."""

    suspicions: dict[tuple[str, str], int]
    heard: dict[int, datetime]
    held: dict[int, int]
    crises: frozenset[int | None] = frozenset()


class SurroundingsStore:
    """The statements about surroundings."""

    def __init__(self, database: Database) -> None:
        self._readers = database.readers
        self._sql = load_queries("surroundings")

    async def often(self, now: datetime) -> Often:
        """What each second's look finds."""
        suspicions = await self._readers.fetch(self._sql["suspicions"], now)
        feeds = await self._readers.fetch(self._sql["feeds"])
        held = await self._readers.fetch(self._sql["held"])
        crises = await self._readers.fetch(self._sql["crises"], now)
        return Often(
            {(row["kind"], row["key"]): row["points"] for row in suspicions},
            {row["hospital_id"]: row["last_message_at"] for row in feeds},
            {row["structure_id"]: row["held_count"] for row in held},
            frozenset(row["hospital_id"] for row in crises),
        )

    async def seldom(self) -> Seldom:
        """What a look each minute finds."""
        staff = await self._readers.fetch(self._sql["staff"])
        canaries = await self._readers.fetch(self._sql["canaries"])
        release = await self._readers.fetch(self._sql["norm_release"])
        return Seldom(
            {row["structure_id"]: row["staff_count"] for row in staff},
            frozenset(row["person_id"] for row in canaries),
            (release[0]["content"], release[0]["signature"]) if release else None,
        )

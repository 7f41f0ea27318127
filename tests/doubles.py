"""Stand-ins for what the world provides: a clock that obeys, hospitals that do not exist, keys that are no secret."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from types import SimpleNamespace
from uuid import UUID

from beffroi.clock import Clock
from beffroi.model.account import Asker
from beffroi.model.person import Hospital, HospitalId

HOSPITALS = (
    Hospital(HospitalId(1), "590000001", "CH de Beaumont", "1.2.250.1.999.1.1", "CH-BEAUMONT"),
    Hospital(HospitalId(2), "590000002", "CHU de Valcourt", "1.2.250.1.999.1.2", "CHU-VALCOURT"),
    Hospital(HospitalId(3), "620000003", "CH de Sainte-Marthe", "1.2.250.1.999.1.3", "CH-STE-MARTHE"),
    Hospital(HospitalId(4), "590000004", "EPSM des Tilleuls", "1.2.250.1.999.1.4", "EPSM-TILLEULS", sensitive=True),
)
"""Three ordinary hospitals and a psychiatric one. None exists; the OIDs are under an arc that nobody was given."""

DEPLOYMENT_REFERENCE_KEY = bytes(range(16))
DEPLOYMENT_NONCE_KEY = bytes(range(32))


class FakeClock(Clock):
    """A clock that stands still until told otherwise, with randomness that a seed repeats."""

    def __init__(self, now: datetime | None = None, seed: int = 2026) -> None:
        self._now = now or datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
        self._random = Random(seed)

    def now(self) -> datetime:
        """The time that was set last."""
        return self._now

    def set(self, now: datetime) -> None:
        """Sets the time; it must be aware."""
        assert now.tzinfo is not None
        self._now = now.astimezone(UTC)

    def advance(self, duration: timedelta | float) -> datetime:
        """Moves on by a duration (a number counts seconds) and returns the new time."""
        self._now += duration if isinstance(duration, timedelta) else timedelta(seconds=duration)
        return self._now

    def token_bytes(self, size_bytes: int) -> bytes:
        """The seed's next bytes."""
        return self._random.randbytes(size_bytes)

    def uuid(self) -> UUID:
        """The seed's next UUID."""
        return UUID(bytes=self._random.randbytes(16), version=4)


class Admitted:
    """An authenticator for whom everybody is the asker set last."""

    asker: Asker

    @asynccontextmanager
    async def admit(self, *_: object) -> AsyncIterator[object]:
        yield SimpleNamespace(asker=self.asker, proof=None)

    def nonce(self) -> str:
        return ""

    def challenges(self, _error: object) -> tuple[()]:
        return ()

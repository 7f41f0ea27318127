"""The only place that makes time and randomness; everywhere else they are arguments."""

import secrets
from datetime import UTC, datetime
from uuid import UUID


class Clock:
    """The machine's time and its secure randomness. Tests and the synthetic region pass their own."""

    def now(self) -> datetime:
        """An aware datetime, UTC."""
        return datetime.now(UTC)

    def token_bytes(self, size_bytes: int) -> bytes:
        """`size_bytes` unpredictable bytes."""
        return secrets.token_bytes(size_bytes)

    def uuid(self) -> UUID:
        """A random UUID (RFC 9562, version 4)."""
        return UUID(bytes=secrets.token_bytes(16), version=4)

"""A certificate file that the configuration names: when it ends, and what that means today. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from beffroi.errors import Words

ENDS_SOON: Final = timedelta(days=30)
"""Time to order a certificate at an authority that does it by hand, and to put it in place."""


class Validity(StrEnum):
    """What is to be said of a certificate."""

    GOOD = "good"
    ENDS_SOON = "ends_soon"
    ENDED = "ended"
    UNREADABLE = "unreadable"


class CertificateFile(msgspec.Struct, frozen=True):
    """The file of a setting. `ends_at` is the end of whichever of its certificates ends first; None: it cannot be read,
    and `failure` says why."""

    setting: str
    ends_at: datetime | None
    failure: Words = Words("", "")

    def validity(self, now: datetime) -> Validity:
        """How it is today.

        >>> from datetime import UTC
        >>> one = CertificateFile("web.tls_certificate", datetime(2026, 3, 1, tzinfo=UTC))
        >>> [one.validity(datetime(2026, month, 15, tzinfo=UTC)).value for month in (1, 2, 3)]
        ['good', 'ends_soon', 'ended']
        """
        if self.ends_at is None:
            return Validity.UNREADABLE
        if self.ends_at <= now:
            return Validity.ENDED
        return Validity.ENDS_SOON if self.ends_at <= now + ENDS_SOON else Validity.GOOD

    def days_left(self, now: datetime) -> int:
        """Whole days until it ends; none when it has, or cannot be read."""
        return max((self.ends_at - now).days, 0) if self.ends_at else 0


def to_renew(files: Iterable[CertificateFile], now: datetime) -> int:
    """How many end soon, have ended or cannot be read.

    >>> to_renew([CertificateFile("mllp.client_ca", None)], datetime(2026, 3, 1))
    1
    """
    return sum(one.validity(now) is not Validity.GOOD for one in files)

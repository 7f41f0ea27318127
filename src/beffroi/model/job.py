"""The worker's jobs: which there are, how each went last, and when one should have run and did not. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

LATE: Final = timedelta(seconds=60)
"""After its time a job is overdue: what is stored of it is ten seconds old, and a restart takes some more."""
LONG: Final = timedelta(minutes=10)
"""A run that takes longer hangs."""


class Job(StrEnum):
    """What the worker does again and again. Its values are kept in the database and are the metrics' labels."""

    SEALING = "sealing"
    COSIGNING = "cosigning"
    ALERTS = "alerts"
    FEDERATION = "federation"
    AUDITING = "auditing"
    NOTIFYING = "notifying"
    PUSHING = "pushing"
    POLLING = "polling"
    FORGETTING = "forgetting"
    COMPARING = "comparing"
    HOUSEKEEPING = "housekeeping"
    CERTIFICATES = "certificates"
    ERASING = "erasing"
    ARCHIVING = "archiving"


LONGEST: Final = {Job.ARCHIVING: timedelta(hours=12), Job.ERASING: timedelta(hours=12)}
"""Jobs that may take hours: the first one after a year of disclosures moves or erases millions."""


class JobRun(msgspec.Struct, frozen=True):
    """How a job stands, as its worker tells it. `about` says which one, where there are several: the witness.

    While it runs, `begun_at` is after `ended_at`. `took_s`, `failure` and `failures` (in a row) are of the last run
    that ended; `failure` is a name without anybody's identity, empty when it went well. `done_count` is how much was
    done by the last run that found anything to do, at `done_at`; `waiting` how much was left, None: nobody counts.
    `noted_at` is when the worker last said all this.
    """

    job: Job
    about: str
    next_at: datetime
    noted_at: datetime
    begun_at: datetime | None = None
    ended_at: datetime | None = None
    took_s: float = 0.0
    failure: str = ""
    failures: int = 0
    done_count: int = 0
    done_at: datetime | None = None
    waiting: int | None = None

    @property
    def running(self) -> bool:
        """Whether it has begun and not ended."""
        return self.begun_at is not None and (self.ended_at is None or self.begun_at > self.ended_at)

    def overdue(self, now: datetime) -> bool:
        """Whether it should have run and did not, or hangs.

        >>> from datetime import UTC
        >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
        >>> one = JobRun(Job.ALERTS, "", next_at=noon, noted_at=noon)
        >>> one.overdue(noon + timedelta(seconds=50)), one.overdue(noon + timedelta(seconds=70))
        (False, True)
        """
        if self.begun_at is None or not self.running:
            return now > self.next_at + LATE
        return now > self.noted_at + LATE or now > self.begun_at + LONGEST.get(self.job, LONG)

"""HL7 v2 times, and birth dates of which a part is not known.

A time without an offset is French legal time: the standard says "the sender's local time", and the senders are French.

Source: HL7 v2.5 section 2.A.22 (DTM); RNIV 1 v2.0, EXI ID 11 and EXI PP 19 (unknown days and months, standards 1.6);
directive 2000/84/EC (summer time).
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone

_TIME = re.compile(
    r"(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,6})\d*)?)?)?)?)?)?(?:([+-])(\d\d)(\d\d))?"
)
_BIRTH = re.compile(r"(\d{4})(\d\d)?(\d\d)?(?:\d{2,6}(?:\.\d+)?)?(?:[+-]\d{4})?")

YEAR_MIN, YEAR_MAX = 1850, 2200
"""Years. What lies outside is no time of a living person's record, and may not survive a change of time zone."""

UNKNOWN_DAY = 1
UNKNOWN_MONTH = 1
WHOLLY_UNKNOWN = (12, 31)
"""Month and day when neither is known."""


def parse_time(text: str) -> datetime:
    """An aware datetime; ValueError when it is none. A missing part is its smallest value.

    >>> parse_time("20240306111154").isoformat(), parse_time("202407").isoformat()
    ('2024-03-06T11:11:54+01:00', '2024-07-01T00:00:00+02:00')
    """
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError("not a time")
    year, month, day, hour, minute, second, fraction = found.group(1, 2, 3, 4, 5, 6, 7)
    naive = datetime(  # noqa: DTZ001  (the offset is set below)
        _year(year),
        int(month or 1),
        int(day or 1),
        int(hour or 0),
        int(minute or 0),
        int(second or 0),
        int((fraction or "0").ljust(6, "0")),
    )
    if not found[8]:
        return naive.replace(tzinfo=timezone(_french_offset(naive)))
    offset = timedelta(hours=int(found[9]), minutes=int(found[10]))
    return naive.replace(tzinfo=timezone(-offset if found[8] == "-" else offset))


def _year(text: str) -> int:
    year = int(text)
    if not YEAR_MIN <= year <= YEAR_MAX:
        raise ValueError("not a year")
    return year


def _french_offset(naive: datetime) -> timedelta:
    """One hour, two in summer: from 2 h on the last Sunday of March to 3 h on the last Sunday of October."""
    begins = _last_sunday(naive.year, 3).replace(hour=2)
    ends = _last_sunday(naive.year, 10).replace(hour=3)
    return timedelta(hours=2 if begins <= naive < ends else 1)


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31)  # noqa: DTZ001  (compared with the sender's local time)
    return last - timedelta(days=(last.weekday() + 1) % 7)


def format_time(moment: datetime) -> str:
    """An aware datetime in UTC, to the second.

    >>> format_time(parse_time("20240306111154"))
    '20240306101154+0000'
    """
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")


def parse_birth_date(text: str) -> tuple[date, bool]:
    """The date, and whether a part of it was filled in as the RNIV says; ValueError when it is none.

    An unknown part is absent or written 00. The hour of a birth is dropped.

    >>> parse_birth_date("19800412"), parse_birth_date("198004"), parse_birth_date("1980")
    ((datetime.date(1980, 4, 12), False), (datetime.date(1980, 4, 1), True), (datetime.date(1980, 12, 31), True))
    >>> parse_birth_date("19800012")
    (datetime.date(1980, 1, 12), True)
    """
    found = _BIRTH.fullmatch(text)
    if not found:
        raise ValueError("not a date")
    year = _year(found[1])
    month, day = int(found[2] or 0), int(found[3] or 0)
    if month and day:
        return date(year, month, day), False
    if not month and not day:
        return date(year, *WHOLLY_UNKNOWN), True
    return date(year, month or UNKNOWN_MONTH, day or UNKNOWN_DAY), True

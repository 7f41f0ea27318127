"""FHIR dates of one to three parts, with the prefixes of a search, as ranges of days.

Source: FHIR R4 Search, date and prefixes; a partial date stands for all its days.
"""

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from beffroi.errors import InvalidValue, Unsupported, Words
from beffroi.model.search import DateRange

_DATE = re.compile(r"([a-z]{2})?([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_MOMENT = re.compile(r"([a-z]{2})?([0-9]{4}-[0-9]{2}-[0-9]{2}T.+)")
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_ANY = (date.min, date.max)
_NOT_A_DATE = Words("write it as YYYY, YYYY-MM or YYYY-MM-DD", "écrivez AAAA, AAAA-MM ou AAAA-MM-JJ")
_NO_DAY_LEFT = Words("its bounds exclude each other", "ses bornes s'excluent")
_PREFIXES = Words("Use eq, ge, le, gt or lt.", "Utilisez eq, ge, le, gt ou lt.")


def day_range(name: str, values: Sequence[str]) -> DateRange:
    """The days that satisfy every value; raises `InvalidValue` when one cannot be read or no day is left.

    >>> day_range("birthdate", ["1980-05"]).last, day_range("birthdate", ["ge1980-05-17", "lt1981"]).last
    (datetime.date(1980, 5, 31), datetime.date(1980, 12, 31))
    """
    first, last = _ANY
    for value in values:
        low, high = _bounds(name, value)
        first, last = max(first, low), min(last, high)
    if first > last:
        raise InvalidValue(name, what=name, why=_NO_DAY_LEFT)
    return DateRange(first, last)


def partial_date(name: str, value: str) -> DateRange:
    """The days of a date of one to three parts, as a resource holds it; raises `InvalidValue`.

    >>> partial_date("birthDate", "1980").first
    datetime.date(1980, 1, 1)
    """
    match = _DATE.fullmatch(value)
    if match is None or match[1]:
        raise InvalidValue(name, what=name, why=_NOT_A_DATE)
    return _days(name, match)


def moments(name: str, values: Sequence[str]) -> tuple[datetime | None, datetime | None]:
    """The bounds `from` <= time < `until` that these values give (None: open), dates being days in UTC.

    >>> moments("date", ["ge2026-11-01", "lt2026-11-02T10:00:00Z"])[1].hour
    10
    """
    first: datetime | None = None
    until: datetime | None = None
    for value in values:
        low, high = _moment_bounds(name, value)
        if low is not None:
            first = low if first is None else max(first, low)
        if high is not None:
            until = high if until is None else min(until, high)
    return first, until


def _bounds(name: str, value: str) -> tuple[date, date]:
    match = _DATE.fullmatch(value)
    if match is None:
        raise InvalidValue(name, what=name, why=_NOT_A_DATE)
    days = _days(name, match)
    match match[1] or "eq":
        case "eq":
            return days.first, days.last
        case "ge":
            return days.first, date.max
        case "le":
            return date.min, days.last
        case "gt" | "sa" if days.last < date.max:
            return days.last + _DAY, date.max
        case "lt" | "eb" if days.first > date.min:
            return date.min, days.first - _DAY
        case "gt" | "sa" | "lt" | "eb":
            raise InvalidValue(name, what=name, why=_NO_DAY_LEFT)
    raise Unsupported(name, what=Words(f"This prefix of {name}", f"Ce préfixe de {name}"), instead=_PREFIXES)


def _days(name: str, match: re.Match[str]) -> DateRange:
    year, month, day = int(match[2]), match[3], match[4]
    try:
        if day is not None:
            one = date(year, int(month), int(day))
            return DateRange(one, one)
        if month is not None:
            return DateRange(date(year, int(month), 1), date(year, int(month), monthrange(year, int(month))[1]))
        return DateRange(date(year, 1, 1), date(year, 12, 31))
    except ValueError:
        raise InvalidValue(name, what=name, why=_NOT_A_DATE) from None


def _moment_bounds(name: str, value: str) -> tuple[datetime | None, datetime | None]:
    match = _MOMENT.fullmatch(value)
    if match is None:
        first, last = _bounds(name, value)
        low = None if first == date.min else _midnight(first)
        return low, None if last == date.max else _midnight(last + _DAY)
    try:
        moment = datetime.fromisoformat(match[2])
        if moment.tzinfo is None:
            raise ValueError
        moment = moment.astimezone(UTC)
        after = moment + _SECOND
    except (ValueError, OverflowError):
        why = Words("write a time with its offset, as in 2026-11-24T10:00:00Z", "écrivez l'heure avec son décalage")
        raise InvalidValue(name, what=name, why=why) from None
    match match[1] or "eq":
        case "ge" | "gt" | "sa":
            return moment, None
        case "lt" | "eb":
            return None, moment
        case "le":  # a time without fractions stands for its whole second
            return None, after
    instead = Words("Use ge, gt, le or lt with a time.", "Utilisez ge, gt, le ou lt avec une heure.")
    raise Unsupported(name, what=Words(f"This prefix of {name}", f"Ce préfixe de {name}"), instead=instead)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)

"""What people type in two fields, as they type it: a birth date in any usual way, the beginnings of the names. Pure."""

import re
from calendar import monthrange
from datetime import date
from typing import Final
from unicodedata import category

from beffroi.model.search import DateRange, Text

_MONTH_NAMES: Final = {
    name: number
    for number, names in enumerate(
        (
            ("janvier", "january", "jan"),
            ("fevrier", "février", "february", "feb", "fev", "fév"),
            ("mars", "march", "mar"),
            ("avril", "april", "avr", "apr"),
            ("mai", "may"),
            ("juin", "june", "jun"),
            ("juillet", "july", "jul", "juil"),
            ("aout", "août", "august", "aug"),
            ("septembre", "september", "sep", "sept"),
            ("octobre", "october", "oct"),
            ("novembre", "november", "nov"),
            ("decembre", "décembre", "december", "dec", "déc"),
        ),
        1,
    )
    for name in names
}
_WORDS: Final = re.compile(r"[0-9]+|[^\W\d_]+")
_YEAR_MIN: Final = 1850
_LINES: Final = "\r\n\t"
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_FIGURES_MAX: Final = 4
"""Figures of a day, a month or a year."""


class NotADate(ValueError):
    """It is not a date that a patient can be born on."""


def plain(text: str) -> str:
    r"""A text without what nobody types and somebody may mean to deceive with: controls, which a terminal obeys; and
    what turns the direction of a line round or has no width (Unicode's category Cf). Lines and tabs stay.

    >>> plain("a\x00b\u202ec\u200bd\x1b[2J\r\ne")
    'abcd[2J\r\ne'
    """
    return text if text.isprintable() else "".join(one for one in text if one in _LINES or category(one) not in _UNSEEN)


def birth_date(text: str, today: date) -> DateRange | None:
    """The day, month or year that was typed; None for nothing. Raises NotADate.

    >>> today = date(2026, 11, 24)
    >>> {birth_date(t, today).first for t in ("12/3/1985", "12031985", "120385", "12 mars 1985", "1985-03-12")}
    {datetime.date(1985, 3, 12)}
    >>> birth_date("03/1985", today), birth_date("120326", today).first.year, birth_date("121226", today).first.year
    (DateRange(first=datetime.date(1985, 3, 1), last=datetime.date(1985, 3, 31)), 2026, 1926)
    """
    parts = _WORDS.findall(text.casefold())
    if not parts:
        if text.strip():
            raise NotADate(text)
        return None
    if len(parts) == 1 and parts[0].isdigit():
        parts = _together(parts[0])
    numbers = [_number(part) for part in parts]
    if len(parts[0]) == 4 and len(numbers) > 1:  # the year first, as machines write it
        numbers.reverse()
        parts = parts[::-1]
    if len(numbers) > 3:
        raise NotADate(text)
    year = _year(parts[-1], numbers, today)
    found = _range(year, numbers[-2] if len(numbers) > 1 else 0, numbers[0] if len(numbers) == 3 else 0)
    if found.first > today:
        raise NotADate(text)
    return found


def names(text: str) -> tuple[Text | None, Text | None]:
    """The beginnings of the family and of the given name: apart by a comma, or the last word is the given name's.

    >>> [tuple(part.value if part else "" for part in names(text)) for text in ("dha m", "le goff, jea", "dha")]
    [('dha', 'm'), ('le goff', 'jea'), ('dha', '')]
    """
    before, comma, after = text.strip().partition(",")
    if not comma:
        words = before.split()
        if len(words) > 1:
            before, after = " ".join(words[:-1]), words[-1]
    return _text(before), _text(after)


def _text(text: str) -> Text | None:
    return Text(text.strip()) if text.strip() else None


def _together(digits: str) -> list[str]:
    """Figures without separators: DDMMYYYY, DDMMYY, MMYYYY apart from DDMMYY by its century, YYYY."""
    if len(digits) == 8:
        return [digits[:2], digits[2:4], digits[4:]]
    if len(digits) == 6:
        return [digits[:2], digits[2:4], digits[4:]]
    if len(digits) == 4:
        return [digits]
    raise NotADate(digits)


def _number(part: str) -> int:
    if part.isascii() and part.isdigit() and len(part) <= _FIGURES_MAX:
        return int(part)
    if part not in _MONTH_NAMES:
        raise NotADate(part)
    return _MONTH_NAMES[part]


def _year(part: str, numbers: list[int], today: date) -> int:
    """A year of two figures is the latest that is not to come."""
    if len(part) == 4:
        return numbers[-1]
    if len(part) != 2 or len(numbers) < 3:
        raise NotADate(part)
    year = today.year - today.year % 100 + numbers[-1]
    return year - 100 if (year, numbers[1], numbers[0]) > (today.year, today.month, today.day) else year


def _range(year: int, month: int, day: int) -> DateRange:
    if year < _YEAR_MIN:
        raise NotADate(str(year))
    try:
        if day:
            one = date(year, month, day)
            return DateRange(one, one)
        if month:
            return DateRange(date(year, month, 1), date(year, month, monthrange(year, month)[1]))
        return DateRange(date(year, 1, 1), date(year, 12, 31))
    except (ValueError, IndexError) as error:
        raise NotADate(f"{day}/{month}/{year}") from error

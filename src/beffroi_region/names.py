"""Drawing names: the given names of a generation, the surnames of an origin, and the official spelling of both.

Every function takes a source of uniform numbers (0 to 1, excluded), so that the same seed draws the same names.
"""

import unicodedata
from bisect import bisect
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import accumulate

from beffroi.model.person import Sex
from beffroi_region.given_names import (
    COMPOSED_MEN,
    COMPOSED_SINCE,
    COMPOSED_WOMEN,
    ERAS,
    PERENNIAL_MEN,
    PERENNIAL_WOMEN,
    Era,
)
from beffroi_region.origins import ORIGINS, Origin
from beffroi_region.surnames import surname

Uniform = Callable[[], float]

# Names kept in their official spelling (count): a region's common names many times over, some 30 MB.
_OFFICIAL_CACHE_SIZE = 200_000
# Of newborns with a rare name since 1996, those whose parents composed it.
_COMPOSED_SHARE = 0.6
_LETTERS = str.maketrans({"Œ": "OE", "Æ": "AE", "ẞ": "SS", "Đ": "D", "Ł": "L", "Ø": "O", "’": "'"})

Table = tuple[tuple[str, ...], tuple[float, ...]]


@lru_cache(maxsize=_OFFICIAL_CACHE_SIZE)
def official(name: str) -> str:
    """`name` as the national identity service writes it: A to Z, space, hyphen and apostrophe.

    >>> official("Lœtitia-Anaïs"), official("D'Hondt"), official("Yıldırımoğlu"), official("Nguyễn")
    ('LOETITIA-ANAIS', "D'HONDT", 'YILDIRIMOGLU', 'NGUYEN')
    """
    if name.isascii():
        return name.upper()
    decomposed = unicodedata.normalize("NFD", name.upper().translate(_LETTERS))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _table(era: Era, names: tuple[str, ...], perennial: tuple[str, ...]) -> Table:
    head = [(rank + 3.0) ** -era.slope for rank in range(len(names))]
    scale = era.head_share / sum(head)
    rest = (1 - era.head_share) / len(perennial)
    shares = [weight * scale for weight in head] + [rest] * len(perennial)
    return names + perennial, tuple(accumulate(shares))


_STARTS = [era.first_year for era in ERAS]
_WOMEN = [_table(era, era.women, PERENNIAL_WOMEN) for era in ERAS]
_MEN = [_table(era, era.men, PERENNIAL_MEN) for era in ERAS]
_FIRST_PERENNIAL_WOMAN = [len(era.women) for era in ERAS]
_FIRST_PERENNIAL_MAN = [len(era.men) for era in ERAS]


def given_name(year: int, sex: Sex, uniform: Uniform) -> str:
    """A French given name of somebody of that sex born in `year`.

    >>> given_name(1950, Sex.MALE, lambda: 0.0), given_name(2020, Sex.FEMALE, lambda: 0.0)
    ('Jean', 'Jade')
    """
    era = max(bisect(_STARTS, year) - 1, 0)
    names, shares = (_WOMEN if sex is Sex.FEMALE else _MEN)[era]
    index = min(bisect(shares, uniform()), len(names) - 1)
    if year >= COMPOSED_SINCE:
        first = (_FIRST_PERENNIAL_WOMAN if sex is Sex.FEMALE else _FIRST_PERENNIAL_MAN)[era]
        if index >= first and uniform() < _COMPOSED_SHARE:
            starts, ends = COMPOSED_WOMEN if sex is Sex.FEMALE else COMPOSED_MEN
            return _picked(starts, uniform()) + _picked(ends, uniform())
    return names[index]


def french_surname(uniform: Uniform) -> str:
    """A surname with the frequencies of the country."""
    return surname(uniform())


def foreign_surname(origin: str, sex: Sex, uniform: Uniform) -> str:
    """A surname of that origin, in the form that its bearer's sex gives it.

    >>> foreign_surname("poland", Sex.FEMALE, lambda: 0.0)
    'Kowalska'
    """
    source = ORIGINS[origin]
    name = _one_surname(source, sex, uniform)
    if source.double and uniform() < _DOUBLE_SHARE:
        name = f"{name} {_one_surname(source, sex, uniform)}"
    return name


# Of Portuguese and Spanish surnames, those that French registers hold with both parts.
_DOUBLE_SHARE = 0.4
# Lists run from the most common down: a uniform number to this power favours the first as much as registers do.
_FAVOUR = 1.5


def _one_surname(source: Origin, sex: Sex, uniform: Uniform) -> str:
    stem = source.stems[int(len(source.stems) * uniform() ** _FAVOUR)]
    prefix = _picked(source.prefixes, uniform())
    ending = _picked((sex is Sex.FEMALE and source.endings_women) or source.endings, uniform())
    if prefix and prefix[-1].isalpha():
        stem = stem.lower()
    if ending and ending[0] in _VOWELS and stem[-1] in _VOWELS:
        stem = stem[:-1]
    return prefix + stem + ending if not (ending and stem.endswith(ending)) else prefix + stem


_VOWELS = "aeiouy"


def foreign_given_name(origin: str, sex: Sex, uniform: Uniform) -> str:
    """A given name of that origin."""
    source = ORIGINS[origin]
    names = source.women if sex is Sex.FEMALE else source.men
    return names[int(len(names) * uniform() ** _FAVOUR)]


def _picked(choices: Sequence[str], u: float) -> str:
    return choices[int(len(choices) * u)]

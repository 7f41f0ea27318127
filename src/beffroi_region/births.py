"""Births without repetition: where, when and of which sex person n was born, and the number of the birth there.

A permutation gives each person a rank. Ranks are divided among the birth places by their shares, within a place among
the years, within a year among the months and the sexes; what remains is the running number within that cell. So births
have their right frequencies, and the national number (sex, year, month, place, running number) belongs to one person,
without any table: the arithmetic is exact, on integers.

Source: form and key of the INS (standards 1.7).
"""

from bisect import bisect_right
from datetime import date
from itertools import accumulate
from math import isqrt
from random import Random

import msgspec

from beffroi.model.person import OID_INS_NIR_TEST, Ins, Sex
from beffroi_region.places import BIRTHPLACES

AGE_MAX = 99
"""Years. The national number tells two digits of the year: a centenarian's would be a newborn's."""
PSEUDO_MONTH = 30
"""Added to the month of a number that is not the birth's own: such months stand for incomplete civil status."""
_RESOLUTION = 1 << 24
_MONTHS = 12
_PRIME = (1 << 31) - 1
_ORDER_MAX = 999
# Shares of an age among a region's patients: from this age on, weight per year of age. Newborns come to hospital.
_WEIGHTS = ((0, 2.2), (1, 1.15), (15, 1.1), (30, 1.2), (60, 1.35), (76, 1.0), (86, 0.55), (93, 0.15))
_ADULT = 16
"""Years. Few of those born abroad came as children: below this age their weight is a quarter."""


class Birth(msgspec.Struct, frozen=True, gc=False):
    """`place` is an index of `places.BIRTHPLACES`; `order` the running number in that place, month and sex, from 0."""

    place: int
    year: int
    month: int
    sex: Sex
    order: int


def ins_key(number: str) -> int:
    """The two-digit key of a 13-character national number.

    >>> ins_key("297022A020778"), ins_key("2600588154002")
    (78, 33)
    """
    if number.isdecimal():
        return 97 - int(number) % 97
    shift = 1_000_000 if "A" in number else 2_000_000
    return 97 - (int(number.replace("A", "0").replace("B", "0")) - shift) % 97


def ins_of(birth: Birth, *, pseudo: bool = False) -> Ins:
    """The national number of this birth with its key, under the test authority and no other.

    `pseudo` makes another number for the same place, month and sex.
    """
    first = "2" if birth.sex is Sex.FEMALE else "1"
    month = birth.month + PSEUDO_MONTH if pseudo else birth.month
    order = birth.order % _ORDER_MAX + 1
    number = f"{first}{birth.year % 100:02}{month:02}{BIRTHPLACES[birth.place].place.cog}{order:03}"
    return Ins(f"{number}{ins_key(number):02}", OID_INS_NIR_TEST)


def twin_order(order: int, *, same_sex: bool) -> int:
    """The running number of a twin: from the top down, where single births do not come (up to some 3 million people).

    >>> twin_order(0, same_sex=True), twin_order(1, same_sex=False)
    (998, 995)
    """
    return (_ORDER_MAX - 1 - 2 * order - (not same_sex)) % _ORDER_MAX


def _weight(age: int, foreign: bool) -> float:
    weight = next(w for start, w in reversed(_WEIGHTS) if age >= start)
    return weight / 4 if foreign and age < _ADULT else weight


def _scaled(weights: list[float]) -> tuple[int, ...]:
    """Cumulated shares from 0 to `_RESOLUTION`."""
    total = sum(weights)
    return (0, *(round(_RESOLUTION * part / total) for part in accumulate(weights)))


class Births:
    """The births of `size` people, seen on the day `as_of`. Deterministic in its three arguments."""

    def __init__(self, size: int, seed: int, as_of: date) -> None:
        self.pairs = (size + 1) // 2
        self._as_of = as_of
        self._first_year = as_of.year - AGE_MAX
        ages = range(AGE_MAX, -1, -1)
        so_far = [1.0] * AGE_MAX + [as_of.month / _MONTHS]
        native = [_weight(age, False) * part for age, part in zip(ages, so_far, strict=True)]
        foreign = [_weight(age, True) * part for age, part in zip(ages, so_far, strict=True)]
        self._years = (_scaled(native), _scaled(foreign))
        cells = [place.share for place in BIRTHPLACES]
        self._starts = tuple(part * 2 * self.pairs // _RESOLUTION for part in _scaled(cells))
        self._foreign = tuple(int(place.place.cog.startswith("99")) for place in BIRTHPLACES)
        random = Random(f"births {seed}")
        self._offsets = tuple(random.randrange(_RESOLUTION) for _ in BIRTHPLACES)
        self._side = isqrt(self.pairs - 1) + 1
        self._keys = tuple(tuple(random.randrange(1, _PRIME) for _ in range(4)) for _ in range(2))

    def of(self, number: int) -> Birth:
        """The birth of person `number` (from 0)."""
        pair, side = divmod(number, 2)
        rank = 2 * self._shuffled(pair, self._keys[side]) + side
        place = bisect_right(self._starts, rank) - 1
        start = self._starts[place]
        return self._within(place, rank - start, self._starts[place + 1] - start)

    def _shuffled(self, index: int, keys: tuple[int, ...]) -> int:
        """A permutation of the pairs: rounds on the two digits of a square, walked on until it falls inside."""
        side = self._side
        a, b, c, d = keys
        while True:
            high, low = divmod(index, side)
            high = (high + (low * a + b) * (low + c) % _PRIME) % side
            low = (low + (high * c + d) * (high + a) % _PRIME) % side
            high = (high + (low * d + a) * (low + b) % _PRIME) % side
            index = high * side + low
            if index < self.pairs:
                return index

    def _within(self, place: int, rank: int, size: int) -> Birth:
        """The birth of that rank among the `size` births of a place. Exact: the ranks of a cell are consecutive."""
        offset = self._offsets[place]
        years = self._years[self._foreign[place]]
        index = bisect_right(years, (rank * _RESOLUTION + offset) // size) - 1
        first = max(0, -((offset - years[index] * size) // _RESOLUTION))
        rank -= first
        born = max(1, -((offset - years[index + 1] * size) // _RESOLUTION) - first)
        year = self._first_year + index
        parts = 2 * (self._as_of.month if year == self._as_of.year else _MONTHS)
        # A small cell starts anywhere among the parts of the year, or all its people would be born in January.
        turn = (offset >> 3) * 31 + index * 17
        part = (rank * parts + turn % parts) // born
        order = rank - max(0, -((turn % parts - part * born) // parts))
        return Birth(place, year, part // 2 + 1, Sex.FEMALE if part % 2 else Sex.MALE, order)

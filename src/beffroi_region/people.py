"""A synthetic population with a known truth: person n of (seed, size) is always the same, and can be made alone.

People come in pairs (2k, 2k + 1), which may be twins, a couple, a parent and a child, or homonyms. No number or address
is anybody's: phones are in blocks that the national plan gives to no subscriber, e-mail domains are those of RFC 2606,
and every INS bears the test OID.
"""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from random import Random

import msgspec

from beffroi.model.person import Address, Record, Sex
from beffroi_region.births import Birth, Births, twin_order
from beffroi_region.civil_status import Draft, by_age
from beffroi_region.names import Uniform, french_surname


class Tie(StrEnum):
    """What the two people of a pair are to each other."""

    NONE = "none"
    TWINS = "twins"
    COUPLE = "couple"
    PARENT_AND_CHILD = "parent and child"
    HOMONYMS = "homonyms"


class Person(msgspec.Struct, frozen=True, gc=False):
    """One human being. `record` is the truth, in the person's own spelling; its status says nothing.

    `town` is an index of `places.TOWNS`. `origin` is a key of `origins.ORIGINS`, or "france". `tie` is to the other
    person of the pair. What was true before stands in `previous_address` and `previous_phone`.
    """

    number: int
    record: Record
    town: int
    origin: str
    tie: Tie
    previous_address: Address | None = None
    previous_phone: str = ""


# Of all pairs. One birth in 60 is a twin birth, and it brings two people.
TWINS_SHARE = 0.017
# Beside the homonyms of chance (some 1 in 5,000 among 6 million people): families that hand names down and villages
# make more, and a small region should show some. With these, 1 in 2,000 shares name, given name and birth date.
HOMONYMS_SHARE = 0.0004
_COUPLE_SHARE, _SAME_SEX_SHARE, _COUPLE_GAP_MAX, _COUPLE_AGE_MIN = 0.75, 0.03, 11, 22
_PARENT_SHARE, _PARENT_GAP_MIN, _PARENT_GAP_MAX, _LEAVES_HOME = 0.55, 18, 42, 23
_WIFE_TAKES_NAME = ((0, 0.35), (35, 0.55), (50, 0.75), (65, 0.92))
_MOTHER_HAS_CHILDS_NAME, _CHILD_HAS_MOTHERS_NAME = 0.5, 0.15
_MINOR, _MOTHER_KNOWN_SHARE = 18, 0.8
_PHONE_AGE_MIN = 13


class People:
    """`size` people of `seed`, as they are on the day `as_of`. Iterating yields them in the order of their numbers."""

    def __init__(self, size: int, seed: int, as_of: date) -> None:
        self.size = size
        self.seed = seed
        self.as_of = as_of
        self._births = Births(size, seed, as_of)
        self._random = Random()
        self._uniform: Uniform = self._random.random

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[Person]:
        for number in range(0, self.size, 2):
            first, second = self.pair(number // 2)
            yield first
            if number + 1 < self.size:
                yield second

    def __getitem__(self, number: int) -> Person:
        if not 0 <= number < self.size:
            raise IndexError(number)
        return self.pair(number // 2)[number % 2]

    def pair(self, index: int) -> tuple[Person, Person]:
        """People 2 * index and 2 * index + 1. The second lies beyond the population when that is of odd size."""
        self._random.seed(self.seed << 40 | index << 1)
        one, other = self._births.of(2 * index), self._births.of(2 * index + 1)
        tie, other = self._tied(one, other)
        a = Draft(self._uniform, self.as_of, 2 * index, one)
        b = Draft(self._uniform, self.as_of, 2 * index + 1, other)
        _LIVES[tie](a, b, self._uniform)
        return _person(a, tie), _person(b, tie)

    def _tied(self, one: Birth, other: Birth) -> tuple[Tie, Birth]:
        """What the two are to each other, and the second one's birth where the tie decides it."""
        u = self._uniform()
        if u < TWINS_SHARE:
            order = twin_order(one.order, same_sex=other.sex is one.sex)
            return Tie.TWINS, Birth(one.place, one.year, one.month, other.sex, order)
        if u > 1 - HOMONYMS_SHARE:
            return Tie.HOMONYMS, Birth(other.place, one.year, one.month, one.sex, other.order)
        gap = abs(one.year - other.year)
        if gap <= _COUPLE_GAP_MAX and self.as_of.year - max(one.year, other.year) >= _COUPLE_AGE_MIN:
            share = _COUPLE_SHARE if one.sex is not other.sex else _SAME_SEX_SHARE
            return (Tie.COUPLE if u < share else Tie.NONE), other
        if _PARENT_GAP_MIN <= gap <= _PARENT_GAP_MAX and u < _PARENT_SHARE:
            return Tie.PARENT_AND_CHILD, other
        return Tie.NONE, other


def _person(draft: Draft, tie: Tie) -> Person:
    return Person(
        draft.number, draft.record(), draft.town, draft.origin, tie, draft.previous_address, draft.previous_phone
    )


def _strangers(a: Draft, b: Draft, uniform: Uniform) -> None:
    for draft in (a, b):
        draft.use_names()
        draft.settle()
        draft.get_phones()
        if draft.age < _MINOR:
            if uniform() < _MOTHER_KNOWN_SHARE:
                draft.mother = french_surname(uniform)
            draft.unname_if_just_born()


def _twins(a: Draft, b: Draft, uniform: Uniform) -> None:
    """Born together, to one mother, of one family name; with given names of their own."""
    b.family, b.origin, b.day, b.interpreted = a.family, a.origin, a.day, a.interpreted
    while b.given == a.given:
        b.rename(b.draw_given())
    _strangers(a, b, uniform)
    a.order, b.order = 1, 2
    a.mother = b.mother = a.mother or french_surname(uniform)
    if a.age < _LEAVES_HOME:
        _share_home(a, b)


def _homonyms(a: Draft, b: Draft, uniform: Uniform) -> None:
    """Two people of one name, birth date and sex, who have nothing else in common."""
    b.family, b.day, b.interpreted = a.family, a.day, a.interpreted
    b.rename(a.given)
    b.pseudo = True
    _strangers(a, b, uniform)


def _couple(a: Draft, b: Draft, uniform: Uniform) -> None:
    wife, husband = (a, b) if a.birth.sex is Sex.FEMALE else (b, a)
    if wife.birth.sex is not husband.birth.sex and uniform() < by_age(_WIFE_TAKES_NAME, wife.age):
        wife.take_name(husband.family)
    _settle_together(a, b)


def _parent_and_child(a: Draft, b: Draft, uniform: Uniform) -> None:
    parent, child = (a, b) if a.birth.year < b.birth.year else (b, a)
    if parent.birth.sex is Sex.MALE:
        child.family = parent.family
        child.mother = french_surname(uniform)
    else:
        child.mother = parent.family
        u = uniform()
        if u < _CHILD_HAS_MOTHERS_NAME:
            child.family = parent.family
        elif u < _MOTHER_HAS_CHILDS_NAME:
            parent.take_name(child.family)
    child.unname_if_just_born()
    if child.age < _LEAVES_HOME:
        _settle_together(parent, child)
        if child.age < _PHONE_AGE_MIN:
            child.mobile = parent.mobile
    else:
        for draft in (a, b):
            draft.settle()
            draft.get_phones()


def _settle_together(a: Draft, b: Draft) -> None:
    a.settle()
    a.get_phones()
    b.get_phones()
    _share_home(a, b)


def _share_home(a: Draft, b: Draft) -> None:
    b.town, b.address, b.previous_address = a.town, a.address, a.previous_address
    b.home_phone = a.home_phone


_LIVES = {
    Tie.NONE: _strangers,
    Tie.TWINS: _twins,
    Tie.HOMONYMS: _homonyms,
    Tie.COUPLE: _couple,
    Tie.PARENT_AND_CHILD: _parent_and_child,
}

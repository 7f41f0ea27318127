"""The civil status and contact details of one person, drafted trait by trait, then frozen into the true record.

Shares are round figures of common knowledge about France, each named where it stands.

Source: RNIV (traits, dates and places, standards 1.2, 1.6); RFC 2606 section 2 (e-mail domains).
"""

from bisect import bisect
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate

from beffroi.model.person import Address, Record, Sex, Telecom, TelecomKind
from beffroi_region.births import Birth, ins_of
from beffroi_region.names import (
    Uniform,
    foreign_given_name,
    foreign_surname,
    french_surname,
    given_name,
    official,
)
from beffroi_region.places import BIRTHPLACES, STREETS, TOWN_SHARES, TOWNS

# Of French-born people, those whose names come from elsewhere (a northern region: Poland and Italy for the mines).
_DESCENT = (
    ("maghreb", 0.055),
    ("poland", 0.03),
    ("belgium", 0.025),
    ("italy", 0.02),
    ("portugal", 0.014),
    ("spain", 0.01),
    ("overseas", 0.008),
    ("west_africa", 0.008),
    ("central_africa", 0.006),
    ("turkey", 0.006),
    ("vietnam", 0.003),
    ("germany", 0.003),
    ("levant", 0.002),
    ("china", 0.002),
    ("haiti", 0.002),
    ("tamil", 0.002),
    ("madagascar", 0.002),
)
_DESCENT_SHARES = tuple(accumulate(share for _, share in _DESCENT))
_KEEPS_GIVEN_NAMES = 0.45  # of those people, the ones whose given name comes from elsewhere too
_GIVEN_COUNTS = (0.18, 0.42, 0.88)  # cumulated shares of one, two and three given names; the others have four
_GODPARENTS_YEARS = 45  # second given names are those of an older generation
# Women by age: the share who use a husband's name, alone or with their own.
_USED_NAME = ((0, 0.0), (22, 0.15), (30, 0.4), (45, 0.6), (60, 0.8))
_DOUBLED_NAME_SHARE, _MAN_USES_NAME_SHARE, _USED_GIVEN_SHARE = 0.12, 0.015, 0.03
_DOUBLE_BIRTH_NAME_SINCE, _DOUBLE_BIRTH_NAME_SHARE = 2005, 0.09
_UNKNOWN_DAY_SHARE = 0.06  # of people born abroad: the day, or the day and the month, is not known
_UNREGISTERED_SHARE = 0.12  # of people born abroad: no national number yet
_UNNAMED_DAYS, _UNNAMED_SHARE, _REGISTRATION_DAYS = 4, 0.6, 8
_DEAD = ((0, 0.004), (60, 0.02), (75, 0.07), (85, 0.2), (92, 0.45))
_DEAD_DAYS_MAX = 700
_MOVED_SHARE, _NEW_PHONE_SHARE, _MOBILE_SHARE, _EMAIL_SHARE = 0.3, 0.25, 0.93, 0.7
_LANDLINE_SHARE, _LANDLINE_AGE_MIN = 0.55, 40
_PHONE_AGE_MIN, _EMAIL_AGES = 13, range(15, 80)
_MAILBOXES = ("courriel.example", "poste.example", "boite.example", "exemple.example", "example.net", "example.org")
_MINOR = 18
# Multiplier without a factor in common with a million: numbers that look unrelated, a different one for each person.
_PHONE_STEP, _PHONES = 618_033, 1_000_000


def by_age(table: tuple[tuple[int, float], ...], age: int) -> float:
    """The value of the last row whose age is not above `age`.

    >>> by_age(((0, 0.1), (60, 0.9)), 59)
    0.1
    """
    found = table[0][1]
    for start, value in table:
        if age < start:
            break
        found = value
    return found


class Draft:
    """One person in the making; every draw comes from `uniform`, in a fixed order."""

    __slots__ = (
        "_uniform",
        "address",
        "as_of",
        "birth",
        "day",
        "family",
        "given",
        "given_list",
        "home_phone",
        "interpreted",
        "mobile",
        "mother",
        "number",
        "order",
        "origin",
        "previous_address",
        "previous_phone",
        "pseudo",
        "town",
        "used_family",
        "used_given",
    )

    def __init__(self, uniform: Uniform, as_of: date, number: int, birth: Birth) -> None:
        self._uniform = uniform
        self.as_of = as_of
        self.number = number
        self.birth = birth
        self.pseudo = False
        self.order = 0
        self.mother = self.used_family = self.used_given = self.home_phone = self.mobile = self.previous_phone = ""
        self.previous_address: Address | None = None
        self.origin = self._origin()
        self.day, self.interpreted = self._birth_date()
        self.family = self._family()
        self.given = self._given()
        self.given_list = self._given_list()
        self.town = 0
        self.address = _NOWHERE

    @property
    def age(self) -> int:
        """Years, by the calendar year alone."""
        return self.as_of.year - self.birth.year

    def _origin(self) -> str:
        origin = BIRTHPLACES[self.birth.place].origin
        if origin == "france":
            index = bisect(_DESCENT_SHARES, self._uniform())
            if index < len(_DESCENT):
                return _DESCENT[index][0]
        return origin

    def _birth_date(self) -> tuple[date, bool]:
        """The date, and whether a part of it was filled in by rule (day unknown: the first; both: 31 December)."""
        year, month = self.birth.year, self.birth.month
        if BIRTHPLACES[self.birth.place].nationality and year < self.as_of.year:
            u = self._uniform()
            if u < _UNKNOWN_DAY_SHARE:
                return (date(year, 12, 31) if u < _UNKNOWN_DAY_SHARE / 2 else date(year, month, 1)), True
        days = 29 if month == _FEBRUARY and year % 4 == 0 and year != _NO_LEAP_YEAR else _DAYS[month]
        if year == self.as_of.year and month == self.as_of.month:
            days = self.as_of.day
        return date(year, month, 1 + int(days * self._uniform())), False

    def _family(self) -> str:
        if self.origin != "france":
            return foreign_surname(self.origin, self.birth.sex, self._uniform)
        name = french_surname(self._uniform)
        if self.birth.year >= _DOUBLE_BIRTH_NAME_SINCE and self._uniform() < _DOUBLE_BIRTH_NAME_SHARE:
            return f"{name} {french_surname(self._uniform)}"
        return name

    def _given(self) -> str:
        native = BIRTHPLACES[self.birth.place].origin == "france"
        if self.origin != "france" and (not native or self._uniform() < _KEEPS_GIVEN_NAMES):
            return foreign_given_name(self.origin, self.birth.sex, self._uniform)
        return given_name(self.birth.year, self.birth.sex, self._uniform)

    def _given_list(self) -> str:
        count = bisect(_GIVEN_COUNTS, self._uniform())
        if count == 0 or BIRTHPLACES[self.birth.place].origin != "france":
            return self.given
        older = self.birth.year - _GODPARENTS_YEARS
        others = [given_name(older, self.birth.sex, self._uniform) for _ in range(count)]
        return " ".join(dict.fromkeys((self.given, *others)))

    def rename(self, given: str) -> None:
        """Another first given name, at the head of the same list."""
        _, _, rest = self.given_list.partition(" ")
        self.given, self.given_list = given, f"{given} {rest}".strip()

    def draw_given(self) -> str:
        """Another given name for the same birth."""
        return self._given()

    def unname_if_just_born(self) -> None:
        """A newborn of the last days has, more often than not, no given name yet."""
        if (self.as_of - self.day).days < _UNNAMED_DAYS and self._uniform() < _UNNAMED_SHARE:
            self.given = self.given_list = ""

    def use_names(self) -> None:
        """The used names of somebody whose spouse, if any, lives elsewhere."""
        if self.birth.sex is Sex.FEMALE:
            if self._uniform() < by_age(_USED_NAME, self.age):
                self.take_name(french_surname(self._uniform))
        elif self.age >= _MINOR and self._uniform() < _MAN_USES_NAME_SHARE:
            self.take_name(french_surname(self._uniform))
        if self._uniform() < _USED_GIVEN_SHARE and " " in self.given_list:
            self.used_given = self.given_list.split(" ")[1]

    def take_name(self, spouse: str) -> None:
        """The spouse's name, alone or behind the own one."""
        self.used_family = f"{self.family}-{spouse}" if self._uniform() < _DOUBLED_NAME_SHARE else spouse

    def settle(self) -> None:
        """A home, and perhaps the one before."""
        self.town = min(bisect(TOWN_SHARES, self._uniform()), len(TOWNS) - 1)
        self.address = self._home(self.town)
        self.move()

    def move(self) -> None:
        """Perhaps a previous address."""
        if self._uniform() < _MOVED_SHARE:
            self.previous_address = self._home(min(bisect(TOWN_SHARES, self._uniform()), len(TOWNS) - 1))

    def _home(self, town: int) -> Address:
        u = self._uniform()
        street = STREETS[int(len(STREETS) * u)]
        place = TOWNS[town]
        # What is left of the number after the street was taken from it is as good as another one.
        house = 1 + int(140 * (u * len(STREETS) % 1) ** 2)
        return Address((f"{house} {street}",), place.name, place.postal_code, "FRA")

    def get_phones(self) -> None:
        """A mobile number of one's own; a landline in older households."""
        unique = self.number * _PHONE_STEP % _PHONES
        u = self._uniform()
        if self.age >= _PHONE_AGE_MIN and u < _MOBILE_SHARE:
            self.mobile = f"0700{unique:06}"
            if u < _NEW_PHONE_SHARE:
                self.previous_phone = f"0700{(unique + _PHONES // 2) % _PHONES:06}"
        if self.age >= _LANDLINE_AGE_MIN and self._uniform() < _LANDLINE_SHARE:
            self.home_phone = f"0300{unique:06}"

    def record(self) -> Record:
        """The truth about this person."""
        birthplace = BIRTHPLACES[self.birth.place]
        dead_at = self._death()
        return Record(
            birth_family=self.family,
            birth_given=self.given,
            birth_given_list=self.given_list,
            used_family=self.used_family,
            used_given=self.used_given,
            birth_date=self.day,
            birth_date_interpreted=self.interpreted,
            sex=self.birth.sex,
            birth_place=birthplace.place,
            birth_order=self.order,
            mother_birth_family=self.mother,
            nationality=birthplace.nationality or "FRA",
            deceased=dead_at is not None,
            deceased_at=dead_at,
            ins=ins_of(self.birth, pseudo=self.pseudo) if self._is_registered(birthplace.nationality) else None,
            telecoms=self._telecoms(),
            addresses=(self.address,),
        )

    def _is_registered(self, nationality: str) -> bool:
        if self.interpreted or (self.as_of - self.day).days < _REGISTRATION_DAYS:
            return False
        return not nationality or self._uniform() >= _UNREGISTERED_SHARE

    def _death(self) -> datetime | None:
        if self._uniform() >= by_age(_DEAD, self.age):
            return None
        noon = datetime(self.as_of.year, self.as_of.month, self.as_of.day, 12, tzinfo=UTC)
        alive = (self.as_of - self.day).days
        return noon - timedelta(days=int(min(alive, _DEAD_DAYS_MAX) * self._uniform()))

    def _telecoms(self) -> tuple[Telecom, ...]:
        found = []
        if self.mobile:
            found.append(Telecom(TelecomKind.PHONE, self.mobile, "mobile"))
        if self.home_phone:
            found.append(Telecom(TelecomKind.PHONE, self.home_phone, "home"))
        u = self._uniform()
        if self.age in _EMAIL_AGES and u < _EMAIL_SHARE:
            found.append(Telecom(TelecomKind.EMAIL, self._email(int(u * 10_000)), "home"))
        return tuple(found)

    def _email(self, digits: int) -> str:
        given = official(self.given).lower().replace(" ", "-").replace("'", "")
        family = official(self.used_family or self.family).lower().replace(" ", "-").replace("'", "")
        number = "" if digits % 3 == 0 else str(self.birth.year % 100 if digits % 3 == 1 else digits % 1000)
        return f"{given}.{family}{number}@{_MAILBOXES[digits % len(_MAILBOXES)]}"


_NOWHERE = Address()
_DAYS = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FEBRUARY, _NO_LEAP_YEAR = 2, 1900

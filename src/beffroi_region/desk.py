"""How one identity comes out of an admission desk: what is right, what is missing and what is wrong in it.

Source: RNIV statuses, attributes, dates and places (standards 1.3, 1.4, 1.6); shares are parameters [E].
"""

from bisect import bisect
from datetime import date

from beffroi.model.person import (
    Address,
    BirthPlace,
    IdentityAttribute,
    IdentityStatus,
    Record,
    Sex,
    Telecom,
    TelecomKind,
)
from beffroi_region.hospitals import Spelling
from beffroi_region.misspelling import misdated, mistyped, retranscribed_family, retranscribed_given
from beffroi_region.names import Uniform, official
from beffroi_region.people import Person, Tie
from beffroi_region.places import UNKNOWN_PLACE

_STATUSES = (
    IdentityStatus.QUALIFIED,
    IdentityStatus.RETRIEVED,
    IdentityStatus.VALIDATED,
    IdentityStatus.PROVISIONAL,
)
# Cumulated shares of those statuses: of people with a national number, without one, and of a second registration.
_WITH_INS = (0.56, 0.63, 0.76, 1.0)
_WITHOUT_INS = (0.0, 0.0, 0.38, 1.0)
_AGAIN = (0.0, 0.04, 0.08, 1.0)

# Of provisional identities:
_FAMILY_MISTYPED, _GIVEN_MISTYPED, _FAMILY_RESPELT, _GIVEN_RESPELT = 0.06, 0.05, 0.5, 0.5
_USED_NAME_AS_BIRTH_NAME, _NAMES_EXCHANGED, _COMPOUND_SHORTENED = 0.1, 0.004, 0.1
_LIST_MISSING, _MISDATED, _WRONG_SEX, _UNKNOWN_SEX = 0.55, 0.02, 0.004, 0.004
_PLACE_MISSING, _PLACE_UNKNOWN, _DOUBTFUL, _POTENTIAL_DUPLICATE = 0.15, 0.04, 0.012, 0.02
# Of all but qualified and retrieved ones:
_HYPHEN_LOST, _DATE_GUESSED = 0.25, 0.002
# Of all:
_USED_NAME_KEPT, _PHONE_KEPT, _EMAIL_KEPT, _PHONE_OLD, _ADDRESS_OLD, _ADDRESS_MISSING = 0.85, 0.88, 0.6, 0.3, 0.4, 0.05
_DEATH_KNOWN, _RESTRICTED, _HOMONYM_SEEN, _MOTHER_KEPT, _NATIONALITY_KEPT = 0.6, 0.004, 0.6, 0.7, 0.5

_OTHER_SCRIPTS = frozenset(
    {"maghreb", "levant", "russia", "ukraine", "georgia", "armenia", "serbia", "greece", "west_africa", "vietnam"}
)
_PLACEHOLDERS = ("", "", "BEBE", "NN", "NOUVEAU NE")
_FICTITIOUS = (("TEST", "FORMATION"), ("PATIENT", "ESSAI"), ("DEMO", "LOGICIEL"), ("ZZTEST", "RECETTE"))
_NO_PLACE = BirthPlace()


def seen_at_a_desk(person: Person, spelling: Spelling, uniform: Uniform, *, again: bool = False) -> Record:
    """What a hospital holds of `person`. `again`: a second registration by mistake, provisional more often than not."""
    truth = person.record
    shares = _AGAIN if again else _WITH_INS if truth.ins is not None else _WITHOUT_INS
    if again and truth.ins is None:
        shares = _WITHOUT_INS
    status = _STATUSES[bisect(shares, uniform())] if truth.birth_given else IdentityStatus.PROVISIONAL
    desk = _Desk(person, spelling, uniform)
    if status in (IdentityStatus.QUALIFIED, IdentityStatus.RETRIEVED):
        desk.copy_national_traits()
    elif status is IdentityStatus.VALIDATED:
        desk.copy_a_document()
    else:
        desk.hear()
    return desk.record(status)


class _Desk:
    """The traits of one identity as they are taken down."""

    __slots__ = (
        "_person",
        "_spelling",
        "_truth",
        "_uniform",
        "day",
        "family",
        "given",
        "given_list",
        "guessed",
        "place",
        "sex",
    )

    def __init__(self, person: Person, spelling: Spelling, uniform: Uniform) -> None:
        self._person = person
        self._truth = truth = person.record
        self._spelling = spelling
        self._uniform = uniform
        self.family, self.given, self.given_list = truth.birth_family, truth.birth_given, truth.birth_given_list
        self.day, self.guessed, self.sex, self.place = (
            truth.birth_date,
            truth.birth_date_interpreted,
            truth.sex,
            truth.birth_place,
        )

    def copy_national_traits(self) -> None:
        """As the national service returns them."""
        self.family, self.given, self.given_list = (
            official(self.family),
            official(self.given),
            official(self.given_list),
        )

    def copy_a_document(self) -> None:
        """As a document shows them, in the hospital's spelling."""
        self._spell()

    def hear(self) -> None:
        """As somebody says them, a queue behind."""
        uniform = self._uniform
        if not self.given:
            self.given = _PLACEHOLDERS[int(len(_PLACEHOLDERS) * uniform())]
        else:
            self._mishear_names()
        if uniform() < _LIST_MISSING:
            self.given_list = ""
        self._mistake_birth()
        self._spell()

    def _mishear_names(self) -> None:
        uniform, truth = self._uniform, self._truth
        if truth.used_family and uniform() < _USED_NAME_AS_BIRTH_NAME:
            self.family = truth.used_family
        if self._person.origin in _OTHER_SCRIPTS:
            if uniform() < _FAMILY_RESPELT:
                self.family = retranscribed_family(self.family, uniform)
            if uniform() < _GIVEN_RESPELT:
                self._say(retranscribed_given(self.given, uniform))
        if uniform() < _FAMILY_MISTYPED:
            self.family = mistyped(self.family, uniform)
        if uniform() < _GIVEN_MISTYPED:
            self._say(mistyped(self.given, uniform))
        if "-" in self.given and uniform() < _COMPOUND_SHORTENED:
            self._say(self.given.partition("-")[0])
        if uniform() < _NAMES_EXCHANGED:
            self.family, self.given, self.given_list = self.given, self.family, ""

    def _say(self, given: str) -> None:
        """Another first given name, in the list too."""
        self.given_list = given + self.given_list[len(self.given) :]
        self.given = given

    def _mistake_birth(self) -> None:
        uniform = self._uniform
        if self.day is not None and not self.guessed:
            u = uniform()
            if u < _MISDATED:
                self.day = misdated(self.day, uniform)
            elif u > 1 - _DATE_GUESSED:
                self.day, self.guessed = date(self.day.year, 12, 31), True
        u = uniform()
        if u < _WRONG_SEX:
            self.sex = Sex.MALE if self.sex is Sex.FEMALE else Sex.FEMALE
        elif u > 1 - _UNKNOWN_SEX:
            self.sex = Sex.UNKNOWN
        u = uniform()
        if u < _PLACE_MISSING:
            self.place = _NO_PLACE
        elif u > 1 - _PLACE_UNKNOWN:
            self.place = UNKNOWN_PLACE

    def _spell(self) -> None:
        self.family, self.given, self.given_list = (
            self._spelt(self.family),
            self._spelt(self.given),
            self._spelt(self.given_list),
        )

    def _spelt(self, name: str) -> str:
        if self._spelling is Spelling.AS_SAID:
            return name
        name = official(name)
        if self._spelling is Spelling.CAPITALS_WITHOUT_HYPHENS and "-" in name and self._uniform() < _HYPHEN_LOST:
            return name.replace("-", " ")
        return name

    def record(self, status: IdentityStatus) -> Record:
        """Everything that this hospital holds."""
        uniform, truth = self._uniform, self._truth
        used = truth.used_family if truth.used_family and uniform() < _USED_NAME_KEPT else ""
        dead = truth.deceased and uniform() < _DEATH_KNOWN
        return Record(
            birth_family=self.family,
            birth_given=self.given,
            birth_given_list=self.given_list,
            used_family=self._spelt(used) if used else "",
            used_given=self._spelt(truth.used_given) if truth.used_given else "",
            birth_date=self.day,
            birth_date_interpreted=self.guessed,
            sex=self.sex,
            birth_place=self.place,
            birth_order=truth.birth_order,
            mother_birth_family=self._mother(),
            nationality=truth.nationality if uniform() < _NATIONALITY_KEPT else "",
            deceased=dead,
            deceased_at=truth.deceased_at if dead else None,
            status=status,
            attributes=self._attributes(status),
            restricted=uniform() < _RESTRICTED,
            ins=truth.ins if status is IdentityStatus.QUALIFIED else None,
            telecoms=self._telecoms(),
            addresses=self._addresses(),
        )

    def _mother(self) -> str:
        name = self._truth.mother_birth_family
        return self._spelt(name) if name and self._uniform() < _MOTHER_KEPT else ""

    def _attributes(self, status: IdentityStatus) -> tuple[IdentityAttribute, ...]:
        found = []
        if self._person.tie is Tie.HOMONYMS and self._uniform() < _HOMONYM_SEEN:
            found.append(IdentityAttribute.HOMONYM)
        if not self._truth.birth_given:
            found.append(IdentityAttribute.UNNAMED_NEWBORN)
        if status is IdentityStatus.PROVISIONAL:
            u = self._uniform()
            if u < _DOUBTFUL:
                found.append(IdentityAttribute.DOUBTFUL)
            elif u > 1 - _POTENTIAL_DUPLICATE:
                found.append(IdentityAttribute.POTENTIAL_DUPLICATE)
        return tuple(sorted(found)) if found else ()

    def _telecoms(self) -> tuple[Telecom, ...]:
        found = []
        for telecom in self._truth.telecoms:
            u = self._uniform()
            if u > (_EMAIL_KEPT if telecom.kind is TelecomKind.EMAIL else _PHONE_KEPT):
                continue
            if telecom.kind is TelecomKind.PHONE:
                number = telecom.value
                if telecom.use == "mobile" and self._person.previous_phone and u < _PHONE_OLD:
                    number = self._person.previous_phone
                if number is not telecom.value or self._spelling is Spelling.AS_SAID:
                    telecom = Telecom(TelecomKind.PHONE, self._dialled(number), telecom.use)
            found.append(telecom)
        return tuple(found)

    def _dialled(self, number: str) -> str:
        if self._spelling is Spelling.AS_SAID:
            return f"{number[:2]} {number[2:4]} {number[4:6]} {number[6:8]} {number[8:]}"
        return number

    def _addresses(self) -> tuple[Address, ...]:
        u = self._uniform()
        if u < _ADDRESS_MISSING:
            return ()
        if self._person.previous_address is not None and u < _ADDRESS_OLD:
            return (self._person.previous_address,)
        return self._truth.addresses


def fictitious(uniform: Uniform, as_of: date) -> Record:
    """A record that a hospital made for a test or a training: nobody's."""
    family, given = _FICTITIOUS[int(len(_FICTITIOUS) * uniform())]
    return Record(
        birth_family=family,
        birth_given=given,
        birth_date=date(as_of.year - 1 - int(80 * uniform()), 1, 1),
        sex=Sex.FEMALE if uniform() < 0.5 else Sex.MALE,
        status=IdentityStatus.PROVISIONAL,
        attributes=(IdentityAttribute.FICTITIOUS,),
    )


def unidentified(truth: Record, uniform: Uniform, as_of: date) -> Record:
    """What is written down of somebody who cannot say a name: a number for a name, and an age at a guess."""
    born = truth.birth_date.year if truth.birth_date else as_of.year
    year = min(max(born + int(10 * uniform()) - 5, as_of.year - 100), as_of.year - 1)
    return Record(
        birth_family=f"INCONNU {int(10_000 * uniform()):04}",
        birth_given="X",
        birth_date=date(year, 12, 31),
        birth_date_interpreted=True,
        sex=truth.sex,
        status=IdentityStatus.PROVISIONAL,
        attributes=(IdentityAttribute.ANONYMOUS,),
    )

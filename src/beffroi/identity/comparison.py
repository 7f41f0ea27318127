"""Two identities side by side: which traits agree, which contradict, and what keeps the two from being joined.

It judges nobody: the rules that join are `identity.matching`'s, and what a contradiction means a person decides.
Source: RNIV 1 v2.0 (strict traits; EXI SI 07, EXI ID 24).
"""

from dataclasses import dataclass
from enum import StrEnum

from beffroi.identity.normalise import name_key
from beffroi.identity.status import carried_ins, is_checked, is_uncertain
from beffroi.model.person import COG_UNKNOWN, Record, Sex


class Trait(StrEnum):
    """What is compared, in the order in which people read it."""

    FAMILY = "family"
    GIVEN = "given"
    BORN = "born"
    SEX = "sex"
    PLACE = "place"
    INS = "ins"


class Agreement(StrEnum):
    """How two values of a trait stand to each other. Only the values that differ contradict."""

    SAME = "same"
    CLOSE = "close"  # one says more than the other: a list of first names, and the first of them
    DIFFERENT = "different"
    UNKNOWN = "unknown"  # at least one does not say


class Remark(StrEnum):
    """What is usual about a difference, and says where to look."""

    NONE = ""
    MORE_NAMES = "more_names"
    NAME_IN_USE = "name_in_use"  # the birth name of one is the name in use of the other
    EXCHANGED = "exchanged"  # day and month of the birth date
    NAMES_EXCHANGED = "names_exchanged"  # the family name of one is the given name of the other


class Obstacle(StrEnum):
    """Why two identities are not joined by themselves."""

    NOT_CHECKED = "not_checked"
    IN_DOUBT = "in_doubt"
    TRAITS = "traits"
    INCOMPLETE = "incomplete"
    OTHER_INS = "other_ins"


@dataclass(frozen=True, slots=True)
class Compared:
    """One trait of two identities."""

    trait: Trait
    agreement: Agreement
    remark: Remark = Remark.NONE


STRICT = (Trait.FAMILY, Trait.GIVEN, Trait.BORN, Trait.SEX, Trait.PLACE)


def compared(one: Record, other: Record, traits: tuple[Trait, ...] = tuple(Trait)) -> tuple[Compared, ...]:
    """Each of these traits, compared.

    >>> found = compared(Record(birth_family="LE GOFF", sex=Sex.MALE), Record(birth_family="Le Goff", sex=Sex.FEMALE))
    >>> [str(trait.agreement) for trait in found]
    ['same', 'unknown', 'unknown', 'different', 'unknown', 'unknown']
    """
    return tuple(_COMPARE[trait](one, other) for trait in traits)


def obstacles(one: Record, other: Record) -> tuple[Obstacle, ...]:
    """What stands between two identities, by the rules of `identity.matching`; empty when nothing of their own does.

    >>> obstacles(Record(), Record())
    (<Obstacle.NOT_CHECKED: 'not_checked'>, <Obstacle.INCOMPLETE: 'incomplete'>)
    """
    traits = compared(one, other, STRICT)
    ins, other_ins = carried_ins(one), carried_ins(other)
    found = {
        Obstacle.NOT_CHECKED: not (is_checked(one) and is_checked(other)),
        Obstacle.IN_DOUBT: is_uncertain(one) or is_uncertain(other),
        Obstacle.TRAITS: any(t.agreement in (Agreement.DIFFERENT, Agreement.CLOSE) for t in traits),
        Obstacle.INCOMPLETE: any(t.agreement is Agreement.UNKNOWN for t in traits),
        Obstacle.OTHER_INS: ins is not None and other_ins is not None and ins != other_ins,
    }
    return tuple(obstacle for obstacle, stands in found.items() if stands)


def _texts(trait: Trait, one: str, other: str) -> Compared:
    if not one or not other:
        return Compared(trait, Agreement.UNKNOWN)
    return Compared(trait, Agreement.SAME if one == other else Agreement.DIFFERENT)


def _family(one: Record, other: Record) -> Compared:
    a, b = name_key(one.birth_family), name_key(other.birth_family)
    found = _texts(Trait.FAMILY, a, b)
    if found.agreement is not Agreement.DIFFERENT:
        return found
    if a == name_key(other.used_family) or b == name_key(one.used_family):
        return Compared(Trait.FAMILY, Agreement.DIFFERENT, Remark.NAME_IN_USE)
    if a == name_key(other.birth_given) and b == name_key(one.birth_given):
        return Compared(Trait.FAMILY, Agreement.DIFFERENT, Remark.NAMES_EXCHANGED)
    return found


def _given(one: Record, other: Record) -> Compared:
    a, b = (name_key(r.birth_given_list) or name_key(r.birth_given) for r in (one, other))
    found = _texts(Trait.GIVEN, a, b)
    if found.agreement is Agreement.DIFFERENT and (a.startswith(b) or b.startswith(a)):
        return Compared(Trait.GIVEN, Agreement.CLOSE, Remark.MORE_NAMES)
    return found


def _born(one: Record, other: Record) -> Compared:
    a, b = one.birth_date, other.birth_date
    found = _texts(Trait.BORN, a.isoformat() if a else "", b.isoformat() if b else "")
    if a and b and found.agreement is Agreement.DIFFERENT and (a.year, a.month, a.day) == (b.year, b.day, b.month):
        return Compared(Trait.BORN, Agreement.DIFFERENT, Remark.EXCHANGED)
    return found


def _sex(one: Record, other: Record) -> Compared:
    return _texts(Trait.SEX, *("" if r.sex is Sex.UNKNOWN else r.sex.value for r in (one, other)))


def _place(one: Record, other: Record) -> Compared:
    codes = (r.birth_place.cog.strip().upper() for r in (one, other))
    return _texts(Trait.PLACE, *("" if code == COG_UNKNOWN else code for code in codes))


def _ins(one: Record, other: Record) -> Compared:
    return _texts(Trait.INS, *(r.ins.key if r.ins else "" for r in (one, other)))


_COMPARE = {
    Trait.FAMILY: _family,
    Trait.GIVEN: _given,
    Trait.BORN: _born,
    Trait.SEX: _sex,
    Trait.PLACE: _place,
    Trait.INS: _ins,
}

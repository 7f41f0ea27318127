"""Which look-up answers a search, and how much it must say before bystanders may appear.

With 6 million people one birth date has about 190 holders. A list therefore shows the people whom the asker's
hospital explains; others only when the asker already names them: the full birth date, three letters of the family
name and the first of the given name, or a full identifier (architecture, the watch, *what counts*).
"""

from dataclasses import dataclass, replace
from enum import Enum, auto

from beffroi.errors import InvalidValue, TooBroad, Words
from beffroi.identity.normalise import contact_key, name_key
from beffroi.model.search import Criteria, DateRange, IdentifierToken, Text

FAMILY_LETTERS_FULL = 3
GIVEN_LETTERS_FULL = 1
FAMILY_LETTERS_ALONE_MIN = 2
"""Without a birth date: two letters select at most the explained people of one hospital."""

_LAST_KEY = "~"  # sorts after every letter and digit of a key

_NO_LETTER = Words("it has no letter", "aucune lettre")
_NO_TELECOM = Words(
    "it is neither a telephone number nor an e-mail address", "ni un numéro de téléphone, ni une adresse électronique"
)
_ADD_TO_SELECT = Words(
    f"the full birth date, or at least {FAMILY_LETTERS_ALONE_MIN} letters of the family name",
    f"la date de naissance complète, ou au moins {FAMILY_LETTERS_ALONE_MIN} lettres du nom",
)


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Keys k with `low` <= k < `high`, in C collation."""

    low: str
    high: str


EVERY_KEY = KeyRange("", _LAST_KEY)


class Block(Enum):
    """The look-ups that the store knows."""

    REFERENCE = auto()
    IDENTIFIER = auto()
    BIRTH_AND_NAMES = auto()
    EXPLAINED_BY_BIRTH = auto()
    EXPLAINED_BY_FAMILY = auto()
    EXPLAINED_BY_TELECOM = auto()


@dataclass(frozen=True, slots=True)
class Plan:
    """One look-up with its ranges. `missing` names what to add for others to appear; empty when nothing is."""

    block: Block
    birth_date: DateRange | None = None
    family: KeyRange = EVERY_KEY
    given: KeyRange = EVERY_KEY
    identifiers: tuple[IdentifierToken, ...] = ()
    telecom: str = ""
    reference: str = ""
    missing: tuple[str, ...] = ()


def key_range(text: Text | None) -> KeyRange:
    """The range of keys that begin with a text (or equal it, when exact).

    >>> key_range(Text("Le Go"))
    KeyRange(low='LEGO', high='LEGP')
    >>> key_range(Text("Le Goff", exact=True))
    KeyRange(low='LEGOFF', high='LEGOFF!')
    """
    if text is None:
        return EVERY_KEY
    key = name_key(text.value)
    if not key:
        return EVERY_KEY
    if text.exact:
        return KeyRange(key, key + "!")
    return KeyRange(key, key[:-1] + chr(ord(key[-1]) + 1))


def plan(criteria: Criteria) -> Plan:
    """The look-up for these criteria; raises `TooBroad` naming what to add, `InvalidValue` for a name without letters.

    Sex, address, mother's name, activity and date of update narrow; they never select (law 3).

    >>> from datetime import date
    >>> day = DateRange(date(1980, 5, 17), date(1980, 5, 17))
    >>> plan(Criteria(birth_date=day, family=Text("Mar"), given=Text("L"))).block
    <Block.BIRTH_AND_NAMES: 3>
    >>> plan(Criteria(birth_date=day, family=Text("Ma"))).missing
    ('family:3', 'given:1')
    """
    _refuse_empty_names(criteria)
    telecom = _telecom_key(criteria.telecom)
    if criteria.reference:
        return Plan(Block.REFERENCE, reference=criteria.reference)
    if criteria.identifiers:
        return Plan(Block.IDENTIFIER, identifiers=criteria.identifiers)
    family, given = key_range(criteria.family), key_range(criteria.given)
    missing = _missing(criteria.birth_date, family, given)
    if criteria.birth_date is not None and criteria.birth_date.is_day:
        block = Block.EXPLAINED_BY_BIRTH if missing else Block.BIRTH_AND_NAMES
        return Plan(block, criteria.birth_date, family, given, missing=missing)
    if len(family.low) >= FAMILY_LETTERS_ALONE_MIN:
        return Plan(Block.EXPLAINED_BY_FAMILY, criteria.birth_date, family, given, missing=missing)
    if telecom:
        return Plan(Block.EXPLAINED_BY_TELECOM, criteria.birth_date, family, given, telecom=telecom, missing=missing)
    raise TooBroad(add=_ADD_TO_SELECT)


def widen(full: Plan) -> Plan:
    """The plan that looks at everybody whom a sample may resemble: the letters that a full search needs, no more.

    >>> from datetime import date
    >>> day = DateRange(date(1980, 5, 17), date(1980, 5, 17))
    >>> widen(plan(Criteria(birth_date=day, family=Text("Martin"), given=Text("Louise")))).family
    KeyRange(low='MAR', high='MAS')
    """
    if full.block is not Block.BIRTH_AND_NAMES:
        return full
    family = key_range(Text(full.family.low[:FAMILY_LETTERS_FULL]))
    return replace(full, family=family, given=key_range(Text(full.given.low[:GIVEN_LETTERS_FULL])))


def _refuse_empty_names(criteria: Criteria) -> None:
    for what, text in (("family", criteria.family), ("given", criteria.given)):
        if text is not None and not name_key(text.value):
            raise InvalidValue(what=what, why=_NO_LETTER)


def _telecom_key(telecom: str) -> str:
    key = contact_key(telecom)
    if telecom and not key:
        raise InvalidValue(what="telecom", why=_NO_TELECOM)
    return key


def _missing(birth_date: DateRange | None, family: KeyRange, given: KeyRange) -> tuple[str, ...]:
    missing = []
    if birth_date is None or not birth_date.is_day:
        missing.append("birthdate")
    if len(family.low) < FAMILY_LETTERS_FULL:
        missing.append(f"family:{FAMILY_LETTERS_FULL}")
    if len(given.low) < GIVEN_LETTERS_FULL:
        missing.append(f"given:{GIVEN_LETTERS_FULL}")
    return tuple(missing)

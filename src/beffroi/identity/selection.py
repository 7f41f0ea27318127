"""Does a record hold the criteria that narrow a search? And how well does it match a sample?"""

from collections.abc import Iterable
from datetime import date

from beffroi.identity.blocking import Block
from beffroi.identity.normalise import contact_key, name_key, search_keys
from beffroi.model.disclosure import Field
from beffroi.model.person import Address, Record
from beffroi.model.search import Criteria, Text

CERTAIN, PROBABLE, POSSIBLE = "certain", "probable", "possible"
_SCORES = {CERTAIN: 1.0, PROBABLE: 0.8, POSSIBLE: 0.5}


_BY_NUMBER = frozenset({Block.REFERENCE, Block.IDENTIFIER, Block.EXPLAINED_BY_TELECOM})
"""Look-ups that heed neither names nor birth date."""


def narrows(criteria: Criteria, block: Block) -> bool:
    """True when some criterion is not decided by the look-up itself, so that `holds` must be asked.

    >>> narrows(Criteria(family=Text("Mar")), Block.IDENTIFIER), narrows(Criteria(family=Text("Mar")), Block.REFERENCE)
    (True, True)
    >>> narrows(Criteria(family=Text("Mar")), Block.EXPLAINED_BY_FAMILY)
    False
    """
    exact = (criteria.family is not None and criteria.family.exact) or (
        criteria.given is not None and criteria.given.exact
    )
    if exact or criteria.besides or (criteria.telecom and block is not Block.EXPLAINED_BY_TELECOM):
        return True
    if block in _BY_NUMBER and (criteria.family or criteria.given or criteria.birth_date):
        return True
    return any(
        value is not None
        for value in (
            criteria.sex,
            criteria.active,
            criteria.updated_since,
            criteria.updated_until,
            criteria.mother_birth_family,
            *(text for text, _ in _address_texts(criteria, Address())),
        )
    )


def of_protected(criteria: Criteria, released: Field) -> Criteria:
    """The criteria that may narrow to somebody under protected access, of whom `released` is all that may be told.

    Any other one would tell by a match what is withheld.

    >>> of_protected(Criteria(telecom="0612345678"), Field.BIRTH_NAME) == Criteria()
    True
    """
    named, born = Field.BIRTH_NAME in released, Field.BIRTH_DATE in released
    return Criteria(
        family=criteria.family if named else None,
        given=criteria.given if named else None,
        birth_date=criteria.birth_date if born else None,
        active=criteria.active,
        besides=tuple(of_protected(one, released) for one in criteria.besides),
        alternatives=tuple(of_protected(one, released) for one in criteria.alternatives),
    )


def holds(record: Record, updated_on: date | None, criteria: Criteria) -> bool:
    """True when an active identity's record holds every narrowing criterion.

    >>> holds(Record(birth_family="Müller"), None, Criteria(family=Text("MULLER", exact=True)))
    False
    """
    if criteria.active is False or (criteria.sex is not None and record.sex is not criteria.sex):
        return False
    if not _updated(updated_on, criteria):
        return False
    if not all(any(holds(record, updated_on, x) for x in (one, *one.alternatives)) for one in criteria.besides):
        return False
    if not _exact(criteria.family, (record.birth_family, record.used_family)):
        return False
    if not _exact(criteria.given, (record.birth_given, record.used_given)):
        return False
    if not _text(criteria.mother_birth_family, record.mother_birth_family):
        return False
    return _traits(record, criteria) and _address(record.addresses, criteria)


def _updated(on: date | None, criteria: Criteria) -> bool:
    first, last = criteria.updated_since, criteria.updated_until
    if first is None and last is None:
        return True
    return on is not None and (first is None or on >= first) and (last is None or on <= last)


def _traits(record: Record, criteria: Criteria) -> bool:
    """Names, birth date and contact as the look-ups compare them: by their search keys."""
    born, keys = criteria.birth_date, search_keys(record)
    if born is not None and (record.birth_date is None or not born.first <= record.birth_date <= born.last):
        return False
    if criteria.telecom and contact_key(criteria.telecom) not in keys.contact_keys:
        return False
    family = _begins(criteria.family, (keys.family_key, keys.used_key))
    return family and _begins(criteria.given, (keys.given_key, keys.used_given_key))


def _begins(text: Text | None, keys: tuple[str | None, ...]) -> bool:
    """Whether some key begins with the text's. An exact text is compared as written besides (`_exact`)."""
    if text is None:
        return True
    asked = name_key(text.value)
    return any(key is not None and key.startswith(asked) for key in keys)


def _exact(text: Text | None, values: tuple[str, ...]) -> bool:
    return text is None or not text.exact or text.value in values


def _text(text: Text | None, value: str) -> bool:
    if text is None:
        return True
    return value == text.value if text.exact else name_key(value).startswith(name_key(text.value))


def _address_texts(criteria: Criteria, address: Address) -> tuple[tuple[Text | None, str], ...]:
    return (
        (criteria.address_city, address.city),
        (criteria.address_postal_code, address.postal_code),
        (criteria.address_country, address.country),
        (criteria.address_state, ""),
        (criteria.address, ""),
    )


def _address(addresses: tuple[Address, ...], criteria: Criteria) -> bool:
    if all(text is None for text, _ in _address_texts(criteria, Address())):
        return True
    return any(_one_address(address, criteria) for address in addresses)


def _one_address(address: Address, criteria: Criteria) -> bool:
    anywhere = (*address.lines, address.city, address.postal_code, address.country)
    if criteria.address is not None and not any(_text(criteria.address, part) for part in anywhere):
        return False
    return all(_text(text, value) for text, value in _address_texts(criteria, address)[:4])


def grade(record: Record, sample: Criteria) -> str:
    """FHIR's match-grade of one record for a sample whose birth date the look-up has already matched.

    Certain: the family name (birth or used) and the given name are equal once normalised and the sex does not differ.
    Probable: one begins with the other. Possible: the rest.

    >>> grade(Record(birth_family="Le Goff", birth_given="Anne"), Criteria(family=Text("LE GOFF"), given=Text("anne")))
    'certain'
    """
    family = _agreement(sample.family, (record.birth_family, record.used_family))
    given = _agreement(sample.given, (record.birth_given, record.used_given))
    if sample.sex is not None and record.sex is not sample.sex:
        return POSSIBLE
    return (POSSIBLE, PROBABLE, CERTAIN)[min(family, given)]


def best_grade(records: Iterable[Record], sample: Criteria) -> str:
    """The best grade among several records of one person."""
    grades = {grade(record, sample) for record in records}
    return next(g for g in (CERTAIN, PROBABLE, POSSIBLE) if g in grades)


def score(match_grade: str) -> float:
    """The number that goes with a grade, 0 to 1."""
    return _SCORES[match_grade]


def _agreement(text: Text | None, values: tuple[str, ...]) -> int:
    if text is None:
        return 0
    asked = name_key(text.value)
    keys = [key for key in map(name_key, values) if key]
    if asked in keys:
        return 2
    return 1 if any(key.startswith(asked) or asked.startswith(key) for key in keys) else 0

"""Does a record hold the criteria that narrow a search? And how well does it match a sample?"""

from collections.abc import Iterable
from datetime import date

from beffroi.identity.normalise import name_key
from beffroi.model.person import Address, Record
from beffroi.model.search import Criteria, Text

CERTAIN, PROBABLE, POSSIBLE = "certain", "probable", "possible"
_SCORES = {CERTAIN: 1.0, PROBABLE: 0.8, POSSIBLE: 0.5}


def narrows(criteria: Criteria) -> bool:
    """True when some criterion is not decided by the look-up itself, so that `holds` must be asked."""
    exact = (criteria.family is not None and criteria.family.exact) or (
        criteria.given is not None and criteria.given.exact
    )
    return exact or any(
        value is not None
        for value in (
            criteria.sex,
            criteria.active,
            criteria.updated_since,
            criteria.mother_birth_family,
            *(text for text, _ in _address_texts(criteria, Address())),
        )
    )


def holds(record: Record, updated_on: date | None, criteria: Criteria) -> bool:
    """True when an active identity's record holds every narrowing criterion.

    >>> holds(Record(birth_family="Müller"), None, Criteria(family=Text("MULLER", exact=True)))
    False
    """
    if criteria.active is False or (criteria.sex is not None and record.sex is not criteria.sex):
        return False
    if criteria.updated_since is not None and (updated_on is None or updated_on < criteria.updated_since):
        return False
    if not _exact(criteria.family, (record.birth_family, record.used_family)):
        return False
    if not _exact(criteria.given, (record.birth_given, record.used_given)):
        return False
    if not _text(criteria.mother_birth_family, record.mother_birth_family):
        return False
    return _address(record.addresses, criteria)


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

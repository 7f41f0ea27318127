"""What may be asked of the identities, in one vocabulary for FHIR, PDQ and the console."""

from datetime import date

import msgspec

from beffroi.model.person import Sex


class DateRange(msgspec.Struct, frozen=True):
    """Both ends included. A full birth date has the same day at both ends."""

    first: date
    last: date

    @property
    def is_day(self) -> bool:
        """True for one single day.

        >>> DateRange(date(1980, 1, 1), date(1980, 12, 31)).is_day
        False
        """
        return self.first == self.last


class Text(msgspec.Struct, frozen=True):
    """A string criterion: by prefix, accents and separators ignored, or as written when `exact`."""

    value: str
    exact: bool = False


class IdentifierToken(msgspec.Struct, frozen=True):
    """`system` is an OID without its urn:oid: prefix, or a URI; empty when the asker named none."""

    system: str
    value: str


class Criteria(msgspec.Struct, frozen=True, omit_defaults=True):
    """All given criteria must hold. `identifiers` is a list of alternatives.

    `reference` is a patient's public reference (FHIR `_id`). `domains` are the assigning authorities (OIDs) whose
    identifiers the asker wants back; empty means no restriction. `count` is the page that the asker would like, None
    for the server's own limit; `after` the last person of the page before.

    Each of `alternatives` is a whole search of its own, whose people are found too (FHIR's comma). Each of `besides`
    must hold too, or one of its alternatives (a parameter that comes twice); it narrows and never selects.
    """

    reference: str = ""
    family: Text | None = None
    given: Text | None = None
    birth_date: DateRange | None = None
    sex: Sex | None = None
    identifiers: tuple[IdentifierToken, ...] = ()
    telecom: str = ""
    address: Text | None = None
    address_city: Text | None = None
    address_postal_code: Text | None = None
    address_state: Text | None = None
    address_country: Text | None = None
    mother_birth_family: Text | None = None
    active: bool | None = None
    updated_since: date | None = None
    updated_until: date | None = None
    domains: tuple[str, ...] = ()
    count: int | None = None
    after: int = 0
    alternatives: tuple["Criteria", ...] = ()
    besides: tuple["Criteria", ...] = ()


def described(criteria: Criteria) -> dict[str, str]:
    """The criteria by their FHIR names, as a disclosure keeps them.

    >>> described(Criteria(family=Text("Mar"), sex=Sex.FEMALE))
    {'family': 'Mar', 'gender': 'F'}
    >>> described(Criteria(family=Text("Mar"), alternatives=(Criteria(family=Text("Mer")),)))
    {'family': 'Mar', 'family or': 'Mer'}
    """
    found = _own(criteria)
    for word, others in (("or", criteria.alternatives), ("and", criteria.besides)):
        for other in others:
            for name, value in described(other).items():
                if found.get(name) != value:
                    key = f"{name} {word}"
                    found[key] = f"{found[key]},{value}" if key in found else value
    return found


def _own(criteria: Criteria) -> dict[str, str]:
    found: dict[str, str] = {}
    if criteria.reference:
        found["_id"] = criteria.reference
    for name, text in _texts(criteria):
        if text is not None:
            found[f"{name}:exact" if text.exact else name] = text.value
    if criteria.birth_date is not None:
        born = criteria.birth_date
        found["birthdate"] = born.first.isoformat() if born.is_day else f"{born.first}/{born.last}"
    if criteria.sex is not None:
        found["gender"] = criteria.sex.value
    if criteria.identifiers:
        found["identifier"] = ",".join(f"{i.system}|{i.value}" for i in criteria.identifiers)
    if criteria.telecom:
        found["telecom"] = criteria.telecom
    if criteria.active is not None:
        found["active"] = str(criteria.active).lower()
    if criteria.updated_since is not None or criteria.updated_until is not None:
        first, last = criteria.updated_since or "", criteria.updated_until or ""
        found["_lastUpdated"] = f"{first}/{last}" if last else f"{first}"
    return found


def _texts(criteria: Criteria) -> tuple[tuple[str, Text | None], ...]:
    return (
        ("family", criteria.family),
        ("given", criteria.given),
        ("address", criteria.address),
        ("address-city", criteria.address_city),
        ("address-postalcode", criteria.address_postal_code),
        ("address-state", criteria.address_state),
        ("address-country", criteria.address_country),
        ("mothersMaidenName", criteria.mother_birth_family),
    )
